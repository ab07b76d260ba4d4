// SPDX-License-Identifier: MIT
#pragma once
/*
 * ELF images of programs: static ELF64 x86-64 executables (ET_EXEC), held whole in memory.
 *
 * The image is hostile.  elf_parse() looks at nothing outside it and accepts it only if
 *
 *   - the header and the program header table are as the format fixes them, and inside it;
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
 * image: size bytes, any alignment, not changing meanwhile.  STATUS_BAD_IMAGE: refused,
 * *out_image is untouched.
 */
[[nodiscard]] enum status elf_parse(const void *image, size_t size,
				    struct elf_image *out_image);
