// SPDX-License-Identifier: MIT
#pragma once
/*
 * ELF images of programs: static ELF64 x86-64 executables (ET_EXEC), of which the first bytes,
 * or all, are held in memory.
 *
 * The image is hostile.  elf_parse_head() looks at nothing outside what is held and accepts the
 * image only if
 *
 *   - the header and the program header table are as the format fixes them, and inside what is
 *     held;
 *   - 1 to ELF_SEGMENTS_MAX PT_LOAD segments, sorted, no two in one page, inside user space,
 *     their file part inside the image, memory size at least the file size and at most
 *     ELF_SEGMENT_BYTES_MAX together, file offset and address congruent modulo the page;
 *   - every segment is readable, none is writable and executable, and the entry point is in the
 *     file part of an executable one;
 *   - there is no interpreter, no dynamic linking, no thread-local storage (PT_TLS) and no
 *     request for an executable stack; other kinds of segment are ignored.
 *
 * Sections are not looked at.  Source: System V ABI, chapters 4 and 5; x86-64 psABI.
 */
#include "schema/status.capnp.h"

#include <stddef.h>
#include <stdint.h>

constexpr uint32_t ELF_SEGMENTS_MAX = 8;
constexpr uint64_t ELF_PAGE_BYTES = 4096;
constexpr uint64_t ELF_SEGMENT_BYTES_MAX = UINT64_C(256) << 20;
constexpr uint64_t ELF_ADDRESS_START = 0x10000;
constexpr uint64_t ELF_ADDRESS_END = UINT64_C(1) << 39; /* at most HAL_USER_END */

struct elf_segment {
	uint64_t address;      /* of the first byte; perhaps not on a page boundary */
	uint64_t memory_bytes; /* > 0 */
	uint64_t file_offset;  /* of the first byte, congruent to address modulo the page */
	uint64_t file_bytes;   /* <= memory_bytes; the rest is zero */
	bool writable;
	bool executable;
};

struct elf_image {
	uint64_t entry;
	uint32_t segment_count;
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* by address */
};

/*
 * head: the first head_bytes of the image, which is size bytes long; any alignment, not
 * changing meanwhile.  STATUS_BAD_IMAGE: refused, *out_image is untouched.
 */
[[nodiscard]] enum status elf_parse_head(const void *head, size_t head_bytes, uint64_t size,
					 struct elf_image *out_image);

/* An image that is held whole. */
[[nodiscard]] static inline enum status elf_parse(const void *image, size_t size,
						  struct elf_image *out_image)
{
	return elf_parse_head(image, size, size, out_image);
}
