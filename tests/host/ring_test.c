// SPDX-License-Identifier: MIT
/*
 * Host test of ring.c through the kernel's door: what an entry may and may not say, indices
 * that lie, a full completion queue, interrupts, and that the kernel reads nothing it has
 * published.
 */
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "schema/console.capnp.h"

/* An entry, bit for bit. */
union entry {
	struct ring_submission fields;
	uint64_t words[8];
};

static struct ring *ring(void)
{
	return &first.process->thread->ring;
}

static enum status one(struct ring_submission entry)
{
	return program_one(&first, &entry);
}

/* Every bit of an entry, one at a time, on top of `good`; those of `allowed` may be set. */
static void try_each_bit(struct ring_submission good, struct ring_submission allowed)
{
	for (uint32_t bit = 0; bit < 512; bit++) {
		union entry entry = { .fields = good };
		union entry mask = { .fields = allowed };
		uint64_t one_bit = UINT64_C(1) << bit % 64;
		enum status status;

		if ((mask.words[bit / 64] & one_bit) != 0)
			continue;
		entry.words[bit / 64] ^= one_bit;
		status = one(entry.fields);
		assert_int_equal(status, bit >= 16 && bit < 32 ? STATUS_FLAG_UNSUPPORTED
							       : STATUS_RESERVED_NOT_ZERO);
		assert_true(ring_check(ring()));
	}
}

static void reserved_bits_are_refused(void **)
{
	struct ring_submission mask = { .opcode = 0xff,
					.tag = 0xffff,
					.user_data = UINT64_MAX };
	uint64_t memory;

	try_each_bit((struct ring_submission){ .opcode = OPERATION_CODE_NOP }, mask);
	mask.target = UINT64_MAX;
	assert_int_equal(create_object(&first, PAGE_SIZE, &memory), STATUS_OK);
	try_each_bit(
		(struct ring_submission){ .opcode = OPERATION_CODE_RELEASE, .target = memory },
		mask);
	try_each_bit((struct ring_submission){ .opcode = OPERATION_CODE_CANCEL, .target = 1 },
		     mask);
	/* None of these releases took effect. */
	assert_int_equal(release(&first, memory), STATUS_OK);
}

static void reserved_bits_of_calls_are_refused(void **)
{
	struct ring_submission good = { .opcode = OPERATION_CODE_CALL,
					.target = program_capability(&first, "timer"),
					.result_capacity = 16 };

	assert_int_equal(one(good), STATUS_OK);
	good.reserved = 1;
	assert_int_equal(one(good), STATUS_RESERVED_NOT_ZERO);
	good.reserved = 0;
	good.pipeline_field = 1;
	assert_int_equal(one(good), STATUS_RESERVED_NOT_ZERO);
	good.pipeline_field = 0;
	good.answer_id = 1;
	assert_int_equal(one(good), STATUS_RESERVED_NOT_ZERO);
	good.answer_id = 0;
	good.pipeline_dep = 1;
	assert_int_equal(one(good), STATUS_RESERVED_NOT_ZERO);
	good.pipeline_dep = 0;
	good.transfer_offset = 8;
	assert_int_equal(one(good), STATUS_RESERVED_NOT_ZERO);
	good.transfer_offset = 0;
	for (uint32_t bit = 0; bit < 16; bit++) {
		good.flags = (uint16_t)(1u << bit);
		assert_int_equal(one(good), STATUS_FLAG_UNSUPPORTED);
	}
}

static void operations_and_tags_are_bounded(void **)
{
	for (uint32_t opcode = OPERATION_CODE_COUNT; opcode < 256; opcode++)
		assert_int_equal(one((struct ring_submission){ .opcode = (uint8_t)opcode }),
				 STATUS_UNKNOWN_OPERATION);
	for (uint32_t tag = 0; tag < 65536; tag = tag < 70 ? tag + 1 : tag * 2 + 1)
		assert_int_equal(one((struct ring_submission){ .tag = (uint16_t)tag }),
				 tag < 64 ? STATUS_OK : STATUS_UNKNOWN_TAG);
	for (uint32_t bit = 6; bit < 16; bit++)
		assert_int_equal(one((struct ring_submission){ .tag = (uint16_t)(1u << bit) }),
				 STATUS_UNKNOWN_TAG);
	assert_int_equal(one((struct ring_submission){ .tag = UINT16_MAX }),
			 STATUS_UNKNOWN_TAG);
}

static void busy_tag_is_refused(void **)
{
	submit_timer_wait(&first, 1000, 0, 5);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	assert_int_equal(one((struct ring_submission){ .tag = 5 }), STATUS_TAG_BUSY);
	assert_int_equal(one((struct ring_submission){
				 .opcode = OPERATION_CODE_CANCEL, .tag = 5, .target = 5 }),
			 STATUS_TAG_BUSY);
	assert_int_equal(one((struct ring_submission){ .tag = 6 }), STATUS_OK);
	assert_int_equal(ring()->waiting, 1);
	kernel_advance(1000);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 1);
}

static void cancel_names_only_pending_tags(void **)
{
	struct ring_submission cancel = { .opcode = OPERATION_CODE_CANCEL, .tag = 1 };
	struct ring_completion completion;

	for (uint32_t bit = 0; bit < 64; bit++) {
		cancel.target = UINT64_C(1) << bit;
		assert_int_equal(one(cancel), STATUS_UNKNOWN_TAG);
	}
	submit_timer_wait(&first, 1000, 0, 0);
	submit_cancel(&first, UINT64_C(1) << 32, 1);
	submit_cancel(&first, 64, 2);
	submit_cancel(&first, 0, 3);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 4);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.status, -STATUS_UNKNOWN_TAG);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.status, -STATUS_UNKNOWN_TAG);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.tag, 0);
	assert_int_equal(completion.status, -STATUS_CANCELLED);
	assert_int_equal(completion.kind, COMPLETION_KIND_CANCELLED);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.status, STATUS_OK);
	assert_int_equal(completion.tag, 3);
}

static void lying_tail_takes_nothing(void **)
{
	static const uint32_t lies[] = { 33, 34, 1000, 1u << 31, UINT32_MAX };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint32_t tail = first.sq_tail;

		program_submit(&first, &(struct ring_submission){ .user_data = 7 });
		first.header->sq_tail = tail + lies[i];
		assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status,
				 STATUS_RING_TAIL);
		assert_int_equal(first.header->sq_head, tail);
		assert_int_equal(ring_available(ring()), 0);
		first.sq_tail = tail;
		first.header->sq_tail = tail;
	}
	for (uint32_t i = 0; i < 32; i++)
		program_submit(&first, &(struct ring_submission){ .user_data = i });
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 32);
}

static void assert_bad_head(uint32_t head)
{
	first.header->cq_head = head;
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status, STATUS_RING_HEAD);
	first.header->cq_head = first.cq_head;
}

static void lying_head_takes_nothing(void **)
{
	struct ring_completion completion;

	assert_bad_head(1);
	assert_bad_head(UINT32_MAX);
	assert_bad_head(1u << 31);
	for (uint32_t i = 0; i < 20; i++)
		program_submit(&first, &(struct ring_submission){ .user_data = i });
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 20);
	assert_bad_head(21);
	for (uint32_t i = 0; i < 20; i++)
		assert_true(program_read(&first, &completion));
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	program_submit(&first, &(struct ring_submission){ .user_data = 1 });
	/* Back to where it was: what is consumed is consumed. */
	assert_bad_head(0);
	assert_bad_head(19);
	assert_bad_head(21);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 1);
}

/* A head that goes back must not make room where there is none. */
static void head_that_goes_back_loses_nothing(void **)
{
	struct ring_completion completion;

	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 32; i++)
			program_submit(&first, &(struct ring_submission){ .user_data = i });
		assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 32);
		while (program_read(&first, &completion))
			;
	}
	for (uint16_t tag = 0; tag < 32; tag++)
		submit_timer_wait(&first, 1000, 0, tag);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status, STATUS_OK);
	for (uint32_t i = 0; i < 8; i++)
		program_submit(&first, &(struct ring_submission){ .tag = 40 });
	assert_bad_head(first.header->cq_tail - 64);
	assert_true(ring_check(ring()));
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 8);
	kernel_advance(1000);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 40);
}

static void full_completion_queue_drops_nothing(void **)
{
	struct ring_completion completion;
	struct entered entered;

	for (uint32_t batch = 0; batch < 3; batch++) {
		for (uint32_t i = 0; i < 32; i++)
			program_submit(&first, &(struct ring_submission){
						       .user_data = batch * 32 + i });
		entered = program_enter(&first, 0, RING_NO_WAIT);
		assert_int_equal(entered.status,
				 batch < 2 ? STATUS_OK : STATUS_COMPLETIONS_FULL);
		assert_true(ring_check(ring()));
	}
	assert_int_equal(entered.available, 64);
	/* It would not wait for what cannot come either. */
	assert_int_equal(program_enter(&first, 64, RING_NO_DEADLINE).status,
			 STATUS_COMPLETIONS_FULL);
	for (uint32_t i = 0; i < 10; i++)
		assert_true(program_read(&first, &completion));
	entered = program_enter(&first, 0, RING_NO_WAIT);
	assert_int_equal(entered.status, STATUS_COMPLETIONS_FULL);
	assert_int_equal(entered.available, 64);
	for (uint32_t i = 10; i < 64 + 10; i++) {
		assert_true(program_read(&first, &completion));
		assert_int_equal(completion.user_data, i);
	}
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 22);
}

static void waiting_operations_leave_room(void **)
{
	struct ring_completion completion;

	for (uint16_t tag = 0; tag < 32; tag++)
		submit_timer_wait(&first, 1000, 0, tag);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status, STATUS_OK);
	assert_int_equal(ring()->waiting, 32);
	submit_timer_wait(&first, 1000, 0, 32);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 1);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.status, -STATUS_WAIT_SLOTS_FULL);
	/* 32 slots stay free for what does not wait. */
	for (uint32_t i = 0; i < 32; i++)
		program_submit(&first, &(struct ring_submission){ .tag = 50 });
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status, STATUS_OK);
	program_submit(&first, &(struct ring_submission){ .tag = 50 });
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status,
			 STATUS_COMPLETIONS_FULL);
	kernel_advance(1000);
	assert_true(ring_check(ring()));
	assert_int_equal(ring_available(ring()), 64);
}

/* The kernel stops between entries, every so many, and goes on where it stopped. */
static void pending_interrupt_restarts_the_call(void **)
{
	const struct hal_context *context = &first.process->thread->context;
	uint64_t deadline = hal_timestamp() + 100;
	struct entered entered;

	for (uint32_t i = 0; i < 3 * RING_POLL_ENTRIES; i++)
		program_submit(&first, &(struct ring_submission){ .user_data = i });
	fake_hal_set_interrupt_pending(true);
	for (uint32_t i = 1; i < 3; i++) {
		entered = program_enter(&first, 2, deadline);
		assert_false(entered.returned);
		assert_int_equal(entered.end, FAKE_HAL_RETURNED);
		assert_int_equal(context->restarts, i);
		assert_int_equal(context->restart, SYSCALL_CAP_ENTER);
		assert_int_equal(context->argument[0], 2);
		assert_int_equal(context->argument[1], deadline);
		assert_int_equal(first.header->sq_head, i * RING_POLL_ENTRIES);
		assert_int_equal(first.header->cq_tail, i * RING_POLL_ENTRIES);
	}
	entered = program_enter(&first, 2, deadline);
	assert_true(entered.returned);
	assert_int_equal(entered.available, 3 * RING_POLL_ENTRIES);
	fake_hal_set_interrupt_pending(false);
}

/* A call whose parameters are copied. */
static void submit_console_write(uint16_t tag)
{
	struct request request;

	request_init(&request, program_capability(&first, "console"), CONSOLE_WRITE_METHOD,
		     tag);
	console_write_params_set_text(console_write_params_init_root(&request.params), "x", 1);
	request_submit(&first, &request);
}

/* A call with parameters may be long, so no other entry runs before an interrupt that waits. */
static void call_with_parameters_is_followed_by_a_look(void **)
{
	const struct hal_context *context = &first.process->thread->context;

	submit_timer_wait(&first, hal_timestamp() + 1000, 0, 0);
	submit_console_write(1);
	submit_timer_wait(&first, hal_timestamp() + 1000, 0, 2);
	fake_hal_set_interrupt_pending(true);
	for (uint32_t i = 1; i < 3; i++) {
		assert_false(program_enter(&first, 0, RING_NO_WAIT).returned);
		assert_int_equal(context->restarts, i);
		assert_int_equal(first.header->sq_head, i);
	}
	assert_true(program_enter(&first, 0, RING_NO_WAIT).returned);
	fake_hal_set_interrupt_pending(false);
}

/* Everything that the kernel has written into the block is the program's to destroy. */
static void published_words_are_never_read_back(void **)
{
	struct ring_completion completion;
	struct ring_header *header = first.header;
	struct program kept = first;

	submit_timer_wait(&first, 1000, 0, 9);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	/* The submission, its parameters, and the header with all sizes and offsets. */
	memset(first.sq, 0xff, 32 * sizeof(*first.sq));
	memset(first.arena, 0xff, first.arena_bytes);
	memset(header, 0xff, offsetof(struct ring_header, sq_tail));
	header->sq_head = 1000;
	header->cq_tail = 1000;
	kernel_advance(1000);
	assert_int_equal(header->cq_tail, 1);
	completion = kept.cq[0];
	assert_int_equal(completion.tag, 9);
	assert_int_equal(completion.user_data, UINT64_C(0x1234567800000009));
	assert_int_equal(completion.status, STATUS_OK);
	memset(kept.sq, 0, 32 * sizeof(*kept.sq));
	header->sq_tail = 2;
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 2);
	assert_int_equal(header->sq_head, 2);
	header->cq_entries = 64;
	header->sq_entries = 32;
}

static void enter_answers_what_it_was_asked(void **)
{
	assert_int_equal(program_enter(&first, 65, RING_NO_WAIT).status,
			 STATUS_MIN_COMPLETE_TOO_LARGE);
	assert_int_equal(program_enter(&first, UINT64_MAX, RING_NO_DEADLINE).status,
			 STATUS_MIN_COMPLETE_TOO_LARGE);
	assert_int_equal(program_enter(&first, 1, RING_NO_DEADLINE).status,
			 STATUS_NOTHING_PENDING);
	assert_int_equal(program_enter(&first, 0, RING_NO_DEADLINE).status, STATUS_OK);
	fake_hal_advance(100);
	assert_int_equal(program_enter(&first, 1, 100).status, STATUS_TIMED_OUT);
	assert_int_equal(program_enter(&first, 1, 99).status, STATUS_TIMED_OUT);
	program_submit(&first, &(struct ring_submission){ .tag = 1 });
	assert_int_equal(program_enter(&first, 1, 99).status, STATUS_OK);
	assert_int_equal(program_enter(&first, 2, RING_NO_DEADLINE).status,
			 STATUS_NOTHING_PENDING);
}

static void unknown_system_calls_do_nothing(void **)
{
	for (uint32_t bit = 1; bit < 64; bit++) {
		struct entered entered;

		program_submit(&first, &(struct ring_submission){ .tag = 1 });
		entered = program_syscall(&first, UINT64_C(1) << bit, 0, 0);
		assert_int_equal(entered.status, STATUS_UNKNOWN_SYSCALL);
		assert_int_equal(entered.available, 0);
		assert_int_equal(first.header->sq_head, 0);
		first.header->sq_tail = --first.sq_tail;
	}
}

/* The counters wrap around at 2^32 like any other number. */
static void counters_wrap(void **)
{
	struct ring_completion completion;
	uint32_t start = UINT32_MAX - 3;

	ring()->sq_head = ring()->cq_tail = ring()->cq_head = start;
	first.header->sq_tail = first.header->cq_head = first.header->cq_tail = start;
	first.sq_tail = first.cq_head = start;
	for (uint32_t i = 0; i < 10; i++)
		program_submit(&first, &(struct ring_submission){ .user_data = i });
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 10);
	for (uint32_t i = 0; i < 10; i++) {
		assert_true(program_read(&first, &completion));
		assert_int_equal(completion.user_data, i);
	}
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
}

/* Rubbish in every word, with tails and heads that mostly make sense. */
static void random_entries_break_nothing(void **)
{
	struct sequence sequence = { 20 };
	struct ring_completion completion;

	for (uint32_t round = 0; round < 20000; round++) {
		union entry entry = { 0 };

		for (uint32_t i = 0; i < 8; i++)
			if (sequence_below(&sequence, 4) == 0)
				entry.words[i] = sequence_next(&sequence) >>
						 sequence_below(&sequence, 64);
		entry.fields.opcode %= 5;
		/* Releases would soon leave nothing to call. */
		if (entry.fields.opcode == OPERATION_CODE_RELEASE && round % 64 != 0)
			entry.fields.opcode = OPERATION_CODE_CALL;
		if (sequence_below(&sequence, 2) == 0)
			entry.fields.target = UINT64_C(1) << 32 | sequence_below(&sequence, 6);
		entry.fields.tag %= 66;
		program_submit(&first, &entry.fields);
		assert_true(program_enter(&first, 0, RING_NO_WAIT).returned);
		assert_true(ring_check(ring()));
		while (program_read(&first, &completion))
			;
	}
}

/* Another writer of the block, as another thread of the program would be. */
static atomic_bool writer_must_end;

static void *scribble(void *argument)
{
	volatile struct ring_submission *entry = argument;

	while (!atomic_load_explicit(&writer_must_end, memory_order_relaxed)) {
		entry->param_length = 0xfffffff8;
		entry->transfer_count = 255;
		entry->result_capacity = 0xfffffff8;
		entry->opcode = 255;
		entry->tag = UINT16_MAX;
		entry->tag = 3;
		entry->opcode = OPERATION_CODE_CALL;
		entry->result_capacity = 16;
		entry->transfer_count = 0;
		entry->param_length = 16;
	}
	return nullptr;
}

/* Fields that change after they were checked have no effect: were one read twice, a copy would
 * leave the arena or the kernel's buffer. */
static void entry_is_read_once(void **)
{
	struct ring_submission entry = { .opcode = OPERATION_CODE_CALL,
					 .target = program_capability(&first, "timer"),
					 .param_length = 16,
					 .result_capacity = 16,
					 .tag = 3 };
	struct ring_completion completion;
	pthread_t writer;

	atomic_store(&writer_must_end, false);
	program_submit(&first, &entry);
	assert_int_equal(pthread_create(&writer, nullptr, scribble, &first.sq[0]), 0);
	for (uint32_t round = 0; round < 100000; round++) {
		assert_true(program_enter(&first, 0, RING_NO_WAIT).returned);
		assert_true(ring_check(ring()));
		while (program_read(&first, &completion))
			assert_true(completion.tag == 3 || completion.tag == UINT16_MAX);
		first.sq_tail += 32; /* the same slot again */
		ring()->sq_head = first.sq_tail - 1;
		first.header->sq_tail = first.sq_tail;
	}
	atomic_store(&writer_must_end, true);
	assert_int_equal(pthread_join(writer, nullptr), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reserved_bits_are_refused),
		TEST(reserved_bits_of_calls_are_refused),
		TEST(operations_and_tags_are_bounded),
		TEST(busy_tag_is_refused),
		TEST(cancel_names_only_pending_tags),
		TEST(lying_tail_takes_nothing),
		TEST(lying_head_takes_nothing),
		TEST(head_that_goes_back_loses_nothing),
		TEST(full_completion_queue_drops_nothing),
		TEST(waiting_operations_leave_room),
		TEST(pending_interrupt_restarts_the_call),
		TEST(call_with_parameters_is_followed_by_a_look),
		TEST(published_words_are_never_read_back),
		TEST(enter_answers_what_it_was_asked),
		TEST(unknown_system_calls_do_nothing),
		TEST(counters_wrap),
		TEST(random_entries_break_nothing),
		TEST(entry_is_read_once),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
