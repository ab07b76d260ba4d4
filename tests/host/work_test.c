// SPDX-License-Identifier: MIT
/* Host test of work.c: in which order deferred work is done. */
#include "kernel/core/work.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

constexpr uint32_t STEPS_MAX = 16;

/* An item that takes some steps, and submits others in its first. */
struct item {
	struct work work;
	char name;
	uint32_t steps;
	struct item *submits[2];
};

static struct work_queue queue;
static char done[STEPS_MAX + 1];
static uint32_t done_count;

static bool step(struct work *work)
{
	struct item *item = LIST_OWNER(work, struct item, work);

	assert_in_range(done_count, 0, STEPS_MAX - 1);
	done[done_count++] = item->name;
	for (uint32_t i = 0; i < 2; i++) {
		if (item->submits[i] != nullptr)
			work_submit(&queue, &item->submits[i]->work);
		item->submits[i] = nullptr;
	}
	return --item->steps != 0;
}

static int setup(void **)
{
	work_queue_init(&queue);
	done_count = 0;
	for (uint32_t i = 0; i <= STEPS_MAX; i++)
		done[i] = 0;
	return 0;
}

static void run_all(void)
{
	while (work_is_waiting(&queue))
		work_run_step(&queue);
}

static void work_is_done_first_come_first_served(void **)
{
	struct item a = { .name = 'a', .steps = 3 };
	struct item b = { .name = 'b', .steps = 2 };
	struct item late = { .name = 'c', .steps = 1 };

	work_init(&a.work, step);
	work_init(&b.work, step);
	work_init(&late.work, step);
	work_submit(&queue, &a.work);
	work_submit(&queue, &b.work);
	work_run_step(&queue);
	work_submit(&queue, &late.work);
	run_all();
	assert_string_equal(done, "aaabbc");
}

static void what_a_step_submits_is_done_before_its_own_work_goes_on(void **)
{
	struct item child = { .name = 'x', .steps = 2 };
	struct item other = { .name = 'y', .steps = 1 };
	struct item parent = { .name = 'p', .steps = 2, .submits = { &child, &other } };
	struct item waiting = { .name = 'w', .steps = 1 };

	work_init(&child.work, step);
	work_init(&other.work, step);
	work_init(&parent.work, step);
	work_init(&waiting.work, step);
	work_submit(&queue, &parent.work);
	work_submit(&queue, &waiting.work);
	run_all();
	assert_string_equal(done, "pxxypw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(work_is_done_first_come_first_served, setup),
		cmocka_unit_test_setup(what_a_step_submits_is_done_before_its_own_work_goes_on,
				       setup),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
