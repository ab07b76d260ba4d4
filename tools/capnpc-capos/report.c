// SPDX-License-Identifier: MIT
/* Errors with file, line and declaration.  See report.h. */
#include "tools/capnpc-capos/report.h"

#include "tools/capnpc-capos/name.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t errors;
static FILE *destination; /* null: stderr */
static bool is_silent;

/* Where the search for a declaration stands. */
struct search {
	FILE *file;
	char *line;
	size_t line_size; /* of the buffer */
	char *rest;       /* of the line, after what was found last */
	unsigned int number;
};

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Whether the word before `at` introduces a declaration. */
static bool follows_keyword(const char *line, const char *at)
{
	static const char *const keywords[] = { "struct", "enum",  "interface",
						"const",  "using", "annotation" };
	const char *end = at;

	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	for (size_t i = 0; end != at && i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		size_t length = strlen(keywords[i]);

		if ((size_t)(end - line) >= length &&
		    strncmp(end - length, keywords[i], length) == 0)
			return true;
	}
	return false;
}

/* Whether `name` at `at` is declared there and not used: "name @1", "name :T",
 * "struct name". */
static bool is_declared(const char *line, const char *at, size_t length)
{
	const char *next = at + length;

	if ((at > line && is_name_char(at[-1])) || is_name_char(*next))
		return false;
	if (follows_keyword(line, at))
		return true;
	while (isspace((unsigned char)*next))
		next++;
	return *next == '@' || *next == ':';
}

/* The declaration of `name` in the rest of the line; comments do not count. */
static char *find_in_line(const struct search *s, const char *name)
{
	size_t length = strlen(name);

	for (char *at = s->rest; length != 0 && (at = strstr(at, name)) != nullptr; at++)
		if (is_declared(s->line, at, length))
			return at + length;
	return nullptr;
}

/* Read the next line, without its comment.  False at the end. */
static bool next_line(struct search *s)
{
	if (getline(&s->line, &s->line_size, s->file) < 0)
		return false;
	s->line[strcspn(s->line, "#")] = '\0';
	s->rest = s->line;
	s->number++;
	return true;
}

/* Go forward to the declaration of `name`. */
static bool find_name(struct search *s, const char *name)
{
	do {
		char *after = s->rest != nullptr ? find_in_line(s, name) : nullptr;

		if (after != nullptr) {
			s->rest = after;
			return true;
		}
	} while (next_line(s));
	return false;
}

/* Go to the node, by way of everything it is declared in. */
static bool find_node(struct search *s, const struct node *node)
{
	const struct node *path[16];
	size_t depth = 0;

	for (; node != nullptr && node->kind != NODE_FILE && depth < 16; node = node->parent)
		path[depth++] = node;
	while (depth-- != 0) {
		const char *name = path[depth]->label.name;

		/* Parameters stand in the declaration of their method. */
		if (path[depth]->is_of_method) {
			size_t length = strlen(name);
			size_t suffix = strcmp(name + length - 6, "Params") == 0 ? 6 : 7;

			name = name_format("%.*s", (int)(length - suffix), name);
		}
		if (!find_name(s, name))
			return false;
	}
	return true;
}

/* The schema file as `capnp`, which waits for this process, sees it; nothing but a file. */
static FILE *open_schema(const char *path)
{
	struct stat found;

	if (path[0] != '/')
		path = name_format("/proc/%d/cwd/%s", (int)getppid(), path);
	if (stat(path, &found) != 0 || !S_ISREG(found.st_mode))
		return nullptr;
	return fopen(path, "r");
}

/* The line of a declaration; 0 when it was not found. */
static unsigned int line_of(const struct node *node, const char *member)
{
	struct search s = { .file = open_schema(node->file->label.name) };
	bool found;

	if (s.file == nullptr)
		return 0;
	found = find_node(&s, node) && (member == nullptr || find_name(&s, member));
	fclose(s.file);
	free(s.line);
	return found ? s.number : 0;
}

const char *report_name(const struct node *node, const char *member)
{
	const char *name = node->kind == NODE_FILE ? "" : node->label.name;

	for (const struct node *p = node->parent; p != nullptr && p->kind != NODE_FILE;
	     p = p->parent)
		name = name_format("%s.%s", p->label.name, name);
	return member == nullptr ? name : name_format("%s.%s", name, member);
}

/* "schema/foo.capnp:12: Foo.bar" */
static const char *place_of(const struct node *node, const char *member)
{
	const char *path = node->file->label.name;
	unsigned int line = node->kind == NODE_FILE ? 0 : line_of(node, member);

	if (node->kind == NODE_FILE)
		return path;
	if (line == 0)
		return name_format("%s: %s", path, report_name(node, member));
	return name_format("%s:%u: %s", path, line, report_name(node, member));
}

[[gnu::format(printf, 1, 0)]] static void print(const char *format, va_list args)
{
	if (!is_silent)
		vfprintf(destination != nullptr ? destination : stderr, format, args);
}

[[gnu::format(printf, 1, 2)]] static void print_line(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(format, args);
	va_end(args);
}

void report_error(const struct node *node, const char *member, const char *format, ...)
{
	va_list args;

	print_line("%s: ", place_of(node, member));
	va_start(args, format);
	print(format, args);
	va_end(args);
	print_line("\n");
	errors++;
}

void report_request(const char *format, ...)
{
	va_list args;

	print_line("capnpc-capos: ");
	va_start(args, format);
	print(format, args);
	va_end(args);
	print_line("\n");
}

void report_to(FILE *file)
{
	destination = file;
	is_silent = file == nullptr;
}

uint32_t report_count(void)
{
	return errors;
}

void report_reset(void)
{
	errors = 0;
}

void report_claim(const struct node *node, const char *member, const char *identifier)
{
	struct claim_owner mine = { .node = node, .member = member };
	const struct claim_owner *owner = name_claim(identifier, mine);

	if (owner == nullptr)
		return;
	report_error(node, member, "its C name \"%s\" is taken by %s", identifier,
		     owner->node != nullptr ? place_of(owner->node, owner->member)
					    : owner->keeper);
}
