// SPDX-License-Identifier: MIT
/* A message with one of everything.  See message_sample.h. */
#include "tests/host/message_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

bool sample_build(struct message_builder *b)
{
	struct struct_builder s = message_builder_root(b, 1, 8);
	struct struct_builder inner = struct_builder_init_struct(s, 24, 1, 1);
	struct list_builder texts = struct_builder_init_list(s, 32, MESSAGE_ELEMENT_POINTER, 2);
	struct list_builder structs = struct_builder_init_struct_list(s, 40, 2, 1, 1);
	struct list_builder bits = struct_builder_init_list(s, 48, MESSAGE_ELEMENT_BIT, 70);
	struct list_builder words =
		struct_builder_init_list(s, 56, MESSAGE_ELEMENT_EIGHT_BYTES, 2);

	struct_builder_set_uint64(s, 0, 42);
	struct_builder_set_text(s, 8, "sample", 6);
	struct_builder_set_data(s, 16, "\1\2\3", 3);
	struct_builder_set_text(inner, 8, "inner", 5);
	list_builder_set_text(texts, 0, "", 0);
	list_builder_set_text(texts, 1, "eight by", 8);
	struct_builder_set_text(list_builder_get_struct(structs, 1), 8, "last", 4);
	list_builder_set_bool(bits, 69, true);
	list_builder_set_uint64(words, 1, 99);
	struct_builder_set_capability(s, 64, 5);
	return message_builder_finish(b) != 0;
}

static void check_lists(struct struct_reader root)
{
	struct list_reader l = struct_reader_get_list(root, 3, MESSAGE_ELEMENT_POINTER);

	assert_int_equal(l.count, 2);
	assert_string_equal(list_reader_get_text(l, 0).data, "");
	assert_string_equal(list_reader_get_text(l, 1).data, "eight by");
	l = struct_reader_get_list(root, 4, MESSAGE_ELEMENT_STRUCT);
	assert_int_equal(l.count, 2);
	assert_string_equal(struct_reader_get_text(list_reader_get_struct(l, 1), 0).data,
			    "last");
	l = struct_reader_get_list(root, 5, MESSAGE_ELEMENT_BIT);
	assert_true(list_reader_get_bool(l, 69));
	assert_false(list_reader_get_bool(l, 68));
	assert_false(list_reader_get_bool(l, 70));
	l = struct_reader_get_list(root, 6, MESSAGE_ELEMENT_EIGHT_BYTES);
	assert_int_equal(list_reader_get_uint64(l, 0), 0);
	assert_int_equal(list_reader_get_uint64(l, 1), 99);
}

void sample_check(struct struct_reader root)
{
	struct struct_reader inner = struct_reader_get_struct(root, 2);

	assert_int_equal(struct_reader_get_uint64(root, 0), 42);
	assert_string_equal(struct_reader_get_text(root, 0).data, "sample");
	assert_int_equal(struct_reader_get_data(root, 1).size, 3);
	assert_memory_equal(struct_reader_get_data(root, 1).data, "\1\2\3", 3);
	assert_int_equal(struct_reader_get_uint64(inner, 0), 0);
	assert_string_equal(struct_reader_get_text(inner, 0).data, "inner");
	check_lists(root);
	assert_false(root.message->malformed);
}
