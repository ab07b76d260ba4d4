// SPDX-License-Identifier: MIT
/*
 * Host test of process.c, thread.c and fault.c: how processes start and end, who hears of it,
 * and that each gives back everything, in whatever order parents, children and handles go.
 */
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <string.h>

#include "schema/timer.capnp.h"

static struct supply_report before;

/* A child of `first` with a capability of that name, and the program in it. */
static uint64_t start_child(struct program *child, const char *given)
{
	uint64_t capability = given == nullptr ? 0 : program_capability(&first, given);
	uint64_t handle;

	assert_int_equal(spawn_child(&first, 0, capability, &handle), STATUS_OK);
	program_attach(child, process_behind(&first, handle));
	return handle;
}

static void exit_now(struct program *program, int32_t code)
{
	program_run(program);
	(void)program_syscall(program, SYSCALL_EXIT, (uint64_t)(uint32_t)code, 0);
}

/* Read the record that a wait with this tag has brought. */
static struct exit_record_reader read_wait(struct reply *reply, uint16_t tag)
{
	struct process_handle_wait_results_reader results;
	struct ring_completion completion;
	struct ring_submission entry = {
		.result_offset = CALL_TAGS * 2 * CALL_SPAN_BYTES + 128,
		.result_capacity = EXIT_RECORD_BYTES_MAX,
	};

	program_run(&first);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.tag, tag);
	assert_int_equal(completion.status, STATUS_OK);
	reply_read(&first, &entry, &completion, reply);
	assert_true(process_handle_wait_results_read_root(&reply->message, &results));
	return process_handle_wait_results_get_record(results);
}

static int remember(void **state)
{
	(void)kernel_setup(state);
	before = kernel_balance();
	return 0;
}

/* Everything that the test made must be gone again. */
static int compare(void **state)
{
	assert_balance(before);
	return kernel_teardown(state);
}

static void exit_code_reaches_every_waiter(void **)
{
	struct exit_record_reader record;
	struct program child;
	struct reply reply;
	uint64_t handle = start_child(&child, nullptr);

	submit_process_wait(&first, handle, 0, 1);
	submit_process_wait(&first, handle, 0, 2);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	assert_int_equal(process_status(&first, handle), EXIT_RECORD_RUNNING);
	exit_now(&child, -42);
	(void)kernel_settle();
	for (uint16_t tag = 1; tag <= 2; tag++) {
		record = read_wait(&reply, tag);
		assert_int_equal(exit_record_which(record), EXIT_RECORD_EXITED);
		assert_int_equal(exit_record_get_exited(record), -42);
	}
	assert_int_equal(process_status(&first, handle), EXIT_RECORD_EXITED);
	submit_process_wait(&first, handle, 0, 3);
	assert_int_equal(program_enter(&first, 1, RING_NO_DEADLINE).available, 1);
	assert_int_equal(exit_record_get_exited(read_wait(&reply, 3)), -42);
	assert_int_equal(kill_process(&first, handle), STATUS_PROCESS_ENDED);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

static void killed_process_says_so(void **)
{
	struct program child;
	uint64_t handle = start_child(&child, nullptr);

	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	assert_int_equal(kill_process(&first, handle), STATUS_PROCESS_ENDED);
	(void)kernel_settle();
	assert_int_equal(process_status(&first, handle), EXIT_RECORD_KILLED);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

static void fault_ends_its_process_alone(void **)
{
	struct hal_fault fault = { .cause = HAL_FAULT_PAGE,
				   .vector = 14,
				   .access = HAL_ACCESS_WRITE,
				   .error_code = 7,
				   .address = 0xdead000 };
	struct fault_record_reader record;
	struct exit_record_reader exit;
	struct program child;
	struct reply reply;
	uint64_t handle = start_child(&child, nullptr);

	submit_process_wait(&first, handle, 0, 0);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	program_run(&child);
	child.process->thread->context.stack_pointer = FIXTURE_STACK_TOP - 128;
	child.process->thread->context.instruction_pointer = 0x240010;
	(void)kernel_take_fault(&fault);
	(void)kernel_settle();
	exit = read_wait(&reply, 0);
	assert_int_equal(exit_record_which(exit), EXIT_RECORD_FAULTED);
	record = exit_record_get_faulted(exit);
	assert_int_equal(fault_record_get_address(record), 0xdead000);
	assert_int_equal(fault_record_get_error_code(record), 7);
	assert_int_equal(fault_record_get_instruction_pointer(record), 0x240010);
	assert_int_equal(fault_record_get_registers(record).count, HAL_REGISTER_COUNT);
	assert_int_equal(fault_record_get_stack(record).size, FAULT_STACK_BYTES);
	assert_non_null(strstr(fake_hal_serial_output(), "fault: process=child"));
	assert_non_null(strstr(fake_hal_serial_output(), "address=0xdead000"));
	assert_int_equal(release(&first, handle), STATUS_OK);
}

/* The stack in the record never reaches outside what is mapped and readable. */
static void fault_record_has_what_stack_there_is(void **)
{
	static const uint64_t tops[][2] = {
		{ FIXTURE_STACK_TOP - 8, 8 },
		{ FIXTURE_STACK_TOP - 1, 1 },
		{ FIXTURE_STACK_TOP, 0 },
		{ 0, 0 },
		{ UINT64_MAX, 0 },
		{ UINT64_MAX - 4096, 0 },
		{ FIXTURE_RING, 0 },
		{ FIXTURE_STACK, 128 },
		{ FIXTURE_STACK - 8, 0 },
		{ HAL_USER_END - 8, 0 },
		{ FIXTURE_DATA, 128 },
		{ FIXTURE_TEXT, 128 },
		{ 0xffff800000000000, 0 },
	};
	struct hal_fault fault = { .cause = HAL_FAULT_PROTECTION, .vector = 13 };

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		struct process *process;
		struct program child;
		uint64_t handle = start_child(&child, nullptr);

		program_run(&child);
		process = child.process;
		process->thread->context.stack_pointer = tops[i][0];
		(void)kernel_take_fault(&fault);
		assert_int_equal(process->exit.stack_bytes, tops[i][1]);
		program_run(&first);
		assert_int_equal(release(&first, handle), STATUS_OK);
		fake_hal_serial_clear();
	}
}

static void touching_memory_is_no_fault(void **)
{
	struct hal_fault fault = { .cause = HAL_FAULT_PAGE,
				   .access = HAL_ACCESS_EXECUTE,
				   .address = FIXTURE_TEXT + 0xb0 };
	enum hal_access access;

	assert_int_equal(kernel_take_fault(&fault), FAKE_HAL_RETURNED);
	assert_non_null(fake_hal_translate(fake_hal_root(), fault.address, &access));
	assert_int_equal(access, HAL_ACCESS_EXECUTE);
	fault.access = HAL_ACCESS_WRITE;
	fault.address = FIXTURE_DATA;
	assert_int_equal(kernel_take_fault(&fault), FAKE_HAL_RETURNED);
	assert_memory_equal(fake_hal_translate(fake_hal_root(), fault.address, &access),
			    "data of the tiny image..", 24);
	assert_int_equal(access, HAL_ACCESS_WRITE);
	/* The zeros behind the file's part, up to the end of the last page. */
	fault.address = FIXTURE_DATA + 0x1fff;
	assert_int_equal(kernel_take_fault(&fault), FAKE_HAL_RETURNED);
	assert_int_equal(*(char *)fake_hal_translate(fake_hal_root(), fault.address, &access),
			 0);
}

static void wait_outlives_its_handle_slot(void **)
{
	struct exit_record_reader record;
	struct program child;
	struct reply reply;
	uint64_t handle = start_child(&child, nullptr);

	submit_process_wait(&first, handle, 0, 7);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	assert_int_equal(release(&first, handle), STATUS_OK);
	exit_now(&child, 5);
	(void)kernel_settle();
	record = read_wait(&reply, 7);
	assert_int_equal(exit_record_get_exited(record), 5);
}

static void child_lives_without_its_handle(void **)
{
	struct program child;
	uint64_t handle = start_child(&child, nullptr);

	assert_int_equal(release(&first, handle), STATUS_OK);
	program_run(&child);
	assert_true(program_is_running(&child));
	exit_now(&child, 0);
}

/* A child that can spawn, and a child of its, with a copy of the child's "memory". */
static uint64_t start_family(struct program *child, struct program *grandchild)
{
	uint64_t handle, grandchild_handle;

	assert_int_equal(spawn_child(&first, UINT64_C(4) << 20,
				     program_capability(&first, "spawner"), &handle),
			 STATUS_OK);
	program_attach(child, process_behind(&first, handle));
	program_run(child);
	assert_int_equal(spawn_child(child, UINT64_C(1) << 20,
				     program_capability(child, "memory"), &grandchild_handle),
			 STATUS_OK);
	program_attach(grandchild, process_behind(child, grandchild_handle));
	program_run(&first);
	return handle;
}

/* A child whose parent goes first lives on, and the parent's account until the child ends. */
static void orphan_keeps_its_parents_account(void **)
{
	struct program child, grandchild;
	uint64_t handle = start_family(&child, &grandchild);

	assert_int_equal(supply_audit().accounts, before.accounts + 2);
	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(process_status(&first, handle), EXIT_RECORD_KILLED);
	assert_int_equal(release(&first, handle), STATUS_OK);
	assert_int_equal(supply_audit().accounts, before.accounts + 2);
	kernel_check();
	program_run(&grandchild);
	assert_true(address_space_fault(&grandchild.process->space, FIXTURE_DATA,
					HAL_ACCESS_WRITE));
	exit_now(&grandchild, 0);
	program_run(&first);
}

/* A child that holds its parent's "memory" finds nobody there once the parent has gone. */
static void memory_of_the_dead_cannot_be_used(void **)
{
	struct program child, grandchild;
	uint64_t handle = start_family(&child, &grandchild);
	struct request request;
	struct reply reply;

	for (uint32_t round = 0; round < 3; round++) {
		if (round == 1)
			assert_int_equal(kill_process(&first, handle), STATUS_OK);
		if (round == 2)
			(void)kernel_settle();
		program_run(&grandchild);
		request_init_big(&request, program_capability(&grandchild, "given"),
				 VIRTUAL_MEMORY_RESERVE_METHOD);
		virtual_memory_reserve_params_set_length_bytes(
			virtual_memory_reserve_params_init_root(&request.params), PAGE_SIZE);
		assert_int_equal(call_now(&grandchild, &request, &reply),
				 round == 0 ? STATUS_OK : STATUS_PROCESS_ENDED);
		program_run(&first);
	}
	exit_now(&grandchild, 0);
	program_run(&first);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

static void end_of_the_first_is_the_machines(void **)
{
	static const int32_t codes[] = { 0, 1, 61, 62, 255, 256, -1, INT32_MIN };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		uint8_t verdict = codes[i] >= 0 && codes[i] < 62 ? (uint8_t)codes[i] : 62;
		struct entered entered;

		kernel_boot(FIXTURE_RAM_BYTES);
		entered = program_syscall(&first, SYSCALL_EXIT, (uint64_t)codes[i], 0);
		assert_int_equal(entered.end, FAKE_HAL_POWER_OFF);
		assert_int_equal(fake_hal_verdict(), verdict);
	}
	kernel_boot(FIXTURE_RAM_BYTES);
}

/* Dying in every state of a thread. */
static void death_takes_pending_operations_along(void **)
{
	for (uint32_t state = 0; state < 4; state++) {
		struct program child;
		uint64_t handle = start_child(&child, "timer");
		struct request request;

		program_run(&child);
		for (uint16_t tag = 0; tag < 20; tag++) {
			request_init(&request, program_capability(&child, "given"), 1, tag);
			struct_builder_set_uint64(message_builder_root(&request.params, 1, 0),
						  0, UINT64_MAX - tag);
			request_submit(&child, &request);
		}
		(void)program_enter(&child, state,
				    state < 2 ? RING_NO_WAIT : hal_timestamp() + SLICE_NS * 9);
		assert_int_equal(child.process->thread->ring.waiting, 20);
		if (state == 1)
			exit_now(&child, 1);
		program_run(&first);
		if (state != 1)
			assert_int_equal(kill_process(&first, handle), STATUS_OK);
		assert_int_equal(release(&first, handle), STATUS_OK);
		kernel_advance(SLICE_NS * 10);
		assert_balance(before);
	}
}

/* Submit a wait for ever, of the timer that the child was given. */
static void submit_wait(struct program *child, uint16_t tag)
{
	struct request request;

	request_init(&request, program_capability(child, "given"), TIMER_WAIT_METHOD, tag);
	timer_wait_params_set_until_ns(timer_wait_params_init_root(&request.params),
				       UINT64_MAX);
	request_submit(child, &request);
}

/* A program that holds its own handle kills itself: what it submitted before is dropped, and
 * what it submitted after, which would wait in a ring that is taken apart, is never run. */
static void entry_that_ends_its_process_is_the_last(void **)
{
	struct program child;
	uint64_t handle = start_child(&child, "timer");
	struct process *process = child.process;
	struct request request;
	struct cap_id own;

	assert_int_equal(process_reserve_slots(process, 1), STATUS_OK);
	own = process_insert_reserved(process, object_get(&process->handle));
	program_run(&child);
	submit_wait(&child, 1);
	request_init(&request, own.raw, PROCESS_HANDLE_KILL_METHOD, 2);
	(void)process_handle_kill_params_init_root(&request.params);
	request_submit(&child, &request);
	for (uint16_t tag = 3; tag < 6; tag++)
		submit_wait(&child, tag);
	assert_false(program_enter(&child, 0, RING_NO_WAIT).returned);
	program_run(&first);
	(void)kernel_settle();
	assert_int_equal(process_status(&first, handle), EXIT_RECORD_KILLED);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

/* A memory object given to a child stays as long as the child has it. */
static void given_memory_outlives_the_giver(void **)
{
	struct program child;
	uint64_t memory, handle;
	struct mapping_request what = { .length_bytes = PAGE_SIZE,
					.protection = PROTECTION_READ_WRITE };
	uint64_t address;

	assert_int_equal(create_object(&first, 100 * PAGE_SIZE, &memory), STATUS_OK);
	assert_int_equal(spawn_child(&first, 0, memory, &handle), STATUS_OK);
	assert_int_equal(release(&first, memory), STATUS_OK);
	program_attach(&child, process_behind(&first, handle));
	program_run(&child);
	what.memory = program_capability(&child, "given");
	assert_int_equal(map_object(&child, what, &address), STATUS_OK);
	assert_int_equal(release(&child, what.memory), STATUS_OK);
	assert_true(address_space_fault(&child.process->space, address, HAL_ACCESS_WRITE));
	assert_int_equal(unmap(&child, address, PAGE_SIZE), STATUS_OK);
	exit_now(&child, 0);
	program_run(&first);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

/* Many processes come and go at random, some with things in their hands. */
static void random_lives_leave_nothing_behind(void **)
{
	struct sequence sequence = { 99 };
	uint64_t handles[6] = { 0 };

	for (uint32_t round = 0; round < 3000; round++) {
		uint64_t *handle = &handles[sequence_below(&sequence, 6)];
		struct program child;
		uint64_t memory;

		program_run(&first);
		if (*handle == 0) {
			*handle = start_child(&child, "memory");
		} else if (sequence_below(&sequence, 3) == 0) {
			(void)kill_process(&first, *handle);
			assert_int_equal(release(&first, *handle), STATUS_OK);
			*handle = 0;
		} else if (process_behind(&first, *handle)->state == PROCESS_RUNNING) {
			program_attach(&child, process_behind(&first, *handle));
			program_run(&child);
			(void)create_object(&child, sequence_below(&sequence, 300) * PAGE_SIZE,
					    &memory);
			if (sequence_below(&sequence, 4) == 0)
				exit_now(&child, 1);
		}
		if (round % 16 == 0)
			kernel_check();
	}
	program_run(&first);
	for (uint32_t i = 0; i < 6; i++) {
		if (handles[i] == 0)
			continue;
		(void)kill_process(&first, handles[i]);
		assert_int_equal(release(&first, handles[i]), STATUS_OK);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, remember, compare)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(exit_code_reaches_every_waiter),
		TEST(killed_process_says_so),
		TEST(fault_ends_its_process_alone),
		TEST(fault_record_has_what_stack_there_is),
		TEST(touching_memory_is_no_fault),
		TEST(wait_outlives_its_handle_slot),
		TEST(child_lives_without_its_handle),
		TEST(orphan_keeps_its_parents_account),
		TEST(end_of_the_first_is_the_machines),
		TEST(death_takes_pending_operations_along),
		TEST(entry_that_ends_its_process_is_the_last),
		TEST(memory_of_the_dead_cannot_be_used),
		TEST(given_memory_outlives_the_giver),
		TEST(random_lives_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
