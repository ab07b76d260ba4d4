// SPDX-License-Identifier: MIT
#pragma once
/*
 * Capability table: from CapIds, which a program holds, to objects.
 *
 *   CapId   63        32 31         0
 *           | generation |  index   |      generation >= 1, so 0 is never a CapId
 *
 * Slots live in chunks of 256, each one page, supplied by the caller and never moved.  A slot's
 * generation grows by one each time its capability is removed, so an old CapId finds nothing; a
 * slot that has used up its generations is retired for ever.
 *
 * Inserting has two phases: cap_table_reserve() may refuse; cap_table_insert() consumes one
 * reserved slot and cannot fail.  To make room:
 *
 *	while (cap_table_needs_chunk(table, count))
 *		cap_table_add_chunk(table, a page that the account paid for);
 *	status = cap_table_reserve(table, count);
 *
 * A capability that is on its way to another table is locked: nothing finds it, but its slot
 *stays taken until it is put back or has arrived.
 *
 * The table holds plain pointers: references to the objects are the caller's business.  It
 * belongs to one process and is touched on one CPU, so there is no lock.
 */
#include "schema/status.capnp.h"

#include <stdint.h>

constexpr uint32_t CAP_TABLE_CHUNK_SLOTS = 256;
constexpr uint32_t CAP_TABLE_CHUNKS_MAX = 64;
static_assert(CAP_TABLE_CHUNKS_MAX * CAP_TABLE_CHUNK_SLOTS <= UINT16_MAX);
constexpr uint32_t CAP_TABLE_GENERATIONS = UINT32_MAX; /* that an ordinary table uses up */
constexpr uint32_t CAP_TABLE_STEP_SLOTS = 64;          /* that cap_table_next looks at */

struct cap_id {
	uint64_t raw;
};

/*
 * A slot knows the whole CapId that leads to it, so one comparison tells whether an id is that:
 * generation, index and all.  While it is free, the generation is that of its next CapId, and
 * the index that of the next free slot; a retired slot has generation 0.  While it is locked
 * the index is that of no slot.
 */
struct cap_slot {
	void *object; /* nullptr while the slot is free, retired or locked */
	struct cap_id id;
};

static_assert(sizeof(struct cap_slot) * CAP_TABLE_CHUNK_SLOTS == 4096);

struct cap_table {
	/* Where there is none, one without any capability stands, so that nothing need be
	 * checked before a slot is looked at. */
	struct cap_slot *chunks[CAP_TABLE_CHUNKS_MAX];
	uint32_t room_count;     /* slots in all chunks */
	uint32_t slot_count;     /* of those, the first ones, which have been used before */
	uint32_t free_count;     /* on the free list */
	uint32_t reserved_count; /* at most cap_table_free_slots() */
	uint32_t used_count;     /* locked ones included */
	uint32_t first_free;
	uint32_t generation_limit; /* a slot retires after this generation */
};

/* An empty table without chunks.  generation_limit: CAP_TABLE_GENERATIONS, or less in tests. */
void cap_table_init(struct cap_table *table, uint32_t generation_limit);

/* A chunk is missing before count more slots can be reserved, and may still be added. */
bool cap_table_needs_chunk(const struct cap_table *table, uint32_t count);

/* Use chunk (CAP_TABLE_CHUNK_SLOTS slots, any content) from now on, until
 * cap_table_take_chunk. */
void cap_table_add_chunk(struct cap_table *table, struct cap_slot *chunk);

/* Slots that hold nothing and can be used. */
static inline uint32_t cap_table_free_slots(const struct cap_table *table)
{
	return table->free_count + table->room_count - table->slot_count;
}

/* Set count free slots aside for later inserts.  STATUS_OUT_OF_SLOTS: too few;
 * nothing changed. */
[[nodiscard]] enum status cap_table_reserve(struct cap_table *table, uint32_t count);

/* Give back count reservations that were not used. */
void cap_table_unreserve(struct cap_table *table, uint32_t count);

/* Put object (not nullptr) into a slot, consuming one reservation. */
struct cap_id cap_table_insert(struct cap_table *table, void *object);

/* The object, or nullptr for an id that is forged, stale or out of range.  Whatever the id, and
 * whatever the processor guesses, only slots of this table are looked at. */
static inline void *cap_table_lookup(const struct cap_table *table, struct cap_id id)
{
	uint32_t index = (uint32_t)id.raw;
	const struct cap_slot *slot =
		&table->chunks[index / CAP_TABLE_CHUNK_SLOTS % CAP_TABLE_CHUNKS_MAX]
			      [index % CAP_TABLE_CHUNK_SLOTS];

	return slot->id.raw == id.raw ? slot->object : nullptr;
}

/* Empty the slot and return what it held, or nullptr as lookup does. */
void *cap_table_remove(struct cap_table *table, struct cap_id id);

/*
 * Lock the capability and return what it holds, or nullptr as lookup does; *out_index is its
 * slot.  The caller keeps the pointer until it unlocks the slot, giving it back, or empties it.
 */
void *cap_table_lock(struct cap_table *table, struct cap_id id, uint16_t *out_index);
void cap_table_unlock(struct cap_table *table, uint16_t index, void *object);
void cap_table_remove_locked(struct cap_table *table, uint16_t index);

/* Whether id names a capability that is locked. */
bool cap_table_is_locked(const struct cap_table *table, struct cap_id id);

/* Whether id was handed out at some time. */
bool cap_table_was_given(const struct cap_table *table, struct cap_id id);

/* Whether the slot of id, which was handed out once, holds something newer. */
bool cap_table_is_reused(const struct cap_table *table, struct cap_id id);

/*
 * Walk, for teardown and listing.  Start with *cursor = 0 and call until cap_table_at_end().
 * Returns the next capability at or after *cursor, or raw 0 if this step found none: a step
 * looks at no more than CAP_TABLE_STEP_SLOTS slots.  It passes over locked ones.  Removing the
 * one returned is allowed.
 */
struct cap_id cap_table_next(const struct cap_table *table, uint32_t *cursor);

static inline bool cap_table_at_end(const struct cap_table *table, uint32_t cursor)
{
	return cursor >= table->slot_count;
}

/*
 * Give one chunk back to the caller, the last first; nullptr when none is left.  Only of a
 * table that holds no capability and no reservation; the table can be used no more, only
 * emptied.
 */
struct cap_slot *cap_table_take_chunk(struct cap_table *table);

/* Counts, free list and generations agree.  For tests and debug builds. */
bool cap_table_check(const struct cap_table *table);
