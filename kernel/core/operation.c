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

struct operation *operation_park(struct ring *ring, struct ring_entry entry,
				 enum operation_kind kind)
{
	uint16_t tag = entry_tag(entry);
	struct operation *op = &ring->records[index_clamp(tag, ring->cq_entries)];

	list_init(&op->link);
	list_init(&op->facet_link);
	deadline_init(&op->deadline, deadline_passed);
	op->ring = ring;
	op->target = nullptr;
	op->user_data = entry_word(entry, 2);
	op->result_offset = 0;
	op->result_capacity = 0;
	op->tag = tag;
	op->kind = kind;
	op->deadline_is_success = false;
	op->reserved_slots = 0;
	op->open = nullptr;
	op->transfer.count = 0;
	ring->busy |= UINT64_C(1) << tag;
	ring->waiting++;
	return op;
}

void operation_set_deadline(struct operation *op, uint64_t deadline_ns)
{
	deadline_set(hal_cpu(), &op->deadline, deadline_ns);
}

/* Take op out of every queue, give back what it has reserved, and free its record; its fields
 * stay readable. */
static void detach(struct operation *op)
{
	struct ring *ring = op->ring;

	require((ring->busy >> op->tag & 1) != 0);
	if (op->kind == OPERATION_CALL)
		ipc_call_ended(op);
	list_remove(&op->link);
	list_remove(&op->facet_link);
	deadline_clear(hal_cpu(), &op->deadline);
	ring->busy &= ~(UINT64_C(1) << op->tag);
	ring->waiting--;
	if (op->kind == OPERATION_RECEIVE)
		ipc_receive_ended(op);
}

void operation_results(struct operation *op, struct message_builder *results)
{
	message_builder_init(results, op->ring->arena + op->result_offset, op->result_capacity);
}

void operation_finish(struct operation *op, enum status status, enum completion_kind kind,
		      const struct message_builder *results)
{
	struct operation_outcome outcome = { 0 };

	if (results != nullptr)
		outcome.length = (uint32_t)message_builder_finish(results);
	operation_complete(op, completion_word(status, kind, 0, op->tag), outcome);
}

void operation_complete(struct operation *op, uint64_t word, struct operation_outcome outcome)
{
	struct ring *ring = op->ring;
	struct object *target = op->target;

	detach(op);
	ring_post_outcome(ring, op->user_data, word, outcome.length, outcome.word);
	ring_publish(ring);
	thread_completion_posted(ring->thread);
	if (target != nullptr)
		object_put(target);
}

void operation_drop(struct operation *op)
{
	struct object *target = op->target;

	detach(op);
	if (target != nullptr)
		object_put(target);
}
