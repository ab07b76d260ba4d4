// SPDX-License-Identifier: MIT
/*
 * A page in Markdown: the file's head, then each declaration with its comment, in the file's
 * order.  Paragraphs that are drawn or indented keep their form; in others, C names are set as
 * code.
 */
#include "tools/reference/item.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The comment's text in fresh memory: marks, and the indentation that they stand for, taken
 * off. */
static char *plain(struct slice comment)
{
	char *text = calloc(1, comment.size + 2);
	size_t size = 0;
	const char *end = comment.at + comment.size;

	if (text == nullptr)
		exit(EXIT_FAILURE);
	if (slice_begins(comment, "/*"))
		end -= 2;
	for (const char *at = comment.at; at < end;) {
		size_t length = strcspn(at, "\n");
		const char *stop = at + length < end ? at + length : end;

		while (at < stop && strchr(" \t", *at) != nullptr)
			at++;
		while (at < stop && strchr("/*#", *at) != nullptr && *at != '\0')
			at++;
		at += at < stop && *at == ' ';
		while (stop > at && strchr(" \t", stop[-1]) != nullptr)
			stop--;
		memcpy(text + size, at, (size_t)(stop - at));
		size += (size_t)(stop - at);
		text[size++] = '\n';
		at = stop + strcspn(stop, "\n") + 1;
	}
	while (size != 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	/* The mark that opens a long comment has a line of its own. */
	if (text[0] == '\n')
		memmove(text, text + 1, size);
	return text;
}

static bool is_drawn(const char *paragraph, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		bool starts = i == 0 || paragraph[i - 1] == '\n';

		if (starts && (paragraph[i] == ' ' || paragraph[i] == '\t'))
			return true;
	}
	return memmem(paragraph, size, "+--", 3) != nullptr;
}

/* Length of the C name at `at`, or 0: a word with an underscore in it, or before "()". */
static size_t code_length(const char *at, size_t size)
{
	size_t length = 0;
	bool has_underscore = false;

	for (; length < size && is_word(at[length]); length++)
		has_underscore = has_underscore || at[length] == '_';
	if (length != 0 && length + 1 < size && at[length] == '(' && at[length + 1] == ')')
		return length + 2;
	return has_underscore && length > 1 ? length : 0;
}

static void write_prose(FILE *to, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t code =
			i == 0 || !is_word(text[i - 1]) ? code_length(text + i, size - i) : 0;
		const char *tick =
			text[i] == '`' ? memchr(text + i + 1, '`', size - i - 1) : nullptr;

		if (tick != nullptr) {
			code = (size_t)(tick - text) + 1 - i;
			fprintf(to, "%.*s", (int)code, text + i);
		} else if (code != 0) {
			fprintf(to, "`%.*s`", (int)code, text + i);
		} else {
			fprintf(to, strchr("*<[", text[i]) != nullptr ? "\\%c" : "%c", text[i]);
			code = 1;
		}
		i += code;
	}
}

static void write_comment(FILE *to, struct slice comment)
{
	char *text = plain(comment);

	for (const char *at = text; *at != '\0';) {
		const char *end = strstr(at, "\n\n");
		size_t size = end != nullptr ? (size_t)(end - at) : strlen(at);

		fputs("\n", to);
		if (is_drawn(at, size)) {
			fprintf(to, "```\n%.*s\n```\n", (int)size, at);
		} else {
			write_prose(to, at, size);
			fputs("\n", to);
		}
		at += size;
		at += strspn(at, "\n");
	}
	free(text);
}

/* The declaration as code: without "static inline", and one level less deep. */
static void write_code(FILE *to, const struct items *items, const struct item *item)
{
	struct slice text = item->text;
	static const char inline_words[] = "static inline ";

	if (slice_begins(text, inline_words)) {
		text.at += sizeof(inline_words) - 1;
		text.size -= sizeof(inline_words) - 1;
	}
	fprintf(to, "%.*s%s\n", (int)text.size, text.at,
		item->kind == ITEM_MACRO || items->is_schema ? "" : ";");
}

static const char *word_for(enum item_kind kind)
{
	switch (kind) {
	case ITEM_INTERFACE:
		return "interface ";
	case ITEM_STRUCT:
		return "struct ";
	case ITEM_ENUM:
		return "enum ";
	case ITEM_TEXT:
	case ITEM_FUNCTION:
	case ITEM_TYPE:
	case ITEM_CONSTANT:
	case ITEM_VARIABLE:
	case ITEM_MACRO:
	case ITEM_METHOD:
	case ITEM_FIELD:
	case ITEM_ENUMERANT:
	case ITEM_IGNORED:
		return "";
	}
	return "";
}

/* The code of items that share a comment.  A schema's struct or enum is told by its members. */
static void write_declarations(FILE *to, const struct items *items, const struct item *item,
			       uint32_t count)
{
	if (item->kind == ITEM_STRUCT || item->kind == ITEM_ENUM)
		return;
	fprintf(to, "\n```%s\n", items->is_schema ? "capnp" : "c");
	for (uint32_t i = 0; i < count; i++)
		write_code(to, items, &item[i]);
	fputs("```\n", to);
}

/* Several that share a comment; returns how many. */
static uint32_t write_group(FILE *to, const struct items *items, uint32_t first)
{
	const struct item *item = &items->item[first];
	uint32_t count = 1;

	while (first + count < items->count && item[count].shares)
		count++;
	fprintf(to, "\n%s %s%.*s", item->depth == 0 ? "##" : "###", word_for(item->kind),
		(int)item->name.size, item->name.at);
	for (uint32_t i = 1; i < count; i++)
		fprintf(to, ", %.*s", (int)item[i].name.size, item[i].name.at);
	fputs("\n", to);
	write_declarations(to, items, item, count);
	write_comment(to, item->comment);
	return count;
}

/* A field or enumerant: an entry of a list. */
static void write_member(FILE *to, const struct item *item)
{
	char *text = plain(item->comment);

	fprintf(to, "- `%.*s`", (int)item->text.size, item->text.at);
	if (text[0] != '\0')
		fputs(": ", to);
	write_prose(to, text, strlen(text));
	fputs("\n", to);
	free(text);
}

static void write_items(FILE *to, const struct items *items)
{
	enum item_kind last = ITEM_IGNORED;

	for (uint32_t i = 0; i < items->count;) {
		const struct item *item = &items->item[i];
		bool is_member = item->kind == ITEM_FIELD || item->kind == ITEM_ENUMERANT;

		if (is_member && last != item->kind)
			fputs("\n", to);
		last = item->kind;
		if (is_member)
			write_member(to, item);
		else if (item->kind == ITEM_TEXT || item->kind == ITEM_IGNORED)
			write_comment(to, item->comment);
		else
			i += write_group(to, items, i) - 1;
		i++;
	}
}

static FILE *open_page(const char *folder, const char *path)
{
	char name[4096];
	int length = snprintf(name, sizeof(name), "%s/%s", folder, path);
	FILE *file = nullptr;

	if (length > 0 && (size_t)length < sizeof(name) - 4) {
		for (char *slash = name + 1; (slash = strchr(slash, '/')) != nullptr; slash++) {
			*slash = '\0';
			(void)mkdir(name, 0777); /* or it is there; opening the file tells */
			*slash = '/';
		}
		strcpy(strrchr(name, '.'), ".md");
		file = fopen(name, "w");
	}
	if (file == nullptr)
		fprintf(stderr, "reference: %s: %s\n", name, strerror(errno));
	return file;
}

bool items_write(const struct items *items, const char *folder)
{
	FILE *file = open_page(folder, items->path);
	bool good;

	if (file == nullptr)
		return false;
	fprintf(file, "# %s\n", items->path);
	write_items(file, items);
	good = ferror(file) == 0;
	return fclose(file) == 0 && good;
}

/* The first comment on something of that kind. */
static struct slice comment_on(const struct items *items, enum item_kind kind)
{
	for (uint32_t i = 0; i < items->count; i++)
		if (items->item[i].kind == kind && items->item[i].comment.size != 0)
			return items->item[i].comment;
	return (struct slice){};
}

char *items_summary(const struct items *items)
{
	/* A schema's head follows its id, if there is one. */
	static const enum item_kind kinds[] = { ITEM_IGNORED, ITEM_INTERFACE, ITEM_STRUCT,
						ITEM_TEXT };
	struct slice comment = {};
	char *text;

	for (size_t i = 0; comment.size == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (items->is_schema || kinds[i] == ITEM_TEXT)
			comment = comment_on(items, kinds[i]);
	text = plain(comment);
	for (char *c = text; *c != '\0'; c++) {
		if (strncmp(c, "\n\n", 2) == 0 || (*c == '.' && strchr(" \n", c[1]) != nullptr))
			*c-- = '\0';
		else if (*c == '\n')
			*c = ' ';
		if (c < text || c[1] == '\0')
			break;
	}
	return text;
}
