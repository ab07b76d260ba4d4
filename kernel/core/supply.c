// SPDX-License-Identifier: MIT
/* Supply of kernel memory.  See supply.h for the model. */
#include "kernel/core/supply.h"

#include "kernel/core/address_space.h"
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "kernel/core/memory_object.h"
#include "kernel/core/pool.h"
#include "kernel/core/process.h"
#include "kernel/core/thread.h"
#include "kernel/hal/cpu.h"
#include "lib/string.h"

/* Pools stop growing when they waste one frame in this many; the rest is what accounts may use.
 */
constexpr uint64_t POOL_MARGIN_DIVISOR = 16;
constexpr uint32_t SMALLEST_MACHINE_FRAMES = 512;

struct pool_shape {
	size_t size;
	size_t alignment;
};

static const struct pool_shape pool_shapes[SUPPLY_KINDS] = {
	[SUPPLY_ACCOUNT] = { sizeof(struct account), alignof(struct account) },
	[SUPPLY_PROCESS] = { sizeof(struct process), alignof(struct process) },
	[SUPPLY_THREAD] = { sizeof(struct thread), alignof(struct thread) },
	[SUPPLY_MAPPING] = { sizeof(struct mapping), alignof(struct mapping) },
	[SUPPLY_MEMORY_OBJECT] = { sizeof(struct memory_object),
				   alignof(struct memory_object) },
	[SUPPLY_ENDPOINT] = { sizeof(struct endpoint), alignof(struct endpoint) },
	[SUPPLY_FACET] = { sizeof(struct facet), alignof(struct facet) },
};

static struct {
	struct frames frames;
	struct pool pools[SUPPLY_KINDS];
	struct account root;
	uint64_t reserved_frames;
	uint64_t pool_margin_bytes;
} supply;

/* Cut room for the frame table out of the largest free range; none is left if it is too small.
 */
static struct frame_info *place_frame_table(const struct boot_range *range,
					    uint32_t frame_count, uint64_t *out_start)
{
	size_t bytes = frames_storage_bytes(frame_count);

	bytes = (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	if (range->end - range->start < bytes)
		return nullptr;
	*out_start = range->start + bytes;
	return hal_direct_map((struct paddr){ range->start });
}

static const struct boot_range *largest_range(const struct boot_info *info)
{
	const struct boot_range *largest = &info->free[0];

	for (uint32_t i = 1; i < info->free_count; i++)
		if (info->free[i].end - info->free[i].start > largest->end - largest->start)
			largest = &info->free[i];
	return largest;
}

static bool frames_setup(const struct boot_info *info)
{
	const struct boot_range *largest = largest_range(info);
	uint64_t base = info->free[0].start & ~(FRAMES_BASE_ALIGNMENT - 1);
	uint64_t span = info->free[info->free_count - 1].end - base;
	uint64_t after_table = 0;
	struct frame_info *table;

	if (span / PAGE_SIZE > UINT32_MAX)
		return false;
	table = place_frame_table(largest, (uint32_t)(span / PAGE_SIZE), &after_table);
	if (table == nullptr)
		return false;
	frames_init(&supply.frames, table, (struct paddr){ base },
		    (uint32_t)(span / PAGE_SIZE));
	for (uint32_t i = 0; i < info->free_count; i++) {
		const struct boot_range *range = &info->free[i];
		uint64_t start = range == largest ? after_table : range->start;

		frames_add_range(&supply.frames, (struct paddr){ start },
				 (struct paddr){ range->end });
	}
	return true;
}

bool supply_init(const struct boot_info *info)
{
	uint64_t total_bytes;
	struct account_limits limits;

	supply.reserved_frames = 0;
	if (info->free_count == 0 || !frames_setup(info))
		return false;
	if (frames_total_count(&supply.frames) < SMALLEST_MACHINE_FRAMES)
		return false;
	for (uint32_t kind = 0; kind < SUPPLY_KINDS; kind++)
		pool_init(&supply.pools[kind], &supply.frames, pool_shapes[kind].size,
			  pool_shapes[kind].alignment);
	total_bytes = frames_total_count(&supply.frames) * PAGE_SIZE;
	supply.pool_margin_bytes = total_bytes / POOL_MARGIN_DIVISOR;
	for (uint32_t resource = 0; resource < ACCOUNT_RESOURCES; resource++)
		limits.amount[resource] = UINT32_MAX;
	limits.amount[ACCOUNT_MEMORY] = total_bytes - supply.pool_margin_bytes;
	account_init_root(&supply.root, limits, nullptr);
	return true;
}

struct account *supply_root_account(void)
{
	return &supply.root;
}

/* Whether count free frames are promised to nobody. */
static bool frames_are_spare(uint64_t count)
{
	return count <= frames_free_count(&supply.frames) - supply.reserved_frames;
}

enum status supply_frames(struct account *account, uint32_t order, struct paddr *out_block)
{
	enum status status = account_charge(account, ACCOUNT_MEMORY, PAGE_SIZE << order);

	if (status != STATUS_OK)
		return status;
	status = STATUS_OUT_OF_MEMORY;
	if (frames_are_spare(UINT64_C(1) << order))
		status = frames_alloc(&supply.frames, order, out_block);
	if (status != STATUS_OK)
		account_refund(account, ACCOUNT_MEMORY, PAGE_SIZE << order);
	return status;
}

void supply_return_frames(struct account *account, struct paddr block, uint32_t order)
{
	frames_free(&supply.frames, block, order);
	account_refund(account, ACCOUNT_MEMORY, PAGE_SIZE << order);
}

enum status supply_reserve(struct account *account, uint64_t count)
{
	enum status status = STATUS_OUT_OF_MEMORY;

	if (frames_are_spare(count))
		status = account_charge(account, ACCOUNT_MEMORY, count * PAGE_SIZE);
	if (status == STATUS_OK)
		supply.reserved_frames += count;
	return status;
}

void supply_unreserve(struct account *account, uint64_t count)
{
	require(count <= supply.reserved_frames);
	supply.reserved_frames -= count;
	account_refund(account, ACCOUNT_MEMORY, count * PAGE_SIZE);
}

struct paddr supply_take_reserved(void)
{
	struct paddr frame;

	/* Cannot fail: no more frames are reserved than are free. */
	require(supply.reserved_frames > 0);
	require(frames_alloc(&supply.frames, 0, &frame) == STATUS_OK);
	supply.reserved_frames--;
	return frame;
}

void supply_put_reserved(struct paddr frame)
{
	frames_free(&supply.frames, frame, 0);
	supply.reserved_frames++;
}

static uint64_t idle_bytes(void)
{
	uint64_t sum = 0;

	for (uint32_t kind = 0; kind < SUPPLY_KINDS; kind++)
		sum += pool_idle_bytes(&supply.pools[kind]);
	return sum;
}

/* Whether an object can be had without the page that it may need being promised to somebody. */
static bool pool_may_alloc(const struct pool *pool)
{
	return pool_has_free_object(pool) ||
	       (frames_are_spare(1) && idle_bytes() + PAGE_SIZE <= supply.pool_margin_bytes);
}

enum status supply_object(struct account *account, enum supply_kind kind, void **out_object)
{
	struct pool *pool = &supply.pools[kind];
	enum status status = account_charge(account, ACCOUNT_MEMORY, pool_object_bytes(pool));

	if (status != STATUS_OK)
		return status;
	status = pool_may_alloc(pool) ? pool_alloc(pool, out_object) : STATUS_OUT_OF_MEMORY;
	if (status != STATUS_OK)
		account_refund(account, ACCOUNT_MEMORY, pool_object_bytes(pool));
	return status;
}

void supply_return_object(struct account *account, enum supply_kind kind, void *object)
{
	struct pool *pool = &supply.pools[kind];

	pool_free(pool, object);
	account_refund(account, ACCOUNT_MEMORY, pool_object_bytes(pool));
}

void supply_zero_frame(struct paddr frame)
{
	memset(hal_direct_map(frame), 0, PAGE_SIZE);
}

/* What is counted besides memory is there as often as all accounts together pay for. */
static bool counts_agree(const struct account_sum *sum)
{
	uint64_t threads = supply.pools[SUPPLY_THREAD].object_count;

	return sum->own_use[ACCOUNT_THREADS] == threads &&
	       sum->own_use[ACCOUNT_WAITS] == threads * THREAD_WAITS &&
	       sum->own_use[ACCOUNT_ENDPOINTS] == supply.pools[SUPPLY_ENDPOINT].object_count &&
	       sum->own_use[ACCOUNT_FACETS] == supply.pools[SUPPLY_FACET].object_count;
}

struct supply_report supply_audit(void)
{
	struct account_sum sum = account_sum(&supply.root);
	uint64_t free_frames = frames_free_count(&supply.frames);
	uint64_t total_frames = frames_total_count(&supply.frames);
	uint64_t held = (total_frames - free_frames + supply.reserved_frames) * PAGE_SIZE;
	bool balanced = held == sum.own_use[ACCOUNT_MEMORY] + idle_bytes() &&
			supply.reserved_frames <= free_frames;

	balanced = balanced && counts_agree(&sum) && account_check(&supply.root) &&
		   frames_check(&supply.frames);
	for (uint32_t kind = 0; kind < SUPPLY_KINDS; kind++)
		balanced = balanced && pool_check(&supply.pools[kind]);
	return (struct supply_report){
		.balanced = balanced,
		.free_frames = (uint32_t)free_frames,
		.total_frames = (uint32_t)total_frames,
		.accounts = sum.accounts,
		.processes = supply.pools[SUPPLY_PROCESS].object_count,
		.charged_bytes = sum.own_use[ACCOUNT_MEMORY],
	};
}
