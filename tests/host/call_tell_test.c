// SPDX-License-Identifier: MIT
/*
 * Host test of call.c: methods that only tell, which are run without a struct call.  They are
 * held to the same rules as any other, whichever way they go.
 */
#include "kernel/core/time.h"
#include "tests/host/ipc_calls.h"

#include <string.h>

#include "schema/timer.capnp.h"

/* A good Timer.now, a method that only tells, with no parameters and exactly the room that it
 * needs, to be spoilt. */
static struct ring_submission good_now(void)
{
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.method = TIMER_NOW_METHOD,
		.target = program_capability(&first, "timer"),
		.result_offset = first.arena_bytes - TIMER_NOW_RESULTS_MESSAGE_BYTES,
		.result_capacity = TIMER_NOW_RESULTS_MESSAGE_BYTES,
	};
}

/* It must be refused, and nothing of the block's arena written. */
static void assert_not_told(struct ring_submission now, enum status expected)
{
	static uint8_t before[DEFAULT_RING_BYTES];

	memset(first.arena, 0xa5, first.arena_bytes);
	memcpy(before, first.arena, first.arena_bytes);
	assert_int_equal(program_one(&first, &now), expected);
	assert_memory_equal(first.arena, before, first.arena_bytes);
}

static void call_that_only_tells_is_checked(void **)
{
	uint32_t end = first.arena_bytes;
	const struct {
		struct ring_span params;
		struct ring_span results;
		enum status status;
	} spans[] = {
		{ { 0, 0 }, { end - 16, 8 }, STATUS_RESULT_TOO_SMALL },
		{ { 0, 0 }, { 0, 0 }, STATUS_RESULT_TOO_SMALL },
		{ { 0, 0 }, { end - 8, 16 }, STATUS_SPAN_OUT_OF_BOUNDS },
		{ { 0, 0 }, { end, 16 }, STATUS_SPAN_OUT_OF_BOUNDS },
		{ { 0, 0 }, { UINT32_MAX - 7, 16 }, STATUS_SPAN_OUT_OF_BOUNDS },
		{ { 0, 0 }, { 4, 16 }, STATUS_SPAN_MISALIGNED },
		{ { 0, 0 }, { 8, 20 }, STATUS_SPAN_MISALIGNED },
		{ { 0, 72 }, { 8, 16 }, STATUS_MESSAGE_TOO_LARGE },
		{ { end, 8 }, { 8, 16 }, STATUS_SPAN_OUT_OF_BOUNDS },
		{ { 4, 8 }, { 8, 16 }, STATUS_SPAN_MISALIGNED },
	};

	for (size_t i = 0; i < 2 * sizeof(spans) / sizeof(spans[0]); i++) {
		struct ring_submission now = good_now();

		now.param_offset = spans[i / 2].params.offset;
		now.param_length = spans[i / 2].params.length;
		now.result_offset = spans[i / 2].results.offset;
		now.result_capacity = spans[i / 2].results.length;
		now.result_caps_max = i % 2;
		assert_not_told(now, spans[i / 2].status);
	}
}

static void call_that_only_tells_uses_every_word_of_its_entry(void **)
{
	struct ring_submission now = good_now();

	now.flags = 1;
	assert_not_told(now, STATUS_FLAG_UNSUPPORTED);
	now = good_now();
	now.pipeline_field = 1;
	assert_not_told(now, STATUS_RESERVED_NOT_ZERO);
	now = good_now();
	now.answer_id = 1;
	assert_not_told(now, STATUS_RESERVED_NOT_ZERO);
	now = good_now();
	now.transfer_offset = 8;
	assert_not_told(now, STATUS_RESERVED_NOT_ZERO);
	now = good_now();
	now.transfer_count = 1;
	assert_not_told(now, STATUS_TOO_MANY_TRANSFERS);
}

/* Whether it needs the long way or not. */
static void call_that_only_tells_fills_its_results_and_no_more(void **)
{
	for (uint8_t caps = 0; caps < 2; caps++) {
		struct ring_submission now = good_now();
		struct ring_completion completion;
		uint64_t words[4];

		now.result_offset = 8;
		now.result_capacity = 24;
		now.result_caps_max = caps;
		memset(first.arena, 0xa5, 64);
		program_submit(&first, &now);
		assert_true(program_enter(&first, 1, RING_NO_WAIT).returned);
		assert_true(program_read(&first, &completion));
		assert_int_equal(completion.status, 0);
		assert_int_equal(completion.length, TIMER_NOW_RESULTS_MESSAGE_BYTES);
		assert_int_equal(completion.transfer_count, 0);
		memcpy(words, first.arena, sizeof(words));
		assert_int_equal(words[0], UINT64_C(0xa5a5a5a5a5a5a5a5));
		assert_int_equal(words[1], UINT64_C(1) << 32);
		assert_int_equal(words[2], time_now_ns());
		assert_int_equal(words[3], UINT64_C(0xa5a5a5a5a5a5a5a5));
	}
}

/* MemoryObject.info and FacetControl.status, of what is there and of what is not any more. */
static void other_objects_tell_too(void **)
{
	struct ring_submission entry = good_now();
	uint64_t object;
	uint64_t words[3];

	assert_int_equal(create_object(&first, 3 * PAGE_SIZE, &object), STATUS_OK);
	entry.method = MEMORY_OBJECT_INFO_METHOD;
	entry.target = object;
	assert_not_told(entry, STATUS_RESULT_TOO_SMALL);
	entry.result_offset = 0;
	entry.result_capacity = MEMORY_OBJECT_INFO_RESULTS_MESSAGE_BYTES;
	assert_int_equal(program_one(&first, &entry), STATUS_OK);
	memcpy(words, first.arena, sizeof(words));
	assert_int_equal(words[0], UINT64_C(2) << 32);
	assert_int_equal(words[1], 3 * PAGE_SIZE);
	assert_int_equal(words[2], 0);
	assert_int_equal(release(&first, object), STATUS_OK);
	assert_not_told(entry, STATUS_BAD_CAPABILITY);
}

static void facet_tells_what_its_target_tells(void **)
{
	struct ring_submission now = good_now();
	struct made_facet made;

	assert_int_equal(derive(&first, now.target, TRANSFER_SCOPE_SAME_SESSION, &made),
			 STATUS_OK);
	now.target = made.facet;
	now.result_offset = 0;
	assert_int_equal(program_one(&first, &now), STATUS_OK);
	assert_int_equal(((uint64_t *)(void *)first.arena)[1], time_now_ns());
	now.result_capacity = 8;
	assert_not_told(now, STATUS_RESULT_TOO_SMALL);
	now.result_capacity = TIMER_NOW_RESULTS_MESSAGE_BYTES;
	assert_int_equal(revoke(&first, made.control), STATUS_OK);
	assert_not_told(now, STATUS_REVOKED);
	assert_int_equal(facet_control_state(&first, made.control), FACET_STATE_REVOKED);
	assert_int_equal(release(&first, made.facet), STATUS_OK);
	assert_int_equal(release(&first, made.control), STATUS_OK);
	(void)kernel_settle();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(call_that_only_tells_is_checked),
		TEST(call_that_only_tells_uses_every_word_of_its_entry),
		TEST(call_that_only_tells_fills_its_results_and_no_more),
		TEST(other_objects_tell_too),
		TEST(facet_tells_what_its_target_tells),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
