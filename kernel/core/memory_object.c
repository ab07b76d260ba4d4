// SPDX-License-Identifier: MIT
/* Memory objects.  See memory_object.h for the model. */
#include "kernel/core/memory_object.h"

#include "kernel/core/schedule.h"
#include "kernel/core/supply.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "lib/string.h"
#include "schema/memory.capnp.h"

/* Pages that one step of teardown looks at. */
constexpr uint32_t TEARDOWN_STEP_PAGES = 16;

static bool has_leaves(const struct memory_object *object)
{
	return object->page_count > MEMORY_OBJECT_INDEX;
}

static_assert(MAX_MEMORY_OBJECT_BYTES / PAGE_SIZE <=
	      (uint64_t)MEMORY_OBJECT_INDEX * MEMORY_OBJECT_LEAF);

static uint32_t leaf_count(uint64_t page_count)
{
	if (page_count <= MEMORY_OBJECT_INDEX)
		return 0;
	return (uint32_t)((page_count + MEMORY_OBJECT_LEAF - 1) / MEMORY_OBJECT_LEAF);
}

static struct paddr frame_of(uint32_t number)
{
	return (struct paddr){ (uint64_t)number * PAGE_SIZE };
}

static uint32_t number_of(struct paddr frame)
{
	return (uint32_t)(frame.raw / PAGE_SIZE);
}

enum status memory_object_create(struct account *account, uint64_t page_count,
				 struct memory_source source, struct memory_object **out_object)
{
	struct memory_object *object;
	enum status status;
	void *storage;

	require(source.object == nullptr ||
		(source.object->sealed && source.object->source.object == nullptr));
	if (page_count == 0 || page_count > MAX_MEMORY_OBJECT_BYTES / PAGE_SIZE)
		return STATUS_INVALID_ARGUMENT;
	status = supply_object(account, SUPPLY_MEMORY_OBJECT, &storage);
	if (status != STATUS_OK)
		return status;
	object = storage;
	status = supply_reserve(account, page_count + leaf_count(page_count));
	if (status != STATUS_OK) {
		supply_return_object(account, SUPPLY_MEMORY_OBJECT, object);
		return status;
	}
	object_init(&object->object, &memory_object_type);
	object->account = account;
	account_get(account);
	object->source = source;
	if (source.object != nullptr)
		object_get(&source.object->object);
	object->page_count = (uint32_t)page_count;
	*out_object = object;
	return STATUS_OK;
}

/* Where the number of a page's frame is kept; takes the leaf if it is missing. */
static uint32_t *page_entry(struct memory_object *object, uint32_t page)
{
	uint32_t *leaf_number;
	uint32_t *leaf;

	require(page < object->page_count);
	if (!has_leaves(object))
		return &object->index[page];
	leaf_number = &object->index[page / MEMORY_OBJECT_LEAF];
	if (*leaf_number == 0) {
		struct paddr frame = supply_take_reserved();

		supply_zero_frame(frame);
		*leaf_number = number_of(frame);
	}
	leaf = hal_direct_map(frame_of(*leaf_number));
	return &leaf[page % MEMORY_OBJECT_LEAF];
}

/* Copy a part of a source, from offset in it on. */
typedef void copy_source(const struct memory_source *source, uint64_t offset, uint8_t *to,
			 size_t size);

/* Fill a fresh page with its part of the source, and zeros around it. */
static void fill_page(const struct memory_object *object, uint32_t page, uint8_t *bytes,
		      copy_source *copy)
{
	const struct memory_source *source = &object->source;
	uint64_t page_start = (uint64_t)page * PAGE_SIZE;
	uint64_t start = page_start;
	uint64_t end = source->lead_bytes + source->size_bytes;

	if (start < source->lead_bytes)
		start = source->lead_bytes;
	if (end > page_start + PAGE_SIZE)
		end = page_start + PAGE_SIZE;
	if (start >= end) {
		memset(bytes, 0, PAGE_SIZE);
		return;
	}
	memset(bytes, 0, start - page_start);
	copy(source, start - source->lead_bytes, bytes + (start - page_start), end - start);
	memset(bytes + (end - page_start), 0, page_start + PAGE_SIZE - end);
}

static struct paddr take_page(struct memory_object *object, uint32_t page, copy_source *copy)
{
	uint32_t *entry = page_entry(object, page);

	if (*entry == 0) {
		struct paddr frame = supply_take_reserved();

		fill_page(object, page, hal_direct_map(frame), copy);
		*entry = number_of(frame);
	}
	return frame_of(*entry);
}

static void copy_bytes(const struct memory_source *source, uint64_t offset, uint8_t *to,
		       size_t size)
{
	memcpy(to, source->bytes + offset, size);
}

/* The other object's pages are taken here, as its own source is never an object. */
static void copy_object(const struct memory_source *source, uint64_t offset, uint8_t *to,
			size_t size)
{
	uint64_t from = source->offset_bytes + offset;

	while (size > 0) {
		size_t in_page = from % PAGE_SIZE;
		size_t part = size < PAGE_SIZE - in_page ? size : PAGE_SIZE - in_page;
		struct paddr frame =
			take_page(source->object, (uint32_t)(from / PAGE_SIZE), copy_bytes);

		memcpy(to, (const uint8_t *)hal_direct_map(frame) + in_page, part);
		from += part;
		to += part;
		size -= part;
	}
}

struct paddr memory_object_page(struct memory_object *object, uint32_t page)
{
	return take_page(object, page,
			 object->source.object != nullptr ? copy_object : copy_bytes);
}

bool memory_object_has_page(const struct memory_object *object, uint32_t page,
			    struct paddr *out_frame)
{
	uint32_t number;

	require(page < object->page_count);
	if (!has_leaves(object)) {
		number = object->index[page];
	} else {
		uint32_t leaf_number = object->index[page / MEMORY_OBJECT_LEAF];
		const uint32_t *leaf;

		if (leaf_number == 0)
			return false;
		leaf = hal_direct_map(frame_of(leaf_number));
		number = leaf[page % MEMORY_OBJECT_LEAF];
	}
	*out_frame = frame_of(number);
	return number != 0;
}

/* The bytes of the page that holds offset, from offset on, and how many of size lie in it. */
static uint8_t *bytes_at(struct memory_object *object, uint64_t offset, size_t size,
			 size_t *out_part)
{
	struct paddr frame = memory_object_page(object, (uint32_t)(offset / PAGE_SIZE));
	size_t in_page = offset % PAGE_SIZE;

	*out_part = size < PAGE_SIZE - in_page ? size : PAGE_SIZE - in_page;
	return (uint8_t *)hal_direct_map(frame) + in_page;
}

void memory_object_write(struct memory_object *object, uint64_t offset, const void *bytes,
			 size_t size)
{
	const uint8_t *from = bytes;

	while (size > 0) {
		size_t part;
		uint8_t *to = bytes_at(object, offset, size, &part);

		memcpy(to, from, part);
		offset += part;
		from += part;
		size -= part;
	}
}

void memory_object_read(struct memory_object *object, uint64_t offset, void *buffer,
			size_t size)
{
	uint8_t *to = buffer;

	while (size > 0) {
		size_t part;
		const uint8_t *from = bytes_at(object, offset, size, &part);

		memcpy(to, from, part);
		offset += part;
		to += part;
		size -= part;
	}
}

enum status memory_object_seal(struct memory_object *object)
{
	if (object->writable_mappings != 0)
		return STATUS_WRITABLE_MAPPING;
	object->sealed = true;
	return STATUS_OK;
}

static void release_entry(uint32_t *entry)
{
	if (*entry != 0)
		supply_put_reserved(frame_of(*entry));
	*entry = 0;
}

/* All pages are back: give up the reservation and the object itself. */
static void finish_teardown(struct memory_object *object)
{
	struct memory_object *source = object->source.object;
	struct account *account = object->account;
	uint32_t leaves = leaf_count(object->page_count);

	for (uint32_t i = 0; i < leaves; i++)
		release_entry(&object->index[i]);
	supply_unreserve(account, (uint64_t)object->page_count + leaves);
	supply_return_object(account, SUPPLY_MEMORY_OBJECT, object);
	account_put(account);
	if (source != nullptr)
		object_put(&source->object);
}

/* Release pages from teardown_next on, skipping leaves that were never taken. */
static bool teardown_step(struct work *work)
{
	struct memory_object *object = LIST_OWNER(work, struct memory_object, teardown);

	for (uint32_t i = 0; i < TEARDOWN_STEP_PAGES; i++) {
		uint32_t page = object->teardown_next;

		if (page >= object->page_count) {
			finish_teardown(object);
			return false;
		}
		if (has_leaves(object) && object->index[page / MEMORY_OBJECT_LEAF] == 0) {
			object->teardown_next = page + MEMORY_OBJECT_LEAF;
			continue;
		}
		release_entry(page_entry(object, page));
		object->teardown_next = page + 1;
	}
	return true;
}

void memory_object_destroy(struct object *object)
{
	struct memory_object *memory = LIST_OWNER(object, struct memory_object, object);

	work_init(&memory->teardown, teardown_step);
	if (teardown_step(&memory->teardown))
		schedule_work(&memory->teardown);
}
