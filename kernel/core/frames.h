// SPDX-License-Identifier: MIT
#pragma once
/*
 * Physical memory: a buddy allocator of blocks of 2^order frames, aligned to their size.
 *
 * It describes `count` frames from a base that is aligned to the largest block.  At first none
 * of them is usable; frames_add_range() hands over each range of RAM once, at boot.  All it
 * knows is in one array of struct frame_info that the caller places; the frames themselves are
 * never touched, so what frames_alloc() returns is NOT zeroed.
 *
 * Invariants: a block is free, allocated or unusable as a whole, and its first frame says
 * which; two free buddies are always merged.  Freeing what is not allocated with just this
 * order stops the machine.
 *
 * Runs on one CPU with interrupts off: no lock.  alloc and free take at most FRAMES_ORDER_MAX
 * steps.  Source: Knuth, The Art of Computer Programming, volume 1, section 2.5.
 */
#include "kernel/hal/memory.h"
#include "schema/status.capnp.h"

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t FRAMES_ORDER_MAX = 10; /* largest block: 1024 frames, 4 MiB */
constexpr uint32_t FRAMES_ORDERS = FRAMES_ORDER_MAX + 1;
constexpr uint64_t FRAMES_BASE_ALIGNMENT = PAGE_SIZE << FRAMES_ORDER_MAX;

enum frame_state : uint8_t {
	FRAME_UNUSABLE = 0,
	FRAME_INSIDE = 1, /* not the first of its block */
	FRAME_FREE = 2,
	FRAME_ALLOCATED = 3,
};

struct frame_info {
	uint32_t next; /* free list of this order, by index; only for the first of a free block
			*/
	uint32_t prev;
	enum frame_state state;
	uint8_t order; /* for the first of a block */
	uint8_t reserved[2];
};

static_assert(sizeof(struct frame_info) == 12);

struct frames {
	struct frame_info *info;
	uint64_t base; /* physical address of frame 0 */
	uint32_t count;
	uint32_t free_frames;
	uint32_t total_frames; /* usable: free or allocated */
	uint32_t first_free[FRAMES_ORDERS];
};

/* Bytes of storage that frames_init() needs for count frames. */
static inline size_t frames_storage_bytes(uint32_t count)
{
	return (size_t)count * sizeof(struct frame_info);
}

/*
 * Describe count frames from base, a multiple of FRAMES_BASE_ALIGNMENT.  storage is
 * frames_storage_bytes(count) bytes of any content, aligned to 4, kept for ever.  Takes
 * O(count).
 */
void frames_init(struct frames *frames, struct frame_info *storage, struct paddr base,
		 uint32_t count);

/*
 * Make the whole frames of [start, end) usable and free.  Parts outside what frames_init
 * described are left out; adding a frame twice stops the machine.
 */
void frames_add_range(struct frames *frames, struct paddr start, struct paddr end);

/* A block of 2^order frames.  STATUS_OUT_OF_MEMORY: none that large is free. */
[[nodiscard]] enum status frames_alloc(struct frames *frames, uint32_t order,
				       struct paddr *out_block);

/* Give back a block that frames_alloc() returned for the same order. */
void frames_free(struct frames *frames, struct paddr block, uint32_t order);

static inline uint32_t frames_free_count(const struct frames *frames)
{
	return frames->free_frames;
}

static inline uint32_t frames_total_count(const struct frames *frames)
{
	return frames->total_frames;
}

/* Every block, list and counter is right.  Looks at every frame: for tests and audits. */
bool frames_check(const struct frames *frames);
