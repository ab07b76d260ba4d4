// SPDX-License-Identifier: MIT
/*
 * Declarations of a schema.  A comment belongs to the declaration before it, unless a blank
 * line parts them; then it stands for itself.  A comment after the file's id is its head.
 */
#include "tools/reference/item.h"

#include <string.h>

constexpr uint8_t DEPTH_MAX = 16;

struct scanner {
	struct items items;
	const char *text;
	const char *at;
	uint32_t newlines; /* before what comes now */
	uint8_t depth;
	enum item_kind outer[DEPTH_MAX]; /* what the declarations around are */
	bool wants_comment; /* the last item has none yet, and nothing is between */
};

/* The end of the lines that begin with #, with no other line between. */
static const char *comment_end(const char *at)
{
	for (;;) {
		const char *line = at + strcspn(at, "\n");
		const char *next = line + strspn(line, "\n");

		if (next - line != 1)
			return line;
		next += strspn(next, " \t");
		if (*next != '#')
			return line;
		at = next;
	}
}

static void scan_comment(struct scanner *s)
{
	const char *end = comment_end(s->at);
	struct slice comment = { s->at, (size_t)(end - s->at) };
	struct item *item;

	if (s->wants_comment && s->newlines <= 1) {
		item = &s->items.item[s->items.count - 1];
	} else {
		item = items_add(&s->items, ITEM_TEXT);
		item->line = line_of(s->text, s->at);
		item->depth = s->depth;
	}
	item->comment = comment;
	s->wants_comment = false;
	s->at = end;
}

/* The ; or { that ends a declaration. */
static const char *declaration_end(const char *at)
{
	uint32_t depth = 0;

	for (; *at != '\0'; at++) {
		if (*at == '"') {
			at = skip_quoted(at) - 1;
			continue;
		}
		if (*at == '#')
			at += strcspn(at, "\n");
		depth += *at == '(' || *at == '[';
		depth -= *at == ')' || *at == ']';
		if (depth == 0 && (*at == ';' || *at == '{'))
			break;
	}
	return at;
}

static struct slice word_at(const char *at)
{
	size_t size = 0;

	at += strspn(at, " \t");
	while (is_word(at[size]))
		size++;
	return (struct slice){ at, size };
}

/* Kind and name by the first word, else by what is around. */
static void classify(const struct scanner *s, struct item *item)
{
	static const struct {
		const char *word;
		enum item_kind kind;
	} words[] = {
		{ "interface ", ITEM_INTERFACE },
		{ "struct ", ITEM_STRUCT },
		{ "enum ", ITEM_ENUM },
		{ "const ", ITEM_CONSTANT },
		{ "using ", ITEM_IGNORED },
		{ "annotation ", ITEM_IGNORED },
		{ "@", ITEM_IGNORED },
		{ "$", ITEM_IGNORED },
		{ "union", ITEM_IGNORED },
	};
	enum item_kind outer = s->depth > 0 ? s->outer[s->depth - 1] : ITEM_IGNORED;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!slice_begins(item->text, words[i].word))
			continue;
		item->kind = words[i].kind;
		item->name = word_at(item->text.at + strlen(words[i].word));
		return;
	}
	item->name = word_at(item->text.at);
	item->kind = outer == ITEM_INTERFACE ? ITEM_METHOD
		     : outer == ITEM_ENUM    ? ITEM_ENUMERANT
					     : ITEM_FIELD;
}

static void scan_declaration(struct scanner *s)
{
	const char *end = declaration_end(s->at);
	struct item *item = items_add(&s->items, ITEM_IGNORED);

	item->text = (struct slice){ s->at, (size_t)(end - s->at) };
	while (item->text.size != 0 && strchr(" \n", item->text.at[item->text.size - 1]))
		item->text.size--;
	item->line = line_of(s->text, s->at);
	item->depth = s->depth;
	classify(s, item);
	s->wants_comment = true;
	if (*end == '{' && s->depth < DEPTH_MAX)
		/* Members of a union are fields of the struct around it. */
		s->outer[s->depth++] = item->kind == ITEM_IGNORED ? ITEM_STRUCT : item->kind;
	s->at = *end != '\0' ? end + 1 : end;
}

struct items scan_schema(const char *path, const char *text)
{
	struct scanner s = { .items = { .path = path, .is_schema = true },
			     .text = text,
			     .at = text };

	for (s.at = skip_space(s.at, &s.newlines); *s.at != '\0';
	     s.at = skip_space(s.at, &s.newlines)) {
		if (strncmp(s.at, "# SPDX", 6) == 0) {
			s.at += strcspn(s.at, "\n");
		} else if (*s.at == '#') {
			scan_comment(&s);
		} else if (*s.at == '}') {
			s.at++;
			s.depth -= s.depth > 0;
			s.wants_comment = false;
		} else {
			scan_declaration(&s);
		}
	}
	return s.items;
}
