// SPDX-License-Identifier: MIT
#pragma once
/*
 * The machine's switches, from ACPI's fixed description table (signature "FACP"; ACPI
 * specification 6.4, 5.2.9).
 *
 * A machine is switched off by a sleep type, written to one or two control ports, or, on
 * machines of reduced hardware, to one register.  The type's number is in the object _S5_ of
 * the DSDT, a program in AML.  We have no interpreter: we look for the one form in which that
 * object is written, a package of small integers.
 */
#include "kernel/arch/x86_64/acpi.h"
#include "kernel/arch/x86_64/range_set.h"

enum fadt_space : uint8_t { FADT_SPACE_NONE, FADT_SPACE_MEMORY, FADT_SPACE_PORT };

/* One that takes a byte. */
struct fadt_register {
	uint64_t address; /* memory is not RAM; a port is at most 0xffff */
	enum fadt_space space;
};

struct fadt {
	/* Soft off: 16 bits to one or both ports (0 = none) ... */
	uint16_t control_port[2];
	uint16_t control_value[2];
	/* ... or a byte to this. */
	struct fadt_register sleep;
	uint8_t sleep_value;
	struct fadt_register reset;
	uint8_t reset_value;
};

/* Read the table; ram is where no register can be.  What it does not tell, or tells badly, is
 * absent from the result. */
void fadt_parse(const struct boot_window *window, const struct acpi_table *table,
		const struct range_set *ram, struct fadt *out);
