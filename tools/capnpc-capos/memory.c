// SPDX-License-Identifier: MIT
/* Memory that lives until it is all given back.  See memory.h. */
#include "tools/capnpc-capos/memory.h"

#include <stdio.h>
#include <stdlib.h>

/* Stands before each piece. */
struct piece {
	alignas(max_align_t) struct piece *next;
};

static struct piece *pieces;

void memory_fail(const char *what)
{
	fprintf(stderr, "capnpc-capos: %s\n", what);
	exit(EXIT_FAILURE);
}

void *memory_take(uint64_t count, size_t size)
{
	struct piece *piece = nullptr;
	uint64_t bytes;

	if (!__builtin_mul_overflow(count, size, &bytes) &&
	    !__builtin_add_overflow(bytes, sizeof(*piece), &bytes))
		piece = calloc(1, bytes);
	if (piece == nullptr)
		memory_fail("out of memory");
	piece->next = pieces;
	pieces = piece;
	return piece + 1;
}

void memory_reset(void)
{
	while (pieces != nullptr) {
		struct piece *next = pieces->next;

		free(pieces);
		pieces = next;
	}
}
