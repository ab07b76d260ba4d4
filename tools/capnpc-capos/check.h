// SPDX-License-Identifier: MIT
#pragma once
/*
 * What this plug-in does not generate code for, found before anything is written.
 *
 * Refused: generics, methods with type parameters, streaming methods, `extends`, AnyPointer
 * other than Capability, lists of lists and of AnyPointer, written defaults of struct and list
 * fields, constants that hold capabilities, empty enums, circles of imports.  Annotations,
 * declared or used, are ignored.
 */
#include "tools/capnpc-capos/schema.h"

/* Report every such declaration of the requested files. */
void check_schema(const struct schema *schema);
