// SPDX-License-Identifier: MIT
/*
 * Entries of RECV, RETURN, RETURN_RECV and CALL_QUERY that are wrong: every bit that must be
 * zero, spans, tags, and a ring that is full of waiting calls.  What was refused did nothing.
 */
#include "tests/program/ipc.h"

constexpr uint32_t WAITING = DEFAULT_CQ_ENTRIES - DEFAULT_SQ_ENTRIES;

/* A field of struct ring_submission. */
struct field {
	const char *name;
	uint32_t offset;
	uint32_t bytes;
};

#define FIELD(name)                                      \
	{ #name, offsetof(struct ring_submission, name), \
	  sizeof(((struct ring_submission *)nullptr)->name) }

static const struct field flags = FIELD(flags);
static const struct field target = FIELD(target);

static void check_bit(struct ring_submission base, const struct field *field, uint32_t bit,
		      enum status expected)
{
	test_note("%s bit %u", field->name, bit);
	((uint8_t *)&base)[field->offset + bit / 8] ^= (uint8_t)(1U << bit % 8);
	CHECK_STATUS(ipc_do_status(base), expected);
}

static void check_fields(struct ring_submission base, const struct field *fields,
			 uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t bit = 0; bit < fields[i].bytes * 8; bit++)
			check_bit(base, &fields[i], bit, STATUS_RESERVED_NOT_ZERO);
}

/* Each flag but the allowed ones, and but those that the base has set. */
static void check_flags(struct ring_submission base, uint16_t allowed)
{
	for (uint32_t bit = 0; bit < 16; bit++)
		if (((allowed | base.flags) >> bit & 1) == 0)
			check_bit(base, &flags, bit, STATUS_FLAG_UNSUPPORTED);
}

#define CHECK_FIELDS(base, fields) \
	check_fields((base), (fields), sizeof(fields) / sizeof((fields)[0]))

static void reserved_recv(void)
{
	static const struct field fields[] = {
		FIELD(reserved),        FIELD(method),          FIELD(param_offset),
		FIELD(param_length),    FIELD(transfer_offset), FIELD(transfer_count),
		FIELD(result_caps_max), FIELD(pipeline_field),  FIELD(answer_id),
		FIELD(pipeline_dep),
	};
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ring_submission receive = ipc_receive(endpoint, 1);

	receive.flags = OPERATION_FLAG_POLL;
	CHECK_STATUS(ipc_do_status(receive), STATUS_NOTHING_PENDING);
	CHECK_FIELDS(receive, fields);
	check_flags(receive, OPERATION_FLAG_POLL);
	CHECK_EQUAL(ipc_info(endpoint).receives, 0);
	CHECK_STATUS(ipc_do_status(receive), STATUS_NOTHING_PENDING);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	ipc_settled(before);
}

static void reserved_return(void)
{
	static const struct field fields[] = {
		FIELD(reserved),        FIELD(method),          FIELD(result_offset),
		FIELD(result_capacity), FIELD(result_caps_max), FIELD(pipeline_field),
		FIELD(answer_id),       FIELD(pipeline_dep),    FIELD(deadline_ns),
	};
	uint64_t endpoint = ipc_endpoint();
	uint64_t call_id = ipc_open(ipc_client(endpoint).id, endpoint);
	struct ring_submission answer = ipc_return(call_id, 99, 2);

	CHECK_FIELDS(answer, fields);
	check_flags(answer, OPERATION_FLAG_EXCEPTION | OPERATION_FLAG_SKIP_SUCCESS);
	CHECK_EQUAL(ipc_info(endpoint).open, 1);
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_do_status(answer), STATUS_UNKNOWN_CALL);
	CHECK(ipc_balanced());
}

static void reserved_return_recv(void)
{
	static const struct field fields[] = {
		FIELD(reserved),
		FIELD(method),
		FIELD(result_caps_max),
		FIELD(pipeline_field),
	};
	uint64_t endpoint = ipc_endpoint();
	uint64_t call_id = ipc_open(ipc_client(endpoint).id, endpoint);
	struct ring_submission both = ipc_return(call_id, 99, 2);

	both.opcode = OPERATION_CODE_RETURN_RECV;
	both.endpoint = endpoint;
	both.result_offset = ipc_got_at(3);
	both.result_capacity = IPC_GET_BYTES;
	CHECK_FIELDS(both, fields);
	check_flags(both, OPERATION_FLAG_EXCEPTION);
	CHECK(!ipc_came(0));
	CHECK_EQUAL(ipc_info(endpoint).receives, 0);
	submit_put(&both);
	IPC_ENDS(0, STATUS_OK);
	CHECK_EQUAL(ipc_info(endpoint).receives, 1);
	CHECK_EQUAL(ipc_info(endpoint).open, 0);
}

static void reserved_call_query(void)
{
	static const struct field fields[] = {
		FIELD(reserved),       FIELD(method),          FIELD(param_offset),
		FIELD(param_length),   FIELD(result_offset),   FIELD(result_capacity),
		FIELD(transfer_count), FIELD(transfer_offset), FIELD(result_caps_max),
		FIELD(pipeline_field), FIELD(answer_id),       FIELD(pipeline_dep),
		FIELD(deadline_ns),
	};
	uint64_t endpoint = ipc_endpoint();
	uint64_t call_id = ipc_open(ipc_client(endpoint).id, endpoint);
	struct ring_submission query = ipc_query(call_id, 2);

	CHECK_FIELDS(query, fields);
	check_flags(query, 0);
	for (uint32_t bit = 0; bit < 64; bit++)
		check_bit(query, &target, bit, STATUS_UNKNOWN_CALL);
	CHECK_STATUS(ipc_do_status(query), STATUS_OK);
}

/* A bit of a transfer record that must be zero; in calls and in answers. */
static void reserved_transfers(void)
{
	uint64_t endpoint = ipc_endpoint();
	uint64_t facet = ipc_client(endpoint).id;
	uint64_t call_id = ipc_open(facet, endpoint);

	for (uint32_t bit = 0; bit < 56; bit++) {
		struct ring_submission call = ipc_call(facet, 1, 2);
		struct ring_submission answer = ipc_return(call_id, 1, 3);

		test_note("bit %u", bit);
		ipc_attach(&call, submit_timer(), CAP_GRANT_MODE_COPY);
		ipc_attach(&answer, 0, CAP_GRANT_MODE_COPY);
		*(uint8_t *)submit_arena(ipc_list_at(2) + 9 + bit / 8) =
			(uint8_t)(1U << bit % 8);
		*(uint8_t *)submit_arena(ipc_list_at(3) + 9 + bit / 8) =
			(uint8_t)(1U << bit % 8);
		CHECK_STATUS(ipc_do_status(call), STATUS_RESERVED_NOT_ZERO);
		CHECK_STATUS(ipc_do_status(answer), STATUS_RESERVED_NOT_ZERO);
	}
	CHECK_EQUAL(ipc_info(endpoint).queued, 0);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 3)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* Spans: each offset and length that is odd or outside, and the status that it gets. */
struct wrong_span {
	uint32_t offset;
	uint32_t length;
	enum status status;
};

static const struct wrong_span wrong_spans[] = {
	{ 4, IPC_GET_BYTES, STATUS_SPAN_MISALIGNED },
	{ 1, IPC_GET_BYTES, STATUS_SPAN_MISALIGNED },
	{ 0, IPC_GET_BYTES + 4, STATUS_SPAN_MISALIGNED },
	{ 0, IPC_GET_BYTES + 1, STATUS_SPAN_MISALIGNED },
	{ 12032, IPC_GET_BYTES, STATUS_SPAN_OUT_OF_BOUNDS },
	{ 12032 - IPC_GET_BYTES + 8, IPC_GET_BYTES, STATUS_SPAN_OUT_OF_BOUNDS },
	{ 0, 12040, STATUS_SPAN_OUT_OF_BOUNDS },
	{ 0, 0xfffffff8, STATUS_SPAN_OUT_OF_BOUNDS },
	{ 0xfffffff8, 8, STATUS_SPAN_OUT_OF_BOUNDS },
	{ 0xfffffff8, 0xfffffff8, STATUS_SPAN_OUT_OF_BOUNDS },
	{ 0x80000000, 0x80000000, STATUS_SPAN_OUT_OF_BOUNDS },
};

constexpr uint32_t WRONG_SPANS = sizeof(wrong_spans) / sizeof(wrong_spans[0]);

static void recv_spans(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ring_submission receive = ipc_receive(endpoint, 1);

	CHECK_EQUAL(submit_ring()->arena_bytes, 12032);
	receive.flags = OPERATION_FLAG_POLL;
	for (uint32_t i = 0; i < WRONG_SPANS; i++) {
		test_note("span %u", i);
		receive.result_offset = wrong_spans[i].offset;
		receive.result_capacity = wrong_spans[i].length;
		CHECK_STATUS(ipc_do_status(receive), wrong_spans[i].status);
	}
	receive.result_offset = ipc_got_at(1);
	for (uint32_t bytes = 0; bytes < IPC_GET_BYTES; bytes += 8) {
		test_note("%u bytes", bytes);
		receive.result_capacity = bytes;
		CHECK_STATUS(ipc_do_status(receive), STATUS_RECEIVE_TOO_SMALL);
	}
	receive.result_capacity = IPC_GET_BYTES;
	CHECK_STATUS(ipc_do_status(receive), STATUS_NOTHING_PENDING);
	CHECK(ipc_balanced());
}

/* The call stays open whatever is wrong with the answer. */
static void return_spans(void)
{
	uint64_t endpoint = ipc_endpoint();
	uint64_t call_id = ipc_open(ipc_client(endpoint).id, endpoint);
	struct ring_submission answer = ipc_return(call_id, 5, 2);
	struct ring_submission list = answer;

	for (uint32_t i = 0; i < WRONG_SPANS; i++) {
		enum status status;

		test_note("span %u", i);
		answer.param_offset = wrong_spans[i].offset;
		answer.param_length = wrong_spans[i].length;
		status = ipc_do_status(answer);
		/* Too long may be found before outside. */
		CHECK(status == wrong_spans[i].status ||
		      (wrong_spans[i].length > IPC_GET_BYTES &&
		       (status == STATUS_RESULT_TOO_LARGE ||
			status == STATUS_MESSAGE_TOO_LARGE)));
	}
	list.transfer_count = 1;
	list.transfer_offset = 12;
	CHECK_STATUS(ipc_do_status(list), STATUS_SPAN_MISALIGNED);
	list.transfer_offset = 12032 - 8;
	CHECK_STATUS(ipc_do_status(list), STATUS_SPAN_OUT_OF_BOUNDS);
	list.transfer_offset = 0xfffffff8;
	CHECK_STATUS(ipc_do_status(list), STATUS_SPAN_OUT_OF_BOUNDS);
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 5, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* A tag that names a waiting call or receive is refused for every operation. */
static void tags_busy(void)
{
	uint64_t endpoint = ipc_endpoint();
	uint64_t other = ipc_endpoint();
	uint64_t call_id = ipc_open(ipc_client(endpoint).id, endpoint);
	struct ring_submission waits = ipc_receive(other, 5);
	struct ring_submission tries[] = {
		ipc_call(ipc_client(other).id, 1, 0),
		ipc_receive(endpoint, 0),
		ipc_return(call_id, 1, 0),
		ipc_query(call_id, 0),
	};

	submit_put(&waits);
	ipc_enter();
	for (uint32_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		for (uint32_t second = 0; second < 2; second++) {
			tries[i].tag = second == 0 ? 0 : 5;
			test_note("try %u tag %u", i, tries[i].tag);
			CHECK_STATUS(ipc_do_status(tries[i]), STATUS_TAG_BUSY);
		}
	CHECK_EQUAL(ipc_info(endpoint).open, 1);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

static void tags_out_of_range(void)
{
	uint64_t endpoint = ipc_endpoint();
	uint64_t call_id = ipc_open(ipc_client(endpoint).id, endpoint);
	struct ring_submission tries[] = {
		ipc_receive(endpoint, 1),
		ipc_return(call_id, 1, 1),
		ipc_query(call_id, 1),
	};
	struct ring_completion completion = {};

	for (uint32_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		for (uint32_t tag = 64; tag <= UINT16_MAX; tag += tag < 70 ? 1 : 4093) {
			test_note("try %u tag %u", i, tag);
			tries[i].tag = (uint16_t)tag;
			submit_put(&tries[i]);
			CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
			CHECK(submit_take(&completion));
			CHECK_STATUS(submit_status(&completion), STATUS_UNKNOWN_TAG);
		}
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 1)), STATUS_OK);
}

/* 32 calls wait: no more of what waits is taken, and all of what does not. */
static void wait_slots_full(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	uint64_t call_id = ipc_open(facet.id, endpoint);
	struct ring_submission more = ipc_call(facet.id, 1, 61);
	struct ring_submission receive = ipc_receive(ipc_endpoint(), 61);

	for (uint16_t tag = 16; tag < 16 + WAITING - 1; tag++) {
		struct ring_submission call = ipc_call(facet.id, tag, tag);

		submit_put(&call);
		ipc_enter();
	}
	CHECK_EQUAL(ipc_info(endpoint).queued, WAITING - 1);
	CHECK_STATUS(ipc_do_status(more), STATUS_WAIT_SLOTS_FULL);
	CHECK_STATUS(ipc_do_status(receive), STATUS_WAIT_SLOTS_FULL);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 2)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(submit_cancel(16, 2)), STATUS_OK);
	IPC_ENDS(16, STATUS_CANCELLED);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_release(receive.target), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.control), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	for (uint16_t tag = 17; tag < 16 + WAITING - 1; tag++)
		IPC_ENDS(tag, STATUS_DISCONNECTED);
	ipc_settled(before);
}

#define PASSES(name)                                      \
	{                                                 \
		#name, name,                              \
		{                                         \
			.grants = TEST_TIMER | TEST_AUDIT \
		}                                         \
	}

static const struct test_case cases[] = {
	PASSES(reserved_recv),       PASSES(reserved_return),    PASSES(reserved_return_recv),
	PASSES(reserved_call_query), PASSES(reserved_transfers), PASSES(recv_spans),
	PASSES(return_spans),        PASSES(tags_busy),          PASSES(tags_out_of_range),
	PASSES(wait_slots_full),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
