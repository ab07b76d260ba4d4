// SPDX-License-Identifier: MIT
/* What has been read of a program's memory, and is to be put back.  See fetch.h. */
#include "kernel/fetch/poison/fetch.h"

#include "lib/require.h"
#include "lib/string.h"
#include "schema/ring.capnp.h"

/* A whole arena, a submission and both counters: more cannot be read for one entry. */
constexpr uint32_t WORDS_MAX = DEFAULT_RING_BYTES / sizeof(uint64_t);

struct fetched {
	void *at;
	uint64_t value;
	uint32_t size_bytes;
};

/* In the order of reading.  Kernel entries are not nested, and there is one CPU. */
static struct fetched log[WORDS_MAX];
static uint32_t logged;
/* The first so many are counters, which stay overwritten for as long as entries are run. */
static uint32_t counters;

static void overwrite(void *at, uint32_t size_bytes)
{
	struct fetched *fetched = &log[logged++];

	require(logged <= WORDS_MAX);
	*fetched = (struct fetched){ .at = at, .size_bytes = size_bytes };
	memcpy(&fetched->value, at, size_bytes);
	memcpy(at, &FETCH_POISON, size_bytes);
}

/* Newest first: of a word that was read twice, the first value is the program's. */
static void put_back(uint32_t down_to)
{
	while (logged > down_to) {
		logged--;
		memcpy(log[logged].at, &log[logged].value, log[logged].size_bytes);
	}
}

void fetch_begin(void)
{
	/* Forgets what was read before the machine was switched off by an entry: a test on the
	 * host goes on with another machine. */
	logged = 0;
	counters = 0;
}

void fetch_entry_end(void)
{
	put_back(counters);
}

void fetch_end(void)
{
	put_back(0);
}

uint32_t fetch_counter(uint32_t *counter)
{
	uint32_t value = __atomic_load_n(counter, __ATOMIC_ACQUIRE);

	overwrite(counter, sizeof(*counter));
	counters = logged;
	return value;
}

uint64_t fetch_word(volatile uint64_t *word)
{
	uint64_t value = *word;

	overwrite((void *)(uintptr_t)word, sizeof(*word));
	return value;
}

void fetch_span(void *to, void *from, uint32_t size_bytes)
{
	uint8_t *bytes = from;

	memcpy(to, from, size_bytes);
	for (uint32_t at = 0; at < size_bytes; at += sizeof(uint64_t))
		overwrite(bytes + at, sizeof(uint64_t));
}
