// SPDX-License-Identifier: MIT
/* Names of included files.  See imported.h. */
#include "tools/capnpc-capos/imported.h"

#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"
#include "tools/capnpc-capos/uses.h"

#include <ctype.h>

/* Every way in which a declaration of that name may appear in C. */
static void claim_name(const struct node *file, const char *name)
{
	if (!name_is_sound(name))
		return;
	if (!isupper((unsigned char)name[0])) {
		report_claim(file, name, name_upper(name));
		return;
	}
	report_claim(file, name, name_format("struct %s_reader", name_snake(name)));
	report_claim(file, name, name_format("enum %s", name_snake(name)));
	report_claim(file, name, name_format("%s_INTERFACE_ID", name_upper(name)));
}

/* Of most top-level declarations the request has only the names. */
static void claim_file(const struct schema *schema, const struct node *file)
{
	struct array nested = object_array(file->source, 1);

	for (uint32_t i = 0; i < nested.count; i++) {
		struct object declared = array_object(nested, i);
		const struct node *node = schema_node(schema, object_uint64(declared, 0));

		if (node == nullptr || node->kind != NODE_ANNOTATION)
			claim_name(file, object_text(declared, 0));
	}
}

static bool is_requested(const struct schema *schema, const struct node *file)
{
	for (uint32_t i = 0; i < schema->file_count; i++)
		if (schema->files[i] == file)
			return true;
	return false;
}

void imported_claim(const struct schema *schema)
{
	struct uses claimed = {};

	for (uint32_t i = 0; i < schema->file_count; i++) {
		struct uses reached = uses_reached(schema->files[i]);

		for (uint32_t j = 0; j < reached.count; j++)
			if (!is_requested(schema, reached.files[j]) &&
			    uses_add(&claimed, reached.files[j]))
				claim_file(schema, reached.files[j]);
	}
}
