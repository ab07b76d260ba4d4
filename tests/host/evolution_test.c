// SPDX-License-Identifier: MIT
/*
 * Host test of evolution: code of an older schema reads and copies messages of a newer one, and
 * the other way round.
 *
 *   evolution_test                  runs the tests, on the schemas' constants
 *   evolution_test older FILE       the file is newSample; code of the older schema reads it
 *   evolution_test newer FILE       the file is oldSample; code of the newer schema reads it
 *   evolution_test rewrap IN OUT    copies newBox, piece by piece, with the older schema
 *   evolution_test copy IN OUT      copies any record, whole, with the older schema
 *   evolution_test grow IN OUT      copies oldSample and gives it more, with the newer schema
 *
 * The latter let tests/system/test_schema.py use bytes of the official tool.
 */
#include "tests/host/codegen_fixture.h"
#include "tests/host/evolution_newer.capnp.h"
#include "tests/host/evolution_older.capnp.h"

#include <string.h>

static void check_old_lists(struct old_record_reader r)
{
	struct list_reader numbers = old_record_get_numbers(r);
	struct list_reader texts = old_record_get_texts(r);
	struct old_item_list_reader items = old_record_get_items(r);

	assert_int_equal(numbers.count, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(list_reader_get_uint32(numbers, i), 10 + i);
	assert_int_equal(texts.count, 3);
	assert_text(list_reader_get_text(texts, 0), "a");
	assert_text(list_reader_get_text(texts, 1), "");
	assert_text(list_reader_get_text(texts, 2), "c");
	assert_int_equal(items.l.count, 2);
	assert_int_equal(old_item_get_number(old_item_list_get(items, 1)), 21);
}

/* newSample, by what the older schema knows of it. */
static void check_older(struct old_record_reader r)
{
	struct old_record_choice_reader choice = old_record_get_choice(r);

	assert_int_equal(old_record_get_id(r), 1);
	assert_int_equal((uint16_t)old_record_get_color(r), NEW_COLOR_BLUE);
	assert_null(old_color_name((uint16_t)old_record_get_color(r)));
	assert_text(old_record_get_name(r), "new");
	check_old_lists(r);
	assert_int_equal(old_item_get_number(old_record_get_item(r)), 30);
	assert_int_equal(old_record_place_get_x(old_record_get_place(r)), -4);
	/* A member that this schema does not know: no known one is set. */
	assert_int_equal((uint16_t)old_record_choice_which(choice), NEW_RECORD_CHOICE_BOTH);
	assert_int_equal(old_record_choice_get_count(choice), 0);
	assert_false(r.s.message->malformed);
}

static void check_new_lists(struct new_record_reader r)
{
	struct new_item_list_reader numbers = new_record_get_numbers(r);
	struct new_text_list_reader texts = new_record_get_texts(r);
	struct new_item_list_reader items = new_record_get_items(r);

	assert_int_equal(numbers.l.count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		struct new_item_reader item = new_item_list_get(numbers, i);

		assert_int_equal(new_item_get_number(item), 10 + i);
		assert_int_equal(new_item_get_more(item), 9);
		assert_text(new_item_get_label(item), "none");
	}
	assert_int_equal(texts.l.count, 3);
	assert_text(new_text_get_text(new_text_list_get(texts, 2)), "c");
	assert_int_equal(new_text_get_weight(new_text_list_get(texts, 2)), 3);
	assert_int_equal(new_item_get_number(new_item_list_get(items, 1)), 21);
	assert_int_equal(new_item_get_more(new_item_list_get(items, 1)), 9);
}

/* oldSample: what the older schema did not have is at its default. */
static void check_newer(struct new_record_reader r)
{
	struct new_record_place_reader place = new_record_get_place(r);
	struct new_record_choice_reader choice = new_record_get_choice(r);

	assert_int_equal(new_record_get_id(r), 1);
	assert_int_equal(new_record_get_color(r), NEW_COLOR_GREEN);
	check_new_lists(r);
	assert_int_equal(new_item_get_number(new_record_get_item(r)), 30);
	assert_text(new_item_get_label(new_record_get_item(r)), "none");
	assert_int_equal(new_record_place_get_x(place), -4);
	assert_int_equal(new_record_place_get_y(place), 5);
	assert_text(new_record_place_get_note(place), "");
	assert_int_equal(new_record_choice_which(choice), NEW_RECORD_CHOICE_COUNT);
	assert_int_equal(new_record_choice_get_count(choice), 50);
	assert_text(new_record_choice_get_text(choice), "");
	assert_int_equal(new_record_get_extra(r), 77);
	assert_text(new_record_get_extra_text(r), "default");
	assert_false(new_record_has_extra_item(r));
	assert_false(r.s.message->malformed);
}

/* Read constant words as a message of another schema. */
static struct message_reader *words_of(const uint64_t *words, size_t size)
{
	message_reader_init(&codegen_message, words, size);
	return &codegen_message;
}

static void an_older_reader_reads_a_newer_message(void **state)
{
	struct old_record_reader r;

	(void)state;
	assert_true(
		old_record_read_root(words_of(NEW_SAMPLE_WORDS, sizeof(NEW_SAMPLE_WORDS)), &r));
	check_older(r);
}

static void a_newer_reader_reads_an_older_message(void **state)
{
	struct new_record_reader r;

	(void)state;
	assert_true(
		new_record_read_root(words_of(OLD_SAMPLE_WORDS, sizeof(OLD_SAMPLE_WORDS)), &r));
	check_newer(r);
}

/* Into a box of the older schema: every setter that copies. */
static void rewrap(struct message_reader *from)
{
	struct old_box_reader r;
	struct old_box_builder b;

	assert_true(old_box_read_root(from, &r));
	start_message();
	b = old_box_init_root(&codegen_builder);
	old_box_set_record(b, old_box_get_record(r));
	assert_true(old_box_set_numbers(b, old_box_get_numbers(r)));
	assert_true(old_box_set_items(b, old_box_get_items(r)));
	assert_false(from->malformed);
}

static void check_newest(struct new_record_reader r)
{
	struct new_record_place_reader place = new_record_get_place(r);
	struct list_reader second = new_record_choice_both_get_second(
		new_record_choice_get_both(new_record_get_choice(r)));

	assert_text(new_record_place_get_note(place), "there");
	assert_int_equal(new_record_place_get_y(place), 6);
	assert_int_equal(second.count, 2);
	assert_int_equal(new_record_get_extra(r), 78);
	assert_text(new_record_get_extra_text(r), "more");
	assert_int_equal(new_item_get_number(new_record_get_extra_item(r)), 31);
	assert_text(new_item_get_label(new_item_list_get(new_record_get_numbers(r), 0)), "x");
}

static void a_copy_keeps_what_its_maker_does_not_know(void **state)
{
	struct message_reader from;
	struct new_box_reader r;

	(void)state;
	message_reader_init(&from, NEW_BOX_WORDS, sizeof(NEW_BOX_WORDS));
	rewrap(&from);
	assert_true(new_box_read_root(built(), &r));
	check_newest(new_box_get_record(r));
	assert_text(new_item_get_label(new_item_list_get(new_box_get_numbers(r), 0)), "n");
	assert_int_equal(new_item_get_more(new_item_list_get(new_box_get_items(r), 0)), 4);
	assert_false(new_box_has_extra(r));
}

static void copy_root(struct message_reader *from)
{
	struct old_record_reader r;

	assert_true(old_record_read_root(from, &r));
	start_message();
	old_record_copy_root(&codegen_builder, r);
}

static void a_copied_root_keeps_what_its_maker_does_not_know(void **state)
{
	struct message_reader from;
	struct new_record_reader r;

	(void)state;
	message_reader_init(&from, NEW_SAMPLE_WORDS, sizeof(NEW_SAMPLE_WORDS));
	copy_root(&from);
	assert_true(new_record_read_root(built(), &r));
	check_newest(r);
}

/* A copy of an older struct has room for what the newer schema adds. */
static void grow(struct message_reader *from)
{
	struct new_record_place_builder place;
	struct new_record_reader r;
	struct new_record_builder b;

	assert_true(new_record_read_root(from, &r));
	start_message();
	b = new_record_copy_root(&codegen_builder, r);
	new_record_set_color(b, NEW_COLOR_BLUE);
	place = new_record_init_place(b);
	new_record_place_set_y(place, 7);
	new_record_place_set_note(place, "grown", 5);
	new_record_choice_set_count(new_record_init_choice(b), 0);
	new_record_choice_set_text(new_record_init_choice(b), "fifty", 5);
	new_record_set_extra(b, 79);
	new_item_set_label(new_record_init_extra_item(b), "late", 4);
}

static void a_copy_of_an_older_message_can_be_given_more(void **state)
{
	struct message_reader from;
	struct new_record_reader r;

	(void)state;
	message_reader_init(&from, OLD_SAMPLE_WORDS, sizeof(OLD_SAMPLE_WORDS));
	grow(&from);
	assert_true(new_record_read_root(built(), &r));
	check_new_lists(r);
	assert_int_equal(new_record_place_get_x(new_record_get_place(r)), -4);
	assert_int_equal(new_record_place_get_y(new_record_get_place(r)), 7);
	assert_text(new_record_choice_get_text(new_record_get_choice(r)), "fifty");
	assert_int_equal(new_record_get_extra(r), 79);
	assert_text(new_item_get_label(new_record_get_extra_item(r)), "late");
}

static void a_copy_of_a_constant_spends_nothing(void **state)
{
	(void)state;
	start_message();
	old_record_copy_root(&codegen_builder, old_sample_read());
	assert_true(message_builder_finish(&codegen_builder) != 0);
	assert_int_equal(old_sample_read().s.message->budget_words, MESSAGE_NO_BUDGET);
}

static char **arguments;

static void on_a_file(void **state)
{
	struct message_reader *from = read_file(arguments[2]);
	struct old_record_reader older;
	struct new_record_reader newer;

	(void)state;
	if (strcmp(arguments[1], "older") == 0) {
		assert_true(old_record_read_root(from, &older));
		check_older(older);
	} else {
		assert_true(new_record_read_root(from, &newer));
		check_newer(newer);
	}
}

static void from_file_to_file(void **state)
{
	static uint64_t words[sizeof(codegen_buffer) / sizeof(codegen_buffer[0])];
	struct message_reader *from = read_file(arguments[2]);

	(void)state;
	/* The buffer is built into. */
	memcpy(words, codegen_buffer, sizeof(words));
	from->bytes = (const uint8_t *)words;
	if (strcmp(arguments[1], "rewrap") == 0)
		rewrap(from);
	else if (strcmp(arguments[1], "copy") == 0)
		copy_root(from);
	else
		grow(from);
	assert_int_equal(write_file(arguments[3]), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest one_file[] = { cmocka_unit_test(on_a_file) };
	const struct CMUnitTest two_files[] = { cmocka_unit_test(from_file_to_file) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_reader_reads_a_newer_message),
		cmocka_unit_test(a_newer_reader_reads_an_older_message),
		cmocka_unit_test(a_copy_keeps_what_its_maker_does_not_know),
		cmocka_unit_test(a_copied_root_keeps_what_its_maker_does_not_know),
		cmocka_unit_test(a_copy_of_an_older_message_can_be_given_more),
		cmocka_unit_test(a_copy_of_a_constant_spends_nothing),
	};

	arguments = argv;
	if (argc == 3)
		return cmocka_run_group_tests(one_file, nullptr, nullptr);
	if (argc == 4)
		return cmocka_run_group_tests(two_files, nullptr, nullptr);
	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
