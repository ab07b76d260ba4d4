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

static void emit_words(struct output *o, const struct node *node)
{
	struct words w = flatten(node->value, 0);

	out(o, "static const uint64_t %s_WORDS[] = {", node->upper);
	for (uint32_t i = 0; i < w.count; i++)
		out(o, "%s0x%016" PRIx64 ",", i % 4 == 0 ? "\n\t" : " ", w.word[i]);
	out(o, "\n};\n\n");
}

/* A constant that is a message: its words, and a function that reads them. */
void emit_const_message(struct output *o, const struct node *node)
{
	const struct type *type = &node->type;
	const char *prefix = node->prefix;
	bool is_struct = type->kind == TYPE_STRUCT;
	bool is_struct_list = type->kind == TYPE_LIST && type->element->kind == TYPE_STRUCT;
	const char *reader = "list_reader";

	if (!is_struct && type->kind != TYPE_LIST)
		return;
	if (is_struct)
		reader = name_format("%s_reader", type->node->prefix);
	else if (is_struct_list)
		reader = name_format("%s_list_reader", type->element->node->prefix);
	report_claim(node, nullptr, name_format("%s_WORDS", node->upper));
	report_claim(node, nullptr, name_format("%s_read", prefix));
	out(o, "\n");
	out_comment(o, 0, node->doc);
	emit_words(o, node);
	out(o, "/* Read the constant; m is the caller's storage and outlives the reader. */\n");
	out(o, "static inline struct %s %s_read(struct message_reader *m)\n{\n", reader,
	    prefix);
	if (is_struct)
		out(o, "\tstruct %s found;\n\n", reader);
	out(o, "\tmessage_reader_init(m, %s_WORDS, sizeof(%s_WORDS));\n", node->upper,
	    node->upper);
	out(o, "\tmessage_reader_limit(m, UINT32_MAX, MESSAGE_DEFAULT_NESTING);\n");
	if (is_struct)
		out(o, "\t(void)message_reader_root(m, &found.s);\n\treturn found;\n}\n");
	else if (is_struct_list)
		out(o, "\treturn (struct %s){ message_reader_root_list(m, %s) };\n}\n", reader,
		    type_element(type->element));
	else
		out(o, "\treturn message_reader_root_list(m, %s);\n}\n",
		    type_element(type->element));
}

void emit_const(struct output *o, const struct node *node)
{
	const struct type *type = &node->type;

	if (type->kind == TYPE_STRUCT || type->kind == TYPE_LIST || type->kind == TYPE_VOID)
		return;
	report_claim(node, nullptr, node->upper);
	if (type->kind == TYPE_TEXT || type->kind == TYPE_DATA)
		report_claim(node, nullptr, name_format("%s_SIZE", node->upper));
	out(o, "\n");
	out_comment(o, 0, node->doc);
	if (type->kind == TYPE_TEXT)
		emit_text(o, node);
	else if (type->kind == TYPE_DATA)
		emit_data(o, node);
	else
		out(o, "constexpr %s %s = %s;\n", type_c(type), node->upper,
		    type_literal(type, node->value));
}
