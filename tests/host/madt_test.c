// SPDX-License-Identifier: MIT
/* Host test of madt.c: processors, I/O APICs, overrides, and malformed tables. */
#include "kernel/arch/x86_64/madt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t TABLE_BYTES = 4096;
constexpr uint32_t ENTRIES_AT = ACPI_HEADER_BYTES + 8;

static struct {
	uint8_t *bytes;
	uint32_t size;
	struct range_set ram;
	struct madt madt;
} t;

static int set_up(void **)
{
	memset(&t, 0, sizeof(t));
	t.bytes = calloc(1, TABLE_BYTES);
	t.size = ENTRIES_AT;
	range_set_add(&t.ram, 0x100000, 0x4000000);
	return 0;
}

static int tear_down(void **)
{
	free(t.bytes);
	return 0;
}

static void add(const uint8_t *entry, size_t size)
{
	memcpy(t.bytes + t.size, entry, size);
	t.size += (uint32_t)size;
}

static void add_cpu(uint8_t id, uint8_t flags)
{
	add((const uint8_t[]){ 0, 8, id, id, flags, 0, 0, 0 }, 8);
}

static void add_ioapic(uint32_t address, uint8_t first_line)
{
	const uint8_t entry[12] = { 1,
				    12,
				    0,
				    0,
				    (uint8_t)address,
				    (uint8_t)(address >> 8),
				    (uint8_t)(address >> 16),
				    (uint8_t)(address >> 24),
				    first_line };

	add(entry, sizeof(entry));
}

static void add_override(uint8_t bus, uint8_t source, uint8_t line, uint8_t flags)
{
	add((const uint8_t[]){ 2, 10, bus, source, line, 0, 0, 0, flags, 0 }, 10);
}

/* In memory of exactly the table's size, so that reading beyond it is seen. */
static bool parse(void)
{
	uint8_t *exact = malloc(t.size);
	struct acpi_table table = { exact, t.size };
	bool parsed;

	memcpy(exact, t.bytes, t.size);
	parsed = madt_parse(&table, &t.ram, &t.madt);
	free(exact);
	return parsed;
}

static void add_sound_entries(void)
{
	add_cpu(0, 1);
	add_cpu(2, 1);
	add_ioapic(0xfec00000, 0);
	add_override(0, 0, 2, 0);
}

static void sound_table_is_read(void **)
{
	add_sound_entries();
	assert_true(parse());
	assert_int_equal(t.madt.cpu_count, 2);
	assert_int_equal(t.madt.cpu_id[1], 2);
	assert_int_equal(t.madt.ioapic_count, 1);
	assert_int_equal(t.madt.ioapic[0].address, 0xfec00000);
	assert_int_equal(t.madt.isa[0].line, 2);
	assert_int_equal(t.madt.isa[4].line, 4);
	assert_false(t.madt.isa[4].is_edge_triggered);
}

static void disabled_processors_are_not_listed(void **)
{
	add_sound_entries();
	add_cpu(3, 0);
	add_cpu(4, 2);
	assert_true(parse());
	assert_int_equal(t.madt.cpu_count, 2);
}

static void processor_listed_twice_counts_once(void **)
{
	add_sound_entries();
	add_cpu(2, 1);
	add((const uint8_t[]){ 9, 16, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, 16);
	add((const uint8_t[]){ 9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, 16);
	assert_true(parse());
	assert_int_equal(t.madt.cpu_count, 3);
	assert_int_equal(t.madt.cpu_id[2], 256);
}

static void more_processors_than_we_can_name_are_dropped(void **)
{
	add_ioapic(0xfec00000, 0);
	for (uint32_t i = 0; i < 256; i++)
		add_cpu((uint8_t)i, 1);
	add((const uint8_t[]){ 9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 }, 16);
	assert_true(parse());
	assert_int_equal(t.madt.cpu_count, BOOT_MAX_CPUS);
}

static void overrides_tell_line_polarity_and_trigger(void **)
{
	add_sound_entries();
	add_override(0, 4, 20, 0x0f);
	add_override(0, 5, 5, 0x05);
	assert_true(parse());
	assert_int_equal(t.madt.isa[4].line, 20);
	assert_true(t.madt.isa[4].is_active_low);
	assert_false(t.madt.isa[4].is_edge_triggered);
	assert_false(t.madt.isa[5].is_active_low);
	assert_true(t.madt.isa[5].is_edge_triggered);
}

static void override_of_no_isa_line_is_malformed(void **)
{
	add_sound_entries();
	add_override(0, MADT_ISA_LINES, 1, 0);
	assert_false(parse());
	t.size -= 10;
	add_override(1, 4, 1, 0);
	assert_false(parse());
}

static void line_belongs_to_the_nearest_ioapic_below(void **)
{
	add_cpu(0, 1);
	add_ioapic(0xfec10000, 24);
	add_ioapic(0xfec00000, 0);
	add_ioapic(0xfec20000, 48);
	assert_true(parse());
	assert_int_equal(madt_ioapic_of(&t.madt, 0), 1);
	assert_int_equal(madt_ioapic_of(&t.madt, 23), 1);
	assert_int_equal(madt_ioapic_of(&t.madt, 24), 0);
	assert_int_equal(madt_ioapic_of(&t.madt, 48), 2);
	assert_int_equal(madt_ioapic_of(&t.madt, UINT32_MAX), 2);
}

static void ioapics_beyond_our_number_are_dropped(void **)
{
	add_cpu(0, 1);
	for (uint32_t i = 0; i < MADT_MAX_IOAPICS + 3; i++)
		add_ioapic(0xfec00000 + i * 0x1000, (uint8_t)(i * 24));
	assert_true(parse());
	assert_int_equal(t.madt.ioapic_count, MADT_MAX_IOAPICS);
}

static void ioapic_in_memory_is_malformed(void **)
{
	add_cpu(0, 1);
	add_ioapic(0x200000, 0);
	assert_false(parse());
	t.size -= 12;
	add_ioapic(0xfec00010, 0);
	assert_false(parse());
}

static void table_without_processor_or_ioapic_is_no_help(void **)
{
	add_cpu(0, 1);
	assert_false(parse());
	t.size = ENTRIES_AT;
	add_ioapic(0xfec00000, 0);
	assert_false(parse());
	t.size = ENTRIES_AT;
	assert_false(parse());
	t.size = ACPI_HEADER_BYTES;
	assert_false(parse());
}

static void entry_sizes_are_checked(void **)
{
	add_sound_entries();
	for (uint32_t cut = 1; cut < 10; cut++) {
		t.size--;
		assert_false(parse());
	}
	t.size--;
	assert_true(parse());
	for (uint8_t size = 0; size < 8; size++) {
		t.bytes[ENTRIES_AT + 1] = size;
		assert_false(parse());
	}
	t.bytes[ENTRIES_AT + 1] = 255;
	assert_false(parse());
}

static void short_last_entry_is_malformed(void **)
{
	add_sound_entries();
	add((const uint8_t[]){ 0, 4, 1, 1 }, 4);
	assert_false(parse());
}

static void unknown_entries_are_passed_over(void **)
{
	add((const uint8_t[]){ 200, 3, 0 }, 3);
	add((const uint8_t[]){ 4, 6, 0xff, 0, 0, 1 }, 6);
	add_sound_entries();
	assert_true(parse());
	assert_int_equal(t.madt.cpu_count, 2);
}

static void default_is_a_plain_pc(void **)
{
	madt_default(&t.madt);
	assert_int_equal(t.madt.cpu_count, 0);
	assert_int_equal(t.madt.ioapic_count, 1);
	assert_int_equal(t.madt.ioapic[0].address, IOAPIC_DEFAULT_ADDRESS);
	for (uint32_t i = 0; i < MADT_ISA_LINES; i++)
		assert_int_equal(t.madt.isa[i].line, i);
}

/* Whatever the firmware wrote: nothing outside the table is read, no count exceeds its array.
 */
static void noise_does_no_harm(void **)
{
	uint64_t state = 1;

	for (uint32_t round = 0; round < 20000; round++) {
		if (round % 8 == 0) {
			t.size = ENTRIES_AT;
			add_sound_entries();
		}
		state = state * 6364136223846793005 + 1442695040888963407;
		t.bytes[ENTRIES_AT + (state >> 33) % (t.size - ENTRIES_AT)] =
			(uint8_t)(state >> 56);
		if (!parse())
			continue;
		assert_in_range(t.madt.cpu_count, 1, BOOT_MAX_CPUS);
		assert_in_range(t.madt.ioapic_count, 1, MADT_MAX_IOAPICS);
		assert_in_range(madt_ioapic_of(&t.madt, (uint32_t)state), 0,
				t.madt.ioapic_count - 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sound_table_is_read),
		TEST(disabled_processors_are_not_listed),
		TEST(processor_listed_twice_counts_once),
		TEST(more_processors_than_we_can_name_are_dropped),
		TEST(overrides_tell_line_polarity_and_trigger),
		TEST(override_of_no_isa_line_is_malformed),
		TEST(line_belongs_to_the_nearest_ioapic_below),
		TEST(ioapics_beyond_our_number_are_dropped),
		TEST(ioapic_in_memory_is_malformed),
		TEST(table_without_processor_or_ioapic_is_no_help),
		TEST(entry_sizes_are_checked),
		TEST(short_last_entry_is_malformed),
		TEST(unknown_entries_are_passed_over),
		TEST(default_is_a_plain_pc),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
