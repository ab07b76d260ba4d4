// SPDX-License-Identifier: MIT
/* Structs of scalars and capabilities, which can be read as a whole: lib/message_flat.h. */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

/* MESSAGE_FLAT_WORDS_MAX of lib/message_flat.h. */
constexpr uint32_t FLAT_WORDS_MAX = 16;

bool emit_has_contents(const struct node *node)
{
	for (uint32_t i = 0; i < node->field_count; i++) {
		const struct field *f = &node->fields[i];

		if (f->is_group ? emit_has_contents(f->group)
				: type_is_pointer(&f->type) && !type_is_capability(&f->type))
			return true;
	}
	return false;
}

bool emit_has_flat(const struct node *node)
{
	uint32_t words = (uint32_t)node->data_words + node->pointers;

	return !node->is_group && words != 0 && words <= FLAT_WORDS_MAX &&
	       !emit_has_contents(node);
}

void emit_flat_type(struct output *o, const struct node *node)
{
	report_claim(node, nullptr, name_format("struct %s_flat", node->prefix));
	out(o, "\n/* All its words. */\nstruct %s_flat {\n", node->prefix);
	out(o, "\tuint64_t words[%u];\n};\n", (uint32_t)node->data_words + node->pointers);
	out(o, "\nstatic_assert(%s_DATA_WORDS + %s_POINTERS <= MESSAGE_FLAT_WORDS_MAX);\n",
	    node->upper, node->upper);
}

void emit_flat_functions(struct output *o, const struct node *node)
{
	const char *p = node->prefix;

	report_claim(node, nullptr, name_format("%s_flat", p));
	report_claim(node, nullptr, name_format("%s_from_flat", p));
	report_claim(node, nullptr, name_format("%s_read_flat", p));
	out(o, "\nstatic inline struct message_flat %s_flat(struct %s_flat *flat)\n{\n", p, p);
	out(o, "\treturn (struct message_flat){\n");
	out(o, "\t\tflat->words, %s_DATA_WORDS, %s_POINTERS,\n\t};\n}\n", node->upper,
	    node->upper);
	out(o,
	    "\nstatic inline struct %s_reader %s_from_flat(struct %s_flat *flat, "
	    "struct message_reader *m)\n{\n",
	    p, p, p);
	out(o, "\treturn (struct %s_reader){ message_flat_reader(%s_flat(flat), m) };\n}\n", p,
	    p);
	out(o,
	    "\n[[nodiscard]] static inline bool %s_read_flat(struct message_reader *m, "
	    "struct %s_flat *flat, struct %s_reader *out)\n{\n",
	    p, p, p);
	out(o, "\tbool is_read = message_flat_read(m, %s_flat(flat));\n\n", p);
	out(o, "\t*out = %s_from_flat(flat, m);\n\tm->malformed = !is_read;\n", p);
	out(o, "\treturn is_read;\n}\n");
}
