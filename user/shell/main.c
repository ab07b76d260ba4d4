// SPDX-License-Identifier: MIT
/*
 * The shell: a person at a terminal starts programs and decides what each may touch.
 *
 * Needs the capability "terminal" (Uart).  Uses "spawner", "timer", "power" and "audit" when it
 * holds them, and grants whatever it holds to the programs that it starts.
 */
#include "user/rt/capos.h"
#include "user/shell/commands.h"

static struct shell shell;

static void echo(void *context, const char *text, size_t size)
{
	terminal_write(context, text, size);
}

static void run_line(const char *line, uint32_t size)
{
	struct parse_error error;

	if (token_list_read(&shell.tokens, line, size, &error))
		command_run(&shell);
	else
		shell_error_at(&shell, error.column, error.what);
}

static void handle(enum line_event event)
{
	switch (event) {
	case LINE_EVENT_NONE:
		return;
	case LINE_EVENT_LINE:
		run_line(shell.editor.line, shell.editor.size);
		break;
	case LINE_EVENT_TOO_LONG:
		terminal_print(&shell.terminal,
			       "error: a line has at most %u bytes; nothing was done\n",
			       LINE_BYTES_MAX);
		break;
	case LINE_EVENT_INTERRUPT:
		break;
	case LINE_EVENT_END_OF_INPUT:
		run_line("exit", 4);
		break;
	}
	if (shell.ending)
		return;
	command_report_jobs(&shell);
	line_editor_start(&shell.editor);
}

int capos_main(void)
{
	struct uart_client uart = { capos_require("terminal", UART_INTERFACE_ID) };
	enum status status = STATUS_OK;
	uint8_t byte;

	terminal_init(&shell.terminal, uart);
	line_editor_init(&shell.editor, "capos> ", echo, &shell.terminal);
	terminal_print(&shell.terminal, "\ncapOS shell; \"help\" lists the commands.\n");
	line_editor_start(&shell.editor);
	shell.first_prompt_ns = capos_now_ns();
	while (!shell.ending && status == STATUS_OK) {
		status = terminal_read_byte(&shell.terminal, &byte);
		if (status == STATUS_OK)
			handle(line_editor_feed(&shell.editor, byte));
	}
	if (status == STATUS_OK)
		status = terminal_flush(&shell.terminal);
	return status == STATUS_OK ? 0 : 1;
}
