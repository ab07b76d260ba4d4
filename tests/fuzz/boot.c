// SPDX-License-Identifier: MIT
/*
 * What a loader and the firmware leave in memory: PVH, Multiboot2, ACPI, command line.
 *
 * The first byte says as what the rest is read.  What a parser accepts must keep the promises
 * of its header: free memory is RAM, and nobody's; devices, controllers and registers are not.
 */
#include "kernel/arch/x86_64/command_line.h"
#include "kernel/arch/x86_64/fadt.h"
#include "kernel/arch/x86_64/madt.h"
#include "kernel/arch/x86_64/multiboot2.h"
#include "kernel/arch/x86_64/pvh.h"
#include "tests/fuzz/support/fuzz.h"

#include <stdlib.h>

constexpr uint64_t MIB = 0x100000;
constexpr uint64_t STRUCTURES_AT = 0x1000;
constexpr uint64_t FIRMWARE_AT = 0xe0000;
constexpr uint32_t INPUT_MAX = 4096;

static const struct boot_range kernel = { MIB, MIB + 0x30000 };

static bool overlap(struct boot_range a, struct boot_range b)
{
	return a.start < b.end && b.start < a.end;
}

static struct range_set some_ram(void)
{
	struct range_set ram = { .count = 0 };

	range_set_add(&ram, 0, 0x9f000);
	range_set_add(&ram, MIB, 64 * MIB);
	return ram;
}

/* --- Loaders ---------------------------------------------------------------------------- */

static void check_loader(const struct loader_result *result)
{
	struct boot_range module = { result->info.module.raw,
				     result->info.module.raw + result->info.module_bytes };

	require(range_set_check(&result->ram) && range_set_check(&result->free));
	for (uint32_t i = 0; i < result->free.count; i++) {
		struct boot_range free = result->free.range[i];

		require(free.start >= MIB && !overlap(free, kernel));
		require(range_set_contains(&result->ram, free.start, free.end));
		require(module.start == module.end || !overlap(free, module));
	}
	if (result->info.module_count == 1) {
		require(module.start <= module.end && !overlap(module, kernel));
		require(range_set_contains(&result->ram, module.start, module.end));
	}
	require(memchr(result->info.command_line, '\0', BOOT_COMMAND_LINE_BYTES) != nullptr);
}

typedef const char *loader_parser(const struct boot_window *window, uint64_t address,
				  struct boot_range kernel_range, struct loader_result *out);

/* The input lies after a page of zeros, at the end of memory that is exactly so long. */
static void read_loader(struct fuzz_input *input, loader_parser *parse)
{
	static struct loader_result result;
	uint64_t size = STRUCTURES_AT + input->left;
	uint8_t *memory = calloc(1, size);
	const struct boot_window window = { memory, size };

	require(memory != nullptr);
	memcpy(memory + STRUCTURES_AT, input->data, input->left);
	if (parse(&window, STRUCTURES_AT, kernel, &result) == nullptr)
		check_loader(&result);
	free(memory);
}

static void read_pvh(struct fuzz_input *input)
{
	read_loader(input, pvh_parse);
}

static void read_multiboot2(struct fuzz_input *input)
{
	read_loader(input, multiboot2_parse);
}

/* --- Firmware --------------------------------------------------------------------------- */

static void check_madt(const struct madt *madt, const struct range_set *ram)
{
	require(madt->cpu_count >= 1 && madt->cpu_count <= BOOT_MAX_CPUS);
	require(madt->ioapic_count >= 1 && madt->ioapic_count <= MADT_MAX_IOAPICS);
	for (uint32_t i = 0; i < madt->cpu_count; i++)
		for (uint32_t j = 0; j < i; j++)
			require(madt->cpu_id[i] != madt->cpu_id[j]);
	for (uint32_t i = 0; i < madt->ioapic_count; i++)
		require(!range_set_contains(ram, madt->ioapic[i].address,
					    madt->ioapic[i].address + 1));
	for (uint32_t line = 0; line < MADT_ISA_LINES; line++)
		require(madt_ioapic_of(madt, madt->isa[line].line) < madt->ioapic_count);
}

static void check_register(const struct fadt_register *r, const struct range_set *ram)
{
	if (r->space == FADT_SPACE_MEMORY)
		require(!range_set_contains(ram, r->address, r->address + 1));
	if (r->space == FADT_SPACE_PORT)
		require(r->address <= UINT16_MAX);
}

static void read_tables(const struct boot_window *window, const struct acpi_table *madt_table,
			const struct acpi_table *fadt_table)
{
	const struct range_set ram = some_ram();
	struct madt madt;
	struct fadt fadt;

	if (madt_table != nullptr && madt_parse(madt_table, &ram, &madt))
		check_madt(&madt, &ram);
	if (fadt_table == nullptr)
		return;
	fadt_parse(window, fadt_table, &ram, &fadt);
	check_register(&fadt.sleep, &ram);
	check_register(&fadt.reset, &ram);
}

/* One table, as if its checksum had been right. */
static void read_table(struct fuzz_input *input)
{
	const struct boot_window window = { input->data, input->left };
	const struct acpi_table table = { input->data, (uint32_t)input->left };

	if (input->left >= ACPI_HEADER_BYTES)
		read_tables(&window, &table, &table);
}

/* Make size bytes add up, by changing the one at `at`. */
static void correct_sum(uint8_t *bytes, size_t size, size_t at)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)(bytes[at] - sum);
}

/* Correct every sum that can be found, or nothing but parsers of sums would be reached. */
static void correct_sums(uint8_t *bytes, size_t size)
{
	static const char signatures[][5] = { "RSDT", "XSDT", "APIC", "FACP", "DSDT" };

	for (size_t at = 0; at + ACPI_HEADER_BYTES <= size; at += 4) {
		uint32_t length;

		memcpy(&length, bytes + at + 4, sizeof(length));
		if (memcmp(bytes + at, "RSD PTR ", 8) == 0) {
			correct_sum(bytes + at, 20, 8);
			correct_sum(bytes + at, 36, 32);
		}
		for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
			if (memcmp(bytes + at, signatures[i], 4) == 0 && length >= 10 &&
			    length <= size - at)
				correct_sum(bytes + at, length, 9);
	}
}

/* The input lies where a PC's firmware has its tables. */
static void read_firmware(struct fuzz_input *input)
{
	static uint8_t *memory;
	const struct acpi_table *found[2] = { nullptr, nullptr };
	struct acpi_table table[2];
	struct boot_window window;
	uint64_t rsdp;

	if (memory == nullptr)
		memory = calloc(1, MIB);
	require(memory != nullptr);
	memcpy(memory + FIRMWARE_AT, input->data, input->left);
	correct_sums(memory + FIRMWARE_AT, input->left);
	window = (struct boot_window){ memory, MIB };
	rsdp = acpi_find_rsdp(&window);
	require(rsdp < MIB);
	if (rsdp != 0 && acpi_find_table(&window, rsdp, "APIC", &table[0]))
		found[0] = &table[0];
	if (rsdp != 0 && acpi_find_table(&window, rsdp, "FACP", &table[1]))
		found[1] = &table[1];
	for (uint32_t i = 0; i < 2; i++)
		require(found[i] == nullptr ||
			(table[i].size >= ACPI_HEADER_BYTES && table[i].bytes >= memory &&
			 table[i].size <= (size_t)(memory + MIB - table[i].bytes)));
	read_tables(&window, found[0], found[1]);
	memset(memory + FIRMWARE_AT, 0, input->left);
}

/* --- Command line ----------------------------------------------------------------------- */

static void read_command_line(struct fuzz_input *input)
{
	static struct boot_info info;
	const struct range_set ram = some_ram();
	char *line = calloc(1, input->left + 1);
	const char *value;

	require(line != nullptr);
	memcpy(line, input->data, input->left);
	memset(&info, 0, sizeof(info));
	command_line_devices(line, &ram, &info);
	value = command_line_find(line, "console=");
	require(value == nullptr || (value >= line && value <= line + input->left));
	require(info.device_count <= BOOT_MAX_DEVICES);
	for (uint32_t i = 0; i < info.device_count; i++) {
		const struct boot_device *device = &info.device[i];
		uint64_t end = device->address + device->size;

		require(device->size >= 1 && device->size <= MIB && end > device->address);
		for (uint32_t j = 0; j < ram.count; j++)
			require(!overlap((struct boot_range){ device->address, end },
					 ram.range[j]));
	}
	free(line);
}

static void (*const readers[])(struct fuzz_input *input) = {
	read_pvh, read_multiboot2, read_firmware, read_table, read_command_line,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	uint32_t choice = fuzz_take_below(&input, sizeof(readers) / sizeof(readers[0]));

	if (input.left <= INPUT_MAX)
		readers[choice](&input);
	return 0;
}
