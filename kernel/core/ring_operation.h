// SPDX-License-Identifier: MIT
#pragma once
/*
 * Operations: what a ring runs for its entries, one function for each opcode.
 *
 * An operation takes an accepted entry to its completion, or parks it, and ends with a jump to
 * ring_next(), which runs the entry behind it.  So the entries of a batch are one chain of
 * jumps; what the last one returns is where the chain ended, as a place in the queue.
 *
 * Preserve_none: nobody in the chain keeps anything for another, so nothing is saved.
 */
#include "kernel/core/ring.h"

struct ring_operation {
	__attribute__((preserve_none)) volatile uint64_t *(*run)(struct ring *ring,
								 struct ring_entry entry);
};

/* A power of two, so that masking keeps a mispredicted opcode inside. */
constexpr uint32_t RING_OPERATIONS = 8;

extern const struct ring_operation ring_operations[RING_OPERATIONS];

/* An entry that does not say which operation it is, or what to call it. */
[[gnu::cold]] __attribute__((preserve_none)) volatile uint64_t *
ring_run_unknown(struct ring *ring, struct ring_entry entry);

/* It is time to look around: end the chain before entry, or go on with it. */
__attribute__((preserve_none)) volatile uint64_t *ring_look(struct ring *ring,
							    struct ring_entry entry);

/* There is such an operation, and such a record, and it is free. */
static inline bool ring_is_known(const struct ring *ring, struct ring_entry entry)
{
	return (entry.first & ring->unknown) == 0 &&
	       (ring->busy >> (entry.first >> 48) % RING_RECORDS_MAX & 1) == 0;
}

/* Run the entry that stands at entry.words, and those behind it. */
[[gnu::always_inline]] __attribute__((preserve_none)) static inline volatile uint64_t *
ring_run(struct ring *ring, struct ring_entry entry)
{
	entry.first = fetch_word(entry.words);
	if (__builtin_expect(!ring_is_known(ring, entry), false)) [[clang::musttail]]
		return ring_run_unknown(ring, entry);
	[[clang::musttail]] return ring_operations[entry.first & (RING_OPERATIONS - 1)].run(
		ring, entry);
}

/* How each operation ends: entry has been run, go on with the one behind it. */
[[gnu::always_inline]] __attribute__((preserve_none)) static inline volatile uint64_t *
ring_next(struct ring *ring, struct ring_entry entry)
{
	fetch_entry_end();
	entry.words += RING_ENTRY_WORDS;
	if (entry.words >= ring->sq_end) [[clang::musttail]]
		return ring_look(ring, entry);
	[[clang::musttail]] return ring_run(ring, entry);
}
