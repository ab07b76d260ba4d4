// SPDX-License-Identifier: MIT
/* Host test of command_line.c: words, and the devices that words tell of. */
#include "kernel/arch/x86_64/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DEVICE "virtio_mmio.device="

static struct boot_info info;
static struct range_set ram;

static int set_up(void **)
{
	memset(&info, 0, sizeof(info));
	memset(&ram, 0, sizeof(ram));
	range_set_add(&ram, 0x100000, 0x4000000);
	return 0;
}

/* In memory of exactly the text's size, so that reading beyond is seen. */
static void read(const char *line)
{
	char *exact = strdup(line);

	command_line_devices(exact, &ram, &info);
	free(exact);
}

static void assert_device(uint32_t index, uint64_t address, uint64_t size, uint32_t line)
{
	assert_in_range(index, 0, info.device_count - 1);
	assert_int_equal(info.device[index].address, address);
	assert_int_equal(info.device[index].size, size);
	assert_int_equal(info.device[index].interrupt_line, line);
}

static void words_are_found_at_their_start(void **)
{
	assert_string_equal(command_line_find("a=1 b=2", "b="), "2");
	assert_string_equal(command_line_find("b=", "b="), "");
	assert_null(command_line_find("ab=1", "b="));
	assert_null(command_line_find("b", "b="));
	assert_null(command_line_find("", "b="));
}

static void devices_are_read(void **)
{
	read("debug_exit=0xf4 " DEVICE "512@0xfeb00e00:12 " DEVICE "4K@0xd0000000:5 x " DEVICE
	     "0x1000@4026531840:6:3");
	assert_int_equal(info.device_count, 3);
	assert_int_equal(info.devices_refused, 0);
	assert_device(0, 0xfeb00e00, 512, 12);
	assert_device(1, 0xd0000000, 4096, 5);
	assert_device(2, 0xf0000000, 4096, 6);
}

static void no_device_is_none(void **)
{
	read("quiet my" DEVICE "512@0xfeb00e00:12 virtio_mmio.devic");
	assert_int_equal(info.device_count, 0);
	assert_int_equal(info.devices_refused, 0);
}

static void malformed_devices_are_refused(void **)
{
	static const char *const bad[] = {
		"",
		"512",
		"512@",
		"512@0xfeb00e00",
		"512@0xfeb00e00:",
		"512@0xfeb00e00:x",
		"512@0xfeb00e00:12x",
		"512@0xfeb00e00:12:",
		"512@0x:12",
		"@0xfeb00e00:12",
		"-1@0xfeb00e00:12",
		"0@0xfeb00e00:12",
		"2M@0xfeb00e00:12",
		"0x100001@0xfeb00e00:12",
		"512@0xfeb00e00:65536",
		"512@0xffffffffffffff00:12",
		"512@0x1ffffffffffffffff:12",
		"18446744073709552128@0xfeb00e00:12",
		"512@0x100000000feb00e00:12",
		"512@0xfeb00e00:18446744073709551628",
		"18014398509481985K@0xfeb00e00:12",
		"512@0x200000:12",
		"512@0xffe01:12",
		"512 @0xfeb00e00:12",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char line[100] = DEVICE;

		strcat(line, bad[i]);
		read(line);
		assert_int_equal(info.device_count, 0);
		assert_int_equal(info.devices_refused, 1);
	}
}

static void malformed_device_does_not_hide_the_next(void **)
{
	read(DEVICE "512@x " DEVICE DEVICE "1@2:3 " DEVICE "512@0xfeb00e00:12");
	assert_int_equal(info.device_count, 1);
	assert_int_equal(info.devices_refused, 2);
	assert_device(0, 0xfeb00e00, 512, 12);
}

static void devices_beyond_our_number_are_refused(void **)
{
	char line[64 * (BOOT_MAX_DEVICES + 2)] = "";

	for (uint32_t i = 0; i < BOOT_MAX_DEVICES + 2; i++)
		strcat(line, DEVICE "512@0xfeb00e00:12 ");
	read(line);
	assert_int_equal(info.device_count, BOOT_MAX_DEVICES);
	assert_int_equal(info.devices_refused, 2);
}

static void noise_does_no_harm(void **)
{
	static const char letters[] = "0123456789abcx@:KM =";
	uint64_t state = 1;

	for (uint32_t round = 0; round < 20000; round++) {
		char line[] = DEVICE "512@0xfeb00e00:12 " DEVICE "4K@0xd0000000:5";

		for (uint32_t i = 0; i < 3; i++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			line[(state >> 33) % (sizeof(line) - 1)] =
				letters[(state >> 20) % (sizeof(letters) - 1)];
		}
		read(line);
		assert_in_range(info.device_count + info.devices_refused, 0, 2);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_are_found_at_their_start),
		TEST(devices_are_read),
		TEST(no_device_is_none),
		TEST(malformed_devices_are_refused),
		TEST(malformed_device_does_not_hide_the_next),
		TEST(devices_beyond_our_number_are_refused),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
