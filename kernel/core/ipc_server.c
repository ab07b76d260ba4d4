// SPDX-License-Identifier: MIT
/* Receiving and answering: the server's side of calls between processes.  See ipc.h for the
 * model. */
#include "kernel/core/endpoint.h"
#include "kernel/core/ipc.h"
#include "kernel/core/ipc_entry.h"
#include "kernel/core/open_call.h"
#include "kernel/core/process.h"
#include "kernel/core/ring_operation.h"

/* An entry uses something that its operation does not: one of the flags, or another field. */
static inline enum status check_unused(struct ring_entry entry, uint16_t flags, uint64_t unused)
{
	if ((entry_flags(entry) & ~flags) != 0)
		return STATUS_FLAG_UNSUPPORTED;
	return ((entry.first & IPC_UNUSED_WORD0) | unused) != 0 ? STATUS_RESERVED_NOT_ZERO
								: STATUS_OK;
}

/* --- Receiving ---------------------------------------------------------------------------- */

/* A receive that has passed every check and reserved what it needs. */
struct receive {
	struct endpoint *endpoint;
	struct open_call *open;
	struct ring_span span;
};

/* Who may receive, and with what. */
static inline enum status check_receive(const struct ring *ring, struct cap_id id,
					struct receive *receive)
{
	struct object *object = cap_table_lookup(&ring->process->table, id);
	struct endpoint *endpoint;
	enum status status = ring_check_span(ring, receive->span);

	if (object == nullptr)
		return transfer_missing(ring->process, id);
	if (!object_is(object, &endpoint_type))
		return STATUS_WRONG_INTERFACE;
	endpoint = endpoint_of(object);
	if (endpoint->closed)
		return STATUS_DISCONNECTED;
	if (status != STATUS_OK)
		return status;
	if (receive->span.length < endpoint->receive_bytes)
		return STATUS_RECEIVE_TOO_SMALL;
	receive->endpoint = endpoint;
	return ring_can_wait(ring) ? STATUS_OK : STATUS_WAIT_SLOTS_FULL;
}

/* Table slots for what the call may bring. */
static inline enum status reserve_slots(struct ring *ring, const struct endpoint *endpoint)
{
	return endpoint->max_caps == 0
		       ? STATUS_OK
		       : process_reserve_slots(ring->process, endpoint->max_caps);
}

static enum status prepare_receive(struct ring *ring, struct cap_id id, struct receive *receive)
{
	enum status status = check_receive(ring, id, receive);

	if (status == STATUS_OK &&
	    receive->endpoint->open_count >= receive->endpoint->max_open_calls)
		status = STATUS_OPEN_CALLS_FULL;
	if (status == STATUS_OK)
		status = open_call_reserve(ring->process, receive->endpoint, &receive->open);
	if (status != STATUS_OK)
		return status;
	status = reserve_slots(ring, receive->endpoint);
	if (status != STATUS_OK)
		open_call_free(ring->process, receive->open);
	return status;
}

/* Park it, and let it meet what waits. */
static inline struct operation *start_receive(struct ring *ring, struct ring_entry entry,
					      const struct receive *receive,
					      uint64_t deadline_ns)
{
	struct endpoint *endpoint = receive->endpoint;
	struct operation *op = operation_park(ring, entry, OPERATION_RECEIVE);

	op->result_offset = receive->span.offset;
	op->open = receive->open;
	op->reserved_slots = endpoint->max_caps;
	if (deadline_ns != 0)
		operation_set_deadline(op, deadline_ns);
	list_append(&endpoint->receives, &op->link);
	/* The answer of a RETURN_RECV may have given the endpoint away. */
	if (endpoint->owner_number != ring->process->number)
		operation_finish(op, STATUS_BAD_CAPABILITY, COMPLETION_KIND_REVOKED, nullptr);
	else if (!list_is_empty(&endpoint->calls) || !list_is_empty(&endpoint->dropped))
		ipc_match(endpoint);
	return op;
}

void ipc_receive_ended(struct operation *op)
{
	struct process *process = op->ring->process;

	if (op->open != nullptr)
		open_call_free(process, op->open);
	op->open = nullptr;
	if (op->reserved_slots != 0)
		process_unreserve_slots(process, op->reserved_slots);
	op->reserved_slots = 0;
}

static void run_receive(struct ring *ring, struct ring_entry entry)
{
	struct cap_id id = { entry_word(entry, 1) };
	struct receive receive = { .span = ring_span_of(entry_word(entry, 4)) };
	uint64_t unused = entry_word(entry, 3) | entry_word(entry, 5) | entry_word(entry, 6);
	uint64_t deadline_ns = entry_word(entry, 7);
	enum status status = check_unused(entry, OPERATION_FLAG_POLL, unused);
	struct operation *op;

	if (status == STATUS_OK)
		status = prepare_receive(ring, id, &receive);
	if (status != STATUS_OK) {
		ring_refuse(ring, entry, status);
		return;
	}
	op = start_receive(ring, entry, &receive, deadline_ns);
	if ((entry_flags(entry) & OPERATION_FLAG_POLL) != 0 &&
	    ring_is_busy(ring, entry_tag(entry)))
		operation_finish(op, STATUS_NOTHING_PENDING, COMPLETION_KIND_DONE, nullptr);
}

__attribute__((preserve_none)) volatile uint64_t *ipc_run_receive(struct ring *ring,
								  struct ring_entry entry)
{
	run_receive(ring, entry);
	[[clang::musttail]] return ring_next(ring, entry);
}

/* --- Answering ---------------------------------------------------------------------------- */

/* An answer: what the entry says of it. */
struct answer {
	struct ring_span span;
	uint64_t word5;
	bool exception;
};

/* The caller of an open call, if it still waits; one whose authority was withdrawn ends here.
 */
static struct operation *caller_of(struct open_call *call)
{
	struct operation *op = call->caller;
	enum status status;

	if (op == nullptr)
		return nullptr;
	status = facet_status(facet_of(op->target));
	if (status == STATUS_OK)
		return op;
	operation_finish(op, status, COMPLETION_KIND_REVOKED, nullptr);
	return nullptr;
}

/* Whether the answer is well formed and fits what the caller takes. */
static enum status check_answer(const struct ring *ring, const struct answer *answer,
				const struct operation *op)
{
	uint8_t count = ipc_transfer_count(answer->word5);
	uint64_t bytes =
		(uint64_t)answer->span.length + count * sizeof(struct ring_transfer_result);
	enum status status = ring_check_span(ring, answer->span);

	if (status != STATUS_OK)
		return status;
	if ((count == 0 && ipc_transfer_offset(answer->word5) != 0) ||
	    (count != 0 && answer->exception))
		return STATUS_RESERVED_NOT_ZERO;
	if (count > op->reserved_slots)
		return STATUS_RESULT_TOO_LARGE;
	return answer->exception || bytes <= op->result_capacity ? STATUS_OK
								 : STATUS_RESULT_TOO_LARGE;
}

/* Take hold of what the answer brings. */
static enum status take_answer(struct ring *ring, const struct answer *answer,
			       const struct operation *op, struct transfer *out_transfer)
{
	enum status status =
		transfer_take(ring, ipc_transfer_offset(answer->word5),
			      ipc_transfer_count(answer->word5), true, out_transfer);

	if (status != STATUS_OK)
		return status;
	status = transfer_check_all(out_transfer, ring->process, op->ring->process);
	if (status != STATUS_OK)
		transfer_abort(out_transfer, ring->process);
	return status;
}

/* The caller gets what the answer brings; of the slots that it reserved the others go back. */
static void fill_slots(struct ring *ring, struct operation *op, struct transfer *transfer,
		       uint8_t *records)
{
	struct process *caller = op->ring->process;
	uint8_t left = op->reserved_slots;

	if (transfer->count != 0)
		left -= transfer_commit(transfer, ring->process, caller, (void *)records);
	op->reserved_slots = 0;
	if (left != 0)
		process_unreserve_slots(caller, left);
}

/* Deliver it and end the call: nothing can fail any more. */
[[gnu::always_inline]] static inline void complete_answer(struct ring *ring,
							  const struct answer *answer,
							  struct open_call *call,
							  struct transfer *transfer)
{
	struct operation *op = call->caller;
	struct object *target = op->target;
	uint8_t *at = op->ring->arena + op->result_offset;
	enum status status = answer->exception ? STATUS_EXCEPTION : STATUS_OK;
	uint32_t length = answer->span.length;
	uint8_t count = ipc_transfer_count(answer->word5);

	/* An exception that does not fit is left out. */
	if (length > op->result_capacity)
		length = 0;
	fetch_span(at, ring->arena + answer->span.offset, length);
	ipc_look_after(ring, op->ring, length);
	call->caller = nullptr;
	op->open = nullptr;
	op->target = nullptr;
	if (op->reserved_slots != 0)
		fill_slots(ring, op, transfer, at + length);
	list_remove(&op->facet_link);
	operation_free(op);
	operation_post(op, completion_word(status, COMPLETION_KIND_DONE, count, op->tag),
		       (struct operation_outcome){ length, 0 });
	object_put(target);
}

/*
 * STATUS_OK and STATUS_CALLER_GONE: the call has ended, and its entry, without caller, is the
 * caller's to free or to use again.  Anything else: nothing happened.
 */
[[gnu::always_inline]] static inline enum status
answer_call(struct ring *ring, const struct answer *answer, struct open_call *call)
{
	struct operation *op = caller_of(call);
	struct transfer transfer;
	enum status status;

	if (op == nullptr)
		return STATUS_CALLER_GONE;
	transfer.count = 0;
	status = check_answer(ring, answer, op);
	if (status == STATUS_OK && ipc_transfer_count(answer->word5) != 0)
		status = take_answer(ring, answer, op, &transfer);
	if (status == STATUS_OK)
		complete_answer(ring, answer, call, &transfer);
	return status;
}

static struct open_call *find_call(const struct ring *ring, uint64_t id)
{
	return open_call_find(&ring->process->open_calls, id);
}

/* The fields that both ways to answer have. */
static struct answer read_answer(struct ring_entry entry)
{
	return (struct answer){ .span = ring_span_of(entry_word(entry, 3)),
				.word5 = entry_word(entry, 5),
				.exception =
					(entry_flags(entry) & OPERATION_FLAG_EXCEPTION) != 0 };
}

static void run_answer(struct ring *ring, struct ring_entry entry)
{
	struct open_call *call = find_call(ring, entry_word(entry, 1));
	struct answer answer = read_answer(entry);
	uint64_t unused = entry_word(entry, 4) | entry_word(entry, 6) | entry_word(entry, 7) |
			  (answer.word5 & ~IPC_TRANSFERS_WORD5);
	enum status status = check_unused(
		entry, OPERATION_FLAG_EXCEPTION | OPERATION_FLAG_SKIP_SUCCESS, unused);

	if (status == STATUS_OK)
		status = call != nullptr ? answer_call(ring, &answer, call)
					 : STATUS_UNKNOWN_CALL;
	if (status == STATUS_OK || status == STATUS_CALLER_GONE)
		open_call_free(ring->process, call);
	if (status != STATUS_OK || (entry_flags(entry) & OPERATION_FLAG_SKIP_SUCCESS) == 0)
		ring_end_entry(ring, entry, status);
}

__attribute__((preserve_none)) volatile uint64_t *ipc_run_return(struct ring *ring,
								 struct ring_entry entry)
{
	run_answer(ring, entry);
	[[clang::musttail]] return ring_next(ring, entry);
}

/* The receive of a RETURN_RECV, which takes over the entry of the call. */
static inline enum status check_next(struct ring *ring, struct ring_entry entry,
				     const struct open_call *call, struct receive *receive)
{
	struct cap_id id = { entry_word(entry, 6) };
	enum status status;

	if (call == nullptr)
		return STATUS_UNKNOWN_CALL;
	status = check_receive(ring, id, receive);
	if (status == STATUS_OK && receive->endpoint != call->endpoint)
		status = STATUS_INVALID_ARGUMENT;
	return status == STATUS_OK ? reserve_slots(ring, receive->endpoint) : status;
}

/* The answer has not been given: nothing is received either. */
[[gnu::cold, gnu::noinline]] static void refuse_next(struct ring *ring, struct ring_entry entry,
						     struct open_call *call, enum status status)
{
	if (call->endpoint->max_caps != 0)
		process_unreserve_slots(ring->process, call->endpoint->max_caps);
	if (status == STATUS_CALLER_GONE)
		open_call_free(ring->process, call);
	ring_refuse(ring, entry, status);
}

[[gnu::always_inline]] static inline void run_answer_and_receive(struct ring *ring,
								 struct ring_entry entry)
{
	struct open_call *call = find_call(ring, entry_word(entry, 1));
	struct answer answer = read_answer(entry);
	struct receive receive = { .span = ring_span_of(entry_word(entry, 4)), .open = call };
	enum status status = check_unused(entry, OPERATION_FLAG_EXCEPTION,
					  answer.word5 & ~IPC_TRANSFERS_WORD5);

	if (status == STATUS_OK)
		status = check_next(ring, entry, call, &receive);
	if (status != STATUS_OK) {
		ring_refuse(ring, entry, status);
		return;
	}
	status = answer_call(ring, &answer, call);
	if (status != STATUS_OK) {
		refuse_next(ring, entry, call, status);
		return;
	}
	open_call_renew(call);
	(void)!start_receive(ring, entry, &receive, entry_word(entry, 7));
}

__attribute__((preserve_none)) volatile uint64_t *
ipc_run_return_receive(struct ring *ring, struct ring_entry entry)
{
	run_answer_and_receive(ring, entry);
	[[clang::musttail]] return ring_next(ring, entry);
}

static void run_query(struct ring *ring, struct ring_entry entry)
{
	struct open_call *call = find_call(ring, entry_word(entry, 1));
	uint64_t unused = entry_word(entry, 3) | entry_word(entry, 4) | entry_word(entry, 5) |
			  entry_word(entry, 6) | entry_word(entry, 7);
	enum status status = check_unused(entry, 0, unused);

	if (status == STATUS_OK && call == nullptr)
		status = STATUS_UNKNOWN_CALL;
	if (status == STATUS_OK && caller_of(call) == nullptr)
		status = STATUS_CALLER_GONE;
	ring_end_entry(ring, entry, status);
}

__attribute__((preserve_none)) volatile uint64_t *ipc_run_query(struct ring *ring,
								struct ring_entry entry)
{
	run_query(ring, entry);
	[[clang::musttail]] return ring_next(ring, entry);
}
