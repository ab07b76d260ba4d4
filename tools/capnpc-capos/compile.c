// SPDX-License-Identifier: MIT
/* From a request to the generated files.  See compile.h. */
#include "tools/capnpc-capos/compile.h"

#include "tools/capnpc-capos/check.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/imported.h"
#include "tools/capnpc-capos/memory.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

bool compile(struct schema *schema)
{
	if (!schema_load(schema))
		return false;
	check_schema(schema);
	if (report_count() != 0)
		return false;
	imported_claim(schema);
	for (uint32_t i = 0; i < schema->file_count; i++) {
		emit_header(schema->files[i]);
		emit_client(schema->files[i]);
		emit_server(schema->files[i]);
	}
	emit_abi(schema);
	/* Values are looked at only now. */
	if (schema->request.malformed)
		report_request("a value in the CodeGeneratorRequest is malformed");
	return report_count() == 0 && !schema->request.malformed;
}

void compile_reset(void)
{
	output_reset();
	name_reset();
	report_reset();
	memory_reset();
}
