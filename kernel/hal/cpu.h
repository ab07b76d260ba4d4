// SPDX-License-Identifier: MIT
#pragma once
/*
 * The processor and the few devices that the kernel itself drives: timer, serial port, switch.
 * Everything here is called with interrupts off, and never waits.
 *
 * "hal_inline.h" comes from the architecture (or the host tests) and defines the functions
 * marked inline.
 */
#include <stddef.h>
#include <stdint.h>

#include "hal_inline.h"
#include "kernel/hal/memory.h"

struct cpu; /* kernel/core/cpu.h */

/* This CPU's structure, as given to hal_cpu_set(). */
static inline struct cpu *hal_cpu(void);
void hal_cpu_set(struct cpu *cpu);

/* The kernel's address of a physical address in RAM. */
static inline void *hal_direct_map(struct paddr address);

/* The physical address behind an address in the direct map. */
static inline struct paddr hal_physical_address(const void *address);

/* A counter that never goes back; hal_clock() says how fast it runs. */
static inline uint64_t hal_timestamp(void);

/* Whether an interrupt waits to be taken: the sign to stop and return to the entry loop. */
static inline bool hal_interrupt_pending(void);

/* Monotonic time: ns = (timestamp - base_timestamp) * mult >> 32. */
struct hal_clock {
	uint64_t base_timestamp;
	uint64_t mult;
};

struct hal_clock hal_clock(void);

/* Raise kernel_timer_interrupt() once, when delta_ns nanoseconds have passed (rounded up;
 * at most 2^40).  Replaces an earlier arming. */
void hal_timer_arm(uint64_t delta_ns);
void hal_timer_disarm(void);

/* One word from the processor's random generator; false if there is none or it failed. */
bool hal_hardware_random(uint64_t *out);

/* Serial port.  try_* never wait; false means full, or empty. */
bool hal_serial_try_write(uint8_t byte);
bool hal_serial_try_read(uint8_t *out);
/* Ask for kernel_serial_interrupt() when input has come, and when output has room. */
void hal_serial_interrupts(bool input, bool output);
/* Write one byte, polling for a bounded time; for emergency text only. */
void hal_serial_write_polled(uint8_t byte);

/* How deep the kernel stack has been at most, in builds that check themselves. */
struct stack_use {
	uint32_t used_bytes;
	uint32_t size_bytes; /* 0: not known */
};

struct stack_use hal_stack_used(void);

/* End the machine.  verdict is seen by an emulator's debug-exit device, 0 is success; the
 * architecture turns it into the exit status that tools/qemu understands. */
[[noreturn]] void hal_power_off(uint8_t verdict);
[[noreturn]] void hal_reset(void);
/* After a panic: tell the emulator, then stop for ever. */
[[noreturn]] void hal_stop(void);
