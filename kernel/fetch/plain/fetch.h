// SPDX-License-Identifier: MIT
#pragma once
/*
 * Reading memory that a program may be writing: submissions, its two counters, the spans that
 * they name.  Every such read of kernel/core goes through here, and no word is read twice while
 * its entry is run: what was checked would not be what is used.
 *
 * The build chooses one of two implementations by the include path.  This one, of every kernel
 * that is shipped, only reads.  That of kernel/fetch/poison, of the variant double-fetch,
 * overwrites what it has read, so that a second read gets rubbish.  As programs may rely on
 * their entries and parameters to stay as they are (abi/ring.h), it puts everything back when
 * the entry has been run; the three functions below mark when.
 */
#include "lib/words.h"

/* The program's counters are about to be read, and entries to be run. */
static inline void fetch_begin(void)
{
}

/* The entry has been run: it completed, was parked, or stays to be run again. */
static inline void fetch_entry_end(void)
{
}

/* No more entries. */
static inline void fetch_end(void)
{
}

/* A counter that the program writes.  Acquire: pairs with the program's release store after it
 * wrote the entries that the counter covers. */
static inline uint32_t fetch_counter(uint32_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/* A word of a submission or of a transfer list. */
static inline uint64_t fetch_word(volatile uint64_t *word)
{
	return *word;
}

/* A span of size_bytes, a multiple of 8. */
static inline void fetch_span(void *to, void *from, uint32_t size_bytes)
{
	words_copy(to, from, size_bytes);
}
