// SPDX-License-Identifier: MIT
/* Reader of the PVH start info.  See pvh.h. */
#include "kernel/arch/x86_64/pvh.h"

/* Any other number of modules than one is refused by the kernel proper. */
static const char *read_module(const struct boot_window *window,
			       const struct pvh_start_info *info, struct boot_range kernel,
			       struct loader_result *out)
{
	struct pvh_module module;

	out->info.module_count = info->module_count;
	if (info->module_count != 1)
		return nullptr;
	if (!boot_window_copy(window, info->modules, &module, sizeof(module)))
		return "the module list is out of reach";
	return loader_set_module(out, kernel, module.address, module.size);
}

const char *pvh_parse(const struct boot_window *window, uint64_t start_info,
		      struct boot_range kernel, struct loader_result *out)
{
	struct pvh_start_info info;
	struct loader_memory_map map;
	const char *wrong;

	memset(out, 0, sizeof(*out));
	out->info.protocol = "PVH";
	if (!boot_window_copy(window, start_info, &info, sizeof(info)) ||
	    info.magic != PVH_MAGIC)
		return "not started by a PVH loader";
	map = (struct loader_memory_map){
		.address = info.memory_map,
		.entries = info.version < 1 ? 0 : info.memory_map_entries,
		.entry_bytes = sizeof(struct loader_memory_entry),
	};
	out->rsdp = info.rsdp;
	wrong = loader_read_command_line(window, info.command_line, &out->info);
	if (wrong == nullptr)
		wrong = loader_read_memory_map(window, &map, out);
	if (wrong == nullptr)
		wrong = read_module(window, &info, kernel, out);
	if (wrong != nullptr)
		return wrong;
	return loader_finish(out, kernel, (struct boot_range){ 0 });
}
