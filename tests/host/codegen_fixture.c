// SPDX-License-Identifier: MIT
/* One message for the tests of generated code.  See codegen_fixture.h. */
#include "tests/host/codegen_fixture.h"

#include <stdio.h>
#include <string.h>

uint64_t codegen_buffer[1024];
struct message_builder codegen_builder;
struct message_reader codegen_message;

void start_message(void)
{
	/* Whatever was there before must not show. */
	memset(codegen_buffer, 0xa5, sizeof(codegen_buffer));
	message_builder_init(&codegen_builder, codegen_buffer, sizeof(codegen_buffer));
}

struct message_reader *built(void)
{
	size_t size = message_builder_finish(&codegen_builder);

	assert_true(size != 0);
	message_reader_init(&codegen_message, codegen_buffer, size);
	return &codegen_message;
}

struct message_reader *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size;

	assert_non_null(file);
	size = fread(codegen_buffer, 1, sizeof(codegen_buffer), file);
	fclose(file);
	message_reader_init(&codegen_message, codegen_buffer, size);
	return &codegen_message;
}

int write_file(const char *path)
{
	FILE *file = fopen(path, "w");
	size_t size = message_builder_finish(&codegen_builder);
	bool good =
		file != nullptr && size != 0 && fwrite(codegen_buffer, 1, size, file) == size;

	return file == nullptr || fclose(file) != 0 || !good;
}

void assert_text(struct text_reader found, const char *expected)
{
	assert_int_equal(found.size, strlen(expected));
	assert_string_equal(found.data, expected);
}
