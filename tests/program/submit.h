// SPDX-License-Identifier: MIT
#pragma once
/*
 * The ring by hand: submissions written field by field, completions taken one by one.
 *
 * Where the queues are is kept from the start of the program, so that a case may overwrite the
 * whole header and still find its way.  Every function leaves completions that it did not ask
 * for where they are.
 */
#include "tests/program/test.h"

#include "schema/timer.client.h"

/* Fixed places in the arena. */
constexpr uint32_t SUBMIT_PARAMS = 0;
constexpr uint32_t SUBMIT_RESULTS = 1024;
constexpr uint32_t SUBMIT_TRANSFERS = 2048;
constexpr uint32_t SUBMIT_RESULT_BYTES = 512;

struct submit_ring {
	struct ring_header *header;
	char *sq;
	char *cq;
	char *arena;
	uint32_t arena_bytes;
	uint32_t sq_entries;
	uint32_t cq_entries;
};

static inline const struct submit_ring *submit_ring(void)
{
	static struct submit_ring ring;

	if (ring.header == nullptr) {
		ring.header = capos_ring();
		ring.sq = (char *)ring.header + ring.header->sq_offset;
		ring.cq = (char *)ring.header + ring.header->cq_offset;
		ring.arena = (char *)ring.header + ring.header->arena_offset;
		ring.arena_bytes = ring.header->arena_bytes;
		ring.sq_entries = ring.header->sq_entries;
		ring.cq_entries = ring.header->cq_entries;
	}
	return &ring;
}

static inline void *submit_arena(uint32_t offset)
{
	return submit_ring()->arena + offset;
}

/* Write one submission behind the last; the kernel sees it with the next enter. */
static inline void submit_put(const struct ring_submission *submission)
{
	const struct submit_ring *ring = submit_ring();
	uint32_t tail = ring->header->sq_tail;
	char *slot = ring->sq + (tail & (ring->sq_entries - 1)) * sizeof(*submission);

	memcpy(slot, submission, sizeof(*submission));
	ring->header->sq_tail = tail + 1;
}

static inline enum status submit_enter(uint64_t min_complete, uint64_t deadline_ns)
{
	uint64_t available;
	uint64_t result =
		capos_raw_syscall(SYSCALL_CAP_ENTER, min_complete, deadline_ns, &available);

	return (enum status)(uint16_t)-result;
}

/* Completions that the kernel has published and nobody has taken. */
static inline uint32_t submit_available(void)
{
	const struct ring_header *header = submit_ring()->header;

	return header->cq_tail - header->cq_head;
}

/* Take the oldest completion; false when there is none. */
static inline bool submit_take(struct ring_completion *out)
{
	const struct submit_ring *ring = submit_ring();
	uint32_t head = ring->header->cq_head;

	if (submit_available() == 0)
		return false;
	memcpy(out, ring->cq + (head & (ring->cq_entries - 1)) * sizeof(*out), sizeof(*out));
	ring->header->cq_head = head + 1;
	return true;
}

/* The status that a completion carries. */
static inline enum status submit_status(const struct ring_completion *completion)
{
	CHECK(completion->status <= 0);
	return (enum status)(uint16_t)-completion->status;
}

/*
 * One submission from start to end, with no other in the ring.  Its completion must be the only
 * one, repeat user_data and tag, and leave the reserved field zero.
 */
static inline struct ring_completion submit_do(struct ring_submission submission)
{
	struct ring_completion completion = {};

	submission.user_data = 0xabcdef0123456789;
	submit_put(&submission);
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	CHECK(submit_take(&completion));
	CHECK_EQUAL(submit_available(), 0);
	CHECK_EQUAL(completion.user_data, submission.user_data);
	CHECK_EQUAL(completion.tag, submission.tag);
	CHECK_EQUAL(completion.reserved, 0);
	return completion;
}

static inline enum status submit_do_status(struct ring_submission submission)
{
	struct ring_completion completion = submit_do(submission);

	CHECK_EQUAL(completion.kind, COMPLETION_KIND_DONE);
	return submit_status(&completion);
}

/* A call whose parameters, of `param_bytes` bytes, stand at SUBMIT_PARAMS. */
static inline struct ring_submission submit_call(uint64_t target, uint16_t method,
						 uint32_t param_bytes)
{
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.target = target,
		.method = method,
		.param_offset = SUBMIT_PARAMS,
		.param_length = param_bytes,
		.result_offset = SUBMIT_RESULTS,
		.result_capacity = SUBMIT_RESULT_BYTES,
	};
}

static inline uint64_t submit_timer(void)
{
	return test_capability("timer", TIMER_INTERFACE_ID);
}

/* Timer.now; its parameters are an empty struct. */
static inline struct ring_submission submit_now(uint64_t timer)
{
	struct message_builder m;

	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 64);
	(void)timer_now_params_init_root(&m);
	return submit_call(timer, TIMER_NOW_METHOD, (uint32_t)message_builder_finish(&m));
}

/* Timer.wait under a tag; parameters and results of each tag have their own place. */
static inline struct ring_submission submit_wait(uint64_t timer, uint64_t until_ns,
						 uint16_t tag)
{
	struct message_builder m;
	struct ring_submission submission;
	uint32_t offset = 4096 + (uint32_t)tag * 64;

	message_builder_init(&m, submit_arena(offset), 32);
	timer_wait_params_set_until_ns(timer_wait_params_init_root(&m), until_ns);
	submission =
		submit_call(timer, TIMER_WAIT_METHOD, (uint32_t)message_builder_finish(&m));
	submission.param_offset = offset;
	submission.result_offset = offset + 32;
	submission.result_capacity = 32;
	submission.tag = tag;
	submission.user_data = 0x7700 + tag;
	return submission;
}

static inline struct ring_submission submit_cancel(uint64_t target, uint16_t tag)
{
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CANCEL,
		.target = target,
		.tag = tag,
		.user_data = 0xcc00 + tag,
	};
}

static inline struct ring_submission submit_release(uint64_t capability)
{
	return (struct ring_submission){
		.opcode = OPERATION_CODE_RELEASE,
		.target = capability,
	};
}
