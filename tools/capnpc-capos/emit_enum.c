// SPDX-License-Identifier: MIT
/* Enums, with the names of their values. */
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <string.h>

/* An enum whose first value is called "ok" says how something ended; it must not be ignored. */
static bool is_verdict(const struct node *node)
{
	return node->enumerant_count != 0 && strcmp(node->enumerants[0].name, "ok") == 0;
}

static void emit_values(struct output *o, const struct node *node)
{
	for (uint32_t i = 0; i < node->enumerant_count; i++) {
		const char *name = name_format("%s_%s", node->upper, node->enumerants[i].upper);

		report_claim(node, node->enumerants[i].name, name);
		out_comment(o, 1, node->enumerants[i].doc);
		out(o, "\t%s = %u,\n", name, i);
	}
}

void emit_enum(struct output *o, const struct node *node)
{
	report_claim(node, nullptr, name_format("enum %s", node->prefix));
	report_claim(node, nullptr, name_format("%s_COUNT", node->upper));
	report_claim(node, nullptr, name_format("%s_name", node->prefix));
	out(o, "\n");
	out_comment(o, 0, node->label.doc);
	out(o, "enum %s%s : uint16_t {\n", is_verdict(node) ? "[[nodiscard]] " : "",
	    node->prefix);
	emit_values(o, node);
	out(o, "};\n\n");
	out(o, "constexpr uint16_t %s_COUNT = %u;\n\n", node->upper, node->enumerant_count);
	out(o, "/* The name in the schema; null for a value that it does not list. */\n");
	out(o, "static inline const char *%s_name(uint16_t value)\n{\n", node->prefix);
	out(o, "\tstatic const char *const names[] = {\n");
	for (uint32_t i = 0; i < node->enumerant_count; i++)
		out(o, "\t\t\"%s\",\n", node->enumerants[i].name);
	out(o, "\t};\n\n");
	out(o, "\treturn value < %s_COUNT ? names[value] : nullptr;\n}\n", node->upper);
}
