// SPDX-License-Identifier: MIT
/* Host test of fadt.c: the ways to switch a machine off and to reset it, and bad tables. */
#include "kernel/arch/x86_64/fadt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr size_t WINDOW_BYTES = 0x2000;
constexpr uint64_t DSDT_AT = 0x1000;
constexpr uint32_t FADT_BYTES = 268;
constexpr uint32_t FLAG_RESET = 1 << 10;
constexpr uint32_t FLAG_REDUCED_HARDWARE = 1 << 20;

static struct {
	uint8_t *memory; /* exactly WINDOW_BYTES, so that reading beyond is seen */
	struct boot_window window;
	uint8_t fadt[FADT_BYTES];
	uint32_t fadt_bytes;
	struct range_set ram;
	struct fadt result;
} t;

static void put(uint32_t offset, uint64_t value, size_t size)
{
	memcpy(t.fadt + offset, &value, size);
}

static void put_register(uint32_t offset, uint8_t space, uint64_t address)
{
	t.fadt[offset] = space;
	put(offset + 4, address, 8);
}

/* A DSDT of some filling and then these bytes. */
static void make_dsdt(const void *aml, size_t size)
{
	uint8_t *dsdt = t.memory + DSDT_AT;
	uint32_t total = (uint32_t)(ACPI_HEADER_BYTES + 8 + size);
	uint8_t sum = 0;

	memset(dsdt, 0, WINDOW_BYTES - DSDT_AT);
	memcpy(dsdt, "DSDT", 4);
	memcpy(dsdt + 4, &total, sizeof(total));
	memcpy(dsdt + ACPI_HEADER_BYTES + 8, aml, size);
	for (uint32_t i = 0; i < total; i++)
		sum = (uint8_t)(sum + dsdt[i]);
	dsdt[9] = (uint8_t)-sum;
}

/* The sleep types 5 and 1. */
static const char s5[] = "\x08_S5_\x12\x07\x04\x0a\x05\x01\x00\x00";

static int set_up(void **)
{
	memset(&t, 0, sizeof(t));
	t.memory = calloc(1, WINDOW_BYTES);
	t.window = (struct boot_window){ t.memory, WINDOW_BYTES };
	t.fadt_bytes = FADT_BYTES;
	make_dsdt(s5, sizeof(s5));
	put(40, DSDT_AT, 4);
	put(64, 0x604, 4);
	range_set_add(&t.ram, 0x100000, 0x4000000);
	return 0;
}

static int tear_down(void **)
{
	free(t.memory);
	return 0;
}

/* In memory of exactly the table's size. */
static void parse(void)
{
	uint8_t *exact = malloc(t.fadt_bytes);
	struct acpi_table table = { exact, t.fadt_bytes };

	memcpy(exact, t.fadt, t.fadt_bytes);
	fadt_parse(&t.window, &table, &t.ram, &t.result);
	free(exact);
}

static void control_ports_are_read(void **)
{
	put(68, 0x704, 4);
	parse();
	assert_int_equal(t.result.control_port[0], 0x604);
	assert_int_equal(t.result.control_value[0], 0x2000 | 5 << 10);
	assert_int_equal(t.result.control_port[1], 0x704);
	assert_int_equal(t.result.control_value[1], 0x2000 | 1 << 10);
	assert_int_equal(t.result.sleep.space, FADT_SPACE_NONE);
	assert_int_equal(t.result.reset.space, FADT_SPACE_NONE);
}

static void reduced_hardware_has_a_sleep_register(void **)
{
	put(112, FLAG_REDUCED_HARDWARE, 4);
	put_register(244, 0, 0xfea00200);
	parse();
	assert_int_equal(t.result.control_port[0], 0);
	assert_int_equal(t.result.sleep.space, FADT_SPACE_MEMORY);
	assert_int_equal(t.result.sleep.address, 0xfea00200);
	assert_int_equal(t.result.sleep_value, 0x20 | 5 << 2);
}

static void reset_register_needs_its_flag(void **)
{
	put_register(116, 1, 0xcf9);
	t.fadt[128] = 6;
	parse();
	assert_int_equal(t.result.reset.space, FADT_SPACE_NONE);
	put(112, FLAG_RESET, 4);
	parse();
	assert_int_equal(t.result.reset.space, FADT_SPACE_PORT);
	assert_int_equal(t.result.reset.address, 0xcf9);
	assert_int_equal(t.result.reset_value, 6);
}

static void registers_in_memory_that_is_ram_are_refused(void **)
{
	static const struct {
		uint8_t space;
		uint64_t address;
	} bad[] = { { 0, 0x200000 },          { 0, 0 },  { 1, 0 }, { 1, 0x10000 }, { 2, 0xfe },
		    { 0, UINT64_C(1) << 52 }, { 127, 1 } };

	put(112, FLAG_RESET, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_register(116, bad[i].space, bad[i].address);
		parse();
		assert_int_equal(t.result.reset.space, FADT_SPACE_NONE);
	}
}

static void ports_beyond_the_last_are_refused(void **)
{
	put(64, 0x10604, 4);
	parse();
	assert_int_equal(t.result.control_port[0], 0);
}

static void without_a_sleep_type_there_is_no_switch(void **)
{
	static const struct {
		const char *aml;
		size_t size;
	} bad[] = {
		{ "", 1 },
		{ "_S5_\x12\x07\x04\x0a\x05\x0a\x01", 11 },     /* no name operator */
		{ "\x08_S5_\x12\x07\x01\x0a\x05\x0a\x01", 12 }, /* one element */
		{ "\x08_S5_\x12\x47\x04\x0a\x05\x0a\x01", 12 }, /* a longer length */
		{ "\x08_S5_\x12\x07\x04\x0b\x05\x00\x00", 12 }, /* a word */
		{ "\x08_S5_\x12\x07\x04\x0a\x08\x0a\x01", 12 }, /* 8 is no sleep type */
		{ "\x08_S5_\x12\x07\x04\x0a", 9 },              /* cut off */
		{ "\x08_S5_\x12", 6 },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_dsdt(bad[i].aml, bad[i].size);
		parse();
		assert_int_equal(t.result.control_port[0], 0);
	}
}

static void first_name_that_fits_is_taken(void **)
{
	static const char aml[] = "x_S5_\x12\x07\x04\x00\x00"
				  "\x08\\_S5_\x12\x06\x02\x0a\x07\x00";

	make_dsdt(aml, sizeof(aml) - 1);
	parse();
	assert_int_equal(t.result.control_value[0], 0x2000 | 7 << 10);
}

static void unreachable_or_broken_dsdt_is_none(void **)
{
	put(40, WINDOW_BYTES - 20, 4);
	parse();
	assert_int_equal(t.result.control_port[0], 0);
	put(40, DSDT_AT, 4);
	t.memory[DSDT_AT + 20]++;
	parse();
	assert_int_equal(t.result.control_port[0], 0);
}

static void longer_address_of_the_dsdt_is_preferred(void **)
{
	put(40, 0, 4);
	put(140, DSDT_AT, 8);
	parse();
	assert_int_equal(t.result.control_port[0], 0x604);
}

static void short_table_gives_what_it_has(void **)
{
	put(112, FLAG_RESET | FLAG_REDUCED_HARDWARE, 4);
	put_register(116, 1, 0xcf9);
	put_register(244, 0, 0xfea00200);
	for (t.fadt_bytes = ACPI_HEADER_BYTES; t.fadt_bytes < 68; t.fadt_bytes++) {
		parse();
		assert_int_equal(t.result.control_port[0], 0);
	}
	parse();
	assert_int_equal(t.result.control_port[0], 0x604);
	for (; t.fadt_bytes < FADT_BYTES; t.fadt_bytes++)
		parse();
	assert_int_equal(t.result.sleep.space, FADT_SPACE_MEMORY);
}

/* Whatever the firmware wrote: nothing outside the tables is read. */
static void noise_does_no_harm(void **)
{
	uint64_t state = 1;

	for (uint32_t round = 0; round < 5000; round++) {
		char aml[sizeof(s5)];

		memcpy(aml, s5, sizeof(s5));
		for (uint32_t i = 0; i < 2; i++) {
			state = state * 6364136223846793005 + 1442695040888963407;
			aml[5 + (state >> 33) % (sizeof(s5) - 5)] = (char)(state >> 56);
			t.fadt[ACPI_HEADER_BYTES + (state >> 13) % 232] =
				(uint8_t)(state >> 48);
		}
		make_dsdt(aml, 5 + (state >> 40) % (sizeof(s5) - 5));
		put(40, DSDT_AT, 4);
		parse();
		if (t.result.reset.space == FADT_SPACE_PORT)
			assert_in_range(t.result.reset.address, 1, UINT16_MAX);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(control_ports_are_read),
		TEST(reduced_hardware_has_a_sleep_register),
		TEST(reset_register_needs_its_flag),
		TEST(registers_in_memory_that_is_ram_are_refused),
		TEST(ports_beyond_the_last_are_refused),
		TEST(without_a_sleep_type_there_is_no_switch),
		TEST(first_name_that_fits_is_taken),
		TEST(unreachable_or_broken_dsdt_is_none),
		TEST(longer_address_of_the_dsdt_is_preferred),
		TEST(short_table_gives_what_it_has),
		TEST(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
