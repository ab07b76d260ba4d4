// SPDX-License-Identifier: MIT
/*
 * lib/string.h for x86-64, in general registers only.
 *
 * Up to SMALL_BYTES a loop of 8-byte moves, above it one `rep` instruction of 8-byte steps: it
 * starts slowly on real processors, and an emulator that counts instructions counts each step.
 * What does not fill 8 bytes is done by one move that overlaps the one before.
 *
 * Compiled without builtins: otherwise the compiler would turn the loops into calls of the very
 * functions they are in.
 */
#include "lib/string.h"

#include <stdint.h>

constexpr size_t SMALL_BYTES = 128;

/* Integers at any address, over objects of any type. */
typedef uint64_t any_u64 [[gnu::aligned(1), gnu::may_alias]];
typedef uint32_t any_u32 [[gnu::aligned(1), gnu::may_alias]];

static inline uint64_t load_u64(const uint8_t *at)
{
	return *(const any_u64 *)at;
}

static inline void store_u64(uint8_t *at, uint64_t value)
{
	*(any_u64 *)at = value;
}

/* Fewer than 8 bytes; everything is loaded before anything is stored. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 4) {
		uint32_t head = *(const any_u32 *)from;
		uint32_t tail = *(const any_u32 *)(from + size - 4);

		*(any_u32 *)to = head;
		*(any_u32 *)(to + size - 4) = tail;
	} else if (size != 0) {
		uint8_t head = from[0], middle = from[size / 2], tail = from[size - 1];

		to[0] = head;
		to[size / 2] = middle;
		to[size - 1] = tail;
	}
}

/* Ascending; right for ranges that overlap if to is below from, since the tail is
 * loaded first. */
static inline void copy_ascending(uint8_t *to, const uint8_t *from, size_t size)
{
	uint64_t tail = load_u64(from + size - 8);
	uint8_t *tail_at = to + size - 8;

	if (size > SMALL_BYTES) {
		size_t words = size / 8;

		asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	} else {
		for (; size > 8; size -= 8, to += 8, from += 8)
			store_u64(to, load_u64(from));
	}
	store_u64(tail_at, tail);
}

/* Descending; right for ranges that overlap if to is above from. */
static inline void copy_descending(uint8_t *to, const uint8_t *from, size_t size)
{
	uint64_t head = load_u64(from);

	for (; size > 8; size -= 8)
		store_u64(to + size - 8, load_u64(from + size - 8));
	store_u64(to, head);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	if (size < 8)
		copy_short(to, from, size);
	else
		copy_ascending(to, from, size);
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	if (size < 8)
		copy_short(to, from, size);
	else if ((uintptr_t)to - (uintptr_t)from >= size)
		copy_ascending(to, from, size);
	else
		copy_descending(to, from, size);
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);
	uint8_t *at = to;

	if (size < 8) {
		for (; size != 0; size--)
			*at++ = (uint8_t)byte;
		return to;
	}
	store_u64(at + size - 8, word);
	if (size > SMALL_BYTES) {
		size_t words = size / 8;

		asm volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(word) : "memory");
	} else {
		for (; size > 8; size -= 8, at += 8)
			store_u64(at, word);
	}
	return to;
}

/* The order of the first byte in which two words, as loaded from memory, differ. */
static inline int compare_words(uint64_t a, uint64_t b)
{
	a = __builtin_bswap64(a);
	b = __builtin_bswap64(b);
	return (a > b) - (a < b);
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *left = a, *right = b;

	for (; size >= 8; size -= 8, left += 8, right += 8)
		if (load_u64(left) != load_u64(right))
			return compare_words(load_u64(left), load_u64(right));
	for (; size != 0; size--, left++, right++)
		if (*left != *right)
			return *left < *right ? -1 : 1;
	return 0;
}

size_t strlen(const char *text)
{
	const char *end = text;

	while (*end != '\0')
		end++;
	return (size_t)(end - text);
}
