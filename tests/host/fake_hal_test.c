// SPDX-License-Identifier: MIT
/* Host test of the fake machine, with the whole neutral kernel on it: what kernel_main() says
 * to machines and modules that it cannot start on. */
#include "tests/host/fake_hal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t RAM_BYTES = 4 << 20;
constexpr uint8_t VERDICT_REFUSED = 63;

static struct boot_info info;

static int set_up(void **)
{
	fake_hal_init(RAM_BYTES);
	return 0;
}

static int tear_down(void **)
{
	fake_hal_fini();
	return 0;
}

static void enter(void *argument)
{
	const struct boot_info *boot = argument;

	kernel_main(boot);
}

static void assert_refused(const char *word)
{
	assert_int_equal(fake_hal_run(enter, &info), FAKE_HAL_POWER_OFF);
	assert_int_equal(fake_hal_verdict(), VERDICT_REFUSED);
	assert_memory_equal(fake_hal_serial_output(), "boot: ", 6);
	assert_non_null(strstr(fake_hal_serial_output(), word));
	assert_null(strchr(strchr(fake_hal_serial_output(), '\n') + 1, '\n'));
}

static void missing_module_is_refused(void **)
{
	fake_hal_boot_info(&info, nullptr, 0);
	assert_refused("no boot module");
}

static void second_module_is_refused(void **)
{
	fake_hal_boot_info(&info, "", 1);
	info.module_count = 2;
	assert_refused("more than one");
}

static void garbage_is_no_manifest(void **)
{
	static uint8_t garbage[5000];

	memset(garbage, 0xa5, sizeof(garbage));
	for (size_t size = 1; size <= sizeof(garbage); size += 833) {
		fake_hal_init(RAM_BYTES);
		fake_hal_boot_info(&info, garbage, size);
		assert_refused("manifest");
	}
}

static void page_is_too_little_memory(void **)
{
	fake_hal_boot_info(&info, nullptr, 0);
	info.free[0].end = info.free[0].start + PAGE_SIZE;
	assert_refused("memory");
}

static void timer_fires_once_when_due(void **)
{
	assert_false(fake_hal_fire_timer());
	fake_hal_advance(5);
	hal_timer_arm(10);
	assert_int_equal(fake_hal_timer_due(), 15);
	assert_true(fake_hal_fire_timer());
	assert_int_equal(hal_timestamp(), 15);
	assert_false(fake_hal_fire_timer());
}

static void serial_keeps_order_and_room(void **)
{
	uint8_t byte;

	fake_hal_serial_input("ab", 2);
	assert_true(hal_serial_try_read(&byte));
	assert_int_equal(byte, 'a');
	assert_true(hal_serial_try_read(&byte));
	assert_int_equal(byte, 'b');
	assert_false(hal_serial_try_read(&byte));
	fake_hal_serial_set_room(1);
	assert_true(hal_serial_try_write('x'));
	assert_false(hal_serial_try_write('y'));
	assert_string_equal(fake_hal_serial_output(), "x");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(missing_module_is_refused), TEST(second_module_is_refused),
		TEST(garbage_is_no_manifest),    TEST(page_is_too_little_memory),
		TEST(timer_fires_once_when_due), TEST(serial_keeps_order_and_room),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
