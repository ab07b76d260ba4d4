// SPDX-License-Identifier: MIT
#pragma once
/*
 * The host tests' fake machine, as far as neutral code sees its structures.  See
 * tests/host/fake_hal.h for what a test can do with it.
 */
#include <stdint.h>

#include "kernel/hal/memory.h"

struct cpu;

struct hal_context {
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t thread_block;
	uint64_t argument[3]; /* what the thread started with, or of its system call */
	int64_t status;       /* of the last system call, with word */
	uint64_t word;
	uint32_t results; /* how often a result was set */
	uint64_t restart; /* number of the last restarted system call */
	uint32_t restarts;
	uint32_t saves;
	uint32_t loads;
};

extern struct cpu *fake_hal_cpu;
extern uint64_t fake_hal_now;
extern bool fake_hal_interrupt;

/* The host's address of a byte of the arena; a test fails where there is none. */
void *fake_hal_memory(struct paddr address);
/* The other way. */
struct paddr fake_hal_address(const void *memory);

static inline struct cpu *hal_cpu(void)
{
	return fake_hal_cpu;
}

static inline void *hal_direct_map(struct paddr address)
{
	return fake_hal_memory(address);
}

static inline struct paddr hal_physical_address(const void *address)
{
	return fake_hal_address(address);
}

static inline uint64_t hal_timestamp(void)
{
	return fake_hal_now;
}

static inline bool hal_interrupt_pending(void)
{
	return fake_hal_interrupt;
}

static inline uint64_t hal_context_argument(const struct hal_context *context, uint32_t i)
{
	return context->argument[i];
}

static inline void hal_context_set_result(struct hal_context *context, int64_t status,
					  uint64_t word)
{
	context->status = status;
	context->word = word;
	context->results++;
}
