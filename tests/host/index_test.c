// SPDX-License-Identifier: MIT
/* Host test of index.h: an index inside stays, any other becomes 0. */
#include "lib/index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void keeps_what_is_inside_and_zeroes_the_rest(void **state)
{
	const uint32_t values[] = { 0, 1, 2, 255, 256, 0x7fffffff, 0x80000000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(*values); j++)
			assert_int_equal(index_clamp(values[i], values[j]),
					 values[i] < values[j] ? values[i] : 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_inside_and_zeroes_the_rest),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
