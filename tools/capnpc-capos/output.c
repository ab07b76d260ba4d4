// SPDX-License-Identifier: MIT
/* Generated files.  See output.h. */
#include "tools/capnpc-capos/output.h"

#include "tools/capnpc-capos/memory.h"
#include "tools/capnpc-capos/name.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t MAX_COLUMNS = 96;
constexpr size_t TAB_COLUMNS = 8;

struct output {
	struct output *next;
	const char *path;
	FILE *stream; /* into text */
	char *text;
	size_t size;
	char *folded; /* what is written */
	size_t folded_size;
	const char *other_path; /* where it is written first; null if nothing changes */
};

static struct output *outputs;

/* Always false. */
static bool complain(const char *what)
{
	fprintf(stderr, "capnpc-capos: %s: %s\n", what, strerror(errno));
	return false;
}

struct output *output_open(const char *path)
{
	struct output *o = memory_take(1, sizeof(*o));

	o->path = path;
	o->stream = open_memstream(&o->text, &o->size);
	if (o->stream == nullptr)
		memory_fail("out of memory");
	o->next = outputs;
	outputs = o;
	return o;
}

void out(struct output *o, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(o->stream, format, args);
	va_end(args);
}

/* One line of a doc comment; an end of comment inside it is broken up. */
static void comment_line(struct output *o, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool joins = i != 0 && ((line[i - 1] == '*' && line[i] == '/') ||
					(line[i - 1] == '/' && line[i] == '*'));

		fprintf(o->stream, joins ? " %c" : "%c", line[i]);
	}
}

static void indent(struct output *o, unsigned int depth)
{
	for (unsigned int i = 0; i < depth; i++)
		fputc('\t', o->stream);
}

void out_comment(struct output *o, unsigned int depth, const char *text)
{
	size_t length = strlen(text);

	while (length != 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (length == 0)
		return;
	indent(o, depth);
	if (memchr(text, '\n', length) == nullptr && length + 6 + depth * 8 <= MAX_COLUMNS) {
		fputs("/* ", o->stream);
		comment_line(o, text, length);
		fputs(" */\n", o->stream);
		return;
	}
	fputs("/*\n", o->stream);
	for (const char *line = text; line < text + length; line++) {
		size_t line_length = strcspn(line, "\n");

		if (line_length > (size_t)(text + length - line))
			line_length = (size_t)(text + length - line);
		indent(o, depth);
		fputs(line_length != 0 ? " * " : " *", o->stream);
		comment_line(o, line, line_length);
		fputc('\n', o->stream);
		line += line_length;
	}
	indent(o, depth);
	fputs(" */\n", o->stream);
}

void out_string(struct output *o, const char *bytes, size_t size)
{
	fputc('"', o->stream);
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '"' || c == '\\' || c == '?' || !isprint(c))
			fprintf(o->stream, "\\%03o", c);
		else
			fputc(c, o->stream);
	}
	fputc('"', o->stream);
}

/* Columns that the text takes; tabs are 8 wide. */
static size_t columns_of(const char *line, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns = line[i] == '\t' ? (columns / TAB_COLUMNS + 1) * TAB_COLUMNS
					  : columns + 1;
	return columns;
}

/*
 * After how many characters to fold a line: behind the last ", " or " =" that leaves it short
 * enough, else behind the first "(", else behind the last " " before it.
 */
static size_t fold_at(const char *line, size_t length, size_t columns)
{
	size_t best = 0;
	const char *open = memchr(line, '(', length);

	if (memchr(line, '"', length) != nullptr || memchr(line, '*', length) == line + 1)
		return 0;
	for (size_t i = 2; i + 1 < length; i++)
		if (line[i] == ' ' &&
		    (line[i - 1] == ',' || strncmp(line + i - 2, " =", 2) == 0) &&
		    columns_of(line, i) <= columns)
			best = i;
	if (best != 0 || open == nullptr)
		return best;
	best = (size_t)(open - line) + 1;
	while (best > 1 && columns_of(line, best) > columns)
		for (best--; best > 1 && line[best] != ' ';)
			best--;
	return best > 1 ? best : 0;
}

static void write_line(FILE *to, const char *line, size_t length)
{
	size_t tabs = strspn(line, "\t");
	size_t extra = 0;

	while (columns_of(line, length) + extra * TAB_COLUMNS > MAX_COLUMNS) {
		size_t at = fold_at(line, length, MAX_COLUMNS - extra * TAB_COLUMNS);

		if (at == 0)
			break;
		fprintf(to, "%.*s\n", (int)at, line);
		at += line[at] == ' ';
		line += at;
		length -= at;
		extra = tabs + 2;
		for (size_t i = 0; i < extra; i++)
			fputc('\t', to);
	}
	fprintf(to, "%.*s\n", (int)length, line);
}

/* The finished text, with long lines folded. */
static char *fold(const char *text, size_t size, size_t *out_size)
{
	char *folded = nullptr;
	FILE *to = open_memstream(&folded, out_size);

	if (to == nullptr)
		memory_fail("out of memory");
	for (size_t at = 0; at < size;) {
		size_t length = strcspn(text + at, "\n");

		write_line(to, text + at, length);
		at += length + 1;
	}
	fclose(to);
	return folded;
}

static bool has_content(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	char *found = file != nullptr ? malloc(size + 1) : nullptr;
	/* One byte more than there should be, to see a longer file. */
	bool same = found != nullptr && fread(found, 1, size + 1, file) == size &&
		    memcmp(found, text, size) == 0;

	free(found);
	if (file != nullptr)
		fclose(file);
	return same;
}

/* Make every folder on the way to the file. */
static bool make_folders(const char *path)
{
	for (const char *slash = path; (slash = strchr(slash + 1, '/')) != nullptr;) {
		const char *folder = name_format("%.*s", (int)(slash - path), path);

		if (mkdir(folder, 0777) != 0 && errno != EEXIST)
			return complain(folder);
	}
	return true;
}

/* Write the file under its other name, if that is needed. */
static bool prepare(struct output *o)
{
	FILE *file;
	bool good;

	if (has_content(o->path, o->folded, o->folded_size))
		return true;
	o->other_path = name_format("%s.new", o->path);
	if (!make_folders(o->path))
		return false;
	file = fopen(o->other_path, "w");
	good = file != nullptr && fwrite(o->folded, 1, o->folded_size, file) == o->folded_size;
	if (file == nullptr || fclose(file) != 0 || !good)
		return complain(o->path);
	return true;
}

/* Have every file stand there with its other name. */
static bool prepare_all(void)
{
	for (struct output *o = outputs; o != nullptr; o = o->next) {
		if (fflush(o->stream) != 0)
			return complain(o->path);
		o->folded = fold(o->text, o->size, &o->folded_size);
		if (!prepare(o))
			return false;
	}
	return true;
}

bool output_commit(void)
{
	bool good = prepare_all();

	for (struct output *o = outputs; o != nullptr; o = o->next) {
		if (o->other_path == nullptr)
			continue;
		if (good && rename(o->other_path, o->path) != 0)
			good = complain(o->path);
		if (!good)
			unlink(o->other_path);
	}
	return good;
}

static uint64_t sum_of(uint64_t sum, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	return sum;
}

uint64_t output_sum(void)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (struct output *o = outputs; o != nullptr; o = o->next) {
		fflush(o->stream);
		free(o->folded);
		o->folded = fold(o->text, o->size, &o->folded_size);
		sum = sum_of(sum, o->path, strlen(o->path));
		sum = sum_of(sum, o->folded, o->folded_size);
	}
	return sum;
}

void output_reset(void)
{
	for (struct output *o = outputs; o != nullptr; o = o->next) {
		fclose(o->stream);
		free(o->text);
		free(o->folded);
	}
	outputs = nullptr;
}
