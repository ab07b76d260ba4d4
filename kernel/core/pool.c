// SPDX-License-Identifier: MIT
/* Object pools.  See pool.h for the model. */
#include "kernel/core/pool.h"

#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "lib/string.h"

constexpr uint32_t MAP_WORDS = PAGE_SIZE / POOL_OBJECT_BYTES_MIN / 64;
constexpr uint32_t ALIGNMENT_MAX = 1024;

/* The head of each page, in the page. */
struct pool_page {
	struct list_link link; /* in one of the pool's lists */
	struct pool *owner;
	struct paddr frame;
	uint64_t used_count;
	uint64_t used_map[MAP_WORDS]; /* bit i: object i is in use */
};

static_assert(sizeof(struct pool_page) + POOL_OBJECT_BYTES_MAX <= PAGE_SIZE);

static uint32_t round_up(size_t value, size_t alignment)
{
	return (uint32_t)((value + alignment - 1) & ~(alignment - 1));
}

static uint8_t *object_at(struct pool_page *page, uint32_t index)
{
	const struct pool *pool = page->owner;

	return (uint8_t *)page + pool->first_offset + (size_t)index * pool->object_bytes;
}

void pool_init(struct pool *pool, struct frames *frames, size_t size, size_t alignment)
{
	require(alignment != 0 && (alignment & (alignment - 1)) == 0 &&
		alignment <= ALIGNMENT_MAX);
	require(size != 0 && size <= POOL_OBJECT_BYTES_MAX);
	if (alignment < 8)
		alignment = 8;
	if (size < POOL_OBJECT_BYTES_MIN)
		size = POOL_OBJECT_BYTES_MIN;
	*pool = (struct pool){
		.frames = frames,
		.object_bytes = round_up(size, alignment),
		.first_offset = round_up(sizeof(struct pool_page), alignment),
	};
	pool->page_objects = ((uint32_t)PAGE_SIZE - pool->first_offset) / pool->object_bytes;
	list_init(&pool->partial);
	list_init(&pool->full);
	list_init(&pool->empty);
}

static enum status add_page(struct pool *pool)
{
	struct paddr frame;
	struct pool_page *page;
	enum status status = frames_alloc(pool->frames, 0, &frame);

	if (status != STATUS_OK)
		return status;
	page = hal_direct_map(frame);
	*page = (struct pool_page){ .owner = pool, .frame = frame };
	list_append(&pool->empty, &page->link);
	pool->page_count++;
	return STATUS_OK;
}

static void drop_page(struct pool *pool, struct pool_page *page)
{
	struct paddr frame = page->frame;

	list_remove(&page->link);
	page->owner = nullptr;
	pool->page_count--;
	frames_free(pool->frames, frame, 0);
}

/* The lowest object of a page that is not full; marks it used. */
static uint32_t take_object(struct pool_page *page)
{
	uint32_t word = 0, bit;

	while (page->used_map[word] == UINT64_MAX)
		word++;
	bit = (uint32_t)__builtin_ctzll(~page->used_map[word]);
	page->used_map[word] |= UINT64_C(1) << bit;
	page->used_count++;
	return word * 64 + bit;
}

/* Put page on the list that its count of used objects asks for. */
static void file_page(struct pool *pool, struct pool_page *page)
{
	struct list_link *list = &pool->partial;

	if (page->used_count == 0)
		list = &pool->empty;
	else if (page->used_count == pool->page_objects)
		list = &pool->full;
	list_remove(&page->link);
	list_prepend(list, &page->link);
}

enum status pool_alloc(struct pool *pool, void **out_object)
{
	struct list_link *list = &pool->partial;
	struct pool_page *page;
	void *object;

	if (list_is_empty(list))
		list = &pool->empty;
	if (list_is_empty(list)) {
		enum status status = add_page(pool);

		if (status != STATUS_OK)
			return status;
	}

	/* commit */
	page = LIST_OWNER(list->next, struct pool_page, link);
	object = object_at(page, take_object(page));
	if (page->used_count == 1 || page->used_count == pool->page_objects)
		file_page(pool, page);
	pool->object_count++;
	memset(object, 0, pool->object_bytes);
	*out_object = object;
	return STATUS_OK;
}

void pool_free(struct pool *pool, void *object)
{
	struct pool_page *page = (struct pool_page *)((uintptr_t)object & ~(PAGE_SIZE - 1));
	uint32_t offset = (uint32_t)((uintptr_t)object % PAGE_SIZE) - pool->first_offset;
	uint32_t index = offset / pool->object_bytes;
	uint64_t bit = UINT64_C(1) << index % 64;

	require(page->owner == pool);
	require(offset % pool->object_bytes == 0 && index < pool->page_objects);
	require((page->used_map[index / 64] & bit) != 0);

	page->used_map[index / 64] &= ~bit;
	page->used_count--;
	pool->object_count--;
	if (page->used_count == 0 && !list_is_empty(&pool->empty))
		drop_page(pool, page);
	else if (page->used_count == 0 || page->used_count == pool->page_objects - 1)
		file_page(pool, page);
}

/* The page is this pool's and its map agrees with its count and its list. */
static bool check_page(const struct pool *pool, const struct pool_page *page,
		       const struct list_link *list)
{
	uint64_t used = 0;

	if (page->owner != pool || page->used_count > pool->page_objects)
		return false;
	for (uint32_t i = 0; i < MAP_WORDS * 64; i++) {
		bool in_use = (page->used_map[i / 64] >> i % 64 & 1) != 0;

		if (in_use && i >= pool->page_objects)
			return false;
		used += in_use;
	}
	return used == page->used_count && (list == &pool->empty) == (used == 0) &&
	       (list == &pool->full) == (used == pool->page_objects);
}

static bool check_list(const struct pool *pool, const struct list_link *list, uint32_t *pages,
		       uint64_t *objects)
{
	for (const struct list_link *l = list->next; l != list; l = l->next) {
		const struct pool_page *page = LIST_OWNER(l, struct pool_page, link);

		if (!check_page(pool, page, list) || ++*pages > pool->page_count)
			return false;
		*objects += page->used_count;
	}
	return true;
}

bool pool_check(const struct pool *pool)
{
	uint32_t pages = 0;
	uint64_t objects = 0;

	if (!check_list(pool, &pool->empty, &pages, &objects) || pages > 1)
		return false;
	return check_list(pool, &pool->partial, &pages, &objects) &&
	       check_list(pool, &pool->full, &pages, &objects) && pages == pool->page_count &&
	       objects == pool->object_count;
}
