// SPDX-License-Identifier: MIT
/* What a failed operation must not have changed.  See snapshot.h. */
#include "tests/host/snapshot.h"

#include "kernel/core/endpoint.h"

#include <string.h>

static uint64_t mix(uint64_t digest, uint64_t value)
{
	return (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15) ^ digest >> 29;
}

static uint64_t digest_slots(const struct cap_table *table)
{
	uint64_t digest = 1;

	for (uint32_t i = 0; i < table->slot_count; i++) {
		const struct cap_slot *slot =
			&table->chunks[i / CAP_TABLE_CHUNK_SLOTS][i % CAP_TABLE_CHUNK_SLOTS];

		digest = mix(mix(digest, (uintptr_t)slot->object), slot->id.raw);
	}
	return digest;
}

static uint64_t digest_mappings(const struct address_space *space)
{
	uint64_t digest = 1;

	for (const struct list_link *l = space->mappings.next; l != &space->mappings;
	     l = l->next) {
		const struct mapping *mapping = LIST_OWNER(l, struct mapping, link);

		digest = mix(mix(digest, mapping->start), mapping->end);
		digest = mix(mix(digest, (uintptr_t)mapping->object), mapping->first_page);
		digest = mix(mix(digest, mapping->kind), mapping->access);
		if (mapping->kind == MAPPING_OBJECT)
			digest = mix(mix(digest, mapping->object->writable_mappings),
				     mapping->object->object.references);
	}
	return digest;
}

/* Pages of the tables of service objects, of the endpoints that it owns. */
static uint64_t endpoint_bytes(const struct cap_table *table)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < table->slot_count; i++) {
		struct object *object =
			table->chunks[i / CAP_TABLE_CHUNK_SLOTS][i % CAP_TABLE_CHUNK_SLOTS]
				.object;

		if (object != nullptr && object_is(object, &endpoint_type))
			bytes += endpoint_of(object)->objects.room_count /
				 CAP_TABLE_CHUNK_SLOTS * PAGE_SIZE;
	}
	return bytes;
}

/* What the first process keeps for its next operation, and pays for, whatever happened: pages
 * that its tables have grown by, a mapping's storage. */
static uint64_t kept_bytes(void)
{
	const struct process *process = first.process;
	uint64_t bytes = process->table.room_count / CAP_TABLE_CHUNK_SLOTS * PAGE_SIZE;

	bytes += process->open_calls.room_count / OPEN_CALL_CHUNK * PAGE_SIZE;
	bytes += endpoint_bytes(&process->table);
	if (first.process->space.spare != nullptr)
		bytes += sizeof(struct mapping);
	return bytes;
}

struct snapshot take_snapshot(void)
{
	struct snapshot snapshot = { .report = kernel_balance() };
	const struct process *process = first.process;

	snapshot.report = supply_audit();
	snapshot.report.charged_bytes -= kept_bytes();
	snapshot.sum = account_sum(supply_root_account());
	snapshot.sum.own_use[ACCOUNT_MEMORY] -= kept_bytes();
	memcpy(snapshot.used, process->account->used, sizeof(snapshot.used));
	snapshot.used[ACCOUNT_MEMORY] -= kept_bytes();
	snapshot.slots = digest_slots(&process->table);
	snapshot.mappings = digest_mappings(&process->space);
	snapshot.busy = process->thread->ring.busy;
	snapshot.reserved_slots = process->table.reserved_count;
	snapshot.table_spans = process->space.table_spans;
	return snapshot;
}

void assert_unchanged(const struct snapshot *before)
{
	struct snapshot after = take_snapshot();

	assert_int_equal(after.report.charged_bytes, before->report.charged_bytes);
	assert_int_equal(after.report.accounts, before->report.accounts);
	assert_int_equal(after.report.processes, before->report.processes);
	assert_memory_equal(after.sum.own_use, before->sum.own_use, sizeof(after.sum.own_use));
	assert_memory_equal(after.used, before->used, sizeof(after.used));
	assert_int_equal(after.slots, before->slots);
	assert_int_equal(after.mappings, before->mappings);
	assert_int_equal(after.busy, before->busy);
	assert_int_equal(after.reserved_slots, before->reserved_slots);
	assert_int_equal(after.table_spans, before->table_spans);
}
