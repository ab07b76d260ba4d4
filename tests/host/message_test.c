// SPDX-License-Identifier: MIT
/*
 * Host test of lib/message: what is built reads back, and no bytes whatever make the reader
 * look outside them, run long, or take a bad pointer for a good one.
 *
 * Messages are allocated at their exact size, so that the sanitizer sees a read past the end.
 */
#include "tests/host/message_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The message under test, in memory of exactly its size. */
static struct message_reader message;
static struct struct_reader root;
static void *storage;

static void load(const uint64_t *words, size_t count)
{
	free(storage);
	storage = malloc(count * 8);
	assert_non_null(storage);
	memcpy(storage, words, count * 8);
	message_reader_init(&message, storage, count * 8);
}

#define LOAD(...)                               \
	load((const uint64_t[]){ __VA_ARGS__ }, \
	     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* Load a message of which the root holds one pointer, and read the root. */
#define LOAD_POINTER(...)                                          \
	do {                                                       \
		LOAD(struct_pointer(0, 0, 1), __VA_ARGS__);        \
		assert_true(message_reader_root(&message, &root)); \
	} while (false)

static int teardown(void **state)
{
	(void)state;
	free(storage);
	storage = nullptr;
	return 0;
}

static void scalars_read_back(void **state)
{
	(void)state;
	uint64_t buffer[4] = {};
	struct message_builder b;
	struct struct_builder s;

	message_builder_init(&b, buffer, sizeof(buffer));
	s = message_builder_root(&b, 3, 0);
	struct_builder_set_bool(s, 9, true);
	struct_builder_set_uint8(s, 2, 0xab);
	struct_builder_set_uint16(s, 4, 0xbeef);
	struct_builder_set_uint32(s, 8, 0xdeadbeef);
	struct_builder_set_uint64(s, 16, UINT64_MAX - 1);
	assert_int_equal(message_builder_finish(&b), 32);
	load(buffer, 4);
	assert_true(message_reader_root(&message, &root));
	assert_true(struct_reader_get_bool(root, 9));
	assert_false(struct_reader_get_bool(root, 8));
	assert_int_equal(struct_reader_get_uint8(root, 2), 0xab);
	assert_int_equal(struct_reader_get_uint16(root, 4), 0xbeef);
	assert_int_equal(struct_reader_get_uint32(root, 8), 0xdeadbeef);
	assert_int_equal(struct_reader_get_uint64(root, 16), UINT64_MAX - 1);
	assert_false(message.malformed);
}

static void an_empty_root_is_one_word(void **state)
{
	(void)state;
	uint64_t buffer[1] = {};
	struct message_builder b;

	message_builder_init(&b, buffer, sizeof(buffer));
	message_builder_root(&b, 0, 0);
	assert_int_equal(message_builder_finish(&b), 8);
	assert_int_equal(buffer[0], 0xfffffffc);
	load(buffer, 1);
	assert_true(message_reader_root(&message, &root));
}

static void a_null_root_is_all_defaults(void **state)
{
	(void)state;
	LOAD(0);
	assert_true(message_reader_root(&message, &root));
	assert_int_equal(struct_reader_get_uint64(root, 0), 0);
	assert_false(struct_reader_has(root, 0));
	assert_false(message.malformed);
}

static void assert_bad_root(uint64_t pointer)
{
	LOAD(pointer, 1, 2, 3);
	assert_false(message_reader_root(&message, &root));
	assert_true(message.malformed);
	assert_int_equal(struct_reader_get_uint64(root, 0), 0);
	assert_int_equal(struct_reader_get_text(root, 0).size, 0);
}

static void bad_roots_are_refused(void **state)
{
	(void)state;
	assert_bad_root(struct_pointer(0, 4, 0));
	assert_bad_root(struct_pointer(0, 0xffff, 0xffff));
	assert_bad_root(struct_pointer(3, 1, 0));
	assert_bad_root(struct_pointer(-2, 1, 0));
	assert_bad_root(struct_pointer(-(1 << 29), 0, 0));
	assert_bad_root(struct_pointer((1 << 29) - 1, 0, 0));
	assert_bad_root(list_pointer(0, MESSAGE_ELEMENT_BYTE, 1));
	assert_bad_root(struct_pointer(0, 1, 0) | SAMPLE_FAR);
	assert_bad_root(SAMPLE_OTHER);
}

static void lengths_that_are_no_message(void **state)
{
	(void)state;
	static const uint64_t words[2] = {};

	for (size_t size = 0; size < 16; size++) {
		message_reader_init(&message, words, size);
		assert_int_equal(message_reader_root(&message, &root), size == 8);
		assert_int_equal(message.malformed, size != 8);
	}
	message_reader_init(&message, words, (size_t)8 << 29);
	assert_false(message_reader_root(&message, &root));
	message_reader_init(&message, words, (SIZE_MAX & ~7ull));
	assert_false(message_reader_root(&message, &root));
}

static void fields_past_a_short_struct_are_defaults(void **state)
{
	(void)state;
	LOAD(struct_pointer(0, 1, 0), UINT64_MAX);
	assert_true(message_reader_root(&message, &root));
	assert_int_equal(struct_reader_get_uint32(root, 4), UINT32_MAX);
	assert_int_equal(struct_reader_get_uint32(root, 8), 0);
	assert_int_equal(struct_reader_get_uint64(root, 8), 0);
	assert_int_equal(struct_reader_get_uint16(root, 8), 0);
	assert_int_equal(struct_reader_get_uint8(root, 8), 0);
	assert_false(struct_reader_get_bool(root, 64));
	assert_int_equal(struct_reader_get_uint64(root, MESSAGE_NO_FIELD), 0);
	assert_false(struct_reader_get_bool(root, MESSAGE_NO_FIELD));
	assert_false(struct_reader_has(root, MESSAGE_NO_FIELD));
	assert_false(message.malformed);
}

static void assert_bad_struct(uint64_t pointer)
{
	LOAD_POINTER(pointer, 1, 2);
	assert_int_equal(struct_reader_get_struct(root, 0).data_bytes, 0);
	assert_true(message.malformed);
}

static void bad_struct_pointers_read_as_empty(void **state)
{
	(void)state;
	assert_bad_struct(struct_pointer(0, 3, 0));
	assert_bad_struct(struct_pointer(0, 1, 2));
	assert_bad_struct(struct_pointer(2, 1, 0));
	assert_bad_struct(struct_pointer(-3, 1, 0));
	assert_bad_struct(struct_pointer(-(1 << 29), 1, 0));
	assert_bad_struct(struct_pointer((1 << 29) - 1, 1, 0));
	assert_bad_struct(struct_pointer(0, 1, 0) | SAMPLE_LIST);
	assert_bad_struct(struct_pointer(0, 1, 0) | SAMPLE_FAR);
	assert_bad_struct(struct_pointer(0, 1, 0) | SAMPLE_OTHER);
	LOAD_POINTER(struct_pointer(0, 2, 0), 1, 2);
	assert_int_equal(struct_reader_get_uint64(struct_reader_get_struct(root, 0), 8), 2);
	assert_false(message.malformed);
}

static void objects_may_overlap(void **state)
{
	(void)state;
	LOAD_POINTER(struct_pointer(-1, 1, 1), 7);
	struct struct_reader self = struct_reader_get_struct(root, 0);

	assert_int_equal(struct_reader_get_uint64(self, 0), struct_pointer(-1, 1, 1));
	assert_false(message.malformed);
}

static void a_cycle_ends_at_the_nesting_limit(void **state)
{
	(void)state;
	struct struct_reader at;
	uint32_t depth = 0;

	LOAD_POINTER(struct_pointer(-1, 0, 1));
	for (at = root; !message.malformed; depth++)
		at = struct_reader_get_struct(at, 0);
	assert_int_equal(depth, MESSAGE_DEFAULT_NESTING + 1);
	assert_int_equal(at.pointers, 0);
}

static void nesting_counts_lists(void **state)
{
	(void)state;
	LOAD(struct_pointer(0, 0, 1), list_pointer(-1, MESSAGE_ELEMENT_POINTER, 1));
	message_reader_limit(&message, 1000, 1);
	assert_true(message_reader_root(&message, &root));
	struct list_reader l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_POINTER);

	assert_int_equal(l.count, 1);
	assert_false(message.malformed);
	assert_int_equal(list_reader_get_text(l, 0).size, 0);
	assert_true(message.malformed);
}

static void following_a_pointer_again_costs_again(void **state)
{
	(void)state;
	uint32_t times = 0;

	LOAD_POINTER(struct_pointer(0, 2, 0), 1, 2);
	message_reader_limit(&message, 11, MESSAGE_DEFAULT_NESTING);
	assert_true(message_reader_root(&message, &root));
	for (; !message.malformed && times < 100; times++)
		struct_reader_get_struct(root, 0);
	assert_int_equal(times, 6); /* 11 words: the root, five times two, and a refusal */
}

static void empty_elements_cost_too(void **state)
{
	(void)state;
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_VOID, (1 << 29) - 1));
	assert_int_equal(struct_reader_get_list(root, 0, MESSAGE_ELEMENT_VOID).count, 0);
	assert_true(message.malformed);
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_STRUCT, 0), struct_pointer(1 << 28, 0, 0));
	assert_int_equal(struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT).count, 0);
	assert_true(message.malformed);
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_VOID, 5));
	assert_int_equal(struct_reader_get_list(root, 0, MESSAGE_ELEMENT_VOID).count, 5);
	assert_false(message.malformed);
}

static void text_needs_its_nul(void **state)
{
	(void)state;
	uint64_t hello = 0;

	memcpy(&hello, "hello", 5);
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_BYTE, 6), hello);
	assert_int_equal(struct_reader_get_text(root, 0).size, 5);
	assert_string_equal(struct_reader_get_text(root, 0).data, "hello");
	assert_false(message.malformed);
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_BYTE, 5), hello);
	assert_int_equal(struct_reader_get_text(root, 0).size, 0);
	assert_string_equal(struct_reader_get_text(root, 0).data, "");
	assert_true(message.malformed);
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_BYTE, 0), hello);
	assert_int_equal(struct_reader_get_text(root, 0).size, 0);
	assert_true(message.malformed);
	LOAD_POINTER(0, hello);
	assert_string_equal(struct_reader_get_text(root, 0).data, "");
	assert_false(message.malformed);
}

static void assert_bad_bytes(uint64_t pointer)
{
	LOAD_POINTER(pointer, 0);
	assert_int_equal(struct_reader_get_text(root, 0).size, 0);
	assert_true(message.malformed);
	LOAD_POINTER(pointer, 0);
	assert_int_equal(struct_reader_get_data(root, 0).size, 0);
	assert_non_null(struct_reader_get_data(root, 0).data);
	assert_true(message.malformed);
}

static void bytes_must_be_bytes(void **state)
{
	(void)state;
	assert_bad_bytes(list_pointer(0, MESSAGE_ELEMENT_BYTE, 9));
	assert_bad_bytes(list_pointer(0, MESSAGE_ELEMENT_BYTE, (1 << 29) - 1));
	assert_bad_bytes(list_pointer(1, MESSAGE_ELEMENT_BYTE, 1));
	assert_bad_bytes(list_pointer(0, MESSAGE_ELEMENT_TWO_BYTES, 2));
	assert_bad_bytes(list_pointer(0, MESSAGE_ELEMENT_BIT, 8));
	assert_bad_bytes(struct_pointer(0, 1, 0));
	assert_bad_bytes(SAMPLE_FAR);
	assert_bad_bytes(SAMPLE_OTHER);
}

static void struct_lists_must_fit_their_tag(void **state)
{
	(void)state;
	struct list_reader l;

	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_STRUCT, 2), struct_pointer(2, 1, 0), 5, 6);
	l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT);
	assert_int_equal(l.count, 2);
	assert_int_equal(struct_reader_get_uint64(list_reader_get_struct(l, 1), 0), 6);
	assert_int_equal(struct_reader_get_uint64(list_reader_get_struct(l, 2), 0), 0);
	assert_false(message.malformed);

	static const uint64_t tags[] = {
		(uint64_t)1 << 32 | 3 << 2,               /* three elements in two words */
		(uint64_t)2 << 32 | 2 << 2,               /* elements twice as long */
		(uint64_t)1 << 48 | UINT32_C(0xfffffffc), /* 2^30 - 1 elements */
		(uint64_t)1 << 32 | 2 << 2 | SAMPLE_LIST, /* a tag that is no struct */
	};
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_STRUCT, 2), tags[i], 5, 6);
		l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT);
		assert_int_equal(l.count, 0);
		assert_true(message.malformed);
	}
	/* The tag itself is outside. */
	LOAD_POINTER(list_pointer(1, MESSAGE_ELEMENT_STRUCT, 0), 0);
	assert_int_equal(struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT).count, 0);
	assert_true(message.malformed);
}

static void elements_past_the_end_read_as_nothing(void **state)
{
	(void)state;
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_EIGHT_BYTES, 1), UINT64_MAX);
	struct list_reader l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_EIGHT_BYTES);

	assert_int_equal(list_reader_get_uint64(l, 0), UINT64_MAX);
	assert_int_equal(list_reader_get_uint64(l, 1), 0);
	assert_int_equal(list_reader_get_uint32(l, 1), 0);
	assert_int_equal(list_reader_get_uint16(l, 1), 0);
	assert_int_equal(list_reader_get_uint8(l, 1), 0);
	assert_int_equal(list_reader_get_uint64(l, UINT32_MAX), 0);
	assert_int_equal(list_reader_get_struct(l, 1).data_bytes, 0);
	assert_false(list_reader_get_capability(l, 1).present);
	assert_false(message.malformed);
}

static void scalars_read_as_structs(void **state)
{
	(void)state;
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_TWO_BYTES, 3), 0x000300020001);
	struct list_reader l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT);
	struct struct_reader last = list_reader_get_struct(l, 2);

	assert_int_equal(l.count, 3);
	assert_int_equal(struct_reader_get_uint16(last, 0), 3);
	assert_int_equal(struct_reader_get_uint32(last, 0), 0);
	assert_int_equal(struct_reader_get_uint16(last, 2), 0);
	assert_false(message.malformed);
}

static void structs_read_as_scalars(void **state)
{
	(void)state;
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_STRUCT, 4), struct_pointer(2, 1, 1), 8, 0,
		     9, 0);
	struct list_reader l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_FOUR_BYTES);

	assert_int_equal(l.count, 2);
	assert_int_equal(list_reader_get_uint32(l, 1), 9);
	l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_POINTER);
	assert_int_equal(l.count, 2);
	assert_int_equal(list_reader_get_text(l, 1).size, 0);
	assert_false(message.malformed);
}

static void assert_list_refused(enum message_element found, enum message_element expected)
{
	LOAD_POINTER(list_pointer(0, found, 1), 0, 0);
	assert_int_equal(struct_reader_get_list(root, 0, expected).count, 0);
	assert_true(message.malformed);
}

static void elements_of_another_size_are_refused(void **state)
{
	(void)state;
	assert_list_refused(MESSAGE_ELEMENT_BIT, MESSAGE_ELEMENT_STRUCT);
	assert_list_refused(MESSAGE_ELEMENT_BIT, MESSAGE_ELEMENT_BYTE);
	assert_list_refused(MESSAGE_ELEMENT_BIT, MESSAGE_ELEMENT_VOID);
	assert_list_refused(MESSAGE_ELEMENT_BYTE, MESSAGE_ELEMENT_BIT);
	assert_list_refused(MESSAGE_ELEMENT_BYTE, MESSAGE_ELEMENT_TWO_BYTES);
	assert_list_refused(MESSAGE_ELEMENT_FOUR_BYTES, MESSAGE_ELEMENT_EIGHT_BYTES);
	assert_list_refused(MESSAGE_ELEMENT_EIGHT_BYTES, MESSAGE_ELEMENT_POINTER);
	assert_list_refused(MESSAGE_ELEMENT_POINTER, MESSAGE_ELEMENT_EIGHT_BYTES);
	assert_list_refused(MESSAGE_ELEMENT_VOID, MESSAGE_ELEMENT_BYTE);
	assert_list_refused(MESSAGE_ELEMENT_STRUCT, MESSAGE_ELEMENT_BIT);
	LOAD_POINTER(list_pointer(0, MESSAGE_ELEMENT_STRUCT, 1), struct_pointer(1, 0, 1), 0);
	assert_int_equal(struct_reader_get_list(root, 0, MESSAGE_ELEMENT_BYTE).count, 0);
	assert_true(message.malformed);
}

static void capability_pointers(void **state)
{
	(void)state;
	LOAD_POINTER((uint64_t)7 << 32 | SAMPLE_OTHER);
	assert_true(struct_reader_get_capability(root, 0).present);
	assert_int_equal(struct_reader_get_capability(root, 0).index, 7);
	assert_false(struct_reader_get_capability(root, 1).present);
	assert_false(message.malformed);
	LOAD_POINTER((uint64_t)7 << 32 | 1 << 2 | SAMPLE_OTHER);
	assert_false(struct_reader_get_capability(root, 0).present);
	assert_true(message.malformed);
	LOAD_POINTER(struct_pointer(-1, 0, 0));
	assert_false(struct_reader_get_capability(root, 0).present);
	assert_true(message.malformed);
}

static void the_sample_reads_back(void **state)
{
	(void)state;
	uint64_t buffer[SAMPLE_WORDS];
	struct message_builder b;

	memset(buffer, 0xff, sizeof(buffer)); /* what is handed out is zeroed */
	message_builder_init(&b, buffer, sizeof(buffer));
	assert_true(sample_build(&b));
	load(buffer, message_builder_finish(&b) / 8);
	assert_true(message_reader_root(&message, &root));
	sample_check(root);
	assert_int_equal(struct_reader_get_capability(root, 7).index, 5);
}

static void every_shortage_of_room_fails_cleanly(void **state)
{
	(void)state;
	uint64_t buffer[SAMPLE_WORDS];
	struct message_builder b;
	size_t full;

	message_builder_init(&b, buffer, sizeof(buffer));
	assert_true(sample_build(&b));
	full = message_builder_finish(&b);
	for (size_t size = 0; size <= full; size++) {
		uint8_t *exact = malloc(size + 1);

		assert_non_null(exact);
		exact[size] = 0x5a;
		message_builder_init(&b, exact, size);
		assert_int_equal(sample_build(&b), size == full);
		assert_int_equal(b.failed, size != full);
		assert_int_equal(exact[size], 0x5a);
		free(exact);
	}
}

static void an_index_past_the_end_fails(void **state)
{
	(void)state;
	uint64_t buffer[16];
	struct message_builder b;
	struct struct_builder s;
	struct list_builder l;

	message_builder_init(&b, buffer, sizeof(buffer));
	s = message_builder_root(&b, 0, 1);
	l = struct_builder_init_list(s, 0, MESSAGE_ELEMENT_TWO_BYTES, 3);
	list_builder_set_uint16(l, 2, 1);
	assert_false(b.failed);
	list_builder_set_uint16(l, 3, 1);
	assert_true(b.failed);
	assert_int_equal(message_builder_finish(&b), 0);

	message_builder_init(&b, buffer, sizeof(buffer));
	s = message_builder_root(&b, 0, 1);
	l = struct_builder_init_list(s, 0, MESSAGE_ELEMENT_TWO_BYTES, 3);
	list_builder_set_uint64(l, 0, 1);
	assert_true(b.failed);
	b.failed = false;
	list_builder_set_bool(l, 0, true);
	assert_true(b.failed);
}

static void huge_requests_fail(void **state)
{
	(void)state;
	uint64_t buffer[8];
	struct message_builder b;
	struct struct_builder s;

	message_builder_init(&b, buffer, sizeof(buffer));
	s = message_builder_root(&b, 0, 1);
	assert_null(struct_builder_init_list(s, 0, MESSAGE_ELEMENT_VOID, UINT32_MAX).data);
	assert_null(
		struct_builder_init_list(s, 0, MESSAGE_ELEMENT_EIGHT_BYTES, UINT32_MAX).data);
	assert_null(struct_builder_init_struct_list(s, 0, UINT32_MAX, 0xffff, 0xffff).data);
	assert_null(struct_builder_init_struct_list(s, 0, UINT32_MAX, 0, 0).data);
	assert_null(struct_builder_init_data(s, 0, UINT32_MAX));
	assert_false(struct_builder_set_text(s, 0, "", UINT32_MAX));
	assert_true(b.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_read_back),
		cmocka_unit_test(an_empty_root_is_one_word),
		cmocka_unit_test(a_null_root_is_all_defaults),
		cmocka_unit_test(bad_roots_are_refused),
		cmocka_unit_test(lengths_that_are_no_message),
		cmocka_unit_test(fields_past_a_short_struct_are_defaults),
		cmocka_unit_test(bad_struct_pointers_read_as_empty),
		cmocka_unit_test(objects_may_overlap),
		cmocka_unit_test(a_cycle_ends_at_the_nesting_limit),
		cmocka_unit_test(nesting_counts_lists),
		cmocka_unit_test(following_a_pointer_again_costs_again),
		cmocka_unit_test(empty_elements_cost_too),
		cmocka_unit_test(text_needs_its_nul),
		cmocka_unit_test(bytes_must_be_bytes),
		cmocka_unit_test(struct_lists_must_fit_their_tag),
		cmocka_unit_test(elements_past_the_end_read_as_nothing),
		cmocka_unit_test(scalars_read_as_structs),
		cmocka_unit_test(structs_read_as_scalars),
		cmocka_unit_test(elements_of_another_size_are_refused),
		cmocka_unit_test(capability_pointers),
		cmocka_unit_test(the_sample_reads_back),
		cmocka_unit_test(every_shortage_of_room_fails_cleanly),
		cmocka_unit_test(an_index_past_the_end_fails),
		cmocka_unit_test(huge_requests_fail),
	};

	return cmocka_run_group_tests(tests, nullptr, teardown);
}
