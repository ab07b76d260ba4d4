// SPDX-License-Identifier: MIT
/*
 * Getters and setters of fields.
 *
 * A getter of a union's member that is not set reads as the default: its offset is replaced by
 * MESSAGE_NO_FIELD, which lies past every section.  Setters of members set the discriminant.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>

/* What the functions of one field have in common. */
struct emission {
	struct output *o;
	const struct node *node;
	const struct field *field;
	const char *prefix; /* of the struct */
	const char *name;   /* of the field */
	const char *doc;    /* for the first function */
};

/* What stands before a function: the doc comment once. */
static void lead_in(struct emission *e)
{
	out(e->o, "\n");
	out_comment(e->o, 0, e->doc);
	e->doc = "";
}

/* "int32_t foo_get_bar(struct foo_reader r)" and the opening brace. */
static void open_getter(struct emission *e, const char *type, const char *verb)
{
	const char *name = name_format("%s_%s_%s", e->prefix, verb, e->name);

	report_claim(e->node, e->field->name, name);
	lead_in(e);
	out(e->o, "static inline %s %s(struct %s_reader r)\n{\n", type, name, e->prefix);
}

/* "void foo_set_bar(struct foo_builder b, ARGS)", the opening brace, and the discriminant. */
static void open_setter(struct emission *e, const char *type, const char *verb,
			const char *arguments)
{
	const char *name = name_format("%s_%s_%s", e->prefix, verb, e->name);

	report_claim(e->node, e->field->name, name);
	lead_in(e);
	out(e->o, "static inline %s %s(struct %s_builder b%s)\n{\n", type, name, e->prefix,
	    arguments);
	if (field_is_in_union(e->field))
		out(e->o, "\tstruct_builder_set_uint16(b.s, %u, %s_%s);\n",
		    e->node->discriminant_offset, e->node->upper, name_upper(e->field->name));
}

/* "foo_which(r) == FOO_BAR" */
static const char *is_set(struct emission *e)
{
	return name_format("%s_which(r) == %s_%s", e->prefix, e->node->upper,
			   name_upper(e->field->name));
}

/* An offset or index to read at, for the getter's body; declares `at` for members of unions. */
static const char *place_of(struct emission *e, uint32_t offset)
{
	if (!field_is_in_union(e->field))
		return name_format("%u", offset);
	out(e->o, "\tuint32_t at = MESSAGE_NO_FIELD;\n\n");
	out(e->o, "\tif (%s)\n\t\tat = %u;\n", is_set(e), offset);
	return "at";
}

/* Offset of a scalar in the data section: bytes, or bits for Bool. */
static uint32_t scalar_offset(const struct field *f)
{
	uint32_t bits = type_bits(&f->type);

	return bits == 1 ? f->offset : f->offset * (bits / 8);
}

/* Offset of a pointer in the struct, in bytes. */
static uint32_t pointer_offset(struct emission *e)
{
	return 8 * (e->node->data_words + e->field->offset);
}

/* " ^ 0x5u" where there is a default: the message holds the difference to it. */
static const char *default_mask(const struct field *f)
{
	uint64_t bits = type_value_bits(&f->type, f->value);

	if (bits == 0)
		return "";
	return name_format(" ^ 0x%" PRIx64 "u%s", bits, type_bits(&f->type) == 64 ? "ll" : "");
}

static void emit_bool(struct emission *e)
{
	bool is_true = object_bool(e->field->value, 16);
	const char *place;

	open_getter(e, "bool", "get");
	place = place_of(e, scalar_offset(e->field));
	out(e->o, "\treturn %sstruct_reader_get_bool(r.s, %s);\n}\n", is_true ? "!" : "",
	    place);
	open_setter(e, "void", "set", ", bool value");
	out(e->o, "\tstruct_builder_set_bool(b.s, %u, %svalue);\n}\n", scalar_offset(e->field),
	    is_true ? "!" : "");
}

static void emit_float(struct emission *e)
{
	uint32_t bits = type_bits(&e->field->type);
	const char *type = type_c(&e->field->type);
	const char *mask = default_mask(e->field);
	const char *place;

	open_getter(e, type, "get");
	place = place_of(e, scalar_offset(e->field));
	out(e->o, "\treturn message_float%u(struct_reader_get_uint%u(r.s, %s)%s);\n}\n", bits,
	    bits, place, mask);
	open_setter(e, "void", "set", name_format(", %s value", type));
	out(e->o, "\tstruct_builder_set_uint%u(b.s, %u, message_bits%u(value)%s);\n}\n", bits,
	    scalar_offset(e->field), bits, mask);
}

static void emit_number(struct emission *e)
{
	uint32_t bits = type_bits(&e->field->type);
	const char *type = type_c(&e->field->type);
	const char *mask = default_mask(e->field);
	bool is_unsigned =
		e->field->type.kind >= TYPE_UINT8 && e->field->type.kind <= TYPE_UINT64;
	const char *stored = is_unsigned ? "value" : name_format("(uint%u_t)value", bits);
	const char *read;

	open_getter(e, type, "get");
	read = place_of(e, scalar_offset(e->field));
	read = name_format("struct_reader_get_uint%u(r.s, %s)", bits, read);
	if (mask[0] != '\0') {
		read = name_format("(%s)(%s%s)", type, read, mask);
		stored = name_format("(uint%u_t)(%s%s)", bits, stored, mask);
	} else if (!is_unsigned) {
		read = name_format("(%s)%s", type, read);
	}
	out(e->o, "\treturn %s;\n}\n", read);
	open_setter(e, "void", "set", name_format(", %s value", type));
	out(e->o, "\tstruct_builder_set_uint%u(b.s, %u, %s);\n}\n", bits,
	    scalar_offset(e->field), stored);
}

static void emit_has(struct emission *e)
{
	const char *place;

	open_getter(e, "bool", "has");
	place = place_of(e, e->field->offset);
	out(e->o, "\treturn struct_reader_has(r.s, %s);\n}\n", place);
}

/* The value of a Text or Data field that is null: its default. */
static void emit_bytes_default(struct emission *e, const char *kind, const char *place)
{
	uint32_t size = 0;
	const uint8_t *bytes = object_data(e->field->value, 0, &size);
	bool is_text = e->field->type.kind == TYPE_TEXT;

	size -= is_text && size != 0;
	if (size == 0)
		return;
	out(e->o, "\tif (!struct_reader_has(r.s, %s))\n", place);
	out(e->o, "\t\treturn (struct %s_reader){ %s", kind,
	    is_text ? "" : "(const uint8_t *)");
	out_string(e->o, (const char *)bytes, size);
	out(e->o, ", %u };\n", size);
}

static void emit_bytes(struct emission *e)
{
	bool is_text = e->field->type.kind == TYPE_TEXT;
	const char *kind = is_text ? "text" : "data";
	const char *place;

	emit_has(e);
	open_getter(e, name_format("struct %s_reader", kind), "get");
	place = place_of(e, e->field->offset);
	emit_bytes_default(e, kind, place);
	out(e->o, "\treturn struct_reader_get_%s(r.s, %s);\n}\n", kind, place);
	open_setter(e, "bool", "set",
		    is_text ? ", const char *text, uint32_t size"
			    : ", const void *data, uint32_t size");
	out(e->o, "\treturn struct_builder_set_%s(b.s, %u, %s, size);\n}\n", kind,
	    pointer_offset(e), kind);
	if (is_text)
		return;
	out(e->o, "\n/* Zeroed bytes to be filled in; null when there is no room. */");
	open_setter(e, "uint8_t *", "init", ", uint32_t size");
	out(e->o, "\treturn struct_builder_init_data(b.s, %u, size);\n}\n", pointer_offset(e));
}

static void emit_struct(struct emission *e)
{
	const struct node *type = e->field->type.node;
	const char *place;

	emit_has(e);
	open_getter(e, name_format("struct %s_reader", type->prefix), "get");
	place = place_of(e, e->field->offset);
	out(e->o, "\treturn (struct %s_reader){ struct_reader_get_struct(r.s, %s) };\n}\n",
	    type->prefix, place);
	open_setter(e, name_format("struct %s_builder", type->prefix), "init", "");
	out(e->o, "\treturn (struct %s_builder){\n", type->prefix);
	out(e->o,
	    "\t\tstruct_builder_init_struct(b.s, %u, %s_DATA_WORDS, %s_POINTERS),\n\t};\n}\n",
	    pointer_offset(e), type->upper, type->upper);
}

static void emit_struct_list(struct emission *e)
{
	const struct node *type = e->field->type.element->node;
	const char *place;

	open_getter(e, name_format("struct %s_list_reader", type->prefix), "get");
	place = place_of(e, e->field->offset);
	out(e->o, "\treturn (struct %s_list_reader){\n", type->prefix);
	out(e->o, "\t\tstruct_reader_get_list(r.s, %s, MESSAGE_ELEMENT_STRUCT),\n\t};\n}\n",
	    place);
	open_setter(e, name_format("struct %s_list_builder", type->prefix), "init",
		    ", uint32_t count");
	out(e->o, "\treturn (struct %s_list_builder){\n", type->prefix);
	out(e->o,
	    "\t\tstruct_builder_init_struct_list(b.s, %u, count, %s_DATA_WORDS, "
	    "%s_POINTERS),\n\t};\n}\n",
	    pointer_offset(e), type->upper, type->upper);
}

static void emit_list(struct emission *e)
{
	const char *element = type_element(e->field->type.element);
	const char *place;

	emit_has(e);
	if (e->field->type.element->kind == TYPE_STRUCT) {
		emit_struct_list(e);
		return;
	}
	out(e->o, "\n/* Elements: %s. */", type_name(e->field->type.element));
	open_getter(e, "struct list_reader", "get");
	place = place_of(e, e->field->offset);
	out(e->o, "\treturn struct_reader_get_list(r.s, %s, %s);\n}\n", place, element);
	open_setter(e, "struct list_builder", "init", ", uint32_t count");
	out(e->o, "\treturn struct_builder_init_list(b.s, %u, %s, count);\n}\n",
	    pointer_offset(e), element);
}

static void emit_capability(struct emission *e)
{
	const char *place;

	open_getter(e, "struct capability_index", "get");
	place = place_of(e, e->field->offset);
	out(e->o, "\treturn struct_reader_get_capability(r.s, %s);\n}\n", place);
	open_setter(e, "void", "set", ", uint32_t index");
	out(e->o, "\tstruct_builder_set_capability(b.s, %u, index);\n}\n", pointer_offset(e));
}

static void emit_group(struct emission *e)
{
	const char *group = e->field->group->prefix;

	open_getter(e, name_format("struct %s_reader", group), "get");
	if (field_is_in_union(e->field))
		out(e->o, "\treturn (struct %s_reader){ struct_reader_member(r.s, %s) };\n}\n",
		    group, is_set(e));
	else
		out(e->o, "\treturn (struct %s_reader){ r.s };\n}\n", group);
	open_setter(e, name_format("struct %s_builder", group), "init", "");
	out(e->o, "\treturn (struct %s_builder){ b.s };\n}\n", group);
}

/* A Void field has nothing to read; in a union it can be chosen. */
static void emit_void(struct emission *e)
{
	if (!field_is_in_union(e->field))
		return;
	open_setter(e, "void", "set", "");
	out(e->o, "}\n");
}

static void emit_typed(struct emission *e)
{
	const struct type *type = &e->field->type;

	if (type->kind == TYPE_VOID)
		emit_void(e);
	else if (type->kind == TYPE_BOOL)
		emit_bool(e);
	else if (type->kind == TYPE_FLOAT32 || type->kind == TYPE_FLOAT64)
		emit_float(e);
	else if (type_is_scalar(type))
		emit_number(e);
	else if (type->kind == TYPE_TEXT || type->kind == TYPE_DATA)
		emit_bytes(e);
	else if (type->kind == TYPE_LIST)
		emit_list(e);
	else if (type->kind == TYPE_STRUCT)
		emit_struct(e);
	else
		emit_capability(e);
}

void emit_field(struct output *o, const struct node *node, const struct field *f)
{
	struct emission e = { o, node, f, node->prefix, name_snake(f->name), f->doc };

	if (f->is_group)
		emit_group(&e);
	else
		emit_typed(&e);
}
