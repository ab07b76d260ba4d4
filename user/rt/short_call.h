// SPDX-License-Identifier: MIT
#pragma once
/*
 * Short calls: calls that wait, whose parameters and results are scalars only.
 *
 * They need no struct capos_call, no span and no tag of their own: at most one is in flight at
 * any time, so one span and one tag are set aside for it.  Generated wrappers use them; all is
 * inline, so that with constant sizes a call costs some ninety instructions besides those of
 * the kernel.
 *
 *	struct message_builder message;
 *	struct message_reader results_message;
 *	struct foo_bar_params_builder params;
 *
 *	capos_short_begin(&message);
 *	params = foo_bar_params_init_root(&message);
 *	(setters)
 *	status = capos_short_call(target.id, FOO_BAR_METHOD, &message, &results_message);
 *	(read the root, getters)
 *
 * Nothing is to be ended; the results are valid until the next short call.  Parameters and
 * results have at most CAPOS_SHORT_BYTES each; there is room for an exception.
 */
#include "user/rt/client.h"

constexpr uint32_t CAPOS_SHORT_BYTES = 128;
constexpr uint32_t CAPOS_SHORT_RESULT_BYTES = 192;

/* The span, its parameters first, and the tag that are set aside. */
constexpr uint32_t CAPOS_SHORT_OFFSET = 0;
constexpr uint16_t CAPOS_SHORT_TAG = 1;

/* user_data of a short call; smaller than any address. */
constexpr uint64_t CAPOS_SHORT_MARK = 2;

/* Rare cases: no client yet, the ring is full, other completions come first. */
void capos_short_init(void);
enum status capos_short_make_room(void);
/* Wait for the short call in flight.  Gives what capos_short_outcome() makes of its
 * completion. */
uint64_t capos_short_wait(void);
/* The call ended with anything but ok: an exception is kept. */
[[gnu::cold]] void capos_short_failed(enum status status, uint32_t length);

/* A completion's length, and its status in the low half: in a register, not in memory. */
static inline uint64_t capos_short_outcome(const struct ring_completion *c)
{
	return (uint64_t)c->length << 32 | (uint32_t)c->status;
}

static inline void capos_short_begin(struct message_builder *params)
{
	if (capos_client.ring == nullptr)
		capos_short_init();
	message_builder_init(params, capos_client.arena + CAPOS_SHORT_OFFSET,
			     CAPOS_SHORT_BYTES);
}

/* Append the submission.  Statuses: those of capos_call_submit. */
static inline enum status capos_short_submit(const struct ring_submission *submission)
{
	struct ring_header *ring = capos_client.ring;
	uint32_t taken = __atomic_load_n(&ring->sq_head, __ATOMIC_ACQUIRE);
	uint32_t tail = ring->sq_tail;

	if (tail - taken > capos_client.sq_mask) {
		enum status status = capos_short_make_room();

		if (status != STATUS_OK)
			return status;
		tail = ring->sq_tail;
	}
	capos_client.submissions[tail & capos_client.sq_mask] = *submission;
	/* Partner of the kernel's load of sq_tail: the entry is written. */
	__atomic_store_n(&ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return STATUS_OK;
}

/* Enter the kernel and take the short call's completion. */
static inline uint64_t capos_short_complete(void)
{
	struct ring_header *ring = capos_client.ring;
	uint32_t head = ring->cq_head;
	const struct ring_completion *c =
		&capos_client.completions[head & capos_client.cq_mask];
	uint64_t outcome;

	(void)!capos_cap_enter(1, RING_NO_DEADLINE, nullptr);
	if (__atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE) == head ||
	    c->user_data != CAPOS_SHORT_MARK)
		return capos_short_wait();
	outcome = capos_short_outcome(c);
	/* Partner of the kernel's load of cq_head: the slot may be used again. */
	__atomic_store_n(&ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return outcome;
}

/*
 * Make the call and wait.  STATUS_OK gives the reader of the results; anything else is how it
 * ended, or why it could not be submitted.
 */
static inline enum status capos_short_call(uint64_t target, uint16_t method,
					   const struct message_builder *params,
					   struct message_reader *out_results)
{
	struct ring_submission submission = {
		.opcode = OPERATION_CODE_CALL,
		.method = method,
		.tag = CAPOS_SHORT_TAG,
		.target = target,
		.user_data = CAPOS_SHORT_MARK,
		.param_offset = CAPOS_SHORT_OFFSET,
		.param_length = params->used_words * MESSAGE_WORD_BYTES,
		.result_offset = CAPOS_SHORT_OFFSET + CAPOS_SHORT_BYTES,
		.result_capacity = CAPOS_SHORT_RESULT_BYTES,
	};
	enum status status = capos_short_submit(&submission);
	uint64_t *results;
	uint64_t outcome;
	uint32_t length;

	if (status != STATUS_OK)
		return status;
	outcome = capos_short_complete();
	results = (void *)(capos_client.arena + CAPOS_SHORT_OFFSET + CAPOS_SHORT_BYTES);
	length = (uint32_t)(outcome >> 32) & (2 * CAPOS_SHORT_BYTES - MESSAGE_WORD_BYTES);
	/* A method without results may send nothing at all: that reads as a null root. */
	if (length == 0) {
		*results = 0;
		length = MESSAGE_WORD_BYTES;
	}
	message_reader_init(out_results, results, length);
	status = (enum status)(uint16_t)-outcome;
	if (status != STATUS_OK)
		capos_short_failed(status, length);
	return status;
}
