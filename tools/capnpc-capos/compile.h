// SPDX-License-Identifier: MIT
#pragma once
/* The whole way from a request to the generated files, which are kept in memory (output.h). */
#include "tools/capnpc-capos/schema.h"

/* Compile a request that has been loaded.  False, with messages on stderr, when it is refused.
 */
bool compile(struct schema *schema);

/* Forget the files and everything else, for the next request of the same process. */
void compile_reset(void);
