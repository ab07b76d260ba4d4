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

/* Reserve the table frames that mapping needs and its neighbours do not have. */
[[nodiscard]] enum status page_tables_reserve(struct address_space *space,
					      const struct mapping *mapping);

/* Remove mapping's entries, and the tables that no neighbour shares, with their reservation. */
void page_tables_release(struct address_space *space, const struct mapping *mapping);

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
	if (!hal_page_map(space->root, address, frame, access))
		page_tables_enter_first(space, address, frame, access);
}

/* Count the distinct spans that all mappings touch.  For checks. */
uint32_t page_tables_count(const struct address_space *space);
