// SPDX-License-Identifier: MIT
/*
 * Getters and setters of fields in the pointer section: Text, Data, lists, structs,
 * capabilities and AnyPointer.
 *
 * Setters of structs, lists and AnyPointer copy a reader (lib/message_copy.h), with what its
 * maker put there and this schema does not know.
 *
 * A default that the schema writes is a constant message next to the getter, which returns a
 * reader of it where the field is null.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit_field.h"
#include "tools/capnpc-capos/name.h"

#include <string.h>

/* Offset of the pointer in the struct, in bytes. */
static uint32_t offset_of(const struct field_emission *e)
{
	return 8 * (e->node->data_words + e->field->offset);
}

static void emit_has(struct field_emission *e)
{
	const char *place;

	emit_open_getter(e, "bool", "has");
	place = emit_place(e, e->field->offset);
	out(e->o, "\treturn struct_reader_has(r.s, %s);\n}\n", place);
}

/* The value of a Text or Data field that is null: its default. */
static void emit_bytes_default(struct field_emission *e, const char *kind, const char *place)
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

static void emit_bytes(struct field_emission *e)
{
	bool is_text = e->field->type.kind == TYPE_TEXT;
	const char *kind = is_text ? "text" : "data";
	const char *place;

	emit_open_getter(e, name_format("struct %s_reader", kind), "get");
	place = emit_place(e, e->field->offset);
	emit_bytes_default(e, kind, place);
	out(e->o, "\treturn struct_reader_get_%s(r.s, %s);\n}\n", kind, place);
	emit_open_setter(e, "bool", "set",
			 is_text ? ", const char *text, uint32_t size"
				 : ", const void *data, uint32_t size");
	out(e->o, "\treturn struct_builder_set_%s(b.s, %u, %s, size);\n}\n", kind, offset_of(e),
	    kind);
	if (is_text)
		return;
	out(e->o, "\n/* Zeroed bytes to be filled in; null when there is no room. */");
	emit_open_setter(e, "uint8_t *", "init", ", uint32_t size");
	out(e->o, "\treturn struct_builder_init_data(b.s, %u, size);\n}\n", offset_of(e));
}

/* "struct foo_list_reader": of structs their own type, of anything else the library's. */
static const char *list_type(const struct type *list, const char *role)
{
	if (list->element->kind == TYPE_STRUCT)
		return name_format("struct %s_list_%s", list->element->node->prefix, role);
	return name_format("struct list_%s", role);
}

/* How a getter reads: struct_reader_get_KIND() with that last argument. */
struct reading {
	const char *type;     /* of the result */
	const char *kind;     /* "struct", "list", "pointer" */
	const char *argument; /* ", MESSAGE_ELEMENT_BIT" */
	bool is_wrapped;      /* the type is a struct around what the library returns */
};

/* The default's words, and its value if the field is null. */
static void emit_default(struct field_emission *e, const struct reading *reading,
			 const char *place)
{
	const char *open = reading->is_wrapped ? name_format("(%s){ ", reading->type) : "";
	const char *close = reading->is_wrapped ? " }" : "";

	emit_words(e->o, 1, "words", e->field->value);
	out(e->o, "\tstatic struct message_reader message = MESSAGE_OF_WORDS(words);\n");
	out(e->o, "\tstruct pointer_reader p = message_reader_pointer(&message);\n\n");
	out(e->o, "\tif (!struct_reader_has(r.s, %s))\n\t\treturn %s", place, open);
	if (strcmp(reading->kind, "pointer") == 0)
		out(e->o, "p");
	else
		out(e->o, "pointer_reader_get_%s(p%s)", reading->kind, reading->argument);
	out(e->o, "%s;\n", close);
}

/* The getter of a struct, list or AnyPointer. */
static void emit_get(struct field_emission *e, struct reading reading)
{
	const char *place;

	emit_open_getter(e, reading.type, "get");
	place = emit_place(e, e->field->offset);
	if (object_has(e->field->value, 0))
		emit_default(e, &reading, place);
	if (reading.is_wrapped)
		out(e->o, "\treturn (%s){\n\t\tstruct_reader_get_%s(r.s, %s%s),\n\t};\n}\n",
		    reading.type, reading.kind, place, reading.argument);
	else
		out(e->o, "\treturn struct_reader_get_%s(r.s, %s%s);\n}\n", reading.kind, place,
		    reading.argument);
}

static void emit_struct(struct field_emission *e)
{
	const char *prefix = e->field->type.node->prefix;
	const char *upper = e->field->type.node->upper;

	emit_get(e, (struct reading){ name_format("struct %s_reader", prefix), "struct", "",
				      true });
	emit_open_setter(e, name_format("struct %s_builder", prefix), "init", "");
	out(e->o, "\treturn (struct %s_builder){\n", prefix);
	out(e->o,
	    "\t\tstruct_builder_init_struct(b.s, %u, %s_DATA_WORDS, %s_POINTERS),\n\t};\n}\n",
	    offset_of(e), upper, upper);
	emit_open_setter(e, name_format("struct %s_builder", prefix), "set",
			 name_format(", struct %s_reader value", prefix));
	out(e->o, "\treturn (struct %s_builder){\n", prefix);
	out(e->o,
	    "\t\tstruct_builder_copy_struct(b.s, %u, value.s, %s_DATA_WORDS, "
	    "%s_POINTERS),\n\t};\n}\n",
	    offset_of(e), upper, upper);
}

/* The setter of a list or AnyPointer: a deep copy. */
static void emit_copy(struct field_emission *e, const char *type, const char *kind,
		      const char *value)
{
	emit_open_setter(e, "bool", "set", name_format(", %s value", type));
	out(e->o, "\treturn struct_builder_copy_%s(b.s, %u, %s);\n}\n", kind, offset_of(e),
	    value);
}

static void emit_struct_list(struct field_emission *e)
{
	const struct node *element = e->field->type.element->node;
	const char *type = list_type(&e->field->type, "builder");

	emit_open_setter(e, type, "init", ", uint32_t count");
	out(e->o, "\treturn (%s){\n", type);
	out(e->o,
	    "\t\tstruct_builder_init_struct_list(b.s, %u, count, %s_DATA_WORDS, "
	    "%s_POINTERS),\n\t};\n}\n",
	    offset_of(e), element->upper, element->upper);
}

static void emit_list(struct field_emission *e)
{
	const struct type *list = &e->field->type;
	const char *element = type_element(list->element);
	bool is_of_structs = list->element->kind == TYPE_STRUCT;

	if (!is_of_structs)
		out(e->o, "\n/* Elements: %s. */", type_name(list->element));
	emit_get(e, (struct reading){ list_type(list, "reader"), "list",
				      name_format(", %s", element), is_of_structs });
	if (is_of_structs) {
		emit_struct_list(e);
		emit_copy(e, list_type(list, "reader"), "list", "value.l");
		return;
	}
	emit_open_setter(e, "struct list_builder", "init", ", uint32_t count");
	out(e->o, "\treturn struct_builder_init_list(b.s, %u, %s, count);\n}\n", offset_of(e),
	    element);
	emit_copy(e, "struct list_reader", "list", "value");
}

static void emit_capability(struct field_emission *e)
{
	const char *place;

	emit_open_getter(e, "struct capability_index", "get");
	place = emit_place(e, e->field->offset);
	out(e->o, "\treturn struct_reader_get_capability(r.s, %s);\n}\n", place);
	emit_open_setter(e, "void", "set", ", uint32_t index");
	out(e->o, "\tstruct_builder_set_capability(b.s, %u, index);\n}\n", offset_of(e));
}

static void emit_any_struct_copy(struct field_emission *e)
{
	emit_open_setter(e, "struct struct_builder", "set", ", struct struct_reader value");
	out(e->o, "\treturn struct_builder_copy_struct(b.s, %u, value, 0, 0);\n}\n",
	    offset_of(e));
}

/* AnyPointer, AnyStruct and AnyList. */
static void emit_any(struct field_emission *e)
{
	static const struct reading readings[] = {
		[ANY_POINTER] = { "struct pointer_reader", "pointer", "", false },
		[ANY_STRUCT] = { "struct struct_reader", "struct", "", false },
		[ANY_LIST] = { "struct list_reader", "list", ", MESSAGE_ELEMENT_VOID", false },
	};

	emit_get(e, readings[e->field->type.any]);
	emit_open_setter(e, "struct pointer_builder", "init", "");
	out(e->o, "\treturn struct_builder_get_pointer(b.s, %u);\n}\n", offset_of(e));
	if (e->field->type.any == ANY_LIST)
		emit_copy(e, "struct list_reader", "list", "value");
	else if (e->field->type.any == ANY_POINTER)
		emit_copy(e, "struct pointer_reader", "pointer", "value.s, 0");
	else
		emit_any_struct_copy(e);
}

void emit_pointer(struct field_emission *e)
{
	const struct type *type = &e->field->type;

	if (type_is_capability(type)) {
		emit_capability(e);
		return;
	}
	emit_has(e);
	if (type->kind == TYPE_TEXT || type->kind == TYPE_DATA)
		emit_bytes(e);
	else if (type->kind == TYPE_LIST)
		emit_list(e);
	else if (type->kind == TYPE_STRUCT)
		emit_struct(e);
	else
		emit_any(e);
}
