// SPDX-License-Identifier: MIT
/* Structs: their types and sizes; the getters and setters are in emit_field.c. */
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/memory.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>

/* The types of a struct's values and of lists of them. */
static void emit_types(struct output *o, const struct node *node)
{
	const char *prefix = node->prefix;

	report_claim(node, nullptr, name_format("struct %s_reader", prefix));
	report_claim(node, nullptr, name_format("struct %s_builder", prefix));
	out(o, "struct %s_reader {\n\tstruct struct_reader s;\n};\n", prefix);
	out(o, "\nstruct %s_builder {\n\tstruct struct_builder s;\n};\n", prefix);
	if (node->is_group || node->is_of_method)
		return;
	report_claim(node, nullptr, name_format("struct %s_list_reader", prefix));
	report_claim(node, nullptr, name_format("struct %s_list_builder", prefix));
	out(o, "\nstruct %s_list_reader {\n\tstruct list_reader l;\n};\n", prefix);
	out(o, "\nstruct %s_list_builder {\n\tstruct list_builder l;\n};\n", prefix);
}

static void emit_sizes(struct output *o, const struct node *node)
{
	const char *upper = node->upper;

	report_claim(node, nullptr, name_format("%s_ID", upper));
	report_claim(node, nullptr, name_format("%s_DATA_WORDS", upper));
	report_claim(node, nullptr, name_format("%s_POINTERS", upper));
	report_claim(node, nullptr, name_format("%s_MESSAGE_BYTES", upper));
	out(o, "\nconstexpr uint64_t %s_ID = 0x%016" PRIx64 ";\n", upper, node->id);
	out(o, "constexpr uint16_t %s_DATA_WORDS = %u;\n", upper, node->data_words);
	out(o, "constexpr uint16_t %s_POINTERS = %u;\n", upper, node->pointers);
	out(o, "/* As a root, without what it points to. */\n");
	out(o, "constexpr uint32_t %s_MESSAGE_BYTES = %u;\n", upper,
	    8u * (1u + node->data_words + node->pointers));
}

/* The discriminant's values, in their order. */
static void emit_which(struct output *o, const struct node *node)
{
	const struct field **members = memory_take(node->union_members, sizeof(*members));

	for (uint32_t i = 0; i < node->field_count; i++)
		if (field_is_in_union(&node->fields[i]))
			members[node->fields[i].discriminant] = &node->fields[i];
	report_claim(node, nullptr, name_format("enum %s_which", node->prefix));
	out(o, "\n/* Which member of the union is set. */\n");
	out(o, "enum %s_which : uint16_t {\n", node->prefix);
	for (uint32_t value = 0; value < node->union_members; value++) {
		const struct field *f = members[value];
		const char *name;

		if (f == nullptr)
			continue;
		name = name_format("%s_%s", node->upper, f->label.upper);
		report_claim(node, f->label.name, name);
		out(o, "\t%s = %u,\n", name, value);
	}
	out(o, "};\n");
}

void emit_struct_types(struct output *o, const struct node *node)
{
	out(o, "\n");
	out_comment(o, 0, node->label.doc);
	emit_types(o, node);
	if (!node->is_group)
		emit_sizes(o, node);
	if (emit_has_flat(node))
		emit_flat_type(o, node);
	if (node->union_members != 0)
		emit_which(o, node);
}

static void emit_root(struct output *o, const struct node *node)
{
	const char *p = node->prefix;

	report_claim(node, nullptr, name_format("%s_read_root", p));
	report_claim(node, nullptr, name_format("%s_init_root", p));
	out(o,
	    "\n[[nodiscard]] static inline bool %s_read_root(struct message_reader *m, "
	    "struct %s_reader *out)\n{\n",
	    p, p);
	out(o, "\treturn message_reader_root(m, &out->s);\n}\n");
	out(o, "\nstatic inline struct %s_builder %s_init_root(struct message_builder *m)\n{\n",
	    p, p);
	out(o, "\treturn (struct %s_builder){\n", p);
	out(o, "\t\tmessage_builder_root(m, %s_DATA_WORDS, %s_POINTERS),\n\t};\n}\n",
	    node->upper, node->upper);
	report_claim(node, nullptr, name_format("%s_copy_root", p));
	out(o,
	    "\nstatic inline struct %s_builder %s_copy_root(struct message_builder *m, "
	    "struct %s_reader from)\n{\n",
	    p, p, p);
	out(o, "\treturn (struct %s_builder){\n", p);
	out(o,
	    "\t\tmessage_builder_copy_root(m, from.s, %s_DATA_WORDS, %s_POINTERS),\n\t};\n}\n",
	    node->upper, node->upper);
}

static void emit_list(struct output *o, const struct node *node)
{
	const char *p = node->prefix;

	report_claim(node, nullptr, name_format("%s_list_get", p));
	report_claim(node, nullptr, name_format("%s_list_builder_get", p));
	out(o,
	    "\nstatic inline struct %s_reader %s_list_get(struct %s_list_reader list, uint32_t "
	    "i)\n",
	    p, p, p);
	out(o, "{\n\treturn (struct %s_reader){ list_reader_get_struct(list.l, i) };\n}\n", p);
	out(o,
	    "\nstatic inline struct %s_builder %s_list_builder_get(struct %s_list_builder "
	    "list, "
	    "uint32_t i)\n",
	    p, p, p);
	out(o, "{\n\treturn (struct %s_builder){ list_builder_get_struct(list.l, i) };\n}\n",
	    p);
}

/* From and into pointers whose target has no type in the schema. */
static void emit_untyped(struct output *o, const struct node *node)
{
	const char *p = node->prefix;
	const char *u = node->upper;

	report_claim(node, nullptr, name_format("%s_from_pointer", p));
	report_claim(node, nullptr, name_format("%s_into_pointer", p));
	report_claim(node, nullptr, name_format("%s_list_from_pointer", p));
	report_claim(node, nullptr, name_format("%s_list_into_pointer", p));
	out(o,
	    "\nstatic inline struct %s_reader %s_from_pointer(struct pointer_reader p)\n"
	    "{\n\treturn (struct %s_reader){ pointer_reader_get_struct(p) };\n}\n",
	    p, p, p);
	out(o,
	    "\nstatic inline struct %s_list_reader %s_list_from_pointer(struct pointer_reader "
	    "p)\n"
	    "{\n\treturn (struct %s_list_reader){\n"
	    "\t\tpointer_reader_get_list(p, MESSAGE_ELEMENT_STRUCT),\n\t};\n}\n",
	    p, p, p);
	out(o,
	    "\nstatic inline struct %s_builder %s_into_pointer(struct pointer_builder p)\n"
	    "{\n\treturn (struct %s_builder){\n"
	    "\t\tpointer_builder_init_struct(p, %s_DATA_WORDS, %s_POINTERS),\n\t};\n}\n",
	    p, p, p, u, u);
	out(o,
	    "\nstatic inline struct %s_list_builder %s_list_into_pointer(struct "
	    "pointer_builder p, "
	    "uint32_t count)\n"
	    "{\n\treturn (struct %s_list_builder){\n"
	    "\t\tpointer_builder_init_struct_list(p, count, %s_DATA_WORDS, %s_POINTERS),\n"
	    "\t};\n}\n",
	    p, p, p, u, u);
}

static void emit_which_function(struct output *o, const struct node *node)
{
	const char *p = node->prefix;

	report_claim(node, nullptr, name_format("%s_which", p));
	out(o, "\nstatic inline enum %s_which %s_which(struct %s_reader r)\n{\n", p, p, p);
	out(o, "\treturn (enum %s_which)struct_reader_get_uint16(r.s, %u);\n}\n", p,
	    node->discriminant_offset);
}

void emit_struct_functions(struct output *o, const struct node *node)
{
	if (!node->is_group)
		emit_root(o, node);
	if (!node->is_group && !node->is_of_method) {
		emit_list(o, node);
		emit_untyped(o, node);
	}
	if (emit_has_flat(node))
		emit_flat_functions(o, node);
	if (node->union_members != 0)
		emit_which_function(o, node);
	for (uint32_t i = 0; i < node->field_count; i++)
		emit_field(o, node, &node->fields[i]);
}
