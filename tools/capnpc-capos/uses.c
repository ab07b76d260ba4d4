// SPDX-License-Identifier: MIT
/* Which files a file needs.  See uses.h. */
#include "tools/capnpc-capos/uses.h"

#include <string.h>

static void use_file(struct uses *uses, const struct node *file)
{
	uint32_t at = 0;

	while (at < uses->count && strcmp(uses->files[at]->name, file->name) < 0)
		at++;
	if (file == uses->file || uses->count == MAX_USES ||
	    (at < uses->count && uses->files[at] == file))
		return;
	for (uint32_t i = uses->count++; i > at; i--)
		uses->files[i] = uses->files[i - 1];
	uses->files[at] = file;
}

static void use_type(struct uses *uses, const struct type *type)
{
	if (type->kind == TYPE_LIST)
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

bool uses_itself(const struct node *file)
{
	const struct node *reached[MAX_USES] = { file };
	uint32_t count = 1;

	for (uint32_t next = 0; next < count; next++) {
		struct uses uses = uses_of(reached[next], TYPE_ENUM, TYPE_INTERFACE);

		for (uint32_t i = 0; i < uses.count; i++) {
			uint32_t at = 0;

			while (at < count && reached[at] != uses.files[i])
				at++;
			if (at == 0)
				return true;
			if (at == count && count < MAX_USES)
				reached[count++] = uses.files[i];
		}
	}
	return false;
}
