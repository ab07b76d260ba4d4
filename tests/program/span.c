// SPDX-License-Identifier: MIT
/*
 * Spans and transfer lists: where a submission says its bytes are.  Nothing outside the arena
 * is read or written, nothing outside the result span is written, and a refused call does
 * nothing.
 */
#include "tests/program/submit.h"

#include "schema/audit.client.h"
#include "schema/console.client.h"
#include "schema/memory.client.h"

constexpr uint8_t PATTERN = 0x5a;

static void misaligned(void)
{
	for (uint32_t by = 1; by < 8; by++) {
		struct ring_submission call = submit_now(submit_timer());

		test_note("by %u", by);
		call.param_offset += by;
		CHECK_STATUS(submit_do_status(call), STATUS_SPAN_MISALIGNED);
		call = submit_now(submit_timer());
		call.param_length += by;
		CHECK_STATUS(submit_do_status(call), STATUS_SPAN_MISALIGNED);
		call = submit_now(submit_timer());
		call.result_offset += by;
		CHECK_STATUS(submit_do_status(call), STATUS_SPAN_MISALIGNED);
		call = submit_now(submit_timer());
		call.result_capacity -= by;
		CHECK_STATUS(submit_do_status(call), STATUS_SPAN_MISALIGNED);
	}
}

struct bad_span {
	uint32_t offset;
	uint32_t length;
};

/* Spans outside an arena of `arena` bytes: beside it, over its end, around zero. */
static uint32_t bad_spans(uint32_t arena, struct bad_span *out)
{
	const struct bad_span spans[] = {
		{ arena, 8 },
		{ arena - 8, 16 },
		{ arena - 16, 32 },
		{ arena + 8, 8 },
		{ 0, arena + 8 },
		{ 8, arena },
		{ 0x7ffffff8, 8 },
		{ 0x80000000, 8 },
		{ 0xfffffff8, 8 },
		{ 0xfffffff8, 16 },
		{ 0xfffffff0, 24 },
		{ 8, 0xfffffff8 },
		{ 16, 0xfffffff0 },
		{ 0, 0xfffffff8 },
		{ 0xfffffff8, 0xfffffff8 },
		{ 0xffffc000, 0x4000 + 8 },
	};

	memcpy(out, spans, sizeof(spans));
	return sizeof(spans) / sizeof(spans[0]);
}

/* A length beyond every message may also be refused as that. */
static void check_outside(struct ring_submission call, uint32_t length)
{
	enum status status = submit_do_status(call);

	if (length <= MAX_MESSAGE_BYTES || status != STATUS_MESSAGE_TOO_LARGE)
		CHECK_STATUS(status, STATUS_SPAN_OUT_OF_BOUNDS);
}

static void out_of_bounds(void)
{
	struct bad_span spans[32];
	uint32_t count = bad_spans(submit_ring()->arena_bytes, spans);

	for (uint32_t i = 0; i < count; i++) {
		struct ring_submission call = submit_now(submit_timer());

		test_note("param %x + %x", spans[i].offset, spans[i].length);
		call.param_offset = spans[i].offset;
		call.param_length = spans[i].length;
		check_outside(call, spans[i].length);
		call = submit_now(submit_timer());
		test_note("result %x + %x", spans[i].offset, spans[i].length);
		call.result_offset = spans[i].offset;
		call.result_capacity = spans[i].length;
		check_outside(call, spans[i].length);
	}
}

/* The last bytes of the arena are as good as any. */
static void at_the_end(void)
{
	uint32_t end = submit_ring()->arena_bytes;
	struct ring_submission call = submit_now(submit_timer());

	memcpy(submit_arena(end - 8), submit_arena(SUBMIT_PARAMS), 8);
	call.param_offset = end - 8;
	CHECK_EQUAL(call.param_length, 8);
	call.result_offset = end - 16;
	call.result_capacity = 16;
	CHECK_STATUS(submit_do_status(call), STATUS_OK);
}

/* Parameters are read once, before results are written: one span may be both. */
static void same_span(void)
{
	struct ring_submission call = submit_now(submit_timer());
	struct timer_now_results_reader results;
	struct message_reader m;
	struct ring_completion completion;
	uint64_t before = capos_now_ns();

	call.result_offset = call.param_offset;
	call.result_capacity = 16;
	completion = submit_do(call);
	CHECK_EQUAL(completion.status, 0);
	message_reader_init(&m, submit_arena(call.result_offset), completion.length);
	CHECK(timer_now_results_read_root(&m, &results));
	CHECK(timer_now_results_get_now_ns(results) >= before);
	CHECK(timer_now_results_get_now_ns(results) <= capos_now_ns());
}

static void check_pattern(uint32_t start, uint32_t end)
{
	const uint8_t *arena = submit_arena(0);

	for (uint32_t i = start; i < end; i++)
		if (arena[i] != PATTERN)
			test_fail("arena", "byte %u is %x", i, arena[i]);
}

/* Results go into their span, and nowhere else; without room nothing is written. */
static void results_stay_inside(void)
{
	uint32_t end = submit_ring()->arena_bytes;
	struct ring_submission call;

	memset(submit_arena(0), PATTERN, end);
	call = submit_now(submit_timer());
	for (uint32_t capacity = 0; capacity <= 32; capacity += 8) {
		test_note("capacity %u", capacity);
		call.result_capacity = capacity;
		CHECK_STATUS(submit_do_status(call),
			     capacity < 16 ? STATUS_RESULT_TOO_SMALL : STATUS_OK);
		check_pattern(64, SUBMIT_RESULTS);
		check_pattern(SUBMIT_RESULTS + (capacity < 16 ? 0 : 16), end);
	}
}

/* A result that cannot be told is not made: no memory is charged. */
static void too_small_does_nothing(void)
{
	struct audit_client audit = { test_capability("audit", AUDIT_INTERFACE_ID) };
	uint64_t charged[2];
	uint32_t ignored;
	bool balanced;
	struct message_builder m;
	struct ring_submission call;

	for (uint32_t i = 0; i < 2; i++) {
		CHECK_STATUS(audit_audit(audit, &balanced, &ignored, &ignored, &charged[i],
					 &ignored, &ignored),
			     STATUS_OK);
		CHECK(balanced);
		if (i == 1)
			break;
		message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 64);
		virtual_memory_create_object_params_set_size_bytes(
			virtual_memory_create_object_params_init_root(&m), 65536);
		call = submit_call(test_memory().id, VIRTUAL_MEMORY_CREATE_OBJECT_METHOD,
				   (uint32_t)message_builder_finish(&m));
		CHECK_STATUS(submit_do_status(call), STATUS_RESULT_TOO_SMALL);
		call.result_caps_max = 1;
		call.result_capacity = 8;
		CHECK_STATUS(submit_do_status(call), STATUS_RESULT_TOO_SMALL);
		/* The message, but not the record of the capability behind it. */
		call.result_capacity = 16;
		CHECK_STATUS(submit_do_status(call), STATUS_RESULT_TOO_SMALL);
		call.result_capacity = 24;
		CHECK_STATUS(submit_do_status(call), STATUS_RESULT_TOO_SMALL);
	}
	CHECK_EQUAL(charged[0], charged[1]);
}

/* VirtualMemory.map of what stands in the transfer list. */
static struct ring_submission submit_map(uint32_t index)
{
	struct message_builder m;
	struct virtual_memory_map_params_builder params;
	struct ring_submission call;

	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 256);
	params = virtual_memory_map_params_init_root(&m);
	virtual_memory_map_params_set_memory(params, index);
	virtual_memory_map_params_set_length_bytes(params, PAGE_BYTES);
	virtual_memory_map_params_set_protection(params, PROTECTION_READ);
	virtual_memory_map_params_set_allow_revocable(params, true);
	call = submit_call(test_memory().id, VIRTUAL_MEMORY_MAP_METHOD,
			   (uint32_t)message_builder_finish(&m));
	call.transfer_offset = SUBMIT_TRANSFERS;
	call.transfer_count = 1;
	return call;
}

static struct ring_transfer *transfer(uint64_t capability)
{
	struct ring_transfer *list = submit_arena(SUBMIT_TRANSFERS);

	*list = (struct ring_transfer){ .capability = capability };
	return list;
}

static struct memory_object_client make_object(void)
{
	struct memory_object_client object;

	CHECK_STATUS(virtual_memory_create_object(test_memory(), PAGE_BYTES, &object),
		     STATUS_OK);
	return object;
}

static void transfer_spans(void)
{
	struct memory_object_client object = make_object();
	struct bad_span spans[32];
	uint32_t end = submit_ring()->arena_bytes;
	uint32_t count = bad_spans(end, spans);
	struct ring_submission call = submit_map(0);

	(void)transfer(object.id);
	for (uint32_t by = 1; by < 8; by++) {
		call.transfer_offset = SUBMIT_TRANSFERS + by;
		CHECK_STATUS(submit_do_status(call), STATUS_SPAN_MISALIGNED);
	}
	call.transfer_offset = end - 8;
	CHECK_STATUS(submit_do_status(call), STATUS_SPAN_OUT_OF_BOUNDS);
	for (uint32_t i = 0; i < count; i++) {
		test_note("transfers at %x", spans[i].offset);
		call.transfer_offset = spans[i].offset;
		if (spans[i].offset < end - 8)
			continue;
		CHECK_STATUS(submit_do_status(call), STATUS_SPAN_OUT_OF_BOUNDS);
	}
	memcpy(submit_arena(end - 16), submit_arena(SUBMIT_TRANSFERS), 16);
	call.transfer_offset = end - 16;
	CHECK_STATUS(submit_do_status(call), STATUS_OK);
}

static void transfer_count(void)
{
	struct memory_object_client object = make_object();
	struct ring_submission call = submit_map(0);
	struct ring_transfer *list = transfer(object.id);

	for (uint32_t i = 0; i < MAX_TRANSFERS; i++)
		list[i] = list[0];
	for (uint32_t count = MAX_TRANSFERS + 1; count < 256; count++) {
		test_note("%u transfers", count);
		call.transfer_count = (uint8_t)count;
		CHECK_STATUS(submit_do_status(call), STATUS_TOO_MANY_TRANSFERS);
	}
	/* More than the method takes. */
	call = submit_now(submit_timer());
	call.transfer_offset = SUBMIT_TRANSFERS;
	call.transfer_count = 1;
	CHECK_STATUS(submit_do_status(call), STATUS_TOO_MANY_TRANSFERS);
}

static void transfer_reserved(void)
{
	struct memory_object_client object = make_object();
	struct ring_submission call = submit_map(0);
	struct ring_transfer *list = transfer(object.id);

	for (uint32_t byte = 0; byte < sizeof(list->reserved); byte++)
		for (uint32_t bit = 0; bit < 8; bit++) {
			test_note("byte %u bit %u", byte, bit);
			(void)transfer(object.id);
			list->reserved[byte] = (uint8_t)(1U << bit);
			CHECK_STATUS(submit_do_status(call), STATUS_RESERVED_NOT_ZERO);
		}
	(void)transfer(object.id);
	CHECK_STATUS(submit_do_status(call), STATUS_OK);
}

static void transfer_modes(void)
{
	struct memory_object_client object = make_object();
	struct ring_submission call = submit_map(0);
	struct ring_transfer *list = transfer(object.id);
	uint64_t size;
	bool sealed;

	for (uint32_t mode = CAP_GRANT_MODE_COUNT; mode < 256; mode++) {
		test_note("mode %u", mode);
		list->mode = (uint8_t)mode;
		CHECK_STATUS(submit_do_status(call), STATUS_TRANSFER_MODE);
	}
	CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
}

/* A list that names one bad capability moves and copies none of the others. */
static void transfer_bad(void)
{
	struct memory_object_client object = make_object();
	struct ring_submission call = submit_map(0);
	struct ring_transfer *list = transfer(object.id);
	uint64_t size;
	bool sealed;

	list->capability = object.id ^ 1ULL << 40;
	CHECK_STATUS(submit_do_status(call), STATUS_BAD_CAPABILITY);
	list->capability = UINT64_MAX;
	CHECK_STATUS(submit_do_status(call), STATUS_BAD_CAPABILITY);
	CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
}

/* An index past the list is no capability. */
static void transfer_index(void)
{
	static const uint32_t wrong[] = { 1, 2, 7, 8, 255, 0x7fffffff, UINT32_MAX };
	struct memory_object_client object = make_object();

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ring_submission call = submit_map(wrong[i]);
		enum status status;

		test_note("index %x", wrong[i]);
		(void)transfer(object.id);
		status = submit_do_status(call);
		if (status != STATUS_MALFORMED_MESSAGE)
			CHECK_STATUS(status, STATUS_WRONG_INTERFACE);
	}
}

static enum status write_text(uint32_t size, uint32_t length)
{
	struct message_builder m;
	struct ring_submission call;

	message_builder_init(&m, submit_arena(2048), 8192);
	(void)console_write_params_set_text(
		console_write_params_init_root(&m),
		(const char *)submit_arena(submit_ring()->arena_bytes - 1024), size);
	call = submit_call(test_capability("console", CONSOLE_INTERFACE_ID),
			   CONSOLE_WRITE_METHOD, (uint32_t)message_builder_finish(&m));
	call.param_offset = 2048;
	call.param_length += length;
	return submit_do_status(call);
}

/* Each method has a longest message; the ABI's longest is never more than the arena. */
static void message_lengths(void)
{
	struct ring_submission call = submit_now(submit_timer());

	CHECK_STATUS(write_text(CONSOLE_MAX_BYTES + 1, 0), STATUS_MESSAGE_TOO_LARGE);
	CHECK_STATUS(write_text(1000, 0), STATUS_MESSAGE_TOO_LARGE);
	CHECK_STATUS(write_text(0, 4096), STATUS_MESSAGE_TOO_LARGE);
	call.param_length = submit_ring()->arena_bytes;
	CHECK_STATUS(submit_do_status(call), STATUS_MESSAGE_TOO_LARGE);
}

/* Root pointers that point nowhere good, for a method with parameters. */
static void malformed_roots(void)
{
	static const uint64_t wrong[] = {
		0x0000000000000001, /* a list */
		0x0000000000000002, /* far */
		0x0000000000000003, /* a capability */
		0x0000000100000004, /* one word further than there are */
		0x0000000200000000, /* two words where one is */
		0x000000017ffffffc, /* far forwards */
		0x00000001fffffff8, /* backwards */
		0xffffffff00000000, /* as large as can be */
		0xffffffffffffffff,
	};
	struct ring_submission wait = submit_wait(submit_timer(), 1, 0);
	uint64_t *words = submit_arena(wait.param_offset);

	CHECK_EQUAL(wait.param_length, 16);
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		test_note("root %lx", wrong[i]);
		words[0] = wrong[i];
		CHECK_STATUS(submit_do_status(wait), STATUS_MALFORMED_MESSAGE);
	}
}

#define PASSES(name)                                                     \
	{                                                                \
		#name, name,                                             \
		{                                                        \
			.grants = TEST_TIMER | TEST_AUDIT | TEST_CONSOLE \
		}                                                        \
	}

static const struct test_case cases[] = {
	PASSES(misaligned),      PASSES(out_of_bounds),       PASSES(at_the_end),
	PASSES(same_span),       PASSES(results_stay_inside), PASSES(too_small_does_nothing),
	PASSES(transfer_spans),  PASSES(transfer_count),      PASSES(transfer_reserved),
	PASSES(transfer_modes),  PASSES(transfer_bad),        PASSES(transfer_index),
	PASSES(message_lengths), PASSES(malformed_roots),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
