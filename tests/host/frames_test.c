// SPDX-License-Identifier: MIT
/*
 * Host test of frames.c: random allocation against a map of who owns each frame; ranges at odd
 * bounds; and that every misuse of frames_free() is noticed.
 */
#include "kernel/core/frames.h"

#include "lib/require.h"
#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

constexpr uint32_t FRAMES = 5000;
constexpr uint64_t BASE = 8 * FRAMES_BASE_ALIGNMENT;
constexpr uint32_t BLOCKS = 400;

struct block {
	struct paddr at;
	uint32_t order;
	bool allocated;
};

struct model {
	bool usable[FRAMES];
	bool taken[FRAMES];
	struct block blocks[BLOCKS];
	uint32_t free;
};

static struct paddr address(uint64_t frame)
{
	return (struct paddr){ BASE + frame * PAGE_SIZE };
}

/* Every frame usable. */
static void init_all(struct frames *frames)
{
	frames_init(frames, malloc(frames_storage_bytes(FRAMES)), (struct paddr){ BASE },
		    FRAMES);
	frames_add_range(frames, address(0), address(FRAMES));
}

static void fini(struct frames *frames)
{
	free(frames->info);
}

static struct paddr alloc(struct frames *frames, uint32_t order)
{
	struct paddr block = { PADDR_NONE };

	assert_int_equal(frames_alloc(frames, order, &block), STATUS_OK);
	return block;
}

/* The block is inside, aligned, of usable frames that nobody has; marks them taken or not. */
static void mark(struct model *model, struct block *block, bool take)
{
	uint64_t size = UINT64_C(1) << block->order;
	uint64_t first = (block->at.raw - BASE) / PAGE_SIZE;

	assert_int_equal(block->at.raw % (size * PAGE_SIZE), 0);
	assert_true(first + size <= FRAMES);
	for (uint64_t i = first; i < first + size; i++) {
		assert_true(model->usable[i]);
		assert_int_equal(model->taken[i], !take);
		model->taken[i] = take;
	}
	block->allocated = take;
	model->free = (uint32_t)(take ? model->free - size : model->free + size);
}

/* No aligned block of this order is wholly free in the model. */
static void assert_none_free(const struct model *model, uint32_t order)
{
	uint32_t size = UINT32_C(1) << order;

	for (uint32_t first = 0; first + size <= FRAMES; first += size) {
		uint32_t usable = 0;

		while (usable < size && model->usable[first + usable] &&
		       !model->taken[first + usable])
			usable++;
		assert_true(usable < size);
	}
}

static void random_operation(struct frames *frames, struct model *model,
			     struct sequence *sequence)
{
	struct block *block = &model->blocks[sequence_below(sequence, BLOCKS)];

	if (block->allocated) {
		frames_free(frames, block->at, block->order);
		mark(model, block, false);
		return;
	}
	block->order = sequence_below(sequence, 3) != 0
			       ? sequence_below(sequence, 3)
			       : sequence_below(sequence, FRAMES_ORDERS);
	if (frames_alloc(frames, block->order, &block->at) == STATUS_OK)
		mark(model, block, true);
	else
		assert_none_free(model, block->order);
}

static void add_range(struct frames *frames, struct model *model, uint32_t start, uint32_t end)
{
	frames_add_range(frames, address(start), address(end));
	for (uint32_t i = start; i < end; i++)
		model->usable[i] = true;
	model->free += end - start;
}

static void agrees_with_a_map_of_owners(void **state)
{
	static struct model model;

	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct sequence sequence = { seed };
		struct frames frames;

		model = (struct model){ 0 };
		frames_init(&frames, malloc(frames_storage_bytes(FRAMES)),
			    (struct paddr){ BASE }, FRAMES);
		add_range(&frames, &model, 3, 1029);
		add_range(&frames, &model, 2000, 4999);
		add_range(&frames, &model, 1029, 1500);
		for (uint32_t i = 0; i < 1500; i++) {
			random_operation(&frames, &model, &sequence);
			assert_int_equal(frames_free_count(&frames), model.free);
			assert_true(frames_check(&frames));
		}
		for (uint32_t i = 0; i < BLOCKS; i++)
			if (model.blocks[i].allocated)
				frames_free(&frames, model.blocks[i].at, model.blocks[i].order);
		assert_int_equal(frames_free_count(&frames), frames_total_count(&frames));
		assert_true(frames_check(&frames));
		fini(&frames);
	}
}

static void ranges_are_cut_to_whole_described_frames(void **state)
{
	struct frames frames;

	(void)state;
	frames_init(&frames, malloc(frames_storage_bytes(FRAMES)), (struct paddr){ BASE },
		    FRAMES);
	frames_add_range(&frames, (struct paddr){ BASE + 1 },
			 (struct paddr){ BASE + 4 * PAGE_SIZE - 1 });
	assert_int_equal(frames_total_count(&frames), 2);
	frames_add_range(&frames, (struct paddr){ BASE + 5 * PAGE_SIZE + 1 },
			 (struct paddr){ BASE + 6 * PAGE_SIZE - 1 });
	frames_add_range(&frames, (struct paddr){ 0 }, (struct paddr){ BASE });
	frames_add_range(&frames, address(FRAMES), (struct paddr){ UINT64_MAX });
	frames_add_range(&frames, address(20), address(10));
	assert_int_equal(frames_total_count(&frames), 2);
	frames_add_range(&frames, address(FRAMES - 1), (struct paddr){ UINT64_MAX });
	frames_add_range(&frames, (struct paddr){ 0 }, address(1));
	assert_int_equal(frames_total_count(&frames), 4);
	assert_int_equal(frames_free_count(&frames), 4);
	assert_true(frames_check(&frames));
	fini(&frames);
}

static void buddies_merge_whatever_the_order_of_freeing(void **state)
{
	struct frames frames;
	struct paddr blocks[1024];

	(void)state;
	init_all(&frames);
	for (uint32_t i = 0; i < 4; i++)
		alloc(&frames, FRAMES_ORDER_MAX);
	for (uint32_t i = 0; i < 904; i++)
		blocks[i] = alloc(&frames, 0);
	assert_int_equal(frames_free_count(&frames), 0);
	for (uint32_t i = 0; i < 904; i += 2)
		frames_free(&frames, blocks[i], 0);
	assert_int_equal(frames_alloc(&frames, 1, blocks), STATUS_OUT_OF_MEMORY);
	for (uint32_t i = 1; i < 904; i += 2)
		frames_free(&frames, blocks[i], 0);
	assert_true(frames_check(&frames));
	alloc(&frames, 9);
	alloc(&frames, 8);
	fini(&frames);
}

static void misuse_of_free_stops_the_machine(void **state)
{
	struct frames frames;
	struct paddr block;

	(void)state;
	init_all(&frames);
	block = alloc(&frames, 2);
	expect_assert_failure(frames_free(&frames, block, 1));
	expect_assert_failure(frames_free(&frames, block, 3));
	expect_assert_failure(frames_free(&frames, (struct paddr){ block.raw + PAGE_SIZE }, 0));
	expect_assert_failure(frames_free(&frames, (struct paddr){ block.raw + 8 }, 2));
	expect_assert_failure(frames_free(&frames, (struct paddr){ BASE - PAGE_SIZE }, 0));
	expect_assert_failure(frames_free(&frames, address(FRAMES), 0));
	expect_assert_failure(frames_free(&frames, (struct paddr){ PADDR_NONE }, 0));
	frames_free(&frames, block, 2);
	expect_assert_failure(frames_free(&frames, block, 2));
	assert_true(frames_check(&frames));
	expect_assert_failure(frames_add_range(&frames, address(7), address(8)));
	expect_assert_failure((void)frames_alloc(&frames, FRAMES_ORDERS, &block));
	fini(&frames);
}

static void check_sees_damage(void **state)
{
	struct frames frames;

	(void)state;
	init_all(&frames);
	alloc(&frames, 0);
	assert_true(frames_check(&frames));
	frames.free_frames++;
	assert_false(frames_check(&frames));
	frames.free_frames--;
	frames.info[1].state = FRAME_ALLOCATED;
	assert_false(frames_check(&frames));
	fini(&frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_map_of_owners),
		cmocka_unit_test(ranges_are_cut_to_whole_described_frames),
		cmocka_unit_test(buddies_merge_whatever_the_order_of_freeing),
		cmocka_unit_test(misuse_of_free_stops_the_machine),
		cmocka_unit_test(check_sees_damage),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
