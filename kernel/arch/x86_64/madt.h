// SPDX-License-Identifier: MIT
#pragma once
/*
 * The machine's processors and interrupt controllers, from ACPI's multiple APIC description
 * table (signature "APIC"; ACPI specification 6.4, 5.2.12).
 */
#include "kernel/arch/x86_64/acpi.h"
#include "kernel/arch/x86_64/range_set.h"

constexpr uint32_t MADT_MAX_IOAPICS = 8;
constexpr uint32_t MADT_ISA_LINES = 16;
constexpr uint64_t IOAPIC_DEFAULT_ADDRESS = 0xfec00000;

/* Its lines are the machine's interrupt lines from first_line on. */
struct madt_ioapic {
	uint64_t address; /* not in RAM */
	uint32_t first_line;
};

/* Where an interrupt line of the old PC arrives, and how. */
struct madt_isa_line {
	uint32_t line;
	bool is_active_low;
	bool is_edge_triggered;
};

struct madt {
	uint32_t cpu_id[BOOT_MAX_CPUS]; /* enabled ones only, each once */
	uint32_t cpu_count;
	struct madt_ioapic ioapic[MADT_MAX_IOAPICS];
	uint32_t ioapic_count;
	struct madt_isa_line isa[MADT_ISA_LINES];
};

/* A machine without the table: no processor is listed, one I/O APIC at its usual place, whose
 * lines are those of the old PC. */
void madt_default(struct madt *out);

/* Read a table (acpi.h); ram is where no controller can be.  False if it is malformed or lists
 * no processor or no I/O APIC; then the result is undefined. */
bool madt_parse(const struct acpi_table *table, const struct range_set *ram, struct madt *out);

/* Which I/O APIC has a line: the index of the nearest below it. */
uint32_t madt_ioapic_of(const struct madt *madt, uint32_t line);
