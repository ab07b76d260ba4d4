// SPDX-License-Identifier: MIT
/* What a loader told us.  See loader.h. */
#include "kernel/arch/x86_64/loader.h"

#include <stdckdint.h>

#include "kernel/arch/x86_64/layout.h"

/* Firmware and legacy devices own parts of it, not always listed. */
constexpr uint64_t LOW_MEMORY_END = 0x100000;

/* The end of a range of the memory map; one that wraps around ends at the top. */
static uint64_t entry_end(const struct loader_memory_entry *entry)
{
	uint64_t end;

	return ckd_add(&end, entry->address, entry->size) ? UINT64_MAX : end;
}

/* Add the entries that are RAM to ram, or remove all others from it. */
static bool read_entries(const struct boot_window *window, const struct loader_memory_map *map,
			 bool add, struct range_set *ram)
{
	for (uint32_t i = 0; i < map->entries; i++) {
		struct loader_memory_entry entry;
		uint64_t address;

		if (ckd_add(&address, map->address, (uint64_t)i * map->entry_bytes) ||
		    !boot_window_copy(window, address, &entry, sizeof(entry)))
			return false;
		if (entry.size == 0)
			continue;
		if (add && entry.type == LOADER_MEMORY_RAM)
			range_set_add(ram, entry.address, entry_end(&entry));
		else if (!add && entry.type != LOADER_MEMORY_RAM)
			range_set_remove(ram, entry.address, entry_end(&entry));
	}
	return true;
}

const char *loader_read_memory_map(const struct boot_window *window,
				   const struct loader_memory_map *map,
				   struct loader_result *out)
{
	out->ram.count = 0;
	if (map->entries == 0)
		return "the loader gave no memory map";
	if (map->entries > LOADER_MAX_MEMORY_ENTRIES)
		return "the loader's memory map is too long";
	if (!read_entries(window, map, true, &out->ram) ||
	    !read_entries(window, map, false, &out->ram))
		return "the loader's memory map is out of reach";
	out->info.ram_bytes = range_set_bytes(&out->ram);
	range_set_remove(&out->ram, DIRECT_MAP_BYTES, UINT64_MAX);
	return nullptr;
}

/* The rest of a word would be another word. */
static void drop_last_word(char *text, uint32_t size)
{
	while (size > 0 && text[size - 1] != ' ')
		size--;
	text[size] = '\0';
}

const char *loader_read_command_line(const struct boot_window *window, uint64_t address,
				     struct boot_info *out)
{
	out->command_line[0] = '\0';
	if (address == 0)
		return nullptr;
	for (uint32_t i = 0; i < BOOT_COMMAND_LINE_BYTES; i++) {
		uint64_t from;

		if (ckd_add(&from, address, i) ||
		    !boot_window_copy(window, from, &out->command_line[i], 1))
			return "the command line is out of reach";
		if (out->command_line[i] == '\0')
			return nullptr;
	}
	drop_last_word(out->command_line, BOOT_COMMAND_LINE_BYTES - 1);
	return nullptr;
}

const char *loader_set_module(struct loader_result *out, struct boot_range kernel,
			      uint64_t start, uint64_t size)
{
	uint64_t end;

	if (ckd_add(&end, start, size) || !range_set_contains(&out->ram, start, end))
		return "the boot module is not in usable memory";
	if (start < kernel.end && end > kernel.start)
		return "the boot module overlaps the kernel";
	out->info.module.raw = start;
	out->info.module_bytes = size;
	return nullptr;
}

const char *loader_finish(struct loader_result *out, struct boot_range kernel,
			  struct boot_range structures)
{
	uint64_t module = out->info.module.raw;

	if (!range_set_contains(&out->ram, kernel.start, kernel.end))
		return "the kernel is not in usable memory";
	out->free = out->ram;
	range_set_remove(&out->free, 0, LOW_MEMORY_END);
	range_set_remove(&out->free, kernel.start, kernel.end);
	range_set_remove(&out->free, module, module + out->info.module_bytes);
	range_set_remove(&out->free, structures.start, structures.end);
	return nullptr;
}
