// SPDX-License-Identifier: MIT
/* Host test of lib/message_packed: the encoding's examples, its borders, and that it is undone.
 */
#include "lib/message_packed.h"

#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t MAX_WORDS = 1200;

/* Pack words, compare, and unpack them again from and into memory of exactly their size. */
static void assert_packs(const uint64_t *words, size_t count, const void *expected, size_t size)
{
	uint8_t *packed = malloc(message_packed_bound(count * 8) + 1);
	uint8_t *unpacked = malloc(count * 8 + 1);
	size_t found = 0;

	assert_non_null(packed);
	assert_non_null(unpacked);
	assert_int_equal(message_pack(words, count * 8, packed), size);
	if (expected != nullptr)
		assert_memory_equal(packed, expected, size);
	packed = realloc(packed, size + 1);
	unpacked[count * 8] = 0x5a;
	assert_int_equal(message_unpack(packed, size, unpacked, count * 8, &found), 0);
	assert_int_equal(found, count * 8);
	assert_memory_equal(unpacked, words, count * 8);
	assert_int_equal(unpacked[count * 8], 0x5a);
	assert_int_equal(message_unpack(packed, size, nullptr, SIZE_MAX, &found), 0);
	assert_int_equal(found, count * 8);
	free(packed);
	free(unpacked);
}

/* The examples of the encoding's description. */
static void the_examples(void **state)
{
	(void)state;
	static const uint64_t sparse[] = { 0x0000000200000008, 0x0000000300000019 };
	static const uint64_t zeros[4] = {};
	static const uint64_t full[] = { 0x8a8a8a8a8a8a8a8a, 0x8a8a8a8a8a8a8a8a,
					 0x8a8a8a8a8a8a8a8a, 0x8a8a8a8a8a8a8a8a };

	assert_packs(sparse, 2, "\x11\x08\x02\x11\x19\x03", 6);
	assert_packs(zeros, 4, "\0\3", 2);
	uint8_t expected[34] = { 0xff };

	memset(expected + 1, 0x8a, 33);
	expected[9] = 3;
	assert_packs(full, 4, expected, 34);
	assert_packs(zeros, 0, "", 0);
}

/* A run of words as they are goes on over a word with one zero byte, and ends before two. */
static void runs_of_full_words_end_where_packing_pays(void **state)
{
	(void)state;
	static const uint64_t words[] = { 0x0807060504030201, 0x0807060504030200,
					  0x0807060504030000 };

	assert_packs(words, 3,
		     "\xff\1\2\3\4\5\6\7\10\1\0\2\3\4\5\6\7\10"
		     "\xfc\3\4\5\6\7\10",
		     25);
}

static void runs_are_at_most_256_words(void **state)
{
	(void)state;
	uint64_t words[600] = {};

	assert_packs(words, 256, "\0\377", 2);
	assert_packs(words, 257, "\0\377\0\0", 4);
	assert_packs(words, 600, "\0\377\0\377\0\127", 6);
	memset(words, 0x11, sizeof(words));
	assert_packs(words, 256, nullptr, 10 + 255 * 8);
	assert_packs(words, 257, nullptr, 10 + 255 * 8 + 10);
}

static void what_is_cut_short_is_refused(void **state)
{
	(void)state;
	static const uint8_t whole[] = { 0x11, 8, 2, 0xff, 1, 2, 3, 4, 5, 6, 7, 8,
					 1,    9, 9, 9,    9, 9, 9, 9, 9, 0, 3 };
	uint8_t out[64];
	size_t size = 0;

	for (size_t cut = 0; cut <= sizeof(whole); cut++) {
		bool good = cut == 0 || cut == 3 || cut == 21 || cut == sizeof(whole);
		uint8_t *exact = malloc(cut + 1);

		assert_non_null(exact);
		memcpy(exact, whole, cut);
		assert_int_equal(message_unpack(exact, cut, out, sizeof(out), &size),
				 good ? MESSAGE_FAULT_NONE : MESSAGE_FAULT_CUT);
		free(exact);
	}
}

static void unpacking_stays_in_its_room(void **state)
{
	(void)state;
	static const uint8_t packed[] = { 0, 3, 0x01, 7, 0xff, 1, 2, 3, 4, 5, 6, 7, 8, 0 };
	size_t found = 0;

	for (size_t size = 0; size <= 48; size++) {
		uint8_t *exact = malloc(size + 1);

		assert_non_null(exact);
		exact[size] = 0x5a;
		assert_int_equal(message_unpack(packed, sizeof(packed), exact, size, &found),
				 size == 48 ? MESSAGE_FAULT_NONE : MESSAGE_FAULT_ROOM);
		assert_int_equal(exact[size], 0x5a);
		assert_true(found <= size);
		free(exact);
	}
}

/* Words of each density of zeros. */
static void whatever_is_packed_unpacks(void **state)
{
	struct sequence random = { 7 };
	static uint64_t words[MAX_WORDS];
	static uint8_t packed[MAX_WORDS * 10];

	(void)state;
	for (uint32_t round = 0; round < 500; round++) {
		size_t count = sequence_below(&random, MAX_WORDS);
		uint32_t zeros = sequence_below(&random, 101);

		for (size_t i = 0; i < count * 8; i++)
			((uint8_t *)words)[i] = sequence_below(&random, 100) < zeros
							? 0
							: (uint8_t)sequence_next(&random);
		assert_packs(words, count, nullptr, message_pack(words, count * 8, packed));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples),
		cmocka_unit_test(runs_of_full_words_end_where_packing_pays),
		cmocka_unit_test(runs_are_at_most_256_words),
		cmocka_unit_test(what_is_cut_short_is_refused),
		cmocka_unit_test(unpacking_stays_in_its_room),
		cmocka_unit_test(whatever_is_packed_unpacks),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
