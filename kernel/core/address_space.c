// SPDX-License-Identifier: MIT
/* Address spaces: what is mapped where.  See address_space.h for the model. */
#include "kernel/core/address_space.h"

#include "kernel/core/facet.h"
#include "kernel/core/mapping.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "schema/memory.capnp.h"

/* Where the kernel looks for free ranges when a program does not say: right behind the program,
 * where small mappings share its page tables. */
constexpr uint64_t ANYWHERE_START = 0x240000;
/* Longest mapping that is populated when it is made. */
constexpr uint64_t POPULATE_PAGES = 8;

enum status address_space_init(struct address_space *space, struct account *account)
{
	enum status status;

	*space = (struct address_space){ .account = account,
					 .hint = &space->mappings,
					 .table_span = PAGE_TABLES_NO_SPAN };
	list_init(&space->mappings);
	status = supply_frames(account, 0, &space->root);
	if (status != STATUS_OK)
		return status;
	status = supply_frames(account, 0, &space->top);
	if (status != STATUS_OK) {
		supply_return_frames(account, space->root, 0);
		return status;
	}
	supply_zero_frame(space->root);
	supply_zero_frame(space->top);
	hal_address_space_init(space->root, space->top);
	return STATUS_OK;
}

static bool range_is_valid(uint64_t address, uint64_t size)
{
	return (address | size) % PAGE_SIZE == 0 && size - 1 < MAX_MEMORY_OBJECT_BYTES &&
	       address - HAL_USER_START <= HAL_USER_END - HAL_USER_START - size;
}

/*
 * Find the link before which [start, start + size) belongs.  With start 0, choose the first gap
 * from ANYWHERE_START on.  nullptr: the range is taken, or there is no gap.
 */
static struct list_link *find_place(struct address_space *space, uint64_t *start, uint64_t size)
{
	uint64_t from = *start != 0 ? *start : ANYWHERE_START;
	struct list_link *l = mapping_search_from(space, from);

	for (; l != &space->mappings; l = l->next) {
		struct mapping *mapping = mapping_of(l);

		if (mapping->end <= from)
			continue;
		if (mapping->start >= from && mapping->start - from >= size)
			break;
		if (*start != 0)
			return nullptr;
		from = mapping->end;
	}
	if (l == &space->mappings && size > HAL_USER_END - from)
		return nullptr;
	*start = from;
	space->hint = l->prev;
	return l;
}

/* A place for size bytes at *in_out_address (0: anywhere), and storage for a mapping there. */
[[gnu::always_inline]] static inline enum status
open_place(struct address_space *space, uint64_t size, uint64_t *in_out_address,
	   struct list_link **out_before, struct mapping **out_mapping)
{
	uint64_t asked = *in_out_address;

	*out_before = find_place(space, in_out_address, size);
	if (*out_before == nullptr)
		return asked != 0 ? STATUS_ADDRESS_IN_USE : STATUS_NO_ADDRESS_SPACE;
	if (space->mapping_count >= MAX_MAPPINGS)
		return STATUS_TOO_MANY_MAPPINGS;
	return mapping_create(space, out_mapping);
}

/* Put a filled-in mapping into its place, or free it. */
static enum status close_place(struct address_space *space, struct list_link *before,
			       struct mapping *mapping)
{
	enum status status;

	mapping_link(space, mapping, before);
	status = page_tables_reserve(space, mapping);
	if (status == STATUS_OK)
		return STATUS_OK;
	list_remove(&mapping->link);
	space->mapping_count--;
	mapping_destroy(space, mapping);
	return status;
}

/* Make the entries of a small mapping at once where the pages are there already: cheaper than a
 * fault for each. */
static void populate(struct address_space *space, const struct mapping *mapping)
{
	uint64_t address = mapping->start;
	uint64_t end = mapping->end;
	uint32_t page = (uint32_t)mapping->first_page;

	if (mapping->access == HAL_ACCESS_NONE || end - address > POPULATE_PAGES * PAGE_SIZE)
		return;
	for (; address < end; address += PAGE_SIZE, page++) {
		struct paddr frame;

		if (memory_object_has_page(mapping->object, page, &frame))
			page_tables_enter(space, address, frame, mapping->access);
	}
}

static enum status check_access(const struct memory_object *object, enum hal_access access)
{
	if (access == HAL_ACCESS_WRITE && object->sealed)
		return STATUS_SEALED;
	if (access == HAL_ACCESS_EXECUTE && !object->sealed)
		return STATUS_PROTECTION_REFUSED;
	return STATUS_OK;
}

/* What a facet's mapping needs besides is filled in when it joins the facet. */
static inline void mapping_fill(struct mapping *mapping, const struct map_request *request,
				uint64_t address)
{
	mapping->start = address;
	mapping->end = address + request->page_count * PAGE_SIZE;
	mapping->object = request->object;
	mapping->first_page = request->first_page;
	mapping->kind = MAPPING_OBJECT;
	mapping->access = request->access;
	mapping->fixed = request->fixed;
	mapping->facet = nullptr;
}

static enum status map_at(struct address_space *space, const struct map_request *request,
			  uint64_t *in_out_address)
{
	uint64_t size = request->page_count * PAGE_SIZE;
	struct list_link *before;
	struct mapping *mapping;
	enum status status = open_place(space, size, in_out_address, &before, &mapping);

	if (status != STATUS_OK)
		return status;
	mapping_fill(mapping, request, *in_out_address);
	status = close_place(space, before, mapping);
	if (status != STATUS_OK)
		return status;
	object_get(&request->object->object);
	if (request->facet != nullptr && !request->object->sealed)
		mapping_join_facet(space, mapping, request->facet);
	mapping_count_writable(mapping, 1);
	populate(space, mapping);
	return STATUS_OK;
}

/* Inline where programs call it, with the request in registers. */
[[gnu::always_inline]] enum status address_space_map(struct address_space *space,
						     const struct map_request *request,
						     uint64_t *out_address)
{
	uint64_t address = request->address;
	enum status status;

	if (request->page_count == 0 || request->first_page > request->object->page_count ||
	    request->page_count > request->object->page_count - request->first_page ||
	    !range_is_valid(address != 0 ? address : ANYWHERE_START,
			    request->page_count * PAGE_SIZE))
		return STATUS_INVALID_ARGUMENT;
	status = check_access(request->object, request->access);
	if (status == STATUS_OK)
		status = map_at(space, request, &address);
	if (status == STATUS_OK)
		*out_address = address;
	return status;
}

enum status address_space_map_block(struct address_space *space, uint64_t address,
				    struct paddr block, uint64_t size)
{
	struct list_link *before;
	struct mapping *mapping;
	enum status status = open_place(space, size, &address, &before, &mapping);

	if (status != STATUS_OK)
		return status;
	*mapping = (struct mapping){ .start = address,
				     .end = address + size,
				     .block = block,
				     .kind = MAPPING_BLOCK,
				     .access = HAL_ACCESS_WRITE,
				     .fixed = true };
	return close_place(space, before, mapping);
}

enum status address_space_reserve(struct address_space *space, uint64_t size,
				  uint64_t *out_address)
{
	struct list_link *before;
	struct mapping *mapping;
	uint64_t address = 0;
	enum status status;

	if (!range_is_valid(ANYWHERE_START, size))
		return STATUS_INVALID_ARGUMENT;
	status = open_place(space, size, &address, &before, &mapping);
	if (status != STATUS_OK)
		return status;
	*mapping = (struct mapping){ .start = address,
				     .end = address + size,
				     .kind = MAPPING_RESERVED };
	status = close_place(space, before, mapping);
	if (status == STATUS_OK)
		*out_address = address;
	return status;
}

/* Whether unmapping [start, end) would take away what a program must not. */
static bool has_fixed(struct address_space *space, struct mapping *first, uint64_t start,
		      uint64_t end)
{
	for (struct list_link *l = &first->link; l != &space->mappings; l = l->next) {
		if (!mapping_overlaps(mapping_of(l), start, end))
			return false;
		if (mapping_of(l)->fixed)
			return true;
	}
	return false;
}

/* The last mapping that overlaps [start, end); first is one that does. */
static struct mapping *last_in(struct address_space *space, struct mapping *first,
			       uint64_t start, uint64_t end)
{
	struct list_link *l = &first->link;

	while (l->next != &space->mappings && mapping_overlaps(mapping_of(l->next), start, end))
		l = l->next;
	return mapping_of(l);
}

/* Remove the mappings of [start, end), all inside it; true if an interrupt came between. */
static bool remove_range(struct address_space *space, uint64_t start, uint64_t end)
{
	struct mapping *mapping = mapping_first_in(space, start, end);

	while (mapping != nullptr) {
		struct list_link *next = mapping->link.next;

		mapping_remove(space, mapping);
		if (next == &space->mappings || !mapping_overlaps(mapping_of(next), start, end))
			return false;
		if (hal_interrupt_pending())
			return true;
		mapping = mapping_of(next);
	}
	return false;
}

/* Unmap a range that is not just its first mapping. */
[[gnu::noinline]] static enum status unmap_several(struct address_space *space,
						   struct mapping *first, uint64_t start,
						   uint64_t end, bool *out_more)
{
	struct mapping_ends ends = { first, last_in(space, first, start, end), start, end };
	enum status status;

	if (has_fixed(space, first, start, end))
		return STATUS_PROTECTION_REFUSED;
	/* For each mapping that the cut makes, one is removed, but for a hole. */
	if (start > first->start && end < first->end && space->mapping_count >= MAX_MAPPINGS)
		return STATUS_TOO_MANY_MAPPINGS;
	status = mapping_cut(space, &ends);
	if (status == STATUS_OK)
		*out_more = remove_range(space, start, end);
	return status;
}

enum status address_space_unmap(struct address_space *space, uint64_t address, uint64_t size,
				bool *out_more)
{
	uint64_t end = address + size;
	struct mapping *first;

	*out_more = false;
	if (!range_is_valid(address, size))
		return STATUS_INVALID_ARGUMENT;
	first = mapping_first_in(space, address, end);
	if (first == nullptr)
		return STATUS_NOT_MAPPED;
	if (address != first->start || end != first->end)
		return unmap_several(space, first, address, end, out_more);
	if (first->fixed)
		return STATUS_PROTECTION_REFUSED;
	mapping_remove(space, first);
	return STATUS_OK;
}

enum status address_space_protect(struct address_space *space, uint64_t address, uint64_t size,
				  enum hal_access access)
{
	struct mapping *mapping;
	enum status status;

	if (!range_is_valid(address, size))
		return STATUS_INVALID_ARGUMENT;
	mapping = mapping_covering(space, address, size);
	if (mapping == nullptr || mapping->kind == MAPPING_RESERVED)
		return STATUS_NOT_MAPPED;
	if (mapping->fixed)
		return STATUS_PROTECTION_REFUSED;
	status = check_access(mapping->object, access);
	if (status != STATUS_OK)
		return status;
	status = mapping_isolate(space, &mapping, address, address + size);
	if (status != STATUS_OK)
		return status;
	mapping_count_writable(mapping, -1);
	mapping->access = access;
	mapping_count_writable(mapping, 1);
	page_tables_forget(space, mapping);
	return STATUS_OK;
}

enum status address_space_commit(struct address_space *space, uint64_t address, uint64_t size)
{
	struct memory_object *object;
	struct mapping *mapping;
	enum status status;

	if (!range_is_valid(address, size))
		return STATUS_INVALID_ARGUMENT;
	mapping = mapping_covering(space, address, size);
	if (mapping == nullptr || mapping->kind != MAPPING_RESERVED)
		return STATUS_NOT_MAPPED;
	status = memory_object_create(space->account, size / PAGE_SIZE,
				      (struct memory_source){ .bytes = nullptr }, &object);
	if (status != STATUS_OK)
		return status;
	status = mapping_isolate(space, &mapping, address, address + size);
	if (status != STATUS_OK) {
		object_put(&object->object);
		return status;
	}
	mapping->kind = MAPPING_OBJECT;
	mapping->object = object;
	mapping->first_page = 0;
	mapping->access = HAL_ACCESS_WRITE;
	mapping_count_writable(mapping, 1);
	return STATUS_OK;
}

/* The frame that address shows, taken and filled if need be. */
static struct paddr frame_at(const struct mapping *mapping, uint64_t address)
{
	uint64_t page = (address - mapping->start) / PAGE_SIZE;

	if (mapping->kind == MAPPING_BLOCK)
		return (struct paddr){ mapping->block.raw + page * PAGE_SIZE };
	return memory_object_page(mapping->object, (uint32_t)(mapping->first_page + page));
}

static bool access_allowed(const struct mapping *mapping, enum hal_access access)
{
	if (mapping->kind == MAPPING_RESERVED || mapping->access == HAL_ACCESS_NONE)
		return false;
	/* The sweep that ends it may still be on its way. */
	if (mapping->facet != nullptr && !mapping->object->sealed &&
	    facet_status(mapping->facet) != STATUS_OK)
		return false;
	return access == HAL_ACCESS_READ || access == mapping->access;
}

bool address_space_fault(struct address_space *space, uint64_t address, enum hal_access access)
{
	struct mapping *mapping = mapping_covering(space, address, 1);

	if (mapping == nullptr || !access_allowed(mapping, access))
		return false;
	page_tables_enter(space, address & ~(PAGE_SIZE - 1), frame_at(mapping, address),
			  mapping->access);
	return true;
}

size_t address_space_read(struct address_space *space, uint64_t address, void *buffer,
			  size_t size)
{
	struct mapping *mapping = mapping_covering(space, address, 1);

	if (mapping == nullptr || mapping->kind != MAPPING_OBJECT ||
	    !access_allowed(mapping, HAL_ACCESS_READ))
		return 0;
	if (size > mapping->end - address)
		size = mapping->end - address;
	memory_object_read(mapping->object,
			   mapping->first_page * PAGE_SIZE + (address - mapping->start), buffer,
			   size);
	return size;
}

bool address_space_teardown_step(struct address_space *space)
{
	if (!list_is_empty(&space->mappings)) {
		mapping_remove(space, mapping_of(space->mappings.next));
		return true;
	}
	require(space->table_spans == 0 && space->tables_taken == 0);
	if (space->spare != nullptr)
		supply_return_object(space->account, SUPPLY_MAPPING, space->spare);
	supply_return_frames(space->account, space->top, 0);
	supply_return_frames(space->account, space->root, 0);
	return false;
}

/* What stands in a facet's list finds its way back here. */
static bool facet_is_sound(const struct address_space *space, const struct mapping *mapping)
{
	return mapping->facet == nullptr ||
	       (mapping->space == space && mapping->kind == MAPPING_OBJECT &&
		!list_is_empty(&mapping->facet_link));
}

bool address_space_check(const struct address_space *space)
{
	uint64_t previous_end = HAL_USER_START;
	bool has_hint = space->hint == &space->mappings;
	uint32_t count = 0;

	for (const struct list_link *l = space->mappings.next; l != &space->mappings;
	     l = l->next) {
		const struct mapping *mapping = LIST_OWNER(l, struct mapping, link);

		if (mapping->start < previous_end || mapping->start >= mapping->end ||
		    !facet_is_sound(space, mapping))
			return false;
		previous_end = mapping->end;
		has_hint = has_hint || l == space->hint;
		count++;
	}
	return has_hint && count == space->mapping_count && previous_end <= HAL_USER_END &&
	       page_tables_check(space);
}
