// SPDX-License-Identifier: MIT
/* A heap of blocks in one growing range.  See allocator.h for the model. */
#include "user/rt/allocator.h"

struct allocator_block {
	uint32_t size;          /* with this header; 0: the fence */
	uint32_t previous_size; /* of the block before; 0: this is the first */
	uint64_t check;
	/* Only in free blocks; otherwise payload begins here. */
	struct allocator_block *next_free;
	struct allocator_block *previous_free;
};

constexpr uint32_t HEADER_BYTES = offsetof(struct allocator_block, next_free);
constexpr uint32_t BLOCK_BYTES_MIN = sizeof(struct allocator_block);
/* Blocks of the fitting bin that are looked at before a larger one is cut. */
constexpr uint32_t BIN_TRIES = 8;

static_assert(HEADER_BYTES == ALLOCATOR_ALIGNMENT);
static_assert(BLOCK_BYTES_MIN % ALLOCATOR_ALIGNMENT == 0);

/* What a check word is mixed with, so that a header also tells its state. */
enum block_state : uint64_t {
	BLOCK_DAMAGED = 0,
	BLOCK_USED = 0x9b1c66a94f3de205,
	BLOCK_FREE = 0x27d4eb2f165667c5,
};

static struct allocator_block *block_at(char *address)
{
	return (struct allocator_block *)(void *)address;
}

static struct allocator_block *next_of(struct allocator_block *b)
{
	return block_at((char *)b + b->size);
}

static struct allocator_block *previous_of(struct allocator_block *b)
{
	return block_at((char *)b - b->previous_size);
}

static uint64_t check_word(const struct allocator *a, const struct allocator_block *b,
			   enum block_state state)
{
	uint64_t word = a->secret ^ (uintptr_t)b ^ ((uint64_t)b->size << 32 | b->previous_size);

	word *= 0x9e3779b97f4a7c15; /* 2^64 / golden ratio: spreads the low bits upwards */
	return word ^ word >> 29 ^ (uint64_t)state;
}

static enum block_state state_of(const struct allocator *a, const struct allocator_block *b)
{
	if (b->check == check_word(a, b, BLOCK_USED))
		return BLOCK_USED;
	return b->check == check_word(a, b, BLOCK_FREE) ? BLOCK_FREE : BLOCK_DAMAGED;
}

static void write_header(const struct allocator *a, struct allocator_block *b, uint32_t size,
			 uint32_t previous_size, enum block_state state)
{
	b->size = size;
	b->previous_size = previous_size;
	b->check = check_word(a, b, state);
}

/* Whether a pointer can be the address of a header at all. */
static bool is_inside(const struct allocator *a, const struct allocator_block *b)
{
	uintptr_t at = (uintptr_t)b;

	return at >= (uintptr_t)a->start && at % ALLOCATOR_ALIGNMENT == 0 &&
	       at < (uintptr_t)a->end && (uintptr_t)a->end - at >= HEADER_BYTES;
}

static bool is_free_block(const struct allocator *a, const struct allocator_block *b)
{
	return is_inside(a, b) && state_of(a, b) == BLOCK_FREE;
}

static uint32_t bin_of(uint32_t size)
{
	return 31 - (uint32_t)__builtin_clz(size / ALLOCATOR_ALIGNMENT);
}

static void bin_insert(struct allocator *a, struct allocator_block *b)
{
	uint32_t bin = bin_of(b->size);

	b->next_free = a->bins[bin];
	b->previous_free = nullptr;
	if (b->next_free != nullptr)
		b->next_free->previous_free = b;
	a->bins[bin] = b;
	a->bin_mask |= 1U << bin;
}

/* False when a neighbour in the bin is damaged. */
static bool bin_remove(struct allocator *a, struct allocator_block *b)
{
	uint32_t bin = bin_of(b->size);

	if ((b->next_free != nullptr && !is_free_block(a, b->next_free)) ||
	    (b->previous_free != nullptr && !is_free_block(a, b->previous_free)) ||
	    (b->previous_free == nullptr && a->bins[bin] != b))
		return false;
	if (b->next_free != nullptr)
		b->next_free->previous_free = b->previous_free;
	if (b->previous_free != nullptr)
		b->previous_free->next_free = b->next_free;
	else
		a->bins[bin] = b->next_free;
	if (a->bins[bin] == nullptr)
		a->bin_mask &= ~(1U << bin);
	return true;
}

/* Tell the block after b how large b is now. */
static bool update_next(const struct allocator *a, struct allocator_block *b)
{
	struct allocator_block *next = next_of(b);

	if (!is_inside(a, next))
		return false;
	enum block_state state = state_of(a, next);

	if (state == BLOCK_DAMAGED)
		return false;
	write_header(a, next, next->size, b->size, state);
	return true;
}

/* Make [b, b + size) one free block together with free neighbours, and put it into its bin. */
static bool insert_merged(struct allocator *a, struct allocator_block *b)
{
	uint32_t size = b->size;
	struct allocator_block *next = next_of(b);
	struct allocator_block *previous = b->previous_size != 0 ? previous_of(b) : nullptr;

	if (!is_inside(a, next) || (previous != nullptr && !is_inside(a, previous)))
		return false;
	if (state_of(a, next) == BLOCK_FREE) {
		if (!bin_remove(a, next))
			return false;
		size += next->size;
	}
	if (previous != nullptr && state_of(a, previous) == BLOCK_FREE) {
		if (!bin_remove(a, previous))
			return false;
		size += previous->size;
		b = previous;
	}
	write_header(a, b, size, b->previous_size, BLOCK_FREE);
	if (!update_next(a, b))
		return false;
	bin_insert(a, b);
	return true;
}

void allocator_init(struct allocator *a, char *start, uint64_t secret)
{
	*a = (struct allocator){ .start = start, .end = start, .secret = secret };
}

enum allocator_verdict allocator_extend(struct allocator *a, size_t bytes)
{
	bool first = a->start == a->end;
	struct allocator_block *b = block_at(first ? a->start : a->end - HEADER_BYTES);
	uint32_t previous_size = 0;
	uint32_t size = (uint32_t)bytes - (first ? HEADER_BYTES : 0);

	if (!first) {
		if (state_of(a, b) != BLOCK_USED || b->size != 0)
			return ALLOCATOR_NOT_A_BLOCK;
		previous_size = b->previous_size;
	}
	a->end += bytes;
	write_header(a, block_at(a->end - HEADER_BYTES), 0, size, BLOCK_USED);
	write_header(a, b, size, previous_size, BLOCK_FREE);
	return insert_merged(a, b) ? ALLOCATOR_OK : ALLOCATOR_NOT_A_BLOCK;
}

/* Look at up to `tries` blocks of a bin.  *out_block is null when none is large enough. */
static enum allocator_verdict search_bin(const struct allocator *a, uint32_t bin, uint32_t need,
					 uint32_t tries, struct allocator_block **out_block)
{
	struct allocator_block *b = a->bins[bin];

	*out_block = nullptr;
	for (; b != nullptr && tries != 0; b = b->next_free, tries--) {
		if (!is_free_block(a, b))
			return ALLOCATOR_NOT_A_BLOCK;
		if (b->size >= need) {
			*out_block = b;
			return ALLOCATOR_OK;
		}
	}
	return ALLOCATOR_OK;
}

/* A good fit: a few of the same bin, the first of the next larger bin, then all of the same. */
static enum allocator_verdict find_free(const struct allocator *a, uint32_t need,
					struct allocator_block **out_block)
{
	uint32_t bin = bin_of(need);
	uint32_t larger = a->bin_mask & ~((2U << bin) - 1);
	enum allocator_verdict verdict = search_bin(a, bin, need, BIN_TRIES, out_block);

	if (verdict != ALLOCATOR_OK || *out_block != nullptr)
		return verdict;
	if (larger != 0)
		return search_bin(a, (uint32_t)__builtin_ctz(larger), need, 1, out_block);
	return search_bin(a, bin, need, UINT32_MAX, out_block);
}

/* Turn the free block b, already out of its bin, into a used one and free what is left over. */
static bool cut(struct allocator *a, struct allocator_block *b, uint32_t need)
{
	uint32_t rest = b->size - need;

	if (rest < BLOCK_BYTES_MIN) {
		write_header(a, b, b->size, b->previous_size, BLOCK_USED);
		return true;
	}
	write_header(a, b, need, b->previous_size, BLOCK_USED);

	struct allocator_block *left = next_of(b);

	write_header(a, left, rest, need, BLOCK_FREE);
	return insert_merged(a, left);
}

static uint32_t block_bytes(size_t size)
{
	size_t need =
		(size + HEADER_BYTES + ALLOCATOR_ALIGNMENT - 1) & ~(ALLOCATOR_ALIGNMENT - 1);

	return need < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : (uint32_t)need;
}

enum allocator_verdict allocator_take(struct allocator *a, size_t size, void **out_block)
{
	struct allocator_block *b;
	enum allocator_verdict verdict;

	*out_block = nullptr;
	if (size > ALLOCATOR_MAX_BYTES)
		return ALLOCATOR_OK;
	uint32_t need = block_bytes(size);

	verdict = find_free(a, need, &b);
	if (verdict != ALLOCATOR_OK || b == nullptr)
		return verdict;
	if (!bin_remove(a, b) || !cut(a, b, need))
		return ALLOCATOR_NOT_A_BLOCK;
	a->used_bytes += b->size;
	*out_block = (char *)b + HEADER_BYTES;
	return ALLOCATOR_OK;
}

/* The header of a block given out, or why the pointer is none. */
static enum allocator_verdict used_block(const struct allocator *a, const void *block,
					 struct allocator_block **out_block)
{
	struct allocator_block *b = (struct allocator_block *)((uintptr_t)block - HEADER_BYTES);

	*out_block = b;
	if (!is_inside(a, b))
		return ALLOCATOR_NOT_A_BLOCK;
	switch (state_of(a, b)) {
	case BLOCK_USED:
		return b->size != 0 ? ALLOCATOR_OK : ALLOCATOR_NOT_A_BLOCK;
	case BLOCK_FREE:
		return ALLOCATOR_FREED_TWICE;
	case BLOCK_DAMAGED:
		break;
	}
	return ALLOCATOR_NOT_A_BLOCK;
}

enum allocator_verdict allocator_give(struct allocator *a, void *block)
{
	struct allocator_block *b;
	enum allocator_verdict verdict = used_block(a, block, &b);

	if (verdict != ALLOCATOR_OK)
		return verdict;
	a->used_bytes -= b->size;
	write_header(a, b, b->size, b->previous_size, BLOCK_FREE);
	return insert_merged(a, b) ? ALLOCATOR_OK : ALLOCATOR_NOT_A_BLOCK;
}

enum allocator_verdict allocator_size(const struct allocator *a, const void *block,
				      size_t *out_size)
{
	struct allocator_block *b;
	enum allocator_verdict verdict = used_block(a, block, &b);

	*out_size = verdict == ALLOCATOR_OK ? b->size - HEADER_BYTES : 0;
	return verdict;
}

size_t allocator_needed(size_t size)
{
	/* The block, and the header of a first fence. */
	return size > ALLOCATOR_MAX_BYTES ? SIZE_MAX : (size_t)block_bytes(size) + HEADER_BYTES;
}

/* Whether the free lists hold exactly `free_blocks` blocks, each in its bin. */
static bool bins_check(const struct allocator *a, size_t free_blocks)
{
	for (uint32_t bin = 0; bin < ALLOCATOR_BINS; bin++) {
		if ((a->bins[bin] != nullptr) != (a->bin_mask >> bin & 1))
			return false;
		for (struct allocator_block *b = a->bins[bin]; b != nullptr; b = b->next_free) {
			if (!is_free_block(a, b) || bin_of(b->size) != bin || free_blocks == 0)
				return false;
			free_blocks--;
		}
	}
	return free_blocks == 0;
}

bool allocator_check(const struct allocator *a)
{
	uint32_t previous_size = 0;
	enum block_state previous = BLOCK_USED;
	size_t free_blocks = 0;
	size_t used_bytes = 0;

	if (a->start == a->end)
		return true;
	for (struct allocator_block *b = block_at(a->start);; b = next_of(b)) {
		enum block_state state = is_inside(a, b) ? state_of(a, b) : BLOCK_DAMAGED;

		if (state == BLOCK_DAMAGED || b->previous_size != previous_size ||
		    (state == BLOCK_FREE && previous == BLOCK_FREE))
			return false;
		if (b->size == 0)
			break;
		free_blocks += state == BLOCK_FREE;
		used_bytes += state == BLOCK_USED ? b->size : 0;
		previous_size = b->size;
		previous = state;
	}
	return used_bytes == a->used_bytes && bins_check(a, free_blocks);
}
