// SPDX-License-Identifier: MIT
/*
 * Ends of waiting operations: CANCEL, deadlines, both at once, and the limit on how many may
 * wait.  Whatever happens, each operation completes exactly once, with a kind that says how.
 */
#include "tests/program/submit.h"

#include "schema/uart.client.h"

constexpr uint64_t MS = 1000000;
constexpr uint32_t WAIT_SLOTS = 32; /* cq_entries - sq_entries */

/* Uart.read under a tag; nothing arrives at the serial port of a proof system. */
static struct ring_submission submit_read(uint16_t tag)
{
	struct message_builder m;
	struct ring_submission submission;
	uint32_t offset = 4096 + (uint32_t)tag * 120;

	message_builder_init(&m, submit_arena(offset), 32);
	uart_read_params_set_max_bytes(uart_read_params_init_root(&m), 8);
	submission = submit_call(test_capability("uart", UART_INTERFACE_ID), UART_READ_METHOD,
				 (uint32_t)message_builder_finish(&m));
	submission.param_offset = offset;
	submission.result_offset = offset + 32;
	submission.result_capacity = 48;
	submission.tag = tag;
	submission.user_data = 0x7700 + tag;
	return submission;
}

/* Put, let the kernel take it, and see it parked. */
static void park(struct ring_submission submission)
{
	uint32_t before = submit_available();

	submit_put(&submission);
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	if (submit_available() != before) {
		struct ring_completion completion = {};

		while (submit_take(&completion))
			;
		test_fail("not parked", "status %d kind %u tag %u", completion.status,
			  completion.kind, completion.tag);
	}
}

/* Take the next completion, which must be of this tag, and end so. */
static void take(uint16_t tag, enum status status, enum completion_kind kind)
{
	struct ring_completion completion;

	CHECK(submit_take(&completion));
	test_note("tag %u status %d kind %u", completion.tag, completion.status,
		  completion.kind);
	CHECK_EQUAL(completion.tag, tag);
	CHECK_STATUS(submit_status(&completion), status);
	CHECK_EQUAL(completion.kind, kind);
	CHECK_EQUAL(completion.reserved, 0);
	CHECK_EQUAL(completion.user_data >> 8, kind == COMPLETION_KIND_DONE ? 0xcc : 0x77);
}

/* CANCEL `target`: that operation ends as cancelled, the CANCEL as done. */
static void cancel_pending(uint16_t target)
{
	struct ring_completion completion;
	struct ring_submission cancel = submit_cancel(target, 40);
	bool seen_target = false;
	bool seen_cancel = false;

	submit_put(&cancel);
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_OK);
	for (uint32_t i = 0; i < 2; i++) {
		CHECK(submit_take(&completion));
		if (completion.tag == 40) {
			seen_cancel = true;
			CHECK_STATUS(submit_status(&completion), STATUS_OK);
			CHECK_EQUAL(completion.kind, COMPLETION_KIND_DONE);
		} else {
			seen_target = true;
			CHECK_EQUAL(completion.tag, target);
			CHECK_STATUS(submit_status(&completion), STATUS_CANCELLED);
			CHECK_EQUAL(completion.kind, COMPLETION_KIND_CANCELLED);
			CHECK_EQUAL(completion.user_data, 0x7700 + target);
		}
	}
	CHECK(seen_cancel && seen_target);
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	CHECK_EQUAL(submit_available(), 0);
	/* Twice is once too often. */
	CHECK_STATUS(submit_do_status(submit_cancel(target, 40)), STATUS_UNKNOWN_TAG);
}

static void cancel_timer(void)
{
	park(submit_wait(submit_timer(), UINT64_MAX, 0));
	cancel_pending(0);
	park(submit_wait(submit_timer(), UINT64_MAX - 1, 63));
	cancel_pending(63);
}

static void cancel_uart(void)
{
	park(submit_read(9));
	park(submit_read(10));
	park(submit_read(11));
	cancel_pending(10);
	cancel_pending(9);
	cancel_pending(11);
}

/* No tag but a pending one is cancelled, and no wider number is cut down to one. */
static void unknown_tags(void)
{
	static const uint64_t wrong[] = {
		4,
		6,
		63,
		64,
		65,
		255,
		256 + 5,
		0x10005,
		0x80000005,
		0x100000005,
		1ULL << 63 | 5,
		UINT64_MAX,
	};
	struct ring_submission own = submit_cancel(12, 12);

	park(submit_wait(submit_timer(), UINT64_MAX, 5));
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		test_note("cancel %lx", wrong[i]);
		CHECK_STATUS(submit_do_status(submit_cancel(wrong[i], 7)), STATUS_UNKNOWN_TAG);
	}
	CHECK_STATUS(submit_do_status(own), STATUS_UNKNOWN_TAG);
	cancel_pending(5);
}

static void finished(void)
{
	struct ring_submission wait = submit_wait(submit_timer(), 1, 5);

	CHECK_STATUS(submit_do_status(wait), STATUS_OK);
	CHECK_STATUS(submit_do_status(submit_cancel(5, 7)), STATUS_UNKNOWN_TAG);
	wait = submit_wait(submit_timer(), capos_now_ns() + 5 * MS, 5);
	CHECK_STATUS(submit_do_status(wait), STATUS_OK);
	CHECK_STATUS(submit_do_status(submit_cancel(5, 7)), STATUS_UNKNOWN_TAG);
}

/* A tag is free again once its operation completed. */
static void tag_reuse(void)
{
	for (uint32_t i = 0; i < 500; i++) {
		park(submit_wait(submit_timer(), UINT64_MAX, 5));
		cancel_pending(5);
	}
}

static void check_deadline(struct ring_submission submission)
{
	uint64_t deadline_ns = capos_now_ns() + 10 * MS;

	submission.deadline_ns = deadline_ns;
	submit_put(&submission);
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	CHECK(capos_now_ns() >= deadline_ns);
	take(submission.tag, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT);
	CHECK_EQUAL(submit_available(), 0);
	submission.deadline_ns = 1;
	submit_put(&submission);
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	take(submission.tag, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT);
	CHECK_STATUS(submit_do_status(submit_cancel(submission.tag, 7)), STATUS_UNKNOWN_TAG);
}

static void deadline_timer(void)
{
	check_deadline(submit_wait(submit_timer(), UINT64_MAX, 3));
}

static void deadline_uart(void)
{
	check_deadline(submit_read(3));
	/* The queue of readers is intact. */
	park(submit_read(4));
	check_deadline(submit_read(3));
	cancel_pending(4);
}

/* What completes at once does so, whatever its deadline; far deadlines do not come early. */
static void deadline_extremes(void)
{
	static const uint64_t far[] = { 1ULL << 62, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX };
	struct ring_submission now = submit_now(submit_timer());

	now.deadline_ns = 1;
	CHECK_STATUS(submit_do_status(now), STATUS_OK);
	for (uint32_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX, 3);

		test_note("deadline %lx", far[i]);
		wait.deadline_ns = far[i];
		park(wait);
		(void)submit_enter(1, capos_now_ns() + 5 * MS);
		CHECK_EQUAL(submit_available(), 0);
		cancel_pending(3);
	}
}

/* Whether a completion's kind and status say the same. */
static bool consistent(const struct ring_completion *completion)
{
	enum status status = submit_status(completion);

	return (completion->kind == COMPLETION_KIND_DONE && status == STATUS_OK) ||
	       (completion->kind == COMPLETION_KIND_TIMED_OUT && status == STATUS_TIMED_OUT) ||
	       (completion->kind == COMPLETION_KIND_CANCELLED && status == STATUS_CANCELLED);
}

/* One race of end, deadline and CANCEL; true when the wait completed once and rightly. */
static void race_once(uint64_t *random, uint64_t timer)
{
	uint64_t start = capos_now_ns();
	struct ring_submission wait =
		submit_wait(timer, start + test_random(random) % (400 * 1000), 3);
	struct ring_submission cancel = submit_cancel(3, 40);
	struct ring_completion completion;
	uint32_t waits = 0;

	wait.deadline_ns = start + test_random(random) % (400 * 1000);
	submit_put(&wait);
	(void)submit_enter(1, start + test_random(random) % (400 * 1000));
	submit_put(&cancel);
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_OK);
	CHECK_EQUAL(submit_available(), 2);
	while (submit_take(&completion)) {
		if (completion.tag != 3)
			continue;
		waits++;
		CHECK(consistent(&completion));
	}
	CHECK_EQUAL(waits, 1);
}

static void races(void)
{
	uint64_t random = 0x5eed0001;
	uint64_t timer = submit_timer();

	for (uint32_t i = 0; i < 1500; i++) {
		test_note("race %u", i);
		race_once(&random, timer);
	}
}

static void fill_wait_slots(void)
{
	uint64_t timer = submit_timer();

	for (uint16_t tag = 0; tag < WAIT_SLOTS; tag++) {
		test_note("wait %u", tag);
		park(submit_wait(timer, UINT64_MAX, tag));
	}
}

/* As many as may wait do; one more is refused, and what does not wait still fits. */
static void wait_slots(void)
{
	struct ring_submission one_more;
	uint64_t timer = submit_timer();

	fill_wait_slots();
	one_more = submit_wait(timer, UINT64_MAX, 50);
	CHECK_STATUS(submit_do_status(one_more), STATUS_WAIT_SLOTS_FULL);
	CHECK_STATUS(submit_do_status((struct ring_submission){ .tag = 50 }), STATUS_OK);
	CHECK_STATUS(submit_do_status(submit_now(timer)), STATUS_TAG_BUSY);
	CHECK_STATUS(submit_do_status(submit_wait(timer, 1, 50)), STATUS_OK);
	cancel_pending(31);
	park(submit_wait(timer, UINT64_MAX, 50));
	cancel_pending(50);
	CHECK_STATUS(submit_do_status((struct ring_submission){
			     .opcode = OPERATION_CODE_RELEASE, .target = timer, .tag = 50 }),
		     STATUS_OK);
	/* Operations belong to their object: without the slot they go on. */
	for (uint16_t tag = 0; tag < WAIT_SLOTS - 1; tag++)
		cancel_pending(tag);
}

/* All of them end together; every completion has its place. */
static void wait_slots_end_together(void)
{
	uint64_t until = capos_now_ns() + 20 * MS;
	uint64_t seen = 0;
	struct ring_completion completion;

	for (uint16_t tag = 0; tag < WAIT_SLOTS; tag++) {
		struct ring_submission wait = submit_wait(submit_timer(), until, tag);

		submit_put(&wait);
	}
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	/* Fill the rest of the completion queue while they wait. */
	for (uint32_t i = 0; i < 32; i++) {
		struct ring_submission nop = { .tag = 60 };

		submit_put(&nop);
	}
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	CHECK_STATUS(submit_enter(64, RING_NO_DEADLINE), STATUS_OK);
	CHECK_EQUAL(submit_available(), 64);
	while (submit_take(&completion))
		if (completion.tag < WAIT_SLOTS) {
			CHECK_EQUAL(completion.status, 0);
			seen |= 1ULL << completion.tag;
		}
	CHECK_EQUAL(seen, (1ULL << WAIT_SLOTS) - 1);
}

/* With every record parked and no completion slot free the kernel says so and drops nothing. */
static void wait_slots_and_full(void)
{
	struct ring_completion completion;
	uint32_t count = 0;

	fill_wait_slots();
	for (uint32_t i = 0; i < 32; i++)
		submit_put(&(struct ring_submission){ .tag = 60 });
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	submit_put(&(struct ring_submission){ .opcode = OPERATION_CODE_CANCEL, .tag = 60 });
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_COMPLETIONS_FULL);
	CHECK_EQUAL(submit_available(), 32);
	while (submit_take(&completion))
		count++;
	CHECK_EQUAL(count, 32);
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_OK);
	CHECK_EQUAL(submit_available(), 2);
}

/* Completion of waits in the order of their times, whatever the order of submission. */
static void timer_order(void)
{
	uint64_t start = capos_now_ns() + 100 * MS;
	struct ring_completion completion;
	uint64_t random = 0x5eed0002;
	uint16_t order[WAIT_SLOTS];

	for (uint16_t i = 0; i < WAIT_SLOTS; i++)
		order[i] = i;
	for (uint16_t i = WAIT_SLOTS - 1; i > 0; i--) {
		uint32_t j = test_random(&random) % (i + 1U);
		uint16_t swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (uint32_t i = 0; i < WAIT_SLOTS; i++) {
		struct ring_submission wait =
			submit_wait(submit_timer(), start + order[i] * 100 * 1000ULL, order[i]);

		submit_put(&wait);
	}
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	if (capos_now_ns() >= start)
		test_skip("the machine is too slow");
	CHECK_STATUS(submit_enter(WAIT_SLOTS, RING_NO_DEADLINE), STATUS_OK);
	for (uint16_t i = 0; i < WAIT_SLOTS; i++) {
		CHECK(submit_take(&completion));
		CHECK_EQUAL(completion.tag, i);
	}
}

#define PASSES(name)                                     \
	{                                                \
		#name, name,                             \
		{                                        \
			.grants = TEST_TIMER | TEST_UART \
		}                                        \
	}

static const struct test_case cases[] = {
	PASSES(cancel_timer),
	PASSES(cancel_uart),
	PASSES(unknown_tags),
	PASSES(finished),
	PASSES(tag_reuse),
	PASSES(deadline_timer),
	PASSES(deadline_uart),
	PASSES(deadline_extremes),
	PASSES(races),
	PASSES(wait_slots),
	PASSES(timer_order),
	PASSES(wait_slots_end_together),
	PASSES(wait_slots_and_full),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
