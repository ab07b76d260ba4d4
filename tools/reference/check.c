// SPDX-License-Identifier: MIT
/*
 * What a public declaration owes its reader:
 *
 *   - everything has a comment, its own or one that it shares; a field or enumerant of a schema
 *     too;
 *   - the comment on a function or method that returns a status says which, or refers to
 *     another that does ("As capos_find ...", "Statuses: those of ...");
 *   - in the structs of abi/, which cross the kernel's boundary, each member has a comment of
 *     its own or under one for several, or is named in the struct's, or is reserved.
 */
#include "tools/reference/item.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint32_t gap(const struct items *items, const struct item *item, struct slice name,
		    const char *what)
{
	fprintf(stderr, "%s:%u: %.*s %s\n", items->path, item->line, (int)name.size, name.at,
		what);
	return 1;
}

static bool contains(struct slice s, const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= s.size; i++)
		if (memcmp(s.at + i, text, size) == 0)
			return true;
	return false;
}

static bool tells_statuses(struct slice comment)
{
	return contains(comment, "tatus") || contains(comment, "STATUS_") ||
	       contains(comment, "As ") || contains(comment, ": as ");
}

static bool returns_status(const struct item *item)
{
	static const char type[] = "enum status ";
	size_t before = (size_t)(item->name.at - item->text.at);

	return item->kind == ITEM_METHOD ||
	       (item->kind == ITEM_FUNCTION && before >= sizeof(type) - 1 &&
		memcmp(item->name.at - (sizeof(type) - 1), type, sizeof(type) - 1) == 0);
}

/* The member that a line of a struct's body declares; empty: none. */
static struct slice member_of(struct slice line)
{
	const char *end = memchr(line.at, ';', line.size);
	const char *bracket;
	size_t size = 0;

	if (end == nullptr)
		return (struct slice){ line.at, 0 };
	bracket = memchr(line.at, '[', (size_t)(end - line.at));
	end = bracket != nullptr ? bracket : end;
	while (end - size > line.at && is_word(end[-(ptrdiff_t)size - 1]))
		size++;
	return (struct slice){ end - size, size };
}

/* The members of a struct of abi/. */
static uint32_t check_members(const struct items *items, const struct item *item)
{
	const char *end = item->text.at + item->text.size;
	bool under_comment = false;
	uint32_t gaps = 0;

	for (const char *at = item->text.at; at < end;) {
		size_t length = strcspn(at, "\n");
		struct slice line = { at, length };
		struct slice member = member_of(line);
		bool has_comment = contains(line, "/*");

		if (member.size == 0 && has_comment)
			under_comment = true;
		if (member.size != 0 && !has_comment && !under_comment &&
		    !slice_begins(member, "reserved") &&
		    !slice_has(item->comment, member.at, member.size))
			gaps += gap(items, item, member, "is a member without a comment");
		at += length + 1;
	}
	return gaps;
}

static uint32_t check_item(const struct items *items, const struct item *item,
			   struct slice comment)
{
	if (item->kind == ITEM_TEXT || item->kind == ITEM_IGNORED)
		return 0;
	if (comment.size == 0)
		return gap(items, item, item->name, "has no comment");
	if (returns_status(item) && !tells_statuses(comment))
		return gap(items, item, item->name, "does not say which statuses it returns");
	if (item->kind == ITEM_TYPE && strncmp(items->path, "abi/", 4) == 0)
		return check_members(items, item);
	return 0;
}

uint32_t items_check(const struct items *items)
{
	struct slice comment = {};
	uint32_t gaps = 0;

	for (uint32_t i = 0; i < items->count; i++) {
		const struct item *item = &items->item[i];

		if (!item->shares)
			comment = item->comment;
		gaps += check_item(items, item, comment);
	}
	return gaps;
}
