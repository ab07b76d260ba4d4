// SPDX-License-Identifier: MIT
/*
 * abi.txt: ids, ordinals, offsets, sizes and values, one a line, so that a change of the ABI is
 * a change of a text file that is kept under tests/golden.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/flatten.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>
#include <stdlib.h>

/* A value of pointer type, as a message. */
static void abi_words(struct output *o, struct object value)
{
	struct words w = flatten(value, 0);

	for (uint32_t i = 0; i < w.count; i++)
		out(o, " %016" PRIx64, w.word[i]);
}

static void abi_field(struct output *o, const struct field *f)
{
	uint32_t bits = type_bits(&f->type);

	out(o, "  %s", f->label.name);
	if (field_is_in_union(f))
		out(o, " tag %u", f->discriminant);
	if (f->is_group)
		out(o, " group");
	else if (bits != 0)
		out(o, " bits %u-%u %s", f->offset * bits, f->offset * bits + bits - 1,
		    type_name(&f->type));
	else if (f->type.kind == TYPE_VOID)
		out(o, " Void");
	else
		out(o, " pointer %u %s", f->offset, type_name(&f->type));
	if (!f->is_group && type_value_bits(&f->type, f->value) != 0)
		out(o, " = 0x%" PRIx64, type_value_bits(&f->type, f->value));
	if (!f->is_group && type_is_pointer(&f->type) && object_has(f->value, 0)) {
		out(o, " =");
		abi_words(o, f->value);
	}
	out(o, "\n");
}

static void abi_struct(struct output *o, const struct node *node)
{
	out(o, "struct %s @0x%016" PRIx64 " data %u pointers %u", report_name(node, nullptr),
	    node->id, node->data_words, node->pointers);
	if (node->union_members != 0)
		out(o, " union %u at %u", node->union_members, node->discriminant_offset);
	out(o, "\n");
	for (uint32_t i = 0; i < node->field_count; i++)
		abi_field(o, &node->fields[i]);
}

static void abi_const(struct output *o, const struct node *node)
{
	out(o, "const %s %s", report_name(node, nullptr), type_name(&node->type));
	if (type_is_scalar(&node->type)) {
		out(o, " = 0x%" PRIx64 "\n", type_value_bits(&node->type, node->value));
	} else {
		abi_words(o, node->value);
		out(o, "\n");
	}
}

static void abi_node(void *context, const struct node *node)
{
	struct output *o = context;

	switch (node->kind) {
	case NODE_STRUCT:
		abi_struct(o, node);
		break;
	case NODE_ENUM:
		out(o, "enum %s @0x%016" PRIx64 "\n", report_name(node, nullptr), node->id);
		for (uint32_t i = 0; i < node->enumerant_count; i++)
			out(o, "  %s %u\n", node->enumerants[i].name, i);
		break;
	case NODE_INTERFACE:
		out(o, "interface %s @0x%016" PRIx64 "\n", report_name(node, nullptr),
		    node->id);
		for (uint32_t i = 0; i < node->method_count; i++)
			out(o, "  %s %u %s -> %s\n", node->methods[i].label.name, i,
			    report_name(node->methods[i].params, nullptr),
			    report_name(node->methods[i].results, nullptr));
		break;
	case NODE_CONST:
		abi_const(o, node);
		break;
	case NODE_FILE:
	case NODE_ANNOTATION:
		break;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct node *const *first = a, *const *second = b;

	return __builtin_strcmp((*first)->label.name, (*second)->label.name);
}

void emit_abi(const struct schema *schema)
{
	struct output *o = output_open("abi.txt");

	qsort(schema->files, schema->file_count, sizeof(*schema->files), by_name);
	for (uint32_t i = 0; i < schema->file_count; i++) {
		out(o, "%sfile %s @0x%016" PRIx64 "\n", i == 0 ? "" : "\n",
		    schema->files[i]->label.name, schema->files[i]->id);
		schema_visit(schema->files[i], abi_node, o);
	}
}
