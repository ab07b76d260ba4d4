// SPDX-License-Identifier: MIT
/* Page tables of an address space.  See page_tables.h. */
#include "kernel/core/page_tables.h"

#include "kernel/core/supply.h"
#include "lib/require.h"

/* Spans [first, end) that only this mapping touches; empty if first >= end. */
struct own_spans {
	uint64_t first;
	uint64_t end;
};

static const struct mapping *neighbour(const struct address_space *space,
				       const struct list_link *link)
{
	return link == &space->mappings ? nullptr : LIST_OWNER(link, struct mapping, link);
}

static struct own_spans own_spans(const struct address_space *space,
				  const struct mapping *mapping, uint64_t span)
{
	const struct mapping *before = neighbour(space, mapping->link.prev);
	const struct mapping *after = neighbour(space, mapping->link.next);
	struct own_spans own = { mapping->start / span, (mapping->end - 1) / span + 1 };

	if (before != nullptr && (before->end - 1) / span == own.first)
		own.first++;
	if (after != nullptr && after->start / span == own.end - 1)
		own.end--;
	return own;
}

static uint64_t own_count(struct own_spans own)
{
	return own.first < own.end ? own.end - own.first : 0;
}

[[gnu::noinline]] enum status page_tables_reserve_own(struct address_space *space,
						      const struct mapping *mapping)
{
	uint64_t count = own_count(own_spans(space, mapping, HAL_TABLE_SPAN)) +
			 own_count(own_spans(space, mapping, HAL_DIRECTORY_SPAN));
	enum status status = supply_reserve(space->account, count);

	if (status == STATUS_OK)
		space->table_spans += (uint32_t)count;
	return status;
}

[[gnu::noinline]] struct hal_table *page_tables_look_up(struct address_space *space,
							uint64_t address)
{
	struct hal_table *table = hal_table_find(space->root, address);

	if (table != nullptr) {
		space->table = table;
		space->table_span = address / HAL_TABLE_SPAN;
	}
	return table;
}

static void give_back(struct address_space *space, struct paddr table)
{
	if (table.raw == PADDR_NONE)
		return;
	supply_put_reserved(table);
	space->tables_taken--;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Clear the entries of mapping in the span, where other mappings use the same table. */
static void clear_in_span(struct address_space *space, const struct mapping *mapping,
			  uint64_t span)
{
	hal_pages_clear(space->root, page_tables_find(space, span * HAL_TABLE_SPAN),
			max_u64(mapping->start, span * HAL_TABLE_SPAN),
			min_u64(mapping->end, (span + 1) * HAL_TABLE_SPAN));
}

/* Whole tables go where only mapping uses them; single entries in the others. */
void page_tables_forget(struct address_space *space, const struct mapping *mapping)
{
	struct own_spans tables = own_spans(space, mapping, HAL_TABLE_SPAN);
	uint64_t last = (mapping->end - 1) / HAL_TABLE_SPAN;

	/* The table that is kept may be one that goes. */
	space->table_span = PAGE_TABLES_NO_SPAN;
	for (uint64_t s = mapping->start / HAL_TABLE_SPAN; s <= last; s++) {
		if (s >= tables.first && s < tables.end)
			give_back(space, hal_table_detach(space->root, s * HAL_TABLE_SPAN));
		else
			clear_in_span(space, mapping, s);
	}
	if (own_count(tables) != 0)
		hal_tlb_flush(space->root);
}

[[gnu::noinline]] void page_tables_release_own(struct address_space *space,
					       const struct mapping *mapping)
{
	struct own_spans directories = own_spans(space, mapping, HAL_DIRECTORY_SPAN);
	uint64_t freed =
		own_count(own_spans(space, mapping, HAL_TABLE_SPAN)) + own_count(directories);

	page_tables_forget(space, mapping);
	for (uint64_t s = directories.first; s < directories.end; s++)
		give_back(space, hal_directory_detach(space->root, s * HAL_DIRECTORY_SPAN));
	if (own_count(directories) != 0)
		hal_tlb_flush(space->root);
	space->table_spans -= (uint32_t)freed;
	supply_unreserve(space->account, freed);
}

[[gnu::noinline]] void page_tables_enter_first(struct address_space *space, uint64_t address,
					       struct paddr frame, enum hal_access access)
{
	struct hal_tables tables = { .count = hal_page_tables_missing(space->root, address) };

	for (uint32_t i = 0; i < tables.count; i++) {
		tables.frame[i] = supply_take_reserved();
		supply_zero_frame(tables.frame[i]);
	}
	space->tables_taken += tables.count;
	hal_page_tables_add(space->root, address, &tables);
	require(tables.count == 0 && space->tables_taken <= space->table_spans);
	hal_page_map(space->root, page_tables_find(space, address), address, frame, access);
}

static uint32_t count_spans(const struct address_space *space, uint64_t span)
{
	uint64_t next_free = 0;
	uint64_t count = 0;

	for (const struct list_link *l = space->mappings.next; l != &space->mappings;
	     l = l->next) {
		const struct mapping *mapping = LIST_OWNER(l, struct mapping, link);
		uint64_t first = max_u64(mapping->start / span, next_free);
		uint64_t end = (mapping->end - 1) / span + 1;

		if (first < end)
			count += end - first;
		next_free = end;
	}
	return (uint32_t)count;
}

bool page_tables_check(const struct address_space *space)
{
	uint64_t kept = space->table_span;

	return space->tables_taken <= space->table_spans &&
	       space->table_spans == count_spans(space, HAL_TABLE_SPAN) +
					     count_spans(space, HAL_DIRECTORY_SPAN) &&
	       (kept == PAGE_TABLES_NO_SPAN ||
		space->table == hal_table_find(space->root, kept * HAL_TABLE_SPAN));
}
