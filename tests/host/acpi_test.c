// SPDX-License-Identifier: MIT
/* Host test of acpi.c: the search for the root pointer, the way to a table, and what breaks it.
 */
#include "kernel/arch/x86_64/acpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t WINDOW_BYTES = 0x110000;
constexpr uint64_t EBDA_AT = 0x9fc00;
constexpr uint64_t RSDP_AT = 0xf5a40;
constexpr uint64_t RSDT_AT = 0x108000;
constexpr uint64_t XSDT_AT = 0x109000;
constexpr uint64_t TABLE_AT = 0x10a000;

static struct {
	uint8_t *memory; /* exactly WINDOW_BYTES, so that reading beyond is seen */
	struct boot_window window;
	struct acpi_table table;
} t;

static void write(uint64_t at, uint64_t value, size_t size)
{
	memcpy(t.memory + at, &value, size);
}

/* Make size bytes add up to 0 by the one at sum_at. */
static void add_up(uint64_t at, size_t size, uint64_t sum_at)
{
	uint8_t sum = 0;

	t.memory[sum_at] = 0;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + t.memory[at + i]);
	t.memory[sum_at] = (uint8_t)-sum;
}

static void make_rsdp(uint64_t at, uint8_t revision)
{
	memcpy(t.memory + at, "RSD PTR ", 8);
	t.memory[at + 15] = revision;
	write(at + 16, RSDT_AT, 4);
	add_up(at, 20, at + 8);
	write(at + 20, 36, 4);
	write(at + 24, XSDT_AT, 8);
	add_up(at, 36, at + 32);
}

static void make_table(uint64_t at, const char *signature, uint32_t size)
{
	memcpy(t.memory + at, signature, 4);
	write(at + 4, size, 4);
	add_up(at, size, at + 9);
}

/* A root pointer, both lists, each with a table that is not there before one that is. */
static int set_up(void **)
{
	memset(&t, 0, sizeof(t));
	t.memory = calloc(1, WINDOW_BYTES);
	t.window = (struct boot_window){ t.memory, WINDOW_BYTES };
	make_rsdp(RSDP_AT, 2);
	write(RSDT_AT + 36, UINT32_MAX, 4);
	write(RSDT_AT + 40, TABLE_AT, 4);
	make_table(RSDT_AT, "RSDT", 44);
	write(XSDT_AT + 36, UINT64_MAX, 8);
	write(XSDT_AT + 44, TABLE_AT + 0x100, 8);
	make_table(XSDT_AT, "XSDT", 52);
	make_table(TABLE_AT, "APIC", 60);
	make_table(TABLE_AT + 0x100, "APIC", 64);
	return 0;
}

static int tear_down(void **)
{
	free(t.memory);
	return 0;
}

static bool find(void)
{
	return acpi_find_table(&t.window, RSDP_AT, "APIC", &t.table);
}

static void root_pointer_is_found_in_the_bios(void **)
{
	assert_int_equal(acpi_find_rsdp(&t.window), RSDP_AT);
	make_rsdp(0xe0000, 0);
	assert_int_equal(acpi_find_rsdp(&t.window), 0xe0000);
}

static void root_pointer_is_found_in_the_extended_data_area(void **)
{
	make_rsdp(EBDA_AT + 0x3f0, 0);
	assert_int_equal(acpi_find_rsdp(&t.window), RSDP_AT);
	write(0x40e, EBDA_AT / 16, 2);
	assert_int_equal(acpi_find_rsdp(&t.window), EBDA_AT + 0x3f0);
}

static void only_its_places_are_searched(void **)
{
	memset(t.memory + RSDP_AT, 0, 36);
	make_rsdp(0xdfff0, 0);
	make_rsdp(0x100000, 0);
	make_rsdp(0xe0008, 0);
	make_rsdp(EBDA_AT + 0x400, 0);
	write(0x40e, EBDA_AT / 16, 2);
	assert_int_equal(acpi_find_rsdp(&t.window), 0);
}

static void root_pointer_that_does_not_add_up_is_none(void **)
{
	t.memory[RSDP_AT + 9]++;
	assert_int_equal(acpi_find_rsdp(&t.window), 0);
	assert_false(find());
}

static void search_stays_in_the_window(void **)
{
	t.window.size = RSDP_AT + 19;
	assert_int_equal(acpi_find_rsdp(&t.window), 0);
	write(0x40e, UINT16_MAX, 2);
	t.window.size = 0x40f;
	assert_int_equal(acpi_find_rsdp(&t.window), 0);
}

static void newer_list_is_preferred(void **)
{
	assert_true(find());
	assert_int_equal(t.table.size, 64);
	assert_ptr_equal(t.table.bytes, t.memory + TABLE_AT + 0x100);
}

static void older_list_will_do(void **)
{
	make_rsdp(RSDP_AT, 0);
	assert_true(find());
	assert_int_equal(t.table.size, 60);
}

static void broken_newer_list_is_passed_over(void **)
{
	t.memory[XSDT_AT + 40]++;
	assert_true(find());
	assert_int_equal(t.table.size, 60);
	t.memory[XSDT_AT + 40]--;
	t.memory[RSDP_AT + 33]++;
	assert_true(find());
	assert_int_equal(t.table.size, 60);
}

static void table_must_add_up(void **)
{
	t.memory[TABLE_AT + 0x100 + 63]++;
	assert_false(find());
}

static void table_size_is_checked(void **)
{
	const uint32_t sizes[] = { 0, 35, WINDOW_BYTES, UINT32_MAX };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		write(TABLE_AT + 0x100 + 4, sizes[i], 4);
		assert_false(find());
	}
}

static void table_may_end_with_the_window(void **)
{
	uint64_t at = WINDOW_BYTES - 40;

	make_table(at, "APIC", 40);
	assert_true(acpi_table_at(&t.window, at, "APIC", &t.table));
	write(at + 4, 41, 4);
	assert_false(acpi_table_at(&t.window, at, "APIC", &t.table));
	assert_false(acpi_table_at(&t.window, WINDOW_BYTES - 35, "APIC", &t.table));
	assert_false(acpi_table_at(&t.window, UINT64_MAX, "APIC", &t.table));
	assert_false(acpi_table_at(&t.window, 0, "APIC", &t.table));
}

static void other_tables_are_not_taken(void **)
{
	assert_false(acpi_find_table(&t.window, RSDP_AT, "FACP", &t.table));
	assert_false(acpi_find_table(&t.window, 0, "APIC", &t.table));
	assert_false(acpi_find_table(&t.window, RSDP_AT + 16, "APIC", &t.table));
	assert_false(acpi_find_table(&t.window, UINT64_MAX, "APIC", &t.table));
}

static void numbers_are_read_in_their_order_and_inside(void **)
{
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct acpi_table table = { bytes, sizeof(bytes) };

	assert_int_equal(acpi_read(&table, 0, 1), 1);
	assert_int_equal(acpi_read(&table, 7, 2), 0x0908);
	assert_true(acpi_read(&table, 1, 8) == 0x0908070605040302);
	assert_int_equal(acpi_read(&table, 2, 8), 0);
	assert_int_equal(acpi_read(&table, UINT32_MAX, 8), 0);
}

/* Whatever the firmware wrote: nothing outside the window is read. */
static void noise_does_no_harm(void **)
{
	static const uint64_t places[] = { RSDP_AT, RSDT_AT, XSDT_AT, TABLE_AT };
	uint64_t state = 1;

	for (uint32_t round = 0; round < 5000; round++) {
		uint64_t place;

		state = state * 6364136223846793005 + 1442695040888963407;
		place = places[state >> 62];
		t.memory[place + (state >> 33) % 64] = (uint8_t)(state >> 56);
		if (place == RSDP_AT)
			add_up(RSDP_AT, 20, RSDP_AT + 8);
		else
			add_up(place, 52, place + 9);
		find();
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
		TEST(root_pointer_is_found_in_the_bios),
		TEST(root_pointer_is_found_in_the_extended_data_area),
		TEST(only_its_places_are_searched),
		TEST(root_pointer_that_does_not_add_up_is_none),
		TEST(search_stays_in_the_window),
		TEST(newer_list_is_preferred),
		TEST(older_list_will_do),
		TEST(broken_newer_list_is_passed_over),
		TEST(table_must_add_up),
		TEST(table_size_is_checked),
		TEST(table_may_end_with_the_window),
		TEST(other_tables_are_not_taken),
		TEST(numbers_are_read_in_their_order_and_inside),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
