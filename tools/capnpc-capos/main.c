// SPDX-License-Identifier: MIT
/*
 * capnpc-capos: plug-in of the Cap'n Proto compiler that generates capOS's C code.
 *
 *   capnp compile -I. -oPATH/capnpc-capos:OUTPUT_FOLDER schema/a.capnp schema/b.capnp ...
 *
 * run where the schemas' paths start.  Writes what emit.h lists; exit status 1, with nothing
 * written, when a schema uses what check.h lists, or two declarations the same C name.
 */
#include "tools/capnpc-capos/check.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/report.h"

#include <stdlib.h>

int main(void)
{
	/* Not on the stack, so that leak checkers see what it holds. */
	static struct schema schema;

	if (!schema_load(&schema, stdin))
		return EXIT_FAILURE;
	check_schema(&schema);
	if (report_count() != 0)
		return EXIT_FAILURE;
	for (uint32_t i = 0; i < schema.file_count; i++) {
		emit_header(schema.files[i]);
		emit_client(schema.files[i]);
		emit_server(schema.files[i]);
	}
	emit_abi(&schema);
	if (report_count() != 0 || !output_commit())
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
