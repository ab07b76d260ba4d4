// SPDX-License-Identifier: MIT
/* Host test of multiboot2.c: sound boot information, each way in which it can be wrong, and
 * noise. */
#include "kernel/arch/x86_64/multiboot2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint64_t MIB = 0x100000;
constexpr size_t WINDOW_BYTES = 0x2000;
constexpr uint64_t INFORMATION_AT = 0x1000;

static const struct boot_range kernel = { MIB, MIB + 0x30000 };

/* Boot information in the making, and what was read from it. */
static struct {
	uint8_t *memory; /* exactly WINDOW_BYTES, so that reading beyond is seen */
	uint64_t end;    /* of the tags so far */
	struct loader_memory_entry map[2];
	struct loader_result result;
} t;

static const char *parse(void)
{
	struct boot_window window = { t.memory, WINDOW_BYTES };

	return multiboot2_parse(&window, INFORMATION_AT, kernel, &t.result);
}

static void assert_refused(const char *word)
{
	const char *wrong = parse();

	assert_non_null(wrong);
	assert_non_null(strstr(wrong, word));
}

static void set_total_size(uint64_t size)
{
	struct multiboot2_head head = { .total_size = (uint32_t)size };

	memcpy(t.memory + INFORMATION_AT, &head, sizeof(head));
}

/* Append a tag with a payload; returns where it lies. */
static uint64_t add(uint32_t type, const void *payload, size_t size)
{
	struct multiboot2_tag tag = { type, (uint32_t)(sizeof(tag) + size) };
	uint64_t at = t.end;

	memcpy(t.memory + at, &tag, sizeof(tag));
	memcpy(t.memory + at + sizeof(tag), payload, size);
	t.end = (at + sizeof(tag) + size + 7) & ~UINT64_C(7);
	set_total_size(t.end - INFORMATION_AT);
	return at;
}

static void add_module(uint32_t start, uint32_t end)
{
	const uint32_t payload[3] = { start, end, 'm' };

	add(MULTIBOOT2_MODULE, payload, sizeof(payload));
}

static uint64_t add_memory_map(void)
{
	uint8_t payload[8 + sizeof(t.map)] = { sizeof(t.map[0]) };

	memcpy(payload + 8, t.map, sizeof(t.map));
	return add(MULTIBOOT2_MEMORY_MAP, payload, sizeof(payload));
}

static void add_end(void)
{
	add(MULTIBOOT2_END, "", 0);
}

/* Nothing but the head, and a map that waits to be added. */
static int set_up(void **)
{
	memset(&t, 0, sizeof(t));
	t.memory = calloc(1, WINDOW_BYTES);
	t.end = INFORMATION_AT + sizeof(struct multiboot2_head);
	t.map[0] = (struct loader_memory_entry){ .size = 0x9f000, .type = LOADER_MEMORY_RAM };
	t.map[1] = (struct loader_memory_entry){ .address = MIB,
						 .size = 63 * MIB,
						 .type = LOADER_MEMORY_RAM };
	return t.memory == nullptr;
}

static int tear_down(void **)
{
	free(t.memory);
	return 0;
}

static uint64_t add_sound_tags(void)
{
	uint64_t map;

	add(MULTIBOOT2_COMMAND_LINE, "a=1 b=2", 8);
	add(2, "GRUB", 5);
	add_module(0x15000, 0x15000 + 5000);
	map = add_memory_map();
	add_end();
	return map;
}

static void sound_information_is_read(void **)
{
	add_sound_tags();
	assert_null(parse());
	assert_string_equal(t.result.info.protocol, "Multiboot2");
	assert_string_equal(t.result.info.command_line, "a=1 b=2");
	assert_int_equal(t.result.info.module_count, 1);
	assert_int_equal(t.result.info.module.raw, 0x15000);
	assert_int_equal(t.result.info.module_bytes, 5000);
	assert_int_equal(t.result.info.ram_bytes, 63 * MIB + 0x9f000);
	assert_int_equal(t.result.rsdp, 0);
	assert_int_equal(t.result.free.count, 1);
	assert_int_equal(t.result.free.range[0].start, kernel.end);
}

static void information_itself_is_not_free(void **)
{
	struct boot_window window;
	uint8_t *memory = calloc(1, 2 * MIB);

	add_sound_tags();
	memcpy(memory + MIB + 0x40000, t.memory + INFORMATION_AT, t.end - INFORMATION_AT);
	window = (struct boot_window){ memory, 2 * MIB };
	assert_null(multiboot2_parse(&window, MIB + 0x40000, kernel, &t.result));
	assert_false(range_set_contains(&t.result.free, MIB + 0x40000, MIB + 0x40001));
	assert_true(range_set_contains(&t.result.free, MIB + 0x41000, 64 * MIB));
	free(memory);
}

static void information_out_of_reach_is_refused(void **)
{
	struct boot_window window = { t.memory, WINDOW_BYTES };
	const uint64_t places[] = { WINDOW_BYTES - 8, WINDOW_BYTES - 4, WINDOW_BYTES,
				    UINT64_MAX - 7, INFORMATION_AT + 4 };

	add_sound_tags();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_non_null(multiboot2_parse(&window, places[i], kernel, &t.result));
	set_total_size(WINDOW_BYTES - INFORMATION_AT + 8);
	assert_refused("out of reach");
	set_total_size(UINT32_MAX);
	assert_refused("out of reach");
	set_total_size(7);
	assert_refused("out of reach");
}

static void information_must_end_inside_itself(void **)
{
	add(MULTIBOOT2_COMMAND_LINE, "a", 2);
	add_memory_map();
	assert_refused("no end");
	add_end();
	assert_null(parse());
	set_total_size(t.end - INFORMATION_AT - 8);
	assert_refused("no end");
	set_total_size(t.end - INFORMATION_AT - 4);
	assert_refused("no end");
}

static void tag_sizes_are_checked(void **)
{
	uint64_t map = add_sound_tags();
	struct multiboot2_tag tag = { MULTIBOOT2_MEMORY_MAP, 7 };

	memcpy(t.memory + map, &tag, sizeof(tag));
	assert_refused("malformed");
	tag.size = (uint32_t)(t.end - map + 1);
	memcpy(t.memory + map, &tag, sizeof(tag));
	assert_refused("malformed");
	tag.size = UINT32_MAX;
	memcpy(t.memory + map, &tag, sizeof(tag));
	assert_refused("malformed");
}

static void many_tags_need_an_end_too(void **)
{
	for (uint32_t i = 0; i < 480; i++)
		add(99, "", 0);
	assert_refused("no end");
}

static void memory_map_must_be_there(void **)
{
	add(MULTIBOOT2_COMMAND_LINE, "a", 2);
	add_end();
	assert_refused("no memory map");
}

static void entry_size_is_checked(void **)
{
	uint64_t map = add_sound_tags();
	const uint8_t sizes[] = { 0, 8, 23, 25, 28 };

	for (size_t i = 0; i < sizeof(sizes); i++) {
		t.memory[map + sizeof(struct multiboot2_tag)] = sizes[i];
		assert_refused("map is malformed");
	}
	t.memory[map + sizeof(struct multiboot2_tag)] = 48;
	assert_refused("kernel is not");
}

static void memory_map_without_a_head_is_refused(void **)
{
	add(MULTIBOOT2_MEMORY_MAP, "\x18", 1);
	add_end();
	assert_refused("map is malformed");
}

static void module_must_lie_in_free_ram(void **)
{
	static const uint32_t ranges[][2] = {
		{ 0x9e000, 0xa0000 },
		{ 0x3fffff0, 0x4000001 },
		{ 0x100000, 0x100001 },
		{ 0x20000, 0x1ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		tear_down(nullptr);
		set_up(nullptr);
		add_memory_map();
		add_module(ranges[i][0], ranges[i][1]);
		add_end();
		assert_refused("module");
	}
}

static void module_without_a_range_is_refused(void **)
{
	add_memory_map();
	add(MULTIBOOT2_MODULE, "\0\0\1", 4);
	add_end();
	assert_refused("module's tag");
}

static void modules_are_counted(void **)
{
	add_memory_map();
	add_module(0x15000, 0x16000);
	add_module(0, UINT32_MAX);
	add_end();
	assert_null(parse());
	assert_int_equal(t.result.info.module_count, 2);
	assert_int_equal(t.result.info.module_bytes, 0);
}

static void newer_root_pointer_wins(void **)
{
	uint64_t at;

	add_memory_map();
	add(MULTIBOOT2_RSDP_V1, "RSD PTR one", 12);
	at = add(MULTIBOOT2_RSDP_V2, "RSD PTR two", 12);
	add(MULTIBOOT2_RSDP_V1, "RSD PTR three", 14);
	add_end();
	assert_null(parse());
	assert_int_equal(t.result.rsdp, at + sizeof(struct multiboot2_tag));
}

static void older_root_pointer_will_do(void **)
{
	uint64_t at = add(MULTIBOOT2_RSDP_V1, "RSD PTR one", 12);

	add_memory_map();
	add_end();
	assert_null(parse());
	assert_int_equal(t.result.rsdp, at + sizeof(struct multiboot2_tag));
}

static void command_line_ends_in_its_tag(void **)
{
	add_memory_map();
	add(MULTIBOOT2_COMMAND_LINE, "no end to it", 12);
	add_end();
	assert_refused("command line");
}

/* Whatever the loader wrote: no access outside the window, and sets that hold. */
static void noise_does_no_harm(void **)
{
	uint64_t state = 1;

	for (uint32_t round = 0; round < 20000; round++) {
		if (round % 8 == 0) {
			tear_down(nullptr);
			set_up(nullptr);
			add_sound_tags();
		}
		for (uint32_t change = 0; change < 2; change++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			t.memory[INFORMATION_AT + (state >> 33) % (t.end - INFORMATION_AT)] =
				(uint8_t)(state >> 56);
		}
		if (parse() == nullptr) {
			assert_true(range_set_check(&t.result.ram));
			assert_true(range_set_check(&t.result.free));
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sound_information_is_read),
		TEST(information_itself_is_not_free),
		TEST(information_out_of_reach_is_refused),
		TEST(information_must_end_inside_itself),
		TEST(tag_sizes_are_checked),
		TEST(many_tags_need_an_end_too),
		TEST(memory_map_must_be_there),
		TEST(entry_size_is_checked),
		TEST(memory_map_without_a_head_is_refused),
		TEST(module_must_lie_in_free_ram),
		TEST(module_without_a_range_is_refused),
		TEST(modules_are_counted),
		TEST(newer_root_pointer_wins),
		TEST(older_root_pointer_will_do),
		TEST(command_line_ends_in_its_tag),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
