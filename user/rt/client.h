// SPDX-License-Identifier: MIT
#pragma once
/*
 * The ring client's state, and the parts of user/rt/call.h that are worth having inline.
 *
 * With the sizes and methods of generated code, which are constants, a call that waits is some
 * hundred instructions from begin to end; what is rare is out of line in call.c.  Programs
 * include call.h.
 *
 * user_data of a call's submission is the address of its struct capos_call, so a completion
 * finds its call whatever the order.  Indices live in the ring header alone, so that programs
 * may also use the ring by hand (user/rt/ring.h).
 */
#include "user/rt/call.h"
#include "user/rt/ring.h"
#include "user/rt/span.h"

/* Zero until the first begin or release. */
struct capos_client {
	struct ring_header *ring;
	char *arena;
	struct ring_submission *submissions;
	struct ring_completion *completions;
	uint32_t sq_mask;
	uint32_t cq_mask;
	uint64_t free_tags; /* bit n: no call in flight has tag n */
	struct span_pool spans;
	struct list_link done_calls; /* that the event loop has yet to call back */
	/* Takes completions whose user_data has CAPOS_OPEN_CALL_MARK; the event loop's. */
	void (*receive_done)(const struct ring_completion *completion);
	struct capos_exception exception; /* the latest */
};

/* In the user_data of a receive or an answer, beside the address of its struct
 * capos_open_call. */
constexpr uint64_t CAPOS_OPEN_CALL_MARK = 1;

/* user_data from here on is an address. */
constexpr uint64_t CAPOS_USER_DATA_MARKS = 4096;

extern struct capos_client capos_client;

/* Every length that a completion can rightly have; tells the compiler so. */
constexpr uint32_t CAPOS_LENGTH_MASK = 2 * MAX_MESSAGE_BYTES - MESSAGE_WORD_BYTES;

/* Rare cases of the functions below. */
uint32_t capos_client_take_span(uint32_t bytes);
enum status capos_client_check_submit(const struct capos_call *call);
enum status capos_client_wait(struct capos_call *call);
void capos_client_end(struct capos_call *call);

/* For the event loop: the client, ready; one completion dealt with; one submission appended,
 * which panics where the ring does not move. */
struct ring_header *capos_client_init(void);
void capos_client_complete(const struct ring_completion *completion);
void capos_client_post(const struct ring_submission *submission);
/* Keep what a message says as the latest exception. */
void capos_client_keep_exception(const void *bytes, uint32_t length);

static inline enum status capos_call_begin(struct capos_call *call, uint64_t target,
					   uint16_t method, struct capos_call_size size,
					   struct message_builder **out_params)
{
	uint32_t param_bytes = (size.param_bytes + 7) & ~7U;
	uint32_t result_bytes = (size.result_bytes + 7) & ~7U;
	uint32_t offset;

	call->state = CAPOS_CALL_IDLE;
	if (size.param_bytes > MAX_MESSAGE_BYTES || size.result_bytes > MAX_MESSAGE_BYTES)
		return STATUS_MESSAGE_TOO_LARGE;
	if (size.result_capabilities > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	result_bytes +=
		size.result_capabilities * (uint32_t)sizeof(struct ring_transfer_result);
	offset = span_take(&capos_client.spans, param_bytes + result_bytes);
	if (offset == SPAN_NONE) {
		/* Before the client is initialised the pool is empty. */
		offset = capos_client_take_span(param_bytes + result_bytes);
		if (offset == SPAN_NONE)
			return STATUS_OUT_OF_MEMORY;
	}
	message_builder_init(&call->params, capos_client.arena + offset, param_bytes);
	call->target = target;
	call->deadline_ns = 0;
	call->span_offset = offset;
	call->span_bytes = param_bytes + result_bytes;
	call->result_offset = offset + param_bytes;
	call->result_capacity = result_bytes;
	call->transfer_offset = 0;
	call->method = method;
	call->state = CAPOS_CALL_BUILDING;
	call->transfer_count = 0;
	call->result_caps_max = (uint8_t)size.result_capabilities;
	call->received_count = 0;
	call->taken_mask = 0;
	call->failed = false;
	call->done = nullptr;
	*out_params = &call->params;
	return STATUS_OK;
}

static inline void capos_call_set_deadline(struct capos_call *call, uint64_t deadline_ns)
{
	call->deadline_ns = deadline_ns;
}

static inline void capos_call_set_done(struct capos_call *call, capos_call_done *done,
				       void *context)
{
	call->done = done;
	call->done_context = context;
	list_init(&call->done_link);
}

/* Whether the call can go into the ring as things are. */
static inline bool capos_client_is_ready(const struct capos_call *call)
{
	const struct ring_header *ring = capos_client.ring;
	uint32_t taken = __atomic_load_n(&ring->sq_head, __ATOMIC_ACQUIRE);

	return !call->failed && !call->params.failed && capos_client.free_tags != 0 &&
	       ring->sq_tail - taken <= capos_client.sq_mask;
}

static inline enum status capos_call_submit(struct capos_call *call)
{
	struct ring_header *ring = capos_client.ring;

	if (!capos_client_is_ready(call)) {
		enum status status = capos_client_check_submit(call);

		if (status != STATUS_OK)
			return status;
	}
	uint32_t tail = ring->sq_tail;
	uint16_t tag = (uint16_t)__builtin_ctzll(capos_client.free_tags);

	capos_client.submissions[tail & capos_client.sq_mask] = (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.method = call->method,
		.tag = tag,
		.target = call->target,
		.user_data = (uintptr_t)call,
		.param_offset = call->span_offset,
		.param_length = call->params.used_words * MESSAGE_WORD_BYTES,
		.result_offset = call->result_offset,
		.result_capacity = call->result_capacity,
		.transfer_offset = call->transfer_offset,
		.transfer_count = call->transfer_count,
		.result_caps_max = call->result_caps_max,
		.deadline_ns = call->deadline_ns,
	};
	capos_client.free_tags &= capos_client.free_tags - 1;
	call->tag = tag;
	call->state = CAPOS_CALL_PENDING;
	/* Partner of the kernel's load of sq_tail: the entry is written. */
	__atomic_store_n(&ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return STATUS_OK;
}

/*
 * Enter the kernel for a call and take its completion if that is the first.  Leaves the call
 * pending when it was not so simple.
 */
static inline void capos_client_wait_alone(struct capos_call *call)
{
	struct ring_header *ring = capos_client.ring;
	uint32_t head = ring->cq_head;
	const struct ring_completion *c =
		&capos_client.completions[head & capos_client.cq_mask];

	(void)!capos_cap_enter(1, RING_NO_DEADLINE, nullptr);
	if (__atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE) == head ||
	    c->user_data != (uintptr_t)call)
		return;
	call->status = (enum status)(uint16_t)-c->status;
	call->length = c->length;
	call->received_count = c->transfer_count;
	call->state = CAPOS_CALL_DONE;
	capos_client.free_tags |= 1ULL << call->tag;
	/* Partner of the kernel's load of cq_head: the slot may be used again. */
	__atomic_store_n(&ring->cq_head, head + 1, __ATOMIC_RELEASE);
}

static inline enum status capos_call_wait(struct capos_call *call,
					  struct message_reader **out_results)
{
	static const uint64_t null_root;
	enum status status = STATUS_OK;
	uint32_t length;

	if (call->state == CAPOS_CALL_BUILDING) {
		status = capos_call_submit(call);
		if (status != STATUS_OK)
			return status;
		capos_client_wait_alone(call);
	}
	if (call->state != CAPOS_CALL_DONE) {
		status = capos_client_wait(call);
		if (status != STATUS_OK)
			return status;
	}
	length = call->length & CAPOS_LENGTH_MASK;
	/* A method without results may send nothing at all. */
	if (length == 0)
		message_reader_init(&call->results, &null_root, sizeof(null_root));
	else
		message_reader_init(&call->results, capos_client.arena + call->result_offset,
				    length);
	*out_results = &call->results;
	return call->status;
}

static inline void capos_call_end(struct capos_call *call)
{
	if (call->state != CAPOS_CALL_DONE ||
	    (call->received_count | call->transfer_count) != 0 ||
	    call->status == STATUS_EXCEPTION || call->done != nullptr ||
	    call->span_bytes > SPAN_UNIT_BYTES) {
		capos_client_end(call);
		return;
	}
	span_give(&capos_client.spans, call->span_offset, SPAN_UNIT_BYTES);
	call->state = CAPOS_CALL_IDLE;
}

#include "user/rt/short_call.h" // IWYU pragma: keep
