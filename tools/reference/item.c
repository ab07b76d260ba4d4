// SPDX-License-Identifier: MIT
/* Lists of items, and words in text.  See item.h. */
#include "tools/reference/item.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item *items_add(struct items *items, enum item_kind kind)
{
	struct item *all = realloc(items->item, (items->count + 1) * sizeof(*all));

	if (all == nullptr) {
		perror("reference");
		exit(EXIT_FAILURE);
	}
	items->item = all;
	all[items->count] = (struct item){ .kind = kind };
	return &all[items->count++];
}

const char *skip_space(const char *at, uint32_t *out_newlines)
{
	*out_newlines = 0;
	for (; isspace((unsigned char)*at); at++)
		*out_newlines += *at == '\n';
	return at;
}

const char *skip_quoted(const char *at)
{
	char quote = *at++;

	while (*at != '\0' && *at != quote)
		at += *at == '\\' && at[1] != '\0' ? 2 : 1;
	return *at != '\0' ? at + 1 : at;
}

uint32_t line_of(const char *text, const char *at)
{
	uint32_t line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

bool slice_begins(struct slice s, const char *word)
{
	size_t size = strlen(word);

	return s.size >= size && memcmp(s.at, word, size) == 0;
}

bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool slice_has(struct slice s, const char *word, size_t size)
{
	for (size_t i = 0; size != 0 && i + size <= s.size; i++)
		if (memcmp(s.at + i, word, size) == 0 && (i == 0 || !is_word(s.at[i - 1])) &&
		    (i + size == s.size || !is_word(s.at[i + size])))
			return true;
	return false;
}
