// SPDX-License-Identifier: MIT
#pragma once
/*
 * A heap of blocks in one growing range of memory.
 *
 *   start                                                     end
 *   +--------+---------+--------+----------------+--------+---------+--------+
 *   | header | payload | header | free, in a bin | header | payload | fence  |
 *   +--------+---------+--------+----------------+--------+---------+--------+
 *
 * Blocks tile the range: each header knows its own size and the size of the block before it, so
 * neighbours that are free become one.  Two free blocks are never adjacent.  Free blocks hang
 * in bins by power of two (segregated free lists with boundary tags: Knuth, The Art of Computer
 * Programming 2.5; Wilson and others, "Dynamic Storage Allocation", 1995).  The fence is a
 * header of size 0 that is always in use.
 *
 * Every header carries a check word made of its address, sizes, state and a secret, so that a
 * block which was overwritten, freed twice or never allocated is recognised before it is used.
 *
 * Pure: memory comes from allocator_extend(); no locking.
 */
#include <stddef.h>
#include <stdint.h>

constexpr size_t ALLOCATOR_ALIGNMENT = 16;
constexpr uint32_t ALLOCATOR_BINS = 32;
constexpr size_t ALLOCATOR_MAX_BYTES = 1U << 30;

enum allocator_verdict : uint8_t {
	ALLOCATOR_OK = 0,
	ALLOCATOR_FREED_TWICE,
	ALLOCATOR_NOT_A_BLOCK, /* damaged, or never given out */
};

struct allocator_block;

struct allocator {
	struct allocator_block *bins[ALLOCATOR_BINS]; /* first free block of each size class */
	char *start;
	char *end; /* past the fence */
	uint64_t secret;
	size_t used_bytes; /* payload and headers of blocks given out */
	uint32_t bin_mask; /* one bit for each bin that is not empty */
};

/* An empty allocator at `start`, a multiple of ALLOCATOR_ALIGNMENT. */
void allocator_init(struct allocator *a, char *start, uint64_t secret);

/*
 * Add `bytes` bytes, a multiple of ALLOCATOR_ALIGNMENT and at least 64, that follow the ones
 * added before.  They must stay, readable and writable, as long as the allocator.
 */
enum allocator_verdict allocator_extend(struct allocator *a, size_t bytes);

/*
 * Put a block of at least `size` bytes in *out_block, nullptr when none is free.  A damaged
 * header met on the way is ALLOCATOR_NOT_A_BLOCK.
 */
enum allocator_verdict allocator_take(struct allocator *a, size_t size, void **out_block);

/* Give a block back. */
enum allocator_verdict allocator_give(struct allocator *a, void *block);

/* Bytes that a block given out can hold. */
enum allocator_verdict allocator_size(const struct allocator *a, const void *block,
				      size_t *out_size);

/* Bytes to extend by so that a block of `size` bytes can be taken for certain. */
size_t allocator_needed(size_t size);

/* The invariants above, over the whole range.  For tests. */
bool allocator_check(const struct allocator *a);
