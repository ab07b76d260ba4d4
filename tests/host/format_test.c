// SPDX-License-Identifier: MIT
/* Host test of format.c: the same text as the C library's, cut at every length. */
#include "lib/format.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Format at every capacity into a buffer of exactly that size, so that ASan sees
 * any overrun. */
[[gnu::format(printf, 1, 2)]] static void assert_like_printf(const char *pattern, ...)
{
	char expected[256];
	va_list list, again;
	size_t length;

	va_start(list, pattern);
	va_copy(again, list);
	length = (size_t)vsnprintf(expected, sizeof(expected), pattern, again);
	va_end(again);
	assert_true(length < sizeof(expected));
	for (size_t capacity = 1; capacity <= length + 2; capacity++) {
		char *buffer = malloc(capacity);
		size_t fits = length < capacity ? length : capacity - 1;

		va_copy(again, list);
		assert_int_equal(vformat(buffer, capacity, pattern, again), fits);
		va_end(again);
		assert_memory_equal(buffer, expected, fits);
		assert_int_equal(buffer[fits], 0);
		free(buffer);
	}
	va_end(list);
}

static void texts(void **state)
{
	(void)state;
	assert_like_printf("plain");
	assert_like_printf("%s%%%s", "", "two");
	assert_like_printf("[%10s] [%-10s] [%2s]", "right", "left", "longer");
	assert_like_printf("[%.3s] [%.*s] [%8.2s]", "abcdef", 4, "uvwxyz", "hello");
	assert_like_printf("[%c] [%3c] [%-3c]", 'x', 'y', 'z');
	assert_like_printf("[%*s] [%-*s]", 6, "a", 6, "b");
}

static void precision_reads_no_further(void **state)
{
	char *bytes = malloc(3);
	char text[8];

	(void)state;
	memcpy(bytes, "abc", 3);
	assert_int_equal(format(text, sizeof(text), "%.*s", 3, bytes), 3);
	assert_string_equal(text, "abc");
	free(bytes);
}

static void numbers(void **state)
{
	(void)state;
	assert_like_printf("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
	assert_like_printf("%i %u %u", 7, 0U, UINT_MAX);
	assert_like_printf("%ld %ld %lu", LONG_MAX, LONG_MIN, ULONG_MAX);
	assert_like_printf("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
	assert_like_printf("%zu %zx", SIZE_MAX, (size_t)0x1234);
	assert_like_printf("%x %X %lx", 0xdeadbeefU, 0xdeadbeefU, 0x123456789abcdef0UL);
	assert_like_printf("[%5d] [%-5d] [%05d] [%05d]", 42, 42, 42, -42);
	assert_like_printf("%016lx %08x %02x %02x", 0xfeedUL, 0x1fU, 5U, 0x123U);
}

static void pointer_has_16_digits(void **state)
{
	char text[40];

	(void)state;
	assert_int_equal(format(text, sizeof(text), "%p", (void *)(uintptr_t)0x1234), 18);
	assert_string_equal(text, "0x0000000000001234");
	assert_int_equal(format(text, sizeof(text), "%20p|", (void *)(uintptr_t)0xab), 21);
	assert_string_equal(text, "  0x00000000000000ab|");
	assert_int_equal(format(text, sizeof(text), "%-20p|", (void *)(uintptr_t)0xab), 21);
	assert_string_equal(text, "0x00000000000000ab  |");
}

static void huge_width_ends_at_the_buffer(void **state)
{
	char text[8];

	(void)state;
	assert_int_equal(format(text, sizeof(text), "%*s", INT_MAX, "x"), 7);
	assert_string_equal(text, "       ");
	assert_int_equal(format(text, sizeof(text), "%-*s", INT_MAX, "x"), 7);
	assert_string_equal(text, "x      ");
	assert_int_equal(format(nullptr, 0, "%d", 1), 0);
}

/* Not literals, so that the compiler does not check them. */
static void odd_patterns_are_copied(void **state)
{
	static const char *const patterns[] = { "%", "%5", "a%q", "%l", "%-0.*", "%y%" };
	char text[16];

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		const char *volatile pattern = patterns[i];
		size_t (*formatter)(char *, size_t, const char *, ...) = format;

		assert_int_equal(formatter(text, sizeof(text), pattern, 3), strlen(pattern));
		assert_string_equal(text, pattern);
	}
}

static void null_string_is_named(void **state)
{
	const char *volatile none = nullptr;
	char text[16];

	(void)state;
	assert_int_equal(format(text, sizeof(text), "%s", none), 6);
	assert_string_equal(text, "(null)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(precision_reads_no_further),
		cmocka_unit_test(numbers),
		cmocka_unit_test(pointer_has_16_digits),
		cmocka_unit_test(huge_width_ends_at_the_buffer),
		cmocka_unit_test(odd_patterns_are_copied),
		cmocka_unit_test(null_string_is_named),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
