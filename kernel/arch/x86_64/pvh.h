// SPDX-License-Identifier: MIT
#pragma once
/*
 * The boot protocol: Xen's direct boot for PVH guests, also spoken by QEMU, Firecracker and
 * cloud-hypervisor.  The loader leaves a start info structure in memory, which names a memory
 * map, a command line and modules (xen/include/public/arch-x86/hvm/start_info.h).
 *
 * Nothing in it is trusted: every address is checked against the window through which the
 * parser reads, every sum against overflow.  What is wrong is said in one line.
 */
#include <stddef.h>

#include "kernel/arch/x86_64/range_set.h"

constexpr uint32_t PVH_MAGIC = 0x336ec578;
constexpr uint32_t PVH_MAX_MEMORY_ENTRIES = 1024;
constexpr uint32_t PVH_MEMORY_RAM = 1;

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t module_count;
	uint64_t modules;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t memory_map; /* since version 1 */
	uint32_t memory_map_entries;
	uint32_t reserved;
};

static_assert(sizeof(struct pvh_start_info) == 56);
static_assert(offsetof(struct pvh_start_info, memory_map) == 40);

struct pvh_module {
	uint64_t address;
	uint64_t size;
	uint64_t command_line;
	uint64_t reserved;
};

static_assert(sizeof(struct pvh_module) == 32);

struct pvh_memory_entry {
	uint64_t address;
	uint64_t size;
	uint32_t type; /* PVH_MEMORY_RAM, or not ours to use */
	uint32_t reserved;
};

static_assert(sizeof(struct pvh_memory_entry) == 24);

/* Physical memory [0, size) as the parser can read it. */
struct pvh_window {
	const uint8_t *memory;
	uint64_t size;
};

/* What the loader told us. */
struct pvh_result {
	struct boot_info info; /* all but its free ranges */
	struct range_set ram;  /* usable RAM above 1 MiB: what the direct map has to cover */
	struct range_set free; /* what of it neither the kernel nor the module occupies */
};

/*
 * Read the start info at a physical address; kernel is where we lie ourselves.  Everything but
 * the module has been copied when this returns.  Returns nullptr, or what is wrong; then the
 * result is undefined.
 */
const char *pvh_parse(const struct pvh_window *window, uint64_t start_info,
		      struct boot_range kernel, struct pvh_result *out);
