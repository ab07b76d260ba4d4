// SPDX-License-Identifier: MIT
/* Constants. */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/flatten.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>
#include <string.h>

static void emit_text(struct output *o, const struct node *node)
{
	uint32_t size = 0;
	const uint8_t *bytes = object_data(node->value, 0, &size);

	size -= size != 0; /* the NUL */
	out(o, "constexpr uint32_t %s_SIZE = %u; /* without the NUL */\n", node->upper, size);
	out(o, "static const char %s[] = ", node->upper);
	out_string(o, (const char *)bytes, size);
	out(o, ";\n");
}

static void emit_data(struct output *o, const struct node *node)
{
	uint32_t size = 0;
	const uint8_t *bytes = object_data(node->value, 0, &size);

	out(o, "constexpr uint32_t %s_SIZE = %u;\n", node->upper, size);
	out(o, "static const uint8_t %s[] = {", node->upper);
	for (uint32_t i = 0; i < size; i++)
		out(o, "%s0x%02x,", i % 12 == 0 ? "\n\t" : " ", bytes[i]);
	out(o, size != 0 ? "\n};\n" : " 0 };\n");
}

void emit_words(struct output *o, unsigned int depth, const char *name, struct object value)
{
	struct words w = flatten(value, 0);
	const char *tabs = depth == 0 ? "" : "\t";

	out(o, "%sstatic const uint64_t %s[] = {", tabs, name);
	for (uint32_t i = 0; i < w.count; i++)
		if (i % 4 == 0)
			out(o, "\n%s\t0x%016" PRIx64 ",", tabs, w.word[i]);
		else
			out(o, " 0x%016" PRIx64 ",", w.word[i]);
	out(o, "\n%s};\n", tabs);
}

/* The type that a constant is read as, and the expression that makes it of the pointer `p`. */
struct reading {
	const char *type;
	const char *expression;
};

static struct reading reading_of(const struct type *type)
{
	struct reading reading = { "pointer_reader", "p" };

	if (type->kind == TYPE_STRUCT) {
		reading.type = name_format("%s_reader", type->node->prefix);
		reading.expression = name_format("(struct %s){ pointer_reader_get_struct(p) }",
						 reading.type);
	} else if (type->kind == TYPE_LIST && type->element->kind == TYPE_STRUCT) {
		reading.type = name_format("%s_list_reader", type->element->node->prefix);
		reading.expression =
			name_format("(struct %s){ pointer_reader_get_list(p, %s) }",
				    reading.type, type_element(type->element));
	} else if (type->kind == TYPE_LIST) {
		reading.type = "list_reader";
		reading.expression = name_format("pointer_reader_get_list(p, %s)",
						 type_element(type->element));
	}
	return reading;
}

static bool is_message(const struct type *type)
{
	return type->kind == TYPE_STRUCT || type->kind == TYPE_LIST ||
	       type->kind == TYPE_ANY_POINTER;
}

/* A constant that is a message: its words, and a function that reads them. */
void emit_const_message(struct output *o, const struct node *node)
{
	struct reading reading;

	if (!is_message(&node->type))
		return;
	reading = reading_of(&node->type);
	report_claim(node, nullptr, name_format("%s_WORDS", node->upper));
	report_claim(node, nullptr, name_format("%s_read", node->prefix));
	out(o, "\n");
	out_comment(o, 0, node->label.doc);
	emit_words(o, 0, name_format("%s_WORDS", node->upper), node->value);
	out(o, "\n/* Read the constant. */\n");
	out(o, "static inline struct %s %s_read(void)\n{\n", reading.type, node->prefix);
	out(o, "\tstatic struct message_reader message = MESSAGE_OF_WORDS(%s_WORDS);\n",
	    node->upper);
	out(o, "\tstruct pointer_reader p = message_reader_pointer(&message);\n\n");
	out(o, "\treturn %s;\n}\n", reading.expression);
}

void emit_const(struct output *o, const struct node *node)
{
	const struct type *type = &node->type;

	if (is_message(type) || type->kind == TYPE_VOID)
		return;
	report_claim(node, nullptr, node->upper);
	if (type->kind == TYPE_TEXT || type->kind == TYPE_DATA)
		report_claim(node, nullptr, name_format("%s_SIZE", node->upper));
	out(o, "\n");
	out_comment(o, 0, node->label.doc);
	if (type->kind == TYPE_TEXT)
		emit_text(o, node);
	else if (type->kind == TYPE_DATA)
		emit_data(o, node);
	else
		out(o, "constexpr %s %s = %s;\n", type_c(type), node->upper,
		    type_literal(type, node->value));
}
