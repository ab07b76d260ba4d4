// SPDX-License-Identifier: MIT
/* Host test of pvh.c: a sound start info, each way in which one can be wrong, and noise. */
#include "kernel/arch/x86_64/pvh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint64_t MIB = 0x100000;
constexpr size_t WINDOW_BYTES = 0x7000;

/* Where the loader's structures lie in the window. */
constexpr uint64_t INFO_AT = 0x1000;
constexpr uint64_t MAP_AT = 0x2000;
constexpr uint64_t MODULE_AT = 0x3000;
constexpr uint64_t COMMAND_LINE_AT = 0x4000;

static const struct boot_range kernel = { MIB, MIB + 0x30000 };

/* What the loader left, and what was made of it. */
static struct {
	uint8_t *memory; /* exactly WINDOW_BYTES, so that reading beyond is seen */
	struct pvh_start_info info;
	struct loader_memory_entry map[8];
	struct pvh_module module;
	struct loader_result result;
} t;

static const char *parse(void)
{
	struct boot_window window = { t.memory, WINDOW_BYTES };

	memcpy(t.memory + INFO_AT, &t.info, sizeof(t.info));
	memcpy(t.memory + MAP_AT, t.map, sizeof(t.map));
	memcpy(t.memory + MODULE_AT, &t.module, sizeof(t.module));
	return pvh_parse(&window, INFO_AT, kernel, &t.result);
}

static void assert_refused(const char *word)
{
	const char *wrong = parse();

	assert_non_null(wrong);
	assert_non_null(strstr(wrong, word));
}

/* 64 MiB with the usual hole below 1 MiB, and a module near the end. */
static int set_up(void **)
{
	memset(&t, 0, sizeof(t));
	t.memory = calloc(1, WINDOW_BYTES);
	t.info = (struct pvh_start_info){
		.magic = PVH_MAGIC,
		.version = 1,
		.module_count = 1,
		.modules = MODULE_AT,
		.command_line = COMMAND_LINE_AT,
		.memory_map = MAP_AT,
		.memory_map_entries = 4,
	};
	t.map[0] = (struct loader_memory_entry){ .size = 0x9fc00, .type = LOADER_MEMORY_RAM };
	t.map[1] = (struct loader_memory_entry){ .address = 0x9fc00, .size = 0x400, .type = 2 };
	t.map[2] = (struct loader_memory_entry){ .address = MIB,
						 .size = 63 * MIB,
						 .type = LOADER_MEMORY_RAM };
	t.module = (struct pvh_module){ .address = 60 * MIB, .size = 5000 };
	strcpy((char *)t.memory + COMMAND_LINE_AT, "a=1 b=2");
	return t.memory == nullptr;
}

static int tear_down(void **)
{
	free(t.memory);
	return 0;
}

static void sound_info_is_read(void **)
{
	assert_null(parse());
	assert_string_equal(t.result.info.command_line, "a=1 b=2");
	assert_int_equal(t.result.info.module_count, 1);
	assert_int_equal(t.result.info.module.raw, 60 * MIB);
	assert_int_equal(t.result.info.module_bytes, 5000);
	assert_int_equal(t.result.info.ram_bytes, 63 * MIB + 0x9f000);
	assert_int_equal(t.result.ram.count, 2);
	assert_int_equal(t.result.free.count, 2);
	assert_int_equal(t.result.free.range[0].start, kernel.end);
	assert_int_equal(t.result.free.range[0].end, 60 * MIB);
	assert_int_equal(t.result.free.range[1].start, 60 * MIB + 0x2000);
	assert_int_equal(t.result.free.range[1].end, 64 * MIB);
}

static void foreign_start_is_refused(void **)
{
	t.info.magic++;
	assert_refused("PVH");
}

static void start_info_out_of_reach_is_refused(void **)
{
	struct boot_window window = { t.memory, WINDOW_BYTES };

	for (uint64_t at = WINDOW_BYTES - sizeof(t.info) + 1; at < WINDOW_BYTES + 8; at++)
		assert_non_null(pvh_parse(&window, at, kernel, &t.result));
	assert_non_null(pvh_parse(&window, UINT64_MAX, kernel, &t.result));
}

static void memory_map_must_be_there(void **)
{
	t.info.version = 0;
	assert_refused("no memory map");
	t.info.version = 1;
	t.info.memory_map_entries = 0;
	assert_refused("no memory map");
	t.info.memory_map_entries = LOADER_MAX_MEMORY_ENTRIES + 1;
	assert_refused("too long");
	t.info.memory_map_entries = LOADER_MAX_MEMORY_ENTRIES;
	assert_refused("out of reach");
	t.info.memory_map_entries = 2;
	t.info.memory_map = UINT64_MAX - 10;
	assert_refused("out of reach");
}

static void reserved_wins_over_ram(void **)
{
	t.map[3] =
		(struct loader_memory_entry){ .address = 32 * MIB + 7, .size = 1, .type = 2 };
	assert_null(parse());
	assert_false(range_set_contains(&t.result.ram, 32 * MIB, 32 * MIB + 1));
	assert_true(range_set_contains(&t.result.ram, 32 * MIB + PAGE_SIZE, 64 * MIB));
}

static void empty_overlapping_and_odd_entries_are_handled(void **)
{
	t.info.memory_map_entries = 6;
	t.map[3] = (struct loader_memory_entry){ .address = 10 * MIB, .size = 0, .type = 2 };
	t.map[4] = (struct loader_memory_entry){ .address = 63 * MIB + 1,
						 .size = 3 * MIB,
						 .type = LOADER_MEMORY_RAM };
	assert_null(parse());
	assert_int_equal(t.result.ram.count, 2);
	assert_int_equal(t.result.ram.range[1].end, 66 * MIB);
}

static void memory_beyond_the_direct_map_is_left_alone(void **)
{
	t.map[3] = (struct loader_memory_entry){ .address = UINT64_MAX - 2 * MIB,
						 .size = UINT64_MAX,
						 .type = LOADER_MEMORY_RAM };
	assert_null(parse());
	assert_int_equal(t.result.ram.count, 2);
	assert_int_equal(t.result.ram.range[1].end, 64 * MIB);
}

static void root_pointer_is_passed_on(void **)
{
	assert_null(parse());
	assert_int_equal(t.result.rsdp, 0);
	t.info.rsdp = UINT64_MAX;
	assert_null(parse());
	assert_int_equal(t.result.rsdp, UINT64_MAX);
}

static void kernel_outside_ram_is_refused(void **)
{
	t.map[3] =
		(struct loader_memory_entry){ .address = kernel.end - 1, .size = 1, .type = 5 };
	assert_refused("kernel is not");
}

static void module_must_lie_in_free_ram(void **)
{
	t.module.address = 64 * MIB - 4999;
	assert_refused("module is not");
	t.module.address = UINT64_MAX - 100;
	assert_refused("module is not");
	t.module.address = 0x9fc00 - 4999;
	assert_refused("module is not");
	t.module.address = kernel.end - 1;
	assert_refused("overlaps");
	t.module.address = 60 * MIB;
	t.info.modules = WINDOW_BYTES - 1;
	assert_refused("module list");
}

static void other_module_counts_are_passed_on(void **)
{
	t.info.module_count = 0;
	assert_null(parse());
	assert_int_equal(t.result.info.module_count, 0);
	t.info.module_count = UINT32_MAX;
	t.info.modules = UINT64_MAX;
	assert_null(parse());
	assert_int_equal(t.result.info.module_count, UINT32_MAX);
	assert_int_equal(t.result.info.module_bytes, 0);
	assert_int_equal(t.result.free.range[0].end, 64 * MIB);
}

static void odd_module_takes_its_pages_whole(void **)
{
	t.module.address = 60 * MIB + 100;
	t.module.size = PAGE_SIZE;
	assert_null(parse());
	assert_int_equal(t.result.free.range[0].end, 60 * MIB);
	assert_int_equal(t.result.free.range[1].start, 60 * MIB + 2 * PAGE_SIZE);
}

static void command_line_is_optional_but_bounded(void **)
{
	t.info.command_line = 0;
	assert_null(parse());
	assert_string_equal(t.result.info.command_line, "");
	t.info.command_line = WINDOW_BYTES - 3;
	memset(t.memory + WINDOW_BYTES - 3, 'x', 3);
	assert_refused("command line");
	t.info.command_line = UINT64_MAX;
	assert_refused("command line");
}

/* Whatever the loader wrote: no access outside the window, and sets that hold. */
static void noise_does_no_harm(void **)
{
	uint64_t state = 1;

	for (uint32_t round = 0; round < 20000; round++) {
		uint8_t *bytes = (uint8_t *)&t.info;
		uint8_t *map = (uint8_t *)t.map;

		for (uint32_t change = 0; change < 3; change++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			bytes[8 + (state >> 33) % (sizeof(t.info) - 8)] =
				(uint8_t)(state >> 56);
			map[(state >> 20) % sizeof(t.map)] = (uint8_t)(state >> 48);
		}
		if (parse() == nullptr) {
			assert_true(range_set_check(&t.result.ram));
			assert_true(range_set_check(&t.result.free));
		}
		if (round % 8 == 0) {
			tear_down(nullptr);
			set_up(nullptr);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sound_info_is_read),
		TEST(foreign_start_is_refused),
		TEST(start_info_out_of_reach_is_refused),
		TEST(memory_map_must_be_there),
		TEST(reserved_wins_over_ram),
		TEST(empty_overlapping_and_odd_entries_are_handled),
		TEST(memory_beyond_the_direct_map_is_left_alone),
		TEST(root_pointer_is_passed_on),
		TEST(kernel_outside_ram_is_refused),
		TEST(module_must_lie_in_free_ram),
		TEST(other_module_counts_are_passed_on),
		TEST(odd_module_takes_its_pages_whole),
		TEST(command_line_is_optional_but_bounded),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
