// SPDX-License-Identifier: MIT
/* Refusals.  See check.h. */
#include "tools/capnpc-capos/check.h"

#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"
#include "tools/capnpc-capos/uses.h"

#include <string.h>

/* StreamResult of /capnp/stream.capnp. */
constexpr uint64_t STREAM_RESULT_ID = 0x995f9a3377c0b16e;

static void check_type(const struct node *node, const char *member, const struct type *type)
{
	while (type->kind == TYPE_LIST)
		type = type->element;
	if (type->has_brand || (type->kind == TYPE_ANY_POINTER && type->any == ANY_PARAMETER))
		report_error(node, member, "generic types are not supported");
}

/* A name that the schema gives for C. */
static void check_label(const struct node *node, const char *member, const struct label *label)
{
	if (name_is_snake(label->snake))
		return;
	report_error(node, member, "$C.name(\"%s\"): a name in C is [a-z][a-z0-9_]*",
		     label->snake);
}

static void check_struct(const struct node *node)
{
	for (uint32_t i = 0; i < node->field_count; i++) {
		const struct field *f = &node->fields[i];

		check_label(node, f->label.name, &f->label);
		if (!f->is_group)
			check_type(node, f->label.name, &f->type);
	}
}

static void check_interface(const struct node *node)
{
	if (node->has_superclass)
		report_error(node, nullptr,
			     "extends is not supported: a kernel object has one interface");
	for (uint32_t i = 0; i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		check_label(node, m->label.name, &m->label);
		if (m->results->id == STREAM_RESULT_ID)
			report_error(node, m->label.name,
				     "streaming methods are not supported");
		else if (m->is_generic)
			report_error(node, m->label.name,
				     "type parameters of methods are not supported");
	}
}

static void check_enum(const struct node *node)
{
	if (node->enumerant_count == 0)
		report_error(node, nullptr, "an enum without values is not supported");
	for (uint32_t i = 0; i < node->enumerant_count; i++)
		check_label(node, node->enumerants[i].name, &node->enumerants[i]);
}

static void check_const(const struct node *node)
{
	check_type(node, nullptr, &node->type);
	if (type_is_capability(&node->type))
		report_error(node, nullptr, "a constant cannot be a capability");
}

static void check_node(void *context, const struct node *node)
{
	(void)context;
	if (node->kind == NODE_ANNOTATION)
		return;
	check_label(node, nullptr, &node->label);
	if (node->is_generic)
		report_error(node, nullptr, "generic types are not supported");
	else if (node->kind == NODE_STRUCT)
		check_struct(node);
	else if (node->kind == NODE_INTERFACE)
		check_interface(node);
	else if (node->kind == NODE_CONST)
		check_const(node);
	else if (node->kind == NODE_ENUM)
		check_enum(node);
}

/* Whether a path stays below the folder that it starts in. */
static bool stays_inside(const char *path)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 2 && strncmp(path, "..", 2) == 0))
			return false;
		path += length;
		path += *path == '/';
	}
	return true;
}

static void check_path(const struct schema *schema, uint32_t i)
{
	const struct node *file = schema->files[i];
	const char *path = emit_path(file, ".capnp.h");

	if (!stays_inside(path))
		report_error(file, nullptr, "the path would leave the output folder");
	for (uint32_t j = 0; j < i; j++)
		if (strcmp(emit_path(schema->files[j], ".capnp.h"), path) == 0)
			report_error(file, nullptr, "its output %s is also that of %s", path,
				     schema->files[j]->label.name);
}

/* The first of the files that include each other with this one. */
static const struct node *other_of_circle(const struct node *file)
{
	struct uses reached = uses_reached(file);

	if (!uses_contain(&reached, file))
		return nullptr;
	for (uint32_t i = 0; i < reached.count; i++) {
		struct uses back = uses_reached(reached.files[i]);

		if (reached.files[i] != file && uses_contain(&back, file))
			return reached.files[i];
	}
	return file;
}

void check_schema(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->file_count; i++) {
		const struct node *other = other_of_circle(schema->files[i]);

		check_path(schema, i);
		schema_visit(schema->files[i], check_node, nullptr);
		if (other != nullptr)
			report_error(schema->files[i], nullptr,
				     "imports in a circle are not supported: %s uses it too",
				     other->label.name);
	}
}
