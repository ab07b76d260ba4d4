// SPDX-License-Identifier: MIT
/*
 * The event loop of a service: completions, handlers, answers.  See server.h for the model,
 * receive.h for the states of a call's storage.
 *
 * Completions that come while a handler waits for a call of its own are put into a queue, and
 * dealt with when the handler is done: no handler runs inside another.
 */
#include "user/rt/server.h"

#include "lib/require.h"
#include "user/rt/objects.h"
#include "user/rt/receive.h"

static void submit_return(struct capos_open_call *call)
{
	struct ring_submission submission = {
		.opcode = OPERATION_CODE_RETURN,
		.flags = call->entry.flags,
		.target = call->entry.target,
		.user_data = call->entry.user_data,
		.param_offset = call->entry.param_offset,
		.param_length = call->entry.param_length,
		.transfer_offset = call->entry.transfer_offset,
		.transfer_count = call->entry.transfer_count,
	};

	call->state = CAPOS_OPEN_CALL_ANSWERING;
	capos_client_post(&submission);
}

static void submit_return_receive(struct capos_open_call *call)
{
	call->state = CAPOS_OPEN_CALL_TURNING;
	call->endpoint->receiving++;
	if (capos_short_submit(&call->entry) != STATUS_OK)
		capos_client_post(&call->entry);
}

/* Make an exception of what cannot be an answer. */
[[gnu::cold, gnu::noinline]] static void settle(struct capos_open_call *call,
						enum status status)
{
	bool is_exception = call->entry.flags == OPERATION_FLAG_EXCEPTION;

	if (status == STATUS_OK)
		status = call->results.failed ? STATUS_RESULT_TOO_SMALL
					      : STATUS_MALFORMED_MESSAGE;
	/* A handler that refused has made it. */
	if (!is_exception)
		(void)capos_refuse(call, capos_exception_type(status), status_name(status));
}

static inline void answer(struct capos_open_call *call, enum status status)
{
	struct capos_endpoint *endpoint = call->endpoint;

	if (status != STATUS_OK || call->results.failed || call->params.malformed)
		settle(call, status);
	if (call->completion.transfer_count != 0)
		capos_loop_release_received(call);
	if (call->object != nullptr)
		capos_object_leave(call->object);
	endpoint->open--;
	capos_loop.given_back = true;
	call->entry.target = call->header->call_id;
	call->entry.param_length = call->results.used_words * MESSAGE_WORD_BYTES;
	if (endpoint->receiving < endpoint->wanted && call->has_tag)
		submit_return_receive(call);
	else
		submit_return(call);
}

void capos_open_call_answer(struct capos_open_call *call, enum status status)
{
	require(call->state == CAPOS_OPEN_CALL_OPEN && call->is_kept);
	call->is_kept = false;
	if (call->endpoint->receiving < call->endpoint->wanted && call->receive_bytes != 0)
		(void)capos_receive_take_tag(call);
	answer(call, status);
}

/* --- Completions ------------------------------------------------------------------------- */

/* Who serves a call: its object, or the endpoint.  Null if the object is gone. */
static inline const struct capos_service *find_service(struct capos_open_call *call)
{
	struct capos_endpoint_options *options = &call->endpoint->options;

	call->object = nullptr;
	call->context = options->context;
	if (call->header->cookie == 0 || options->objects == nullptr)
		return &options->service;
	struct capos_object *object = capos_object_find(options->objects, call->header->cookie);

	if (object == nullptr)
		return nullptr;
	capos_object_enter(object);
	call->object = object;
	call->context = object->context;
	return &object->service;
}

/* A call has come: run its handler. */
static inline void deliver(struct capos_open_call *call)
{
	static const uint64_t null_root;
	uint32_t length =
		(call->completion.length - (uint32_t)sizeof(struct ring_call_header)) &
		CAPOS_LENGTH_MASK;
	const struct capos_service *service;
	enum status status;

	call->endpoint->receiving--;
	call->endpoint->open++;
	call->state = CAPOS_OPEN_CALL_OPEN;
	call->taken_mask = 0;
	call->entry.flags = 0;
	/* A method without parameters may be called with nothing at all. */
	if (length == 0)
		message_reader_init(&call->params, &null_root, sizeof(null_root));
	else
		message_reader_init(&call->params, call->header + 1, length);
	message_builder_init(&call->results, capos_client.arena + call->entry.param_offset,
			     call->endpoint->result_bytes);
	service = find_service(call);
	if (service == nullptr)
		status = STATUS_OBJECT_CLOSED;
	else if (service->interface_id != call->header->interface_id)
		status = STATUS_UNKNOWN_METHOD;
	else
		status = service->dispatch(service->handlers, call);
	if (!call->is_kept)
		answer(call, status);
}

/* The answer was refused: send an exception instead, once. */
static void answer_was_refused(struct capos_open_call *call, enum status status)
{
	bool was_exception = call->entry.flags == OPERATION_FLAG_EXCEPTION;

	capos_loop_end_transfers(call, false);
	if (was_exception) {
		capos_receive_rest(call);
		return;
	}
	(void)capos_refuse(call, capos_exception_type(status), status_name(status));
	call->entry.param_length = call->results.used_words * MESSAGE_WORD_BYTES;
	submit_return(call);
}

/* A RETURN by itself has completed. */
static void complete_answer(struct capos_open_call *call, enum status status)
{
	switch ((uint16_t)status) {
	case STATUS_OK:
	/* Of an answer and receive of which the receive was refused: see complete_rare(). */
	case STATUS_UNKNOWN_CALL:
		capos_loop_end_transfers(call, true);
		capos_receive_rest(call);
		return;
	case STATUS_CALLER_GONE:
		capos_loop_end_transfers(call, false);
		capos_receive_rest(call);
		return;
	}
	answer_was_refused(call, status);
}

static void drop_object(struct capos_endpoint *endpoint, uint64_t cookie)
{
	struct capos_endpoint_options *options = &endpoint->options;

	if (options->objects != nullptr && capos_object_drop(options->objects, cookie))
		return;
	if (options->dropped != nullptr)
		options->dropped(options->context, cookie);
}

/* Whether a receive was refused for a reason that may pass. */
static bool is_shortage(enum status status)
{
	return capos_exception_type(status) == CAP_EXCEPTION_TYPE_OVERLOADED;
}

/* A receive has ended, without a call; the answer that went with it, if any, is settled. */
static void receive_ended(struct capos_open_call *call, enum status status)
{
	struct capos_endpoint *endpoint = call->endpoint;

	if (status == STATUS_OK || status == STATUS_CALLER_GONE) {
		capos_receive_rest(call);
		return;
	}
	if (is_shortage(status)) {
		capos_loop.is_short = true;
	} else if (status != STATUS_CANCELLED) {
		endpoint->ended = status;
		endpoint->wanted = 0;
	}
	call->state = CAPOS_OPEN_CALL_IDLE;
	capos_receive_destroy(call);
}

/* Anything but a call that has come. */
[[gnu::cold, gnu::noinline]] static void complete_rare(struct capos_open_call *call)
{
	enum status status = (enum status)(uint16_t)-call->completion.status;
	bool was_turning = call->state == CAPOS_OPEN_CALL_TURNING;

	if (call->state == CAPOS_OPEN_CALL_ANSWERING) {
		complete_answer(call, status);
		return;
	}
	call->endpoint->receiving--;
	if (was_turning && status != STATUS_OK && status != STATUS_CANCELLED &&
	    status != STATUS_CALLER_GONE) {
		/*
		 * Refused at once, or answered and the receive ended later?  The answer by
		 * itself is answered already in the second case: unknownCall.
		 */
		submit_return(call);
		return;
	}
	capos_loop_end_transfers(call, status != STATUS_CALLER_GONE);
	if (call->completion.kind == COMPLETION_KIND_DROPPED)
		drop_object(call->endpoint, call->completion.word);
	receive_ended(call, status);
}

static inline void complete(struct capos_open_call *call)
{
	if (call->completion.status != 0 || call->completion.kind != COMPLETION_KIND_DONE ||
	    call->state == CAPOS_OPEN_CALL_ANSWERING) {
		complete_rare(call);
		return;
	}
	if (call->entry.transfer_count != 0)
		capos_loop_end_transfers(call, true);
	deliver(call);
}

static struct capos_open_call *call_of(const struct ring_completion *completion)
{
	return (struct capos_open_call *)(completion->user_data - CAPOS_OPEN_CALL_MARK);
}

void capos_loop_queue(const struct ring_completion *completion)
{
	struct capos_open_call *call = call_of(completion);

	call->completion = *completion;
	call->next = nullptr;
	if (capos_loop.ready_first == nullptr)
		capos_loop.ready_first = call;
	else
		capos_loop.ready_last->next = call;
	capos_loop.ready_last = call;
}

/* --- The loop ---------------------------------------------------------------------------- */

/* Of endpoints that have neither a receive nor an open call, whose answer would be followed by
 * one. */
static void replenish_all(void)
{
	capos_loop.is_short = false;
	capos_loop.given_back = false;
	for (struct capos_endpoint *e = capos_loop.endpoints; e != nullptr; e = e->next)
		capos_receive_replenish(e);
}

/* Deal with one completion of the ring; false when there is none. */
static inline bool take_completion(struct ring_header *ring)
{
	uint32_t head = ring->cq_head;
	const struct ring_completion *c =
		&capos_client.completions[head & capos_client.cq_mask];

	if (__atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE) == head)
		return false;
	if ((c->user_data & CAPOS_OPEN_CALL_MARK) == 0 ||
	    c->user_data < CAPOS_USER_DATA_MARKS) {
		capos_client_complete(c);
		capos_loop.given_back = true;
		__atomic_store_n(&ring->cq_head, head + 1, __ATOMIC_RELEASE);
		return true;
	}
	struct capos_open_call *call = call_of(c);

	call->completion = *c;
	/* Before the handler, which may consume completions too.  Partner: the kernel's load.
	 */
	__atomic_store_n(&ring->cq_head, head + 1, __ATOMIC_RELEASE);
	complete(call);
	return true;
}

static void take_ready(void)
{
	struct capos_open_call *call = capos_loop.ready_first;

	capos_loop.ready_first = call->next;
	complete(call);
}

static void call_back(void)
{
	struct list_link *link = capos_client.done_calls.next;
	struct capos_call *call = LIST_OWNER(link, struct capos_call, done_link);

	list_remove(link);
	capos_loop.given_back = true;
	call->done(call, call->done_context);
}

/* Deal with everything that is there.  False when there was nothing. */
static bool work(struct ring_header *ring)
{
	bool worked = false;

	for (;;) {
		if (capos_loop.ready_first != nullptr)
			take_ready();
		else if (!list_is_empty(&capos_client.done_calls))
			call_back();
		else if (!take_completion(ring))
			break;
		worked = true;
	}
	if (capos_loop.is_short && capos_loop.given_back)
		replenish_all();
	return worked;
}

/* Ask every receive to end. */
static void cancel_receives(struct capos_endpoint *endpoint)
{
	endpoint->wanted = 0;
	for (struct list_link *link = endpoint->calls.next; link != &endpoint->calls;
	     link = link->next) {
		struct capos_open_call *call = LIST_OWNER(link, struct capos_open_call, link);
		struct ring_submission submission = { .opcode = OPERATION_CODE_CANCEL,
						      .target = call->entry.tag };

		/* One that has brought a call meanwhile is not found by its tag: no matter. */
		if (call->state == CAPOS_OPEN_CALL_RECEIVING ||
		    call->state == CAPOS_OPEN_CALL_TURNING)
			capos_client_post(&submission);
	}
}

void capos_server_stop(void)
{
	capos_loop.is_stopping = true;
	for (struct capos_endpoint *e = capos_loop.endpoints; e != nullptr; e = e->next)
		cancel_receives(e);
}

/* Whether all has ended that a stopped loop waits for; then the endpoints are forgotten. */
static bool is_stopped(void)
{
	if (!capos_loop.is_stopping)
		return false;
	for (struct capos_endpoint *e = capos_loop.endpoints; e != nullptr; e = e->next)
		if (!list_is_empty(&e->calls))
			return false;
	capos_loop.endpoints = nullptr;
	capos_loop.promised = 0;
	capos_loop.is_stopping = false;
	return true;
}

static bool is_quiet(const struct ring_header *ring)
{
	return capos_loop.ready_first == nullptr && list_is_empty(&capos_client.done_calls) &&
	       __atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE) == ring->cq_head;
}

enum status capos_server_run(void)
{
	struct ring_header *ring = capos_client_init();
	enum status status = STATUS_OK;

	require(!capos_loop.is_running);
	capos_loop.is_running = true;
	for (;;) {
		(void)work(ring);
		if (is_stopped())
			break;
		status = capos_cap_enter(1, RING_NO_DEADLINE, nullptr);
		if (status != STATUS_OK && is_quiet(ring))
			break;
	}
	capos_loop.is_running = false;
	return status;
}

enum status capos_server_step(uint64_t deadline_ns)
{
	struct ring_header *ring = capos_client_init();
	enum status status = STATUS_OK;

	require(!capos_loop.is_running);
	capos_loop.is_running = true;
	if (!work(ring)) {
		status = capos_cap_enter(1, deadline_ns, nullptr);
		if (work(ring))
			status = STATUS_OK;
	}
	capos_loop.is_running = false;
	return status;
}
