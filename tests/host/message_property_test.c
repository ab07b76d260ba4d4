// SPDX-License-Identifier: MIT
/*
 * Property test of lib/message: whatever a message says, reading all of it in every way stays
 * inside its bytes and within its budget.  The bytes are those of a good message with a few
 * bits flipped and the end cut off, in memory of exactly their size.
 */
#include "tests/host/message_sample.h"
#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint32_t ROUNDS = 3000;
constexpr uint32_t BUDGET_WORDS = 300;
constexpr uint32_t MAX_PENDING = 64;

/* Structs that were found and not looked at yet. */
static struct struct_reader pending[MAX_PENDING];
static uint32_t pending_count;

static void look_later(struct struct_reader s)
{
	if (pending_count < MAX_PENDING)
		pending[pending_count++] = s;
}

static void read_elements(struct list_reader l)
{
	for (uint32_t i = 0; i < l.count && i < 100; i++) {
		struct_reader_get_uint8(list_reader_get_struct(l, i), 0);
		list_reader_get_bool(l, i);
		list_reader_get_uint8(l, i);
		list_reader_get_uint16(l, i);
		list_reader_get_uint32(l, i);
		list_reader_get_uint64(l, i);
		list_reader_get_data(l, i);
		list_reader_get_capability(l, i);
	}
	if (l.count != 0)
		look_later(list_reader_get_struct(l, l.count - 1));
}

/* Read pointer i as everything that it could be. */
static void read_pointer(struct struct_reader s, uint32_t i)
{
	struct text_reader text = struct_reader_get_text(s, i);
	struct data_reader data = struct_reader_get_data(s, i);
	uint64_t sum = 0;

	assert_int_equal(text.data[text.size], 0);
	for (uint32_t at = 0; at < data.size; at++)
		sum += data.data[at];
	(void)sum;
	struct_reader_get_capability(s, i);
	for (enum message_element e = 0; e <= MESSAGE_ELEMENT_STRUCT; e++)
		read_elements(struct_reader_get_list(s, i, e));
	if (struct_reader_has(s, i))
		look_later(struct_reader_get_struct(s, i));
}

/* Read everything below `root`; returns how many structs that were. */
static uint32_t read_all(struct struct_reader root)
{
	uint32_t structs = 0;

	look_later(root);
	for (; pending_count != 0; structs++) {
		struct struct_reader s = pending[--pending_count];

		for (uint32_t i = 0; i < 10; i++) {
			struct_reader_get_bool(s, 64 * i);
			struct_reader_get_uint64(s, 8 * i);
			read_pointer(s, i);
		}
	}
	return structs;
}

/* Flip up to four bits. */
static void damage(struct sequence *random, uint64_t *words, size_t count)
{
	for (uint32_t flips = 1 + sequence_below(random, 4); flips != 0; flips--)
		words[sequence_below(random, (uint32_t)count)] ^= UINT64_C(1)
								  << sequence_below(random, 64);
}

static void no_message_escapes_its_bytes(void **state)
{
	struct sequence random = { 1 };
	uint64_t good[SAMPLE_WORDS];
	struct message_builder b;

	(void)state;
	message_builder_init(&b, good, sizeof(good));
	assert_true(sample_build(&b));
	for (uint32_t round = 0; round < ROUNDS; round++) {
		size_t words = message_builder_finish(&b) / 8;
		uint64_t *exact = malloc(sizeof(good));
		struct message_reader message;
		struct struct_reader root;

		assert_non_null(exact);
		memcpy(exact, good, words * 8);
		damage(&random, exact, words);
		words -= sequence_below(&random, 3) == 0
				 ? sequence_below(&random, (uint32_t)words)
				 : 0;
		exact = realloc(exact, words * 8);
		message_reader_init(&message, exact, words * 8);
		message_reader_limit(&message, BUDGET_WORDS, 8);
		if (message_reader_root(&message, &root))
			assert_true(read_all(root) < 10 * BUDGET_WORDS);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_message_escapes_its_bytes),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
