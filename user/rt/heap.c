// SPDX-License-Identifier: MIT
/* The program's heap: memory for the pure allocator.  See heap.h. */
#include "user/rt/heap.h"

#include "lib/string.h"
#include "user/rt/allocator.h"
#include "user/rt/capset.h"
#include "user/rt/panic.h"
#include "user/rt/ring.h"

#include "schema/memory.client.h"

constexpr size_t COMMIT_BYTES_MIN = 64 * 1024;

static struct allocator allocator;
static struct virtual_memory_client memory;
static uint64_t heap_start;    /* 0: not reserved yet */
static size_t committed_bytes; /* from heap_start on */

static void check(enum allocator_verdict verdict)
{
	switch (verdict) {
	case ALLOCATOR_OK:
		return;
	case ALLOCATOR_FREED_TWICE:
		capos_panic(__FILE__, __LINE__, "heap: a block was freed twice");
	case ALLOCATOR_NOT_A_BLOCK:
		capos_panic(__FILE__, __LINE__, "heap: not a block, or damaged");
	}
}

static bool reserve_heap(void)
{
	if (capos_find("memory", VIRTUAL_MEMORY_INTERFACE_ID, &memory.id) != STATUS_OK ||
	    virtual_memory_reserve(memory, CAPOS_HEAP_BYTES, &heap_start) != STATUS_OK) {
		heap_start = 0;
		return false;
	}
	allocator_init(&allocator, (char *)heap_start, capos_thread_block()->canary);
	return true;
}

/* The next step: as much again as there is, but enough and no more than there can be. */
static size_t next_step(size_t needed)
{
	size_t rest = CAPOS_HEAP_BYTES - committed_bytes;
	size_t step = committed_bytes < COMMIT_BYTES_MIN ? COMMIT_BYTES_MIN : committed_bytes;

	if (step < needed)
		step = (needed + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
	return step < rest ? step : rest;
}

/* Commit `step` bytes more, or what is needed at least when memory is short. */
static bool commit(size_t step)
{
	uint64_t address = heap_start + committed_bytes;

	if (virtual_memory_commit(memory, address, step) != STATUS_OK)
		return false;
	committed_bytes += step;
	check(allocator_extend(&allocator, step));
	return true;
}

static bool grow(size_t size)
{
	size_t needed = allocator_needed(size);
	size_t least;

	if (heap_start == 0 && !reserve_heap())
		return false;
	if (needed > CAPOS_HEAP_BYTES - committed_bytes)
		return false;
	if (commit(next_step(needed)))
		return true;
	least = (needed + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
	return commit(least);
}

void *capos_allocate(size_t size)
{
	void *block;

	if (size == 0)
		size = 1;
	check(allocator_take(&allocator, size, &block));
	if (block == nullptr && grow(size))
		check(allocator_take(&allocator, size, &block));
	return block;
}

void capos_free(void *block)
{
	if (block != nullptr)
		check(allocator_give(&allocator, block));
}

void *capos_resize(void *block, size_t size)
{
	size_t old_size;

	if (block == nullptr)
		return capos_allocate(size);
	check(allocator_size(&allocator, block, &old_size));
	if (size <= old_size)
		return block;
	void *larger = capos_allocate(size);

	if (larger == nullptr)
		return nullptr;
	memcpy(larger, block, old_size);
	capos_free(block);
	return larger;
}
