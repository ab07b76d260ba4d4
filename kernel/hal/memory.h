// SPDX-License-Identifier: MIT
#pragma once
/*
 * Memory as the neutral kernel sees it: physical frames behind the direct map, and page tables
 * as a tree with fixed spans.
 *
 * The kernel reaches every frame of RAM through the direct map, at hal_direct_map().  It never
 * uses a program's virtual address.
 *
 * Page tables.  An address space has a root frame and one top table, made together.  A page at
 * address A further needs the directory of A's HAL_DIRECTORY_SPAN and the table of A's
 * HAL_TABLE_SPAN.  The caller owns all these frames: it supplies them zeroed and gets them back
 * from the detach functions.
 */
#include <stddef.h>
#include <stdint.h>

constexpr uint64_t PAGE_SIZE = 4096;
constexpr uint64_t HAL_TABLE_SPAN = UINT64_C(1) << 21;
constexpr uint64_t HAL_DIRECTORY_SPAN = UINT64_C(1) << 30;
/* Programs live in [HAL_USER_START, HAL_USER_END); nothing else is ever mapped for them. */
constexpr uint64_t HAL_USER_START = 0x10000;
constexpr uint64_t HAL_USER_END = UINT64_C(1) << 39;

struct paddr {
	uint64_t raw;
};

constexpr uint64_t PADDR_NONE = UINT64_MAX;

enum hal_access : uint8_t {
	HAL_ACCESS_NONE = 0,
	HAL_ACCESS_READ = 1,
	HAL_ACCESS_WRITE = 2,   /* and read */
	HAL_ACCESS_EXECUTE = 3, /* and read */
};

/* A table in the tree: of the architecture's own form. */
struct hal_table;

/* Zeroed table frames for hal_page_tables_add(); count says how many of them are left. */
struct hal_tables {
	struct paddr frame[2];
	uint32_t count;
};

/* Make an empty address space out of two zeroed frames; the kernel's half becomes visible. */
void hal_address_space_init(struct paddr root, struct paddr top);

/* Make root the current address space of this CPU (no effect if it is already). */
void hal_address_space_activate(struct paddr root);

/* Make the kernel's own address space the current one, so that another can be freed. */
void hal_address_space_leave(void);

/* How many table frames address lacks: 0, 1 or 2. */
uint32_t hal_page_tables_missing(struct paddr root, uint64_t address);

/* Put the tables that address lacks into the tree, as many as hal_page_tables_missing() said.
 */
void hal_page_tables_add(struct paddr root, uint64_t address, struct hal_tables *tables);

/* The table of address's span, or nullptr; it stays the same until it is detached. */
struct hal_table *hal_table_find(struct paddr root, uint64_t address);

/*
 * Map one page, replacing what is there.  table is that of address, which is page-aligned user
 * space; access is not HAL_ACCESS_NONE.
 */
void hal_page_map(struct paddr root, struct hal_table *table, uint64_t address,
		  struct paddr frame, enum hal_access access);

/* Unmap every page of [start, end), page-aligned and inside the span of table; nullptr: there
 * is none.  Tables stay.  Later accesses on this CPU fault. */
void hal_pages_clear(struct paddr root, struct hal_table *table, uint64_t start, uint64_t end);

/* Take the table of address's span out of the tree, with all pages that it maps.  Returns
 * PADDR_NONE if there is none. */
struct paddr hal_table_detach(struct paddr root, uint64_t address);

/* The same for the directory of a span; its tables must have been detached. */
struct paddr hal_directory_detach(struct paddr root, uint64_t address);

/* Make all earlier changes of root's tables visible to this CPU.  Call after detaching, before
 * a detached frame is used for anything else. */
void hal_tlb_flush(struct paddr root);
