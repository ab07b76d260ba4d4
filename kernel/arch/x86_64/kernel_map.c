// SPDX-License-Identifier: MIT
/* The kernel's page tables.  See kernel_map.h. */
#include "kernel/arch/x86_64/kernel_map.h"

#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/page_table.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "lib/string.h"

extern const uint8_t kernel_text_start[];
extern const uint8_t kernel_rodata_start[];
extern const uint8_t kernel_data_start[];
extern const uint8_t kernel_end[];

constexpr uint64_t READ_ONLY = PAGE_PRESENT | PAGE_GLOBAL | PAGE_ACCESSED | PAGE_NO_EXECUTE;
constexpr uint64_t READ_WRITE = READ_ONLY | PAGE_WRITABLE | PAGE_DIRTY;
constexpr uint64_t CODE = PAGE_PRESENT | PAGE_GLOBAL | PAGE_ACCESSED;
constexpr uint64_t DEVICE = READ_WRITE | PAGE_UNCACHED;
constexpr uint64_t TABLE = PAGE_PRESENT | PAGE_WRITABLE | PAGE_ACCESSED;

constexpr uint64_t LARGE_PAGE_SIZE = UINT64_C(1) << 21;

/* How far an address is shifted for its index in a table. */
enum level : uint8_t { LEVEL_PAGE = 12, LEVEL_LARGE = 21, LEVEL_ROOT = 39 };
constexpr uint8_t LEVEL_BITS = 9;

/* What stands in each byte of a stack that has not been used. */
constexpr uint8_t STACK_PAINT = 0xa5;

static struct paddr root;

/* A page as the boot page tables show it. */
static uint64_t *in_window(uint64_t address)
{
	return (uint64_t *)(DIRECT_MAP_BASE + (address & PAGE_FRAME_MASK));
}

static uint64_t physical(const uint8_t *symbol)
{
	return (uint64_t)symbol - KERNEL_BASE;
}

struct boot_range kernel_map_image(void)
{
	return (struct boot_range){ physical(kernel_text_start), physical(kernel_end) };
}

static struct paddr take_page(struct range_set *free)
{
	struct paddr page = range_set_take_page(free, BOOT_WINDOW_BYTES);

	if (page.raw == PADDR_NONE)
		kernel_boot_refuse("not enough memory for the kernel's page tables");
	memset(in_window(page.raw), 0, PAGE_SIZE);
	return page;
}

/* The entry for address at a level, with the tables above it. */
static uint64_t *entry_at(struct range_set *free, uint64_t address, enum level level)
{
	uint64_t *table = in_window(root.raw);

	for (uint8_t shift = LEVEL_ROOT;; shift -= LEVEL_BITS) {
		uint64_t *entry = &table[(address >> shift) % PAGE_TABLE_ENTRIES];

		if (shift == level)
			return entry;
		if (*entry == 0)
			*entry = take_page(free).raw | TABLE;
		table = in_window(*entry);
	}
}

static void map_page(struct range_set *free, uint64_t address, uint64_t to, uint64_t bits)
{
	*entry_at(free, address, LEVEL_PAGE) = to | bits;
}

static void map_image_part(struct range_set *free, const uint8_t *start, const uint8_t *end,
			   uint64_t bits)
{
	for (const uint8_t *page = start; page < end; page += PAGE_SIZE)
		map_page(free, (uint64_t)page, physical(page), bits);
}

/* Large pages wherever the range covers them and the image's read-only part is not in them. */
static void map_direct(struct range_set *free, struct boot_range ram)
{
	uint64_t protected_start = physical(kernel_text_start);
	uint64_t protected_end = physical(kernel_data_start);
	uint64_t at = ram.start;

	while (at < ram.end) {
		if (at % LARGE_PAGE_SIZE == 0 && at + LARGE_PAGE_SIZE <= ram.end &&
		    (at >= protected_end || at + LARGE_PAGE_SIZE <= protected_start)) {
			*entry_at(free, DIRECT_MAP_BASE + at, LEVEL_LARGE) =
				at | READ_WRITE | PAGE_LARGE;
			at += LARGE_PAGE_SIZE;
			continue;
		}
		map_page(free, DIRECT_MAP_BASE + at, at,
			 at >= protected_start && at < protected_end ? READ_ONLY : READ_WRITE);
		at += PAGE_SIZE;
	}
}

/* Pages below top; the page under them stays unmapped.  Painted, hal_stack_used() can tell
 * which part of them has been used. */
static uint64_t map_stack(struct range_set *free, uint64_t top, uint64_t size)
{
	uint64_t page = 0;

	for (uint64_t address = top - size; address < top; address += PAGE_SIZE) {
		page = take_page(free).raw;
		map_page(free, address, page, READ_WRITE);
		if (BUILD_DEBUG)
			memset(in_window(page), STACK_PAINT, PAGE_SIZE);
	}
	return page;
}

/* entry.S finds the CPU's structure through the last word of an interrupt stack. */
static void map_stacks(struct range_set *free, uint32_t cpu, struct cpu_local *local)
{
	map_stack(free, cpu_stack_top(cpu, IST_NONE), STACK_BYTES);
	for (uint8_t ist = IST_NMI; ist <= IST_COUNT; ist++) {
		uint64_t page =
			map_stack(free, cpu_stack_top(cpu, (enum ist)ist), IST_STACK_BYTES);

		in_window(page)[PAGE_SIZE / sizeof(uint64_t) - 1] = (uint64_t)local;
	}
}

void kernel_map_init(struct range_set *free, const struct range_set *ram,
		     struct cpu_local *boot_cpu)
{
	root = take_page(free);
	map_image_part(free, kernel_text_start, kernel_rodata_start, CODE);
	map_image_part(free, kernel_rodata_start, kernel_data_start, READ_ONLY);
	map_image_part(free, kernel_data_start, kernel_end, READ_WRITE);
	for (uint32_t i = 0; i < ram->count; i++)
		map_direct(free, ram->range[i]);
	map_stacks(free, 0, boot_cpu);
	map_page(free, LAPIC_BASE, LAPIC_ADDRESS, DEVICE);
	page_table_set_kernel_root(root);
}

void kernel_map_device(struct range_set *free, uint64_t page, uint64_t to)
{
	map_page(free, page, to, DEVICE);
}

struct paddr kernel_map_root(void)
{
	return root;
}

struct stack_use hal_stack_used(void)
{
	uint64_t top = cpu_stack_top(0, IST_NONE);
	const uint8_t *at = (const uint8_t *)(top - STACK_BYTES);
	uint32_t unused = 0;

	while (unused < STACK_BYTES && at[unused] == STACK_PAINT)
		unused++;
	return (struct stack_use){ .used_bytes = STACK_BYTES - unused,
				   .size_bytes = STACK_BYTES };
}
