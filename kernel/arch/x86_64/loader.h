// SPDX-License-Identifier: MIT
#pragma once
/*
 * What a loader told us, whichever protocol it speaks.  The parser of a protocol (pvh.h,
 * multiboot2.h) finds the parts; the functions here check them and put them together:
 *
 *   1. loader_read_memory_map()    the RAM, on which everything else is checked
 *   2. loader_read_command_line(), loader_set_module()
 *   3. loader_finish()             what of the RAM is free
 *
 * Nothing is trusted: every address is checked against the window, every sum against overflow.
 * All functions return nullptr, or what is wrong in one line; then the result is undefined.
 */
#include <stddef.h>

#include "kernel/arch/x86_64/boot_window.h"
#include "kernel/arch/x86_64/range_set.h"

constexpr uint32_t LOADER_MAX_MEMORY_ENTRIES = 1024;
constexpr uint32_t LOADER_MEMORY_RAM = 1;

/* The same in both protocols, which have it from the BIOS (ACPI 6.4, table 15.4). */
struct loader_memory_entry {
	uint64_t address;
	uint64_t size;
	uint32_t type; /* LOADER_MEMORY_RAM, or not ours to use */
	uint32_t reserved;
};

static_assert(sizeof(struct loader_memory_entry) == 24);

struct loader_memory_map {
	uint64_t address;
	uint32_t entries;
	uint32_t entry_bytes; /* at least those of struct loader_memory_entry */
};

struct loader_result {
	struct boot_info info; /* all but its free ranges, processors and devices */
	struct range_set ram;  /* usable RAM: what the direct map has to cover */
	struct range_set free; /* what of it, above 1 MiB, nobody occupies */
	uint64_t rsdp;         /* where the loader saw ACPI's root pointer; 0 = nowhere */
};

/* Where two entries disagree, the memory is not RAM. */
const char *loader_read_memory_map(const struct boot_window *window,
				   const struct loader_memory_map *map,
				   struct loader_result *out);

/* A NUL-terminated text; address 0 is an empty one.  One that is too long loses whole words at
 * its end. */
const char *loader_read_command_line(const struct boot_window *window, uint64_t address,
				     struct boot_info *out);

/* The one module is [start, start + size): in RAM, and not in the kernel. */
const char *loader_set_module(struct loader_result *out, struct boot_range kernel,
			      uint64_t start, uint64_t size);

/* kernel is where we lie ourselves, structures what the loader left for us to read. */
const char *loader_finish(struct loader_result *out, struct boot_range kernel,
			  struct boot_range structures);
