// SPDX-License-Identifier: MIT
#pragma once
/*
 * A line being typed at a terminal: editing, history, echo.
 *
 * Bytes go in by line_editor_feed(), echo comes out through the function given at the start,
 * and events tell when there is a line.  Pure otherwise: no reading, no waiting, no allocation.
 *
 * The line holds whole characters of UTF-8; the cursor stands between two of them.  Each takes
 * one column on the screen, the screen is as wide as it needs to be: editing in the middle of
 * a line that wraps draws wrongly until Ctrl-L.  A line that became longer than LINE_BYTES_MAX
 * rings the bell once, ignores what comes after, and ends as LINE_EVENT_TOO_LONG, so that no
 * part of a line is ever taken for the line.
 */
#include "user/rt/history.h"
#include "user/rt/key_decoder.h"

#include <stddef.h>
#include <stdint.h>

/* Longest line, without its end. */
constexpr uint32_t LINE_BYTES_MAX = HISTORY_LINE_BYTES;

/* What a byte completed. */
enum line_event : uint8_t {
	LINE_EVENT_NONE = 0,
	LINE_EVENT_LINE,         /* line, size: what was entered */
	LINE_EVENT_TOO_LONG,     /* entered, and refused */
	LINE_EVENT_INTERRUPT,    /* Ctrl-C: the line is dropped */
	LINE_EVENT_END_OF_INPUT, /* Ctrl-D on an empty line */
};

/* Show text at the terminal; it is gone when the function returns. */
typedef void line_editor_echo(void *context, const char *text, size_t size);

/* The caller's storage, some 36 KiB.  line and size are there to be read. */
struct line_editor {
	struct key_decoder decoder;
	struct history history;
	char line[LINE_BYTES_MAX];
	struct history_line draft; /* the line that was left for history */
	uint32_t size;
	uint32_t cursor;      /* byte offset, at the start of a character */
	uint32_t history_age; /* 0: the draft; n: the line entered n lines ago */
	bool too_long;
	const char *prompt;
	line_editor_echo *echo;
	void *echo_context;
};

/* Start with an empty line and history.  prompt stays the caller's, and must stay. */
void line_editor_init(struct line_editor *e, const char *prompt, line_editor_echo *echo,
		      void *context);

/* Show the prompt and start an empty line.  The last line's content is gone. */
void line_editor_start(struct line_editor *e);

/*
 * Take one byte.  After any event but NONE the caller uses line and size, then calls
 * line_editor_start() for the next; bytes fed before that are edited into the old line.
 */
enum line_event line_editor_feed(struct line_editor *e, uint8_t byte);
