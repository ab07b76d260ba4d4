// SPDX-License-Identifier: MIT
#pragma once
/*
 * What a header or a schema declares, in order, with the comments on it.
 *
 * Slices point into the file's text, which stays as long as the program runs.
 */
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *at;
	size_t size;
};

enum item_kind : uint8_t {
	ITEM_TEXT, /* a comment that stands for itself; the first is the file's head */
	ITEM_FUNCTION,
	ITEM_TYPE,     /* struct, enum, typedef of C */
	ITEM_CONSTANT, /* of C or of a schema */
	ITEM_VARIABLE,
	ITEM_MACRO,
	ITEM_INTERFACE,
	ITEM_STRUCT, /* of a schema, from here on */
	ITEM_ENUM,
	ITEM_METHOD,
	ITEM_FIELD,
	ITEM_ENUMERANT,
	ITEM_IGNORED, /* includes, assertions, ids: they only part other items */
};

struct item {
	enum item_kind kind;
	bool shares;   /* has the comment of the item before it */
	uint8_t depth; /* declarations that it is in */
	uint32_t line;
	struct slice name;
	struct slice text;    /* the declaration, without a function's body */
	struct slice comment; /* with its marks; empty: none */
};

struct items {
	const char *path;
	bool is_schema;
	struct item *item;
	uint32_t count;
};

/* An empty item after the others. */
struct item *items_add(struct items *items, enum item_kind kind);

/* Read the declarations of a C header, or of a schema, from text closed by a zero byte. */
struct items scan_header(const char *path, const char *text);
struct items scan_schema(const char *path, const char *text);

/* What both scanners stand on: white space, closing brackets, words. */
const char *skip_space(const char *at, uint32_t *out_newlines);
const char *skip_quoted(const char *at);
uint32_t line_of(const char *text, const char *at);
bool slice_begins(struct slice s, const char *word);
bool slice_has(struct slice s, const char *word, size_t size);
bool is_word(char c);

/* Print each gap to stderr; their number.  check.c has the rules. */
uint32_t items_check(const struct items *items);

/* Write the page below the folder, by the file's path. */
bool items_write(const struct items *items, const char *folder);

/* The first sentence of what the page is about, for the index; in fresh memory. */
char *items_summary(const struct items *items);
