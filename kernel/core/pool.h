// SPDX-License-Identifier: MIT
#pragma once
/*
 * Object pools: kernel objects of one size, in pages of one frame each.
 *
 *   page of 4096 bytes, reached through the direct map
 *   +----------------------------------+--------+--------+--     --+
 *   | struct pool_page: owner, bit map | object | object |   ...   |
 *   +----------------------------------+--------+--------+--     --+
 *
 * Which objects of a page are in use is a bit map in its head, so nothing of the allocator's
 * lies in freed objects, and freeing twice, or to the wrong pool, stops the machine.  At most
 * one empty page is kept; others go back to the frame allocator at once.
 *
 * A pool charges nobody: callers charge pool_object_bytes() to an account before pool_alloc().
 * So frames in pools * 4096 = bytes charged for their objects + pool_idle_bytes() of all pools.
 *
 * Runs on one CPU with interrupts off: no lock.  alloc and free take constant time (alloc
 * zeroes).
 */
#include "kernel/core/frames.h"
#include "lib/list.h"
#include "schema/status.capnp.h"

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t POOL_OBJECT_BYTES_MIN = 16;
constexpr uint32_t POOL_OBJECT_BYTES_MAX = 2048;

struct pool {
	struct frames *frames;
	struct list_link partial; /* struct pool_page: some objects in use, some not */
	struct list_link full;
	struct list_link empty; /* at most one */
	uint32_t object_bytes;
	uint32_t first_offset; /* of the first object in a page */
	uint32_t page_objects; /* that a page holds */
	uint32_t page_count;
	uint32_t object_count; /* in use */
};

/*
 * An empty pool of objects of `size` bytes, rounded up to a multiple of 8 and of `alignment` (a
 * power of two, at most 1024), and at least POOL_OBJECT_BYTES_MIN; at most
 * POOL_OBJECT_BYTES_MAX.
 */
void pool_init(struct pool *pool, struct frames *frames, size_t size, size_t alignment);

/* A zeroed object.  STATUS_OUT_OF_MEMORY: a page was needed and no frame is free. */
[[nodiscard]] enum status pool_alloc(struct pool *pool, void **out_object);

/* Give back an object of this pool. */
void pool_free(struct pool *pool, void *object);

/* What an object takes: the size to charge. */
static inline uint64_t pool_object_bytes(const struct pool *pool)
{
	return pool->object_bytes;
}

static inline uint64_t pool_used_bytes(const struct pool *pool)
{
	return (uint64_t)pool->object_count * pool->object_bytes;
}

/* Whether the next object needs no new page. */
static inline bool pool_has_free_object(const struct pool *pool)
{
	return pool->object_count < (uint64_t)pool->page_count * pool->page_objects;
}

/* Frames held minus objects in use: page heads, free objects, ends of pages. */
static inline uint64_t pool_idle_bytes(const struct pool *pool)
{
	return pool->page_count * PAGE_SIZE - pool_used_bytes(pool);
}

/* Lists, bit maps and counters agree.  Looks at every page: for tests and audits. */
bool pool_check(const struct pool *pool);
