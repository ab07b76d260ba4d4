// SPDX-License-Identifier: MIT
/* What happens in a tool when a condition that lib/ relies on does not hold. */
#include "lib/require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void require_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s: %s:%d: broken: %s\n", program_invocation_short_name, file, line,
		what);
	abort();
}
