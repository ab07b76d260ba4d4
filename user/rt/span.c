// SPDX-License-Identifier: MIT
/* Spans of the message arena.  See span.h for the model. */
#include "user/rt/span.h"

void span_pool_init(struct span_pool *pool, uint32_t arena_bytes)
{
	uint32_t units = arena_bytes / SPAN_UNIT_BYTES;

	*pool = (struct span_pool){ .unit_count =
					    units < SPAN_UNITS_MAX ? units : SPAN_UNITS_MAX };
	if (pool->unit_count != 0)
		span_give_units(pool, 0, pool->unit_count);
}

uint32_t span_pool_free_bytes(const struct span_pool *pool)
{
	uint32_t units = 0;

	for (uint32_t i = 0; i < SPAN_WORDS; i++)
		units += (uint32_t)__builtin_popcountll(pool->free[i]);
	return units * SPAN_UNIT_BYTES;
}

/* Bits at which a run of `units` (1 to 64) set bits of `free` begins. */
static uint64_t run_starts(uint64_t free, uint32_t units)
{
	for (uint32_t have = 1; have < units;) {
		uint32_t step = have <= units - have ? have : units - have;

		free &= free >> step;
		have += step;
	}
	return free;
}

static uint64_t run_mask(uint32_t first, uint32_t units)
{
	uint64_t ones = units >= 64 ? UINT64_MAX : (1ULL << units) - 1;

	return ones << first;
}

/* A run within one word. */
static bool take_within_word(struct span_pool *pool, uint32_t units, uint32_t *out_unit)
{
	for (uint32_t i = 0; i < SPAN_WORDS; i++) {
		uint64_t starts = run_starts(pool->free[i], units);

		if (starts == 0)
			continue;
		uint32_t first = (uint32_t)__builtin_ctzll(starts);

		pool->free[i] &= ~run_mask(first, units);
		*out_unit = i * 64 + first;
		return true;
	}
	return false;
}

static bool is_free(const struct span_pool *pool, uint32_t unit)
{
	return (pool->free[unit / 64] >> (unit % 64) & 1) != 0;
}

/* Clear or set the bits of a run; it may cross words. */
static void mark(struct span_pool *pool, uint32_t unit, uint32_t units, bool free)
{
	while (units != 0) {
		uint32_t first = unit % 64;
		uint32_t part = units < 64 - first ? units : 64 - first;
		uint64_t mask = run_mask(first, part);

		if (free)
			pool->free[unit / 64] |= mask;
		else
			pool->free[unit / 64] &= ~mask;
		unit += part;
		units -= part;
	}
}

/* A run that crosses words, or is longer than one: first fit, unit by unit. */
static bool take_across_words(struct span_pool *pool, uint32_t units, uint32_t *out_unit)
{
	uint32_t run = 0;

	for (uint32_t unit = 0; unit < pool->unit_count; unit++) {
		run = is_free(pool, unit) ? run + 1 : 0;
		if (run == units) {
			*out_unit = unit + 1 - units;
			mark(pool, *out_unit, units, false);
			return true;
		}
	}
	return false;
}

uint32_t span_take_units(struct span_pool *pool, uint32_t units)
{
	uint32_t unit;

	if (units > pool->unit_count)
		return SPAN_NONE;
	if ((units > 64 || !take_within_word(pool, units, &unit)) &&
	    !take_across_words(pool, units, &unit))
		return SPAN_NONE;
	return unit * SPAN_UNIT_BYTES;
}

void span_give_units(struct span_pool *pool, uint32_t offset, uint32_t units)
{
	mark(pool, offset / SPAN_UNIT_BYTES, units, true);
}
