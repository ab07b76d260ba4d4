// SPDX-License-Identifier: MIT
#pragma once
/*
 * Address space: what a program's addresses mean.
 *
 * A sorted list of disjoint mappings, each a page range that shows a part of a memory object,
 * or a fixed block of kernel frames (the ring block), or nothing (a reservation).  Page-table
 * entries are only a cache of it: they are made when a page is touched and thrown away when a
 * mapping changes.
 *
 * Page tables are paid for exactly: `table_spans` counts the distinct table and directory spans
 * that mappings touch, each one reserved frame, so a table needed on a fault can always be
 * taken. When the last mapping that touches a span goes, its table is given back.
 *
 * A mapping holds a reference to its object.  One of an unsealed object that was made through a
 * facet also holds the facet, and stands in its list: it ends with the facet (facet.h).  A
 * sealed object's stays, whatever becomes of the facet.  Bounds: MAX_MAPPINGS mappings, each at
 * most MAX_MEMORY_OBJECT_BYTES long.
 */
#include "kernel/core/account.h"
#include "kernel/core/memory_object.h"
#include "kernel/hal/memory.h"
#include "lib/list.h"

struct address_space;
struct facet;

enum mapping_kind : uint8_t {
	MAPPING_OBJECT,
	MAPPING_RESERVED,
	MAPPING_BLOCK, /* kernel-owned frames; programs cannot change it */
};

struct mapping {
	struct list_link link; /* in the address space, by start */
	uint64_t start;        /* [start, end), page-aligned */
	uint64_t end;
	struct memory_object *object; /* MAPPING_OBJECT: a reference is held */
	uint64_t first_page;          /* of object, at start */
	struct paddr block;           /* MAPPING_BLOCK: frame at start */
	enum mapping_kind kind;
	enum hal_access access;
	bool fixed; /* programs cannot change it */
	/* Through what it was made, if that can end it; held; nullptr: nothing can. */
	struct facet *facet;
	/* Only with a facet: in its list, and whose mapping this is. */
	struct list_link facet_link;
	struct address_space *space;
};

struct address_space {
	struct paddr root;
	struct paddr top;
	struct account *account;
	struct list_link mappings;
	struct list_link *hint; /* in mappings: what was looked for last is close behind it */
	struct mapping *spare;  /* kept, and paid for, for the next mapping; or nullptr */
	uint32_t mapping_count;
	uint32_t table_spans;  /* reserved table frames */
	uint32_t tables_taken; /* of those, in the tree now */
	/* The table that was used last, and which span it maps, or PAGE_TABLES_NO_SPAN. */
	struct hal_table *table;
	uint64_t table_span;
};

/* What to map, and where. */
struct map_request {
	struct memory_object *object;
	struct facet *facet; /* live, and leads to object; nullptr: the object itself */
	uint64_t first_page;
	uint64_t page_count;
	uint64_t address; /* 0: anywhere */
	enum hal_access access;
	bool fixed;
};

/* An empty space charged to account, which must outlive it. */
[[nodiscard]] enum status address_space_init(struct address_space *space,
					     struct account *account);

/* Remove one mapping; false when none is left and the space has been taken apart wholly.  The
 * space must not be the CPU's current one. */
bool address_space_teardown_step(struct address_space *space);

/* Statuses of the functions below: those of VirtualMemory in schema/memory.capnp.  A failed
 * call changed nothing. */
[[nodiscard]] enum status address_space_map(struct address_space *space,
					    const struct map_request *request,
					    uint64_t *out_address);
[[nodiscard]] enum status address_space_map_block(struct address_space *space, uint64_t address,
						  struct paddr block, uint64_t size);
/* *out_more: an interrupt waits and mappings are left; to be called again with the same range.
 */
[[nodiscard]] enum status address_space_unmap(struct address_space *space, uint64_t address,
					      uint64_t size, bool *out_more);
[[nodiscard]] enum status address_space_protect(struct address_space *space, uint64_t address,
						uint64_t size, enum hal_access access);
[[nodiscard]] enum status address_space_reserve(struct address_space *space, uint64_t size,
						uint64_t *out_address);
[[nodiscard]] enum status address_space_commit(struct address_space *space, uint64_t address,
					       uint64_t size);

/* Make the page of address accessible if a mapping allows it.  False: it does not. */
[[nodiscard]] bool address_space_fault(struct address_space *space, uint64_t address,
				       enum hal_access access);

/* Copy at most size bytes of readable memory at address; returns how many there were. */
size_t address_space_read(struct address_space *space, uint64_t address, void *buffer,
			  size_t size);

/* Order, bounds, spans and counts agree.  For tests. */
bool address_space_check(const struct address_space *space);
