// SPDX-License-Identifier: MIT
/*
 * Host test of cap_table.c: against a list of the CapIds that are valid; forged, stale and
 * out-of-range ids; retirement; reservations at the limit.
 */
#include "lib/cap_table.h"

#include "lib/require.h"
#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

constexpr uint32_t MODEL_IDS = 700;

struct model {
	struct cap_id ids[MODEL_IDS]; /* raw 0 = this object is not in the table */
	char objects[MODEL_IDS];
	struct cap_id stale[MODEL_IDS]; /* the id that the object had last */
	uint32_t used;
	uint32_t reserved;
};

/* Its slots hold what another table has left there. */
static void add_chunk(struct cap_table *table)
{
	struct cap_slot *chunk = calloc(CAP_TABLE_CHUNK_SLOTS, sizeof(*chunk));

	for (uint32_t i = 0; i < CAP_TABLE_CHUNK_SLOTS; i++)
		chunk[i] = (struct cap_slot){
			.object = chunk,
			.id = { UINT64_C(1) << 32 | (table->room_count + i) },
		};
	cap_table_add_chunk(table, chunk);
}

static void reserve(struct cap_table *table, uint32_t count)
{
	while (cap_table_needs_chunk(table, count))
		add_chunk(table);
	assert_int_equal(cap_table_reserve(table, count), STATUS_OK);
}

static struct cap_id insert(struct cap_table *table, void *object)
{
	reserve(table, 1);
	return cap_table_insert(table, object);
}

/* Remove everything by the walk, then give the chunks back. */
static void destroy(struct cap_table *table)
{
	uint32_t cursor = 0;
	struct cap_slot *chunk;

	cap_table_unreserve(table, table->reserved_count);
	while (!cap_table_at_end(table, cursor)) {
		struct cap_id id = cap_table_next(table, &cursor);

		if (id.raw != 0)
			assert_non_null(cap_table_remove(table, id));
	}
	assert_int_equal(table->used_count, 0);
	while ((chunk = cap_table_take_chunk(table)) != nullptr)
		free(chunk);
}

static void toggle(struct cap_table *table, struct model *model, uint32_t i)
{
	if (model->ids[i].raw != 0) {
		assert_ptr_equal(cap_table_remove(table, model->ids[i]), &model->objects[i]);
		model->stale[i] = model->ids[i];
		model->ids[i].raw = 0;
		model->used--;
		return;
	}
	if (model->reserved == 0) {
		reserve(table, 3);
		model->reserved = 3;
	}
	model->ids[i] = cap_table_insert(table, &model->objects[i]);
	model->reserved--;
	model->used++;
}

static void assert_agrees(const struct cap_table *table, const struct model *model, uint32_t i)
{
	void *expected = nullptr;

	if (model->ids[i].raw != 0) {
		assert_ptr_equal(cap_table_lookup(table, model->ids[i]), &model->objects[i]);
		assert_null(cap_table_lookup(
			table, (struct cap_id){ model->ids[i].raw + (UINT64_C(1) << 32) }));
	}
	if (model->stale[i].raw != 0)
		assert_ptr_equal(cap_table_lookup(table, model->stale[i]), expected);
	assert_int_equal(table->used_count, model->used);
	assert_int_equal(table->reserved_count, model->reserved);
}

static void agrees_with_a_list_of_ids(void **state)
{
	static struct model model;

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		uint32_t generations = seed % 2 == 0 ? 3 : CAP_TABLE_GENERATIONS;
		struct sequence sequence = { seed };
		struct cap_table table;

		model = (struct model){ 0 };
		cap_table_init(&table, generations);
		for (uint32_t step = 0; step < 3000; step++) {
			uint32_t i = sequence_below(&sequence, MODEL_IDS);

			toggle(&table, &model, i);
			assert_agrees(&table, &model, i);
			assert_agrees(&table, &model, sequence_below(&sequence, MODEL_IDS));
			assert_true(cap_table_check(&table));
		}
		destroy(&table);
	}
}

/* --- Random operations against a plain list of all ids ever given out --------------------- */

constexpr uint32_t PLAIN_CHUNKS = 3;
constexpr uint32_t PLAIN_SLOTS = PLAIN_CHUNKS * CAP_TABLE_CHUNK_SLOTS;
constexpr uint32_t PLAIN_GENERATIONS_MAX = 4;
constexpr uint32_t PLAIN_IDS = PLAIN_SLOTS * PLAIN_GENERATIONS_MAX;

struct given {
	struct cap_id id;
	char *object; /* nullptr: removed */
};

struct plain {
	struct cap_table table;
	struct cap_slot *chunks[PLAIN_CHUNKS]; /* where they must stay */
	struct given given[PLAIN_IDS];
	uint32_t given_count;
	uint32_t last_generation[PLAIN_SLOTS];
	uint32_t generations;
	uint32_t chunk_count;
	uint32_t live;
	uint32_t reserved;
	uint32_t retired;
	char objects[PLAIN_IDS];
};

static struct plain plain;

static uint32_t plain_free(void)
{
	return plain.chunk_count * CAP_TABLE_CHUNK_SLOTS - plain.live - plain.reserved -
	       plain.retired;
}

static void plain_grow(struct sequence *)
{
	struct cap_slot *chunk;

	if (plain.chunk_count == PLAIN_CHUNKS)
		return;
	assert_true(cap_table_needs_chunk(&plain.table, plain_free() + 1));
	chunk = malloc(sizeof(struct cap_slot) * CAP_TABLE_CHUNK_SLOTS);
	memset(chunk, 0xa5, sizeof(struct cap_slot) * CAP_TABLE_CHUNK_SLOTS);
	cap_table_add_chunk(&plain.table, chunk);
	plain.chunks[plain.chunk_count++] = chunk;
}

static void plain_reserve(struct sequence *sequence)
{
	uint32_t count = sequence_below(sequence, 40);
	enum status status = cap_table_reserve(&plain.table, count);

	assert_int_equal(status, count <= plain_free() ? STATUS_OK : STATUS_OUT_OF_SLOTS);
	if (status == STATUS_OK)
		plain.reserved += count;
}

static void plain_unreserve(struct sequence *sequence)
{
	uint32_t count = sequence_below(sequence, 8);

	if (count > plain.reserved)
		return;
	cap_table_unreserve(&plain.table, count);
	plain.reserved -= count;
}

/* The id is new: its slot has never had that generation. */
static void plain_insert(struct sequence *)
{
	struct given *given = &plain.given[plain.given_count];
	uint32_t index;

	if (plain.reserved == 0)
		return;
	given->object = &plain.objects[plain.given_count++];
	given->id = cap_table_insert(&plain.table, given->object);
	index = (uint32_t)given->id.raw;
	assert_in_range(index, 0, plain.chunk_count * CAP_TABLE_CHUNK_SLOTS - 1);
	assert_int_equal(given->id.raw >> 32, plain.last_generation[index] + 1);
	assert_in_range(given->id.raw >> 32, 1, plain.generations);
	plain.last_generation[index]++;
	plain.reserved--;
	plain.live++;
}

/* Any id ever given out: the object if it is still there, and nothing otherwise. */
static void plain_remove(struct sequence *sequence)
{
	struct given *given;

	if (plain.given_count == 0)
		return;
	given = &plain.given[sequence_below(sequence, plain.given_count)];
	assert_ptr_equal(cap_table_remove(&plain.table, given->id), given->object);
	if (given->object == nullptr)
		return;
	given->object = nullptr;
	plain.live--;
	plain.retired += given->id.raw >> 32 == plain.generations;
}

/* Near ids and far ones; the model knows which is one. */
static void plain_forge(struct sequence *sequence)
{
	uint64_t index = sequence_below(sequence, 2 * PLAIN_SLOTS);
	uint64_t generation = sequence_below(sequence, plain.generations + 2);
	struct cap_id id = { generation << 32 | index };
	char *expected = nullptr;

	for (uint32_t i = 0; i < plain.given_count; i++)
		if (plain.given[i].id.raw == id.raw)
			expected = plain.given[i].object;
	assert_ptr_equal(cap_table_lookup(&plain.table, id), expected);
}

static void plain_check(void)
{
	assert_true(cap_table_check(&plain.table));
	assert_int_equal(plain.table.used_count, plain.live);
	assert_int_equal(plain.table.reserved_count, plain.reserved);
	assert_int_equal(cap_table_free_slots(&plain.table), plain_free() + plain.reserved);
	for (uint32_t i = 0; i < plain.chunk_count; i++)
		assert_ptr_equal(plain.table.chunks[i], plain.chunks[i]);
}

/* Every id ever given out finds what the list says; the walk finds what lives. */
static void plain_compare(void)
{
	uint32_t cursor = 0, found = 0;

	for (uint32_t i = 0; i < plain.given_count; i++)
		assert_ptr_equal(cap_table_lookup(&plain.table, plain.given[i].id),
				 plain.given[i].object);
	while (!cap_table_at_end(&plain.table, cursor))
		found += cap_table_next(&plain.table, &cursor).raw != 0;
	assert_int_equal(found, plain.live);
}

/* Until each slot of all chunks has used up its generations: then nothing is given any more. */
static void no_id_is_given_twice(void **state)
{
	static void (*const steps[])(struct sequence *) = {
		plain_reserve, plain_insert, plain_insert, plain_insert, plain_remove,
		plain_remove,  plain_remove, plain_remove, plain_forge,  plain_unreserve,
	};

	(void)state;
	for (uint32_t generations = 1; generations <= PLAIN_GENERATIONS_MAX; generations++) {
		struct sequence sequence = { generations };

		plain = (struct plain){ .generations = generations };
		cap_table_init(&plain.table, generations);
		for (uint32_t step = 0; plain.retired < PLAIN_SLOTS; step++) {
			assert_in_range(step, 0, 2000000);
			if (sequence_below(&sequence, 300) == 0)
				plain_grow(&sequence);
			steps[sequence_below(&sequence, 10)](&sequence);
			plain_check();
			if (step % 256 == 0)
				plain_compare();
		}
		plain_compare();
		assert_int_equal(plain.given_count, generations * PLAIN_SLOTS);
		assert_int_equal(cap_table_reserve(&plain.table, 1), STATUS_OUT_OF_SLOTS);
		destroy(&plain.table);
	}
}

static void no_forged_id_finds_anything(void **state)
{
	struct sequence sequence = { 7 };
	struct cap_table table;
	struct cap_id real;
	char object;

	(void)state;
	cap_table_init(&table, CAP_TABLE_GENERATIONS);
	assert_null(cap_table_lookup(&table, (struct cap_id){ 0 }));
	assert_null(cap_table_lookup(&table, (struct cap_id){ UINT64_C(1) << 32 }));
	real = insert(&table, &object);
	for (uint32_t i = 0; i < 100000; i++) {
		struct cap_id forged = { sequence_next(&sequence) };

		if (forged.raw != real.raw) {
			assert_null(cap_table_lookup(&table, forged));
			assert_null(cap_table_remove(&table, forged));
		}
	}
	for (uint32_t index = 0; index < 600; index++)
		for (uint64_t generation = 0; generation < 4; generation++) {
			struct cap_id forged = { generation << 32 | index };

			if (forged.raw != real.raw)
				assert_null(cap_table_lookup(&table, forged));
		}
	/* More than the index of any slot: the same place in the table, if it were cut. */
	for (uint64_t index = UINT64_C(1) << 8; index <= UINT32_MAX; index <<= 1)
		assert_null(cap_table_lookup(&table, (struct cap_id){ real.raw + index }));
	assert_ptr_equal(cap_table_lookup(&table, real), &object);
	destroy(&table);
}

static void removed_id_stays_stale_after_reuse(void **state)
{
	struct cap_table table;
	struct cap_id first, second;
	char a, b;

	(void)state;
	cap_table_init(&table, CAP_TABLE_GENERATIONS);
	first = insert(&table, &a);
	assert_ptr_equal(cap_table_remove(&table, first), &a);
	second = insert(&table, &b);
	assert_int_equal((uint32_t)first.raw, (uint32_t)second.raw);
	assert_null(cap_table_lookup(&table, first));
	assert_null(cap_table_remove(&table, first));
	assert_ptr_equal(cap_table_lookup(&table, second), &b);
	destroy(&table);
}

static void slot_retires_with_its_last_generation(void **state)
{
	struct cap_table table;
	struct cap_id ids[3];
	char object;

	(void)state;
	cap_table_init(&table, 2);
	for (uint32_t i = 0; i < 3; i++) {
		ids[i] = insert(&table, &object);
		assert_ptr_equal(cap_table_remove(&table, ids[i]), &object);
	}
	assert_int_equal((uint32_t)ids[0].raw, (uint32_t)ids[1].raw);
	assert_int_not_equal((uint32_t)ids[1].raw, (uint32_t)ids[2].raw);
	assert_int_equal(cap_table_free_slots(&table), CAP_TABLE_CHUNK_SLOTS - 1);
	for (uint64_t generation = 0; generation < 5; generation++)
		assert_null(cap_table_lookup(
			&table, (struct cap_id){ generation << 32 | (uint32_t)ids[0].raw }));
	assert_true(cap_table_check(&table));
	destroy(&table);
}

static void refuses_beyond_the_last_chunk(void **state)
{
	constexpr uint32_t all = CAP_TABLE_CHUNKS_MAX * CAP_TABLE_CHUNK_SLOTS;
	struct cap_table table;
	char object;

	(void)state;
	cap_table_init(&table, CAP_TABLE_GENERATIONS);
	assert_int_equal(cap_table_reserve(&table, 1), STATUS_OUT_OF_SLOTS);
	reserve(&table, all - 1);
	assert_int_equal(cap_table_reserve(&table, 2), STATUS_OUT_OF_SLOTS);
	assert_int_equal(cap_table_reserve(&table, UINT32_MAX), STATUS_OUT_OF_SLOTS);
	assert_int_equal(table.reserved_count, all - 1);
	assert_int_equal(cap_table_reserve(&table, 1), STATUS_OK);
	assert_false(cap_table_needs_chunk(&table, 1));
	for (uint32_t i = 0; i < all; i++)
		cap_table_insert(&table, &object);
	assert_true(cap_table_check(&table));
	destroy(&table);
}

static void walk_goes_in_bounded_steps(void **state)
{
	struct cap_table table;
	uint32_t cursor = 0, steps = 0, found = 0;
	char object;

	(void)state;
	cap_table_init(&table, CAP_TABLE_GENERATIONS);
	add_chunk(&table);
	add_chunk(&table);
	for (uint32_t i = 0; i < 3; i++)
		insert(&table, &object);
	while (!cap_table_at_end(&table, cursor)) {
		uint32_t before = cursor;

		found += cap_table_next(&table, &cursor).raw != 0;
		assert_true(cursor > before && cursor - before <= CAP_TABLE_STEP_SLOTS);
		steps++;
	}
	assert_int_equal(found, 3);
	assert_true(steps <= 2 * CAP_TABLE_CHUNK_SLOTS / CAP_TABLE_STEP_SLOTS + 3);
	destroy(&table);
}

static void misuse_stops_the_machine(void **state)
{
	struct cap_table table;
	char object;

	(void)state;
	cap_table_init(&table, CAP_TABLE_GENERATIONS);
	add_chunk(&table);
	expect_assert_failure(cap_table_insert(&table, &object));
	expect_assert_failure(cap_table_unreserve(&table, 1));
	insert(&table, &object);
	expect_assert_failure(cap_table_take_chunk(&table));
	destroy(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_list_of_ids),
		cmocka_unit_test(no_id_is_given_twice),
		cmocka_unit_test(no_forged_id_finds_anything),
		cmocka_unit_test(removed_id_stays_stale_after_reuse),
		cmocka_unit_test(slot_retires_with_its_last_generation),
		cmocka_unit_test(refuses_beyond_the_last_chunk),
		cmocka_unit_test(walk_goes_in_bounded_steps),
		cmocka_unit_test(misuse_stops_the_machine),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
