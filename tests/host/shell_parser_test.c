// SPDX-License-Identifier: MIT
/* Host test of user/shell/token.c and user/shell/parser.c. */
#include "user/shell/parser.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct token_list list;
static struct run_request request;
static struct parse_error error;

static bool cut(const char *line)
{
	return token_list_read(&list, line, (uint32_t)strlen(line), &error);
}

static bool parse(const char *line)
{
	return cut(line) && run_request_read(&request, &list, &error);
}

static void assert_token(uint32_t i, enum token_kind kind, const char *text, uint32_t column)
{
	const struct token *token = &list.tokens[i];

	assert_true(i < list.count);
	assert_int_equal(token->kind, kind);
	assert_int_equal(token->column, column);
	assert_int_equal(token->size, strlen(text));
	assert_memory_equal(token->text, text, token->size);
}

static void assert_text(const struct token *token, const char *text)
{
	assert_int_equal(token->size, strlen(text));
	assert_memory_equal(token->text, text, token->size);
}

static void assert_error(bool ok, uint32_t column, const char *what)
{
	assert_false(ok);
	assert_int_equal(error.column, column);
	assert_non_null(strstr(error.what, what));
}

static void words_strings_and_punctuation(void **state)
{
	(void)state;
	assert_true(cut("run \"a b\"\t{x:@y,}"));
	assert_int_equal(list.count, 9);
	assert_token(0, TOKEN_WORD, "run", 1);
	assert_token(1, TOKEN_STRING, "a b", 5);
	assert_token(2, TOKEN_OPEN, "{", 11);
	assert_token(3, TOKEN_WORD, "x", 12);
	assert_token(4, TOKEN_COLON, ":", 13);
	assert_token(5, TOKEN_AT, "@", 14);
	assert_token(6, TOKEN_WORD, "y", 15);
	assert_token(7, TOKEN_COMMA, ",", 16);
	assert_token(8, TOKEN_CLOSE, "}", 17);
	assert_int_equal(list.tokens[9].kind, TOKEN_END);
	assert_int_equal(list.tokens[9].column, 18);
}

static void escapes_in_strings(void **state)
{
	(void)state;
	assert_true(cut("\"a\\\"b\\\\c\\n\\t\" \"\""));
	assert_token(0, TOKEN_STRING, "a\"b\\c\n\t", 1);
	assert_token(1, TOKEN_STRING, "", 15);
	assert_error(cut("echo \"\\x\""), 7, "escape");
	assert_error(cut("\"\\"), 2, "escape");
	assert_error(cut("a \"b"), 3, "quote");
	assert_true(cut("a\"b\"c"));
	assert_int_equal(list.count, 3);
}

static void columns_count_characters(void **state)
{
	(void)state;
	assert_true(cut("日本 ü x"));
	assert_token(1, TOKEN_WORD, "ü", 4);
	assert_token(2, TOKEN_WORD, "x", 6);
}

static void tokens_are_bounded(void **state)
{
	char line[LINE_BYTES_MAX];

	(void)state;
	memset(line, ':', sizeof(line));
	assert_true(token_list_read(&list, line, TOKENS_MAX, &error));
	assert_int_equal(list.count, TOKENS_MAX);
	assert_error(token_list_read(&list, line, sizeof(line), &error), TOKENS_MAX + 1,
		     "many");
	line[0] = '"';
	memset(line + 1, 'x', sizeof(line) - 2);
	line[sizeof(line) - 1] = '"';
	assert_true(token_list_read(&list, line, sizeof(line), &error));
	assert_int_equal(list.tokens[0].size, sizeof(line) - 2);
}

static void numbers(void **state)
{
	uint32_t number;

	(void)state;
	assert_true(cut("0 4294967295 4294967296 1x -1 99999999999999999999999 \"1\""));
	assert_true(token_number(&list.tokens[0], &number) && number == 0);
	assert_true(token_number(&list.tokens[1], &number) && number == UINT32_MAX);
	for (uint32_t i = 2; i < 7; i++)
		assert_false(token_number(&list.tokens[i], &number));
}

static void requests(void **state)
{
	(void)state;
	assert_true(parse("run hello"));
	assert_text(request.program, "hello");
	assert_int_equal(request.argument_count, 0);
	assert_int_equal(request.grant_count, 0);

	assert_true(parse("run \"calc\" 1+2 \"a b\" \"with\" \"\" with { terminal: @uart, out: "
			  "@console, }"));
	assert_text(request.program, "calc");
	assert_int_equal(request.argument_count, 4);
	assert_text(request.arguments[0], "1+2");
	assert_text(request.arguments[1], "a b");
	assert_text(request.arguments[2], "with");
	assert_text(request.arguments[3], "");
	assert_int_equal(request.grant_count, 2);
	assert_text(request.grants[0].name, "terminal");
	assert_text(request.grants[0].capability, "uart");
	assert_text(request.grants[1].name, "out");
	assert_text(request.grants[1].capability, "console");

	assert_true(parse("run x with{}"));
	assert_int_equal(request.grant_count, 0);
}

static void limits_of_requests(void **state)
{
	char line[256] = "run hello with { ";

	(void)state;
	for (char c = 'a'; c < 'i'; c++) {
		char grant[] = { c, ':', '@', 'x', ',', 0 };

		strcat(line, grant);
	}
	strcat(line, "}");
	assert_true(parse(line));
	assert_int_equal(request.grant_count, MAX_TRANSFERS);
	line[strlen(line) - 1] = '\0';
	strcat(line, "i:@x}");
	assert_error(parse(line), 58, "at most 8 capabilities");
	assert_true(parse("run x 1 2 3 4 5 6 7 8"));
	assert_error(parse("run x 1 2 3 4 5 6 7 8 9"), 23, "at most 8 arguments");
}

static void mistakes_in_requests(void **state)
{
	(void)state;
	assert_error(parse("run"), 4, "name of a program is missing");
	assert_error(parse("run {"), 5, "name of a program is missing");
	assert_error(parse("run \"\""), 5, "a name is");
	assert_error(parse("run a/b"), 5, "a name is");
	assert_error(parse("run x with"), 11, "'{'");
	assert_error(parse("run x with }"), 12, "'{'");
	assert_error(parse("run x with { : }"), 14, "name of a grant");
	assert_error(parse("run x with { a }"), 16, "':'");
	assert_error(parse("run x with { a: b }"), 17, "@NAME");
	assert_error(parse("run x with { a: @ }"), 19, "after '@'");
	assert_error(parse("run x with { a: @b c: @d }"), 20, "','");
	assert_error(parse("run x with { a: @b, a: @c }"), 21, "twice");
	assert_error(parse("run x with { memory: @b }"), 14, "memory");
	assert_error(parse("run x with { a: @b"), 19, "','");
	assert_error(parse("run x with { a: @b } c"), 22, "unexpected");
	assert_error(parse("run x a,b"), 8, "unexpected");
}

/* Everything that the parser knows, in any order: it answers, and the sanitizers watch. */
static void random_lines_are_harmless(void **state)
{
	static const char *const parts[] = { "run ", "x", " ",  "with ", "{", "}",    ":",
					     ",",    "@", "\"", "\\",    "ü", "\xff", "abc " };
	char line[LINE_BYTES_MAX];

	(void)state;
	srand(6);
	for (uint32_t round = 0; round < 100000; round++) {
		uint32_t size = 0;

		for (uint32_t left = (uint32_t)rand() % 40; left != 0; left--) {
			const char *part =
				parts[(size_t)rand() % (sizeof(parts) / sizeof(*parts))];

			memcpy(line + size, part, strlen(part));
			size += (uint32_t)strlen(part);
		}
		if (!token_list_read(&list, line, size, &error) || list.count == 0 ||
		    !run_request_read(&request, &list, &error))
			continue;
		assert_true(request.argument_count <= MAX_ARGUMENTS);
		assert_true(request.grant_count <= MAX_TRANSFERS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_strings_and_punctuation),
		cmocka_unit_test(escapes_in_strings),
		cmocka_unit_test(columns_count_characters),
		cmocka_unit_test(tokens_are_bounded),
		cmocka_unit_test(numbers),
		cmocka_unit_test(requests),
		cmocka_unit_test(limits_of_requests),
		cmocka_unit_test(mistakes_in_requests),
		cmocka_unit_test(random_lines_are_harmless),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
