// SPDX-License-Identifier: MIT
/* Buddy allocator of physical memory.  See frames.h for the model. */
#include "kernel/core/frames.h"

#include "lib/require.h"

constexpr uint32_t NO_FRAME = UINT32_MAX;

static uint32_t order_frames(uint32_t order)
{
	return UINT32_C(1) << order;
}

static struct paddr frame_address(const struct frames *frames, uint32_t index)
{
	return (struct paddr){ frames->base + index * PAGE_SIZE };
}

static void link_block(struct frames *frames, uint32_t index, uint32_t order)
{
	uint32_t next = frames->first_free[order];

	frames->info[index] = (struct frame_info){
		.next = next,
		.prev = NO_FRAME,
		.state = FRAME_FREE,
		.order = (uint8_t)order,
	};
	if (next != NO_FRAME)
		frames->info[next].prev = index;
	frames->first_free[order] = index;
}

/* Take a free block off its list; its state is the caller's to change. */
static void unlink_block(struct frames *frames, uint32_t index)
{
	const struct frame_info *block = &frames->info[index];

	if (block->prev != NO_FRAME)
		frames->info[block->prev].next = block->next;
	else
		frames->first_free[block->order] = block->next;
	if (block->next != NO_FRAME)
		frames->info[block->next].prev = block->prev;
}

static bool is_free_block(const struct frames *frames, uint32_t index, uint32_t order)
{
	return index < frames->count && frames->info[index].state == FRAME_FREE &&
	       frames->info[index].order == order;
}

/* Make a block free, merged with free buddies as far as that goes. */
static void release_block(struct frames *frames, uint32_t index, uint32_t order)
{
	frames->free_frames += order_frames(order);
	while (order < FRAMES_ORDER_MAX &&
	       is_free_block(frames, index ^ order_frames(order), order)) {
		uint32_t buddy = index ^ order_frames(order);

		unlink_block(frames, buddy);
		frames->info[index | buddy].state = FRAME_INSIDE;
		index &= buddy;
		order++;
	}
	link_block(frames, index, order);
}

void frames_init(struct frames *frames, struct frame_info *storage, struct paddr base,
		 uint32_t count)
{
	require(base.raw % FRAMES_BASE_ALIGNMENT == 0 &&
		count < NO_FRAME - order_frames(FRAMES_ORDER_MAX));
	*frames = (struct frames){ .info = storage, .base = base.raw, .count = count };
	for (uint32_t i = 0; i < FRAMES_ORDERS; i++)
		frames->first_free[i] = NO_FRAME;
	for (uint32_t i = 0; i < count; i++)
		storage[i] = (struct frame_info){ .state = FRAME_UNUSABLE };
}

/* The largest block that starts at index and ends at or before end. */
static uint32_t largest_order(uint32_t index, uint32_t end)
{
	uint32_t order = 0;

	while (order < FRAMES_ORDER_MAX && index % order_frames(order + 1) == 0 &&
	       order_frames(order + 1) <= end - index)
		order++;
	return order;
}

void frames_add_range(struct frames *frames, struct paddr start, struct paddr end)
{
	uint64_t limit = frames->base + frames->count * PAGE_SIZE;
	uint64_t low = start.raw > frames->base ? start.raw : frames->base;
	uint64_t high = end.raw < limit ? end.raw : limit;
	uint32_t index, last;

	if (low >= high)
		return;
	index = (uint32_t)((low - frames->base + PAGE_SIZE - 1) / PAGE_SIZE);
	last = (uint32_t)((high - frames->base) / PAGE_SIZE);
	while (index < last) {
		uint32_t order = largest_order(index, last);

		for (uint32_t i = index; i < index + order_frames(order); i++) {
			require(frames->info[i].state == FRAME_UNUSABLE);
			frames->info[i].state = FRAME_INSIDE;
		}
		frames->total_frames += order_frames(order);
		release_block(frames, index, order);
		index += order_frames(order);
	}
}

enum status frames_alloc(struct frames *frames, uint32_t order, struct paddr *out_block)
{
	uint32_t from = order, index;

	require(order <= FRAMES_ORDER_MAX);
	while (from < FRAMES_ORDERS && frames->first_free[from] == NO_FRAME)
		from++;
	if (from == FRAMES_ORDERS)
		return STATUS_OUT_OF_MEMORY;

	/* commit */
	index = frames->first_free[from];
	unlink_block(frames, index);
	while (from > order) {
		from--;
		link_block(frames, index + order_frames(from), from);
	}
	frames->info[index] =
		(struct frame_info){ .state = FRAME_ALLOCATED, .order = (uint8_t)order };
	frames->free_frames -= order_frames(order);
	*out_block = frame_address(frames, index);
	return STATUS_OK;
}

void frames_free(struct frames *frames, struct paddr block, uint32_t order)
{
	uint64_t index = (block.raw - frames->base) / PAGE_SIZE;

	require(block.raw >= frames->base && block.raw % PAGE_SIZE == 0 &&
		index < frames->count);
	require(frames->info[index].state == FRAME_ALLOCATED &&
		frames->info[index].order == order);
	release_block(frames, (uint32_t)index, order);
}

/* The block at index is whole, aligned, and merged if it could be. */
static bool check_block(const struct frames *frames, uint32_t index)
{
	const struct frame_info *block = &frames->info[index];
	uint32_t size = order_frames(block->order);

	if (block->order > FRAMES_ORDER_MAX || index % size != 0 ||
	    size > frames->count - index)
		return false;
	for (uint32_t i = 1; i < size; i++)
		if (frames->info[index + i].state != FRAME_INSIDE)
			return false;
	return block->state != FRAME_FREE || block->order == FRAMES_ORDER_MAX ||
	       !is_free_block(frames, index ^ size, block->order);
}

/* One list links free blocks of its order both ways; counts them up to most. */
static bool check_list(const struct frames *frames, uint32_t order, uint32_t *most)
{
	uint32_t prev = NO_FRAME;

	for (uint32_t i = frames->first_free[order]; i != NO_FRAME; i = frames->info[i].next) {
		if (!is_free_block(frames, i, order) || frames->info[i].prev != prev ||
		    *most == 0)
			return false;
		(*most)--;
		prev = i;
	}
	return true;
}

static bool check_lists(const struct frames *frames, uint32_t free_blocks)
{
	for (uint32_t order = 0; order < FRAMES_ORDERS; order++)
		if (!check_list(frames, order, &free_blocks))
			return false;
	return free_blocks == 0;
}

bool frames_check(const struct frames *frames)
{
	uint32_t free_frames = 0, total_frames = 0, free_blocks = 0, size;

	for (uint32_t i = 0; i < frames->count; i += size) {
		const struct frame_info *block = &frames->info[i];

		size = 1;
		if (block->state == FRAME_UNUSABLE)
			continue;
		if (block->state == FRAME_INSIDE || !check_block(frames, i))
			return false;
		size = order_frames(block->order);
		total_frames += size;
		free_frames += block->state == FRAME_FREE ? size : 0;
		free_blocks += block->state == FRAME_FREE;
	}
	return free_frames == frames->free_frames && total_frames == frames->total_frames &&
	       check_lists(frames, free_blocks);
}
