// SPDX-License-Identifier: MIT
/*
 * Host test of elf.c: a good image, each rule broken alone, every truncation, and random
 * damage. Each image lies in a heap block of exactly its size, so that ASan sees any read
 * beyond it.
 */
#include "lib/elf.h"

#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Offsets in the file header, and in a program header (System V ABI). */
constexpr size_t CLASS = 4, DATA = 5, VERSION = 6, OS_ABI = 7, ABI_VERSION = 8, TYPE = 16,
		 MACHINE = 18, FILE_VERSION = 20, ENTRY = 24, TABLE = 32, FLAGS = 48,
		 HEADER_BYTES = 52, ENTRY_BYTES = 54, COUNT = 56;
constexpr size_t P_TYPE = 0, P_FLAGS = 4, P_OFFSET = 8, P_ADDRESS = 16, P_FILE = 32,
		 P_MEMORY = 40;
constexpr size_t HEADER = 64, PROGRAM_HEADER = 56;

constexpr uint64_t READ = 4, WRITE = 2, EXECUTE = 1;
constexpr uint64_t TEXT = 0x400000, DATA_AT = 0x402800;
constexpr size_t IMAGE_BYTES = 0x3000;
constexpr uint32_t HEADERS = 4;

static uint8_t good[IMAGE_BYTES];

static void put(uint8_t *image, size_t at, size_t size, uint64_t value)
{
	memcpy(image + at, &value, size); /* the host is little-endian, as the format is */
}

static size_t program(uint32_t index, size_t field)
{
	return HEADER + index * PROGRAM_HEADER + field;
}

static void put_program(uint32_t index, uint64_t type, uint64_t flags, uint64_t offset,
			uint64_t address)
{
	put(good, program(index, P_TYPE), 4, type);
	put(good, program(index, P_FLAGS), 4, flags);
	put(good, program(index, P_OFFSET), 8, offset);
	put(good, program(index, P_ADDRESS), 8, address);
}

static void put_sizes(uint32_t index, uint64_t file, uint64_t memory)
{
	put(good, program(index, P_FILE), 8, file);
	put(good, program(index, P_MEMORY), 8, memory);
}

/* Text and data, a note and a stack that is not executable. */
static int make_good(void **state)
{
	(void)state;
	memset(good, 0, sizeof(good));
	memcpy(good, "\177ELF\2\1\1", 7);
	put(good, TYPE, 2, 2);
	put(good, MACHINE, 2, 62);
	put(good, FILE_VERSION, 4, 1);
	put(good, ENTRY, 8, TEXT + 0x100);
	put(good, TABLE, 8, HEADER);
	put(good, HEADER_BYTES, 2, HEADER);
	put(good, ENTRY_BYTES, 2, PROGRAM_HEADER);
	put(good, COUNT, 2, HEADERS);
	put_program(0, 1, READ | EXECUTE, 0, TEXT);
	put_sizes(0, 0x1234, 0x1234);
	put_program(1, 1, READ | WRITE, 0x1800, DATA_AT);
	put_sizes(1, 0x800, 0x9000);
	put_program(2, 4, READ, 0, 0);
	put_program(3, 0x6474e551, READ | WRITE, 0, 0);
	return 0;
}

static enum status parse(const uint8_t *bytes, size_t size, struct elf_image *out)
{
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	enum status status;

	memcpy(exact, bytes, size);
	status = elf_parse(exact, size, out);
	free(exact);
	return status;
}

static void takes_a_good_image(void **state)
{
	struct elf_image image;

	(void)state;
	assert_int_equal(parse(good, IMAGE_BYTES, &image), STATUS_OK);
	assert_int_equal(image.entry, TEXT + 0x100);
	assert_int_equal(image.segment_count, 2);
	assert_int_equal(image.segments[0].address, TEXT);
	assert_int_equal(image.segments[0].file_offset, 0);
	assert_int_equal(image.segments[0].file_bytes, 0x1234);
	assert_true(image.segments[0].executable);
	assert_false(image.segments[0].writable);
	assert_int_equal(image.segments[1].address, DATA_AT);
	assert_int_equal(image.segments[1].file_offset, 0x1800);
	assert_int_equal(image.segments[1].memory_bytes, 0x9000);
	assert_true(image.segments[1].writable);
	assert_false(image.segments[1].executable);
}

struct change {
	const char *rule;
	size_t at;
	size_t size;
	uint64_t value;
};

/* Apply one change to the good image and say what becomes of it. */
static enum status parse_changed(const struct change *change)
{
	uint8_t image[IMAGE_BYTES];
	struct elf_image untouched = { .entry = 77 };
	enum status status;

	memcpy(image, good, IMAGE_BYTES);
	put(image, change->at, change->size, change->value);
	status = parse(image, IMAGE_BYTES, &untouched);
	if (status != STATUS_OK)
		assert_int_equal(untouched.entry, 77);
	return status;
}

static void assert_each_refused(const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (parse_changed(&changes[i]) != STATUS_BAD_IMAGE)
			fail_msg("accepted: %s", changes[i].rule);
}

static void refuses_each_bad_header_field(void **state)
{
	const struct change changes[] = {
		{ "magic", 0, 1, 0 },
		{ "32-bit", CLASS, 1, 1 },
		{ "big-endian", DATA, 1, 2 },
		{ "ident version", VERSION, 1, 2 },
		{ "OS ABI", OS_ABI, 1, 9 },
		{ "ABI version", ABI_VERSION, 1, 1 },
		{ "shared object", TYPE, 2, 3 },
		{ "relocatable", TYPE, 2, 1 },
		{ "machine", MACHINE, 2, 183 },
		{ "file version", FILE_VERSION, 4, 0 },
		{ "flags", FLAGS, 4, 1 },
		{ "header size", HEADER_BYTES, 2, 52 },
		{ "program header size", ENTRY_BYTES, 2, 32 },
		{ "no program headers", COUNT, 2, 0 },
		{ "too many program headers", COUNT, 2, 33 },
		{ "most program headers", COUNT, 2, 0xffff },
		{ "table beyond the file", TABLE, 8, IMAGE_BYTES - 4 * PROGRAM_HEADER + 1 },
		{ "table wraps around", TABLE, 8, UINT64_MAX - 8 },
		{ "entry below", ENTRY, 8, TEXT - 1 },
		{ "entry after", ENTRY, 8, TEXT + 0x1234 },
		{ "entry in data", ENTRY, 8, DATA_AT },
		{ "entry 0", ENTRY, 8, 0 },
	};

	(void)state;
	assert_each_refused(changes, sizeof(changes) / sizeof(*changes));
}

static void refuses_each_bad_segment_field(void **state)
{
	const struct change changes[] = {
		{ "interpreter", program(2, P_TYPE), 4, 3 },
		{ "dynamic", program(2, P_TYPE), 4, 2 },
		{ "thread-local", program(2, P_TYPE), 4, 7 },
		{ "executable stack", program(3, P_FLAGS), 4, READ | WRITE | EXECUTE },
		{ "writable text", program(0, P_FLAGS), 4, READ | WRITE | EXECUTE },
		{ "unreadable", program(1, P_FLAGS), 4, WRITE },
		{ "unknown flag", program(1, P_FLAGS), 4, READ | 8 },
		{ "no memory", program(2, P_TYPE), 4, 1 },
		{ "file part beyond the file", program(1, P_FILE), 8,
		  IMAGE_BYTES - 0x1800 + 1 },
		{ "file part wraps around", program(1, P_FILE), 8, UINT64_MAX },
		{ "offset wraps around", program(1, P_OFFSET), 8, UINT64_MAX - 0x7ff },
		{ "file part larger than memory", program(1, P_MEMORY), 8, 0x7ff },
		{ "offset not congruent", program(1, P_OFFSET), 8, 0x1000 },
		{ "memory too large", program(1, P_MEMORY), 8, ELF_SEGMENT_BYTES_MAX + 1 },
		{ "memory too large together", program(1, P_MEMORY), 8,
		  ELF_SEGMENT_BYTES_MAX - 0x1000 },
		{ "memory wraps around", program(1, P_MEMORY), 8, UINT64_MAX },
		{ "below user space", program(0, P_ADDRESS), 8, 0xf000 },
		{ "at 0", program(0, P_ADDRESS), 8, 0 },
		{ "at the end of user space", program(1, P_ADDRESS), 8,
		  ELF_ADDRESS_END - 0x800 },
		{ "around the end of all addresses", program(1, P_ADDRESS), 8,
		  UINT64_MAX - 0x7ff },
		{ "in the kernel", program(1, P_ADDRESS), 8, UINT64_C(0xffffffff80000800) },
		{ "overlapping", program(1, P_ADDRESS), 8, TEXT + 0x800 },
		{ "in the page of the one before", program(1, P_ADDRESS), 8, TEXT + 0x1800 },
		{ "not sorted", program(1, P_ADDRESS), 8, TEXT - 0x10000 + 0x800 },
	};

	(void)state;
	assert_each_refused(changes, sizeof(changes) / sizeof(*changes));
}

static void takes_what_is_just_inside(void **state)
{
	const struct change changes[] = {
		{ "entry at the end", ENTRY, 8, TEXT + 0x1233 },
		{ "table at the end", TABLE, 8, HEADER },
		{ "next page", program(1, P_ADDRESS), 8, TEXT + 0x2800 },
		{ "whole file", program(1, P_FILE), 8, IMAGE_BYTES - 0x1800 },
		{ "largest", program(1, P_MEMORY), 8, ELF_SEGMENT_BYTES_MAX - 0x1234 },
		{ "highest", program(1, P_ADDRESS), 8, ELF_ADDRESS_END - 0x9800 },
		{ "unknown kind", program(2, P_TYPE), 4, 0x70000042 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if (parse_changed(&changes[i]) != STATUS_OK)
			fail_msg("refused: %s", changes[i].rule);
}

static void stops_at_the_last_byte_of_user_space(void **state)
{
	const struct change fits = { "up to it", program(1, P_MEMORY), 8, 0x9800 };
	const struct change over = { "over it", program(1, P_MEMORY), 8, 0x9801 };

	(void)state;
	put(good, program(1, P_ADDRESS), 8, ELF_ADDRESS_END - 0x9800);
	assert_int_equal(parse_changed(&fits), STATUS_OK);
	assert_int_equal(parse_changed(&over), STATUS_BAD_IMAGE);
}

static void table_may_end_with_the_file_but_not_after(void **state)
{
	size_t table = IMAGE_BYTES - HEADERS * PROGRAM_HEADER;
	struct elf_image image;

	(void)state;
	memcpy(good + table, good + HEADER, HEADERS * PROGRAM_HEADER);
	put(good, TABLE, 8, table);
	assert_int_equal(parse(good, IMAGE_BYTES, &image), STATUS_OK);
	assert_int_equal(parse(good, IMAGE_BYTES - 1, &image), STATUS_BAD_IMAGE);
}

static void counts_segments(void **state)
{
	uint8_t image[IMAGE_BYTES];
	struct elf_image parsed;

	(void)state;
	memcpy(image, good, IMAGE_BYTES);
	for (uint32_t i = 1; i < 9; i++) {
		memcpy(image + program(i, 0), good + program(1, 0), PROGRAM_HEADER);
		put(image, program(i, P_ADDRESS), 8, DATA_AT + i * 0x10000);
		put(image, COUNT, 2, i + 1);
		assert_int_equal(parse(image, IMAGE_BYTES, &parsed),
				 i + 1 <= ELF_SEGMENTS_MAX ? STATUS_OK : STATUS_BAD_IMAGE);
	}
}

static void survives_every_truncation(void **state)
{
	struct elf_image image;

	(void)state;
	for (size_t size = 0; size < 0x2000; size++)
		assert_int_equal(parse(good, size, &image), STATUS_BAD_IMAGE);
	assert_int_equal(parse(good, 0x2000, &image), STATUS_OK);
}

/* What elf.h promises of any image that is accepted. */
static void assert_promises(const struct elf_image *image, size_t size)
{
	uint64_t next_page = ELF_ADDRESS_START, total = 0;
	bool entry_found = false;

	assert_true(image->segment_count >= 1 && image->segment_count <= ELF_SEGMENTS_MAX);
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *s = &image->segments[i];

		assert_true(s->address >= next_page && s->address < ELF_ADDRESS_END);
		assert_true(s->memory_bytes != 0 &&
			    s->memory_bytes <= ELF_ADDRESS_END - s->address);
		assert_true(s->file_bytes <= s->memory_bytes);
		assert_true(s->file_offset <= size && s->file_bytes <= size - s->file_offset);
		assert_int_equal(s->file_offset % 4096, s->address % 4096);
		assert_false(s->writable && s->executable);
		next_page = (s->address + s->memory_bytes + 4095) / 4096 * 4096;
		total += s->memory_bytes;
		entry_found |= s->executable && image->entry >= s->address &&
			       image->entry < s->address + s->file_bytes;
	}
	assert_true(entry_found);
	assert_true(total <= ELF_SEGMENT_BYTES_MAX);
}

static void damaged_images_keep_the_promises(void **state)
{
	struct sequence sequence = { 42 };
	uint32_t accepted = 0;

	(void)state;
	for (uint32_t round = 0; round < 200000; round++) {
		uint8_t head[HEADER + HEADERS * PROGRAM_HEADER + 0x2000];
		struct elf_image image;

		memcpy(head, good, sizeof(head));
		for (uint32_t flips = 1 + sequence_below(&sequence, 3); flips != 0; flips--)
			head[sequence_below(&sequence, HEADER + HEADERS * PROGRAM_HEADER)] =
				(uint8_t)sequence_next(&sequence);
		if (elf_parse(head, sizeof(head), &image) == STATUS_OK) {
			assert_promises(&image, sizeof(head));
			accepted++;
		}
	}
	assert_true(accepted > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(takes_a_good_image, make_good),
		cmocka_unit_test_setup(refuses_each_bad_header_field, make_good),
		cmocka_unit_test_setup(refuses_each_bad_segment_field, make_good),
		cmocka_unit_test_setup(takes_what_is_just_inside, make_good),
		cmocka_unit_test_setup(stops_at_the_last_byte_of_user_space, make_good),
		cmocka_unit_test_setup(table_may_end_with_the_file_but_not_after, make_good),
		cmocka_unit_test_setup(counts_segments, make_good),
		cmocka_unit_test_setup(survives_every_truncation, make_good),
		cmocka_unit_test_setup(damaged_images_keep_the_promises, make_good),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
