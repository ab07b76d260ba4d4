// SPDX-License-Identifier: MIT
/*
 * Host test of lib/message_copy: a copy says what its source says, also what the copier's
 * schema does not know; it is paid for, ends, carries capabilities by rule, and fails whole.
 */
#include "tests/host/message_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The source, in memory of exactly its size, and the message under construction. */
static struct message_reader source;
static struct struct_reader root;
static void *storage;
static uint64_t buffer[256];
static struct message_builder builder;

static void load(const uint64_t *words, size_t count)
{
	free(storage);
	storage = malloc(count * 8);
	assert_non_null(storage);
	memcpy(storage, words, count * 8);
	message_reader_init(&source, storage, count * 8);
	assert_true(message_reader_root(&source, &root));
}

#define LOAD(...)                               \
	load((const uint64_t[]){ __VA_ARGS__ }, \
	     sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

static void load_sample(void)
{
	uint64_t words[SAMPLE_WORDS];
	struct message_builder b;

	message_builder_init(&b, words, sizeof(words));
	assert_true(sample_build(&b));
	load(words, message_builder_finish(&b) / 8);
}

/* A builder in which whatever was there before would show. */
static void start(void)
{
	memset(buffer, 0xa5, sizeof(buffer));
	message_builder_init(&builder, buffer, sizeof(buffer));
	message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_CARRIED, 0);
}

/* Read back what was built. */
static struct struct_reader built(void)
{
	static struct message_reader message;
	struct struct_reader found;
	size_t size = message_builder_finish(&builder);

	assert_true(size != 0);
	message_reader_init(&message, buffer, size);
	assert_true(message_reader_root(&message, &found));
	return found;
}

static int teardown(void **state)
{
	(void)state;
	free(storage);
	storage = nullptr;
	return 0;
}

static void a_copied_root_says_the_same(void **state)
{
	(void)state;
	load_sample();
	start();
	assert_non_null(message_builder_copy_root(&builder, root, 0, 0).data);
	sample_check(built());
	assert_int_equal(struct_reader_get_capability(built(), 7).index, 5);
	assert_false(source.malformed);
}

static void a_copied_field_says_the_same(void **state)
{
	(void)state;
	struct struct_builder outer;

	load_sample();
	start();
	outer = message_builder_root(&builder, 1, 2);
	assert_non_null(struct_builder_copy_struct(outer, 16, root, 0, 0).data);
	struct_builder_set_uint64(outer, 0, 7);
	sample_check(struct_reader_get_struct(built(), 1));
	assert_int_equal(struct_reader_get_uint64(built(), 0), 7);
	assert_false(struct_reader_has(built(), 0));
}

/* Each list of the sample, by its pointer: the element size that is expected, and found. */
static void copied_lists_keep_their_elements(void **state)
{
	(void)state;
	static const enum message_element elements[] = {
		MESSAGE_ELEMENT_POINTER,
		MESSAGE_ELEMENT_STRUCT,
		MESSAGE_ELEMENT_BIT,
		MESSAGE_ELEMENT_EIGHT_BYTES,
	};
	struct struct_builder copy;

	load_sample();
	start();
	copy = message_builder_copy_root(&builder, root, 0, 0);
	for (uint32_t i = 0; i < 4; i++) {
		struct list_reader l = struct_reader_get_list(root, 3 + i, elements[i]);

		assert_int_equal(l.element, elements[i]);
		assert_true(struct_builder_copy_list(copy, 8 + 8 * (3 + i), l));
		l = struct_reader_get_list(built(), 3 + i, elements[i]);
		assert_int_equal(l.element, elements[i]);
	}
	sample_check(built());
}

static void any_pointer_is_copied_as_it_is(void **state)
{
	(void)state;
	struct struct_builder copy;

	load_sample();
	start();
	copy = message_builder_root(&builder, 1, 8);
	struct_builder_set_uint64(copy, 0, 42);
	for (uint32_t i = 0; i < 8; i++)
		assert_true(struct_builder_copy_pointer(copy, 8 + 8 * i, root, i));
	sample_check(built());
	assert_int_equal(struct_reader_get_capability(built(), 7).index, 5);
	/* Null, and what an older struct does not have, is null. */
	assert_true(struct_builder_copy_pointer(copy, 8, root, 8));
	assert_false(struct_reader_has(built(), 0));
}

/* A struct of two data words and two pointers, in a list and alone, that an older program,
 * which knows one of each, hands on. */
static void what_the_copier_does_not_know_is_kept(void **state)
{
	(void)state;
	uint64_t text = 0;
	struct struct_reader copy;
	struct list_reader l;

	memcpy(&text, "newer", 5);
	LOAD(struct_pointer(0, 0, 2), struct_pointer(1, 2, 2),
	     list_pointer(5, MESSAGE_ELEMENT_STRUCT, 4), 1, 2, 0,
	     list_pointer(0, MESSAGE_ELEMENT_BYTE, 6), text, struct_pointer(1 << 0, 2, 2), 3, 4,
	     0, list_pointer(-6, MESSAGE_ELEMENT_BYTE, 6));
	start();
	struct struct_builder to = message_builder_root(&builder, 0, 2);

	struct_builder_copy_struct(to, 0, struct_reader_get_struct(root, 0), 1, 1);
	assert_true(struct_builder_copy_list(
		to, 8, struct_reader_get_list(root, 1, MESSAGE_ELEMENT_STRUCT)));
	copy = struct_reader_get_struct(built(), 0);
	assert_int_equal(struct_reader_get_uint64(copy, 8), 2);
	assert_string_equal(struct_reader_get_text(copy, 1).data, "newer");
	l = struct_reader_get_list(built(), 1, MESSAGE_ELEMENT_STRUCT);
	assert_int_equal(l.count, 1);
	assert_int_equal(struct_reader_get_uint64(list_reader_get_struct(l, 0), 8), 4);
	assert_string_equal(struct_reader_get_text(list_reader_get_struct(l, 0), 1).data,
			    "newer");
}

static void a_copy_of_an_older_struct_has_room_for_newer_fields(void **state)
{
	(void)state;
	struct struct_builder copy;

	LOAD(struct_pointer(0, 1, 1), 11, struct_pointer(-1, 0, 0));
	start();
	copy = message_builder_copy_root(&builder, root, 3, 2);
	struct_builder_set_text(copy, 32, "added", 5);
	assert_int_equal(struct_reader_get_uint64(built(), 0), 11);
	assert_int_equal(struct_reader_get_uint64(built(), 8), 0);
	assert_int_equal(struct_reader_get_uint64(built(), 16), 0);
	assert_true(struct_reader_has(built(), 0));
	assert_string_equal(struct_reader_get_text(built(), 1).data, "added");
	assert_int_equal(built().data_bytes, 24);
	assert_int_equal(built().pointers, 2);
}

static void an_element_of_scalars_is_copied_as_a_struct(void **state)
{
	(void)state;
	struct list_reader l;

	LOAD(struct_pointer(0, 0, 1), list_pointer(0, MESSAGE_ELEMENT_TWO_BYTES, 2),
	     0xaaaabbbb);
	l = struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT);
	start();
	message_builder_copy_root(&builder, list_reader_get_struct(l, 1), 2, 1);
	assert_int_equal(struct_reader_get_uint64(built(), 0), 0xaaaa);
	assert_int_equal(struct_reader_get_uint64(built(), 8), 0);
	assert_int_equal(built().pointers, 1);
	start();
	message_builder_copy_root(&builder, list_reader_get_struct(l, 0), 0, 0);
	assert_int_equal(struct_reader_get_uint64(built(), 0), 0xbbbb);
	assert_int_equal(built().data_bytes, 8);
}

static void null_is_copied_as_empty(void **state)
{
	(void)state;
	struct struct_builder to;

	LOAD(struct_pointer(0, 0, 1), 0);
	start();
	to = message_builder_root(&builder, 0, 3);
	struct_builder_copy_struct(to, 0, struct_reader_get_struct(root, 0), 0, 0);
	struct_builder_copy_list(to, 8, struct_reader_get_list(root, 0, MESSAGE_ELEMENT_BYTE));
	struct_builder_copy_list(to, 16,
				 struct_reader_get_list(root, 0, MESSAGE_ELEMENT_STRUCT));
	assert_true(struct_reader_has(built(), 0));
	assert_int_equal(struct_reader_get_data(built(), 1).size, 0);
	assert_int_equal(struct_reader_get_list(built(), 2, MESSAGE_ELEMENT_STRUCT).count, 0);
	assert_int_equal(built().message->malformed, false);
}

static void capabilities_go_by_the_rule(void **state)
{
	(void)state;
	LOAD(struct_pointer(0, 0, 2), capability_pointer(3), capability_pointer(0));
	start();
	message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_CARRIED, 4);
	message_builder_copy_root(&builder, root, 0, 0);
	assert_int_equal(struct_reader_get_capability(built(), 0).index, 7);
	assert_int_equal(struct_reader_get_capability(built(), 1).index, 4);
	start();
	message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_DROPPED, 0);
	message_builder_copy_root(&builder, root, 0, 0);
	assert_false(struct_reader_has(built(), 0));
	message_builder_init(&builder, buffer, sizeof(buffer));
	assert_null(message_builder_copy_root(&builder, root, 0, 0).data);
	assert_true(builder.failed);
	assert_false(source.malformed);
}

/* Whether the loaded source is refused, wholly, as malformed. */
static void assert_refused(void)
{
	start();
	assert_null(message_builder_copy_root(&builder, root, 0, 0).data);
	assert_int_equal(message_builder_finish(&builder), 0);
	assert_true(source.malformed);
}

static void bad_pointers_fail_the_copy(void **state)
{
	(void)state;
	static const uint64_t bad[] = {
		0x00000001fffffff4,                 /* a struct before the message */
		(uint64_t)2 << 32,                  /* a struct that is too long */
		(uint64_t)1 << 32 | 1 << 2,         /* a struct behind the message */
		(uint64_t)9 << 35 | 2ull << 32 | 1, /* bytes that are too many */
		(uint64_t)1 << 35 | 7ull << 32 | 1, /* structs of which the tag is no struct */
		(uint64_t)7 << 32 | 2,              /* far */
		(uint64_t)7 << 32 | 7,              /* an unknown kind */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		LOAD(struct_pointer(0, 0, 1), bad[i], 3);
		assert_refused();
	}
}

static void elements_that_overrun_their_list_fail_the_copy(void **state)
{
	(void)state;
	LOAD(struct_pointer(0, 0, 1), list_pointer(0, MESSAGE_ELEMENT_STRUCT, 2),
	     struct_pointer(2, 1, 0), 5, 6);
	start();
	assert_non_null(message_builder_copy_root(&builder, root, 0, 0).data);
	LOAD(struct_pointer(0, 0, 1), list_pointer(0, MESSAGE_ELEMENT_STRUCT, 2),
	     struct_pointer(3, 1, 0), 5, 6);
	assert_refused();
}

static void a_cycle_is_refused(void **state)
{
	(void)state;
	LOAD(struct_pointer(0, 0, 1), struct_pointer(-1, 0, 1));
	assert_refused();
	LOAD(struct_pointer(0, 0, 1), list_pointer(-1, MESSAGE_ELEMENT_POINTER, 1));
	assert_refused();
	LOAD(struct_pointer(0, 0, 2), struct_pointer(-1, 0, 2), struct_pointer(-2, 0, 2));
	assert_refused();
}

/* A chain of n structs below the root, each in the next word. */
static void load_chain(uint32_t n)
{
	uint64_t words[80] = {};

	for (uint32_t i = 0; i <= n; i++)
		words[i] = struct_pointer(0, 0, 1);
	load(words, n + 2);
}

static void copies_end_at_the_nesting_limit(void **state)
{
	(void)state;
	load_chain(MESSAGE_COPY_NESTING);
	start();
	assert_non_null(message_builder_copy_root(&builder, root, 0, 0).data);
	assert_int_equal(message_builder_finish(&builder), 8 * (MESSAGE_COPY_NESTING + 2));
	load_chain(MESSAGE_COPY_NESTING + 1);
	assert_refused();
	/* The reader's own limit is obeyed, and a larger one does not outgrow the stack. */
	load_chain(5);
	root.nesting = 4;
	assert_refused();
	load_chain(60);
	root.nesting = 255;
	assert_refused();
	load_chain(5);
	root.nesting = 5;
	start();
	assert_non_null(message_builder_copy_root(&builder, root, 0, 0).data);
}

static void a_pointer_that_may_not_be_followed_is_not_copied(void **state)
{
	(void)state;
	struct struct_builder to;

	LOAD(struct_pointer(0, 0, 1), struct_pointer(-1, 0, 0));
	start();
	to = message_builder_root(&builder, 0, 1);
	root.nesting = 0;
	assert_false(struct_builder_copy_pointer(to, 0, root, 0));
	assert_true(source.malformed);
}

static void copying_is_paid_from_the_budget(void **state)
{
	(void)state;
	load_sample();
	source.budget_words = 1000;
	start();
	message_builder_copy_root(&builder, root, 0, 0);
	/* All of the sample but its root: pointer, data word and eight pointers. */
	assert_int_equal(source.budget_words, 1000 - (source.words - 10));
	load_sample();
	source.budget_words = source.words - 11;
	assert_refused();
}

/* Lists of `count` elements without size, each in its own way. */
static void elements_without_size_are_paid_for(void **state)
{
	(void)state;
	for (uint32_t count = 99; count <= 101; count++) {
		bool good = count <= 100;

		LOAD(struct_pointer(0, 0, 1), list_pointer(0, MESSAGE_ELEMENT_VOID, count));
		source.budget_words = 100;
		start();
		message_builder_copy_root(&builder, root, 0, 0);
		assert_int_equal(builder.failed, !good);
		LOAD(struct_pointer(0, 0, 1), list_pointer(0, MESSAGE_ELEMENT_STRUCT, 0),
		     struct_pointer((int32_t)count, 0, 0));
		source.budget_words = 101;
		start();
		message_builder_copy_root(&builder, root, 0, 0);
		assert_int_equal(builder.failed, !good);
	}
}

/* Sixteen pointers to a list of sixteen pointers, and so on: exponential, were it free. */
static void sharing_cannot_multiply_work(void **state)
{
	(void)state;
	uint64_t words[1 + 16 * 16] = { list_pointer(0, MESSAGE_ELEMENT_POINTER, 16) };
	struct message_frame frame;

	for (int32_t level = 0; level < 16; level++)
		for (int32_t i = 0; i < 16; i++)
			words[1 + level * 16 + i] =
				level < 15 ? list_pointer(15 - i, MESSAGE_ELEMENT_POINTER, 16)
					   : 0;
	for (enum message_form form = MESSAGE_FORM_PLAIN; form <= MESSAGE_FORM_CANONICAL;
	     form++) {
		uint64_t *large = malloc(1 << 20);

		assert_non_null(large);
		words[0] = form == MESSAGE_FORM_PLAIN
				   ? list_pointer(0, MESSAGE_ELEMENT_POINTER, 16)
				   : struct_pointer(0, 0, 16);
		assert_int_equal(message_frame_init_flat(&frame, words, sizeof(words)), 0);
		message_builder_init(&builder, large, 1 << 20);
		assert_int_equal(message_frame_copy(&frame, &builder, form),
				 MESSAGE_FAULT_BUDGET);
		assert_true(builder.used_words <= frame.budget_words + 1);
		free(large);
	}
}

static void every_shortage_of_room_fails_the_copy(void **state)
{
	(void)state;
	size_t full;

	load_sample();
	start();
	message_builder_copy_root(&builder, root, 2, 9);
	full = message_builder_finish(&builder);
	for (size_t size = 0; size <= full; size++) {
		uint8_t *exact = malloc(size + 1);

		assert_non_null(exact);
		exact[size] = 0x5a;
		source.budget_words = 1000; /* each copy is paid for */
		message_builder_init(&builder, exact, size);
		message_builder_capabilities(&builder, MESSAGE_CAPABILITIES_CARRIED, 0);
		message_builder_copy_root(&builder, root, 2, 9);
		assert_int_equal(builder.failed, size != full);
		assert_false(source.malformed);
		assert_int_equal(exact[size], 0x5a);
		free(exact);
	}
}

static void a_failed_builder_stays_failed(void **state)
{
	(void)state;
	struct struct_builder to = { .message = &builder };

	load_sample();
	start();
	assert_null(struct_builder_copy_struct(to, 0, root, 0, 0).data);
	assert_true(builder.failed);
	builder.failed = false;
	assert_false(struct_builder_copy_pointer(to, 0, root, 0));
	assert_true(builder.failed);
	builder.failed = false;
	assert_false(struct_builder_copy_list(
		to, 0, struct_reader_get_list(root, 3, MESSAGE_ELEMENT_POINTER)));
	assert_true(builder.failed);
	assert_int_equal(builder.used_words, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copied_root_says_the_same),
		cmocka_unit_test(a_copied_field_says_the_same),
		cmocka_unit_test(copied_lists_keep_their_elements),
		cmocka_unit_test(any_pointer_is_copied_as_it_is),
		cmocka_unit_test(what_the_copier_does_not_know_is_kept),
		cmocka_unit_test(a_copy_of_an_older_struct_has_room_for_newer_fields),
		cmocka_unit_test(an_element_of_scalars_is_copied_as_a_struct),
		cmocka_unit_test(null_is_copied_as_empty),
		cmocka_unit_test(capabilities_go_by_the_rule),
		cmocka_unit_test(bad_pointers_fail_the_copy),
		cmocka_unit_test(elements_that_overrun_their_list_fail_the_copy),
		cmocka_unit_test(a_cycle_is_refused),
		cmocka_unit_test(copies_end_at_the_nesting_limit),
		cmocka_unit_test(a_pointer_that_may_not_be_followed_is_not_copied),
		cmocka_unit_test(copying_is_paid_from_the_budget),
		cmocka_unit_test(elements_without_size_are_paid_for),
		cmocka_unit_test(sharing_cannot_multiply_work),
		cmocka_unit_test(every_shortage_of_room_fails_the_copy),
		cmocka_unit_test(a_failed_builder_stays_failed),
	};

	return cmocka_run_group_tests(tests, nullptr, teardown);
}
