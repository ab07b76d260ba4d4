// SPDX-License-Identifier: MIT
#pragma once
/*
 * Thread: a processor context, its ring, and what it waits for.
 *
 * The kernel has no stack per thread: a thread that is not running is just this structure. Each
 * process has one thread in this version.
 *
 * Paid by its process's account: the structure, the ring block and the operation records; one
 * thread, and as many waits as its operations that wait may hold.
 */
#include "kernel/core/deadline.h"
#include "kernel/core/ring.h"
#include "kernel/hal/context.h"

struct process;

/* Operations that may wait at a time: what call_park() lets a ring have. */
constexpr uint32_t THREAD_WAITS = DEFAULT_CQ_ENTRIES - DEFAULT_SQ_ENTRIES;

enum thread_state : uint8_t {
	THREAD_RUNNING, /* on the CPU, or the kernel works for it */
	THREAD_READY,   /* in the ready queue */
	THREAD_BLOCKED, /* in cap_enter */
	THREAD_ENDED,
};

struct thread {
	struct ring ring; /* first: entering the kernel, one address serves for both */
	struct hal_context context;
	struct list_link ready_link;
	struct process *process;
	struct paddr ring_block;
	struct paddr records_block;
	struct deadline wait_deadline; /* of cap_enter */
	uint32_t wait_min;             /* completions that end the wait */
	enum thread_state state;
};

/* A blocked thread with an empty ring, charged to process's account. */
[[nodiscard]] enum status thread_create(struct process *process, struct thread **out_thread);

/* Set the first context and let it run. */
void thread_start(struct thread *thread, const struct hal_start *start);

/* Take it out of every queue; it never runs again. */
void thread_end(struct thread *thread);

/* Return its memory.  It has ended, its ring has no operation, its block is not mapped. */
void thread_destroy(struct thread *thread);

/* Wait in cap_enter for wait_min completions or until deadline_ns. */
void thread_block(struct thread *thread, uint32_t wait_min, uint64_t deadline_ns);

/* End the wait in cap_enter: the program sees STATUS_OK and how many completions there are. */
void thread_wake(struct thread *thread);

/* A completion has been posted to its ring: end its wait if that was enough. */
static inline void thread_completion_posted(struct thread *thread)
{
	if (thread->state == THREAD_BLOCKED &&
	    ring_available(&thread->ring) >= thread->wait_min)
		thread_wake(thread);
}
