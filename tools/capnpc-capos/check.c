// SPDX-License-Identifier: MIT
/* Refusals.  See check.h. */
#include "tools/capnpc-capos/check.h"

#include "tools/capnpc-capos/report.h"
#include "tools/capnpc-capos/uses.h"

#include <string.h>

/* StreamResult of /capnp/stream.capnp. */
constexpr uint64_t STREAM_RESULT_ID = 0x995f9a3377c0b16e;

static void check_element(const struct node *node, const char *member,
			  const struct type *element)
{
	if (element->kind == TYPE_LIST)
		report_error(node, member, "a list of lists is not supported");
	else if (element->has_brand)
		report_error(node, member, "generic types are not supported");
	else if (element->kind == TYPE_ANY_POINTER && !element->is_capability)
		report_error(node, member, "a list of AnyPointer is not supported");
}

static void check_type(const struct node *node, const char *member, const struct type *type)
{
	if (type->has_brand)
		report_error(node, member, "generic types are not supported");
	else if (type->kind > TYPE_ANY_POINTER)
		report_error(node, member, "type number %u is not known to this plug-in",
			     (unsigned int)type->kind);
	else if (type->kind == TYPE_ANY_POINTER && !type->is_capability)
		report_error(node, member, "AnyPointer is not supported, but for Capability");
	else if (type->kind == TYPE_LIST)
		check_element(node, member, type->element);
}

static void check_struct(const struct node *node)
{
	for (uint32_t i = 0; i < node->field_count; i++) {
		const struct field *f = &node->fields[i];

		if (f->is_group)
			continue;
		check_type(node, f->name, &f->type);
		if (f->has_default &&
		    (f->type.kind == TYPE_STRUCT || f->type.kind == TYPE_LIST))
			report_error(node, f->name,
				     "a default of a struct or list is not supported");
	}
}

static void check_interface(const struct node *node)
{
	if (node->has_superclass)
		report_error(node, nullptr, "extends is not supported");
	for (uint32_t i = 0; i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		if (m->results->id == STREAM_RESULT_ID)
			report_error(node, m->name, "streaming methods are not supported");
		else if (m->is_generic)
			report_error(node, m->name,
				     "type parameters of methods are not supported");
	}
}

static void check_const(const struct node *node)
{
	check_type(node, nullptr, &node->type);
	if (node->type.kind == TYPE_INTERFACE || node->type.kind == TYPE_ANY_POINTER)
		report_error(node, nullptr, "a constant cannot be a capability");
}

static void check_node(void *context, const struct node *node)
{
	(void)context;
	if (node->is_generic && node->kind != NODE_ANNOTATION) {
		report_error(node, nullptr, "generic types are not supported");
		return;
	}
	switch (node->kind) {
	case NODE_STRUCT:
		check_struct(node);
		break;
	case NODE_INTERFACE:
		check_interface(node);
		break;
	case NODE_CONST:
		check_const(node);
		break;
	case NODE_ENUM:
		if (node->enumerant_count == 0)
			report_error(node, nullptr, "an enum without values is not supported");
		break;
	case NODE_FILE:
	case NODE_ANNOTATION:
		break;
	}
}

void check_schema(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->file_count; i++) {
		if (strstr(schema->files[i]->name, "..") != nullptr)
			report_error(schema->files[i], nullptr,
				     "the path would leave the output folder");
		schema_visit(schema->files[i], check_node, nullptr);
		if (uses_itself(schema->files[i]))
			report_error(schema->files[i], nullptr,
				     "imports in a circle are not supported");
	}
}
