// SPDX-License-Identifier: MIT
/* Host test of range_set.c: against a bitmap of pages, with random and with full sets. */
#include "kernel/arch/x86_64/range_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

constexpr uint32_t MODEL_PAGES = 1024;
constexpr uint32_t ROUNDS = 20000;

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (random_state >> 33) % limit;
}

struct model {
	bool has[MODEL_PAGES];
	uint32_t pages; /* of which the test uses so many */
};

static void model_add(struct model *model, uint64_t start, uint64_t end)
{
	for (uint64_t page = 0; page < model->pages; page++)
		if (page * PAGE_SIZE >= start && (page + 1) * PAGE_SIZE <= end)
			model->has[page] = true;
}

static void model_remove(struct model *model, uint64_t start, uint64_t end)
{
	for (uint64_t page = 0; page < model->pages; page++)
		if ((page + 1) * PAGE_SIZE > start && page * PAGE_SIZE < end)
			model->has[page] = false;
}

/* Pages in set and model; fails if the set has one that the model does not. */
static void compare(const struct range_set *set, const struct model *model, bool exact)
{
	uint64_t bytes = 0;

	assert_true(range_set_check(set));
	for (uint64_t page = 0; page < model->pages; page++) {
		bool in_set = range_set_contains(set, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);

		assert_true(!in_set || model->has[page]);
		assert_true(!exact || in_set == model->has[page]);
		bytes += in_set ? PAGE_SIZE : 0;
	}
	assert_int_equal(bytes, range_set_bytes(set));
}

static void run(uint32_t pages, uint64_t longest, bool exact)
{
	static struct model model;
	struct range_set set = {};

	memset(&model, 0, sizeof(model));
	model.pages = pages;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint64_t start = random_below(pages * PAGE_SIZE);
		uint64_t end = start + random_below(longest);

		if (end > pages * PAGE_SIZE)
			end = pages * PAGE_SIZE;
		if (start < end && random_below(2) == 0) {
			range_set_add(&set, start, end);
			model_add(&model, start, end);
		} else if (start < end) {
			range_set_remove(&set, start, end);
			model_remove(&model, start, end);
		}
		if (i % 16 == 0)
			compare(&set, &model, exact);
	}
}

static void agrees_with_a_bitmap(void **)
{
	run(2 * BOOT_MAX_RANGES - 2, 20 * PAGE_SIZE, true);
}

static void never_has_too_much_when_full(void **)
{
	run(MODEL_PAGES, 3 * PAGE_SIZE, false);
}

static void full_set_drops_what_does_not_fit(void **)
{
	struct range_set set = {};

	for (uint64_t i = 0; i < BOOT_MAX_RANGES; i++)
		range_set_add(&set, 4 * i * PAGE_SIZE, (4 * i + 3) * PAGE_SIZE);
	range_set_add(&set, 0x1000000, 0x1001000);
	assert_false(range_set_contains(&set, 0x1000000, 0x1001000));
	range_set_remove(&set, PAGE_SIZE, 2 * PAGE_SIZE);
	assert_true(range_set_check(&set));
	assert_false(range_set_contains(&set, PAGE_SIZE, 2 * PAGE_SIZE));
	assert_true(range_set_contains(&set, 0, PAGE_SIZE));
}

static void rounds_towards_less(void **)
{
	struct range_set set = {};

	range_set_add(&set, 1, 2 * PAGE_SIZE - 1);
	assert_int_equal(set.count, 0);
	range_set_add(&set, 0, 4 * PAGE_SIZE);
	range_set_remove(&set, PAGE_SIZE + 1, PAGE_SIZE + 2);
	assert_true(range_set_contains(&set, 0, PAGE_SIZE));
	assert_false(range_set_contains(&set, PAGE_SIZE, PAGE_SIZE + 1));
	assert_true(range_set_contains(&set, 2 * PAGE_SIZE, 4 * PAGE_SIZE));
}

static void top_of_memory_is_no_wrap(void **)
{
	struct range_set set = {};

	range_set_add(&set, UINT64_MAX - 2 * PAGE_SIZE, UINT64_MAX);
	assert_true(range_set_check(&set));
	range_set_add(&set, UINT64_MAX - 5, UINT64_MAX);
	assert_true(range_set_check(&set));
	range_set_remove(&set, 0, UINT64_MAX);
	assert_int_equal(set.count, 0);
}

static void pages_are_taken_lowest_first(void **)
{
	struct range_set set = {};

	range_set_add(&set, 3 * PAGE_SIZE, 5 * PAGE_SIZE);
	range_set_add(&set, 9 * PAGE_SIZE, 10 * PAGE_SIZE);
	assert_int_equal(range_set_take_page(&set, 4 * PAGE_SIZE).raw, 3 * PAGE_SIZE);
	assert_int_equal(range_set_take_page(&set, 4 * PAGE_SIZE).raw, PADDR_NONE);
	assert_int_equal(range_set_take_page(&set, 10 * PAGE_SIZE).raw, 4 * PAGE_SIZE);
	assert_int_equal(range_set_take_page(&set, 10 * PAGE_SIZE).raw, 9 * PAGE_SIZE);
	assert_int_equal(range_set_take_page(&set, UINT64_MAX).raw, PADDR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_bitmap),
		cmocka_unit_test(never_has_too_much_when_full),
		cmocka_unit_test(full_set_drops_what_does_not_fit),
		cmocka_unit_test(rounds_towards_less),
		cmocka_unit_test(top_of_memory_is_no_wrap),
		cmocka_unit_test(pages_are_taken_lowest_first),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
