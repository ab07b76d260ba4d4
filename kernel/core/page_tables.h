// SPDX-License-Identifier: MIT
#pragma once
/*
 * The page tables of an address space: which table frames its mappings need, and the entries
 * that cache them.  Part of address_space.c; see address_space.h.
 *
 * A mapping must be linked into its space when these are called: the mappings before and after
 * it say which spans it shares.
 */
#include "kernel/core/address_space.h"

/* A table_span that no address has. */
constexpr uint64_t PAGE_TABLES_NO_SPAN = UINT64_MAX;

/* Walk to the table of address's span, and keep it if there is one. */
struct hal_table *page_tables_look_up(struct address_space *space, uint64_t address);

/* The table of address's span, or nullptr. */
static inline struct hal_table *page_tables_find(struct address_space *space, uint64_t address)
{
	return address / HAL_TABLE_SPAN == space->table_span
		       ? space->table
		       : page_tables_look_up(space, address);
}

/* What the two below do for a mapping that may need tables of its own. */
[[nodiscard]] enum status page_tables_reserve_own(struct address_space *space,
						  const struct mapping *mapping);
void page_tables_release_own(struct address_space *space, const struct mapping *mapping);

/* Whether the mapping before shares the one table that mapping needs: the ordinary case for
 * small ones. */
static inline bool page_tables_shares_all(const struct address_space *space,
					  const struct mapping *mapping)
{
	const struct list_link *before = mapping->link.prev;

	return before != &space->mappings &&
	       (LIST_OWNER(before, struct mapping, link)->end - 1) / HAL_TABLE_SPAN ==
		       (mapping->end - 1) / HAL_TABLE_SPAN;
}

/* Reserve the table frames that mapping needs and its neighbours do not have. */
[[nodiscard]] static inline enum status page_tables_reserve(struct address_space *space,
							    const struct mapping *mapping)
{
	return page_tables_shares_all(space, mapping) ? STATUS_OK
						      : page_tables_reserve_own(space, mapping);
}

/* Remove mapping's entries, and the tables that no neighbour shares, with their reservation. */
static inline void page_tables_release(struct address_space *space,
				       const struct mapping *mapping)
{
	if (page_tables_shares_all(space, mapping))
		hal_pages_clear(space->root, page_tables_find(space, mapping->start),
				mapping->start, mapping->end);
	else
		page_tables_release_own(space, mapping);
}

/* Remove mapping's entries, and tables that only it uses, which stay reserved; they are made
 * again as pages are touched. */
void page_tables_forget(struct address_space *space, const struct mapping *mapping);

/* Make the entry of one page where a table is missing: takes reserved frames for it. */
void page_tables_enter_first(struct address_space *space, uint64_t address, struct paddr frame,
			     enum hal_access access);

/* Make the entry of one page. */
static inline void page_tables_enter(struct address_space *space, uint64_t address,
				     struct paddr frame, enum hal_access access)
{
	struct hal_table *table = page_tables_find(space, address);

	if (table != nullptr)
		hal_page_map(space->root, table, address, frame, access);
	else
		page_tables_enter_first(space, address, frame, access);
}

/* The counts are those of the spans that mappings touch, and the table kept is in the tree. For
 * tests. */
bool page_tables_check(const struct address_space *space);
