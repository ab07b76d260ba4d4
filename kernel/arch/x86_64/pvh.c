// SPDX-License-Identifier: MIT
/* Reader of the PVH start info.  See pvh.h. */
#include "kernel/arch/x86_64/pvh.h"

#include <stdckdint.h>

#include "kernel/arch/x86_64/layout.h"
#include "lib/string.h"

/* Firmware and legacy devices own parts of it, not always listed. */
constexpr uint64_t LOW_MEMORY_END = 0x100000;

/* Copy size bytes of physical memory; false if they are not all in the window. */
static bool copy_in(const struct pvh_window *window, uint64_t address, void *out, uint64_t size)
{
	if (address > window->size || size > window->size - address)
		return false;
	memcpy(out, window->memory + address, size);
	return true;
}

/* The end of a range of the memory map; one that wraps around ends at the top. */
static uint64_t entry_end(const struct pvh_memory_entry *entry)
{
	uint64_t end;

	return ckd_add(&end, entry->address, entry->size) ? UINT64_MAX : end;
}

/* Add the entries that are RAM to ram, or remove all others from it. */
static bool read_memory_map(const struct pvh_window *window, const struct pvh_start_info *info,
			    bool add, struct range_set *ram)
{
	for (uint32_t i = 0; i < info->memory_map_entries; i++) {
		struct pvh_memory_entry entry;
		uint64_t address;

		if (ckd_add(&address, info->memory_map, i * sizeof(entry)) ||
		    !copy_in(window, address, &entry, sizeof(entry)))
			return false;
		if (entry.size == 0)
			continue;
		if (add && entry.type == PVH_MEMORY_RAM)
			range_set_add(ram, entry.address, entry_end(&entry));
		else if (!add && entry.type != PVH_MEMORY_RAM)
			range_set_remove(ram, entry.address, entry_end(&entry));
	}
	return true;
}

/* Where two entries disagree, the memory is not RAM: hence two passes. */
static const char *read_ram(const struct pvh_window *window, const struct pvh_start_info *info,
			    struct range_set *ram, uint64_t *out_bytes)
{
	ram->count = 0;
	if (info->version < 1 || info->memory_map_entries == 0)
		return "the loader gave no memory map";
	if (info->memory_map_entries > PVH_MAX_MEMORY_ENTRIES)
		return "the loader's memory map is too long";
	if (!read_memory_map(window, info, true, ram) ||
	    !read_memory_map(window, info, false, ram))
		return "the loader's memory map is out of reach";
	*out_bytes = range_set_bytes(ram);
	range_set_remove(ram, 0, LOW_MEMORY_END);
	range_set_remove(ram, DIRECT_MAP_BYTES, UINT64_MAX);
	return nullptr;
}

static const char *read_command_line(const struct pvh_window *window, uint64_t address,
				     char out[static BOOT_COMMAND_LINE_BYTES])
{
	out[0] = '\0';
	if (address == 0)
		return nullptr;
	for (uint32_t i = 0; i < BOOT_COMMAND_LINE_BYTES; i++) {
		uint64_t from;

		if (ckd_add(&from, address, i) || !copy_in(window, from, &out[i], 1))
			return "the command line is out of reach";
		if (out[i] == '\0')
			return nullptr;
	}
	out[BOOT_COMMAND_LINE_BYTES - 1] = '\0';
	return nullptr;
}

/* Any other number of modules than one is refused by the kernel proper. */
static const char *read_module(const struct pvh_window *window,
			       const struct pvh_start_info *info, const struct range_set *ram,
			       struct boot_range kernel, struct boot_info *out_info)
{
	struct pvh_module module;
	uint64_t end;

	out_info->module_count = info->module_count;
	out_info->module = (struct paddr){ 0 };
	out_info->module_bytes = 0;
	if (info->module_count != 1)
		return nullptr;
	if (!copy_in(window, info->modules, &module, sizeof(module)))
		return "the module list is out of reach";
	if (ckd_add(&end, module.address, module.size) ||
	    !range_set_contains(ram, module.address, end))
		return "the boot module is not in usable memory";
	if (module.address < kernel.end && end > kernel.start)
		return "the boot module overlaps the kernel";
	out_info->module.raw = module.address;
	out_info->module_bytes = module.size;
	return nullptr;
}

const char *pvh_parse(const struct pvh_window *window, uint64_t start_info,
		      struct boot_range kernel, struct pvh_result *out)
{
	struct pvh_start_info info;
	const char *wrong;

	if (!copy_in(window, start_info, &info, sizeof(info)) || info.magic != PVH_MAGIC)
		return "not started by a PVH loader";
	wrong = read_command_line(window, info.command_line, out->info.command_line);
	if (wrong == nullptr)
		wrong = read_ram(window, &info, &out->ram, &out->info.ram_bytes);
	if (wrong == nullptr)
		wrong = read_module(window, &info, &out->ram, kernel, &out->info);
	if (wrong != nullptr)
		return wrong;
	if (!range_set_contains(&out->ram, kernel.start, kernel.end))
		return "the kernel is not in usable memory";

	out->free = out->ram;
	range_set_remove(&out->free, kernel.start, kernel.end);
	range_set_remove(&out->free, out->info.module.raw,
			 out->info.module.raw + out->info.module_bytes);
	return nullptr;
}
