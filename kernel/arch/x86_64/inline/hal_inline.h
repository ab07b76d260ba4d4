// SPDX-License-Identifier: MIT
#pragma once
/*
 * What the hardware abstraction of x86_64 keeps in registers and in structures that neutral
 * code embeds: the thread's context and the functions short enough to be inline.
 */
#include <stdint.h>

#include "kernel/arch/x86_64/layout.h"
#include "kernel/hal/memory.h"

struct cpu;

/*
 * A thread's processor state.
 *
 * The first part is a stack: when a program is interrupted, the processor pushes its frame at
 * CONTEXT_END (the task state segment points there while the context is loaded) and entry.S
 * pushes the rest below it.  A system call stores what has to survive and marks vector.
 */
struct hal_context {
	/* rax rbx rcx rdx rsi rdi rbp r8 .. r15.  After a system call only the registers that
	 * it keeps, rax and rdx, its results, and rdi and rsi, its arguments. */
	alignas(CONTEXT_ALIGN) uint64_t general[15];
	uint64_t vector; /* of the last trap, or VECTOR_SYSCALL; decides how to resume */
	uint64_t error_code;
	uint64_t instruction_pointer;
	uint64_t code_segment;
	uint64_t flags;
	uint64_t stack_pointer;
	uint64_t stack_segment;
	/* Held by the CPU while the context is loaded; hal_context_save() brings them here. */
	uint64_t fs_base;
	uint64_t gs_base;
	alignas(CONTEXT_ALIGN) uint8_t fpu[FPU_AREA_BYTES];
};

static inline struct cpu *hal_cpu(void)
{
	return *(struct cpu *const __seg_gs *)CPU_LOCAL_CPU;
}

static inline void *hal_direct_map(struct paddr address)
{
	void *mapped = (void *)(DIRECT_MAP_BASE + address.raw);

	/* Not lost, as an attribute is, where this is inlined. */
	__builtin_assume(mapped != nullptr);
	return mapped;
}

static inline struct paddr hal_physical_address(const void *address)
{
	return (struct paddr){ (uint64_t)(uintptr_t)address - DIRECT_MAP_BASE };
}

static inline uint64_t hal_timestamp(void)
{
	uint64_t low;
	uint64_t high;

	/* The upper halves come back zero (Intel SDM 2B, RDTSC). */
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return high << 32 | low;
}

/* The local APIC's interrupt request register, 32 vectors each 16 bytes (Intel SDM 3A,
 * 11.8.4). */
static inline bool hal_interrupt_pending(void)
{
	return *(volatile const uint32_t *)(LAPIC_BASE + 0x200 + VECTOR_TIMER / 32 * 16) != 0;
}

static inline uint64_t hal_context_argument(const struct hal_context *context, uint32_t i)
{
	/* In RDI and RSI. */
	return context->general[5 - i];
}

static inline void hal_context_set_result(struct hal_context *context, int64_t status,
					  uint64_t word)
{
	context->general[0] = (uint64_t)status;
	context->general[3] = word;
}
