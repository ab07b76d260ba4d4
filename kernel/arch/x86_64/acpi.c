// SPDX-License-Identifier: MIT
/* ACPI's tables.  See acpi.h. */
#include "kernel/arch/x86_64/acpi.h"

#include <stddef.h>

/* The BIOS data area holds the segment of its extension. */
constexpr uint64_t EBDA_SEGMENT_AT = 0x40e;
constexpr uint64_t EBDA_SEARCHED_BYTES = 0x400;
constexpr uint64_t BIOS_START = 0xe0000;
constexpr uint64_t BIOS_END = 0x100000;
constexpr uint64_t RSDP_ALIGNMENT = 16;

static const char rsdp_signature[] = "RSD PTR ";
constexpr uint32_t SIGNATURE_BYTES = 4;

struct [[gnu::packed]] rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	/* From revision 2 on. */
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
};

static_assert(sizeof(struct rsdp) == 36);

constexpr uint32_t RSDP_V1_BYTES = offsetof(struct rsdp, length);
constexpr uint8_t RSDP_REVISION_2 = 2;

static bool adds_up(const uint8_t *bytes, uint64_t size)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

static bool rsdp_is_at(const struct boot_window *window, uint64_t address)
{
	const uint8_t *bytes = boot_window_at(window, address, RSDP_V1_BYTES);

	return bytes != nullptr &&
	       memcmp(bytes, rsdp_signature, sizeof(rsdp_signature) - 1) == 0 &&
	       adds_up(bytes, RSDP_V1_BYTES);
}

static uint64_t search(const struct boot_window *window, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += RSDP_ALIGNMENT)
		if (rsdp_is_at(window, at))
			return at;
	return 0;
}

uint64_t acpi_find_rsdp(const struct boot_window *window)
{
	uint16_t segment = 0;
	uint64_t found = 0;

	if (boot_window_copy(window, EBDA_SEGMENT_AT, &segment, sizeof(segment)) &&
	    segment != 0)
		found = search(window, (uint64_t)segment * 16,
			       (uint64_t)segment * 16 + EBDA_SEARCHED_BYTES);
	return found != 0 ? found : search(window, BIOS_START, BIOS_END);
}

uint64_t acpi_read(const struct acpi_table *table, uint32_t offset, uint32_t size)
{
	uint64_t value = 0;

	if (offset > table->size || size > table->size - offset)
		return 0;
	for (uint32_t i = size; i > 0; i--)
		value = value << 8 | table->bytes[offset + i - 1];
	return value;
}

bool acpi_table_at(const struct boot_window *window, uint64_t address, const char *signature,
		   struct acpi_table *out)
{
	const uint8_t *header = boot_window_at(window, address, ACPI_HEADER_BYTES);

	if (address == 0 || header == nullptr ||
	    memcmp(header, signature, SIGNATURE_BYTES) != 0)
		return false;
	memcpy(&out->size, header + SIGNATURE_BYTES, sizeof(out->size));
	out->bytes = header;
	return out->size >= ACPI_HEADER_BYTES && out->size <= ACPI_MAX_TABLE_BYTES &&
	       boot_window_at(window, address, out->size) != nullptr &&
	       adds_up(out->bytes, out->size);
}

static bool find_in_list(const struct boot_window *window, const struct acpi_table *list,
			 uint32_t entry_bytes, const char *signature, struct acpi_table *out)
{
	uint32_t count = (list->size - ACPI_HEADER_BYTES) / entry_bytes;

	for (uint32_t i = 0; i < count && i < ACPI_MAX_TABLES; i++) {
		uint64_t address =
			acpi_read(list, ACPI_HEADER_BYTES + i * entry_bytes, entry_bytes);

		if (acpi_table_at(window, address, signature, out))
			return true;
	}
	return false;
}

/* The list of 64-bit addresses is to be preferred, where there is one. */
static bool find_xsdt(const struct boot_window *window, uint64_t address,
		      const struct rsdp *rsdp, struct acpi_table *out)
{
	const uint8_t *bytes;

	if (rsdp->length < sizeof(*rsdp) || rsdp->length > ACPI_MAX_TABLE_BYTES)
		return false;
	bytes = boot_window_at(window, address, rsdp->length);
	return bytes != nullptr && adds_up(bytes, rsdp->length) &&
	       acpi_table_at(window, rsdp->xsdt, "XSDT", out);
}

bool acpi_find_table(const struct boot_window *window, uint64_t address, const char *signature,
		     struct acpi_table *out)
{
	struct rsdp rsdp = { 0 };
	struct acpi_table list;

	if (address == 0 || !rsdp_is_at(window, address) ||
	    !boot_window_copy(window, address, &rsdp, RSDP_V1_BYTES))
		return false;
	if (rsdp.revision >= RSDP_REVISION_2 &&
	    boot_window_copy(window, address, &rsdp, sizeof(rsdp)) &&
	    find_xsdt(window, address, &rsdp, &list))
		return find_in_list(window, &list, sizeof(uint64_t), signature, out);
	return acpi_table_at(window, rsdp.rsdt, "RSDT", &list) &&
	       find_in_list(window, &list, sizeof(uint32_t), signature, out);
}
