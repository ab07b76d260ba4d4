// SPDX-License-Identifier: MIT
/* Deferred work.  See work.h for the model. */
#include "kernel/core/work.h"

void work_run_step(struct work_queue *queue)
{
	struct work *work = LIST_OWNER(queue->items.next, struct work, link);
	struct list_link *next = work->link.next;

	/* Out first: the last step may free it.  Back behind what the step has submitted. */
	list_remove(&work->link);
	if (work->step(work))
		list_append(next, &work->link);
}
