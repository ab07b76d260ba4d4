// SPDX-License-Identifier: MIT
#pragma once
/*
 * A boot protocol: Xen's direct boot for PVH guests, also spoken by QEMU, Firecracker and
 * cloud-hypervisor.  The loader leaves a start info structure in memory, which names a memory
 * map, a command line and modules (xen/include/public/arch-x86/hvm/start_info.h).
 */
#include "kernel/arch/x86_64/loader.h"

constexpr uint32_t PVH_MAGIC = 0x336ec578;

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

/*
 * Read the start info at a physical address; kernel is where we lie ourselves.  Everything but
 * the module has been copied when this returns.  Returns nullptr, or what is wrong; then the
 * result is undefined.
 */
const char *pvh_parse(const struct boot_window *window, uint64_t start_info,
		      struct boot_range kernel, struct loader_result *out);
