// SPDX-License-Identifier: MIT
/* The machine's switches.  See fadt.h. */
#include "kernel/arch/x86_64/fadt.h"

/* Offsets in the table (ACPI 6.4, table 5.9). */
enum fadt_offset : uint8_t {
	FADT_DSDT = 40,
	FADT_CONTROL_A = 64,
	FADT_CONTROL_B = 68,
	FADT_FLAGS = 112,
	FADT_RESET = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_SLEEP = 244,
};

constexpr uint64_t FLAG_RESET = UINT64_C(1) << 10;
constexpr uint64_t FLAG_REDUCED_HARDWARE = UINT64_C(1) << 20;

/* A register's description: kind of address space, 3 bytes, address (ACPI 6.4, 5.2.3.2). */
constexpr uint64_t SPACE_MEMORY = 0;
constexpr uint64_t SPACE_PORT = 1;

/* Sleep enable and type, in a control port (4.8.3.2.1) and in a sleep register (4.8.3.7). */
constexpr uint16_t CONTROL_ENABLE = 1 << 13;
constexpr uint8_t CONTROL_TYPE_SHIFT = 10;
constexpr uint8_t SLEEP_ENABLE = 1 << 5;
constexpr uint8_t SLEEP_TYPE_SHIFT = 2;
constexpr uint8_t SLEEP_TYPE_MAX = 7;

/* Encodings of AML (ACPI 6.4, 20.2). */
constexpr uint8_t AML_ZERO = 0x00;
constexpr uint8_t AML_ONE = 0x01;
constexpr uint8_t AML_NAME = 0x08;
constexpr uint8_t AML_BYTE = 0x0a;
constexpr uint8_t AML_PACKAGE = 0x12;
constexpr uint8_t AML_LENGTH_MAX = 0x3f; /* of a package length of one byte */
static const uint8_t s5_name[] = { '_', 'S', '5', '_', AML_PACKAGE };

static struct fadt_register read_register(const struct acpi_table *table, uint32_t offset,
					  const struct range_set *ram)
{
	uint64_t space = acpi_read(table, offset, 1);
	uint64_t address = acpi_read(table, offset + 4, 8);

	if (address == 0)
		return (struct fadt_register){ 0 };
	if (space == SPACE_PORT && address <= UINT16_MAX)
		return (struct fadt_register){ address, FADT_SPACE_PORT };
	if (space == SPACE_MEMORY && address < UINT64_C(1) << 52 &&
	    !range_set_contains(ram, address, address + 1))
		return (struct fadt_register){ address, FADT_SPACE_MEMORY };
	return (struct fadt_register){ 0 };
}

/* A small integer at *at, which is moved behind it; false if it is anything else. */
static bool read_small(const struct acpi_table *dsdt, uint32_t *at, uint8_t *out)
{
	uint64_t code = acpi_read(dsdt, *at, 1);

	*at += 1;
	if (code == AML_BYTE) {
		code = acpi_read(dsdt, *at, 1);
		*at += 1;
	} else if (code != AML_ZERO && code != AML_ONE) {
		return false;
	}
	*out = (uint8_t)code;
	return *at <= dsdt->size && code <= SLEEP_TYPE_MAX;
}

/* The package behind the name: its length, its count, two sleep types. */
static bool read_s5(const struct acpi_table *dsdt, uint32_t at, uint8_t out_type[static 2])
{
	if (acpi_read(dsdt, at, 1) > AML_LENGTH_MAX || acpi_read(dsdt, at + 1, 1) < 2)
		return false;
	at += 2;
	return read_small(dsdt, &at, &out_type[0]) && read_small(dsdt, &at, &out_type[1]);
}

/* The name is defined at the root, with or without the root's sign before it. */
static bool find_s5(const struct acpi_table *dsdt, uint8_t out_type[static 2])
{
	for (uint32_t at = ACPI_HEADER_BYTES + 2; at + sizeof(s5_name) <= dsdt->size; at++) {
		const uint8_t *name = dsdt->bytes + at;

		if (memcmp(name, s5_name, sizeof(s5_name)) != 0)
			continue;
		if ((name[-1] == AML_NAME || (name[-1] == '\\' && name[-2] == AML_NAME)) &&
		    read_s5(dsdt, at + sizeof(s5_name), out_type))
			return true;
	}
	return false;
}

static bool find_dsdt(const struct boot_window *window, const struct acpi_table *table,
		      struct acpi_table *out)
{
	return acpi_table_at(window, acpi_read(table, FADT_X_DSDT, 8), "DSDT", out) ||
	       acpi_table_at(window, acpi_read(table, FADT_DSDT, 4), "DSDT", out);
}

static void set_control(const struct acpi_table *table, uint32_t offset, uint8_t type,
			uint16_t *out_port, uint16_t *out_value)
{
	uint64_t port = acpi_read(table, offset, 4);

	if (port > UINT16_MAX)
		return;
	*out_port = (uint16_t)port;
	*out_value = (uint16_t)(CONTROL_ENABLE | type << CONTROL_TYPE_SHIFT);
}

void fadt_parse(const struct boot_window *window, const struct acpi_table *table,
		const struct range_set *ram, struct fadt *out)
{
	uint64_t flags = acpi_read(table, FADT_FLAGS, 4);
	uint8_t type[2];
	struct acpi_table dsdt;

	*out = (struct fadt){ 0 };
	if ((flags & FLAG_RESET) != 0) {
		out->reset = read_register(table, FADT_RESET, ram);
		out->reset_value = (uint8_t)acpi_read(table, FADT_RESET_VALUE, 1);
	}
	if (!find_dsdt(window, table, &dsdt) || !find_s5(&dsdt, type))
		return;
	if ((flags & FLAG_REDUCED_HARDWARE) != 0) {
		out->sleep = read_register(table, FADT_SLEEP, ram);
		out->sleep_value = (uint8_t)(SLEEP_ENABLE | type[0] << SLEEP_TYPE_SHIFT);
		return;
	}
	set_control(table, FADT_CONTROL_A, type[0], &out->control_port[0],
		    &out->control_value[0]);
	set_control(table, FADT_CONTROL_B, type[1], &out->control_port[1],
		    &out->control_value[1]);
}
