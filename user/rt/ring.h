// SPDX-License-Identifier: MIT
#pragma once
/*
 * The thread's ring block and the two system calls, as they are.
 *
 * Ordinary programs use calls (user/rt/call.h).  Tests and benchmarks use this: they write
 * submissions by hand, spoil what they like and look at the completions.  Both may be mixed in
 * one program, because the runtime keeps no copy of the indices, under one rule: completions of
 * submissions made by hand are consumed by hand, before the next call is waited for.
 */
#include "abi/entry.h"
#include "abi/ring.h"
#include "schema/status.capnp.h"

#include <stdint.h>

/* What FS points to. */
static inline struct entry_thread_block *capos_thread_block(void)
{
	struct entry_thread_block *block;

	__asm__("mov %%fs:0, %0" : "=r"(block));
	return block;
}

/* Slots of entry_thread_block.runtime that entry.S fills. */
enum capos_runtime_slot : uint8_t {
	CAPOS_RUNTIME_RING = 0,
	CAPOS_RUNTIME_CAPSET = 1,
	CAPOS_RUNTIME_CAPSET_BYTES = 2,
};

/* This thread's ring block. */
static inline struct ring_header *capos_ring(void)
{
	return (struct ring_header *)capos_thread_block()->runtime[CAPOS_RUNTIME_RING];
}

/* Submission slot of a free-running index; written before capos_submission_publish(). */
static inline struct ring_submission *capos_submission_at(struct ring_header *ring,
							  uint32_t index)
{
	char *queue = (char *)ring + ring->sq_offset;

	return (struct ring_submission *)(void *)queue + (index & (ring->sq_entries - 1));
}

/* Completion slot of a free-running index. */
static inline struct ring_completion *capos_completion_at(struct ring_header *ring,
							  uint32_t index)
{
	char *queue = (char *)ring + ring->cq_offset;

	return (struct ring_completion *)(void *)queue + (index & (ring->cq_entries - 1));
}

/* Address of an arena offset; no bounds check. */
static inline void *capos_arena_at(struct ring_header *ring, uint32_t offset)
{
	return (char *)ring + ring->arena_offset + offset;
}

/*
 * Let the kernel take the submissions, then wait for min_complete completions or the deadline
 * (abi/entry.h).  out_available may be null.
 * Statuses: ok (enough completions, or RING_NO_WAIT), timedOut, minCompleteTooLarge, ringTail,
 * ringHead, completionsFull.
 */
static inline enum status capos_cap_enter(uint32_t min_complete, uint64_t deadline_ns,
					  uint32_t *out_available)
{
	uint64_t result = SYSCALL_CAP_ENTER;
	uint64_t available;
	uint64_t first = min_complete;
	uint64_t second = deadline_ns;

	/* memory: the kernel reads and writes the ring block. */
	__asm__ volatile("syscall"
			 : "+a"(result), "=d"(available), "+D"(first), "+S"(second)
			 :
			 : "rcx", "r8", "r9", "r10", "r11", "memory");
	if (out_available != nullptr)
		*out_available = (uint32_t)available;
	return (enum status)(uint16_t)-result;
}

/* Any system call with these registers, for tests: returns rax, *out_rdx gets rdx. */
static inline uint64_t capos_raw_syscall(uint64_t number, uint64_t rdi, uint64_t rsi,
					 uint64_t *out_rdx)
{
	uint64_t rdx = 0;

	__asm__ volatile("syscall"
			 : "+a"(number), "+d"(rdx), "+D"(rdi), "+S"(rsi)
			 :
			 : "rcx", "r8", "r9", "r10", "r11", "memory");
	*out_rdx = rdx;
	return number;
}

/* End the process. */
[[noreturn]] static inline void capos_exit(int32_t code)
{
	__asm__ volatile("syscall"
			 :
			 : "a"(SYSCALL_EXIT), "D"((uint64_t)(uint32_t)code)
			 : "memory");
	__builtin_unreachable();
}
