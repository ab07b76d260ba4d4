// SPDX-License-Identifier: MIT
/* Which files a file needs.  See uses.h. */
#include "tools/capnpc-capos/uses.h"

#include "tools/capnpc-capos/memory.h"

#include <string.h>

/* Room for one more. */
static void grow(struct uses *uses)
{
	const struct node **larger;

	if (uses->count < uses->capacity)
		return;
	uses->capacity = uses->capacity * 2 + 8;
	larger = memory_take(uses->capacity, sizeof(struct node *));
	for (uint32_t i = 0; i < uses->count; i++)
		larger[i] = uses->files[i];
	uses->files = larger;
}

bool uses_contain(const struct uses *uses, const struct node *file)
{
	for (uint32_t i = 0; i < uses->count; i++)
		if (uses->files[i] == file)
			return true;
	return false;
}

bool uses_add(struct uses *uses, const struct node *file)
{
	uint32_t at = 0;

	if (uses_contain(uses, file))
		return false;
	while (at < uses->count && strcmp(uses->files[at]->label.name, file->label.name) < 0)
		at++;
	grow(uses);
	for (uint32_t i = uses->count++; i > at; i--)
		uses->files[i] = uses->files[i - 1];
	uses->files[at] = file;
	return true;
}

static void use_file(struct uses *uses, const struct node *file)
{
	if (file != uses->file)
		uses_add(uses, file);
}

static void use_type(struct uses *uses, const struct type *type)
{
	while (type->kind == TYPE_LIST)
		type = type->element;
	if (type->node != nullptr && type->kind >= uses->first && type->kind <= uses->last)
		use_file(uses, type->node->file);
}

static void use_node(void *context, const struct node *node)
{
	struct uses *uses = context;

	if (node->kind == NODE_CONST)
		use_type(uses, &node->type);
	for (uint32_t i = 0; i < node->field_count; i++)
		if (!node->fields[i].is_group)
			use_type(uses, &node->fields[i].type);
	for (uint32_t i = 0; uses->last >= TYPE_STRUCT && i < node->method_count; i++) {
		use_file(uses, node->methods[i].params->file);
		use_file(uses, node->methods[i].results->file);
	}
}

struct uses uses_of(const struct node *file, enum type_kind first, enum type_kind last)
{
	struct uses uses = { .file = file, .first = first, .last = last };

	schema_visit(file, use_node, &uses);
	return uses;
}

struct uses uses_reached(const struct node *file)
{
	struct uses reached = {}, waiting = {};

	uses_add(&waiting, file);
	while (waiting.count != 0) {
		const struct node *next = waiting.files[--waiting.count];
		struct uses uses = uses_of(next, TYPE_ENUM, TYPE_INTERFACE);

		for (uint32_t i = 0; i < uses.count; i++)
			if (uses_add(&reached, uses.files[i]))
				uses_add(&waiting, uses.files[i]);
	}
	return reached;
}
