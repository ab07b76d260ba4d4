// SPDX-License-Identifier: MIT
/*
 * mkmanifest: checks the manifest of a bootable system before it is shipped.
 *
 *   capnp eval -oflat -I. -IFOLDER_OF_PROGRAMS system/NAME.capnp manifest >FLAT
 *   mkmanifest FLAT [system/NAME.capnp]
 *
 * FLAT is a SystemManifest (schema/manifest.capnp) as one segment without a table, a multiple
 * of 8 bytes long; the kernel gets exactly these bytes.  The second argument names the source
 * in messages.  Exit status 0: the kernel will take it.
 */
#include "tools/mkmanifest/check.h"

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
		fprintf(stderr, "mkmanifest: %s: %s\n", path, strerror(errno));
	if (file != nullptr)
		fclose(file);
	return bytes == MAP_FAILED ? nullptr : bytes;
}

int main(int argc, char **argv)
{
	struct message_reader message;
	size_t size = 0;
	const void *bytes;

	if (argc != 2 && argc != 3) {
		fputs("usage: mkmanifest FLAT [SOURCE]\n", stderr);
		return EXIT_FAILURE;
	}
	bytes = map_file(argv[1], &size);
	if (bytes == nullptr)
		return EXIT_FAILURE;
	message_reader_init(&message, bytes, size);
	/* The checks look at each pair of names. */
	message_reader_limit(&message, UINT32_MAX, MESSAGE_DEFAULT_NESTING);
	return manifest_check(&message, argv[argc - 1]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
