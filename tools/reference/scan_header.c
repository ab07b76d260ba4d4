// SPDX-License-Identifier: MIT
/*
 * Declarations of a C header.
 *
 * Not a C parser: it counts brackets, and relies on the tree's one format and on macros that
 * hide no declarations.  A comment belongs to what follows it without a blank line, or stands
 * behind it on its line; declarations on consecutive lines share the first one's comment.
 */
#include "tools/reference/item.h"

#include <string.h>

struct scanner {
	struct items items;
	const char *text;
	const char *at;
	struct slice pending; /* a comment whose declaration is still to come */
	uint32_t newlines;    /* before what comes now */
	bool after_declaration;
};

static struct slice between(const char *start, const char *end)
{
	return (struct slice){ start, (size_t)(end - start) };
}

static const char *line_end(const char *at)
{
	while (*at != '\0' && *at != '\n')
		at += at[0] == '\\' && at[1] == '\n' ? 2 : 1;
	return at;
}

static const char *comment_end(const char *at)
{
	const char *end = strstr(at, "*/");

	return end != nullptr ? end + 2 : at + strlen(at);
}

static struct item *add(struct scanner *s, enum item_kind kind, const char *start)
{
	struct item *item = items_add(&s->items, kind);

	item->line = line_of(s->text, start);
	return item;
}

/* A comment that nothing followed. */
static void flush_comment(struct scanner *s)
{
	if (s->pending.size != 0)
		add(s, ITEM_TEXT, s->pending.at)->comment = s->pending;
	s->pending.size = 0;
}

static void scan_comment(struct scanner *s)
{
	struct slice comment = between(s->at, comment_end(s->at));
	uint32_t newlines;

	s->at += comment.size;
	if (s->after_declaration && s->newlines == 0) {
		s->items.item[s->items.count - 1].comment = comment;
		s->items.item[s->items.count - 1].shares = false;
		return;
	}
	flush_comment(s);
	s->pending = comment;
	s->after_declaration = false;
	(void)skip_space(s->at, &newlines);
	if (newlines > 1)
		flush_comment(s);
}

static struct slice word_before(const char *start, const char *end)
{
	while (end > start && !is_word(end[-1]))
		end--;
	const char *first = end;

	while (first > start && is_word(first[-1]))
		first--;
	return between(first, end);
}

static void scan_macro(struct scanner *s)
{
	const char *name = s->at + strlen("#define ");
	const char *end = name;
	struct item *item = add(s, ITEM_MACRO, s->at);

	while (is_word(*end))
		end++;
	item->name = between(name, end);
	/* Parameters belong to it, the body does not. */
	item->text = between(name, *end == '(' ? strchr(end, ')') + 1 : end);
	item->comment = s->pending;
	item->shares = s->pending.size == 0 && s->after_declaration && s->newlines == 1;
	s->pending.size = 0;
	s->at = line_end(s->at);
}

/* The character after the bracket that closes the one at `at`. */
static const char *skip_brackets(const char *at)
{
	uint32_t depth = 0;

	while (*at != '\0') {
		if (*at == '"' || *at == '\'') {
			at = skip_quoted(at);
			continue;
		}
		if (at[0] == '/' && at[1] == '*') {
			at = comment_end(at);
			continue;
		}
		depth += strchr("([{", *at) != nullptr;
		if (strchr(")]}", *at++) != nullptr && --depth == 0)
			break;
	}
	return at;
}

/* Where a declaration ends, and where its text does: before a function's body. */
static const char *declaration_end(const char *start, const char **out_text_end)
{
	const char *at = start;

	while (*at != '\0' && *at != ';') {
		if (*at == '{') {
			const char *before = at - 1;

			while (before > start && strchr(" \n\t", *before) != nullptr)
				before--;
			if (*before == ')') {
				*out_text_end = before + 1;
				return skip_brackets(at);
			}
		}
		at = strchr("([{", *at) != nullptr ? skip_brackets(at) : at + 1;
	}
	*out_text_end = at;
	return *at == ';' ? at + 1 : at;
}

static const char *skip_attributes(const char *at)
{
	uint32_t newlines;

	while (at[0] == '[' && at[1] == '[')
		at = skip_space(skip_brackets(at), &newlines);
	return at;
}

/* Kind and name of the declaration in item->text. */
static void classify(struct item *item)
{
	const char *start = skip_attributes(item->text.at);
	const char *end = item->text.at + item->text.size;
	struct slice rest = between(start, end);
	const char *open = memchr(start, '(', rest.size);
	const char *brace = memchr(start, '{', rest.size);
	const char *equals = memchr(start, '=', rest.size);

	if (slice_begins(rest, "static_assert")) {
		item->kind = ITEM_IGNORED;
	} else if (slice_begins(rest, "constexpr")) {
		item->kind = ITEM_CONSTANT;
		item->name = word_before(start, equals != nullptr ? equals : end);
	} else if (brace != nullptr && (open == nullptr || brace < open)) {
		const char *colon = memchr(start, ':', (size_t)(brace - start));

		item->kind = ITEM_TYPE;
		item->name = word_before(start, colon != nullptr ? colon : brace);
	} else if (open != nullptr) {
		item->kind = slice_begins(rest, "typedef") ? ITEM_TYPE : ITEM_FUNCTION;
		item->name = word_before(start, open);
	} else if (slice_begins(rest, "typedef")) {
		item->kind = ITEM_TYPE;
		item->name = word_before(start, end);
	} else {
		/* "struct x;" only says that there is one. */
		item->kind = slice_begins(rest, "extern") ? ITEM_VARIABLE : ITEM_IGNORED;
		item->name = word_before(start, end);
	}
}

/* Whether names differ in their last part only: struct_builder_set_uint8 and _uint16. */
static bool is_sibling(struct slice a, struct slice b)
{
	while (a.size != 0 && a.at[a.size - 1] != '_')
		a.size--;
	while (b.size != 0 && b.at[b.size - 1] != '_')
		b.size--;
	return a.size != 0 && a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static void scan_declaration(struct scanner *s)
{
	const char *text_end = s->at;
	const char *end = declaration_end(s->at, &text_end);
	bool has_body = text_end < end && *text_end != ';';
	struct item *item = add(s, ITEM_IGNORED, s->at);

	item->text = between(s->at, text_end);
	classify(item);
	item->comment = s->pending;
	if (s->pending.size == 0 && s->after_declaration && item->kind != ITEM_IGNORED) {
		const struct item *before = item - 1;

		item->shares =
			s->newlines == 1 || (has_body && is_sibling(before->name, item->name));
	}
	s->after_declaration = item->kind != ITEM_IGNORED;
	s->pending.size = 0;
	s->at = end;
}

struct items scan_header(const char *path, const char *text)
{
	struct scanner s = { .items = { .path = path }, .text = text, .at = text };

	for (s.at = skip_space(s.at, &s.newlines); *s.at != '\0';
	     s.at = skip_space(s.at, &s.newlines)) {
		if (s.at[0] == '/' && s.at[1] == '*') {
			scan_comment(&s);
		} else if (strncmp(s.at, "#define ", 8) == 0) {
			scan_macro(&s);
			s.after_declaration = true;
		} else if (*s.at == '#' || (s.at[0] == '/' && s.at[1] == '/')) {
			flush_comment(&s);
			s.at = line_end(s.at);
			s.after_declaration = false;
		} else {
			scan_declaration(&s);
		}
	}
	flush_comment(&s);
	return s.items;
}
