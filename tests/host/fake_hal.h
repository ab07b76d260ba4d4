// SPDX-License-Identifier: MIT
#pragma once
/*
 * A machine for the host tests: kernel/core and kernel/object run on it unchanged.
 *
 * Memory is an arena that stands for the physical addresses from FAKE_HAL_RAM_START on.  Page
 * tables are x86_64's own (kernel/arch/x86_64/page_table.c), in that arena.  Time stands still
 * until a test moves it, one tick a nanosecond.  Nothing interrupts: a test calls the
 * kernel's doors itself.
 *
 * Functions of the HAL that do not return (resume, idle, power off, reset, stop) come out of
 * fake_hal_run(), under which a test therefore calls whatever may end in one.
 */
#include <stddef.h>
#include <stdint.h>

#include "kernel/hal/boot.h"
#include "kernel/hal/context.h"
#include "kernel/hal/cpu.h"

constexpr uint64_t FAKE_HAL_RAM_START = 0x100000;
constexpr uint64_t FAKE_HAL_DISARMED = UINT64_MAX;

enum fake_hal_end : uint8_t {
	FAKE_HAL_RETURNED, /* the function simply returned */
	FAKE_HAL_RESUMED,  /* at the end of kernel_main(), in fake_hal_loaded() */
	FAKE_HAL_IDLE,
	FAKE_HAL_POWER_OFF, /* verdict in fake_hal_verdict() */
	FAKE_HAL_RESET,
	FAKE_HAL_STOPPED, /* after a panic */
};

/* A fresh machine with so many bytes of zeroed RAM, a multiple of PAGE_SIZE; nothing is kept
 * of an earlier one.  The first page is the kernel's root table. */
void fake_hal_init(size_t ram_bytes);
/* Give the arena back, so that leaks show. */
void fake_hal_fini(void);

/* What the loader would say of this machine: all RAM free but the kernel's root and, as the
 * module, a copy of bytes at the end of RAM. */
void fake_hal_boot_info(struct boot_info *out, const void *module, size_t module_bytes);

/* Call function(argument) and say how it ended. */
enum fake_hal_end fake_hal_run(void (*function)(void *argument), void *argument);
uint8_t fake_hal_verdict(void);

/* Time. */
void fake_hal_advance(uint64_t delta_ns);
/* When the timer is due, or FAKE_HAL_DISARMED. */
uint64_t fake_hal_timer_due(void);
/* Move time to when the timer is due and disarm it; false, and nothing, if it is disarmed. */
bool fake_hal_fire_timer(void);

/* What hal_interrupt_pending() says from now on. */
void fake_hal_set_interrupt_pending(bool pending);

/* Random words come from a fixed sequence, or fail. */
void fake_hal_set_random(bool works);

/* Serial port.  Input is what hal_serial_try_read() will give; room is how many bytes
 * hal_serial_try_write() takes before it is full (at first without limit). */
void fake_hal_serial_input(const void *bytes, size_t size);
void fake_hal_serial_set_room(size_t room);
/* Everything written, zero-terminated, and cleared by fake_hal_serial_clear(). */
const char *fake_hal_serial_output(void);
void fake_hal_serial_clear(void);
bool fake_hal_serial_wants_input(void);
bool fake_hal_serial_wants_output(void);

/* Processor.  The loaded context, nullptr before the first; the current root. */
struct hal_context *fake_hal_loaded(void);
struct paddr fake_hal_root(void);
/* Invalidations and flushes since fake_hal_init(). */
uint64_t fake_hal_invalidations(void);

/* What root maps at address: nullptr if nothing, otherwise the byte in the arena. */
void *fake_hal_translate(struct paddr root, uint64_t address, enum hal_access *out_access);
