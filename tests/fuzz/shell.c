// SPDX-License-Identifier: MIT
/*
 * What is typed at the shell: keys, line editor, history, tokens, run requests and calc's
 * expressions.  The input goes in as typed bytes, and once more as one line as it stands.
 */
#include "user/rt/line_editor.h"

#include "tests/fuzz/support/fuzz.h"
#include "user/app/calc/evaluate.h"
#include "user/shell/parser.h"
#include "user/shell/token.h"

/* Large structures that a line needs; every one is started afresh. */
static struct line_editor editor;
static struct token_list list;

static bool is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/* What comes out of the terminal's other side is text and cursor movement, nothing typed. */
static void echo(void *context, const char *text, size_t size)
{
	size_t *echoed = context;

	for (size_t i = 0; i < size; i++)
		require((uint8_t)text[i] >= 0x20 || strchr("\r\n\b\a\033", text[i]) != nullptr);
	*echoed += size;
}

static void check_editor(void)
{
	require(editor.size <= LINE_BYTES_MAX && editor.cursor <= editor.size);
	require(editor.cursor == editor.size || !is_continuation(editor.line[editor.cursor]));
	require(editor.size == 0 || !is_continuation(editor.line[0]));
	for (uint32_t i = 0; i < editor.size; i++)
		require((uint8_t)editor.line[i] >= 0x20 && editor.line[i] != 0x7f);
}

static bool lies_in(const struct token *token, const char *text, size_t size)
{
	return token->text >= text && token->text <= text + size &&
	       token->size <= (size_t)(text + size - token->text);
}

static void check_tokens(const char *line, uint32_t size)
{
	uint32_t column = 1;

	require(list.count <= TOKENS_MAX && list.text_used <= sizeof(list.text));
	for (uint32_t i = 0; i <= list.count; i++) {
		const struct token *token = &list.tokens[i];
		uint32_t number;

		require((token->kind == TOKEN_END) == (i == list.count));
		require(lies_in(token, line, size) ||
			lies_in(token, list.text, list.text_used));
		/* A stray continuation byte, which the editor lets through nowhere, has none.
		 */
		require(token->column >= column && token->column <= size + 1);
		column = token->column;
		if (token_number(token, &number))
			require(token->kind == TOKEN_WORD);
	}
}

/* Whether a token is one of the list's. */
static bool is_listed(const struct token *token)
{
	return token >= list.tokens && token < list.tokens + list.count;
}

static void check_request(const struct run_request *request)
{
	require(is_listed(request->program));
	require(request->argument_count <= MAX_ARGUMENTS);
	require(request->grant_count <= MAX_TRANSFERS);
	for (uint32_t i = 0; i < request->argument_count; i++)
		require(is_listed(request->arguments[i]) &&
			request->arguments[i]->size <= MAX_ARGUMENT_BYTES);
	for (uint32_t i = 0; i < request->grant_count; i++)
		require(is_listed(request->grants[i].name) &&
			is_listed(request->grants[i].capability) &&
			request->grants[i].name->size <= MAX_NAME_BYTES);
}

static void check_error(const struct parse_error *error, uint32_t size)
{
	require(error->what != nullptr && error->column >= 1 && error->column <= size + 1);
}

static void read_line(const char *line, uint32_t size)
{
	struct evaluate_result result = evaluate(line, size);
	struct parse_error error = { 0 };
	struct run_request request;

	if (result.error != EVALUATE_OK)
		require(result.column <= size + 1);
	require(evaluate_error_text(result.error) != nullptr);
	if (!token_list_read(&list, line, size, &error)) {
		check_error(&error, size);
		return;
	}
	check_tokens(line, size);
	if (list.count == 0)
		return;
	if (run_request_read(&request, &list, &error))
		check_request(&request);
	else
		check_error(&error, size);
}

static void type(const uint8_t *data, size_t size)
{
	size_t echoed = 0;

	memset(&editor, 0, sizeof(editor));
	line_editor_init(&editor, "$ ", echo, &echoed);
	line_editor_start(&editor);
	for (size_t i = 0; i < size; i++) {
		enum line_event event = line_editor_feed(&editor, data[i]);

		check_editor();
		if (event == LINE_EVENT_NONE)
			continue;
		require(!(event == LINE_EVENT_LINE && editor.too_long));
		if (event == LINE_EVENT_LINE)
			read_line(editor.line, editor.size);
		line_editor_start(&editor);
	}
	require(echoed >= 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	type(data, size);
	if (size <= LINE_BYTES_MAX)
		read_line((const char *)data, (uint32_t)size);
	return 0;
}
