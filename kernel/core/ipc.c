// SPDX-License-Identifier: MIT
/* Calls between processes.  See ipc.h for the model. */
#include "kernel/core/ipc.h"

#include "kernel/core/endpoint.h"
#include "kernel/core/ipc_entry.h"
#include "kernel/core/open_call.h"
#include "kernel/core/process.h"
#include "kernel/core/ring_operation.h"

/* --- Meeting ------------------------------------------------------------------------------ */

static void write_header(uint8_t *at, const struct operation *op, const struct open_call *open)
{
	const struct facet *facet = facet_of(op->target);
	struct ring_call_header header = {
		.call_id = open_call_id(open),
		.interface_id = facet->interface_id,
		.cookie = facet->cookie,
		.method = op->method,
		.caller_live = 1,
		.result_caps_max = op->reserved_slots,
		.result_capacity = op->result_capacity,
		.param_length = op->param_length,
	};

	*(struct ring_call_header *)(void *)at = header;
}

/* Of the slots that the operation has reserved, count are filled: give back the others. */
static void give_back_slots(struct operation *op, uint8_t count)
{
	uint8_t left = op->reserved_slots - count;

	op->reserved_slots = 0;
	if (left != 0)
		process_unreserve_slots(op->ring->process, left);
}

/* Give the call to the receive: nothing can fail any more. */
[[gnu::always_inline]] static inline void hand_over(struct operation *op,
						    struct operation *receive)
{
	struct ring *from = op->ring;
	struct ring *to = receive->ring;
	struct open_call *open = receive->open;
	uint8_t *at = to->arena + receive->result_offset;
	uint8_t *params = at + sizeof(struct ring_call_header);
	uint8_t count = op->transfer.count;

	fetch_span(params, from->arena + op->param_offset, op->param_length);
	ipc_look_after(from, to, op->param_length);
	write_header(at, op, open);
	if (count != 0)
		(void)!transfer_commit(&op->transfer, from->process, to->process,
				       (void *)(params + op->param_length));
	open->state = OPEN_CALL_OPEN;
	open->caller = op;
	op->open = open;
	receive->open = nullptr;
	if (receive->reserved_slots != 0)
		give_back_slots(receive, count);
	list_remove(&receive->link);
	operation_free(receive);
	operation_post(receive,
		       completion_word(STATUS_OK, COMPLETION_KIND_DONE, count, receive->tag),
		       (struct operation_outcome){ (uint32_t)sizeof(struct ring_call_header) +
							   op->param_length,
						   open_call_id(open) });
}

/* Whether the call may still be delivered to that process. */
static enum status check_delivery(const struct operation *op, const struct process *server)
{
	enum status status = facet_status(facet_of(op->target));

	if (status == STATUS_OK && op->transfer.count != 0)
		status = transfer_check_all(&op->transfer, op->ring->process, server);
	return status;
}

/* A call, in no queue, and a receive that waits meet. */
[[gnu::always_inline]] static inline void deliver(struct operation *op,
						  struct operation *receive)
{
	enum status status = check_delivery(op, receive->ring->process);

	if (status == STATUS_OK)
		hand_over(op, receive);
	else if (status == STATUS_TRANSFER_SCOPE)
		operation_finish(op, status, COMPLETION_KIND_DONE, nullptr);
	else
		operation_finish(op, status, COMPLETION_KIND_REVOKED, nullptr);
}

/* The owner learns that nobody can call a service object any more. */
static void tell_dropped(struct endpoint *endpoint, struct operation *receive)
{
	struct facet *facet = LIST_OWNER(endpoint->dropped.next, struct facet, dropped);
	uint64_t cookie = facet->cookie;

	facet_forget(facet);
	operation_finish_word(receive, COMPLETION_KIND_DROPPED, cookie);
}

static void queue(struct endpoint *endpoint, struct operation *op)
{
	list_append(&endpoint->calls, &op->link);
	endpoint->queued_count++;
}

static void unqueue(struct operation *op)
{
	list_remove(&op->link);
	facet_of(op->target)->endpoint->queued_count--;
}

void ipc_match(struct endpoint *endpoint)
{
	while (!list_is_empty(&endpoint->receives)) {
		struct operation *receive =
			LIST_OWNER(endpoint->receives.next, struct operation, link);

		if (!list_is_empty(&endpoint->dropped)) {
			tell_dropped(endpoint, receive);
		} else if (!list_is_empty(&endpoint->calls)) {
			struct operation *op =
				LIST_OWNER(endpoint->calls.next, struct operation, link);

			unqueue(op);
			deliver(op, receive);
		} else {
			return;
		}
	}
}

/* --- Calling ------------------------------------------------------------------------------ */

/* What the words of an entry say of a call, besides the target. */
struct call_shape {
	struct ring_span params;
	struct ring_span results;
	uint64_t word5;
	uint64_t unused; /* what must be zero */
};

static inline enum status check_unused(struct ring_entry entry, const struct call_shape *shape)
{
	if (entry_has_flags(entry))
		return STATUS_FLAG_UNSUPPORTED;
	return (shape->unused | (shape->word5 & IPC_PIPELINE_WORD5)) != 0
		       ? STATUS_RESERVED_NOT_ZERO
		       : STATUS_OK;
}

/* What the call carries, against what the endpoint admits. */
static inline enum status check_carried(const struct endpoint *endpoint, uint64_t word5)
{
	if (word5 == 0)
		return STATUS_OK;
	if (ipc_transfer_count(word5) > endpoint->max_caps ||
	    ipc_result_caps_max(word5) > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	return ipc_transfer_count(word5) == 0 && ipc_transfer_offset(word5) != 0
		       ? STATUS_RESERVED_NOT_ZERO
		       : STATUS_OK;
}

/* What the facet and its endpoint have against the call. */
static inline enum status check_admission(const struct ring *ring, const struct facet *facet,
					  const struct call_shape *shape)
{
	const struct endpoint *endpoint = facet->endpoint;
	enum status status = facet_status(facet);

	if (status != STATUS_OK)
		return status;
	if (endpoint->closed)
		return STATUS_DISCONNECTED;
	if (shape->params.length > endpoint->max_message_bytes)
		return STATUS_MESSAGE_TOO_LARGE;
	status = check_carried(endpoint, shape->word5);
	if (status != STATUS_OK)
		return status;
	return ring_can_wait(ring) ? STATUS_OK : STATUS_WAIT_SLOTS_FULL;
}

static inline enum status check_call(const struct ring *ring, struct ring_entry entry,
				     const struct facet *facet, const struct call_shape *shape)
{
	enum status status = check_unused(entry, shape);

	if (status != STATUS_OK)
		return status;
	if (!ring_check_spans(ring, shape->params, shape->results))
		return ring_span_status(ring, shape->params, shape->results);
	return check_admission(ring, facet, shape);
}

/* Reserve the slots of the results and take hold of what is sent along. */
[[gnu::noinline]] static enum status reserve_call(struct ring *ring, uint64_t word5,
						  struct transfer *out_transfer)
{
	uint8_t slots = ipc_result_caps_max(word5);
	enum status status = STATUS_OK;

	out_transfer->count = 0;
	out_transfer->moves = 0;
	if (slots != 0)
		status = process_reserve_slots(ring->process, slots);
	if (status != STATUS_OK || ipc_transfer_count(word5) == 0)
		return status;
	status = transfer_take(ring, ipc_transfer_offset(word5), ipc_transfer_count(word5),
			       false, out_transfer);
	if (status != STATUS_OK && slots != 0)
		process_unreserve_slots(ring->process, slots);
	return status;
}

/* The call's record; it waits for nothing yet. */
static inline struct operation *park_call(struct ring *ring, struct ring_entry entry,
					  struct facet *facet, const struct call_shape *shape)
{
	struct operation *op = operation_park(ring, entry, OPERATION_CALL);

	op->target = object_get(&facet->object);
	op->result_offset = shape->results.offset;
	op->result_capacity = shape->results.length;
	op->param_offset = shape->params.offset;
	op->param_length = shape->params.length;
	op->method = entry_method(entry);
	list_append(&facet->pending, &op->facet_link);
	return op;
}

/* What the call brings and gets goes into its record. */
static void keep_carried(struct operation *op, uint64_t word5, const struct transfer *transfer)
{
	op->reserved_slots = ipc_result_caps_max(word5);
	op->transfer.moves = transfer->moves;
	op->transfer.count = transfer->count;
	for (uint32_t i = 0; i < transfer->count; i++) {
		op->transfer.objects[i] = transfer->objects[i];
		op->transfer.slots[i] = transfer->slots[i];
	}
}

/* The call, parked, meets a receive or waits for one. */
static inline void start_call(struct operation *op, struct endpoint *endpoint,
			      uint64_t deadline_ns)
{
	if (deadline_ns != 0)
		operation_set_deadline(op, deadline_ns);
	if (list_is_empty(&endpoint->receives))
		queue(endpoint, op);
	else
		deliver(op, LIST_OWNER(endpoint->receives.next, struct operation, link));
}

static inline enum status run_call(struct ring *ring, struct ring_entry entry,
				   struct facet *facet, const struct call_shape *shape)
{
	enum status status = check_call(ring, entry, facet, shape);
	struct transfer transfer;
	struct operation *op;

	if (status == STATUS_OK && shape->word5 != 0)
		status = reserve_call(ring, shape->word5, &transfer);
	if (status != STATUS_OK)
		return status;
	op = park_call(ring, entry, facet, shape);
	if (shape->word5 != 0)
		keep_carried(op, shape->word5, &transfer);
	start_call(op, facet->endpoint, entry_word(entry, 7));
	return STATUS_OK;
}

__attribute__((preserve_none)) void ipc_call(struct ring *ring, struct ring_entry entry,
					     struct facet *facet, uint64_t word5,
					     uint64_t unused)
{
	struct call_shape shape = { .params = ring_span_of(entry_word(entry, 3)),
				    .results = ring_span_of(entry_word(entry, 4)),
				    .word5 = word5,
				    .unused = unused };
	enum status status = run_call(ring, entry, facet, &shape);

	if (status != STATUS_OK)
		ring_refuse(ring, entry, status);
}

void ipc_call_ended(struct operation *op)
{
	if (!list_is_empty(&op->link))
		unqueue(op);
	if (op->open != nullptr)
		op->open->caller = nullptr;
	op->open = nullptr;
	if (op->transfer.count != 0)
		transfer_abort(&op->transfer, op->ring->process);
	if (op->reserved_slots != 0)
		give_back_slots(op, 0);
}
