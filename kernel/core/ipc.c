// SPDX-License-Identifier: MIT
/* Calls between processes.  See ipc.h for the model. */
#include "kernel/core/ipc.h"

#include "kernel/core/endpoint.h"
#include "kernel/core/ipc_entry.h"
#include "kernel/core/open_call.h"
#include "kernel/core/process.h"

static void finish_receive(struct operation *receive, enum completion_kind kind,
			   uint8_t transfers, struct operation_outcome outcome)
{
	operation_complete(receive, completion_word(STATUS_OK, kind, transfers, receive->tag),
			   outcome);
}

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

/* Give the call to the receive: nothing can fail any more. */
static void hand_over(struct operation *op, struct operation *receive)
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
	receive->reserved_slots -= count;
	receive->open = nullptr;
	open->state = OPEN_CALL_OPEN;
	open->caller = op;
	op->open = open;
	finish_receive(receive, COMPLETION_KIND_DONE, count,
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
static void deliver(struct operation *op, struct operation *receive)
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
	finish_receive(receive, COMPLETION_KIND_DROPPED, 0,
		       (struct operation_outcome){ 0, cookie });
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

static enum status check_unused_call(struct ring_entry entry, uint64_t word5, uint64_t word6)
{
	if (entry_has_flags(entry))
		return STATUS_FLAG_UNSUPPORTED;
	return ((entry.first & IPC_RESERVED_WORD0) | (word5 & IPC_PIPELINE_WORD5) | word6) != 0
		       ? STATUS_RESERVED_NOT_ZERO
		       : STATUS_OK;
}

/* What the endpoint and its facet have against the call. */
static enum status check_admission(const struct call *call, const struct facet *facet,
				   uint64_t word5)
{
	const struct endpoint *endpoint = facet->endpoint;
	enum status status = facet_status(facet);

	if (status != STATUS_OK)
		return status;
	if (endpoint->closed)
		return STATUS_DISCONNECTED;
	if (call->param_span.length > endpoint->max_message_bytes)
		return STATUS_MESSAGE_TOO_LARGE;
	if (ipc_transfer_count(word5) > endpoint->max_caps ||
	    ipc_result_caps_max(word5) > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	if (ipc_transfer_count(word5) == 0 && ipc_transfer_offset(word5) != 0)
		return STATUS_RESERVED_NOT_ZERO;
	return ring_can_wait(call->ring) ? STATUS_OK : STATUS_WAIT_SLOTS_FULL;
}

/* The spans, and everything above. */
static enum status check_call(const struct call *call, const struct facet *facet,
			      uint64_t word5)
{
	if (!ring_check_spans(call->ring, call->param_span, call->result_span))
		return ring_span_status(call->ring, call->param_span, call->result_span);
	return check_admission(call, facet, word5);
}

/* Reserve the slots of the results and take hold of what is sent along. */
static enum status reserve_call(const struct call *call, uint64_t word5,
				struct transfer *out_transfer)
{
	enum status status = STATUS_OK;

	out_transfer->count = 0;
	out_transfer->moves = 0;
	if (ipc_result_caps_max(word5) != 0)
		status = process_reserve_slots(call_process(call), ipc_result_caps_max(word5));
	if (status != STATUS_OK || ipc_transfer_count(word5) == 0)
		return status;
	status = transfer_take(call->ring, ipc_transfer_offset(word5),
			       ipc_transfer_count(word5), false, out_transfer);
	if (status != STATUS_OK && ipc_result_caps_max(word5) != 0)
		process_unreserve_slots(call_process(call), ipc_result_caps_max(word5));
	return status;
}

/* The call's record; it waits for nothing yet. */
static struct operation *park_call(const struct call *call, struct facet *facet, uint64_t word5)
{
	struct operation *op = operation_park(call->ring, call->entry, OPERATION_CALL);

	op->target = object_get(&facet->object);
	op->result_offset = call->result_span.offset;
	op->result_capacity = call->result_span.length;
	op->param_offset = call->param_span.offset;
	op->param_length = call->param_span.length;
	op->method = entry_method(call->entry);
	op->reserved_slots = ipc_result_caps_max(word5);
	list_append(&facet->pending, &op->facet_link);
	return op;
}

static void copy_transfer(struct transfer *to, const struct transfer *from)
{
	to->moves = from->moves;
	to->count = from->count;
	for (uint32_t i = 0; i < from->count; i++) {
		to->objects[i] = from->objects[i];
		to->slots[i] = from->slots[i];
	}
}

void ipc_call(struct call *call, struct facet *facet, uint64_t word5, uint64_t word6)
{
	struct endpoint *endpoint = facet->endpoint;
	struct transfer transfer;
	struct operation *op;
	uint64_t deadline_ns;
	enum status status = check_unused_call(call->entry, word5, word6);

	if (status == STATUS_OK)
		status = check_call(call, facet, word5);
	if (status == STATUS_OK)
		status = reserve_call(call, word5, &transfer);
	if (status != STATUS_OK) {
		ring_refuse(call->ring, call->entry, status);
		return;
	}
	op = park_call(call, facet, word5);
	copy_transfer(&op->transfer, &transfer);
	deadline_ns = entry_word(call->entry, 7);
	if (deadline_ns != 0)
		operation_set_deadline(op, deadline_ns);
	if (list_is_empty(&endpoint->receives))
		queue(endpoint, op);
	else
		deliver(op, LIST_OWNER(endpoint->receives.next, struct operation, link));
}

void ipc_call_ended(struct operation *op)
{
	struct process *process = op->ring->process;

	if (!list_is_empty(&op->link))
		unqueue(op);
	if (op->open != nullptr)
		op->open->caller = nullptr;
	if (op->transfer.count != 0)
		transfer_abort(&op->transfer, process);
	if (op->reserved_slots != 0)
		process_unreserve_slots(process, op->reserved_slots);
}
