// SPDX-License-Identifier: MIT
/* What every fuzz target does first: a failed assertion of the helpers must end the process
 * there and then, since there is no cmocka test to fail. */
#include "tests/fuzz/support/fuzz.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *, char ***)
{
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}
