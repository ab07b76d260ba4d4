// SPDX-License-Identifier: MIT
/* A program's page tables (page_table.h has the tree).  Entries are written whole, and tables
 * are only ever reached through the direct map. */
#include "kernel/arch/x86_64/page_table.h"

#include "kernel/hal/cpu.h"

/* Beyond this many pages one reload of the root is cheaper than single invalidations. */
constexpr uint64_t INVALIDATE_MAX = 32;

constexpr uint64_t TABLE_ENTRY = PAGE_PRESENT | PAGE_WRITABLE | PAGE_USER | PAGE_ACCESSED;
constexpr uint32_t KERNEL_HALF = PAGE_TABLE_ENTRIES / 2;

struct hal_table {
	uint64_t entries[PAGE_TABLE_ENTRIES];
};

static struct paddr kernel_root = { PADDR_NONE };

static uint64_t *table_at(uint64_t entry)
{
	return hal_direct_map((struct paddr){ entry & PAGE_FRAME_MASK });
}

static uint64_t *top_entry(struct paddr root, uint64_t address)
{
	const uint64_t *root_table = hal_direct_map(root);

	return &table_at(root_table[0])[address / HAL_DIRECTORY_SPAN % PAGE_TABLE_ENTRIES];
}

/* The entry of address's table in its directory, or nullptr without a directory. */
static uint64_t *directory_entry(struct paddr root, uint64_t address)
{
	uint64_t top = *top_entry(root, address);

	if ((top & PAGE_PRESENT) == 0)
		return nullptr;
	return &table_at(top)[address / HAL_TABLE_SPAN % PAGE_TABLE_ENTRIES];
}

struct hal_table *hal_table_find(struct paddr root, uint64_t address)
{
	const uint64_t *directory = directory_entry(root, address);

	if (directory == nullptr || (*directory & PAGE_PRESENT) == 0)
		return nullptr;
	return (struct hal_table *)table_at(*directory);
}

/* The entry of address's page in its table. */
static uint64_t *entry_in(struct hal_table *table, uint64_t address)
{
	return &table->entries[address / PAGE_SIZE % PAGE_TABLE_ENTRIES];
}

/* The same, or nullptr without a table. */
static uint64_t *page_entry(struct paddr root, uint64_t address)
{
	struct hal_table *table = hal_table_find(root, address);

	return table != nullptr ? entry_in(table, address) : nullptr;
}

void page_table_set_kernel_root(struct paddr root)
{
	kernel_root = root;
}

void hal_address_space_init(struct paddr root, struct paddr top)
{
	uint64_t *own = table_at(root.raw);
	const uint64_t *kernel = table_at(kernel_root.raw);

	own[0] = top.raw | TABLE_ENTRY;
	for (uint32_t i = KERNEL_HALF; i < PAGE_TABLE_ENTRIES; i++)
		own[i] = kernel[i];
}

uint32_t hal_page_tables_missing(struct paddr root, uint64_t address)
{
	const uint64_t *directory = directory_entry(root, address);

	if (directory == nullptr)
		return 2;
	return (*directory & PAGE_PRESENT) == 0 ? 1 : 0;
}

static uint64_t access_bits(enum hal_access access)
{
	static const uint64_t bits[] = {
		[HAL_ACCESS_NONE] = 0,
		[HAL_ACCESS_READ] = PAGE_PRESENT | PAGE_USER | PAGE_NO_EXECUTE,
		[HAL_ACCESS_WRITE] = PAGE_PRESENT | PAGE_USER | PAGE_NO_EXECUTE | PAGE_WRITABLE,
		[HAL_ACCESS_EXECUTE] = PAGE_PRESENT | PAGE_USER,
	};

	return bits[access % (sizeof(bits) / sizeof(bits[0]))];
}

/* Fill an empty entry with the last of the offered frames. */
static void take_table(uint64_t *entry, struct hal_tables *tables)
{
	if ((*entry & PAGE_PRESENT) == 0)
		*entry = tables->frame[--tables->count].raw | TABLE_ENTRY;
}

void hal_page_tables_add(struct paddr root, uint64_t address, struct hal_tables *tables)
{
	take_table(top_entry(root, address), tables);
	take_table(directory_entry(root, address), tables);
}

void hal_page_map(struct paddr root, struct hal_table *table, uint64_t address,
		  struct paddr frame, enum hal_access access)
{
	uint64_t *entry = entry_in(table, address);
	uint64_t old = *entry;

	*entry = frame.raw | access_bits(access) | PAGE_ACCESSED | PAGE_DIRTY;
	/* An entry that was empty is in no translation buffer. */
	if ((old & PAGE_PRESENT) != 0 && tlb_root_is_current(root))
		tlb_invalidate(address);
}

/* Empty count entries. */
static void clear_entries(uint64_t *entry, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		entry[i] = 0;
}

/* Empty the entries of [address, end), and forget those that were present. */
static void clear_and_invalidate(uint64_t *entry, uint64_t address, uint64_t end)
{
	for (; address < end; address += PAGE_SIZE, entry++) {
		if ((*entry & PAGE_PRESENT) == 0)
			continue;
		*entry = 0;
		tlb_invalidate(address);
	}
}

void hal_pages_clear(struct paddr root, struct hal_table *table, uint64_t start, uint64_t end)
{
	uint64_t count = (end - start) / PAGE_SIZE;
	uint64_t *entry;

	if (table == nullptr)
		return;
	entry = entry_in(table, start);
	if (tlb_root_is_current(root) && count <= INVALIDATE_MAX) {
		clear_and_invalidate(entry, start, end);
		return;
	}
	clear_entries(entry, count);
	hal_tlb_flush(root);
}

/* Empty a present entry and return the frame that it named. */
static struct paddr detach(uint64_t *entry)
{
	struct paddr frame = { PADDR_NONE };

	if (entry != nullptr && (*entry & PAGE_PRESENT) != 0) {
		frame.raw = *entry & PAGE_FRAME_MASK;
		*entry = 0;
	}
	return frame;
}

struct paddr hal_table_detach(struct paddr root, uint64_t address)
{
	return detach(directory_entry(root, address));
}

struct paddr hal_directory_detach(struct paddr root, uint64_t address)
{
	return detach(top_entry(root, address));
}

enum hal_access page_table_look_up(struct paddr root, uint64_t address, struct paddr *out_frame)
{
	const uint64_t *entry = page_entry(root, address);

	if (entry == nullptr || (*entry & PAGE_PRESENT) == 0)
		return HAL_ACCESS_NONE;
	out_frame->raw = *entry & PAGE_FRAME_MASK;
	if ((*entry & PAGE_WRITABLE) != 0)
		return HAL_ACCESS_WRITE;
	return (*entry & PAGE_NO_EXECUTE) != 0 ? HAL_ACCESS_READ : HAL_ACCESS_EXECUTE;
}
