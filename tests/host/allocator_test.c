// SPDX-License-Identifier: MIT
/* Host test of user/rt/allocator.c: blocks never overlap, all comes back, damage is
 * recognised. */
#include "user/rt/allocator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t RANGE_BYTES = 1 << 20;
constexpr size_t STEP_BYTES = 64 * 1024;
constexpr uint64_t SECRET = 0x1122334455667788;
constexpr size_t LIVE_MAX = 200;

alignas(ALLOCATOR_ALIGNMENT) static char range[RANGE_BYTES];
static struct allocator allocator;

static int setup(void **state)
{
	*state = &allocator;
	allocator_init(&allocator, range, SECRET);
	return 0;
}

static void *take(struct allocator *a, size_t size)
{
	void *block;

	assert_int_equal(allocator_take(a, size, &block), ALLOCATOR_OK);
	return block;
}

static void extend(struct allocator *a, size_t bytes)
{
	assert_int_equal(allocator_extend(a, bytes), ALLOCATOR_OK);
	assert_true(allocator_check(a));
}

static void empty_gives_nothing(void **state)
{
	assert_null(take(*state, 1));
	assert_true(allocator_check(*state));
}

static void needed_bytes_are_enough(void **state)
{
	struct allocator *a = *state;

	for (size_t size = 1; size < 5000; size += 13) {
		setup(state);
		size_t bytes = allocator_needed(size);

		extend(a, bytes < 64 ? 64 : bytes);
		assert_non_null(take(a, size));
		assert_true(allocator_check(a));
	}
	assert_true(allocator_needed(SIZE_MAX) == SIZE_MAX);
}

static void too_large_is_refused(void **state)
{
	extend(*state, STEP_BYTES);
	assert_null(take(*state, SIZE_MAX));
	assert_null(take(*state, STEP_BYTES));
}

static void neighbours_become_one_again(void **state)
{
	struct allocator *a = *state;
	void *blocks[16];

	extend(a, STEP_BYTES);
	for (size_t i = 0; i < 16; i++)
		blocks[i] = take(a, 4000);
	assert_null(take(a, 4000));
	for (size_t i = 0; i < 16; i += 2)
		assert_int_equal(allocator_give(a, blocks[i]), ALLOCATOR_OK);
	for (size_t i = 1; i < 16; i += 2)
		assert_int_equal(allocator_give(a, blocks[i]), ALLOCATOR_OK);
	assert_true(allocator_check(a));
	assert_int_equal(a->used_bytes, 0);
	assert_non_null(take(a, STEP_BYTES - 2 * ALLOCATOR_ALIGNMENT));
}

static void an_extension_joins_the_free_end(void **state)
{
	struct allocator *a = *state;

	extend(a, STEP_BYTES);
	extend(a, STEP_BYTES);
	assert_non_null(take(a, 2 * STEP_BYTES - 2 * ALLOCATOR_ALIGNMENT));
}

static void freeing_twice_is_recognised(void **state)
{
	struct allocator *a = *state;

	extend(a, STEP_BYTES);
	void *first = take(a, 100);
	void *second = take(a, 100);

	assert_int_equal(allocator_give(a, second), ALLOCATOR_OK);
	assert_int_equal(allocator_give(a, second), ALLOCATOR_FREED_TWICE);
	assert_int_equal(allocator_give(a, first), ALLOCATOR_OK);
	assert_int_equal(allocator_give(a, first), ALLOCATOR_FREED_TWICE);
	assert_true(allocator_check(a));
}

static void foreign_pointers_are_recognised(void **state)
{
	struct allocator *a = *state;
	char other[64];
	size_t size;

	extend(a, STEP_BYTES);
	char *block = take(a, 100);

	assert_int_equal(allocator_give(a, other), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_give(a, block + 16), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_give(a, block + 1), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_give(a, range), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_give(a, a->end), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_give(a, nullptr), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_size(a, block, &size), ALLOCATOR_OK);
	assert_true(size >= 100);
}

static void an_overrun_is_recognised(void **state)
{
	struct allocator *a = *state;

	extend(a, STEP_BYTES);
	char *block = take(a, 64);
	char *after = take(a, 64);

	memset(block, 'x', 64 + 8);
	assert_false(allocator_check(a));
	assert_int_equal(allocator_give(a, after), ALLOCATOR_NOT_A_BLOCK);
	assert_int_equal(allocator_give(a, block), ALLOCATOR_NOT_A_BLOCK);
}

/* A size that leads to another good header: only the check word tells. */
static void a_forged_size_is_recognised(void **state)
{
	struct allocator *a = *state;
	uint32_t *header;

	extend(a, STEP_BYTES);
	char *block = take(a, 64);
	char *swallowed = take(a, 64);

	assert_non_null(take(a, 64));
	header = (uint32_t *)(void *)(block - ALLOCATOR_ALIGNMENT);
	*header += (uint32_t)(swallowed - block);
	assert_int_equal(allocator_give(a, block), ALLOCATOR_NOT_A_BLOCK);
}

static void an_overwritten_free_list_is_recognised(void **state)
{
	struct allocator *a = *state;

	extend(a, STEP_BYTES);
	char *block = take(a, 64);
	char *keep = take(a, 64);
	char *other = take(a, 64);

	assert_non_null(keep);
	assert_non_null(take(a, 64));
	assert_int_equal(allocator_give(a, block), ALLOCATOR_OK);
	assert_int_equal(allocator_give(a, other), ALLOCATOR_OK);
	memset(other, 'x', 16); /* used after it was freed: the links */
	void *out;

	assert_int_equal(allocator_take(a, 64, &out), ALLOCATOR_NOT_A_BLOCK);
	assert_null(out);
}

struct live {
	uint8_t *block;
	size_t size;
	uint8_t fill;
};

static void give_checked(struct allocator *a, struct live *l)
{
	for (size_t i = 0; i < l->size; i++)
		assert_int_equal(l->block[i], l->fill);
	assert_int_equal(allocator_give(a, l->block), ALLOCATOR_OK);
}

static bool take_filled(struct allocator *a, struct live *l)
{
	size_t size = (size_t)rand() % (rand() % 10 == 0 ? 20000 : 300);

	*l = (struct live){ take(a, size), size, (uint8_t)rand() };
	if (l->block == nullptr)
		return false;
	assert_true((uintptr_t)l->block % ALLOCATOR_ALIGNMENT == 0);
	memset(l->block, l->fill, size);
	return true;
}

static void random_blocks_keep_their_content(void **state)
{
	struct allocator *a = *state;
	struct live live[LIVE_MAX];
	size_t count = 0;

	srand(2);
	extend(a, STEP_BYTES);
	for (size_t round = 0; round < 30000; round++) {
		if (count < LIVE_MAX && rand() % 2 == 0) {
			if (take_filled(a, &live[count]))
				count++;
			else if ((size_t)(a->end - a->start) + STEP_BYTES <= RANGE_BYTES)
				extend(a, STEP_BYTES);
		} else if (count != 0) {
			size_t i = (size_t)rand() % count;

			give_checked(a, &live[i]);
			live[i] = live[--count];
		}
		if (round % 64 == 0)
			assert_true(allocator_check(a));
	}
	while (count != 0)
		give_checked(a, &live[--count]);
	assert_true(allocator_check(a));
	assert_int_equal(a->used_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(empty_gives_nothing, setup),
		cmocka_unit_test_setup(needed_bytes_are_enough, setup),
		cmocka_unit_test_setup(too_large_is_refused, setup),
		cmocka_unit_test_setup(neighbours_become_one_again, setup),
		cmocka_unit_test_setup(an_extension_joins_the_free_end, setup),
		cmocka_unit_test_setup(freeing_twice_is_recognised, setup),
		cmocka_unit_test_setup(foreign_pointers_are_recognised, setup),
		cmocka_unit_test_setup(an_overrun_is_recognised, setup),
		cmocka_unit_test_setup(a_forged_size_is_recognised, setup),
		cmocka_unit_test_setup(an_overwritten_free_list_is_recognised, setup),
		cmocka_unit_test_setup(random_blocks_keep_their_content, setup),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
