// SPDX-License-Identifier: MIT
/*
 * Getters and setters of scalars and groups, and what those of pointers (emit_pointer.c) share.
 *
 * A getter of a union's member that is not set reads as the default: its offset is replaced by
 * MESSAGE_NO_FIELD, which lies past every section.  Setters of members set the discriminant.
 */
#include "tools/capnpc-capos/emit_field.h"

#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>

/* What stands before a function: the doc comment once. */
static void lead_in(struct field_emission *e)
{
	out(e->o, "\n");
	out_comment(e->o, 0, e->doc);
	e->doc = "";
}

void emit_open_getter(struct field_emission *e, const char *type, const char *verb)
{
	const char *name = name_format("%s_%s_%s", e->prefix, verb, e->name);

	report_claim(e->node, e->field->label.name, name);
	lead_in(e);
	out(e->o, "static inline %s %s(struct %s_reader r)\n{\n", type, name, e->prefix);
}

void emit_open_setter(struct field_emission *e, const char *type, const char *verb,
		      const char *arguments)
{
	const char *name = name_format("%s_%s_%s", e->prefix, verb, e->name);

	report_claim(e->node, e->field->label.name, name);
	lead_in(e);
	out(e->o, "static inline %s %s(struct %s_builder b%s)\n{\n", type, name, e->prefix,
	    arguments);
	if (field_is_in_union(e->field))
		out(e->o, "\tstruct_builder_set_uint16(b.s, %u, %s_%s);\n",
		    e->node->discriminant_offset, e->node->upper, e->field->label.upper);
}

/* "foo_which(r) == FOO_BAR" */
static const char *is_set(struct field_emission *e)
{
	return name_format("%s_which(r) == %s_%s", e->prefix, e->node->upper,
			   e->field->label.upper);
}

const char *emit_place(struct field_emission *e, uint32_t offset)
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

/* " ^ 0x5u" where there is a default: the message holds the difference to it. */
static const char *default_mask(const struct field *f)
{
	uint64_t bits = type_value_bits(&f->type, f->value);

	if (bits == 0)
		return "";
	return name_format(" ^ 0x%" PRIx64 "u%s", bits, type_bits(&f->type) == 64 ? "ll" : "");
}

static void emit_bool(struct field_emission *e)
{
	bool is_true = object_bool(e->field->value, 16);
	const char *place;

	emit_open_getter(e, "bool", "get");
	place = emit_place(e, scalar_offset(e->field));
	out(e->o, "\treturn %sstruct_reader_get_bool(r.s, %s);\n}\n", is_true ? "!" : "",
	    place);
	emit_open_setter(e, "void", "set", ", bool value");
	out(e->o, "\tstruct_builder_set_bool(b.s, %u, %svalue);\n}\n", scalar_offset(e->field),
	    is_true ? "!" : "");
}

static void emit_float(struct field_emission *e)
{
	uint32_t bits = type_bits(&e->field->type);
	const char *type = type_c(&e->field->type);
	const char *mask = default_mask(e->field);
	const char *place;

	emit_open_getter(e, type, "get");
	place = emit_place(e, scalar_offset(e->field));
	out(e->o, "\treturn message_float%u(struct_reader_get_uint%u(r.s, %s)%s);\n}\n", bits,
	    bits, place, mask);
	emit_open_setter(e, "void", "set", name_format(", %s value", type));
	out(e->o, "\tstruct_builder_set_uint%u(b.s, %u, message_bits%u(value)%s);\n}\n", bits,
	    scalar_offset(e->field), bits, mask);
}

static void emit_number(struct field_emission *e)
{
	uint32_t bits = type_bits(&e->field->type);
	const char *type = type_c(&e->field->type);
	const char *mask = default_mask(e->field);
	bool is_unsigned =
		e->field->type.kind >= TYPE_UINT8 && e->field->type.kind <= TYPE_UINT64;
	const char *stored = is_unsigned ? "value" : name_format("(uint%u_t)value", bits);
	const char *read;

	emit_open_getter(e, type, "get");
	read = emit_place(e, scalar_offset(e->field));
	read = name_format("struct_reader_get_uint%u(r.s, %s)", bits, read);
	if (mask[0] != '\0') {
		read = name_format("(%s)(%s%s)", type, read, mask);
		stored = name_format("(uint%u_t)(%s%s)", bits, stored, mask);
	} else if (!is_unsigned) {
		read = name_format("(%s)%s", type, read);
	}
	out(e->o, "\treturn %s;\n}\n", read);
	emit_open_setter(e, "void", "set", name_format(", %s value", type));
	out(e->o, "\tstruct_builder_set_uint%u(b.s, %u, %s);\n}\n", bits,
	    scalar_offset(e->field), stored);
}

static void emit_group(struct field_emission *e)
{
	const char *group = e->field->group->prefix;

	emit_open_getter(e, name_format("struct %s_reader", group), "get");
	if (field_is_in_union(e->field))
		out(e->o, "\treturn (struct %s_reader){ struct_reader_member(r.s, %s) };\n}\n",
		    group, is_set(e));
	else
		out(e->o, "\treturn (struct %s_reader){ r.s };\n}\n", group);
	emit_open_setter(e, name_format("struct %s_builder", group), "init", "");
	out(e->o, "\treturn (struct %s_builder){ b.s };\n}\n", group);
}

/* A Void field has nothing to read; in a union it can be chosen. */
static void emit_void(struct field_emission *e)
{
	if (!field_is_in_union(e->field))
		return;
	emit_open_setter(e, "void", "set", "");
	out(e->o, "}\n");
}

static void emit_typed(struct field_emission *e)
{
	const struct type *type = &e->field->type;

	if (type->kind == TYPE_VOID)
		emit_void(e);
	else if (type->kind == TYPE_BOOL)
		emit_bool(e);
	else if (type_is_float(type))
		emit_float(e);
	else if (type_is_scalar(type))
		emit_number(e);
	else
		emit_pointer(e);
}

void emit_field(struct output *o, const struct node *node, const struct field *f)
{
	struct field_emission e = { o, node, f, node->prefix, f->label.snake, f->label.doc };

	if (f->is_group)
		emit_group(&e);
	else
		emit_typed(&e);
}
