// SPDX-License-Identifier: MIT
#pragma once
/*
 * Entry points in entry.S and boot.S, and what they call.  The event model: every entry starts
 * on a fresh kernel stack, calls one function, and resumes the context that it returns.
 */
#include <stdint.h>

#include "kernel/arch/x86_64/layout.h"
#include "kernel/hal/context.h"

/* What the processor and a stub have pushed of code that was interrupted in the kernel. */
struct trap_frame {
	uint64_t vector;
	uint64_t error_code;
	uint64_t instruction_pointer;
	uint64_t code_segment;
	uint64_t flags;
	uint64_t stack_pointer;
	uint64_t stack_segment;
};

static_assert(offsetof(struct trap_frame, code_segment) == TRAP_FRAME_CS);

/* One stub per vector, ENTRY_STUB_BYTES apart. */
constexpr uint64_t ENTRY_STUB_BYTES = 16;
extern const uint8_t entry_stubs[];

/* Target of the SYSCALL instruction. */
void entry_syscall(void);

/* hal_idle() waits between these two. */
extern const uint8_t entry_idle_start[];
extern const uint8_t entry_idle_end[];

/* Switch to a stack and call function, which does not return. */
[[noreturn]] void boot_continue(uint64_t stack_top, void (*function)(void));

/* Called by boot.S on the boot stack. */
[[noreturn]] void start(uint32_t structures, uint32_t magic);

/* Called by entry.S; context is the program's, complete. */
struct hal_context *trap_from_user(struct hal_context *context);
/* An interrupt that ended hal_idle(); anything else stops the machine. */
struct hal_context *trap_from_kernel(const struct trap_frame *frame);
/* On an interrupt stack, wherever it came from. */
[[noreturn]] void trap_fatal(const struct trap_frame *frame);
