// SPDX-License-Identifier: MIT
/* A broken require() in a fuzz target or in what it attacks. */
#include "lib/require.h"

#include <stdio.h>
#include <stdlib.h>

void require_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: require(%s) is broken\n", file, line, what);
	abort();
}
