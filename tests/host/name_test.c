// SPDX-License-Identifier: MIT
/* Host test of name.c: each byte value at each place, and the lengths at the limits. */
#include "lib/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void takes_exactly_the_documented_bytes(void **state)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";

	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		bool is_allowed = byte != 0 && strchr(allowed, byte) != nullptr;

		for (size_t place = 0; place < 3; place++) {
			char name[3] = { 'a', 'a', 'a' };

			name[place] = (char)byte;
			assert_int_equal(name_is_valid(name, 3), is_allowed);
		}
	}
}

static void takes_1_to_32_bytes(void **state)
{
	char name[33];

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_false(name_is_valid(name, 0));
	assert_true(name_is_valid(name, 1));
	assert_true(name_is_valid(name, 32));
	assert_false(name_is_valid(name, 33));
	assert_false(name_is_valid(name, SIZE_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_exactly_the_documented_bytes),
		cmocka_unit_test(takes_1_to_32_bytes),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
