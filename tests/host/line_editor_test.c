// SPDX-License-Identifier: MIT
/*
 * Host test of user/rt/line_editor.c, key_decoder.c and history.c.
 *
 * The echo goes to a model of a terminal, so each test can compare what a person sees with what
 * the line is.
 */
#include "user/rt/line_editor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t SCREEN_COLUMNS = 4096;

/* One line of a screen without an end; every character is one cell. */
static struct {
	uint32_t cells[SCREEN_COLUMNS];
	size_t column;
	size_t bells;
	uint32_t partial; /* character being received */
	size_t missing;   /* its bytes still to come */
	bool in_escape;
} screen;

static struct line_editor editor;

static void screen_clear(void)
{
	memset(screen.cells, 0, sizeof(screen.cells));
	screen.column = 0;
}

static void screen_put_byte(uint8_t byte)
{
	if ((byte & 0xc0) == 0x80 && screen.missing != 0) {
		screen.partial = screen.partial << 8 | byte;
		screen.missing--;
	} else {
		assert_int_equal(screen.missing, 0);
		screen.partial = byte;
		screen.missing = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	}
	if (screen.missing == 0)
		screen.cells[screen.column++] = screen.partial == ' ' ? 0 : screen.partial;
	assert_true(screen.column < SCREEN_COLUMNS);
}

static void screen_feed(uint8_t byte)
{
	if (screen.in_escape) {
		screen.in_escape = byte == '[' || byte == '2';
		if (byte == 'J')
			screen_clear();
	} else if (byte == 0x1b) {
		screen.in_escape = true;
	} else if (byte == '\b') {
		assert_true(screen.column > 0);
		screen.column--;
	} else if (byte == '\a') {
		screen.bells++;
	} else if (byte == '\n') {
		screen_clear();
	} else if (byte != '\r') {
		assert_true(byte >= 0x20 && byte != 0x7f);
		screen_put_byte(byte);
	}
}

static void echo(void *context, const char *text, size_t size)
{
	assert_ptr_equal(context, &screen);
	for (size_t i = 0; i < size; i++)
		screen_feed((uint8_t)text[i]);
}

static int setup(void **state)
{
	(void)state;
	memset(&screen, 0, sizeof(screen));
	memset(&editor, 0, sizeof(editor));
	line_editor_init(&editor, "$ ", echo, &screen);
	line_editor_start(&editor);
	return 0;
}

/* The event of the last byte; earlier ones must have none. */
static enum line_event feed(const char *bytes, size_t size)
{
	enum line_event event = LINE_EVENT_NONE;

	for (size_t i = 0; i < size; i++) {
		assert_int_equal(event, LINE_EVENT_NONE);
		event = line_editor_feed(&editor, (uint8_t)bytes[i]);
	}
	return event;
}

static enum line_event type(const char *text)
{
	return feed(text, strlen(text));
}

static void assert_line(const char *line)
{
	assert_int_equal(editor.size, strlen(line));
	assert_memory_equal(editor.line, line, editor.size);
}

/* What the screen must show, made from the line itself. */
static void assert_screen(void)
{
	size_t column = 2;
	size_t cursor = 2;

	assert_int_equal(screen.cells[0], '$');
	for (uint32_t i = 0; i < editor.size; i++) {
		uint32_t character = (uint8_t)editor.line[i];

		while (i + 1 < editor.size && ((uint8_t)editor.line[i + 1] & 0xc0) == 0x80)
			character = character << 8 | (uint8_t)editor.line[++i];
		assert_int_equal(screen.cells[column++], character == ' ' ? 0 : character);
		if (i < editor.cursor)
			cursor = column;
	}
	assert_int_equal(screen.cells[column], 0);
	assert_int_equal(screen.column, cursor);
}

static void assert_entered(const char *keys, const char *line)
{
	setup(nullptr);
	assert_int_equal(type(keys), LINE_EVENT_NONE);
	assert_screen();
	assert_int_equal(type("\r"), LINE_EVENT_LINE);
	assert_line(line);
}

static void editing_keys(void **state)
{
	(void)state;
	assert_entered("abc", "abc");
	assert_entered("abc\x7f", "ab");
	assert_entered("abc\b\b", "a");
	assert_entered("\x7f\x7fx", "x");
	assert_entered("abc\x1b[D\x1b[DX", "aXbc");
	assert_entered("abc\x1b[D\x1b[D\x1b[CX", "abXc");
	assert_entered("abc\x02\x02\x06X", "abXc");
	assert_entered("abc\x01X", "Xabc");
	assert_entered("abc\x01\x05X", "abcX");
	assert_entered("abc\x1b[HX\x1b[FY", "XabcY");
	assert_entered("abc\x1bOHX\x1bOFY", "XabcY");
	assert_entered("abc\x1b[1~X\x1b[4~Y", "XabcY");
	assert_entered("abc\x1b[7~X\x1b[8~Y", "XabcY");
	assert_entered("abc\x01\x1b[3~", "bc");
	assert_entered("abc\x01\x04", "bc");
	assert_entered("abc\x1b[3~", "abc");
	assert_entered("abc\x1b[D\x0b", "ab");
	assert_entered("abc\x1b[D\x15", "c");
	assert_entered("one two  \x17", "one ");
	assert_entered("one two\x1b[D\x17", "one o");
	assert_entered("abc\x1b[D\x0cX", "abXc");
}

static void other_controls_are_ignored(void **state)
{
	char keys[40] = "ab";
	size_t size = 2;

	(void)state;
	for (char c = 0; c < 0x20; c++)
		if (strchr("\x01\x02\x03\x04\x05\x06\x08\x0a\x0b\x0c\x0d\x0e\x10\x15\x17\x1b",
			   c) == nullptr ||
		    c == 0)
			keys[size++] = c;
	assert_int_equal(feed(keys, size), LINE_EVENT_NONE);
	assert_line("ab");
	assert_screen();
}

static void unknown_sequences_are_swallowed(void **state)
{
	(void)state;
	assert_entered("a\x1b[5~b", "ab");
	assert_entered("a\x1b[1;5Db", "ba");
	assert_entered("a\x1b[?25hb", "ab");
	assert_entered("a\x1b[200~b", "ab");
	assert_entered("a\x1b[99999999999999999999~b", "ab");
	assert_entered("a\x1bOPb", "ab");
	assert_entered("a\x1bxb", "ab");
	assert_entered("a\x1b\x1b\x1b[Db", "ba");
	assert_entered("a\x1b[12\x01X", "Xa"); /* a control character ends a sequence */
}

static void utf_8_characters_stay_whole(void **state)
{
	(void)state;
	assert_entered("Zürich", "Zürich");
	assert_entered("Zü\x7fu", "Zu");
	assert_entered("日本\x1b[Dx", "日x本");
	assert_entered("日本\x01\x1b[3~", "本");
	assert_entered("a😀b\x1b[D\x1b[D\x1b[3~", "ab");
	assert_entered("né\x17", "");
}

static void malformed_utf_8_is_dropped(void **state)
{
	(void)state;
	assert_entered("a\xff\xfe"
		       "b",
		       "ab");
	assert_entered("a\x80\xbf"
		       "b",
		       "ab");
	assert_entered("a\xc3"
		       "b",
		       "ab");
	assert_entered("a\xe6\x97"
		       "b",
		       "ab");
	assert_entered("a\xc0\xaf"
		       "b",
		       "ab"); /* overlong */
	assert_entered("a\xed\xa0\x80"
		       "b",
		       "ab"); /* surrogate */
	assert_entered("a\xc2\x9b"
		       "b",
		       "ab"); /* C1 control */
	assert_entered("a\xf4\x90\x80\x80"
		       "b",
		       "ab"); /* above U+10FFFF */
}

static void line_ends(void **state)
{
	(void)state;
	assert_int_equal(type("a\r"), LINE_EVENT_LINE);
	line_editor_start(&editor);
	assert_int_equal(type("\n"), LINE_EVENT_NONE); /* of CR LF */
	assert_int_equal(type("b\n"), LINE_EVENT_LINE);
	assert_line("b");
	line_editor_start(&editor);
	assert_int_equal(type("\n"), LINE_EVENT_LINE);
	assert_line("");
}

static void interrupt_and_end_of_input(void **state)
{
	(void)state;
	assert_int_equal(type("abc\x03"), LINE_EVENT_INTERRUPT);
	assert_line("");
	line_editor_start(&editor);
	assert_int_equal(type("\x04"), LINE_EVENT_END_OF_INPUT);
	line_editor_start(&editor);
	assert_int_equal(type("a\x04"), LINE_EVENT_NONE);
	assert_line("a");
}

static void enter(const char *line)
{
	assert_int_equal(type(line), LINE_EVENT_NONE);
	assert_int_equal(type("\r"), LINE_EVENT_LINE);
	line_editor_start(&editor);
}

static void history_up_and_down(void **state)
{
	(void)state;
	enter("first");
	enter("second");
	enter("second");
	enter("");
	type("draft\x1b[A");
	assert_line("second");
	type("\x1b[A\x1b[A\x1b[A");
	assert_line("first");
	assert_screen();
	type("\x1b[B");
	assert_line("second");
	type("\x1b[B\x1b[B");
	assert_line("draft");
	assert_screen();
	type("\x1bOA\x7f\x7f!");
	assert_int_equal(type("\r"), LINE_EVENT_LINE);
	assert_line("seco!");
	line_editor_start(&editor);
	type("\x10\x10");
	assert_line("second");
}

static void history_keeps_32_lines(void **state)
{
	char line[16];

	(void)state;
	for (int i = 0; i < 40; i++) {
		(void)snprintf(line, sizeof(line), "line %d", i);
		enter(line);
	}
	for (int i = 0; i < 100; i++)
		type("\x1b[A");
	assert_line("line 8");
	for (int i = 0; i < 31; i++)
		type("\x1b[B");
	assert_line("line 39");
}

static void a_line_of_the_full_length_is_entered(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < LINE_BYTES_MAX; i++)
		type("x");
	assert_int_equal(screen.bells, 0);
	assert_screen();
	assert_int_equal(type("\r"), LINE_EVENT_LINE);
	assert_int_equal(editor.size, LINE_BYTES_MAX);
}

static void a_longer_line_is_refused(void **state)
{
	(void)state;
	enter("known");
	for (uint32_t i = 0; i < 10000; i++)
		type("x");
	assert_int_equal(editor.size, LINE_BYTES_MAX);
	assert_int_equal(screen.bells, 1);
	type("\x1b[A\x7f");
	assert_int_equal(type("\r"), LINE_EVENT_TOO_LONG);
	line_editor_start(&editor);
	type("\x1b[A");
	assert_line("known");
	assert_screen();
}

static void a_killed_line_is_no_longer_too_long(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		type("x");
	type("\x15ok");
	assert_int_equal(type("\r"), LINE_EVENT_LINE);
	assert_line("ok");
}

/* Whatever is typed, the line stays whole and the screen shows it. */
static void random_keys_keep_line_and_screen_equal(void **state)
{
	static const char *const keys[] = { "a",      "b",    " ",       "ü",      "日",
					    "😀",     "\x7f", "\x1b[D",  "\x1b[C", "\x1b[A",
					    "\x1b[B", "\x01", "\x05",    "\x0b",   "\x15",
					    "\x17",   "\x0c", "\x1b[3~", "\x1b[5", "\xe6",
					    "\x04",   "\x02", "\x06",    "word " };

	(void)state;
	srand(4);
	for (uint32_t round = 0; round < 50000; round++) {
		enum line_event event =
			type(keys[(size_t)rand() % (sizeof(keys) / sizeof(*keys))]);

		if (event == LINE_EVENT_NONE && rand() % 40 == 0)
			event = type("\r");
		if (event != LINE_EVENT_NONE)
			line_editor_start(&editor);
		assert_screen();
	}
}

static void random_bytes_are_harmless(void **state)
{
	(void)state;
	srand(5);
	for (uint32_t round = 0; round < 300000; round++) {
		if (line_editor_feed(&editor, (uint8_t)rand()) != LINE_EVENT_NONE)
			line_editor_start(&editor);
		assert_true(editor.cursor <= editor.size && editor.size <= LINE_BYTES_MAX);
	}
	assert_screen();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(editing_keys, setup),
		cmocka_unit_test_setup(other_controls_are_ignored, setup),
		cmocka_unit_test_setup(unknown_sequences_are_swallowed, setup),
		cmocka_unit_test_setup(utf_8_characters_stay_whole, setup),
		cmocka_unit_test_setup(malformed_utf_8_is_dropped, setup),
		cmocka_unit_test_setup(line_ends, setup),
		cmocka_unit_test_setup(interrupt_and_end_of_input, setup),
		cmocka_unit_test_setup(history_up_and_down, setup),
		cmocka_unit_test_setup(history_keeps_32_lines, setup),
		cmocka_unit_test_setup(a_line_of_the_full_length_is_entered, setup),
		cmocka_unit_test_setup(a_longer_line_is_refused, setup),
		cmocka_unit_test_setup(a_killed_line_is_no_longer_too_long, setup),
		cmocka_unit_test_setup(random_keys_keep_line_and_screen_equal, setup),
		cmocka_unit_test_setup(random_bytes_are_harmless, setup),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
