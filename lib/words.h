// SPDX-License-Identifier: MIT
#pragma once
/* Copying whole 8-byte words, for messages of a few of them: inline, without a call. */
#include "lib/string.h"

#include <stdint.h>

constexpr uint32_t WORDS_INLINE_MAX = 16;

/* Copy size_bytes, a multiple of 8, between buffers that are aligned to 8 and lie apart. */
static inline void words_copy(void *to, const void *from, uint32_t size_bytes)
{
	uint64_t *out = to;
	const uint64_t *in = from;

	if (size_bytes > WORDS_INLINE_MAX * sizeof(uint64_t)) {
		memcpy(to, from, size_bytes);
		return;
	}
	for (; size_bytes >= 2 * sizeof(uint64_t); size_bytes -= 2 * sizeof(uint64_t)) {
		out[0] = in[0];
		out[1] = in[1];
		out += 2;
		in += 2;
		/* Keeps the compiler from making this loop the call that it avoids. */
		__asm__ volatile("" ::: "memory");
	}
	if (size_bytes != 0)
		*out = *in;
}
