// SPDX-License-Identifier: MIT
/*
 * reference: pages about headers and schemas, from their declarations and comments.
 *
 *   reference FOLDER FILE...
 *   reference --check FILE...
 *
 * The first writes a page in Markdown for each .h and .capnp file, by its path below FOLDER,
 * and an index. The second prints a line for each declaration that lacks what check.c asks for;
 * its exit status is 1 when there is one.
 */
#include "tools/reference/item.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = nullptr;
	size_t capacity = 0;

	if (file == nullptr || getdelim(&text, &capacity, '\0', file) < 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
	return text;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), wanted = strlen(end);

	return length > wanted && strcmp(text + length - wanted, end) == 0;
}

static void write_entry(FILE *index, const struct items *items)
{
	char *summary = items_summary(items);

	fprintf(index, "- [%s](%.*s.md): %s\n", items->path,
		(int)(strrchr(items->path, '.') - items->path), items->path, summary);
	free(summary);
}

static struct items scan(const char *path)
{
	const char *text = read_text(path);

	return ends_with(path, ".capnp") ? scan_schema(path, text) : scan_header(path, text);
}

/* Print what is missing. */
static bool check_all(char **paths)
{
	uint32_t gaps = 0;

	for (; *paths != nullptr; paths++) {
		struct items items = scan(*paths);

		gaps += items_check(&items);
	}
	if (gaps != 0)
		fprintf(stderr, "reference: %u gaps\n", gaps);
	return gaps == 0;
}

static bool write_all(const char *folder, char **paths)
{
	char index_path[4096];
	FILE *index;
	bool good = true;

	snprintf(index_path, sizeof(index_path), "%s/README%s", folder, ".md");
	index = fopen(index_path, "w");
	if (index == nullptr) {
		perror(index_path);
		return false;
	}
	fputs("# Reference\n\nMade from the headers and schemas.\n\n", index);
	for (; good && *paths != nullptr; paths++) {
		struct items items = scan(*paths);

		good = items_write(&items, folder);
		write_entry(index, &items);
	}
	return fclose(index) == 0 && good;
}

int main(int argc, char **argv)
{
	bool good;

	if (argc < 3) {
		fputs("usage: reference FOLDER FILE...\n       reference --check FILE...\n",
		      stderr);
		return EXIT_FAILURE;
	}
	good = strcmp(argv[1], "--check") == 0 ? check_all(&argv[2])
					       : write_all(argv[1], &argv[2]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
