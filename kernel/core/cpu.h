// SPDX-License-Identifier: MIT
#pragma once
/*
 * What the kernel keeps for each CPU.  Only its own CPU touches it, interrupts off, so nothing
 * here is locked or atomic.  One CPU runs programs in this version.
 */
#include "kernel/core/call.h"
#include "kernel/core/work.h"
#include "kernel/hal/cpu.h"
#include "lib/heap.h"
#include "lib/list.h"
#include "schema/ring.capnp.h"

struct thread;

struct cpu {
	struct thread *current; /* whose context the CPU resumes; nullptr when idle */
	struct thread *handoff; /* ready, in no queue: runs when current blocks */
	bool attention;         /* there may be a handoff, or deferred work */
	uint32_t sweeps;        /* facets being swept */
	struct list_link ready; /* struct thread, next to run first */
	struct heap deadlines;  /* struct deadline */
	struct work_queue work;
	uint64_t slice_end_ns;      /* of current, while others are ready */
	uint64_t timer_deadline_ns; /* what the timer is armed for; UINT64_MAX = not armed */
	struct call call;           /* the one being run */
	/* The kernel's private copy of the message being handled. */
	alignas(16) uint64_t params[MAX_MESSAGE_BYTES / 8];
};

void cpu_init(struct cpu *cpu);
