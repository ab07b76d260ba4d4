// SPDX-License-Identifier: MIT
/* Mappings of an address space.  See mapping.h. */
#include "kernel/core/mapping.h"

#include "kernel/core/facet.h"
#include "schema/memory.capnp.h"

struct mapping *mapping_covering(struct address_space *space, uint64_t start, uint64_t size)
{
	struct list_link *l = mapping_search_from(space, start);

	for (; l != &space->mappings; l = l->next) {
		struct mapping *mapping = mapping_of(l);

		if (start >= mapping->start && start < mapping->end)
			return size <= mapping->end - start ? mapping : nullptr;
	}
	return nullptr;
}

[[gnu::noinline]] enum status mapping_buy(struct address_space *space,
					  struct mapping **out_mapping)
{
	void *storage;
	enum status status = supply_object(space->account, SUPPLY_MAPPING, &storage);

	if (status == STATUS_OK)
		*out_mapping = storage;
	return status;
}

void mapping_join_facet(struct address_space *space, struct mapping *mapping,
			struct facet *facet)
{
	mapping->facet = facet_of(object_get(&facet->object));
	mapping->space = space;
	list_append(&facet->mappings, &mapping->facet_link);
}

[[gnu::noinline]] void mapping_leave_facet(struct mapping *mapping)
{
	struct facet *facet = mapping->facet;

	list_remove(&mapping->facet_link);
	mapping->facet = nullptr;
	object_put(&facet->object);
}

/* Cut mapping at `at`, which lies inside it: `rest`, fresh storage, becomes the upper part. */
static void split(struct address_space *space, struct mapping *mapping, uint64_t at,
		  struct mapping *rest)
{
	*rest = *mapping;
	rest->start = at;
	rest->first_page += (at - mapping->start) / PAGE_SIZE;
	rest->block.raw += at - mapping->start;
	mapping->end = at;
	if (rest->kind == MAPPING_OBJECT)
		object_get(&rest->object->object);
	if (rest->facet != nullptr)
		mapping_join_facet(space, rest, rest->facet);
	mapping_count_writable(rest, 1);
	mapping_link(space, rest, mapping->link.next);
}

[[gnu::noinline]] enum status mapping_cut(struct address_space *space,
					  struct mapping_ends *ends)
{
	struct mapping *middle = nullptr;
	struct mapping *rest = nullptr;
	enum status status = STATUS_OK;

	if (ends->start > ends->low->start)
		status = mapping_create(space, &middle);
	if (status == STATUS_OK && ends->end < ends->high->end)
		status = mapping_create(space, &rest);
	if (status != STATUS_OK) {
		if (middle != nullptr)
			mapping_destroy(space, middle);
		return status;
	}
	/* commit */
	if (rest != nullptr)
		split(space, ends->high, ends->end, rest);
	if (middle != nullptr) {
		split(space, ends->low, ends->start, middle);
		ends->low = middle;
	}
	return STATUS_OK;
}

enum status mapping_isolate(struct address_space *space, struct mapping **mapping,
			    uint64_t start, uint64_t end)
{
	struct mapping_ends ends = { *mapping, *mapping, start, end };
	bool below = start > (*mapping)->start;
	bool above = end < (*mapping)->end;
	enum status status;

	if (space->mapping_count + below + above > MAX_MAPPINGS)
		return STATUS_TOO_MANY_MAPPINGS;
	status = mapping_cut(space, &ends);
	*mapping = ends.low;
	return status;
}

void mapping_end_revoked(struct list_link *facet_link)
{
	struct mapping *mapping = LIST_OWNER(facet_link, struct mapping, facet_link);

	if (mapping->object->sealed)
		mapping_leave_facet(mapping);
	else
		mapping_remove(mapping->space, mapping);
}
