// SPDX-License-Identifier: MIT
/* What happens here when a condition that lib/ relies on does not hold. */
#include "lib/require.h"

#include <stdio.h>
#include <stdlib.h>

void require_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "capos-message: %s:%d: broken: %s\n", file, line, what);
	abort();
}
