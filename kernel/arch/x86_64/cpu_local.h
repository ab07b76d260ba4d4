// SPDX-License-Identifier: MIT
#pragma once
/*
 * What the architecture keeps for each CPU.  The GS base points to it while the CPU is in the
 * kernel; a program's own GS base then waits in MSR_KERNEL_GS_BASE.
 */
#include <stddef.h>

#include "kernel/arch/x86_64/layout.h"
#include "kernel/hal/context.h"
#include "kernel/hal/memory.h"

struct cpu;

/* Interrupt stacks: exceptions that can come at any instruction, with any stack. */
enum ist : uint8_t {
	IST_NONE = 0,
	IST_NMI = 1,
	IST_DOUBLE_FAULT = 2,
	IST_MACHINE_CHECK = 3,
};
constexpr uint32_t IST_COUNT = 3;

/* 64-bit task state segment (Intel SDM 3A, 8.7). */
struct [[gnu::packed]] task_state {
	uint32_t reserved0;
	uint64_t stack[3];
	uint64_t reserved1;
	uint64_t interrupt_stack[7]; /* IST 1 to 7 */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_map; /* beyond the limit: no port is open to programs */
};

static_assert(sizeof(struct task_state) == 104);
static_assert(offsetof(struct task_state, interrupt_stack) == 36);

struct cpu_local {
	struct hal_context *context; /* loaded, nullptr before the first */
	uint64_t stack_top;          /* of the kernel stack, where each entry starts */
	struct cpu *cpu;             /* neutral code's own */
	struct cpu_local *self;
	struct paddr root;         /* in CR3 */
	uint64_t timer_ticks_left; /* beyond what the timer's counter could hold */
	uint64_t gdt[7];
	struct task_state task_state;
};

static_assert(offsetof(struct cpu_local, context) == CPU_LOCAL_CONTEXT);
static_assert(offsetof(struct cpu_local, stack_top) == CPU_LOCAL_STACK_TOP);
static_assert(offsetof(struct cpu_local, cpu) == CPU_LOCAL_CPU);
static_assert(offsetof(struct cpu_local, self) == CPU_LOCAL_SELF);

/* This CPU's. */
static inline struct cpu_local *cpu_local(void)
{
	struct cpu_local *self;

	__asm__("movq %%gs:%c1, %0" : "=r"(self) : "i"(CPU_LOCAL_SELF));
	return self;
}

/* Where interrupt stack ist of CPU number cpu ends; the kernel stack for IST_NONE. */
static inline uint64_t cpu_stack_top(uint32_t cpu, enum ist ist)
{
	uint64_t slot = STACKS_BASE + cpu * STACKS_PER_CPU_BYTES;

	if (ist == IST_NONE)
		return slot + STACKS_PER_CPU_BYTES;
	return slot + ist * (PAGE_SIZE + IST_STACK_BYTES);
}

/* Make local the structure of the running CPU, with its own descriptor tables, and the
 * interrupt vectors.  Traps work from here on, those on interrupt stacks once the stacks are
 * mapped. */
void cpu_local_init(struct cpu_local *local, uint32_t cpu);
