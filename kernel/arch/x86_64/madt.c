// SPDX-License-Identifier: MIT
/* Processors and interrupt controllers.  See madt.h. */
#include "kernel/arch/x86_64/madt.h"

constexpr uint32_t ENTRIES_AT = ACPI_HEADER_BYTES + 8;

enum entry_type : uint8_t {
	ENTRY_LAPIC = 0,
	ENTRY_IOAPIC = 1,
	ENTRY_OVERRIDE = 2,
	ENTRY_X2APIC = 9,
};

constexpr uint64_t CPU_IS_ENABLED = 1;
constexpr uint64_t OVERRIDE_ISA_BUS = 0;
constexpr uint64_t POLARITY_MASK = 3;
constexpr uint64_t POLARITY_LOW = 3;
constexpr uint64_t TRIGGER_MASK = 3 << 2;
constexpr uint64_t TRIGGER_EDGE = 1 << 2;

void madt_default(struct madt *out)
{
	memset(out, 0, sizeof(*out));
	for (uint32_t i = 0; i < MADT_ISA_LINES; i++)
		out->isa[i].line = i;
	out->ioapic[0].address = IOAPIC_DEFAULT_ADDRESS;
	out->ioapic_count = 1;
}

/* A processor that is listed twice, or one more than we can name, is passed over. */
static bool add_cpu(struct madt *out, uint64_t id, uint64_t flags)
{
	if ((flags & CPU_IS_ENABLED) == 0 || out->cpu_count == BOOT_MAX_CPUS)
		return true;
	for (uint32_t i = 0; i < out->cpu_count; i++)
		if (out->cpu_id[i] == id)
			return true;
	out->cpu_id[out->cpu_count++] = (uint32_t)id;
	return true;
}

static bool read_lapic(const struct acpi_table *entry, const struct range_set *,
		       struct madt *out)
{
	return add_cpu(out, acpi_read(entry, 3, 1), acpi_read(entry, 4, 4));
}

static bool read_x2apic(const struct acpi_table *entry, const struct range_set *,
			struct madt *out)
{
	return add_cpu(out, acpi_read(entry, 4, 4), acpi_read(entry, 8, 4));
}

/* Its registers take 32 bytes; they must not be memory that somebody uses. */
static bool read_ioapic(const struct acpi_table *entry, const struct range_set *ram,
			struct madt *out)
{
	uint64_t address = acpi_read(entry, 4, 4);
	uint64_t page = address & ~(PAGE_SIZE - 1);

	if (address % 32 != 0 || range_set_contains(ram, page, page + PAGE_SIZE))
		return false;
	if (out->ioapic_count == MADT_MAX_IOAPICS)
		return true;
	out->ioapic[out->ioapic_count++] = (struct madt_ioapic){
		.address = address,
		.first_line = (uint32_t)acpi_read(entry, 8, 4),
	};
	return true;
}

static bool read_override(const struct acpi_table *entry, const struct range_set *,
			  struct madt *out)
{
	uint64_t source = acpi_read(entry, 3, 1);
	uint64_t flags = acpi_read(entry, 8, 2);

	if (acpi_read(entry, 2, 1) != OVERRIDE_ISA_BUS || source >= MADT_ISA_LINES)
		return false;
	out->isa[source] = (struct madt_isa_line){
		.line = (uint32_t)acpi_read(entry, 4, 4),
		.is_active_low = (flags & POLARITY_MASK) == POLARITY_LOW,
		.is_edge_triggered = (flags & TRIGGER_MASK) == TRIGGER_EDGE,
	};
	return true;
}

/* Entries of other types tell nothing that we use. */
static const struct entry_kind {
	enum entry_type type;
	uint8_t size;
	bool (*read)(const struct acpi_table *entry, const struct range_set *ram,
		     struct madt *out);
} kinds[] = {
	{ ENTRY_LAPIC, 8, read_lapic },
	{ ENTRY_IOAPIC, 12, read_ioapic },
	{ ENTRY_OVERRIDE, 10, read_override },
	{ ENTRY_X2APIC, 16, read_x2apic },
};

static bool read_entry(const struct acpi_table *entry, const struct range_set *ram,
		       struct madt *out)
{
	for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (entry->bytes[0] == kinds[i].type)
			return entry->size >= kinds[i].size && kinds[i].read(entry, ram, out);
	return true;
}

bool madt_parse(const struct acpi_table *table, const struct range_set *ram, struct madt *out)
{
	madt_default(out);
	out->ioapic_count = 0;
	for (uint32_t at = ENTRIES_AT; at < table->size;) {
		struct acpi_table entry = { table->bytes + at, 0 };

		if (table->size - at < 2)
			return false;
		entry.size = entry.bytes[1];
		if (entry.size < 2 || entry.size > table->size - at ||
		    !read_entry(&entry, ram, out))
			return false;
		at += entry.size;
	}
	return out->cpu_count != 0 && out->ioapic_count != 0;
}

uint32_t madt_ioapic_of(const struct madt *madt, uint32_t line)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < madt->ioapic_count; i++) {
		uint32_t first = madt->ioapic[i].first_line;

		if (first <= line && (first >= madt->ioapic[best].first_line ||
				      madt->ioapic[best].first_line > line))
			best = i;
	}
	return best;
}
