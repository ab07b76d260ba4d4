// SPDX-License-Identifier: MIT
#pragma once
/*
 * What this plug-in does not generate code for, found before anything is written.
 *
 * Refused: generic declarations and their uses, methods with type parameters, streaming
 * methods, `extends`, constants and lists of capabilities where they could only be null, empty
 * enums, circles of imports, two files with one output, paths that leave the output folder, and
 * names that $C.name gives and C does not take.  docs/reference/schema-language.md says why.
 */
#include "tools/capnpc-capos/schema.h"

/* Report every such declaration of the requested files. */
void check_schema(const struct schema *schema);
