// SPDX-License-Identifier: MIT
#pragma once
/*
 * A boot protocol: Multiboot2, as GRUB speaks it on BIOS and UEFI machines.  The loader leaves
 * its boot information in memory: a head, then tags, each at a multiple of 8 bytes, until one
 * of type 0 (Multiboot2 specification 2.0, chapter 3.6).
 */
#include "kernel/arch/x86_64/loader.h"

/* In EAX when the kernel is entered. */
constexpr uint32_t MULTIBOOT2_MAGIC = 0x36d76289;
constexpr uint32_t MULTIBOOT2_MAX_BYTES = 0x100000;

enum multiboot2_tag_type : uint32_t {
	MULTIBOOT2_END = 0,
	MULTIBOOT2_COMMAND_LINE = 1, /* then the text */
	MULTIBOOT2_MODULE = 3,
	MULTIBOOT2_MEMORY_MAP = 6,
	MULTIBOOT2_RSDP_V1 = 14, /* then a copy of ACPI's root pointer */
	MULTIBOOT2_RSDP_V2 = 15,
};

struct multiboot2_head {
	uint32_t total_size;
	uint32_t reserved;
};

struct multiboot2_tag {
	uint32_t type;
	uint32_t size; /* without what pads it to 8 bytes */
};

struct multiboot2_module {
	struct multiboot2_tag tag;
	uint32_t start;
	uint32_t end; /* then its command line */
};

struct multiboot2_memory_map {
	struct multiboot2_tag tag;
	uint32_t entry_size;
	uint32_t entry_version; /* then the entries */
};

static_assert(sizeof(struct multiboot2_module) == 16);
static_assert(sizeof(struct multiboot2_memory_map) == 16);

/*
 * Read the boot information at a physical address; kernel is where we lie ourselves.  What
 * result->rsdp points to lies in the boot information, which is not free.  Returns nullptr, or
 * what is wrong; then the result is undefined.
 */
const char *multiboot2_parse(const struct boot_window *window, uint64_t information,
			     struct boot_range kernel, struct loader_result *out);
