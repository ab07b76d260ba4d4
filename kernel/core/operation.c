// SPDX-License-Identifier: MIT
/* Operation records.  See operation.h for the model. */
#include "kernel/core/operation.h"

#include "kernel/core/call.h"
#include "kernel/core/cpu.h"
#include "kernel/core/ipc.h"
#include "kernel/core/ring.h"
#include "kernel/core/schedule.h"
#include "kernel/core/thread.h"
#include "kernel/hal/cpu.h"
#include "lib/index.h"
#include "lib/require.h"

static void deadline_passed(struct deadline *deadline)
{
	struct operation *op = LIST_OWNER(deadline, struct operation, deadline);

	if (op->deadline_is_success)
		operation_finish(op, STATUS_OK, COMPLETION_KIND_DONE, nullptr);
	else
		operation_finish(op, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT, nullptr);
}

void operation_init(struct operation *op, struct ring *ring, uint16_t tag)
{
	list_init(&op->link);
	list_init(&op->facet_link);
	deadline_init(&op->deadline, deadline_passed);
	op->ring = ring;
	op->tag = tag;
	op->target = nullptr;
	op->open = nullptr;
	op->reserved_slots = 0;
	op->transfer.count = 0;
}

void operation_set_deadline(struct operation *op, uint64_t deadline_ns)
{
	deadline_set(hal_cpu(), &op->deadline, deadline_ns);
}

/* Take op out of every queue, give back what it has reserved, and free its record.  Returns the
 * target, whose reference is the caller's now. */
static struct object *detach(struct operation *op)
{
	struct object *target = op->target;

	require((op->ring->busy >> op->tag & 1) != 0);
	if (op->kind == OPERATION_CALL)
		ipc_call_ended(op);
	list_remove(&op->link);
	list_remove(&op->facet_link);
	if (op->kind == OPERATION_RECEIVE)
		ipc_receive_ended(op);
	op->target = nullptr;
	operation_free(op);
	return target;
}

void operation_results(struct operation *op, struct message_builder *results)
{
	message_builder_init(results, op->ring->arena + op->result_offset, op->result_capacity);
}

void operation_finish(struct operation *op, enum status status, enum completion_kind kind,
		      const struct message_builder *results)
{
	struct operation_outcome outcome = { 0 };
	struct object *target;

	if (results != nullptr)
		outcome.length = (uint32_t)message_builder_finish(results);
	target = detach(op);
	operation_post(op, completion_word(status, kind, 0, op->tag), outcome);
	if (target != nullptr)
		object_put(target);
}

void operation_finish_word(struct operation *op, enum completion_kind kind, uint64_t word)
{
	(void)detach(op);
	operation_post(op, completion_word(STATUS_OK, kind, 0, op->tag),
		       (struct operation_outcome){ 0, word });
}

void operation_drop(struct operation *op)
{
	struct object *target = detach(op);

	if (target != nullptr)
		object_put(target);
}
