// SPDX-License-Identifier: MIT
#pragma once
/*
 * Indices from outside, kept inside even on a mispredicted path (Spectre variant 1): use the
 * result of index_clamp() for the access, after the branch that refuses a bad index.
 */
#include <stdint.h>

/* index if index < count, else 0; computed without a branch that could be predicted. */
static inline uint32_t index_clamp(uint32_t index, uint32_t count)
{
	uint64_t distance = (uint64_t)index - count;

	/* Hides the value from the compiler, which would drop the mask after the caller's
	 * check. */
	__asm__("" : "+r"(distance));
	return index & (uint32_t)(distance >> 32);
}
