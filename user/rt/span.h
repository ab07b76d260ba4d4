// SPDX-License-Identifier: MIT
#pragma once
/*
 * Spans of a ring's message arena.
 *
 * The arena is cut into units of SPAN_UNIT_BYTES; a bitmap has one bit for each free unit.
 * Spans may be taken and given back in any order, neighbours become one again by themselves,
 * and nothing is ever lost.  Spans of one unit are found in a few instructions, inline.
 *
 * Pure: knows offsets only.  No locking; a zeroed pool is an empty one.
 */
#include <stdint.h>

constexpr uint32_t SPAN_UNIT_BYTES = 64;
constexpr uint32_t SPAN_WORDS = 16;
constexpr uint32_t SPAN_UNITS_MAX = SPAN_WORDS * 64;
constexpr uint32_t SPAN_NONE = UINT32_MAX; /* no offset */

struct span_pool {
	uint64_t free[SPAN_WORDS]; /* bit set: the unit is free */
	uint32_t unit_count;       /* 0: not initialised */
};

/*
 * Make all of an arena of `arena_bytes` bytes free, but for what is less than a unit and what
 * lies beyond SPAN_UNITS_MAX units.
 */
void span_pool_init(struct span_pool *pool, uint32_t arena_bytes);

/* Free bytes, in however many pieces. */
uint32_t span_pool_free_bytes(const struct span_pool *pool);

/* The general case of span_take() and span_give(): spans over several words of the bitmap. */
uint32_t span_take_units(struct span_pool *pool, uint32_t units);
void span_give_units(struct span_pool *pool, uint32_t offset, uint32_t units);

/* Units that hold `bytes` bytes (at most 2^30); a span is never empty. */
static inline uint32_t span_units(uint32_t bytes)
{
	return bytes == 0 ? 1 : (bytes + SPAN_UNIT_BYTES - 1) / SPAN_UNIT_BYTES;
}

/* Take `bytes` bytes: gives their offset, or SPAN_NONE when no free run is long enough. */
static inline uint32_t span_take(struct span_pool *pool, uint32_t bytes)
{
	uint32_t units = span_units(bytes);
	uint64_t free = pool->free[0];

	if (units != 1 || free == 0)
		return span_take_units(pool, units);
	pool->free[0] = free & (free - 1);
	return (uint32_t)__builtin_ctzll(free) * SPAN_UNIT_BYTES;
}

/* Give back what span_take() took for the same number of bytes. */
static inline void span_give(struct span_pool *pool, uint32_t offset, uint32_t bytes)
{
	uint32_t unit = offset / SPAN_UNIT_BYTES;
	uint32_t units = span_units(bytes);

	if (units == 1)
		pool->free[unit / 64] |= 1ULL << (unit % 64);
	else
		span_give_units(pool, offset, units);
}
