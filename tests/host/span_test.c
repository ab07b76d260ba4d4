// SPDX-License-Identifier: MIT
/* Host test of user/rt/span.c: nothing is lost, whatever the order of taking and
 * giving back. */
#include "user/rt/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

constexpr uint32_t ARENA_BYTES = 12032; /* that of a default ring block */
constexpr uint32_t USABLE_BYTES = ARENA_BYTES / SPAN_UNIT_BYTES * SPAN_UNIT_BYTES;
constexpr uint32_t LIVE_MAX = 64;

struct live {
	uint32_t offset;
	uint32_t bytes;
};

static void whole_arena_is_one_span(void **state)
{
	struct span_pool pool;

	(void)state;
	span_pool_init(&pool, ARENA_BYTES);
	assert_int_equal(span_pool_free_bytes(&pool), USABLE_BYTES);
	assert_int_equal(span_take(&pool, USABLE_BYTES + 1), SPAN_NONE);
	assert_int_equal(span_take(&pool, USABLE_BYTES), 0);
	assert_int_equal(span_take(&pool, 1), SPAN_NONE);
	span_give(&pool, 0, USABLE_BYTES);
	assert_int_equal(span_pool_free_bytes(&pool), USABLE_BYTES);
}

static void a_zeroed_pool_is_empty(void **state)
{
	struct span_pool pool = { .free = { 0 } };

	(void)state;
	assert_int_equal(span_take(&pool, 8), SPAN_NONE);
	assert_int_equal(span_pool_free_bytes(&pool), 0);
}

static void of_a_huge_arena_a_part_is_used(void **state)
{
	struct span_pool pool;

	(void)state;
	span_pool_init(&pool, 1U << 20);
	assert_int_equal(span_pool_free_bytes(&pool), SPAN_UNITS_MAX * SPAN_UNIT_BYTES);
	assert_int_equal(span_take(&pool, SPAN_UNITS_MAX * SPAN_UNIT_BYTES), 0);
}

static void spans_may_cross_words(void **state)
{
	struct span_pool pool;

	(void)state;
	span_pool_init(&pool, ARENA_BYTES);
	assert_int_equal(span_take(&pool, 60 * SPAN_UNIT_BYTES), 0);
	assert_int_equal(span_take(&pool, 100 * SPAN_UNIT_BYTES), 60 * SPAN_UNIT_BYTES);
	span_give(&pool, 0, 60 * SPAN_UNIT_BYTES);
	span_give(&pool, 60 * SPAN_UNIT_BYTES, 100 * SPAN_UNIT_BYTES);
	assert_int_equal(span_pool_free_bytes(&pool), USABLE_BYTES);
}

static uint32_t rounded(uint32_t bytes)
{
	return bytes == 0 ? SPAN_UNIT_BYTES
			  : (bytes + SPAN_UNIT_BYTES - 1) & ~(SPAN_UNIT_BYTES - 1);
}

static void assert_disjoint(const struct live *live, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		assert_true(live[i].offset + rounded(live[i].bytes) <= ARENA_BYTES);
		for (uint32_t j = 0; j < i; j++)
			assert_true(live[i].offset + rounded(live[i].bytes) <= live[j].offset ||
				    live[j].offset + rounded(live[j].bytes) <= live[i].offset);
	}
}

static void random_order_loses_nothing(void **state)
{
	struct span_pool pool;
	struct live live[LIVE_MAX];
	uint32_t count = 0;
	uint32_t taken = 0;

	(void)state;
	srand(1);
	span_pool_init(&pool, ARENA_BYTES);
	for (uint32_t round = 0; round < 20000; round++) {
		uint32_t bytes = (uint32_t)rand() % (rand() % 8 == 0 ? 6000 : 400);

		uint32_t offset = count < LIVE_MAX && rand() % 2 == 0 ? span_take(&pool, bytes)
								      : SPAN_NONE;

		if (offset != SPAN_NONE) {
			live[count++] = (struct live){ offset, bytes };
			taken += rounded(bytes);
		} else if (count != 0) {
			uint32_t i = (uint32_t)rand() % count;

			span_give(&pool, live[i].offset, live[i].bytes);
			taken -= rounded(live[i].bytes);
			live[i] = live[--count];
		}
		assert_int_equal(span_pool_free_bytes(&pool), USABLE_BYTES - taken);
		if (round % 16 == 0)
			assert_disjoint(live, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_arena_is_one_span),
		cmocka_unit_test(a_zeroed_pool_is_empty),
		cmocka_unit_test(of_a_huge_arena_a_part_is_used),
		cmocka_unit_test(spans_may_cross_words),
		cmocka_unit_test(random_order_loses_nothing),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
