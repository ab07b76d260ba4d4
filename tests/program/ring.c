// SPDX-License-Identifier: MIT
/*
 * The ring's own rules: every reserved bit, unknown operations, tags, indices out of step, a
 * full completion queue, and the arguments of cap_enter.
 */
#include "tests/program/submit.h"

constexpr uint64_t LONG_PAST_NS = 1;
constexpr uint64_t MS = 1000000;

/* A field of struct ring_submission that an operation does not use. */
struct field {
	const char *name;
	uint32_t offset;
	uint32_t bytes;
};

#define FIELD(name)                                      \
	{ #name, offsetof(struct ring_submission, name), \
	  sizeof(((struct ring_submission *)nullptr)->name) }

static const struct field reserved = FIELD(reserved);
static const struct field pipeline_field = FIELD(pipeline_field);
static const struct field answer_id = FIELD(answer_id);
static const struct field pipeline_dep = FIELD(pipeline_dep);
static const struct field target = FIELD(target);

/* Used by CALL alone. */
static const struct field call_fields[] = {
	FIELD(method),         FIELD(param_offset),    FIELD(param_length),
	FIELD(result_offset),  FIELD(result_capacity), FIELD(transfer_offset),
	FIELD(transfer_count), FIELD(result_caps_max), FIELD(deadline_ns),
};

/* Submit with one bit of the field set; that bit alone must make it refused. */
static void check_bit(struct ring_submission base, const struct field *field, uint32_t bit,
		      enum status expected)
{
	struct ring_submission submission = base;

	test_note("%s bit %u", field->name, bit);
	((uint8_t *)&submission)[field->offset + bit / 8] ^= (uint8_t)(1U << bit % 8);
	CHECK_STATUS(submit_do_status(submission), expected);
}

static void check_field(struct ring_submission base, const struct field *field,
			enum status expected)
{
	for (uint32_t bit = 0; bit < field->bytes * 8; bit++)
		check_bit(base, field, bit, expected);
}

/* Fields that no operation uses, and the flags. */
static void check_common(struct ring_submission base)
{
	static const struct field flags = FIELD(flags);

	check_field(base, &reserved, STATUS_RESERVED_NOT_ZERO);
	check_field(base, &pipeline_field, STATUS_RESERVED_NOT_ZERO);
	check_field(base, &answer_id, STATUS_RESERVED_NOT_ZERO);
	check_field(base, &pipeline_dep, STATUS_RESERVED_NOT_ZERO);
	check_field(base, &flags, STATUS_FLAG_UNSUPPORTED);
}

static void check_call_fields(struct ring_submission base)
{
	for (uint32_t i = 0; i < sizeof(call_fields) / sizeof(call_fields[0]); i++)
		check_field(base, &call_fields[i], STATUS_RESERVED_NOT_ZERO);
}

static void reserved_nop(void)
{
	struct ring_submission nop = { .opcode = OPERATION_CODE_NOP, .tag = 3 };

	check_common(nop);
	check_call_fields(nop);
	check_field(nop, &target, STATUS_RESERVED_NOT_ZERO);
	CHECK_STATUS(submit_do_status(nop), STATUS_OK);
}

static void reserved_call(void)
{
	struct ring_submission call = submit_now(submit_timer());

	check_common(call);
	CHECK_STATUS(submit_do_status(call), STATUS_OK);
}

/* A refused RELEASE releases nothing. */
static void reserved_release(void)
{
	uint64_t timer = submit_timer();
	struct ring_submission release = submit_release(timer);

	check_common(release);
	check_call_fields(release);
	CHECK_STATUS(submit_do_status(submit_now(timer)), STATUS_OK);
	CHECK_STATUS(submit_do_status(release), STATUS_OK);
	CHECK_STATUS(submit_do_status(submit_now(timer)), STATUS_BAD_CAPABILITY);
}

/* A refused CANCEL cancels nothing. */
static void reserved_cancel(void)
{
	struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX, 5);
	struct ring_submission cancel = submit_cancel(5, 6);
	struct ring_completion completion;

	submit_put(&wait);
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	CHECK_EQUAL(submit_available(), 0);
	check_common(cancel);
	check_call_fields(cancel);
	submit_put(&cancel);
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_OK);
	CHECK_EQUAL(submit_available(), 2);
	CHECK(submit_take(&completion) && submit_take(&completion));
}

static void unknown_operations(void)
{
	for (uint32_t opcode = OPERATION_CODE_COUNT; opcode < 256; opcode++) {
		struct ring_submission submission = { .opcode = (uint8_t)opcode, .tag = 1 };

		test_note("opcode %u", opcode);
		CHECK_STATUS(submit_do_status(submission), STATUS_UNKNOWN_OPERATION);
	}
}

static void tags_out_of_range(void)
{
	for (uint32_t tag = 0; tag <= UINT16_MAX; tag += tag < 128 ? 1 : 509) {
		struct ring_submission nop = { .tag = (uint16_t)tag };

		test_note("tag %u", tag);
		CHECK_STATUS(submit_do_status(nop),
			     tag < submit_ring()->cq_entries ? STATUS_OK : STATUS_UNKNOWN_TAG);
	}
}

/* A tag that names a pending operation is refused for every operation. */
static void tag_busy(void)
{
	uint64_t timer = submit_timer();
	struct ring_submission wait = submit_wait(timer, UINT64_MAX, 63);
	struct ring_submission nop = { .tag = 63 };
	struct ring_submission again = submit_now(timer);
	struct ring_submission release = submit_release(timer);
	struct ring_completion completion;

	submit_put(&wait);
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	CHECK_EQUAL(submit_available(), 0);
	CHECK_STATUS(submit_do_status(nop), STATUS_TAG_BUSY);
	again.tag = release.tag = 63;
	CHECK_STATUS(submit_do_status(again), STATUS_TAG_BUSY);
	CHECK_STATUS(submit_do_status(release), STATUS_TAG_BUSY);
	CHECK_STATUS(submit_do_status(submit_now(timer)), STATUS_OK);
	CHECK_STATUS(submit_do_status(submit_cancel(63, 63)), STATUS_TAG_BUSY);
	submit_put(&(struct ring_submission){ .opcode = OPERATION_CODE_CANCEL, .target = 63 });
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_OK);
	CHECK(submit_take(&completion) && submit_take(&completion));
	CHECK_STATUS(submit_do_status(nop), STATUS_OK);
}

static void tail_too_far(void)
{
	static const uint32_t ahead[] = { 33, 64, 0x7fffffff, 0x80000000, UINT32_MAX };
	struct ring_header *header = submit_ring()->header;
	uint32_t tail = header->sq_tail;

	for (uint32_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		test_note("%x ahead", ahead[i]);
		header->sq_tail = tail + ahead[i];
		CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_RING_TAIL);
		CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_RING_TAIL);
		CHECK_EQUAL(header->sq_head, tail);
		CHECK_EQUAL(submit_available(), 0);
	}
	header->sq_tail = tail;
	CHECK_STATUS(submit_do_status((struct ring_submission){}), STATUS_OK);
}

static void head_out_of_step(void)
{
	static const uint32_t ahead[] = { 1, 2, 64, 0x7fffffff, 0x80000000, 0xffffff00 };
	struct ring_header *header = submit_ring()->header;
	struct ring_submission nop = { .user_data = 42 };
	uint32_t head = header->cq_head;
	uint32_t taken = header->sq_head;

	submit_put(&nop);
	for (uint32_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		test_note("%x ahead", ahead[i]);
		header->cq_head = head + ahead[i];
		CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_RING_HEAD);
		CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_RING_HEAD);
		CHECK_EQUAL(header->sq_head, taken);
	}
	header->cq_head = head;
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	CHECK_EQUAL(submit_available(), 1);
}

/* Behind by more than the queue is long, although every completion was produced. */
static void head_far_behind(void)
{
	struct ring_header *header = submit_ring()->header;
	uint32_t head;

	for (uint32_t i = 0; i < 200; i++)
		CHECK_STATUS(submit_do_status((struct ring_submission){}), STATUS_OK);
	head = header->cq_head;
	header->cq_head = head - submit_ring()->cq_entries - 1;
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_RING_HEAD);
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_RING_HEAD);
	header->cq_head = head;
	CHECK_STATUS(submit_do_status((struct ring_submission){}), STATUS_OK);
}

/* Indices run over 2^16 many times and over each slot; order is kept. */
static void indices_wrap(void)
{
	struct ring_completion completion;
	uint64_t sent = 0;
	uint64_t seen = 0;

	for (uint32_t round = 0; round < 3000; round++) {
		uint32_t batch = round % 32 + 1;

		for (uint32_t i = 0; i < batch; i++)
			submit_put(&(struct ring_submission){ .user_data = sent++ });
		CHECK_STATUS(submit_enter(batch, RING_NO_DEADLINE), STATUS_OK);
		while (submit_take(&completion))
			CHECK_EQUAL(completion.user_data, seen++);
		CHECK_EQUAL(seen, sent);
	}
}

/* Nobody consumes: the kernel stops, says so, loses nothing and keeps the order. */
static void completions_full(void)
{
	struct ring_header *header = submit_ring()->header;
	struct ring_completion completion;
	uint64_t sent = 0;

	for (uint32_t batch = 0; batch < 2; batch++) {
		for (uint32_t i = 0; i < 32; i++)
			submit_put(&(struct ring_submission){ .user_data = sent++ });
		CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	}
	for (uint32_t i = 0; i < 32; i++)
		submit_put(&(struct ring_submission){ .user_data = sent++ });
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_COMPLETIONS_FULL);
	CHECK_STATUS(submit_enter(64, RING_NO_DEADLINE), STATUS_COMPLETIONS_FULL);
	CHECK_EQUAL(submit_available(), 64);
	CHECK_EQUAL(header->sq_tail - header->sq_head, 32);
	for (uint64_t seen = 0; seen < sent; seen++) {
		test_note("completion %lu", seen);
		if (submit_available() == 0)
			CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
		CHECK(submit_take(&completion));
		CHECK_EQUAL(completion.user_data, seen);
		CHECK_EQUAL(completion.status, 0);
	}
	CHECK_EQUAL(submit_available(), 0);
}

/* One free slot: one entry is taken. */
static void completions_nearly_full(void)
{
	struct ring_header *header = submit_ring()->header;
	struct ring_completion completion;

	for (uint32_t i = 0; i < 64; i++) {
		submit_put(&(struct ring_submission){});
		CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	}
	CHECK(submit_take(&completion));
	submit_put(&(struct ring_submission){ .user_data = 1 });
	submit_put(&(struct ring_submission){ .user_data = 2 });
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_COMPLETIONS_FULL);
	CHECK_EQUAL(submit_available(), 64);
	CHECK_EQUAL(header->sq_tail - header->sq_head, 1);
}

/* No number beyond the queue is waited for, however it is cut to 32 bits. */
static void min_complete_extremes(void)
{
	static const uint64_t wrong[] = { 65,          1000,       0x80000000, 0x100000000,
					  0x100000001, 1ULL << 63, UINT64_MAX };
	uint32_t taken = submit_ring()->header->sq_head;

	submit_put(&(struct ring_submission){});
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		test_note("min_complete %lx", wrong[i]);
		CHECK_STATUS(submit_enter(wrong[i], RING_NO_DEADLINE),
			     STATUS_MIN_COMPLETE_TOO_LARGE);
		CHECK_STATUS(submit_enter(wrong[i], RING_NO_WAIT),
			     STATUS_MIN_COMPLETE_TOO_LARGE);
		CHECK_EQUAL(submit_ring()->header->sq_head, taken);
	}
	CHECK_STATUS(submit_enter(64, RING_NO_WAIT), STATUS_OK);
	CHECK_EQUAL(submit_available(), 1);
}

static void check_returns_before(uint64_t deadline_ns, uint64_t limit_ns)
{
	(void)submit_enter(1, deadline_ns);
	CHECK(capos_now_ns() < limit_ns);
	CHECK_EQUAL(submit_available(), 0);
}

/* Deadlines that have passed return at once; a real one is waited for and not longer. */
static void enter_deadlines(void)
{
	struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX, 1);
	uint64_t start = capos_now_ns();

	submit_put(&wait);
	check_returns_before(RING_NO_WAIT, UINT64_MAX);
	check_returns_before(LONG_PAST_NS, UINT64_MAX);
	check_returns_before(start - 1, UINT64_MAX);
	check_returns_before(start + 30 * MS, UINT64_MAX);
	CHECK(capos_now_ns() >= start + 30 * MS);
}

/* A deadline in the far future is a deadline: whoever set it is still there when killed. */
static void enter_far_deadline(void)
{
	(void)submit_enter(1, UINT64_MAX - 1);
	test_fail("returned", "early");
}

static void enter_far_deadline_pending(void)
{
	struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX - 1, 1);

	wait.deadline_ns = UINT64_MAX;
	submit_put(&wait);
	(void)submit_enter(1, 1ULL << 63);
	test_fail("returned", "early");
}

/* Whom nothing can wake is not put to sleep. */
static void nothing_pending(void)
{
	struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX, 1);

	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_NOTHING_PENDING);
	submit_put(&(struct ring_submission){});
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_NOTHING_PENDING);
	CHECK_EQUAL(submit_available(), 1);
	submit_put(&wait);
	CHECK_STATUS(submit_enter(3, RING_NO_DEADLINE), STATUS_NOTHING_PENDING);
	CHECK_STATUS(submit_enter(64, RING_NO_DEADLINE), STATUS_NOTHING_PENDING);
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
}

/* A wait that one of two can satisfy. */
static void wait_satisfied(void)
{
	uint64_t timer = submit_timer();
	uint64_t start = capos_now_ns();
	struct ring_submission first = submit_wait(timer, start + 20 * MS, 1);
	struct ring_submission second = submit_wait(timer, UINT64_MAX, 2);
	struct ring_completion completion;

	submit_put(&second);
	submit_put(&first);
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	CHECK(capos_now_ns() >= start + 20 * MS);
	CHECK(submit_take(&completion));
	CHECK_EQUAL(completion.tag, 1);
	CHECK_EQUAL(completion.status, 0);
	CHECK_EQUAL(submit_available(), 0);
}

/* The first look at the ring: what abi/ring.h says, and nothing of anybody else's. */
static void fresh_block(void)
{
	const struct ring_header *header = submit_ring()->header;
	const uint8_t *bytes = (const uint8_t *)header;

	CHECK_EQUAL(header->magic, RING_MAGIC);
	CHECK_EQUAL(header->version, RING_VERSION);
	CHECK_EQUAL(header->block_bytes, DEFAULT_RING_BYTES);
	CHECK_EQUAL(header->sq_entries, DEFAULT_SQ_ENTRIES);
	CHECK_EQUAL(header->cq_entries, DEFAULT_CQ_ENTRIES);
	CHECK_EQUAL(header->arena_offset + header->arena_bytes, header->block_bytes);
	for (uint32_t i = sizeof(*header); i < RING_HEADER_BYTES; i++)
		CHECK_EQUAL(bytes[i], 0);
	/* The upper half of the arena was never used by the runtime. */
	for (uint32_t i = header->block_bytes / 2; i < header->block_bytes; i++)
		CHECK_EQUAL(bytes[i], 0);
}

#define PASSES(name)                         \
	{                                    \
		#name, name,                 \
		{                            \
			.grants = TEST_TIMER \
		}                            \
	}
#define BLOCKS(name) \
	{ #name, name, { .end = TEST_KILLED, .grants = TEST_TIMER, .kill_after_ms = 60 } }

static const struct test_case cases[] = {
	PASSES(fresh_block),           PASSES(reserved_nop),
	PASSES(reserved_call),         PASSES(reserved_release),
	PASSES(reserved_cancel),       PASSES(unknown_operations),
	PASSES(tags_out_of_range),     PASSES(tag_busy),
	PASSES(tail_too_far),          PASSES(head_out_of_step),
	PASSES(head_far_behind),       PASSES(indices_wrap),
	PASSES(completions_full),      PASSES(completions_nearly_full),
	PASSES(min_complete_extremes), PASSES(enter_deadlines),
	PASSES(nothing_pending),       PASSES(wait_satisfied),
	BLOCKS(enter_far_deadline),    BLOCKS(enter_far_deadline_pending),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
