// SPDX-License-Identifier: MIT
/*
 * Host test of schedule.c, deadline.c and work.c: turns and slices, no tick for a thread alone,
 * deadlines at any time, and deferred work that neither starves nor runs away.
 */
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <string.h>

constexpr uint32_t CHILDREN = 3;

static struct program children[CHILDREN];
static uint64_t handles[CHILDREN];

static void start_children(void)
{
	for (uint32_t i = 0; i < CHILDREN; i++) {
		assert_int_equal(spawn_child(&first, UINT64_C(2) << 20,
					     program_capability(&first, "timer"), &handles[i]),
				 STATUS_OK);
		program_attach(&children[i], process_behind(&first, handles[i]));
	}
}

/* Which of first (0) and the children (1 and up) the CPU runs. */
static uint32_t running(void)
{
	for (uint32_t i = 0; i < CHILDREN; i++)
		if (program_is_running(&children[i]))
			return i + 1;
	assert_true(program_is_running(&first));
	return 0;
}

static void lone_thread_has_no_tick(void **)
{
	assert_int_equal(fake_hal_timer_due(), FAKE_HAL_DISARMED);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status, STATUS_OK);
	assert_int_equal(fake_hal_timer_due(), FAKE_HAL_DISARMED);
	/* An interrupt that nobody asked for changes nothing. */
	assert_int_equal(kernel_take_timer(), FAKE_HAL_RETURNED);
	assert_true(program_is_running(&first));
	assert_int_equal(fake_hal_timer_due(), FAKE_HAL_DISARMED);
}

static void ready_threads_take_turns(void **)
{
	start_children();
	for (uint32_t i = 0; i < 40; i++) {
		uint64_t start = hal_timestamp();

		assert_int_equal(running(), i % (CHILDREN + 1));
		/* The first slice began when the first child was started, at the same time. */
		assert_int_equal(fake_hal_timer_due(), start + SLICE_NS);
		kernel_advance(SLICE_NS - 1);
		assert_int_equal(running(), i % (CHILDREN + 1));
		kernel_advance(1);
	}
}

static void early_interrupt_takes_no_slice_away(void **)
{
	start_children();
	for (uint32_t i = 0; i < 10; i++) {
		fake_hal_advance(SLICE_NS / 20);
		assert_int_equal(kernel_take_timer(), FAKE_HAL_RETURNED);
		assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
		assert_int_equal(running(), 0);
		assert_int_equal(fake_hal_timer_due(),
				 hal_timestamp() + SLICE_NS - (i + 1) * (SLICE_NS / 20));
	}
}

static void last_thread_loses_its_tick(void **)
{
	start_children();
	for (uint32_t i = 0; i < CHILDREN; i++)
		assert_int_equal(kill_process(&first, handles[i]), STATUS_OK);
	kernel_advance(SLICE_NS);
	assert_int_equal(running(), 0);
	assert_false(work_is_waiting(&hal_cpu()->work));
	kernel_advance(SLICE_NS);
	assert_int_equal(fake_hal_timer_due(), FAKE_HAL_DISARMED);
}

/* Back to the thread that the CPU still holds: no switch. */
static void waking_the_same_thread_costs_no_switch(void **)
{
	const struct hal_context *context = &first.process->thread->context;
	uint32_t loads = context->loads;

	submit_timer_wait(&first, 500, 0, 1);
	assert_int_equal(program_enter(&first, 1, RING_NO_DEADLINE).end, FAKE_HAL_IDLE);
	kernel_advance(500);
	assert_true(program_is_running(&first));
	assert_int_equal(context->loads, loads);
	assert_int_equal(context->saves, 0);
}

/* Who wakes while others spin gets the CPU within a slice of each. */
static void sleeper_wakes_among_spinners(void **)
{
	uint64_t wake = hal_timestamp() + 10 * SLICE_NS + 123;

	start_children();
	submit_timer_wait(&first, wake, 0, 1);
	(void)program_enter(&first, 1, RING_NO_DEADLINE);
	assert_int_equal(running(), 1);
	kernel_advance(wake - hal_timestamp());
	assert_int_equal(first.process->thread->state, THREAD_READY);
	kernel_advance(CHILDREN * SLICE_NS);
	assert_int_equal(first.process->thread->context.word, 1);
	while (running() != 0)
		kernel_advance(SLICE_NS);
	assert_in_range(hal_timestamp(), wake, wake + (CHILDREN + 1) * SLICE_NS);
}

/* --- Deadlines -------------------------------------------------------------------------- */

constexpr uint32_t DEADLINES = 200;

struct test_deadline {
	struct deadline deadline;
	uint64_t at;
	bool set;
};

static struct test_deadline deadlines[DEADLINES];
static uint64_t last_expired;

static void expire(struct deadline *deadline)
{
	struct test_deadline *test = (struct test_deadline *)deadline;

	assert_true(test->set);
	assert_in_range(hal_timestamp(), test->at, UINT64_MAX);
	assert_in_range(test->at, last_expired, UINT64_MAX);
	last_expired = test->at;
	test->set = false;
}

static void check_timer(void)
{
	uint64_t first_at = UINT64_MAX;

	for (uint32_t i = 0; i < DEADLINES; i++)
		if (deadlines[i].set && deadlines[i].at < first_at)
			first_at = deadlines[i].at;
	if (first_at != UINT64_MAX)
		assert_in_range(fake_hal_timer_due(), 0,
				first_at > hal_timestamp() ? first_at : hal_timestamp());
	assert_true(heap_check(&hal_cpu()->deadlines));
}

static void random_deadlines_expire_once_in_order(void **)
{
	struct sequence sequence = { 31 };

	memset(deadlines, 0, sizeof(deadlines));
	for (uint32_t i = 0; i < DEADLINES; i++)
		deadline_init(&deadlines[i].deadline, expire);
	for (uint32_t round = 0; round < 20000; round++) {
		struct test_deadline *test = &deadlines[sequence_below(&sequence, DEADLINES)];

		if (test->set && sequence_below(&sequence, 3) == 0) {
			deadline_clear(hal_cpu(), &test->deadline);
			test->set = false;
		} else if (!test->set) {
			test->at = hal_timestamp() + sequence_below(&sequence, 1000);
			test->set = true;
			deadline_set(hal_cpu(), &test->deadline, test->at);
		}
		if (sequence_below(&sequence, 8) == 0) {
			last_expired = 0;
			kernel_advance(sequence_below(&sequence, 400));
			for (uint32_t i = 0; i < DEADLINES; i++)
				assert_true(!deadlines[i].set ||
					    deadlines[i].at > hal_timestamp());
		}
		check_timer();
	}
	last_expired = 0;
	kernel_advance(1000);
	for (uint32_t i = 0; i < DEADLINES; i++)
		assert_false(deadlines[i].set);
}

/* However far ahead: the timer is never asked for more than it can count, nor rings early. */
static void far_deadlines_are_reached_in_parts(void **)
{
	static const uint64_t times[] = { UINT64_C(1) << 40, (UINT64_C(1) << 40) + 1,
					  UINT64_C(3) << 40, UINT64_C(1) << 50,
					  UINT64_MAX / 2,    UINT64_MAX - 1 };

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		deadline_init(&deadlines[0].deadline, expire);
		deadlines[0].at = times[i];
		deadlines[0].set = true;
		deadline_set(hal_cpu(), &deadlines[0].deadline, times[i]);
		assert_in_range(fake_hal_timer_due() - hal_timestamp(), 0, UINT64_C(1) << 40);
		kernel_advance(UINT64_C(5) << 40);
		assert_int_equal(deadlines[0].set, times[i] > hal_timestamp());
		deadline_clear(hal_cpu(), &deadlines[0].deadline);
	}
	/* The same through the door. */
	assert_int_equal(program_enter(&first, 1, UINT64_MAX - 1).end, FAKE_HAL_IDLE);
	kernel_advance(UINT64_C(3) << 40);
	assert_false(program_is_running(&first));
	process_kill(first.process);
	assert_int_equal(kernel_settle(), FAKE_HAL_POWER_OFF);
	kernel_boot(FIXTURE_RAM_BYTES);
}

/* --- Deferred work ---------------------------------------------------------------------- */

/* A child with much to take apart: more than one turn's work. */
static uint64_t start_heavy_child(void)
{
	struct program child;
	uint64_t handle, memory, address;

	assert_int_equal(spawn_child(&first, UINT64_C(10) << 20, 0, &handle), STATUS_OK);
	program_attach(&child, process_behind(&first, handle));
	program_run(&child);
	assert_int_equal(create_object(&child, UINT64_C(9) << 20, &memory), STATUS_OK);
	assert_int_equal(
		map_object(&child,
			   (struct mapping_request){ .memory = memory,
						     .length_bytes = UINT64_C(9) << 20,
						     .protection = PROTECTION_READ_WRITE },
			   &address),
		STATUS_OK);
	for (uint64_t at = 0; at < UINT64_C(9) << 20; at += PAGE_SIZE)
		assert_true(address_space_fault(&child.process->space, address + at,
						HAL_ACCESS_WRITE));
	program_run(&first);
	return handle;
}

/* The CPU's only thread never enters the kernel, and still the dead are taken apart. */
static void spinner_does_not_keep_work_back(void **)
{
	uint64_t handle = start_heavy_child();

	process_kill(process_behind(&first, handle));
	assert_true(work_is_waiting(&hal_cpu()->work));
	assert_true(program_is_running(&first));
	kernel_advance(20 * SLICE_NS);
	assert_false(work_is_waiting(&hal_cpu()->work));
	assert_int_equal(process_behind(&first, handle)->state, PROCESS_ENDED);
}

/* Who polls gets there too. */
static void polling_ends(void **)
{
	uint64_t handle = start_heavy_child();
	uint32_t polls = 0;

	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	while (process_status(&first, handle) == EXIT_RECORD_RUNNING)
		assert_in_range(++polls, 1, 1000);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

/* What was released can be had again, with no wait in between. */
static void released_memory_comes_back_at_once(void **)
{
	for (uint32_t i = 0; i < 50; i++) {
		uint64_t memory;

		assert_int_equal(create_object(&first, UINT64_C(9) << 20, &memory), STATUS_OK);
		assert_int_equal(release(&first, memory), STATUS_OK);
	}
}

static void interrupt_stops_deferred_work(void **)
{
	uint64_t handle = start_heavy_child();

	fake_hal_set_interrupt_pending(true);
	process_kill(process_behind(&first, handle));
	schedule_work_turn();
	assert_true(work_is_waiting(&hal_cpu()->work));
	assert_true(process_behind(&first, handle)->has_space);
	/* Even while nobody wants the CPU: the interrupt is taken first. */
	submit_process_wait(&first, handle, 0, 1);
	assert_int_equal(program_enter(&first, 1, RING_NO_DEADLINE).end, FAKE_HAL_IDLE);
	assert_true(work_is_waiting(&hal_cpu()->work));
	fake_hal_set_interrupt_pending(false);
	assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
	assert_true(program_is_running(&first));
}

struct test_work {
	struct work work;
	uint32_t steps_left;
	struct test_work *submits; /* by its first step */
};

static struct test_work works[3];
static char order[32];

static bool test_step(struct work *work)
{
	struct test_work *test = (struct test_work *)work;
	size_t length = strlen(order);

	order[length] = (char)('a' + (test - works));
	order[length + 1] = '\0';
	if (test->submits != nullptr)
		work_submit(&hal_cpu()->work, &test->submits->work);
	test->submits = nullptr;
	return --test->steps_left > 0;
}

/* What a step submits is done before the work goes on that submitted it. */
static void submitted_work_comes_first(void **)
{
	order[0] = '\0';
	for (uint32_t i = 0; i < 3; i++) {
		work_init(&works[i].work, test_step);
		works[i].steps_left = i + 2;
		works[i].submits = i < 2 ? &works[i + 1] : nullptr;
	}
	work_submit(&hal_cpu()->work, &works[0].work);
	(void)kernel_settle();
	assert_string_equal(order, "abccccbba");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lone_thread_has_no_tick),
		TEST(ready_threads_take_turns),
		TEST(early_interrupt_takes_no_slice_away),
		TEST(last_thread_loses_its_tick),
		TEST(waking_the_same_thread_costs_no_switch),
		TEST(sleeper_wakes_among_spinners),
		TEST(random_deadlines_expire_once_in_order),
		TEST(far_deadlines_are_reached_in_parts),
		TEST(spinner_does_not_keep_work_back),
		TEST(polling_ends),
		TEST(released_memory_comes_back_at_once),
		TEST(interrupt_stops_deferred_work),
		TEST(submitted_work_comes_first),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
