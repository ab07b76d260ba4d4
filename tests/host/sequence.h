// SPDX-License-Identifier: MIT
#pragma once
/*
 * Numbers for property tests: the same sequence for the same seed, on every machine.
 * Source: Vigna, "Further scramblings of Marsaglia's xorshift generators" (xorshift64*).
 */
#include <stdint.h>

struct sequence {
	uint64_t state; /* the seed; not 0 */
};

static inline uint64_t sequence_next(struct sequence *sequence)
{
	sequence->state ^= sequence->state >> 12;
	sequence->state ^= sequence->state << 25;
	sequence->state ^= sequence->state >> 27;
	return sequence->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 to limit - 1; limit is not 0. */
static inline uint32_t sequence_below(struct sequence *sequence, uint32_t limit)
{
	return (uint32_t)((sequence_next(sequence) >> 32) * limit >> 32);
}
