// SPDX-License-Identifier: MIT
/* Reader of the Multiboot2 boot information.  See multiboot2.h. */
#include "kernel/arch/x86_64/multiboot2.h"

constexpr uint64_t TAG_ALIGNMENT = 8;
constexpr uint32_t MAX_TAGS = 1024;

/* Where the tags of interest lie; each range is inside the boot information. */
struct found {
	struct boot_range command_line;
	struct boot_range memory_map;
	struct boot_range rsdp;
	struct boot_range module; /* the last one's */
	uint32_t module_count;
	bool rsdp_is_v2;
};

static uint64_t size_of(struct boot_range range)
{
	return range.end - range.start;
}

/* Of two tags of a type the first one counts. */
static void note_first(struct boot_range *place, struct boot_range tag)
{
	if (size_of(*place) == 0)
		*place = tag;
}

/* The newer root pointer wins, as it leads to more. */
static void note_rsdp(struct found *found, struct boot_range tag, bool is_v2)
{
	if (size_of(found->rsdp) != 0 && (found->rsdp_is_v2 || !is_v2))
		return;
	found->rsdp = tag;
	found->rsdp_is_v2 = is_v2;
}

static void note_tag(struct found *found, uint32_t type, struct boot_range tag)
{
	switch (type) {
	case MULTIBOOT2_COMMAND_LINE:
		note_first(&found->command_line, tag);
		return;
	case MULTIBOOT2_MODULE:
		found->module = tag;
		found->module_count++;
		return;
	case MULTIBOOT2_MEMORY_MAP:
		note_first(&found->memory_map, tag);
		return;
	case MULTIBOOT2_RSDP_V1:
	case MULTIBOOT2_RSDP_V2:
		note_rsdp(found, tag, type == MULTIBOOT2_RSDP_V2);
		return;
	default: /* the specification's numbers: there are more of them */
		return;
	}
}

/* Find the tags between the head and end. */
static const char *walk(const struct boot_window *window, uint64_t at, uint64_t end,
			struct found *out)
{
	for (uint32_t i = 0; i < MAX_TAGS; i++) {
		struct multiboot2_tag tag;

		if (end - at < sizeof(tag) || !boot_window_copy(window, at, &tag, sizeof(tag)))
			return "the boot information has no end";
		if (tag.type == MULTIBOOT2_END)
			return nullptr;
		if (tag.size < sizeof(tag) || tag.size > end - at)
			return "a tag of the boot information is malformed";
		note_tag(out, tag.type, (struct boot_range){ at, at + tag.size });
		at += (tag.size + TAG_ALIGNMENT - 1) & ~(TAG_ALIGNMENT - 1);
		if (at > end)
			return "the boot information has no end";
	}
	return "the boot information has too many tags";
}

static const char *read_memory_map(const struct boot_window *window, struct boot_range tag,
				   struct loader_result *out)
{
	struct multiboot2_memory_map head;
	struct loader_memory_map map = { 0 };

	if (size_of(tag) == 0)
		return loader_read_memory_map(window, &map, out);
	if (size_of(tag) < sizeof(head) ||
	    !boot_window_copy(window, tag.start, &head, sizeof(head)) ||
	    head.entry_size < sizeof(struct loader_memory_entry) || head.entry_size % 8 != 0)
		return "the loader's memory map is malformed";
	map.address = tag.start + sizeof(head);
	map.entries = (uint32_t)((size_of(tag) - sizeof(head)) / head.entry_size);
	map.entry_bytes = head.entry_size;
	return loader_read_memory_map(window, &map, out);
}

/* The text ends inside its tag, or what follows would be read as its words. */
static const char *read_command_line(const struct boot_window *window, struct boot_range tag,
				     struct boot_info *out)
{
	struct boot_window tag_only = { window->memory, tag.end };

	if (size_of(tag) == 0)
		return nullptr;
	return loader_read_command_line(&tag_only, tag.start + sizeof(struct multiboot2_tag),
					out);
}

/* Any other number of modules than one is refused by the kernel proper. */
static const char *read_module(const struct boot_window *window, const struct found *found,
			       struct boot_range kernel, struct loader_result *out)
{
	struct multiboot2_module module;

	out->info.module_count = found->module_count;
	if (found->module_count != 1)
		return nullptr;
	if (size_of(found->module) < sizeof(module) ||
	    !boot_window_copy(window, found->module.start, &module, sizeof(module)) ||
	    module.end < module.start)
		return "the module's tag is malformed";
	return loader_set_module(out, kernel, module.start, module.end - module.start);
}

const char *multiboot2_parse(const struct boot_window *window, uint64_t information,
			     struct boot_range kernel, struct loader_result *out)
{
	struct multiboot2_head head;
	struct found found = { 0 };
	uint64_t end;
	const char *wrong;

	memset(out, 0, sizeof(*out));
	out->info.protocol = "Multiboot2";
	if (information % TAG_ALIGNMENT != 0 ||
	    !boot_window_copy(window, information, &head, sizeof(head)) ||
	    head.total_size < sizeof(head) || head.total_size > MULTIBOOT2_MAX_BYTES ||
	    boot_window_at(window, information, head.total_size) == nullptr)
		return "the boot information is out of reach";
	end = information + head.total_size;
	wrong = walk(window, information + sizeof(head), end, &found);
	if (wrong == nullptr)
		wrong = read_command_line(window, found.command_line, &out->info);
	if (wrong == nullptr)
		wrong = read_memory_map(window, found.memory_map, out);
	if (wrong == nullptr)
		wrong = read_module(window, &found, kernel, out);
	if (wrong != nullptr)
		return wrong;
	if (size_of(found.rsdp) != 0)
		out->rsdp = found.rsdp.start + sizeof(struct multiboot2_tag);
	return loader_finish(out, kernel, (struct boot_range){ information, end });
}
