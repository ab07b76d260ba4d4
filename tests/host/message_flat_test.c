// SPDX-License-Identifier: MIT
/*
 * Host test of lib/message_flat: a flat struct read as a whole has the fields that a reader of
 * the message has, whatever the message looks like.
 */
#include "lib/message.h"
#include "schema/memory.capnp.h"
#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint32_t ROUNDS = 30000;
constexpr uint32_t WORDS_MAX = 10;

static struct message_reader message;
static struct virtual_memory_map_params_flat flat;
static struct virtual_memory_map_params_reader params;

/* Read so many words in memory of exactly that size, so that a read beyond them is seen. */
static bool read_words(const uint64_t *words, uint32_t count)
{
	uint64_t *exact = malloc(count * sizeof(uint64_t));
	bool is_read;

	memcpy(exact, words, count * sizeof(uint64_t));
	memset(&flat, 0xa5, sizeof(flat));
	message_reader_init(&message, exact, count * sizeof(uint64_t));
	is_read = virtual_memory_map_params_read_flat(&message, &flat, &params);
	free(exact);
	return is_read;
}

static uint64_t root(int32_t offset, uint16_t data_words, uint16_t pointers)
{
	return (uint32_t)offset << 2 | (uint64_t)data_words << 32 | (uint64_t)pointers << 48;
}

static void assert_offset_and_memory(uint64_t offset, bool has_memory, uint32_t memory)
{
	struct capability_index index = virtual_memory_map_params_get_memory(params);

	assert_int_equal(virtual_memory_map_params_get_offset_bytes(params), offset);
	assert_int_equal(index.present, has_memory);
	assert_int_equal(index.index, memory);
	assert_false(message.malformed);
}

static void what_the_builder_made_reads_back(void **)
{
	struct virtual_memory_map_params_builder b;
	struct message_builder builder;
	uint64_t words[6];

	message_builder_init(&builder, words, sizeof(words));
	b = virtual_memory_map_params_init_root(&builder);
	virtual_memory_map_params_set_memory(b, 7);
	virtual_memory_map_params_set_offset_bytes(b, 1);
	virtual_memory_map_params_set_length_bytes(b, 2);
	virtual_memory_map_params_set_protection(b, PROTECTION_READ_EXECUTE);
	virtual_memory_map_params_set_allow_revocable(b, true);
	virtual_memory_map_params_set_address(b, 3);
	assert_int_equal(message_builder_finish(&builder), sizeof(words));
	assert_true(read_words(words, 6));
	assert_offset_and_memory(1, true, 7);
	assert_int_equal(virtual_memory_map_params_get_length_bytes(params), 2);
	assert_int_equal(virtual_memory_map_params_get_protection(params),
			 PROTECTION_READ_EXECUTE);
	assert_true(virtual_memory_map_params_get_allow_revocable(params));
	assert_int_equal(virtual_memory_map_params_get_address(params), 3);
}

static void a_shorter_struct_lacks_what_is_zero(void **)
{
	const uint64_t one_word[] = { root(0, 1, 0), 9 };
	const uint64_t no_data[] = { root(0, 0, 1), 8ull << 32 | 3 };
	const uint64_t nothing[] = { 0 };

	assert_true(read_words(one_word, 2));
	assert_offset_and_memory(9, false, 0);
	assert_int_equal(virtual_memory_map_params_get_address(params), 0);
	assert_true(read_words(no_data, 2));
	assert_offset_and_memory(0, true, 8);
	assert_true(read_words(nothing, 1));
	assert_offset_and_memory(0, false, 0);
}

static void a_longer_struct_keeps_its_order(void **)
{
	const uint64_t words[] = { root(0, 6, 2), 1, 2, 3, 4, 5, 6, 5ull << 32 | 3, 99 };

	assert_true(read_words(words, 9));
	assert_offset_and_memory(1, true, 5);
	assert_int_equal(virtual_memory_map_params_get_address(params), 4);
}

static void a_struct_elsewhere_is_found(void **)
{
	const uint64_t words[] = { root(2, 4, 1), 99, 99, 1, 2, 3, 4, 6ull << 32 | 3 };

	assert_true(read_words(words, 8));
	assert_offset_and_memory(1, true, 6);
}

static void bad_roots_are_refused(void **)
{
	const uint64_t outside[] = { root(0, 4, 1), 1, 2, 3, 4 };
	const uint64_t before[] = { root(-2, 1, 0), 1 };
	const uint64_t list[] = { root(0, 4, 1) | 1, 1, 2, 3, 4, 5 };

	assert_false(read_words(outside, 5));
	assert_true(message.malformed);
	assert_int_equal(virtual_memory_map_params_get_offset_bytes(params), 0);
	assert_false(virtual_memory_map_params_get_memory(params).present);
	assert_false(read_words(before, 2));
	assert_false(read_words(list, 6));
	assert_int_equal(virtual_memory_map_params_get_offset_bytes(params), 0);
}

static void a_pointer_of_another_kind_is_malformed(void **)
{
	const uint64_t words[] = { root(0, 4, 1), 1, 2, 3, 4, root(-5, 4, 1) };

	assert_true(read_words(words, 6));
	assert_false(virtual_memory_map_params_get_memory(params).present);
	assert_true(message.malformed);
}

static void the_budget_is_spent_and_kept(void **)
{
	const uint64_t words[] = { root(0, 4, 1), 1, 2, 3, 4, 0 };
	struct message_flat to = virtual_memory_map_params_flat(&flat);

	message_reader_init(&message, words, sizeof(words));
	message_reader_limit(&message, 9, 1);
	assert_true(message_flat_read(&message, to));
	assert_int_equal(message.budget_words, 4);
	assert_false(message_flat_read(&message, to));
	assert_true(message.malformed);
}

static void a_copy_has_all_fields(void **)
{
	const uint64_t words[] = { root(0, 4, 1), 1, 2, 3, 4, 2ull << 32 | 3 };
	struct message_builder builder;
	uint64_t copy[6];

	assert_true(read_words(words, 6));
	message_builder_init(&builder, copy, sizeof(copy));
	message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_CARRIED, 0);
	(void)virtual_memory_map_params_copy_root(&builder, params);
	assert_int_equal(message_builder_finish(&builder), sizeof(copy));
	assert_memory_equal(copy, words, sizeof(copy));
}

/* --- Any message ------------------------------------------------------------------------ */

/* A root that often is the builder's, and otherwise near it. */
static uint64_t any_root(struct sequence *sequence)
{
	if (sequence_below(sequence, 3) == 0)
		return root(0, 4, 1);
	return root((int32_t)sequence_below(sequence, 5) - 2,
		    (uint16_t)sequence_below(sequence, 7),
		    (uint16_t)sequence_below(sequence, 3)) |
	       (sequence_below(sequence, 8) == 0);
}

static void assert_same(const uint64_t *words, uint32_t count)
{
	struct virtual_memory_map_params_reader by_field;
	struct message_reader plain;
	bool is_read;

	message_reader_init(&plain, words, count * sizeof(uint64_t));
	is_read = virtual_memory_map_params_read_root(&plain, &by_field);
	assert_int_equal(read_words(words, count), is_read);
	assert_int_equal(virtual_memory_map_params_get_offset_bytes(params),
			 virtual_memory_map_params_get_offset_bytes(by_field));
	assert_int_equal(virtual_memory_map_params_get_length_bytes(params),
			 virtual_memory_map_params_get_length_bytes(by_field));
	assert_int_equal(virtual_memory_map_params_get_protection(params),
			 virtual_memory_map_params_get_protection(by_field));
	assert_int_equal(virtual_memory_map_params_get_allow_revocable(params),
			 virtual_memory_map_params_get_allow_revocable(by_field));
	assert_int_equal(virtual_memory_map_params_get_address(params),
			 virtual_memory_map_params_get_address(by_field));
	assert_int_equal(virtual_memory_map_params_get_memory(params).index,
			 virtual_memory_map_params_get_memory(by_field).index);
	assert_int_equal(message.malformed, plain.malformed);
}

static void any_message_reads_as_field_by_field(void **)
{
	struct sequence sequence = { 1 };
	uint64_t words[WORDS_MAX];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t count = 1 + sequence_below(&sequence, WORDS_MAX);

		words[0] = any_root(&sequence);
		for (uint32_t i = 1; i < count; i++)
			words[i] = sequence_below(&sequence, 2) == 0 ? 3 | (uint64_t)i << 32
								     : sequence_next(&sequence);
		assert_same(words, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_builder_made_reads_back),
		cmocka_unit_test(a_shorter_struct_lacks_what_is_zero),
		cmocka_unit_test(a_longer_struct_keeps_its_order),
		cmocka_unit_test(a_struct_elsewhere_is_found),
		cmocka_unit_test(bad_roots_are_refused),
		cmocka_unit_test(a_pointer_of_another_kind_is_malformed),
		cmocka_unit_test(the_budget_is_spent_and_kept),
		cmocka_unit_test(a_copy_has_all_fields),
		cmocka_unit_test(any_message_reads_as_field_by_field),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
