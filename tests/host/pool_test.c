// SPDX-License-Identifier: MIT
/*
 * Host test of pool.c: several pools on one small machine against a list of live objects, the
 * conservation of frames, running out of frames, and that every misuse is noticed.
 */
#include "kernel/core/pool.h"

#include "lib/require.h"
#include "tests/host/fake_hal.h"
#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint32_t MACHINE_FRAMES = 64;
constexpr uint32_t POOLS = 4;
constexpr uint32_t OBJECTS = 300;

static const struct {
	size_t size;
	size_t alignment;
} SHAPES[POOLS] = { { 16, 8 }, { 100, 4 }, { 200, 64 }, { 2048, 8 } };

struct model {
	uint8_t *objects[POOLS][OBJECTS]; /* nullptr = not allocated */
	uint32_t count[POOLS];
};

static struct frames frames;
static uint32_t kept_frames; /* empty pages that the test's pools have kept */

/* All RAM but the first page, which is the machine's own. */
static int setup(void **state)
{
	(void)state;
	kept_frames = 0;
	fake_hal_init((MACHINE_FRAMES + 1) * PAGE_SIZE);
	frames_init(&frames, malloc(frames_storage_bytes(1024)), (struct paddr){ 0 }, 1024);
	frames_add_range(
		&frames, (struct paddr){ FAKE_HAL_RAM_START + PAGE_SIZE },
		(struct paddr){ FAKE_HAL_RAM_START + (MACHINE_FRAMES + 1) * PAGE_SIZE });
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(frames_free_count(&frames) + kept_frames, frames_total_count(&frames));
	free(frames.info);
	fake_hal_fini();
	return 0;
}

/* Nothing of the pool is in use, and it keeps at most one page for the next. */
static void assert_empty(const struct pool *pool)
{
	assert_int_equal(pool->object_count, 0);
	assert_in_range(pool->page_count, 0, 1);
	assert_int_equal(pool_idle_bytes(pool), pool->page_count * PAGE_SIZE);
	kept_frames += pool->page_count;
}

static void assert_zeroed(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(bytes[i], 0);
}

/* Every object is filled with its number, so that two that overlap show. */
static void toggle(struct pool *pool, struct model *model, uint32_t p, uint32_t i)
{
	uint8_t **object = &model->objects[p][i];
	size_t size = pool_object_bytes(pool);
	void *fresh;

	if (*object != nullptr) {
		for (size_t b = 0; b < size; b++)
			assert_int_equal((*object)[b], (uint8_t)i);
		pool_free(pool, *object);
		*object = nullptr;
		model->count[p]--;
		return;
	}
	if (pool_alloc(pool, &fresh) != STATUS_OK) {
		assert_int_equal(frames_free_count(&frames), 0);
		return;
	}
	assert_int_equal((uintptr_t)fresh % SHAPES[p].alignment, 0);
	assert_zeroed(fresh, size);
	memset(fresh, (int)i, size);
	*object = fresh;
	model->count[p]++;
}

static void assert_conserved(const struct pool *pools, const struct model *model)
{
	uint64_t bytes = 0;

	for (uint32_t p = 0; p < POOLS; p++) {
		assert_true(pool_check(&pools[p]));
		assert_int_equal(pool_used_bytes(&pools[p]),
				 model->count[p] * pool_object_bytes(&pools[p]));
		bytes += pool_used_bytes(&pools[p]) + pool_idle_bytes(&pools[p]);
	}
	assert_int_equal(bytes, (frames_total_count(&frames) - frames_free_count(&frames)) *
					PAGE_SIZE);
	assert_true(frames_check(&frames));
}

static void agrees_with_a_list_of_objects(void **state)
{
	static struct model model;
	struct pool pools[POOLS];
	struct sequence sequence = { 5 };

	(void)state;
	model = (struct model){ 0 };
	for (uint32_t p = 0; p < POOLS; p++)
		pool_init(&pools[p], &frames, SHAPES[p].size, SHAPES[p].alignment);
	for (uint32_t step = 0; step < 8000; step++) {
		uint32_t p = sequence_below(&sequence, POOLS);

		toggle(&pools[p], &model, p, sequence_below(&sequence, OBJECTS));
		assert_conserved(pools, &model);
	}
	for (uint32_t p = 0; p < POOLS; p++) {
		for (uint32_t i = 0; i < OBJECTS; i++)
			if (model.objects[p][i] != nullptr)
				toggle(&pools[p], &model, p, i);
		assert_empty(&pools[p]);
	}
}

static void runs_out_and_recovers(void **state)
{
	void *objects[2 * MACHINE_FRAMES], *more;
	uint32_t count = 0;
	struct pool pool;

	(void)state;
	pool_init(&pool, &frames, 2048, 8);
	while (pool_alloc(&pool, &objects[count]) == STATUS_OK)
		count++;
	assert_int_equal(count, MACHINE_FRAMES);
	assert_int_equal(pool_alloc(&pool, &more), STATUS_OUT_OF_MEMORY);
	assert_true(pool_check(&pool));
	pool_free(&pool, objects[3]);
	assert_int_equal(pool_alloc(&pool, &objects[3]), STATUS_OK);
	for (uint32_t i = 0; i < count; i++)
		pool_free(&pool, objects[i]);
	assert_empty(&pool);
}

static void keeps_one_empty_page(void **state)
{
	struct pool pool;
	void *object;

	(void)state;
	pool_init(&pool, &frames, 1000, 8);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(pool_alloc(&pool, &object), STATUS_OK);
		pool_free(&pool, object);
		assert_int_equal(pool.page_count, 1);
	}
	assert_empty(&pool);
}

static void misuse_stops_the_machine(void **state)
{
	struct pool pool, other;
	void *object, *second;

	(void)state;
	pool_init(&pool, &frames, 48, 8);
	pool_init(&other, &frames, 48, 8);
	assert_int_equal(pool_alloc(&pool, &object), STATUS_OK);
	assert_int_equal(pool_alloc(&pool, &second), STATUS_OK);
	expect_assert_failure(pool_free(&other, object));
	expect_assert_failure(pool_free(&pool, (uint8_t *)object + 8));
	expect_assert_failure(pool_free(&pool, (uint8_t *)second + 48));
	expect_assert_failure(pool_free(&pool, (void *)((uintptr_t)object & ~(PAGE_SIZE - 1))));
	pool_free(&pool, object);
	expect_assert_failure(pool_free(&pool, object));
	assert_true(pool_check(&pool));
	pool_free(&pool, second);
	assert_empty(&pool);
	expect_assert_failure(pool_init(&other, &frames, 0, 8));
	expect_assert_failure(pool_init(&other, &frames, 2049, 8));
	expect_assert_failure(pool_init(&other, &frames, 48, 24));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(agrees_with_a_list_of_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(runs_out_and_recovers, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_one_empty_page, setup, teardown),
		cmocka_unit_test_setup_teardown(misuse_stops_the_machine, setup, teardown),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
