// SPDX-License-Identifier: MIT
/*
 * Host test of generated code: tests/host/codegen_full.capnp has pointers of every kind, their
 * defaults, and constants of every type.
 *
 *   codegen_full_test               runs the tests
 *   codegen_full_test write FILE    builds the constant `fullSample` by setters, as a message
 *   codegen_full_test read FILE     checks a message that should be `fullSample`
 */
#include "tests/host/codegen_fixture.h"
#include "tests/host/codegen_full.capnp.h"
#include "tests/host/codegen_full.client.h"
#include "tests/host/codegen_full.server.h"

#include <string.h>

static void assert_point(struct point_reader p, int32_t x, int32_t y)
{
	assert_int_equal(point_get_x(p), x);
	assert_int_equal(point_get_y(p), y);
}

/* Element i of a list of lists of numbers. */
static struct list_reader row_of(struct list_reader rows, uint32_t i,
				 enum message_element element)
{
	return pointer_reader_get_list(list_reader_get_pointer(rows, i), element);
}

static struct list_builder init_row(struct list_builder rows, uint32_t i,
				    enum message_element element, uint32_t count)
{
	return pointer_builder_init_list(list_builder_get_pointer(rows, i), element, count);
}

static void build_grids(struct full_builder b)
{
	struct list_builder rows = full_init_grid(b, 3);
	struct list_builder row = init_row(rows, 0, MESSAGE_ELEMENT_BYTE, 2);

	list_builder_set_uint8(row, 0, 1);
	list_builder_set_uint8(row, 1, 2);
	init_row(rows, 1, MESSAGE_ELEMENT_BYTE, 0);
	list_builder_set_uint8(init_row(rows, 2, MESSAGE_ELEMENT_BYTE, 1), 0, 3);
	rows = full_init_grid_of_bools(b, 2);
	row = init_row(rows, 0, MESSAGE_ELEMENT_BIT, 3);
	list_builder_set_bool(row, 0, true);
	list_builder_set_bool(row, 2, true);
	init_row(rows, 1, MESSAGE_ELEMENT_BIT, 0);
	rows = full_init_grid_of_colors(b, 2);
	list_builder_set_uint16(init_row(rows, 0, MESSAGE_ELEMENT_TWO_BYTES, 1), 0, COLOR_BLUE);
	row = init_row(rows, 1, MESSAGE_ELEMENT_TWO_BYTES, 2);
	list_builder_set_uint16(row, 1, COLOR_DARK_GREEN);
	rows = full_init_grid_of_texts(b, 2);
	row = init_row(rows, 0, MESSAGE_ELEMENT_POINTER, 2);
	list_builder_set_text(row, 0, "one", 3);
	list_builder_set_text(row, 1, "", 0);
	init_row(rows, 1, MESSAGE_ELEMENT_POINTER, 0);
}

static void check_grids(struct full_reader r)
{
	struct list_reader rows = full_get_grid(r);

	assert_int_equal(rows.count, 3);
	assert_int_equal(row_of(rows, 0, MESSAGE_ELEMENT_BYTE).count, 2);
	assert_int_equal(list_reader_get_uint8(row_of(rows, 0, MESSAGE_ELEMENT_BYTE), 1), 2);
	assert_int_equal(row_of(rows, 1, MESSAGE_ELEMENT_BYTE).count, 0);
	assert_int_equal(list_reader_get_uint8(row_of(rows, 2, MESSAGE_ELEMENT_BYTE), 0), 3);
	assert_int_equal(row_of(rows, 3, MESSAGE_ELEMENT_BYTE).count, 0);
	rows = full_get_grid_of_bools(r);
	assert_int_equal(row_of(rows, 0, MESSAGE_ELEMENT_BIT).count, 3);
	assert_true(list_reader_get_bool(row_of(rows, 0, MESSAGE_ELEMENT_BIT), 2));
	assert_false(list_reader_get_bool(row_of(rows, 0, MESSAGE_ELEMENT_BIT), 1));
	rows = full_get_grid_of_colors(r);
	assert_int_equal(list_reader_get_uint16(row_of(rows, 1, MESSAGE_ELEMENT_TWO_BYTES), 1),
			 COLOR_DARK_GREEN);
	rows = full_get_grid_of_texts(r);
	assert_text(list_reader_get_text(row_of(rows, 0, MESSAGE_ELEMENT_POINTER), 0), "one");
	assert_int_equal(row_of(rows, 1, MESSAGE_ELEMENT_POINTER).count, 0);
}

static void build_points_and_cube(struct full_builder b)
{
	struct list_builder rows = full_init_grid_of_points(b, 2);
	struct point_list_builder points;
	struct list_builder cube;

	points = point_list_into_pointer(list_builder_get_pointer(rows, 0), 2);
	point_set_x(point_list_builder_get(points, 0), 1);
	point_set_y(point_list_builder_get(points, 0), 2);
	points = point_list_into_pointer(list_builder_get_pointer(rows, 1), 1);
	point_set_x(point_list_builder_get(points, 0), 3);
	cube = full_init_cube(b, 2);
	rows = init_row(cube, 0, MESSAGE_ELEMENT_POINTER, 1);
	rows = init_row(rows, 0, MESSAGE_ELEMENT_TWO_BYTES, 2);
	list_builder_set_uint16(rows, 0, 1);
	list_builder_set_uint16(rows, 1, 2);
	rows = init_row(cube, 1, MESSAGE_ELEMENT_POINTER, 2);
	list_builder_set_uint16(init_row(rows, 0, MESSAGE_ELEMENT_TWO_BYTES, 1), 0,
				(uint16_t)-3);
	init_row(rows, 1, MESSAGE_ELEMENT_TWO_BYTES, 0);
}

static void check_points_and_cube(struct full_reader r)
{
	struct list_reader rows = full_get_grid_of_points(r);
	struct list_reader layer = row_of(full_get_cube(r), 1, MESSAGE_ELEMENT_POINTER);
	struct point_list_reader points;

	points = point_list_from_pointer(list_reader_get_pointer(rows, 0));
	assert_int_equal(points.l.count, 2);
	assert_point(point_list_get(points, 0), 1, 2);
	assert_point(point_list_get(points, 1), 0, -1);
	points = point_list_from_pointer(list_reader_get_pointer(rows, 1));
	assert_point(point_list_get(points, 0), 3, -1);
	assert_int_equal(layer.count, 2);
	assert_int_equal(
		(int16_t)list_reader_get_uint16(row_of(layer, 0, MESSAGE_ELEMENT_TWO_BYTES), 0),
		-3);
	assert_int_equal(row_of(layer, 1, MESSAGE_ELEMENT_TWO_BYTES).count, 0);
}

static void build_any(struct full_builder b)
{
	struct full_choice_builder choice = full_init_choice(b);
	struct deep_deeper_builder deeper = deep_init_deeper(full_init_within(b));
	struct list_builder list;

	point_set_x(point_into_pointer(full_init_any(b)), 5);
	point_set_x(point_into_pointer(full_init_any_struct(b)), 5);
	list = pointer_builder_init_list(full_init_any_list(b), MESSAGE_ELEMENT_TWO_BYTES, 2);
	list_builder_set_uint16(list, 1, COLOR_BLUE);
	full_init_empties(b, 2);
	deep_deeper_set_kind(deeper, DEEP_DEEPER_KIND_SECOND);
	deep_deeper_set_color(deeper, COLOR_DARK_GREEN);
	list = pointer_builder_init_list(full_choice_init_any(choice), MESSAGE_ELEMENT_POINTER,
					 3);
	for (uint32_t i = 0; i < 3; i++) {
		static const uint8_t counts[] = { 2, 0, 1 };
		struct list_builder row = init_row(list, i, MESSAGE_ELEMENT_BYTE, counts[i]);

		for (uint32_t j = 0; j < counts[i]; j++)
			list_builder_set_uint8(row, j, (uint8_t)(i + j + 1));
	}
}

static void check_any(struct full_reader r)
{
	struct full_choice_reader choice = full_get_choice(r);
	struct deep_deeper_reader deeper = deep_get_deeper(full_get_within(r));
	struct list_reader list = full_get_any_list(r);

	assert_true(full_has_any(r));
	assert_point(point_from_pointer(full_get_any(r)), 5, -1);
	assert_int_equal(struct_reader_get_uint32(full_get_any_struct(r), 0), 5);
	assert_int_equal(list.count, 2);
	assert_int_equal(list_reader_get_uint16(list, 1), COLOR_BLUE);
	assert_int_equal(full_get_empties(r).l.count, 2);
	assert_int_equal(deep_deeper_get_kind(deeper), DEEP_DEEPER_KIND_SECOND);
	assert_int_equal(deep_deeper_get_color(deeper), COLOR_DARK_GREEN);
	assert_int_equal(full_choice_which(choice), FULL_CHOICE_ANY);
	list = pointer_reader_get_list(full_choice_get_any(choice), MESSAGE_ELEMENT_POINTER);
	assert_int_equal(list_reader_get_uint8(row_of(list, 2, MESSAGE_ELEMENT_BYTE), 0), 3);
}

static void build_sample(struct full_builder b)
{
	build_grids(b);
	build_points_and_cube(b);
	build_any(b);
}

static void check_sample(struct full_reader r)
{
	check_grids(r);
	check_points_and_cube(r);
	check_any(r);
	assert_false(r.s.message->malformed);
}

static void what_was_built_reads_back(void **state)
{
	struct full_reader r;

	(void)state;
	start_message();
	build_sample(full_init_root(&codegen_builder));
	assert_true(full_read_root(built(), &r));
	check_sample(r);
}

static void constants_of_scalars(void **state)
{
	(void)state;
	static_assert(!FULL_BOOL && FULL_INT8 == INT8_MIN && FULL_INT16 == INT16_MIN);
	static_assert(FULL_INT32 == INT32_MIN && FULL_INT64 == -INT64_MAX);
	static_assert(FULL_UINT8 == UINT8_MAX && FULL_UINT16 == UINT16_MAX);
	static_assert(FULL_UINT32 == UINT32_MAX && FULL_UINT64 == UINT64_MAX);
	static_assert(FULL_COLOR == COLOR_BLUE);
	static_assert(FULL_NESTING_LIMIT == 3 && FULL_NESTING_RECORD_SIZE == 77);
	static_assert(DEEP_DEEPER_BEST == COLOR_BLUE);
	assert_true(FULL_INFINITY > 3e38f && FULL_NEGATIVE < -1e308);
	assert_true(FULL_NAN != FULL_NAN);
	assert_true(FULL_TINY > 0 && FULL_TINY / 2 == 0);
	assert_string_equal(FULL_TEXT, "caf\xc3\xa9");
	assert_memory_equal(FULL_DATA, "as text", FULL_DATA_SIZE);
}

static void constants_of_lists(void **state)
{
	struct list_reader l = full_voids_read();

	(void)state;
	assert_int_equal(l.count, 2);
	l = full_bools_read();
	assert_true(l.count == 3 && list_reader_get_bool(l, 2) && !list_reader_get_bool(l, 1));
	assert_int_equal((int8_t)list_reader_get_uint8(full_int8s_read(), 0), -1);
	assert_int_equal(list_reader_get_uint64(full_int64s_read(), 1), INT64_MAX);
	assert_true(message_float32(list_reader_get_uint32(full_floats_read(), 1)) == -0.5f);
	assert_int_equal(list_reader_get_uint16(full_colors_read(), 1), COLOR_BLUE);
	assert_text(list_reader_get_text(full_texts_read(), 1), "two");
	assert_int_equal(list_reader_get_data(full_datas_read(), 0).size, 1);
	assert_int_equal(full_empties_read().l.count, 3);
	assert_int_equal(
		list_reader_get_uint8(row_of(full_grid_read(), 2, MESSAGE_ELEMENT_BYTE), 0), 3);
	l = row_of(full_grid_of_bools_read(), 1, MESSAGE_ELEMENT_BIT);
	assert_true(!list_reader_get_bool(l, 0) && list_reader_get_bool(l, 1));
	l = row_of(full_cube_read(), 1, MESSAGE_ELEMENT_POINTER);
	assert_int_equal(
		(int16_t)list_reader_get_uint16(row_of(l, 0, MESSAGE_ELEMENT_TWO_BYTES), 0),
		-4);
	assert_text(list_reader_get_text(full_nesting_names_read(), 0), "n");
	assert_int_equal(list_reader_get_uint16(deep_colors_read(), 0), COLOR_DARK_GREEN);
}

static void constants_of_structs(void **state)
{
	struct list_reader rows = full_grid_of_points_read();

	(void)state;
	assert_point(full_point_read(), 5, -1);
	assert_point(
		point_list_get(point_list_from_pointer(list_reader_get_pointer(rows, 0)), 1), 0,
		2);
	assert_int_equal(full_empty_read().s.data_bytes, 0);
	assert_int_equal(
		pointer_reader_get_list(full_any_read(), MESSAGE_ELEMENT_TWO_BYTES).count, 2);
	assert_point(point_from_pointer(full_any_struct_read()), 5, -1);
	check_sample(full_sample_read());
}

static void check_default_lists(struct full_defaults_reader r)
{
	struct list_reader l = full_defaults_get_bools(r);

	assert_int_equal(full_defaults_get_voids(r).count, 3);
	assert_true(l.count == 3 && !list_reader_get_bool(l, 1) && list_reader_get_bool(l, 2));
	assert_int_equal((int8_t)list_reader_get_uint8(full_defaults_get_int8s(r), 0), -1);
	assert_int_equal(list_reader_get_uint16(full_defaults_get_uint16s(r), 0), 65535);
	assert_int_equal(list_reader_get_uint32(full_defaults_get_int32s(r), 0), 0x80000000);
	assert_int_equal(list_reader_get_uint64(full_defaults_get_uint64s(r), 0), UINT64_MAX);
	assert_true(message_float32(list_reader_get_uint32(full_defaults_get_float32s(r), 0)) ==
		    0.5f);
	assert_true(message_float64(list_reader_get_uint64(full_defaults_get_float64s(r), 1)) ==
		    1e300);
	assert_int_equal(list_reader_get_uint16(full_defaults_get_colors(r), 0), COLOR_BLUE);
	assert_text(list_reader_get_text(full_defaults_get_texts(r), 2), "yz");
	assert_int_equal(list_reader_get_data(full_defaults_get_datas(r), 0).size, 2);
	assert_point(point_list_get(full_defaults_get_points(r), 0), 1, -1);
	l = row_of(full_defaults_get_grid(r), 1, MESSAGE_ELEMENT_BYTE);
	assert_int_equal(list_reader_get_uint8(l, 1), 3);
	l = full_defaults_get_grid_of_points(r);
	assert_point(point_list_get(point_list_from_pointer(list_reader_get_pointer(l, 1)), 0),
		     4, -1);
	assert_int_equal(full_defaults_get_empty(r).count, 0);
}

static void pointers_that_are_null_have_their_defaults(void **state)
{
	struct full_defaults_reader r;
	struct deep_deeper_reader deeper;
	struct list_reader l;

	(void)state;
	start_message();
	full_defaults_init_root(&codegen_builder);
	assert_true(full_defaults_read_root(built(), &r));
	assert_false(full_defaults_has_point(r));
	assert_point(full_defaults_get_point(r), 1, 2);
	deeper = deep_get_deeper(full_defaults_get_deep(r));
	assert_int_equal(deep_deeper_get_kind(deeper), DEEP_DEEPER_KIND_SECOND);
	assert_int_equal(deep_deeper_get_color(deeper), COLOR_BLUE);
	check_default_lists(r);
	l = pointer_reader_get_list(full_defaults_get_any(r), MESSAGE_ELEMENT_POINTER);
	assert_text(list_reader_get_text(l, 1), "two");
	assert_int_equal(struct_reader_get_uint32(full_defaults_get_any_struct(r), 0), 5);
	assert_int_equal(full_defaults_get_any_list(r).count, 2);
	assert_false(codegen_message.malformed);
}

/* Nothing is spent by reading them, so they can be read for ever, by any number of readers. */
static void constants_and_defaults_have_no_budget(void **state)
{
	struct point_list_reader points;
	struct full_defaults_reader r;

	(void)state;
	start_message();
	full_defaults_init_root(&codegen_builder);
	assert_true(full_defaults_read_root(built(), &r));
	points = full_defaults_get_points(r);
	assert_int_equal(points.l.count, 2);
	assert_int_equal(points.l.message->budget_words, MESSAGE_NO_BUDGET);
	check_sample(full_sample_read());
	assert_int_equal(full_sample_read().s.message->budget_words, MESSAGE_NO_BUDGET);
}

static void pointers_that_are_set_have_no_default(void **state)
{
	struct full_defaults_builder b;
	struct full_defaults_reader r;

	(void)state;
	start_message();
	b = full_defaults_init_root(&codegen_builder);
	full_defaults_init_bools(b, 0);
	full_defaults_init_point(b);
	pointer_builder_set_text(full_defaults_init_any(b), "mine", 4);
	assert_true(full_defaults_read_root(built(), &r));
	assert_int_equal(full_defaults_get_bools(r).count, 0);
	assert_point(full_defaults_get_point(r), 0, -1);
	assert_text(pointer_reader_get_text(full_defaults_get_any(r)), "mine");
}

static void members_of_unions_have_defaults(void **state)
{
	struct full_choice_builder choice;
	struct full_choice_inner_builder inner;
	struct full_choice_reader c;
	struct full_reader r;

	(void)state;
	start_message();
	choice = full_init_choice(full_init_root(&codegen_builder));
	assert_true(full_read_root(built(), &r));
	c = full_get_choice(r);
	assert_int_equal(full_choice_which(c), FULL_CHOICE_NOTHING);
	assert_int_equal(list_reader_get_uint8(
				 row_of(full_choice_get_grid(c), 0, MESSAGE_ELEMENT_BYTE), 0),
			 9);
	assert_point(full_choice_get_point(c), 6, -1);
	full_choice_init_point(choice);
	assert_true(full_read_root(built(), &r));
	assert_point(full_choice_get_point(full_get_choice(r)), 0, -1);
	inner = full_choice_init_inner(choice);
	full_choice_inner_deeper_set_two(full_choice_inner_init_deeper(inner), "2", 1);
	assert_true(full_read_root(built(), &r));
	assert_text(full_choice_inner_deeper_get_two(full_choice_inner_get_deeper(
			    full_choice_get_inner(full_get_choice(r)))),
		    "2");
}

static void any_pointer_may_be_anything(void **state)
{
	struct pointer_reader any;
	struct full_builder b;
	struct full_reader r;

	(void)state;
	start_message();
	b = full_init_root(&codegen_builder);
	assert_true(full_read_root(built(), &r));
	any = full_get_any(r);
	assert_false(pointer_reader_has(any));
	assert_text(pointer_reader_get_text(any), "");
	assert_false(pointer_reader_get_capability(any).present);
	pointer_builder_set_capability(full_init_any(b), 7);
	assert_int_equal(pointer_reader_get_capability(any).index, 7);
	pointer_builder_set_data(full_init_any(b), "\1\2", 2);
	assert_true(full_read_root(built(), &r));
	assert_int_equal(pointer_reader_get_data(full_get_any(r)).size, 2);
	assert_false(codegen_message.malformed);
	assert_point(point_from_pointer(full_get_any(r)), 0, -1);
	assert_true(codegen_message.malformed); /* Data is no struct */
}

static void lists_of_capabilities(void **state)
{
	struct list_builder rows;
	struct full_builder b;
	struct full_reader r;

	(void)state;
	start_message();
	b = full_init_root(&codegen_builder);
	list_builder_set_capability(full_init_shapes(b, 2), 1, 4);
	rows = full_init_grid_of_shapes(b, 1);
	list_builder_set_capability(init_row(rows, 0, MESSAGE_ELEMENT_POINTER, 1), 0, 5);
	assert_true(full_read_root(built(), &r));
	assert_false(list_reader_get_capability(full_get_shapes(r), 0).present);
	assert_int_equal(list_reader_get_capability(full_get_shapes(r), 1).index, 4);
	assert_int_equal(
		list_reader_get_capability(
			row_of(full_get_grid_of_shapes(r), 0, MESSAGE_ELEMENT_POINTER), 0)
			.index,
		5);
}

static void names_that_c_has_already(void **state)
{
	struct full_names_builder b;
	struct full_names_reader r;
	struct letter_builder letter;

	(void)state;
	static_assert(INTEGER_SHORT == 0 && INTEGER_VERY_LONG == 1 && INTEGER_COUNT == 2);
	start_message();
	b = full_names_init_root(&codegen_builder);
	full_names_set_a_bc(b, 1);
	full_names_set_a_b_c_capital(b, 2);
	full_names_set_default(b, 3);
	full_names_set_pointer_count(b, 4);
	assert_true(full_names_read_root(built(), &r));
	assert_int_equal(full_names_get_a_bc(r), 1);
	assert_int_equal(full_names_get_a_b_c_capital(r), 2);
	assert_int_equal(full_names_get_default(r), 3);
	assert_int_equal(full_names_which(r), FULL_NAMES_POINTER_COUNT);
	/* The name in the schema is what people see. */
	assert_string_equal(integer_name(INTEGER_VERY_LONG), "long");
	assert_string_equal(full_nesting_method_names[FULL_NESTING_REMOVE_METHOD], "delete");
	letter = letter_init_root(&codegen_builder);
	letter_set_number(letter, INTEGER_SHORT);
}

static int write_sample(const char *path)
{
	start_message();
	build_sample(full_init_root(&codegen_builder));
	return write_file(path);
}

static const char *read_path;

static void the_file_is_the_sample(void **state)
{
	struct full_reader r;

	(void)state;
	assert_true(full_read_root(read_file(read_path), &r));
	check_sample(r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest file_tests[] = { cmocka_unit_test(the_file_is_the_sample) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_built_reads_back),
		cmocka_unit_test(constants_of_scalars),
		cmocka_unit_test(constants_of_lists),
		cmocka_unit_test(constants_of_structs),
		cmocka_unit_test(pointers_that_are_null_have_their_defaults),
		cmocka_unit_test(constants_and_defaults_have_no_budget),
		cmocka_unit_test(pointers_that_are_set_have_no_default),
		cmocka_unit_test(members_of_unions_have_defaults),
		cmocka_unit_test(any_pointer_may_be_anything),
		cmocka_unit_test(lists_of_capabilities),
		cmocka_unit_test(names_that_c_has_already),
	};

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_sample(argv[2]);
	if (argc == 3 && strcmp(argv[1], "read") == 0) {
		read_path = argv[2];
		return cmocka_run_group_tests(file_tests, nullptr, nullptr);
	}
	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
