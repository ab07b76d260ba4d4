// SPDX-License-Identifier: MIT
#pragma once
/*
 * The plug-in's memory: taken piece by piece, given back all at once.  There is nobody to tell
 * when there is none left, so taking never fails: the program ends.
 */
#include <stddef.h>
#include <stdint.h>

/* Zeroed, and not null even for no elements. */
[[gnu::returns_nonnull]] void *memory_take(uint64_t count, size_t size);

/* End the program with that message on stderr. */
[[noreturn]] void memory_fail(const char *what);

/* Give back everything that was taken. */
void memory_reset(void);
