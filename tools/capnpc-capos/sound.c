// SPDX-License-Identifier: MIT
/*
 * Whether a request is one that `capnp` could have written.  The emitters rely on it: a field
 * lies inside its struct, a name is an identifier, everything referred to has its place.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/schema.h"

#include <ctype.h>

/* Whether a type is known, and what it names is declared in some file. */
static bool is_sound_type(const struct type *type)
{
	while (type->kind == TYPE_LIST)
		type = type->element;
	return type->kind <= TYPE_ANY_POINTER &&
	       (type->node == nullptr ||
		(type->node->file != nullptr && !type->node->is_group));
}

/* Whether a value is of its type; the values of null pointers need not be. */
static bool is_sound_value(const struct type *type, struct object value)
{
	return value.data_bytes == 0 || object_uint16(value, 0) == type->kind;
}

/* Whether a field lies inside the struct. */
static bool is_inside(const struct node *node, const struct field *f)
{
	uint64_t bits = type_bits(&f->type);

	if (f->type.kind == TYPE_VOID)
		return true;
	if (bits == 0)
		return f->offset < node->pointers;
	return (f->offset + UINT64_C(1)) * bits <= node->data_words * UINT64_C(64);
}

static bool is_sound_field(const struct node *node, const struct field *f)
{
	if (!name_is_sound(f->label.name))
		return false;
	if (field_is_in_union(f) && f->discriminant >= node->union_members)
		return false;
	if (f->is_group)
		return f->group != nullptr && f->group->parent == node && f->group->is_group;
	return is_sound_type(&f->type) && is_sound_value(&f->type, f->value) &&
	       is_inside(node, f);
}

static bool is_sound_struct(const struct node *node)
{
	bool good = node->union_members <= node->field_count;

	good = good && (node->union_members == 0 || node->discriminant_offset + UINT64_C(2) <=
							    node->data_words * UINT64_C(8));
	/* A group is a view of the struct that it is in. */
	if (node->is_group)
		good = good && node->parent != nullptr && node->parent->kind == NODE_STRUCT &&
		       node->data_words == node->parent->data_words &&
		       node->pointers == node->parent->pointers;
	for (uint32_t i = 0; good && i < node->field_count; i++)
		good = is_sound_field(node, &node->fields[i]);
	return good;
}

static bool is_sound_interface(const struct node *node)
{
	bool good = true;

	for (uint32_t i = 0; good && i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		good = name_is_sound(m->label.name) && m->params != nullptr &&
		       m->params->file != nullptr && m->results != nullptr &&
		       m->results->file != nullptr && !m->params->is_group &&
		       !m->results->is_group;
	}
	return good;
}

static bool is_sound_path(const char *path)
{
	for (const char *c = path; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c) || *c == '"' || *c == '\\' || *c == '*')
			return false;
	return path[0] != '\0';
}

static bool is_sound_node(const struct node *node)
{
	bool good = node->kind <= NODE_ANNOTATION;

	if (node->kind == NODE_FILE)
		return is_sound_path(node->label.name);
	if (node->file == nullptr) /* imported, but nothing that is needed */
		return good;
	good = good && name_is_sound(node->label.name);
	if (node->kind == NODE_STRUCT)
		good = good && is_sound_struct(node);
	if (node->kind == NODE_INTERFACE)
		good = good && is_sound_interface(node);
	if (node->kind == NODE_CONST)
		good = good && is_sound_type(&node->type) &&
		       is_sound_value(&node->type, node->value);
	for (uint32_t i = 0; good && i < node->enumerant_count; i++)
		good = name_is_sound(node->enumerants[i].name);
	return good;
}

bool schema_is_sound(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->node_count; i++)
		if (!is_sound_node(&schema->nodes[i]))
			return false;
	return true;
}
