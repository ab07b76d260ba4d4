// SPDX-License-Identifier: MIT
/*
 * Host test of generated code: tests/host/codegen.capnp has one of everything.
 *
 *   codegen_test               runs the tests
 *   codegen_test write FILE    builds the constant `sample` by setters, as a message
 *   codegen_test read FILE     checks a message that should be `sample`
 *
 * The last two let tests/system/test_schema.py compare with the official tool.
 */
#include "tests/host/codegen.capnp.h"
#include "tests/host/codegen_fixture.h"

#include <string.h>

static void assert_point(struct point_reader p, int32_t x, int32_t y)
{
	assert_int_equal(point_get_x(p), x);
	assert_int_equal(point_get_y(p), y);
}

static void set_point(struct point_builder p, int32_t x, int32_t y)
{
	point_set_x(p, x);
	point_set_y(p, y);
}

static void build_scalars(struct everything_builder b)
{
	everything_set_bool_field(b, true);
	everything_set_int8_field(b, -8);
	everything_set_int16_field(b, -1616);
	everything_set_int32_field(b, -323232);
	everything_set_int64_field(b, -6464646464);
	everything_set_uint8_field(b, 8);
	everything_set_uint16_field(b, 1616);
	everything_set_uint32_field(b, 323232);
	everything_set_uint64_field(b, UINT64_MAX);
	everything_set_float32_field(b, -0.5f);
	everything_set_float64_field(b, 1.25);
	everything_set_color_field(b, COLOR_BLUE);
}

static void check_scalars(struct everything_reader r)
{
	assert_true(everything_get_bool_field(r));
	assert_int_equal(everything_get_int8_field(r), -8);
	assert_int_equal(everything_get_int16_field(r), -1616);
	assert_int_equal(everything_get_int32_field(r), -323232);
	assert_int_equal(everything_get_int64_field(r), -6464646464);
	assert_int_equal(everything_get_uint8_field(r), 8);
	assert_int_equal(everything_get_uint16_field(r), 1616);
	assert_int_equal(everything_get_uint32_field(r), 323232);
	assert_int_equal(everything_get_uint64_field(r), UINT64_MAX);
	assert_true(everything_get_float32_field(r) == -0.5f);
	assert_true(everything_get_float64_field(r) == 1.25);
	assert_int_equal(everything_get_color_field(r), COLOR_BLUE);
}

static void build_pointers(struct everything_builder b)
{
	struct everything_builder self;

	everything_set_text_field(b, "text", 4);
	everything_set_data_field(b, "\0\377\0", 3);
	set_point(everything_init_point(b), 7, 8);
	self = everything_init_self(b);
	everything_set_text_field(self, "inside", 6);
	everything_set_uint8_field(everything_init_self(self), 2);
	everything_inner_set_kind(everything_init_inner(b), EVERYTHING_INNER_KIND_FANCY);
}

static void check_pointers(struct everything_reader r)
{
	struct everything_reader self = everything_get_self(r);

	assert_text(everything_get_text_field(r), "text");
	assert_int_equal(everything_get_data_field(r).size, 3);
	assert_memory_equal(everything_get_data_field(r).data, "\0\377\0", 3);
	assert_point(everything_get_point(r), 7, 8);
	assert_text(everything_get_text_field(self), "inside");
	assert_int_equal(everything_get_uint8_field(everything_get_self(self)), 2);
	assert_false(everything_has_self(everything_get_self(self)));
	assert_int_equal(everything_inner_get_kind(everything_get_inner(r)),
			 EVERYTHING_INNER_KIND_FANCY);
	assert_false(everything_get_shape(r).present);
}

static void build_number_lists(struct everything_builder b)
{
	static const uint8_t bools[] = { 1, 0, 1, 1, 0, 0, 0, 0, 1 };
	struct list_builder l;

	everything_init_list_of_void(b, 3);
	l = everything_init_list_of_bool(b, 9);
	for (uint32_t i = 0; i < 9; i++)
		list_builder_set_bool(l, i, bools[i] != 0);
	l = everything_init_list_of_int8(b, 3);
	list_builder_set_uint8(l, 0, (uint8_t)-1);
	list_builder_set_uint8(l, 1, 2);
	list_builder_set_uint8(l, 2, (uint8_t)-3);
	l = everything_init_list_of_uint16(b, 2);
	list_builder_set_uint16(l, 0, 1);
	list_builder_set_uint16(l, 1, UINT16_MAX);
	l = everything_init_list_of_int32(b, 2);
	list_builder_set_uint32(l, 0, (uint32_t)INT32_MIN);
	list_builder_set_uint32(l, 1, INT32_MAX);
	l = everything_init_list_of_uint64(b, 2);
	list_builder_set_uint64(l, 1, UINT64_MAX);
	l = everything_init_list_of_float64(b, 2);
	list_builder_set_uint64(l, 0, message_bits64(0.5));
	list_builder_set_uint64(l, 1, message_bits64(-0.25));
	l = everything_init_list_of_color(b, 3);
	list_builder_set_uint16(l, 0, COLOR_BLUE);
	list_builder_set_uint16(l, 2, COLOR_DARK_GREEN);
}

static void check_number_lists(struct everything_reader r)
{
	static const uint8_t bools[] = { 1, 0, 1, 1, 0, 0, 0, 0, 1 };
	struct list_reader l = everything_get_list_of_bool(r);

	assert_int_equal(everything_get_list_of_void(r).count, 3);
	assert_int_equal(l.count, 9);
	for (uint32_t i = 0; i < 9; i++)
		assert_int_equal(list_reader_get_bool(l, i), bools[i]);
	l = everything_get_list_of_int8(r);
	assert_int_equal(l.count, 3);
	assert_int_equal((int8_t)list_reader_get_uint8(l, 2), -3);
	l = everything_get_list_of_uint16(r);
	assert_int_equal(l.count, 2);
	assert_int_equal(list_reader_get_uint16(l, 1), UINT16_MAX);
	l = everything_get_list_of_int32(r);
	assert_int_equal((int32_t)list_reader_get_uint32(l, 0), INT32_MIN);
	assert_int_equal(list_reader_get_uint32(l, 1), INT32_MAX);
	l = everything_get_list_of_uint64(r);
	assert_int_equal(list_reader_get_uint64(l, 0), 0);
	assert_int_equal(list_reader_get_uint64(l, 1), UINT64_MAX);
	l = everything_get_list_of_float64(r);
	assert_true(message_float64(list_reader_get_uint64(l, 1)) == -0.25);
	l = everything_get_list_of_color(r);
	assert_int_equal(l.count, 3);
	assert_int_equal(list_reader_get_uint16(l, 0), COLOR_BLUE);
	assert_int_equal(list_reader_get_uint16(l, 1), COLOR_RED);
}

static void build_other_lists(struct everything_builder b)
{
	struct list_builder l = everything_init_list_of_text(b, 3);
	struct point_list_builder points;

	list_builder_set_text(l, 0, "", 0);
	list_builder_set_text(l, 1, "seven b", 7);
	list_builder_set_text(l, 2, "eight by", 8);
	l = everything_init_list_of_data(b, 2);
	list_builder_set_data(l, 0, "", 0);
	list_builder_set_data(l, 1, "\1", 1);
	points = everything_init_list_of_point(b, 3);
	set_point(point_list_builder_get(points, 0), 1, 2);
	point_set_x(point_list_builder_get(points, 1), 3);
}

static void check_other_lists(struct everything_reader r)
{
	struct list_reader l = everything_get_list_of_text(r);
	struct point_list_reader points = everything_get_list_of_point(r);

	assert_int_equal(l.count, 3);
	assert_text(list_reader_get_text(l, 0), "");
	assert_text(list_reader_get_text(l, 1), "seven b");
	assert_text(list_reader_get_text(l, 2), "eight by");
	l = everything_get_list_of_data(r);
	assert_int_equal(l.count, 2);
	assert_int_equal(list_reader_get_data(l, 0).size, 0);
	assert_int_equal(*list_reader_get_data(l, 1).data, 1);
	assert_int_equal(points.l.count, 3);
	assert_point(point_list_get(points, 0), 1, 2);
	assert_point(point_list_get(points, 1), 3, -1);
	assert_point(point_list_get(points, 2), 0, -1);
}

static void build_groups(struct everything_builder b)
{
	struct everything_place_builder place = everything_init_place(b);
	struct everything_place_exact_builder exact = everything_place_init_exact(place);
	struct everything_choice_pair_builder pair =
		everything_choice_init_pair(everything_init_choice(b));

	everything_place_set_street(place, "Main", 4);
	everything_place_set_number(place, 12);
	everything_place_exact_set_latitude(exact, 1.5f);
	everything_place_exact_set_longitude(exact, -2.5f);
	everything_choice_pair_set_first(pair, 1);
	everything_choice_pair_set_second(pair, 2);
}

static void check_groups(struct everything_reader r)
{
	struct everything_place_reader place = everything_get_place(r);
	struct everything_place_exact_reader exact = everything_place_get_exact(place);
	struct everything_choice_reader choice = everything_get_choice(r);

	assert_text(everything_place_get_street(place), "Main");
	assert_int_equal(everything_place_get_number(place), 12);
	assert_true(everything_place_exact_get_latitude(exact) == 1.5f);
	assert_true(everything_place_exact_get_longitude(exact) == -2.5f);
	assert_int_equal(everything_choice_which(choice), EVERYTHING_CHOICE_PAIR);
	assert_int_equal(everything_choice_pair_get_first(everything_choice_get_pair(choice)),
			 1);
	assert_int_equal(everything_choice_pair_get_second(everything_choice_get_pair(choice)),
			 2);
}

static void build_sample(struct everything_builder b)
{
	build_scalars(b);
	build_pointers(b);
	build_number_lists(b);
	build_other_lists(b);
	build_groups(b);
}

static void check_sample(struct everything_reader r)
{
	check_scalars(r);
	check_pointers(r);
	check_number_lists(r);
	check_other_lists(r);
	check_groups(r);
	assert_false(r.s.message->malformed);
}

static void what_was_built_reads_back(void **state)
{
	struct everything_reader r;

	(void)state;
	start_message();
	build_sample(everything_init_root(&codegen_builder));
	assert_true(everything_read_root(built(), &r));
	check_sample(r);
}

static void constants_of_scalars(void **state)
{
	(void)state;
	static_assert(ANSWER == 42 && IS_SET && LARGEST == UINT64_MAX);
	static_assert(SMALLEST == INT64_MIN && FAVOURITE == COLOR_DARK_GREEN);
	assert_true(HALF == 0.5f);
	assert_true(THIRD == 1.0 / 3);
	assert_string_equal(GREETING, "say \"hello\",\n/* twice */ ?\?/");
	assert_int_equal(GREETING_SIZE, strlen(GREETING));
	assert_int_equal(NOTHING_AT_ALL_SIZE, 0);
	assert_int_equal(MAGIC_SIZE, 5);
	assert_memory_equal(MAGIC, "\x00\xff\x7f\x0d\x0a", 5);
}

static void constants_that_are_messages(void **state)
{
	struct list_reader l = primes_read();

	(void)state;
	assert_int_equal(l.count, 4);
	assert_int_equal(list_reader_get_uint16(l, 3), 7);
	l = words_read();
	assert_int_equal(l.count, 3);
	assert_text(list_reader_get_text(l, 2), "three");
	assert_point(origin_read(), 3, 4);
	assert_point(point_list_get(corners_read(), 1), 3, -1);
	check_sample(sample_read());
}

static void names_of_enumerants(void **state)
{
	(void)state;
	assert_string_equal(color_name(COLOR_DARK_GREEN), "darkGreen");
	assert_null(color_name(COLOR_COUNT));
	assert_null(color_name(UINT16_MAX));
	static_assert(COLOR_COUNT == 3 && sizeof(enum color) == 2);
}

static void an_empty_message_has_the_defaults(void **state)
{
	struct defaults_reader r;

	(void)state;
	start_message();
	defaults_init_root(&codegen_builder);
	assert_true(defaults_read_root(built(), &r));
	assert_true(defaults_get_is_on(r));
	assert_int_equal(defaults_get_int8_field(r), -8);
	assert_int_equal(defaults_get_int16_field(r), -1600);
	assert_int_equal(defaults_get_int32_field(r), -320000);
	assert_int_equal(defaults_get_int64_field(r), INT64_MIN);
	assert_int_equal(defaults_get_uint8_field(r), 200);
	assert_int_equal(defaults_get_uint16_field(r), 65535);
	assert_int_equal(defaults_get_uint32_field(r), 4000000000);
	assert_int_equal(defaults_get_uint64_field(r), UINT64_MAX);
	assert_true(defaults_get_float32_field(r) == 1.5f);
	assert_true(defaults_get_float64_field(r) == -2.25);
	assert_int_equal(defaults_get_color_field(r), COLOR_BLUE);
	assert_text(defaults_get_text_field(r), "by default");
	assert_int_equal(defaults_get_data_field(r).size, 2);
	assert_memory_equal(defaults_get_data_field(r).data, "\1\2", 2);
	assert_int_equal(defaults_get_first(r), 7);
	assert_int_equal(defaults_get_second(r), 8);
	assert_text(defaults_get_third(r), "third");
}

static void a_default_that_is_set_is_stored_as_zero(void **state)
{
	struct defaults_builder b;

	(void)state;
	start_message();
	b = defaults_init_root(&codegen_builder);
	defaults_set_is_on(b, true);
	defaults_set_int8_field(b, -8);
	defaults_set_int64_field(b, INT64_MIN);
	defaults_set_uint32_field(b, 4000000000);
	defaults_set_float64_field(b, -2.25);
	defaults_set_color_field(b, COLOR_BLUE);
	for (uint32_t i = 1; i <= DEFAULTS_DATA_WORDS; i++)
		assert_int_equal(codegen_buffer[i], 0);
}

static void values_besides_defaults_read_back(void **state)
{
	struct defaults_builder b;
	struct defaults_reader r;

	(void)state;
	start_message();
	b = defaults_init_root(&codegen_builder);
	defaults_set_is_on(b, false);
	defaults_set_int16_field(b, 77);
	defaults_set_uint64_field(b, 0);
	defaults_set_float32_field(b, 0.25f);
	defaults_set_color_field(b, COLOR_RED);
	defaults_set_text_field(b, "", 0);
	assert_true(defaults_read_root(built(), &r));
	assert_false(defaults_get_is_on(r));
	assert_int_equal(defaults_get_int16_field(r), 77);
	assert_int_equal(defaults_get_uint64_field(r), 0);
	assert_true(defaults_get_float32_field(r) == 0.25f);
	assert_int_equal(defaults_get_color_field(r), COLOR_RED);
	assert_text(defaults_get_text_field(r), "");
}

static void a_member_that_is_not_set_reads_as_its_default(void **state)
{
	struct defaults_builder b;
	struct defaults_reader r;

	(void)state;
	start_message();
	b = defaults_init_root(&codegen_builder);
	defaults_set_second(b, 99);
	assert_true(defaults_read_root(built(), &r));
	assert_int_equal(defaults_which(r), DEFAULTS_SECOND);
	assert_int_equal(defaults_get_second(r), 99);
	assert_int_equal(defaults_get_first(r), 7);
	assert_text(defaults_get_third(r), "third");
	defaults_set_third(b, "now", 3);
	assert_true(defaults_read_root(built(), &r));
	assert_text(defaults_get_third(r), "now");
	assert_int_equal(defaults_get_second(r), 8);
	assert_false(codegen_message.malformed);
}

static void each_member_of_a_union(void **state)
{
	struct everything_choice_builder b;
	struct everything_choice_reader r;
	struct everything_reader root;

	(void)state;
	start_message();
	b = everything_init_choice(everything_init_root(&codegen_builder));
	everything_choice_set_named(b, "name", 4);
	everything_choice_set_handle(b, 3);
	assert_true(everything_read_root(built(), &root));
	r = everything_get_choice(root);
	assert_int_equal(everything_choice_which(r), EVERYTHING_CHOICE_HANDLE);
	assert_int_equal(everything_choice_get_handle(r).index, 3);
	assert_text(everything_choice_get_named(r), "");
	assert_false(everything_choice_has_named(r));
	assert_int_equal(everything_choice_get_number(r), 0);
	assert_int_equal(everything_choice_pair_get_first(everything_choice_get_pair(r)), 0);
	assert_int_equal(everything_choice_get_many(r).count, 0);
	assert_false(
		codegen_message.malformed); /* members that are not set are not looked at */
	everything_choice_set_none(b);
	assert_int_equal(everything_choice_which(r), EVERYTHING_CHOICE_NONE);
	everything_choice_set_flag(b, true);
	assert_true(everything_choice_get_flag(r));
	set_point(everything_choice_init_at(b), 5, 6);
	assert_true(everything_read_root(built(), &root));
	assert_point(everything_choice_get_at(everything_get_choice(root)), 5, 6);
}

static void schemas_may_grow(void **state)
{
	struct older_reader older;
	struct newer_reader newer;
	struct newer_builder b;

	(void)state;
	start_message();
	older_set_number(older_init_root(&codegen_builder), 17);
	assert_true(newer_read_root(built(), &newer));
	assert_int_equal(newer_get_number(newer), 17);
	assert_int_equal(newer_get_more(newer), 5);
	assert_text(newer_get_text(newer), "");
	start_message();
	b = newer_init_root(&codegen_builder);
	newer_set_number(b, 18);
	newer_set_text(b, "more", 4);
	assert_true(older_read_root(built(), &older));
	assert_int_equal(older_get_number(older), 18);
	assert_false(codegen_message.malformed);
}

static void lists_of_scalars_may_become_lists_of_structs(void **state)
{
	struct numbers_as_structs_reader structs;
	struct numbers_as_scalars_reader scalars;
	struct older_list_builder olders;
	struct list_builder numbers;

	(void)state;
	start_message();
	numbers = numbers_as_scalars_init_numbers(
		numbers_as_scalars_init_root(&codegen_builder), 3);
	list_builder_set_uint32(numbers, 2, 33);
	assert_true(numbers_as_structs_read_root(built(), &structs));
	assert_int_equal(
		older_get_number(older_list_get(numbers_as_structs_get_numbers(structs), 2)),
		33);
	start_message();
	olders = numbers_as_structs_init_numbers(numbers_as_structs_init_root(&codegen_builder),
						 3);
	older_set_number(older_list_builder_get(olders, 1), 44);
	assert_true(numbers_as_scalars_read_root(built(), &scalars));
	assert_int_equal(list_reader_get_uint32(numbers_as_scalars_get_numbers(scalars), 1),
			 44);
	assert_false(codegen_message.malformed);
}

static int write_sample(const char *path)
{
	start_message();
	build_sample(everything_init_root(&codegen_builder));
	return write_file(path);
}

static const char *read_path;

static void the_file_is_the_sample(void **state)
{
	struct everything_reader r;

	(void)state;
	assert_true(everything_read_root(read_file(read_path), &r));
	check_sample(r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest file_tests[] = { cmocka_unit_test(the_file_is_the_sample) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_built_reads_back),
		cmocka_unit_test(constants_of_scalars),
		cmocka_unit_test(constants_that_are_messages),
		cmocka_unit_test(names_of_enumerants),
		cmocka_unit_test(an_empty_message_has_the_defaults),
		cmocka_unit_test(a_default_that_is_set_is_stored_as_zero),
		cmocka_unit_test(values_besides_defaults_read_back),
		cmocka_unit_test(a_member_that_is_not_set_reads_as_its_default),
		cmocka_unit_test(each_member_of_a_union),
		cmocka_unit_test(schemas_may_grow),
		cmocka_unit_test(lists_of_scalars_may_become_lists_of_structs),
	};

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_sample(argv[2]);
	if (argc == 3 && strcmp(argv[1], "read") == 0) {
		read_path = argv[2];
		return cmocka_run_group_tests(file_tests, nullptr, nullptr);
	}
	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
