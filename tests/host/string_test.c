// SPDX-License-Identifier: MIT
/*
 * Host test of lib/arch/x86_64/string.c: against the C library, for every size around the
 * limits, every alignment and every overlap.  The functions get other names here, so that both
 * exist.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#define strlen  our_strlen
#include "lib/arch/x86_64/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

constexpr size_t SIZES = 300;
constexpr size_t ROOM = 700;

static void fill(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
}

static void copies_every_size_and_alignment(void **state)
{
	uint8_t from[ROOM], to[ROOM], expected[ROOM];

	(void)state;
	fill(from, ROOM);
	for (size_t size = 0; size < SIZES; size++) {
		size_t to_start = size % 9, from_start = size % 7;

		memset(to, 0xee, ROOM);
		memset(expected, 0xee, ROOM);
		memcpy(expected + to_start, from + from_start, size);
		assert_ptr_equal(our_memcpy(to + to_start, from + from_start, size),
				 to + to_start);
		assert_memory_equal(to, expected, ROOM);
	}
}

static void moves_every_overlap(void **state)
{
	static const size_t sizes[] = { 0,  1,  2,  3,  4,   5,   7,   8,   9,   15,
					16, 17, 31, 64, 127, 128, 129, 136, 200, 299 };
	uint8_t bytes[ROOM], expected[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (size_t start = 0; start < 350; start++) {
			fill(bytes, ROOM);
			fill(expected, ROOM);
			memmove(expected + start, expected + 170, sizes[i]);
			assert_ptr_equal(our_memmove(bytes + start, bytes + 170, sizes[i]),
					 bytes + start);
			assert_memory_equal(bytes, expected, ROOM);
		}
}

static void sets_every_size(void **state)
{
	uint8_t bytes[ROOM], expected[ROOM];

	(void)state;
	for (size_t size = 0; size < SIZES; size++) {
		fill(bytes, ROOM);
		fill(expected, ROOM);
		memset(expected + 3, 0x1a5, size);
		assert_ptr_equal(our_memset(bytes + 3, 0x1a5, size), bytes + 3);
		assert_memory_equal(bytes, expected, ROOM);
	}
}

static void compares_at_every_difference(void **state)
{
	uint8_t a[40], b[40];

	(void)state;
	fill(a, sizeof(a));
	for (size_t size = 0; size <= sizeof(a); size++)
		for (size_t at = 0; at < sizeof(a); at++) {
			memcpy(b, a, sizeof(a));
			assert_int_equal(our_memcmp(a, b, size), 0);
			b[at] ^= 0x80;
			b[sizeof(b) - 1] ^= 1;
			if (at < size) {
				assert_int_equal(our_memcmp(a, b, size) < 0, a[at] < b[at]);
				assert_int_equal(our_memcmp(b, a, size) < 0, b[at] < a[at]);
				assert_int_not_equal(our_memcmp(a, b, size), 0);
			}
		}
}

/* Blocks of exactly the size on the heap: ASan sees any access beyond. */
static void stays_inside(void **state)
{
	(void)state;
	for (size_t size = 1; size < SIZES; size++) {
		uint8_t *a = malloc(size), *b = malloc(size);

		our_memset(a, 1, size);
		our_memcpy(b, a, size);
		our_memmove(a, b, size);
		assert_int_equal(our_memcmp(a, b, size), 0);
		free(a);
		free(b);
	}
}

static void measures_text(void **state)
{
	(void)state;
	assert_int_equal(our_strlen(""), 0);
	assert_int_equal(our_strlen("seven b"), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_every_size_and_alignment),
		cmocka_unit_test(moves_every_overlap),
		cmocka_unit_test(sets_every_size),
		cmocka_unit_test(compares_at_every_difference),
		cmocka_unit_test(stays_inside),
		cmocka_unit_test(measures_text),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
