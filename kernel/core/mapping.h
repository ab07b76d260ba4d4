// SPDX-License-Identifier: MIT
#pragma once
/*
 * Mappings as the list of an address space holds them: storage, finding, cutting, taking away.
 * Part of address_space.c; see address_space.h.
 *
 * What programs do often, to map and unmap something small, is inline.
 */
#include "kernel/core/address_space.h"
#include "kernel/core/page_tables.h"
#include "kernel/core/supply.h"

static inline struct mapping *mapping_of(struct list_link *link)
{
	return LIST_OWNER(link, struct mapping, link);
}

/* --- Finding ------------------------------------------------------------------------------ */

/* The first link behind which a mapping can reach beyond address: searches start here. */
static inline struct list_link *mapping_search_from(struct address_space *space,
						    uint64_t address)
{
	struct list_link *l = space->hint;

	return l != &space->mappings && mapping_of(l)->end <= address ? l->next
								      : space->mappings.next;
}

/* The mapping that covers all of [start, start + size), or nullptr. */
struct mapping *mapping_covering(struct address_space *space, uint64_t start, uint64_t size);

/* Whether mapping and [start, end) have a page in common. */
static inline bool mapping_overlaps(const struct mapping *mapping, uint64_t start, uint64_t end)
{
	return mapping->start < end && start < mapping->end;
}

/* The first mapping that overlaps [start, end), or nullptr. */
static inline struct mapping *mapping_first_in(struct address_space *space, uint64_t start,
					       uint64_t end)
{
	struct list_link *l = mapping_search_from(space, start);

	while (l != &space->mappings && mapping_of(l)->end <= start)
		l = l->next;
	return l != &space->mappings && mapping_of(l)->start < end ? mapping_of(l) : nullptr;
}

/* --- Storage ------------------------------------------------------------------------------ */

/* Storage from the supply. */
[[nodiscard]] enum status mapping_buy(struct address_space *space,
				      struct mapping **out_mapping);

/* Storage for a mapping, of any content. */
[[nodiscard]] static inline enum status mapping_create(struct address_space *space,
						       struct mapping **out_mapping)
{
	if (space->spare == nullptr)
		return mapping_buy(space, out_mapping);
	*out_mapping = space->spare;
	space->spare = nullptr;
	return STATUS_OK;
}

static inline void mapping_destroy(struct address_space *space, struct mapping *mapping)
{
	if (space->spare == nullptr)
		space->spare = mapping;
	else
		supply_return_object(space->account, SUPPLY_MAPPING, mapping);
}

/* --- In the list -------------------------------------------------------------------------- */

static inline void mapping_link(struct address_space *space, struct mapping *mapping,
				struct list_link *before)
{
	list_append(before, &mapping->link); /* appending to a link puts it in front of it */
	space->mapping_count++;
}

/* Its object has so many more writable mappings, if it is one. */
static inline void mapping_count_writable(struct mapping *mapping, int32_t change)
{
	if (mapping->kind == MAPPING_OBJECT && mapping->access == HAL_ACCESS_WRITE)
		mapping->object->writable_mappings += (uint32_t)change;
}

/* A new mapping ends when facet does. */
void mapping_join_facet(struct address_space *space, struct mapping *mapping,
			struct facet *facet);

/* It ends with no facet any more. */
void mapping_leave_facet(struct mapping *mapping);

/* The mappings that hold the two ends of [start, end): the same one, or two. */
struct mapping_ends {
	struct mapping *low;
	struct mapping *high;
	uint64_t start;
	uint64_t end;
};

/*
 * Cut ends->low at start and ends->high at end, where these lie inside them; ends->low becomes
 * what begins at start.  STATUS_OUT_OF_MEMORY: then nothing changed.
 */
[[nodiscard]] enum status mapping_cut(struct address_space *space, struct mapping_ends *ends);

/*
 * Make [start, end), which lies inside *mapping, a mapping of its own and return it in
 * *mapping.  Statuses: STATUS_TOO_MANY_MAPPINGS, STATUS_OUT_OF_MEMORY; then nothing changed.
 */
[[nodiscard]] enum status mapping_isolate(struct address_space *space, struct mapping **mapping,
					  uint64_t start, uint64_t end);

/* What a facet led to is taken away: end the mapping behind this facet_link, unless its object
 * is sealed by now; then it leaves the facet and stays. */
void mapping_end_revoked(struct list_link *facet_link);

/* Take a whole mapping away, with its page-table entries and its share of the tables. */
[[gnu::always_inline]] static inline void mapping_remove(struct address_space *space,
							 struct mapping *mapping)
{
	page_tables_release(space, mapping);
	space->hint = mapping->link.prev;
	list_remove(&mapping->link);
	space->mapping_count--;
	mapping_count_writable(mapping, -1);
	if (mapping->facet != nullptr)
		mapping_leave_facet(mapping);
	if (mapping->kind == MAPPING_OBJECT)
		object_put(&mapping->object->object);
	mapping_destroy(space, mapping);
}
