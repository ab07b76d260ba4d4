// SPDX-License-Identifier: MIT
/* Deferred work.  See work.h for the model. */
#include "kernel/core/work.h"

void work_run_step(struct work_queue *queue)
{
	struct work *work = LIST_OWNER(queue->items.next, struct work, link);
	struct list_link *next = work->link.next;

	/* Out first: the last step may free it.  What the step submits goes where the work was,
	 * and the work, if it is not done, behind that. */
	list_remove(&work->link);
	queue->before = next;
	if (work->step(work))
		work_submit(queue, work);
	queue->before = &queue->items;
}
