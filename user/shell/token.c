// SPDX-License-Identifier: MIT
/* A command line as tokens.  See token.h. */
#include "user/shell/token.h"

#include "lib/string.h"

/* The place in the line that is read. */
struct cursor {
	const char *line;
	uint32_t size;
	uint32_t at;
	uint32_t column;
};

static bool at_end(const struct cursor *c)
{
	return c->at == c->size;
}

static char peek(const struct cursor *c)
{
	return c->line[c->at];
}

/* Columns count characters: continuation bytes of UTF-8 have none. */
static void step(struct cursor *c)
{
	c->at++;
	if (at_end(c) || ((uint8_t)peek(c) & 0xc0) != 0x80)
		c->column++;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum token_kind punctuation(char c)
{
	switch (c) {
	case '{':
		return TOKEN_OPEN;
	case '}':
		return TOKEN_CLOSE;
	case ':':
		return TOKEN_COLON;
	case ',':
		return TOKEN_COMMA;
	case '@':
		return TOKEN_AT;
	default:
		return TOKEN_END;
	}
}

static bool is_word(char c)
{
	return !is_blank(c) && c != '"' && punctuation(c) == TOKEN_END;
}

/* The character that an escape stands for; 0 when there is no such escape. */
static char escaped(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

static bool fail(struct parse_error *error, uint32_t column, const char *what)
{
	*error = (struct parse_error){ column, what };
	return false;
}

/* One character of a string, after its escape.  The text is never longer than the line. */
static bool read_string_character(struct token_list *list, struct cursor *c,
				  struct parse_error *error)
{
	char value = peek(c);

	if (value == '\\') {
		uint32_t column = c->column;

		step(c);
		value = at_end(c) ? '\0' : escaped(peek(c));
		if (value == 0)
			return fail(error, column,
				    "unknown escape; \\\" \\\\ \\n and \\t are known");
	}
	list->text[list->text_used++] = value;
	step(c);
	return true;
}

static bool read_string(struct token_list *list, struct cursor *c, struct token *token,
			struct parse_error *error)
{
	*token = (struct token){ .kind = TOKEN_STRING,
				 .column = c->column,
				 .text = list->text + list->text_used };
	step(c);
	while (!at_end(c) && peek(c) != '"')
		if (!read_string_character(list, c, error))
			return false;
	if (at_end(c))
		return fail(error, token->column, "a quote is opened and not closed");
	step(c);
	token->size = (uint32_t)(list->text + list->text_used - token->text);
	return true;
}

static void read_word(struct cursor *c, struct token *token)
{
	*token = (struct token){ .kind = TOKEN_WORD,
				 .column = c->column,
				 .text = c->line + c->at };
	while (!at_end(c) && is_word(peek(c))) {
		step(c);
		token->size++;
	}
}

static bool read_token(struct token_list *list, struct cursor *c, struct token *token,
		       struct parse_error *error)
{
	if (peek(c) == '"')
		return read_string(list, c, token, error);
	if (is_word(peek(c))) {
		read_word(c, token);
		return true;
	}
	*token = (struct token){ .kind = punctuation(peek(c)),
				 .column = c->column,
				 .size = 1,
				 .text = c->line + c->at };
	step(c);
	return true;
}

static void skip_blanks(struct cursor *c)
{
	while (!at_end(c) && is_blank(peek(c)))
		step(c);
}

bool token_list_read(struct token_list *list, const char *line, uint32_t size,
		     struct parse_error *error)
{
	struct cursor c = { .line = line, .size = size, .column = 1 };

	list->count = 0;
	list->text_used = 0;
	for (skip_blanks(&c); !at_end(&c); skip_blanks(&c)) {
		if (list->count == TOKENS_MAX)
			return fail(error, c.column, "too many words");
		if (!read_token(list, &c, &list->tokens[list->count], error))
			return false;
		list->count++;
	}
	list->tokens[list->count] = (struct token){ .column = c.column, .text = line + size };
	return true;
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && token->size == strlen(word) &&
	       memcmp(token->text, word, token->size) == 0;
}

bool token_is_text(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

bool token_number(const struct token *token, uint32_t *out_number)
{
	uint64_t number = 0;

	if (token->kind != TOKEN_WORD)
		return false;
	for (uint32_t i = 0; i < token->size; i++) {
		if (token->text[i] < '0' || token->text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(token->text[i] - '0');
		if (number > UINT32_MAX)
			return false;
	}
	*out_number = (uint32_t)number;
	return true;
}
