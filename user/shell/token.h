// SPDX-License-Identifier: MIT
#pragma once
/*
 * A command line as words, strings and punctuation.
 *
 *   word     letters, digits and everything that is not blank, quote or punctuation
 *   string   "text", with \" \\ \n and \t inside
 *   one of   { } : , @
 *
 * Pure and bounded: a line gives at most TOKENS_MAX tokens, or an error that says where.
 */
#include "user/rt/line_editor.h"

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t TOKENS_MAX = 64;

enum token_kind : uint8_t {
	TOKEN_END = 0,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_OPEN,  /* { */
	TOKEN_CLOSE, /* } */
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_AT,
};

struct token {
	enum token_kind kind;
	uint32_t column; /* of its first character, from 1 */
	uint32_t size;
	const char *text; /* not terminated; in the token list, or in the line */
};

/* The tokens of a line, and one TOKEN_END after them.  Lives no longer than the line. */
struct token_list {
	uint32_t count; /* without the end */
	struct token tokens[TOKENS_MAX + 1];
	uint32_t text_used;
	char text[LINE_BYTES_MAX]; /* strings without quotes and escapes */
};

/* What was wrong with a line, and where. */
struct parse_error {
	uint32_t column;
	const char *what;
};

/* Cut a line of at most LINE_BYTES_MAX bytes.  False sets *error. */
bool token_list_read(struct token_list *list, const char *line, uint32_t size,
		     struct parse_error *error);

/* Whether a token is this word. */
bool token_is(const struct token *token, const char *word);

/* Whether a token is a word or a string: something that can be a name or an argument. */
bool token_is_text(const struct token *token);

/* A decimal number up to UINT32_MAX. */
bool token_number(const struct token *token, uint32_t *out_number);
