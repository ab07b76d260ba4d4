// SPDX-License-Identifier: MIT
/*
 * A calculator at a terminal: reads expressions, prints values, until "quit" or Ctrl-D.
 *
 * Needs the capability "terminal" (Uart).
 */
#include "user/app/calc/evaluate.h"

#include "lib/string.h"
#include "user/rt/capos.h"
#include "user/rt/line_editor.h"
#include "user/rt/terminal.h"

static struct terminal terminal;
static struct line_editor editor;

static void echo(void *context, const char *text, size_t size)
{
	terminal_write(context, text, size);
}

static void answer(const char *line, uint32_t size)
{
	struct evaluate_result result = evaluate(line, size);

	if (result.error == EVALUATE_OK)
		terminal_print(&terminal, "%lld\n", (long long)result.value);
	else if (result.error != EVALUATE_EMPTY)
		terminal_print(&terminal, "error at column %u: %s\n", result.column,
			       evaluate_error_text(result.error));
}

static bool is_quit(void)
{
	return editor.size == 4 && memcmp(editor.line, "quit", 4) == 0;
}

/* What the editor reported.  False: that was the end. */
static bool handle(enum line_event event)
{
	switch (event) {
	case LINE_EVENT_NONE:
		return true;
	case LINE_EVENT_LINE:
		if (is_quit())
			return false;
		answer(editor.line, editor.size);
		break;
	case LINE_EVENT_TOO_LONG:
		terminal_print(&terminal, "error: a line has at most %u bytes\n",
			       LINE_BYTES_MAX);
		break;
	case LINE_EVENT_INTERRUPT:
		break;
	case LINE_EVENT_END_OF_INPUT:
		return false;
	}
	line_editor_start(&editor);
	return true;
}

int capos_main(void)
{
	struct uart_client uart = { capos_require("terminal", UART_INTERFACE_ID) };
	enum status status = STATUS_OK;
	uint8_t byte = 0;
	bool running = true;

	terminal_init(&terminal, uart);
	line_editor_init(&editor, "calc> ", echo, &terminal);
	line_editor_start(&editor);
	while (running && status == STATUS_OK) {
		status = terminal_read_byte(&terminal, &byte);
		if (status == STATUS_OK)
			running = handle(line_editor_feed(&editor, byte));
	}
	if (status == STATUS_OK)
		status = terminal_flush(&terminal);
	return status == STATUS_OK ? 0 : 1;
}
