// SPDX-License-Identifier: MIT
/* ELF images of programs.  See elf.h for what is accepted. */
#include "lib/elf.h"

#include "lib/string.h"

#include <stdckdint.h>

/* System V ABI, figures 4-3 and 5-1. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t program_offset;
	uint64_t section_offset;
	uint32_t flags;
	uint16_t header_bytes;
	uint16_t program_entry_bytes;
	uint16_t program_count;
	uint16_t section_entry_bytes;
	uint16_t section_count;
	uint16_t section_names;
};

struct program_header {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t address;
	uint64_t physical_address;
	uint64_t file_bytes;
	uint64_t memory_bytes;
	uint64_t alignment;
};

static_assert(sizeof(struct elf_header) == 64);
static_assert(sizeof(struct program_header) == 56);

/* Magic, 64-bit, little-endian, version 1, System V ABI version 0. */
static const uint8_t IDENT[9] = { 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0 };

constexpr uint16_t TYPE_EXECUTABLE = 2;
constexpr uint16_t MACHINE_X86_64 = 62;
constexpr uint32_t VERSION_CURRENT = 1;
constexpr uint16_t PROGRAM_HEADERS_MAX = 32;

constexpr uint32_t SEGMENT_LOAD = 1;
constexpr uint32_t SEGMENT_DYNAMIC = 2;
constexpr uint32_t SEGMENT_INTERPRETER = 3;
constexpr uint32_t SEGMENT_THREAD_LOCAL = 7;
constexpr uint32_t SEGMENT_GNU_STACK = 0x6474e551;

constexpr uint32_t FLAG_EXECUTE = 1;
constexpr uint32_t FLAG_WRITE = 2;
constexpr uint32_t FLAG_READ = 4;

/* The segments found so far; where and how large the next one may be. */
struct layout {
	struct elf_image image;
	uint64_t next_address; /* page-aligned */
	uint64_t memory_bytes; /* of all together */
};

static bool header_is_valid(const struct elf_header *header, size_t head_bytes)
{
	uint64_t table_end;

	if (memcmp(header->ident, IDENT, sizeof(IDENT)) != 0)
		return false;
	if (header->type != TYPE_EXECUTABLE || header->machine != MACHINE_X86_64 ||
	    header->version != VERSION_CURRENT || header->flags != 0 ||
	    header->header_bytes != sizeof(struct elf_header) ||
	    header->program_entry_bytes != sizeof(struct program_header))
		return false;
	if (header->program_count == 0 || header->program_count > PROGRAM_HEADERS_MAX)
		return false;
	return !ckd_add(&table_end, header->program_offset,
			header->program_count * sizeof(struct program_header)) &&
	       table_end <= head_bytes;
}

static bool flags_are_valid(uint32_t flags)
{
	return (flags & ~(FLAG_READ | FLAG_WRITE | FLAG_EXECUTE)) == 0 &&
	       (flags & FLAG_READ) != 0 &&
	       (flags & (FLAG_WRITE | FLAG_EXECUTE)) != (FLAG_WRITE | FLAG_EXECUTE);
}

/* The segment's part of the file is in it, its memory in user space and after the
 * one before. */
static bool span_is_valid(const struct program_header *p, const struct layout *layout,
			  uint64_t size)
{
	uint64_t file_end, memory_end;

	if (ckd_add(&file_end, p->offset, p->file_bytes) || file_end > size)
		return false;
	if (p->memory_bytes == 0 || p->file_bytes > p->memory_bytes ||
	    p->memory_bytes > ELF_SEGMENT_BYTES_MAX - layout->memory_bytes)
		return false;
	if (p->offset % ELF_PAGE_BYTES != p->address % ELF_PAGE_BYTES)
		return false;
	return p->address >= layout->next_address &&
	       !ckd_add(&memory_end, p->address, p->memory_bytes) &&
	       memory_end <= ELF_ADDRESS_END;
}

static bool add_segment(struct layout *layout, const struct program_header *p, uint64_t size)
{
	struct elf_image *image = &layout->image;

	if (image->segment_count == ELF_SEGMENTS_MAX || !flags_are_valid(p->flags) ||
	    !span_is_valid(p, layout, size))
		return false;
	image->segments[image->segment_count++] = (struct elf_segment){
		.address = p->address,
		.memory_bytes = p->memory_bytes,
		.file_offset = p->offset,
		.file_bytes = p->file_bytes,
		.writable = (p->flags & FLAG_WRITE) != 0,
		.executable = (p->flags & FLAG_EXECUTE) != 0,
	};
	layout->memory_bytes += p->memory_bytes;
	layout->next_address =
		(p->address + p->memory_bytes + ELF_PAGE_BYTES - 1) & ~(ELF_PAGE_BYTES - 1);
	return true;
}

static bool add_program_header(struct layout *layout, const struct program_header *p,
			       uint64_t size)
{
	switch (p->type) {
	case SEGMENT_LOAD:
		return add_segment(layout, p, size);
	case SEGMENT_DYNAMIC:
	case SEGMENT_INTERPRETER:
	case SEGMENT_THREAD_LOCAL:
		return false;
	case SEGMENT_GNU_STACK:
		return (p->flags & FLAG_EXECUTE) == 0;
	default: /* a number of the file, not an enum of ours */
		return true;
	}
}

static bool entry_is_valid(const struct elf_image *image)
{
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct elf_segment *segment = &image->segments[i];

		if (segment->executable && image->entry >= segment->address &&
		    image->entry - segment->address < segment->file_bytes)
			return true;
	}
	return false;
}

enum status elf_parse_head(const void *head, size_t head_bytes, uint64_t size,
			   struct elf_image *out_image)
{
	struct layout layout = { .next_address = ELF_ADDRESS_START };
	struct elf_header header;

	if (head_bytes < sizeof(header))
		return STATUS_BAD_IMAGE;
	memcpy(&header, head, sizeof(header));
	if (!header_is_valid(&header, head_bytes))
		return STATUS_BAD_IMAGE;
	for (uint32_t i = 0; i < header.program_count; i++) {
		struct program_header p;

		memcpy(&p, (const uint8_t *)head + header.program_offset + i * sizeof(p),
		       sizeof(p));
		if (!add_program_header(&layout, &p, size))
			return STATUS_BAD_IMAGE;
	}
	layout.image.entry = header.entry;
	if (!entry_is_valid(&layout.image))
		return STATUS_BAD_IMAGE;
	*out_image = layout.image;
	return STATUS_OK;
}
