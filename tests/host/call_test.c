// SPDX-License-Identifier: MIT
/*
 * Host test of call.c and operation.c: every check comes before the first effect, result
 * capabilities, operations that wait and how they end, and that each ends exactly once.
 */
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <string.h>

#include "schema/entropy.capnp.h"
#include "schema/timer.capnp.h"
#include "schema/uart.capnp.h"

static struct reply reply;
static struct request request;

/* A good createObject of one page, to be spoilt. */
static void begin_create(void)
{
	request_init_big(&request, program_capability(&first, "memory"),
			 VIRTUAL_MEMORY_CREATE_OBJECT_METHOD);
	virtual_memory_create_object_params_set_size_bytes(
		virtual_memory_create_object_params_init_root(&request.params), PAGE_SIZE);
}

/* Submit what begin_create() made and the test spoilt; it must be refused without effect. */
static void assert_refused(enum status expected)
{
	struct account before = *first.process->account;
	uint32_t used_slots = first.process->table.used_count;

	assert_int_equal(call_now(&first, &request, &reply), expected);
	assert_memory_equal(first.process->account->used, before.used, sizeof(before.used));
	assert_int_equal(first.process->table.used_count, used_slots);
	assert_int_equal(first.process->table.reserved_count, 0);
	kernel_check();
}

static void target_is_checked(void **)
{
	uint64_t memory = program_capability(&first, "memory");
	const uint64_t forged[] = { 0,
				    1,
				    memory + (UINT64_C(1) << 32),
				    memory + 100,
				    memory | UINT32_MAX,
				    UINT64_MAX,
				    UINT32_MAX };

	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
		begin_create();
		request.entry.target = forged[i];
		assert_refused(STATUS_BAD_CAPABILITY);
	}
	for (uint32_t method = VIRTUAL_MEMORY_METHOD_COUNT; method < 65536;
	     method = method * 3 + 1) {
		begin_create();
		request.entry.method = (uint16_t)method;
		assert_refused(STATUS_UNKNOWN_METHOD);
	}
	begin_create();
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
}

struct spoilt_span {
	uint32_t offset;
	uint32_t length;
	enum status status;
};

static void parameter_span_is_checked(void **)
{
	uint32_t end = first.arena_bytes;
	const struct spoilt_span spans[] = {
		{ 4, 16, STATUS_SPAN_MISALIGNED },
		{ 0, 12, STATUS_SPAN_MISALIGNED },
		{ end, 8, STATUS_SPAN_OUT_OF_BOUNDS },
		{ end - 8, 16, STATUS_SPAN_OUT_OF_BOUNDS },
		{ UINT32_MAX - 7, 16, STATUS_SPAN_OUT_OF_BOUNDS },
		{ 8, UINT32_MAX - 7, STATUS_SPAN_OUT_OF_BOUNDS },
		{ 0, 72, STATUS_MESSAGE_TOO_LARGE },
		{ 0, 0, STATUS_MALFORMED_MESSAGE },
		{ end, 0, STATUS_MALFORMED_MESSAGE },
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		begin_create();
		request.entry.param_length = spans[i].length;
		request.entry.param_offset = spans[i].offset;
		assert_int_equal(program_one(&first, &request.entry), spans[i].status);
		assert_int_equal(first.process->table.used_count, 10);
	}
}

static void result_span_is_checked(void **)
{
	uint32_t end = first.arena_bytes;
	const struct spoilt_span spans[] = {
		{ 4, 32, STATUS_SPAN_MISALIGNED },
		{ 0, 36, STATUS_SPAN_MISALIGNED },
		{ end - 24, 32, STATUS_SPAN_OUT_OF_BOUNDS },
		{ UINT32_MAX - 7, 32, STATUS_SPAN_OUT_OF_BOUNDS },
		{ 0, UINT32_MAX - 7, STATUS_SPAN_OUT_OF_BOUNDS },
		{ 0, 24, STATUS_RESULT_TOO_SMALL },
		{ 0, 0, STATUS_RESULT_TOO_SMALL },
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		begin_create();
		request.entry.result_offset = spans[i].offset;
		request.entry.result_capacity = spans[i].length;
		assert_refused(spans[i].status);
	}
	begin_create();
	request.entry.result_caps_max = 0;
	assert_refused(STATUS_RESULT_TOO_SMALL);
	begin_create();
	request.entry.result_caps_max = 0;
	request.entry.transfer_count = 1;
	assert_refused(STATUS_RESULT_TOO_SMALL);
	begin_create();
	request.entry.result_offset = end - 32;
	request.entry.result_capacity = 32;
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
}

/* A good map of object, to be spoilt. */
static void begin_map(uint64_t object)
{
	struct virtual_memory_map_params_builder params;

	request_init_big(&request, program_capability(&first, "memory"),
			 VIRTUAL_MEMORY_MAP_METHOD);
	params = virtual_memory_map_params_init_root(&request.params);
	virtual_memory_map_params_set_memory(params, request_attach(&request, object));
	virtual_memory_map_params_set_length_bytes(params, PAGE_SIZE);
	virtual_memory_map_params_set_allow_revocable(params, true);
}

static void transfer_list_is_checked(void **)
{
	uint64_t object;

	assert_int_equal(create_object(&first, PAGE_SIZE, &object), STATUS_OK);
	begin_create();
	(void)request_attach(&request, object);
	assert_refused(STATUS_TOO_MANY_TRANSFERS);
	begin_map(object);
	(void)request_attach(&request, object);
	assert_refused(STATUS_TOO_MANY_TRANSFERS);
	begin_map(object);
	request.transfers[0].mode = CAP_GRANT_MODE_MOVE;
	assert_refused(STATUS_TRANSFER_MODE);
	begin_map(object);
	request.transfers[0].mode = 255;
	assert_refused(STATUS_TRANSFER_MODE);
	for (uint32_t i = 0; i < 7; i++) {
		begin_map(object);
		request.transfers[0].reserved[i] = 1;
		assert_refused(STATUS_RESERVED_NOT_ZERO);
	}
	begin_map(object);
	request.transfers[0].capability += UINT64_C(1) << 32;
	assert_refused(STATUS_BAD_CAPABILITY);
	begin_map(program_capability(&first, "timer"));
	assert_refused(STATUS_WRONG_INTERFACE);
	begin_map(object);
	request.entry.transfer_count = 0;
	assert_refused(STATUS_WRONG_INTERFACE);
	begin_map(object);
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
}

static void transfer_span_is_checked(void **)
{
	const struct spoilt_span spans[] = {
		{ 4, 1, STATUS_SPAN_MISALIGNED },
		{ first.arena_bytes - 8, 1, STATUS_SPAN_OUT_OF_BOUNDS },
		{ UINT32_MAX - 7, 1, STATUS_SPAN_OUT_OF_BOUNDS },
		{ 0, 255, STATUS_TOO_MANY_TRANSFERS },
	};

	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct ring_submission entry = {
			.opcode = OPERATION_CODE_CALL,
			.method = PROCESS_SPAWNER_SPAWN_METHOD,
			.target = program_capability(&first, "spawner"),
			.result_capacity = 64,
			.result_caps_max = 1,
			.transfer_offset = spans[i].offset,
			.transfer_count = (uint8_t)spans[i].length,
		};

		assert_int_equal(program_one(&first, &entry), spans[i].status);
	}
}

/* Parameters of rubbish: a status, and nothing has happened. */
static void random_parameters_are_harmless(void **)
{
	struct sequence sequence = { 3 };
	struct supply_report before = kernel_balance();

	for (uint32_t round = 0; round < 20000; round++) {
		static const char *const targets[] = { "memory",  "spawner", "uart",
						       "console", "entropy", "timer" };
		struct ring_submission entry = {
			.opcode = OPERATION_CODE_CALL,
			.method = (uint16_t)sequence_below(&sequence, 6),
			.target = program_capability(&first,
						     targets[sequence_below(&sequence, 6)]),
			.param_length = 8 * sequence_below(&sequence, 8),
			.result_offset = 4096,
			.result_capacity = 4096,
			.deadline_ns = 1,
		};

		for (uint32_t i = 0; i < 64; i += 8) {
			uint64_t word =
				sequence_next(&sequence) >> sequence_below(&sequence, 64);

			memcpy(first.arena + i, &word, sizeof(word));
		}
		program_submit(&first, &entry);
		assert_true(program_enter(&first, 0, RING_NO_WAIT).returned);
		kernel_advance(1);
		while (program_read(&first, &reply.completion))
			;
	}
	fake_hal_serial_clear();
	/* Reservations of addresses may have succeeded; they are all that was kept. */
	assert_int_equal(kernel_balance().processes, before.processes);
}

static void result_capability_fills_a_slot(void **)
{
	struct account *account = first.process->account;
	uint64_t slots = account->used[ACCOUNT_SLOTS];
	uint64_t object;

	begin_create();
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
	object = reply.capability.capability;
	assert_int_equal(reply.capability.interface_id, MEMORY_OBJECT_INTERFACE_ID);
	assert_int_equal(account->used[ACCOUNT_SLOTS], slots + 1);
	assert_int_equal(release(&first, object), STATUS_OK);
	assert_int_equal(account->used[ACCOUNT_SLOTS], slots);
	assert_int_equal(release(&first, object), STATUS_BAD_CAPABILITY);
}

static void slots_run_out_without_effect(void **)
{
	struct account *account = first.process->account;
	uint64_t limit = account->limit[ACCOUNT_SLOTS];

	kernel_set_limit(ACCOUNT_SLOTS, account->used[ACCOUNT_SLOTS]);
	begin_create();
	assert_refused(STATUS_OUT_OF_SLOTS);
	kernel_set_limit(ACCOUNT_SLOTS, limit);
}

static void results_without_room_are_refused(void **)
{
	for (uint32_t room = 0; room <= 64; room += 8) {
		request_init_big(&request, program_capability(&first, "entropy"),
				 ENTROPY_SOURCE_READ_METHOD);
		entropy_source_read_params_set_length_bytes(
			entropy_source_read_params_init_root(&request.params), 33);
		request.entry.result_capacity = room;
		assert_int_equal(call_now(&first, &request, &reply),
				 room < 56 ? STATUS_RESULT_TOO_SMALL : STATUS_OK);
	}
}

/* --- Operations that wait --------------------------------------------------------------- */

static void assert_next(uint16_t tag, enum status status, enum completion_kind kind)
{
	struct ring_completion completion;

	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.tag, tag);
	assert_int_equal(completion.status, -(int32_t)status);
	assert_int_equal(completion.kind, kind);
}

static void wait_ends_at_the_first_of_its_times(void **)
{
	submit_timer_wait(&first, 1000, 0, 0);
	submit_timer_wait(&first, 500, 2000, 1);
	submit_timer_wait(&first, 2000, 700, 2);
	submit_timer_wait(&first, 800, 800, 3);
	submit_timer_wait(&first, 1000, 1, 4);
	submit_timer_wait(&first, UINT64_MAX, 1001, 5);
	submit_timer_wait(&first, UINT64_MAX - 1, 0, 6);
	submit_timer_wait(&first, 0, 0, 7);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 1);
	assert_next(7, STATUS_OK, COMPLETION_KIND_DONE);
	kernel_advance(1001);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 6);
	assert_next(4, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT);
	assert_next(1, STATUS_OK, COMPLETION_KIND_DONE);
	assert_next(2, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT);
	assert_next(3, STATUS_OK, COMPLETION_KIND_DONE);
	assert_next(0, STATUS_OK, COMPLETION_KIND_DONE);
	assert_next(5, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT);
	submit_cancel(&first, 6, 0);
	(void)program_enter(&first, 0, RING_NO_WAIT);
	assert_next(6, STATUS_CANCELLED, COMPLETION_KIND_CANCELLED);
}

static void read_waits_for_input_in_order(void **)
{
	struct uart_read_results_reader results;

	submit_uart_read(&first, 3, 0);
	submit_uart_read(&first, 50, 1);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	fake_hal_serial_input("abcdef", 6);
	assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
	assert_int_equal(first.header->cq_tail, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct ring_submission entry = { .result_offset = 2 * CALL_SPAN_BYTES * i +
								  CALL_SPAN_BYTES,
						 .result_capacity = CALL_SPAN_BYTES };
		struct ring_completion completion;

		assert_true(program_read(&first, &completion));
		assert_int_equal(completion.tag, i);
		reply_read(&first, &entry, &completion, &reply);
		assert_true(uart_read_results_read_root(&reply.message, &results));
		assert_int_equal(uart_read_results_get_data(results).size, 3);
		assert_memory_equal(uart_read_results_get_data(results).data,
				    i == 0 ? "abc" : "def", 3);
	}
	submit_uart_read(&first, 57, 2);
	(void)program_enter(&first, 0, RING_NO_WAIT);
	assert_next(2, STATUS_RESULT_TOO_SMALL, COMPLETION_KIND_DONE);
}

static void blocked_thread_wakes_when_enough_has_come(void **)
{
	struct entered entered;

	submit_timer_wait(&first, 1000, 0, 0);
	submit_timer_wait(&first, 2000, 0, 1);
	entered = program_enter(&first, 2, RING_NO_DEADLINE);
	assert_int_equal(entered.end, FAKE_HAL_IDLE);
	kernel_advance(1999);
	assert_false(program_is_running(&first));
	kernel_advance(1);
	assert_true(program_is_running(&first));
	assert_int_equal(first.process->thread->context.status, STATUS_OK);
	assert_int_equal(first.process->thread->context.word, 2);
	submit_timer_wait(&first, 9000, 0, 2);
	entered = program_enter(&first, 3, 5000);
	assert_int_equal(entered.end, FAKE_HAL_IDLE);
	kernel_advance(3000);
	assert_true(program_is_running(&first));
	assert_int_equal(first.process->thread->context.status, -STATUS_TIMED_OUT);
	assert_int_equal(first.process->thread->context.word, 2);
}

/* A call that stops half way because an interrupt waits is run again, and completes once. */
static void interrupted_call_goes_on_where_it_was(void **)
{
	uint32_t mappings = first.process->space.mapping_count;
	struct entered entered = { .returned = false };
	struct virtual_memory_unmap_params_builder params;
	struct mapping_request what = { .length_bytes = PAGE_SIZE };
	uint64_t start = UINT64_C(0x50000000);
	uint32_t enters = 0;

	assert_int_equal(create_object(&first, PAGE_SIZE, &what.memory), STATUS_OK);
	for (uint32_t i = 0; i < 10; i++) {
		what.address = start + i * 2 * PAGE_SIZE;
		assert_int_equal(map_object(&first, what, &what.address), STATUS_OK);
	}
	request_init(&request, program_capability(&first, "memory"),
		     VIRTUAL_MEMORY_UNMAP_METHOD, 3);
	params = virtual_memory_unmap_params_init_root(&request.params);
	virtual_memory_unmap_params_set_address(params, start);
	virtual_memory_unmap_params_set_length_bytes(params, 30 * PAGE_SIZE);
	request_submit(&first, &request);
	program_submit(&first, &(struct ring_submission){ .tag = 9, .user_data = 99 });
	fake_hal_set_interrupt_pending(true);
	for (; !entered.returned; enters++) {
		entered = program_enter(&first, 2, RING_NO_DEADLINE);
		assert_true(ring_check(&first.process->thread->ring));
		assert_true(address_space_check(&first.process->space));
		assert_in_range(enters, 0, 12);
	}
	fake_hal_set_interrupt_pending(false);
	assert_in_range(enters, 5, 12);
	assert_int_equal(first.process->space.mapping_count, mappings);
	assert_int_equal(entered.available, 2);
	assert_next(3, STATUS_OK, COMPLETION_KIND_DONE);
	assert_next(9, STATUS_OK, COMPLETION_KIND_DONE);
}

/* --- Exactly one completion ------------------------------------------------------------- */

struct pending {
	bool tags[CALL_TAGS];
	uint32_t count;
};

static void take_completions(struct pending *pending)
{
	struct ring_completion completion;

	while (program_read(&first, &completion)) {
		/* The user data of CALLs says their tag; cancels have none. */
		if (completion.user_data == 0)
			continue;
		assert_int_equal(completion.user_data & 0xffff, completion.tag);
		assert_true(pending->tags[completion.tag]);
		pending->tags[completion.tag] = false;
		pending->count--;
	}
}

static void park_something(struct pending *pending, struct sequence *sequence, uint64_t handle)
{
	uint16_t tag = (uint16_t)sequence_below(sequence, CALL_TAGS - 2);
	uint64_t soon = hal_timestamp() + sequence_below(sequence, 500);
	uint64_t deadline = sequence_below(sequence, 2) == 0 ? 0 : soon + 1;

	if (pending->tags[tag])
		return;
	switch (sequence_below(sequence, 3)) {
	case 0:
		submit_timer_wait(&first, soon + sequence_below(sequence, 500), deadline, tag);
		break;
	case 1:
		submit_uart_read(&first, 1 + sequence_below(sequence, 50), tag);
		break;
	case 2:
		submit_process_wait(&first, handle, deadline, tag);
		break;
	}
	pending->tags[tag] = true;
	pending->count++;
}

static void cancel_all(struct pending *pending)
{
	for (uint16_t tag = 0; tag < CALL_TAGS - 2; tag++) {
		submit_cancel(&first, tag, CALL_TAGS - 1);
		assert_true(program_enter(&first, 0, RING_NO_WAIT).returned);
		take_completions(pending);
	}
	assert_int_equal(pending->count, 0);
	assert_int_equal(first.process->thread->ring.waiting, 0);
}

/* One random thing happens. */
static void step(struct pending *pending, struct sequence *sequence, uint64_t *handle)
{
	switch (sequence_below(sequence, 6)) {
	case 0:
	case 1:
		park_something(pending, sequence, *handle);
		break;
	case 2:
		submit_cancel(&first, sequence_below(sequence, CALL_TAGS), CALL_TAGS - 1);
		break;
	case 3:
		kernel_advance(sequence_below(sequence, 300));
		break;
	case 4:
		fake_hal_serial_input("0123456789", 1 + sequence_below(sequence, 10));
		assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
		break;
	case 5:
		if (sequence_below(sequence, 8) != 0)
			break;
		/* The child dies; those who wait hear of it, and a new one is started. */
		take_completions(pending);
		process_kill(process_behind(&first, *handle));
		(void)kernel_settle();
		take_completions(pending);
		assert_int_equal(release(&first, *handle), STATUS_OK);
		assert_int_equal(spawn_child(&first, 0, 0, handle), STATUS_OK);
		break;
	}
}

static void every_operation_ends_exactly_once(void **)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct sequence sequence = { seed };
		struct pending pending = { 0 };
		uint64_t handle;

		assert_int_equal(spawn_child(&first, 0, 0, &handle), STATUS_OK);
		for (uint32_t i = 0; i < 1500; i++) {
			program_run(&first);
			take_completions(&pending);
			step(&pending, &sequence, &handle);
			program_run(&first);
			take_completions(&pending);
			assert_true(program_enter(&first, 0, RING_NO_WAIT).returned);
			kernel_check();
		}
		take_completions(&pending);
		cancel_all(&pending);
		process_kill(process_behind(&first, handle));
		assert_int_equal(release(&first, handle), STATUS_OK);
		(void)kernel_settle();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(target_is_checked),
		TEST(parameter_span_is_checked),
		TEST(result_span_is_checked),
		TEST(transfer_list_is_checked),
		TEST(transfer_span_is_checked),
		TEST(random_parameters_are_harmless),
		TEST(result_capability_fills_a_slot),
		TEST(slots_run_out_without_effect),
		TEST(results_without_room_are_refused),
		TEST(wait_ends_at_the_first_of_its_times),
		TEST(read_waits_for_input_in_order),
		TEST(blocked_thread_wakes_when_enough_has_come),
		TEST(interrupted_call_goes_on_where_it_was),
		TEST(every_operation_ends_exactly_once),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
