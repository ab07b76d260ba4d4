// SPDX-License-Identifier: MIT
/* Host test of user/app/calc/evaluate.c. */
#include "user/app/calc/evaluate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_value(const char *text, int64_t value)
{
	struct evaluate_result r = evaluate(text, (uint32_t)strlen(text));

	assert_int_equal(r.error, EVALUATE_OK);
	assert_true(r.value == value);
}

static void assert_error(const char *text, enum evaluate_error error, uint32_t column)
{
	struct evaluate_result r = evaluate(text, (uint32_t)strlen(text));

	assert_int_equal(r.error, error);
	assert_int_equal(r.column, column);
}

static void precedence_and_association(void **state)
{
	(void)state;
	assert_value("6*7", 42);
	assert_value("1+2*3", 7);
	assert_value("(1+2)*3", 9);
	assert_value("10-3-2", 5);
	assert_value("100/7/2", 7);
	assert_value("17%5*2", 4);
	assert_value(" ( ( 2 ) ) ", 2);
	assert_value("2*(3+4)*5-1", 69);
	assert_value("0x1F + 0xff", 286);
	assert_value("007", 7);
}

static void unary_signs(void **state)
{
	(void)state;
	assert_value("-3", -3);
	assert_value("--3", 3);
	assert_value("2--3", 5);
	assert_value("2*-3", -6);
	assert_value("-2*-3", 6);
	assert_value("-(1+2)", -3);
	assert_value("+5", 5);
	assert_value("-7/2", -3);
	assert_value("-7%2", -1);
}

static void limits_of_64_bits(void **state)
{
	(void)state;
	assert_value("9223372036854775807", INT64_MAX);
	assert_value("-9223372036854775808", INT64_MIN);
	assert_value("-9223372036854775808 % -1", 0);
	assert_value("0x7fffffffffffffff", INT64_MAX);
	assert_error("9223372036854775808", EVALUATE_NUMBER, 1);
	assert_error("1-9223372036854775808", EVALUATE_NUMBER, 3);
	assert_error("99999999999999999999999999", EVALUATE_NUMBER, 1);
	assert_error("9223372036854775807+1", EVALUATE_OVERFLOW, 20);
	assert_error("-9223372036854775808-1", EVALUATE_OVERFLOW, 21);
	assert_error("-9223372036854775808/-1", EVALUATE_OVERFLOW, 21);
	assert_error("-(-9223372036854775808)", EVALUATE_OVERFLOW, 1);
	assert_error("4294967296*4294967296", EVALUATE_OVERFLOW, 11);
}

static void errors_name_the_place(void **state)
{
	(void)state;
	assert_error("", EVALUATE_EMPTY, 1);
	assert_error("   ", EVALUATE_EMPTY, 4);
	assert_error("1/0", EVALUATE_DIVISION, 2);
	assert_error("5 % (3-3)", EVALUATE_DIVISION, 3);
	assert_error("1+", EVALUATE_MISSING, 3);
	assert_error("1 2", EVALUATE_UNEXPECTED, 3);
	assert_error("a", EVALUATE_UNEXPECTED, 1);
	assert_error("1n2", EVALUATE_UNEXPECTED, 2);
	assert_error("0x", EVALUATE_UNEXPECTED, 2);
	assert_error("(1", EVALUATE_OPEN, 1);
	assert_error("1)", EVALUATE_UNEXPECTED, 2);
	assert_error("()", EVALUATE_UNEXPECTED, 2);
	assert_error("*1", EVALUATE_UNEXPECTED, 1);
	assert_error("\xff", EVALUATE_UNEXPECTED, 1);
}

static void depth_is_bounded(void **state)
{
	char text[1024];

	(void)state;
	memset(text, '(', sizeof(text));
	assert_int_equal(evaluate(text, sizeof(text)).error, EVALUATE_DEPTH);
	memset(text, '-', sizeof(text));
	assert_int_equal(evaluate(text, sizeof(text)).error, EVALUATE_DEPTH);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? '1' : '+';
	text[sizeof(text) - 1] = ' ';
	assert_true(evaluate(text, sizeof(text)).value == 512);
	assert_int_equal(evaluate(text, sizeof(text) - 2).error, EVALUATE_MISSING);
}

/* No text may do more than fail: the sanitizers watch. */
static void random_texts_are_harmless(void **state)
{
	static const char alphabet[] = "0123456789+-*/%() xn";
	char text[64];

	(void)state;
	srand(3);
	for (uint32_t round = 0; round < 200000; round++) {
		uint32_t size = (uint32_t)rand() % sizeof(text);

		for (uint32_t i = 0; i < size; i++)
			text[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		struct evaluate_result r = evaluate(text, size);

		assert_non_null(evaluate_error_text(r.error));
		assert_true(r.error == EVALUATE_OK || r.column <= size + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(precedence_and_association),
		cmocka_unit_test(unary_signs),
		cmocka_unit_test(limits_of_64_bits),
		cmocka_unit_test(errors_name_the_place),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(random_texts_are_harmless),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
