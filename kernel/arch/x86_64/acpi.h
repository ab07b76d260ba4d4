// SPDX-License-Identifier: MIT
#pragma once
/*
 * ACPI's tables as the firmware left them: the root pointer (RSDP) leads to a list (RSDT or
 * XSDT), which leads to the tables.  Each is found by a signature and proved by a checksum.
 * Layouts: ACPI specification 6.4, chapter 5.2.
 *
 * Firmware is not believed: a table counts only if all of it lies in the window and its bytes
 * add up.  Whatever is wrong is as good as not there, and the caller has to do without.
 */
#include "kernel/arch/x86_64/boot_window.h"

constexpr uint32_t ACPI_HEADER_BYTES = 36;
constexpr uint32_t ACPI_MAX_TABLE_BYTES = 0x100000;
constexpr uint32_t ACPI_MAX_TABLES = 256;

/* A table that was checked: its bytes, with the header. */
struct acpi_table {
	const uint8_t *bytes;
	uint32_t size; /* at least ACPI_HEADER_BYTES */
};

/* Search where PCs keep the root pointer: the first KiB of the extended BIOS data area, and
 * [0xe0000, 0x100000).  Returns its physical address, or 0. */
uint64_t acpi_find_rsdp(const struct boot_window *window);

/* The first table with a signature of four letters. */
bool acpi_find_table(const struct boot_window *window, uint64_t rsdp, const char *signature,
		     struct acpi_table *out);

/* The table at an address, if it has this signature. */
bool acpi_table_at(const struct boot_window *window, uint64_t address, const char *signature,
		   struct acpi_table *out);

/* A little-endian number of 1 to 8 bytes at an offset; 0 where the table is too short. */
uint64_t acpi_read(const struct acpi_table *table, uint32_t offset, uint32_t size);
