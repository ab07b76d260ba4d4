// SPDX-License-Identifier: MIT
#pragma once
/*
 * A thread's processor state, and the doors between a program and the kernel.
 *
 * The kernel is entered on one stack per CPU with interrupts off, through one of the
 * kernel_*() functions below (supplied by kernel/core/entry.c).  Each returns the context to
 * resume, which must be the one last given to hal_context_load(); none ever returns to the
 * middle of earlier kernel work.
 *
 * struct hal_context is defined by the architecture ("hal_inline.h"): general registers, FPU
 * area, FS and GS base.  Neutral code embeds it and uses only the functions here.
 */
#include "kernel/hal/memory.h"

#include "hal_inline.h"

constexpr uint32_t HAL_REGISTER_COUNT = 15; /* rax rbx rcx rdx rsi rdi rbp r8 .. r15 */

/* The same numbers as FaultCause in schema/process.capnp. */
enum hal_fault_cause : uint8_t {
	HAL_FAULT_PAGE = 0,
	HAL_FAULT_PROTECTION = 1,
	HAL_FAULT_INVALID_INSTRUCTION = 2,
	HAL_FAULT_DIVIDE = 3,
	HAL_FAULT_DEBUG = 4,
	HAL_FAULT_FLOATING_POINT = 5,
	HAL_FAULT_ALIGNMENT = 6,
	HAL_FAULT_OTHER = 7,
};

/* What a program did that its processor refused. */
struct hal_fault {
	enum hal_fault_cause cause;
	uint8_t vector;
	enum hal_access access; /* HAL_FAULT_PAGE: what was tried */
	uint64_t error_code;
	uint64_t address; /* HAL_FAULT_PAGE: where; otherwise 0 */
};

/* Registers of a stopped thread, in HAL_REGISTER_COUNT's order. */
struct hal_registers {
	uint64_t general[HAL_REGISTER_COUNT];
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t flags;
};

/* First state of a thread: see abi/entry.h. */
struct hal_start {
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t thread_block; /* FS base */
	uint64_t argument[3];  /* rdi, rsi, rdx */
};

void hal_context_init(struct hal_context *context, const struct hal_start *start);

/* Argument i, 0 or 1, of the system call that is being handled. */
static inline uint64_t hal_context_argument(const struct hal_context *context, uint32_t i);

/* Set what the thread sees as the result of its system call when it is resumed. */
static inline void hal_context_set_result(struct hal_context *context, int64_t status,
					  uint64_t word);

/*
 * Make the thread, whose system call is being handled, execute it again from the start when it
 * is resumed, with the same arguments; number is the one it had.  For work that stops because
 * an interrupt waits.
 */
void hal_context_restart_syscall(struct hal_context *context, uint64_t number);

/* Keep in context what the CPU still holds of the thread (FPU, FS, GS).  Before another
 * context is loaded. */
void hal_context_save(struct hal_context *context);

/* Put FPU, FS and GS of context into the CPU and make it the one that is resumed. */
void hal_context_load(struct hal_context *context);

void hal_context_registers(const struct hal_context *context, struct hal_registers *out);

/* Enter the program whose context is loaded; for the end of kernel_main(). */
[[noreturn]] void hal_resume(struct hal_context *context);

/* Enable interrupts and halt; the next interrupt enters the kernel on a fresh stack. */
[[noreturn]] void hal_idle(void);

/*
 * Kernel doors, called by the architecture.  The one for system calls may destroy every
 * register (clang's preserve_none): the program's are in its context already, so nobody saves
 * them twice.  The arguments are there, too.
 */
__attribute__((preserve_none)) struct hal_context *kernel_syscall(uint64_t number);
struct hal_context *kernel_fault(const struct hal_fault *fault);
struct hal_context *kernel_timer_interrupt(void);
struct hal_context *kernel_serial_interrupt(void);
/* An interrupt that nobody asked for. */
struct hal_context *kernel_spurious_interrupt(void);
