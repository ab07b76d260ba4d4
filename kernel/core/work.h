// SPDX-License-Identifier: MIT
#pragma once
/*
 * Deferred work: what is too long for one stretch with interrupts off (taking a process or a
 * large memory object apart).  Each CPU has one queue of it, first come, first served, but for
 * this: what a step submits is done before that step's own work goes on, so a process has ended
 * only when all it held is back.  The scheduler runs it in bounded steps between threads and
 * stops when an interrupt waits.
 */
#include "lib/list.h"

struct work {
	struct list_link link;
	/* Do at most about a thousand instructions' worth.  True: there is more to do; false:
	 * done, and the work's storage may be gone. */
	bool (*step)(struct work *work);
};

struct work_queue {
	struct list_link items;
	struct list_link *before; /* in front of which new work is put */
};

static inline void work_queue_init(struct work_queue *queue)
{
	list_init(&queue->items);
	queue->before = &queue->items;
}

static inline void work_init(struct work *work, bool (*step)(struct work *work))
{
	list_init(&work->link);
	work->step = step;
}

static inline void work_submit(struct work_queue *queue, struct work *work)
{
	/* Appending to a link puts it in front of it. */
	list_append(queue->before, &work->link);
}

static inline bool work_is_waiting(const struct work_queue *queue)
{
	return !list_is_empty(&queue->items);
}

/* Run one step of the first item; there must be one. */
void work_run_step(struct work_queue *queue);
