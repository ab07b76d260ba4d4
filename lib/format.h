// SPDX-License-Identifier: MIT
#pragma once
/*
 * Formatted text into a caller's buffer.
 *
 * Conversions: %s %c %d %i %u %x %X %p %%, with the length l, ll or z; the flags 0 and -; a
 * field width and, for %s, a precision, each a number or *.  They mean what they mean to
 * printf; %p writes 0x and 16 digits.  A null string is written as (null).  Anything else in
 * the pattern is copied as it stands and takes no argument.
 *
 * The text is cut where the buffer ends and always closed by a zero byte if the buffer has any
 * room.
 */
#include <stdarg.h>
#include <stddef.h>

/* Returns the length of the text in the buffer, at most capacity - 1 (0 if capacity is 0). */
[[gnu::format(printf, 3, 4)]] size_t format(char *buffer, size_t capacity, const char *pattern,
					    ...);
[[gnu::format(printf, 3, 0)]] size_t vformat(char *buffer, size_t capacity, const char *pattern,
					     va_list arguments);
