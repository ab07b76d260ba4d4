// SPDX-License-Identifier: MIT
/*
 * mkmanifest: checks the manifest of a bootable system before it is shipped, and adds programs.
 *
 *   capnp eval -oflat -I. -IFOLDER_OF_PROGRAMS system/NAME.capnp manifest >FLAT
 *   mkmanifest FLAT [system/NAME.capnp]
 *   mkmanifest FLAT system/NAME.capnp OUT NAME=PROGRAM...
 *
 * FLAT is a SystemManifest (schema/manifest.capnp) as one segment without a table, a multiple
 * of 8 bytes long; the kernel gets exactly these bytes.  The second argument names the source
 * in messages.  Exit status 0: the kernel will take it.  With OUT, that file gets the same
 * system with more binaries; it is written only when they, too, are as the kernel wants them.
 */
#include "tools/mkmanifest/check.h"
#include "tools/mkmanifest/extend.h"

#include "lib/name.h"
#include "schema/manifest.capnp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* The whole file, mapped for reading; null, with a message, when that fails. */
static const void *map_file(const char *path, size_t *out_size)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	void *bytes = MAP_FAILED;

	if (file != nullptr && fstat(fileno(file), &status) == 0) {
		*out_size = (size_t)status.st_size;
		bytes = mmap(nullptr, *out_size, PROT_READ, MAP_PRIVATE, fileno(file), 0);
	}
	if (bytes == MAP_FAILED)
		fprintf(stderr, "mkmanifest: %s: %s\n", path,
			file != nullptr && *out_size == 0 ? "is empty" : strerror(errno));
	if (file != nullptr)
		fclose(file);
	return bytes == MAP_FAILED ? nullptr : bytes;
}

static bool is_good(const void *bytes, size_t size, const char *source)
{
	struct message_reader message;

	message_reader_init(&message, bytes, size);
	/* The checks look at each pair of names. */
	message_reader_limit(&message, UINT32_MAX, MESSAGE_DEFAULT_NESTING);
	return manifest_check(&message, source) == 0;
}

/* Why no program can be added under this name; nullptr when one can. */
static const char *name_refusal(const void *flat, size_t size, const char *name)
{
	if (!name_is_valid(name, strlen(name)))
		return "is no name for a program: 1 to 32 characters of a-z, 0-9, _ and -";
	if (manifest_has_program(flat, size, name))
		return "is a program of this system already: choose another name";
	return nullptr;
}

/* "NAME=FILE" as a program; false, with a message, when that is none. */
static bool read_program(char *argument, struct program *out)
{
	char *equals = strchr(argument, '=');
	const char *refusal;

	if (equals == nullptr) {
		fprintf(stderr, "mkmanifest: %s: write NAME=PROGRAM\n", argument);
		return false;
	}
	*equals = '\0';
	out->name = argument;
	out->image = map_file(equals + 1, &out->image_bytes);
	if (out->image == nullptr)
		return false;
	refusal = program_refusal(out->image, out->image_bytes);
	if (refusal != nullptr)
		fprintf(stderr, "mkmanifest: %s: %s\n", equals + 1, refusal);
	return refusal == nullptr;
}

static bool write_file(const char *path, const void *bytes, size_t size)
{
	FILE *file = fopen(path, "w");
	bool good = file != nullptr && fwrite(bytes, 1, size, file) == size;

	if (file == nullptr || fclose(file) != 0 || !good) {
		fprintf(stderr, "mkmanifest: %s: %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

/* The programs that the arguments name, and can be added; false, with a message, when one
 * cannot. */
static bool read_programs(const void *flat, size_t size, char **arguments,
			  struct program programs[MANIFEST_MAX_BINARIES], uint32_t *out_count)
{
	uint32_t count = 0;
	const char *refusal;

	for (; *arguments != nullptr; arguments++) {
		if (count == MANIFEST_MAX_BINARIES) {
			fprintf(stderr, "mkmanifest: more than %u programs\n",
				MANIFEST_MAX_BINARIES);
			return false;
		}
		if (!read_program(*arguments, &programs[count]))
			return false;
		refusal = name_refusal(flat, size, programs[count].name);
		if (refusal != nullptr) {
			fprintf(stderr, "mkmanifest: \"%s\" %s\n", programs[count].name,
				refusal);
			return false;
		}
		count++;
	}
	*out_count = count;
	return true;
}

/* The third form, FLAT being checked. */
static bool extend(const void *flat, size_t size, const char *source, char **arguments)
{
	static struct program programs[MANIFEST_MAX_BINARIES];
	uint32_t count;
	size_t out_size;
	void *out;
	bool good;

	if (!read_programs(flat, size, arguments + 1, programs, &count))
		return false;
	out_size = manifest_extended_bytes(flat, size, programs, count);
	out = out_size != 0 ? malloc(out_size) : nullptr;
	if (out == nullptr) {
		fprintf(stderr, "mkmanifest: the programs are too large for one system\n");
		return false;
	}
	manifest_extend(flat, size, programs, count, out);
	good = is_good(out, out_size, source) && write_file(arguments[0], out, out_size);
	free(out);
	return good;
}

int main(int argc, char **argv)
{
	const char *source;
	size_t size = 0;
	const void *flat;

	if (argc < 2 || argc == 4) {
		fputs("usage: mkmanifest FLAT [SOURCE]\n"
		      "       mkmanifest FLAT SOURCE OUT NAME=PROGRAM...\n",
		      stderr);
		return EXIT_FAILURE;
	}
	source = argc > 2 ? argv[2] : argv[1];
	flat = map_file(argv[1], &size);
	if (flat == nullptr || !is_good(flat, size, source))
		return EXIT_FAILURE;
	if (argc > 4 && !extend(flat, size, source, &argv[3]))
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
