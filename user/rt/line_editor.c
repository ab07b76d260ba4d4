// SPDX-License-Identifier: MIT
/* A line being typed at a terminal.  See line_editor.h for the model. */
#include "user/rt/line_editor.h"

#include "lib/string.h"

static void echo(struct line_editor *e, const char *text, size_t size)
{
	e->echo(e->echo_context, text, size);
}

static void echo_text(struct line_editor *e, const char *text)
{
	echo(e, text, strlen(text));
}

static bool is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/* Characters, that is columns, in a part of the line. */
static uint32_t columns(const struct line_editor *e, uint32_t start, uint32_t end)
{
	uint32_t count = 0;

	for (uint32_t i = start; i < end; i++)
		count += !is_continuation(e->line[i]);
	return count;
}

static uint32_t character_before(const struct line_editor *e, uint32_t at)
{
	do {
		at--;
	} while (at != 0 && is_continuation(e->line[at]));
	return at;
}

static uint32_t character_after(const struct line_editor *e, uint32_t at)
{
	do {
		at++;
	} while (at != e->size && is_continuation(e->line[at]));
	return at;
}

static void echo_repeated(struct line_editor *e, char c, uint32_t count)
{
	char text[32];

	memset(text, c, sizeof(text));
	while (count != 0) {
		uint32_t part = count < sizeof(text) ? count : (uint32_t)sizeof(text);

		echo(e, text, part);
		count -= part;
	}
}

/* Move the cursor on the screen and in the line. */
static void move_to(struct line_editor *e, uint32_t at)
{
	if (at < e->cursor)
		echo_repeated(e, '\b', columns(e, at, e->cursor));
	else
		echo(e, e->line + e->cursor, at - e->cursor);
	e->cursor = at;
}

/* Draw from the cursor on, blank `gone` columns after the end, and come back. */
static void redraw_tail(struct line_editor *e, uint32_t gone)
{
	echo(e, e->line + e->cursor, e->size - e->cursor);
	echo_repeated(e, ' ', gone);
	echo_repeated(e, '\b', gone + columns(e, e->cursor, e->size));
}

/* Take [start, end) out of the line; the cursor ends up at start. */
static void erase(struct line_editor *e, uint32_t start, uint32_t end)
{
	uint32_t gone = columns(e, start, end);

	if (start == end)
		return;
	move_to(e, start);
	memmove(e->line + start, e->line + end, e->size - end);
	e->size -= end - start;
	redraw_tail(e, gone);
}

/* Put text into the line at the cursor; it fits. */
static void insert(struct line_editor *e, const char *text, uint32_t size)
{
	memmove(e->line + e->cursor + size, e->line + e->cursor, e->size - e->cursor);
	memcpy(e->line + e->cursor, text, size);
	e->size += size;
	move_to(e, e->cursor + size);
	if (e->cursor != e->size)
		redraw_tail(e, 0);
}

static void insert_character(struct line_editor *e)
{
	if (e->size + e->decoder.size <= LINE_BYTES_MAX && !e->too_long) {
		insert(e, (const char *)e->decoder.character, e->decoder.size);
	} else if (!e->too_long) {
		e->too_long = true;
		echo_text(e, "\a");
	}
}

static void replace_line(struct line_editor *e, const struct history_line *line)
{
	erase(e, 0, e->size);
	insert(e, line->data, line->size);
}

static void history_older(struct line_editor *e)
{
	const struct history_line *line = history_get(&e->history, e->history_age);

	if (line == nullptr || e->too_long)
		return;
	if (e->history_age == 0) {
		e->draft.size = e->size;
		memcpy(e->draft.data, e->line, e->size);
	}
	e->history_age++;
	replace_line(e, line);
}

static void history_newer(struct line_editor *e)
{
	if (e->history_age == 0)
		return;
	e->history_age--;
	replace_line(e, e->history_age == 0 ? &e->draft
					    : history_get(&e->history, e->history_age - 1));
}

/* Start of the word before the cursor, with the blanks after it. */
static uint32_t word_before(const struct line_editor *e)
{
	uint32_t at = e->cursor;

	while (at != 0 && e->line[at - 1] == ' ')
		at--;
	while (at != 0 && e->line[at - 1] != ' ')
		at--;
	return at;
}

static void clear_screen(struct line_editor *e)
{
	uint32_t cursor = e->cursor;

	echo_text(e, "\x1b[H\x1b[2J");
	echo_text(e, e->prompt);
	e->cursor = 0;
	move_to(e, e->size);
	move_to(e, cursor);
}

static enum line_event enter(struct line_editor *e)
{
	move_to(e, e->size);
	echo_text(e, "\r\n");
	if (e->too_long)
		return LINE_EVENT_TOO_LONG;
	history_add(&e->history, e->line, e->size);
	return LINE_EVENT_LINE;
}

static enum line_event interrupt(struct line_editor *e)
{
	move_to(e, e->size);
	echo_text(e, "^C\r\n");
	e->size = 0;
	e->cursor = 0;
	return LINE_EVENT_INTERRUPT;
}

static void delete_forwards(struct line_editor *e)
{
	if (e->cursor != e->size)
		erase(e, e->cursor, character_after(e, e->cursor));
}

static enum line_event end_of_input(struct line_editor *e)
{
	if (e->size == 0 && !e->too_long) {
		echo_text(e, "\r\n");
		return LINE_EVENT_END_OF_INPUT;
	}
	delete_forwards(e);
	return LINE_EVENT_NONE;
}

static void kill_to_start(struct line_editor *e)
{
	erase(e, 0, e->cursor);
	if (e->size == 0)
		e->too_long = false;
}

static void delete_backwards(struct line_editor *e)
{
	if (e->cursor != 0)
		erase(e, character_before(e, e->cursor), e->cursor);
}

static void go_left(struct line_editor *e)
{
	if (e->cursor != 0)
		move_to(e, character_before(e, e->cursor));
}

static void go_right(struct line_editor *e)
{
	if (e->cursor != e->size)
		move_to(e, character_after(e, e->cursor));
}

static void go_home(struct line_editor *e)
{
	move_to(e, 0);
}

static void go_end(struct line_editor *e)
{
	move_to(e, e->size);
}

static void kill_to_end(struct line_editor *e)
{
	erase(e, e->cursor, e->size);
}

static void kill_word(struct line_editor *e)
{
	erase(e, word_before(e), e->cursor);
}

/* Keys that only edit; the others are null. */
static void (*const edit_keys[])(struct line_editor *) = {
	[KEY_CHARACTER] = insert_character,
	[KEY_BACKSPACE] = delete_backwards,
	[KEY_DELETE] = delete_forwards,
	[KEY_LEFT] = go_left,
	[KEY_RIGHT] = go_right,
	[KEY_UP] = history_older,
	[KEY_DOWN] = history_newer,
	[KEY_HOME] = go_home,
	[KEY_END] = go_end,
	[KEY_KILL_TO_END] = kill_to_end,
	[KEY_KILL_TO_START] = kill_to_start,
	[KEY_KILL_WORD] = kill_word,
	[KEY_CLEAR] = clear_screen,
	[KEY_END_OF_INPUT] = nullptr,
};

void line_editor_init(struct line_editor *e, const char *prompt,
		      line_editor_echo *echo_function, void *context)
{
	e->decoder = (struct key_decoder){ 0 };
	e->history.added = 0;
	e->size = 0;
	e->cursor = 0;
	e->history_age = 0;
	e->too_long = false;
	e->prompt = prompt;
	e->echo = echo_function;
	e->echo_context = context;
}

void line_editor_start(struct line_editor *e)
{
	e->size = 0;
	e->cursor = 0;
	e->history_age = 0;
	e->too_long = false;
	echo_text(e, e->prompt);
}

enum line_event line_editor_feed(struct line_editor *e, uint8_t byte)
{
	enum key key = key_decoder_feed(&e->decoder, byte);

	if (key == KEY_ENTER)
		return enter(e);
	if (key == KEY_INTERRUPT)
		return interrupt(e);
	if (key == KEY_END_OF_INPUT)
		return end_of_input(e);
	if (edit_keys[key] != nullptr)
		edit_keys[key](e);
	return LINE_EVENT_NONE;
}
