// SPDX-License-Identifier: MIT
/*
 * The ELF loader's parser (lib/elf.c): an image.  What it accepts must keep every promise of
 * lib/elf.h.
 */
#include "lib/elf.h"

#include "tests/fuzz/support/fuzz.h"

/* The end of the page that a segment ends in. */
static uint64_t page_end(const struct elf_segment *segment)
{
	uint64_t end = segment->address + segment->memory_bytes;

	return (end + ELF_PAGE_BYTES - 1) / ELF_PAGE_BYTES * ELF_PAGE_BYTES;
}

static void check_segment(const struct elf_segment *segment, uint64_t start, size_t size)
{
	require(segment->address >= start && segment->address < ELF_ADDRESS_END);
	require(segment->memory_bytes > 0 &&
		segment->memory_bytes <= ELF_ADDRESS_END - segment->address);
	require(segment->file_bytes <= segment->memory_bytes);
	require(segment->file_offset <= size &&
		segment->file_bytes <= size - segment->file_offset);
	require(segment->file_offset % ELF_PAGE_BYTES == segment->address % ELF_PAGE_BYTES);
	require(!(segment->writable && segment->executable));
}

static bool holds_entry(const struct elf_segment *segment, uint64_t entry)
{
	return segment->executable && entry >= segment->address &&
	       entry - segment->address < segment->file_bytes;
}

static void check_image(const struct elf_image *image, size_t size)
{
	uint64_t start = ELF_ADDRESS_START;
	uint64_t memory_bytes = 0;
	bool has_entry = false;

	require(image->segment_count >= 1 && image->segment_count <= ELF_SEGMENTS_MAX);
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];

		check_segment(segment, start, size);
		memory_bytes += segment->memory_bytes;
		has_entry = has_entry || holds_entry(segment, image->entry);
		start = page_end(segment);
	}
	require(memory_bytes <= ELF_SEGMENT_BYTES_MAX);
	require(has_entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;

	if (elf_parse(data, size, &image) == STATUS_OK)
		check_image(&image, size);
	return 0;
}
