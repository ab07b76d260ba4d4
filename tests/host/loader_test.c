// SPDX-License-Identifier: MIT
/* Host test of loader.c: what both boot protocols share.  Their own tests try the rest of it.
 */
#include "kernel/arch/x86_64/loader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint64_t MIB = 0x100000;
constexpr size_t WINDOW_BYTES = 0x4000;
constexpr uint64_t TEXT_AT = 0x1000;

static const struct boot_range kernel = { MIB, MIB + 0x30000 };
static const struct boot_range nothing = { 0 };

static struct {
	uint8_t *memory; /* exactly WINDOW_BYTES, so that reading beyond is seen */
	struct boot_window window;
	struct loader_result result;
} t;

/* RAM is [0, 0x9f000) and [1 MiB, 64 MiB). */
static int set_up(void **)
{
	const struct loader_memory_entry map[] = {
		{ .size = 0x9f000, .type = LOADER_MEMORY_RAM },
		{ .address = MIB, .size = 63 * MIB, .type = LOADER_MEMORY_RAM },
	};
	struct loader_memory_map place = { 0, 2, sizeof(map[0]) };

	memset(&t, 0, sizeof(t));
	t.memory = calloc(1, WINDOW_BYTES);
	t.window = (struct boot_window){ t.memory, WINDOW_BYTES };
	memcpy(t.memory, map, sizeof(map));
	return loader_read_memory_map(&t.window, &place, &t.result) != nullptr;
}

static int tear_down(void **)
{
	free(t.memory);
	return 0;
}

static void low_memory_is_mapped_but_not_free(void **)
{
	assert_null(loader_finish(&t.result, kernel, nothing));
	assert_true(range_set_contains(&t.result.ram, 0, 0x9f000));
	assert_int_equal(t.result.free.range[0].start, kernel.end);
}

static void module_may_lie_in_low_memory(void **)
{
	assert_null(loader_set_module(&t.result, kernel, 0x15000, 5000));
	assert_null(loader_finish(&t.result, kernel, nothing));
	assert_int_equal(t.result.info.module.raw, 0x15000);
	assert_int_equal(t.result.info.module_bytes, 5000);
	assert_non_null(loader_set_module(&t.result, kernel, 0x9e000, 5000));
}

static void what_the_loader_left_is_not_free(void **)
{
	const struct boot_range structures = { 8 * MIB + 8, 8 * MIB + PAGE_SIZE + 16 };

	assert_null(loader_finish(&t.result, kernel, structures));
	assert_false(range_set_contains(&t.result.free, 8 * MIB, 8 * MIB + 1));
	assert_false(range_set_contains(&t.result.free, structures.end, structures.end + 1));
	assert_true(range_set_contains(&t.result.free, 8 * MIB + 2 * PAGE_SIZE, 64 * MIB));
}

static void entries_may_be_longer_than_we_know(void **)
{
	struct loader_memory_map place = { 0x100, 2, 40 };
	struct loader_memory_entry entry = { .size = 3 * MIB, .type = LOADER_MEMORY_RAM };

	memset(t.memory, 0xff, 0x200);
	memcpy(t.memory + 0x100, &entry, sizeof(entry));
	entry.address = 5 * MIB;
	memcpy(t.memory + 0x100 + 40, &entry, sizeof(entry));
	assert_null(loader_read_memory_map(&t.window, &place, &t.result));
	assert_int_equal(t.result.ram.count, 2);
	assert_int_equal(t.result.ram.range[1].start, 5 * MIB);
	place.entry_bytes = UINT32_MAX;
	assert_non_null(loader_read_memory_map(&t.window, &place, &t.result));
}

static void long_command_line_loses_whole_words(void **)
{
	char *text = (char *)t.memory + TEXT_AT;

	memset(text, 'x', 2 * BOOT_COMMAND_LINE_BYTES);
	memcpy(text, "first second ", 13);
	assert_null(loader_read_command_line(&t.window, TEXT_AT, &t.result.info));
	assert_string_equal(t.result.info.command_line, "first second ");
	memset(text, 'x', 13);
	assert_null(loader_read_command_line(&t.window, TEXT_AT, &t.result.info));
	assert_string_equal(t.result.info.command_line, "");
}

static void command_line_that_just_fits_is_whole(void **)
{
	char *text = (char *)t.memory + TEXT_AT;

	memset(text, 'x', BOOT_COMMAND_LINE_BYTES - 1);
	text[BOOT_COMMAND_LINE_BYTES - 1] = '\0';
	assert_null(loader_read_command_line(&t.window, TEXT_AT, &t.result.info));
	assert_int_equal(strlen(t.result.info.command_line), BOOT_COMMAND_LINE_BYTES - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(low_memory_is_mapped_but_not_free),
		TEST(module_may_lie_in_low_memory),
		TEST(what_the_loader_left_is_not_free),
		TEST(entries_may_be_longer_than_we_know),
		TEST(long_command_line_loses_whole_words),
		TEST(command_line_that_just_fits_is_whole),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
