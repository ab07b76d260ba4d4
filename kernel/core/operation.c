// SPDX-License-Identifier: MIT
/* Operation records.  See operation.h for the model. */
#include "kernel/core/operation.h"

#include "kernel/core/call.h"
#include "kernel/core/cpu.h"
#include "kernel/core/ring.h"
#include "kernel/core/schedule.h"
#include "kernel/core/thread.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"

/* Take op out of every queue and free its record; its fields stay readable. */
static void detach(struct operation *op)
{
	struct ring *ring = op->ring;

	require((ring->busy >> op->tag & 1) != 0);
	list_remove(&op->link);
	deadline_clear(hal_cpu(), &op->deadline);
	ring->busy &= ~(UINT64_C(1) << op->tag);
	ring->waiting--;
}

void operation_results(struct operation *op, struct message_builder *results)
{
	message_builder_init(results, op->ring->arena + op->result_offset, op->result_capacity);
}

void operation_finish(struct operation *op, enum status status, enum completion_kind kind,
		      const struct message_builder *results)
{
	struct ring *ring = op->ring;
	struct object *target = op->target;
	uint32_t length = 0;

	if (results != nullptr)
		length = (uint32_t)message_builder_finish(results);
	detach(op);
	ring_post(ring, op->user_data, completion_word(status, kind, 0, op->tag), length);
	ring_publish(ring);
	thread_completion_posted(ring->thread);
	object_put(target);
}

void operation_drop(struct operation *op)
{
	struct object *target = op->target;

	detach(op);
	object_put(target);
}
