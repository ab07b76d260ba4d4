// SPDX-License-Identifier: MIT
/*
 * capnpc-capos: plug-in of the Cap'n Proto compiler that generates capOS's C code.
 *
 *   capnp compile -I. -oPATH/capnpc-capos:OUTPUT_FOLDER schema/a.capnp schema/b.capnp ...
 *
 * run where the schemas' paths start.  Writes what emit.h lists; exit status 1, with nothing
 * written, when a schema uses what check.h lists, or two declarations the same C name.
 */
#include "tools/capnpc-capos/compile.h"
#include "tools/capnpc-capos/output.h"

#include <stdlib.h>

int main(void)
{
	static struct schema schema;

	if (!request_load(&schema.request, stdin)) {
		fputs("capnpc-capos: stdin is no CodeGeneratorRequest of `capnp compile`\n",
		      stderr);
		return EXIT_FAILURE;
	}
	return compile(&schema) && output_commit() ? EXIT_SUCCESS : EXIT_FAILURE;
}
