// SPDX-License-Identifier: MIT
/*
 * What a broken require() does in a host test: it fails the test that runs, unless that test
 * expects it with cmocka's expect_assert_failure().
 */
#include "lib/require.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

void require_failed(const char *file, int line, const char *what)
{
	mock_assert(0, what, file, line);
	abort();
}
