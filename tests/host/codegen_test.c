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
#include "tests/host/codegen.client.h"
#include "tests/host/codegen.server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t buffer[512];
static struct message_builder builder;
static struct message_reader message;

static void start_message(void)
{
	memset(buffer, 0xa5, sizeof(buffer)); /* whatever was there before must not show */
	message_builder_init(&builder, buffer, sizeof(buffer));
}

/* Read what was built. */
static struct message_reader *built(void)
{
	size_t size = message_builder_finish(&builder);

	assert_true(size != 0);
	message_reader_init(&message, buffer, size);
	return &message;
}

static void assert_text(struct text_reader found, const char *expected)
{
	assert_int_equal(found.size, strlen(expected));
	assert_string_equal(found.data, expected);
}

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
	build_sample(everything_init_root(&builder));
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
	struct list_reader l = primes_read(&message);

	(void)state;
	assert_int_equal(l.count, 4);
	assert_int_equal(list_reader_get_uint16(l, 3), 7);
	l = words_read(&message);
	assert_int_equal(l.count, 3);
	assert_text(list_reader_get_text(l, 2), "three");
	assert_point(origin_read(&message), 3, 4);
	assert_point(point_list_get(corners_read(&message), 1), 3, -1);
	check_sample(sample_read(&message));
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
	defaults_init_root(&builder);
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
	b = defaults_init_root(&builder);
	defaults_set_is_on(b, true);
	defaults_set_int8_field(b, -8);
	defaults_set_int64_field(b, INT64_MIN);
	defaults_set_uint32_field(b, 4000000000);
	defaults_set_float64_field(b, -2.25);
	defaults_set_color_field(b, COLOR_BLUE);
	for (uint32_t i = 1; i <= DEFAULTS_DATA_WORDS; i++)
		assert_int_equal(buffer[i], 0);
}

static void values_besides_defaults_read_back(void **state)
{
	struct defaults_builder b;
	struct defaults_reader r;

	(void)state;
	start_message();
	b = defaults_init_root(&builder);
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
	b = defaults_init_root(&builder);
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
	assert_false(message.malformed);
}

static void each_member_of_a_union(void **state)
{
	struct everything_choice_builder b;
	struct everything_choice_reader r;
	struct everything_reader root;

	(void)state;
	start_message();
	b = everything_init_choice(everything_init_root(&builder));
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
	assert_false(message.malformed); /* members that are not set are not looked at */
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
	older_set_number(older_init_root(&builder), 17);
	assert_true(newer_read_root(built(), &newer));
	assert_int_equal(newer_get_number(newer), 17);
	assert_int_equal(newer_get_more(newer), 5);
	assert_text(newer_get_text(newer), "");
	start_message();
	b = newer_init_root(&builder);
	newer_set_number(b, 18);
	newer_set_text(b, "more", 4);
	assert_true(older_read_root(built(), &older));
	assert_int_equal(older_get_number(older), 18);
	assert_false(message.malformed);
}

static void lists_of_scalars_may_become_lists_of_structs(void **state)
{
	struct numbers_as_structs_reader structs;
	struct numbers_as_scalars_reader scalars;
	struct older_list_builder olders;
	struct list_builder numbers;

	(void)state;
	start_message();
	numbers = numbers_as_scalars_init_numbers(numbers_as_scalars_init_root(&builder), 3);
	list_builder_set_uint32(numbers, 2, 33);
	assert_true(numbers_as_structs_read_root(built(), &structs));
	assert_int_equal(
		older_get_number(older_list_get(numbers_as_structs_get_numbers(structs), 2)),
		33);
	start_message();
	olders = numbers_as_structs_init_numbers(numbers_as_structs_init_root(&builder), 3);
	older_set_number(older_list_builder_get(olders, 1), 44);
	assert_true(numbers_as_scalars_read_root(built(), &scalars));
	assert_int_equal(list_reader_get_uint32(numbers_as_scalars_get_numbers(scalars), 1),
			 44);
	assert_false(message.malformed);
}

/* A server whose get() answers with the key. */
static enum status echo_get(void *context, struct store_get_params_reader params,
			    struct store_get_results_builder results)
{
	struct text_reader key = store_get_params_get_key(params);

	++*(int *)context;
	store_get_results_set_value(results, key.data, key.size);
	return STATUS_OK;
}

static const struct store_server echo = { .get = echo_get };

/* Answer the request in `buffer` into `answer`; returns the status. */
static enum status dispatch(uint16_t method, int *calls, uint64_t *answer, size_t answer_bytes)
{
	struct message_builder results;

	message_builder_init(&results, answer, answer_bytes);
	return store_dispatch(&echo, calls, method, built(), &results);
}

static void dispatch_runs_the_handler(void **state)
{
	uint64_t answer[8];
	int calls = 0;

	(void)state;
	start_message();
	store_get_params_set_key(store_get_params_init_root(&builder), "key", 3);
	assert_int_equal(dispatch(STORE_GET_METHOD, &calls, answer, sizeof(answer)), STATUS_OK);
	assert_int_equal(calls, 1);
	assert_memory_equal(&answer[2], "key", 3);
	assert_int_equal(dispatch(STORE_PUT_METHOD, &calls, answer, sizeof(answer)),
			 STATUS_UNKNOWN_METHOD);
	assert_int_equal(dispatch(STORE_METHOD_COUNT, &calls, answer, sizeof(answer)),
			 STATUS_UNKNOWN_METHOD);
	assert_int_equal(dispatch(UINT16_MAX, &calls, answer, sizeof(answer)),
			 STATUS_UNKNOWN_METHOD);
	assert_int_equal(dispatch(STORE_GET_METHOD, &calls, answer, 8),
			 STATUS_RESULT_TOO_SMALL);
	assert_int_equal(calls, 1);
	assert_int_equal(dispatch(STORE_GET_METHOD, &calls, answer, 16),
			 STATUS_RESULT_TOO_SMALL);
	assert_int_equal(calls, 2);
}

static void dispatch_refuses_bad_messages(void **state)
{
	uint64_t answer[8];
	int calls = 0;

	(void)state;
	start_message();
	store_get_params_init_root(&builder);
	buffer[0] |= 2; /* a far pointer */
	assert_int_equal(dispatch(STORE_GET_METHOD, &calls, answer, sizeof(answer)),
			 STATUS_MALFORMED_MESSAGE);
	assert_int_equal(calls, 0);
	store_get_params_init_root(&builder);
	buffer[1] = 2;
	assert_int_equal(dispatch(STORE_GET_METHOD, &calls, answer, sizeof(answer)),
			 STATUS_MALFORMED_MESSAGE);
}

/* The runtime's side of one call, as far as generated clients use it. */
static struct {
	struct capos_call_size size;
	uint64_t target;
	uint64_t attached[8];
	uint64_t taken_interface[8];
	uint32_t attached_count;
	uint16_t method;
	uint8_t taken_count;
	int open; /* begun and not ended */
	enum status begin_status, wait_status;
} fake;

enum status capos_call_begin(struct capos_call *call, uint64_t target, uint16_t method,
			     struct capos_call_size size, struct message_builder **out_params)
{
	fake.target = target;
	fake.method = method;
	fake.size = size;
	if (fake.begin_status != STATUS_OK)
		return fake.begin_status;
	fake.open++;
	start_message();
	message_builder_init(&call->params, buffer, size.param_bytes);
	*out_params = &call->params;
	return STATUS_OK;
}

uint32_t capos_call_attach(struct capos_call *call, uint64_t capability)
{
	(void)call;
	fake.attached[fake.attached_count] = capability;
	return fake.attached_count++;
}

enum status capos_call_wait(struct capos_call *call, struct message_reader **out_results)
{
	builder = call->params;
	*out_results = &call->results;
	return fake.wait_status;
}

uint64_t capos_call_take_capability(struct capos_call *call, uint8_t ordinal,
				    uint64_t interface_id)
{
	(void)call;
	fake.taken_interface[ordinal] = interface_id;
	fake.taken_count++;
	return 1000u + ordinal;
}

void capos_call_end(struct capos_call *call)
{
	(void)call;
	fake.open--;
}

static int reset_fake(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static void a_call_that_cannot_begin_does_nothing(void **state)
{
	uint32_t total = 5;

	(void)state;
	fake.begin_status = STATUS_OUT_OF_MEMORY;
	assert_int_equal(store_put((struct store_client){ 9 }, "k", 1, "v", 1, true, &total),
			 STATUS_OUT_OF_MEMORY);
	assert_int_equal(fake.open, 0);
	assert_int_equal(total, 5);
}

static void a_call_that_fails_is_ended(void **state)
{
	struct store_put_params_reader params;
	uint32_t total = 5;

	(void)state;
	fake.wait_status = STATUS_TIMED_OUT;
	assert_int_equal(
		store_put((struct store_client){ 9 }, "key", 3, "value", 5, false, &total),
		STATUS_TIMED_OUT);
	assert_int_equal(fake.open, 0);
	assert_int_equal(total, 5);
	assert_int_equal(fake.target, 9);
	assert_int_equal(fake.method, STORE_PUT_METHOD);
	/* Exactly the room that the parameters took. */
	assert_int_equal(message_builder_finish(&builder), fake.size.param_bytes);
	assert_true(store_put_params_read_root(built(), &params));
	assert_text(store_put_params_get_key(params), "key");
	assert_memory_equal(store_put_params_get_value(params).data, "value", 5);
	assert_false(store_put_params_get_replace(params));
}

/* Let the next call's results be what `words` says. */
static enum status open_with_results(const uint64_t *words, size_t size, uint64_t out[4])
{
	struct capos_call call = {};
	struct store_open_params_builder params;
	struct store_open_results_reader results;
	struct capos_call_size size_asked = {};
	enum status status;

	status = store_open_begin(&call, (struct store_client){ 9 }, size_asked, &params);
	if (status != STATUS_OK)
		return status;
	message_reader_init(&call.results, words, size);
	status = store_open_wait(&call, &results);
	out[0] = status == STATUS_OK ? store_open_results_get_at(results) : 0;
	capos_call_end(&call);
	return status;
}

static void promise_style_reads_the_results(void **state)
{
	static const uint64_t good[] = { 0x0003000100000000, 77, 0, 0, 0 };
	static const uint64_t bad[] = { 0x0003000100000001, 77, 0, 0, 0 };
	uint64_t out[4];

	(void)state;
	assert_int_equal(open_with_results(good, sizeof(good), out), STATUS_OK);
	assert_int_equal(out[0], 77);
	assert_int_equal(fake.size.result_capabilities, STORE_OPEN_RESULTS_CAPS);
	assert_int_equal(fake.size.param_bytes, STORE_OPEN_PARAMS_MESSAGE_BYTES + 256);
	assert_int_equal(fake.size.result_bytes, STORE_OPEN_RESULTS_MESSAGE_BYTES);
	assert_int_equal(open_with_results(bad, sizeof(bad), out), STATUS_MALFORMED_MESSAGE);
	assert_int_equal(fake.open, 0);
}

static void capabilities_go_out_and_come_in(void **state)
{
	struct store_client store = {};
	struct shape_client shape = {};
	struct store_open_params_reader params;
	uint64_t other = 0, at = 0;

	(void)state;
	/* The fake gives no results, so the wrapper stops before it takes anything. */
	assert_int_equal(store_open((struct store_client){ 9 }, "n", 1,
				    (struct shape_client){ 31 }, 0, &store, &shape, &other,
				    &at),
			 STATUS_MALFORMED_MESSAGE);
	assert_int_equal(fake.attached_count, 1);
	assert_int_equal(fake.attached[0], 31);
	assert_int_equal(fake.taken_count, 0);
	assert_int_equal(fake.open, 0);
	assert_true(store_open_params_read_root(built(), &params));
	assert_true(store_open_params_get_shape(params).present);
	assert_int_equal(store_open_params_get_shape(params).index, 0);
	assert_false(store_open_params_get_other(params).present);
	static_assert(STORE_OPEN_RESULTS_STORE_CAP == 0 && STORE_OPEN_RESULTS_SHAPE_CAP == 1);
	static_assert(STORE_NESTED_RESULTS_DEEP_SECOND_CAP == 1);
	static_assert(STORE_NESTED_RESULTS_LAST_CAP == 2 && STORE_NESTED_RESULTS_CAPS == 3);
}

static void names_of_methods(void **state)
{
	(void)state;
	assert_string_equal(store_interface_name, "Store");
	assert_string_equal(store_method_names[STORE_EXCHANGE_METHOD], "exchange");
	assert_null(store_method_names[STORE_METHOD_COUNT]);
	assert_null(empty_method_names[0]);
}

static int write_sample(const char *path)
{
	FILE *file = fopen(path, "w");
	size_t size;
	bool good;

	start_message();
	build_sample(everything_init_root(&builder));
	size = message_builder_finish(&builder);
	good = file != nullptr && size != 0 && fwrite(buffer, 1, size, file) == size;
	return file == nullptr || fclose(file) != 0 || !good;
}

static const char *read_path;

static void the_file_is_the_sample(void **state)
{
	FILE *file = fopen(read_path, "r");
	struct everything_reader r;
	size_t size;

	(void)state;
	assert_non_null(file);
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	message_reader_init(&message, buffer, size);
	assert_true(everything_read_root(&message, &r));
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
		cmocka_unit_test(dispatch_runs_the_handler),
		cmocka_unit_test(dispatch_refuses_bad_messages),
		cmocka_unit_test_setup(a_call_that_cannot_begin_does_nothing, reset_fake),
		cmocka_unit_test_setup(a_call_that_fails_is_ended, reset_fake),
		cmocka_unit_test_setup(promise_style_reads_the_results, reset_fake),
		cmocka_unit_test_setup(capabilities_go_out_and_come_in, reset_fake),
		cmocka_unit_test(names_of_methods),
	};

	if (argc == 3 && strcmp(argv[1], "write") == 0)
		return write_sample(argv[2]);
	if (argc == 3 && strcmp(argv[1], "read") == 0) {
		read_path = argv[2];
		return cmocka_run_group_tests(file_tests, nullptr, nullptr);
	}
	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
