// SPDX-License-Identifier: MIT
/*
 * Runs a fuzz target on given cases, without libFuzzer.
 *
 *   build/host/replay/NAME FILE...
 *
 * Speaks like a cmocka test, a case for each file: the last name shown is that of the file that
 * the process died of.
 */
#include "tests/fuzz/support/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

/* The whole file, in a block of exactly its size, so that reading beyond is seen. */
static uint8_t *read_file(const char *path, size_t *out_size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	long size;

	if (file == nullptr || fseek(file, 0, SEEK_END) != 0)
		return nullptr;
	size = ftell(file);
	rewind(file);
	bytes = malloc(size > 0 ? (size_t)size : 1);
	*out_size = bytes == nullptr ? 0 : fread(bytes, 1, (size_t)size, file);
	fclose(file);
	return bytes;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == nullptr ? path : slash + 1;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
	if (LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 1;
	for (int i = 1; i < argc; i++) {
		const char *name = name_of(argv[i]);
		size_t size = 0;
		uint8_t *bytes;

		printf("[ RUN      ] %s\n", name);
		bytes = read_file(argv[i], &size);
		if (bytes == nullptr || LLVMFuzzerTestOneInput(bytes, size) != 0) {
			printf("[  FAILED  ] %s\n", name);
			return 1;
		}
		free(bytes);
		printf("[       OK ] %s\n", name);
	}
	return 0;
}
