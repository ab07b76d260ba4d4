// SPDX-License-Identifier: MIT
#pragma once
/*
 * The last lines that were entered, oldest forgotten first.
 *
 * Fixed storage, no allocation.  Empty lines and repetitions of the newest are not kept.
 */
#include <stdint.h>

/* How many lines are kept, and how long one can be. */
constexpr uint32_t HISTORY_LINES = 32;
constexpr uint32_t HISTORY_LINE_BYTES = 1024;

/* size bytes of data, which no zero closes. */
struct history_line {
	uint32_t size;
	char data[HISTORY_LINE_BYTES];
};

/* Zeroed storage is an empty history. */
struct history {
	struct history_line lines[HISTORY_LINES]; /* a ring */
	uint32_t added; /* lines ever added; the newest is added - 1 */
};

/* Remember a line of at most HISTORY_LINE_BYTES bytes; a longer one is not kept. */
void history_add(struct history *h, const char *line, uint32_t size);

/* The line entered `age` lines ago, 0 the newest; nullptr when it is not known any more. */
const struct history_line *history_get(const struct history *h, uint32_t age);
