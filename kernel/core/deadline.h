// SPDX-License-Identifier: MIT
#pragma once
/*
 * Deadlines: absolute monotonic times at which something ends.  All deadlines of a CPU are in
 * one heap, and the one-shot timer is armed for the first; there is no periodic tick.
 */
#include "lib/heap.h"

#include <stdint.h>

struct cpu;

struct deadline {
	struct heap_node node;
	/* The time has come; the deadline is already out of the heap. */
	void (*expire)(struct deadline *deadline);
};

static inline void deadline_init(struct deadline *deadline,
				 void (*expire)(struct deadline *deadline))
{
	heap_node_init(&deadline->node);
	deadline->expire = expire;
}

/* Expire at at_ns, or at the next timer interrupt if that has passed. */
void deadline_set(struct cpu *cpu, struct deadline *deadline, uint64_t at_ns);

/* Take it back; it must be set. */
void deadline_take_back(struct cpu *cpu, struct deadline *deadline);

/* Harmless if it is not set. */
static inline void deadline_clear(struct cpu *cpu, struct deadline *deadline)
{
	if (heap_node_is_queued(&deadline->node))
		deadline_take_back(cpu, deadline);
}

/* Expire what is due at now_ns, in order of time, a bounded number of them. */
void deadline_expire_due(struct cpu *cpu, uint64_t now_ns);

/* Arm the timer for the first of the heap's deadlines and the end of the running slice. */
void deadline_arm_timer(struct cpu *cpu);
