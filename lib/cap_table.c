// SPDX-License-Identifier: MIT
/* Capability table.  See cap_table.h for the model. */
#include "lib/cap_table.h"

#include "lib/index.h"
#include "lib/require.h"
#include "lib/string.h"

constexpr uint32_t NO_SLOT = UINT32_MAX;
/* In place of the index of a locked slot. */
constexpr uint32_t LOCKED = UINT32_MAX - 1;

/* Stands where a table has no chunk.  Never written. */
static struct cap_slot no_chunk[CAP_TABLE_CHUNK_SLOTS];

static struct cap_id id_of(uint32_t generation, uint32_t index)
{
	return (struct cap_id){ (uint64_t)generation << 32 | index };
}

static uint32_t generation(const struct cap_slot *slot)
{
	return (uint32_t)(slot->id.raw >> 32);
}

/* Of a free slot: the index of the next one. */
static uint32_t next_free(const struct cap_slot *slot)
{
	return (uint32_t)slot->id.raw;
}

static struct cap_slot *slot_at(const struct cap_table *table, uint32_t index)
{
	return &table->chunks[index / CAP_TABLE_CHUNK_SLOTS][index % CAP_TABLE_CHUNK_SLOTS];
}

static void push_free(struct cap_table *table, uint32_t index, uint32_t next_generation)
{
	slot_at(table, index)->id = id_of(next_generation, table->first_free);
	table->first_free = index;
	table->free_count++;
}

void cap_table_init(struct cap_table *table, uint32_t generation_limit)
{
	require(generation_limit != 0);
	*table = (struct cap_table){
		.first_free = NO_SLOT,
		.generation_limit = generation_limit,
	};
	for (uint32_t i = 0; i < CAP_TABLE_CHUNKS_MAX; i++)
		table->chunks[i] = no_chunk;
}

bool cap_table_needs_chunk(const struct cap_table *table, uint32_t count)
{
	return cap_table_free_slots(table) - table->reserved_count < count &&
	       table->room_count < CAP_TABLE_CHUNKS_MAX * CAP_TABLE_CHUNK_SLOTS;
}

void cap_table_add_chunk(struct cap_table *table, struct cap_slot *chunk)
{
	require(table->room_count < CAP_TABLE_CHUNKS_MAX * CAP_TABLE_CHUNK_SLOTS);
	/* Ids that have never been given out find nothing. */
	memset(chunk, 0, CAP_TABLE_CHUNK_SLOTS * sizeof(*chunk));
	table->chunks[table->room_count / CAP_TABLE_CHUNK_SLOTS] = chunk;
	table->room_count += CAP_TABLE_CHUNK_SLOTS;
}

enum status cap_table_reserve(struct cap_table *table, uint32_t count)
{
	if (cap_table_free_slots(table) - table->reserved_count < count)
		return STATUS_OUT_OF_SLOTS;
	table->reserved_count += count;
	return STATUS_OK;
}

void cap_table_unreserve(struct cap_table *table, uint32_t count)
{
	require(count <= table->reserved_count);
	table->reserved_count -= count;
}

/* A free slot: one that was used before, or the first that never was. */
static struct cap_slot *take_slot(struct cap_table *table)
{
	uint32_t index = table->first_free;
	struct cap_slot *slot;

	if (index == NO_SLOT) {
		index = table->slot_count++;
		slot = slot_at(table, index);
		slot->id = id_of(1, index);
	} else {
		slot = slot_at(table, index);
		table->first_free = next_free(slot);
		table->free_count--;
		slot->id = id_of(generation(slot), index);
	}
	return slot;
}

struct cap_id cap_table_insert(struct cap_table *table, void *object)
{
	struct cap_slot *slot;

	require(object != nullptr && table->reserved_count != 0);
	slot = take_slot(table);
	table->reserved_count--;
	table->used_count++;
	slot->object = object;
	return slot->id;
}

/* Take the slot out of use: free again under the next generation, or retired. */
static void empty_slot(struct cap_table *table, uint32_t index)
{
	struct cap_slot *slot = slot_at(table, index);

	slot->object = nullptr;
	table->used_count--;
	if (generation(slot) == table->generation_limit)
		slot->id.raw = 0;
	else
		push_free(table, index, generation(slot) + 1);
}

void *cap_table_remove(struct cap_table *table, struct cap_id id)
{
	void *object = cap_table_lookup(table, id);

	if (object != nullptr)
		empty_slot(table, (uint32_t)id.raw);
	return object;
}

/* A taken slot from which the object has been lifted. */
static bool is_locked(const struct cap_slot *slot)
{
	return (uint32_t)slot->id.raw == LOCKED;
}

/* The slot that id names or once named; nullptr if no slot of this index was ever used. */
static const struct cap_slot *used_slot(const struct cap_table *table, struct cap_id id)
{
	uint32_t index = (uint32_t)id.raw;

	if (index >= table->slot_count)
		return nullptr;
	return slot_at(table, index_clamp(index, table->slot_count));
}

void *cap_table_lock(struct cap_table *table, struct cap_id id, uint16_t *out_index)
{
	void *object = cap_table_lookup(table, id);
	uint32_t index = (uint32_t)id.raw;

	if (object == nullptr)
		return nullptr;
	slot_at(table, index)->object = nullptr;
	slot_at(table, index)->id = id_of(generation(slot_at(table, index)), LOCKED);
	*out_index = (uint16_t)index;
	return object;
}

void cap_table_unlock(struct cap_table *table, uint16_t index, void *object)
{
	struct cap_slot *slot = slot_at(table, index);

	require(is_locked(slot));
	slot->object = object;
	slot->id = id_of(generation(slot), index);
}

void cap_table_remove_locked(struct cap_table *table, uint16_t index)
{
	require(is_locked(slot_at(table, index)));
	empty_slot(table, index);
}

bool cap_table_is_locked(const struct cap_table *table, struct cap_id id)
{
	const struct cap_slot *slot = used_slot(table, id);

	return slot != nullptr && is_locked(slot) && generation(slot) == id.raw >> 32;
}

bool cap_table_was_given(const struct cap_table *table, struct cap_id id)
{
	const struct cap_slot *slot = used_slot(table, id);
	uint32_t asked = (uint32_t)(id.raw >> 32);

	if (slot == nullptr || asked == 0 || asked > table->generation_limit)
		return false;
	/* The generation of a slot that is taken is given; of a free one it is yet to come. */
	if (slot->object != nullptr || is_locked(slot))
		return asked <= generation(slot);
	return generation(slot) == 0 || asked < generation(slot);
}

bool cap_table_is_reused(const struct cap_table *table, struct cap_id id)
{
	const struct cap_slot *slot = used_slot(table, id);

	return slot != nullptr && slot->object != nullptr && generation(slot) > id.raw >> 32;
}

struct cap_id cap_table_next(const struct cap_table *table, uint32_t *cursor)
{
	for (uint32_t step = 0; step < CAP_TABLE_STEP_SLOTS && *cursor < table->slot_count;
	     step++) {
		const struct cap_slot *slot = slot_at(table, (*cursor)++);

		if (slot->object != nullptr)
			return slot->id;
	}
	return (struct cap_id){ 0 };
}

struct cap_slot *cap_table_take_chunk(struct cap_table *table)
{
	struct cap_slot **last;
	struct cap_slot *chunk;

	require(table->used_count == 0 && table->reserved_count == 0);
	table->free_count = 0;
	table->first_free = NO_SLOT;
	table->slot_count = 0;
	if (table->room_count == 0)
		return nullptr;
	table->room_count -= CAP_TABLE_CHUNK_SLOTS;
	last = &table->chunks[table->room_count / CAP_TABLE_CHUNK_SLOTS];
	chunk = *last;
	*last = no_chunk;
	return chunk;
}

/* The free list holds exactly free_count slots, each of them free. */
static bool check_free_list(const struct cap_table *table)
{
	uint32_t index = table->first_free;

	for (uint32_t i = 0; i < table->free_count; i++) {
		if (index >= table->slot_count || slot_at(table, index)->object != nullptr ||
		    generation(slot_at(table, index)) == 0 || is_locked(slot_at(table, index)))
			return false;
		index = next_free(slot_at(table, index));
	}
	return index == NO_SLOT;
}

bool cap_table_check(const struct cap_table *table)
{
	uint32_t used = 0, retired = 0;

	for (uint32_t i = 0; i < table->slot_count; i++) {
		const struct cap_slot *slot = slot_at(table, i);

		if (generation(slot) > table->generation_limit ||
		    (slot->object != nullptr &&
		     (generation(slot) == 0 || (uint32_t)slot->id.raw != i)))
			return false;
		used += slot->object != nullptr || is_locked(slot);
		retired += generation(slot) == 0;
	}
	return used == table->used_count && table->slot_count <= table->room_count &&
	       table->reserved_count <= cap_table_free_slots(table) &&
	       used + retired + table->free_count == table->slot_count &&
	       check_free_list(table);
}
