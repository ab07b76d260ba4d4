// SPDX-License-Identifier: MIT
/* Open calls.  See open_call.h for the model. */
#include "kernel/core/open_call.h"

#include "kernel/core/endpoint.h"
#include "kernel/core/operation.h"
#include "kernel/core/process.h"
#include "kernel/core/supply.h"
#include "kernel/hal/cpu.h"
#include "lib/index.h"
#include "lib/require.h"

constexpr uint16_t NO_ENTRY = UINT16_MAX;
/* Callers failed in one step of a process's end. */
constexpr uint32_t TEARDOWN_STEP = 16;

static struct open_call *entry_at(const struct open_call_table *table, uint32_t index)
{
	return &table->chunks[index / OPEN_CALL_CHUNK][index % OPEN_CALL_CHUNK];
}

void open_call_table_init(struct open_call_table *table)
{
	*table = (struct open_call_table){ .first_free = NO_ENTRY };
}

static enum status add_chunk(struct process *process)
{
	struct open_call_table *table = &process->open_calls;
	struct paddr chunk;
	enum status status;

	if (table->room_count == MAX_OPEN_CALLS)
		return STATUS_OUT_OF_OPEN_CALLS;
	status = supply_frames(process->account, 0, &chunk);
	if (status != STATUS_OK)
		return status;
	table->chunks[table->room_count / OPEN_CALL_CHUNK] = hal_direct_map(chunk);
	table->room_count += OPEN_CALL_CHUNK;
	return STATUS_OK;
}

/* The first entry that never was used. */
static struct open_call *new_entry(struct open_call_table *table)
{
	uint16_t index = table->used_before++;
	struct open_call *call = entry_at(table, index);

	*call = (struct open_call){ .generation = 1, .index = index };
	return call;
}

static enum status take_entry(struct process *process, struct open_call **out_call)
{
	struct open_call_table *table = &process->open_calls;

	if (table->first_free != NO_ENTRY) {
		*out_call = entry_at(table, table->first_free);
		table->first_free = (*out_call)->next_free;
		return STATUS_OK;
	}
	if (table->used_before == table->room_count) {
		enum status status = add_chunk(process);

		if (status != STATUS_OK)
			return status;
	}
	*out_call = new_entry(table);
	return STATUS_OK;
}

enum status open_call_reserve(struct process *process, struct endpoint *endpoint,
			      struct open_call **out_call)
{
	struct open_call *call;
	enum status status = account_charge(process->account, ACCOUNT_OPEN_CALLS, 1);

	if (status != STATUS_OK)
		return status;
	status = take_entry(process, &call);
	if (status != STATUS_OK) {
		account_refund(process->account, ACCOUNT_OPEN_CALLS, 1);
		return status;
	}
	process->open_calls.taken_count++;
	endpoint->open_count++;
	call->endpoint = endpoint_get(endpoint);
	call->caller = nullptr;
	call->state = OPEN_CALL_RESERVED;
	*out_call = call;
	return STATUS_OK;
}

void open_call_free(struct process *process, struct open_call *call)
{
	struct open_call_table *table = &process->open_calls;
	struct endpoint *endpoint = call->endpoint;

	require(call->state != OPEN_CALL_FREE && call->caller == nullptr);
	call->state = OPEN_CALL_FREE;
	call->endpoint = nullptr;
	call->generation++;
	call->next_free = table->first_free;
	table->first_free = call->index;
	table->taken_count--;
	endpoint->open_count--;
	account_refund(process->account, ACCOUNT_OPEN_CALLS, 1);
	endpoint_put(endpoint);
}

struct open_call *open_call_find(const struct open_call_table *table, uint64_t id)
{
	uint32_t index = id % MAX_OPEN_CALLS;
	struct open_call *call;

	if (index >= table->used_before)
		return nullptr;
	call = entry_at(table, index_clamp(index, table->used_before));
	return call->state == OPEN_CALL_OPEN && open_call_id(call) == id ? call : nullptr;
}

/* Give the last page back, of which nothing is in use. */
static void return_chunk(struct process *process)
{
	struct open_call_table *table = &process->open_calls;
	struct open_call *chunk;

	table->room_count -= OPEN_CALL_CHUNK;
	chunk = table->chunks[table->room_count / OPEN_CALL_CHUNK];
	supply_return_frames(process->account, hal_physical_address(chunk), 0);
}

/* End the call for both sides: its server has ended. */
static void disconnect(struct process *process, struct open_call *call)
{
	if (call->caller != nullptr)
		operation_finish(call->caller, STATUS_DISCONNECTED, COMPLETION_KIND_PEER_GONE,
				 nullptr);
	open_call_free(process, call);
}

static bool free_chunk(struct process *process)
{
	struct open_call_table *table = &process->open_calls;

	require(table->taken_count == 0);
	table->used_before = 0;
	table->first_free = NO_ENTRY;
	if (table->room_count == 0)
		return false;
	return_chunk(process);
	return true;
}

bool open_call_teardown_step(struct process *process)
{
	struct open_call_table *table = &process->open_calls;
	uint32_t ended = 0;

	/* From the end, so that what has been looked at need not be looked at again. */
	while (table->taken_count != 0 && ended < TEARDOWN_STEP) {
		struct open_call *call = entry_at(table, table->used_before - 1U);

		if (call->state != OPEN_CALL_FREE)
			disconnect(process, call);
		table->used_before--;
		ended++;
	}
	return table->taken_count != 0 || free_chunk(process);
}

/* The free list holds entries that are free, and as many as there are. */
static bool check_free_list(const struct open_call_table *table, uint32_t free_count)
{
	uint16_t index = table->first_free;

	for (uint32_t i = 0; i < free_count; i++) {
		if (index >= table->used_before ||
		    entry_at(table, index)->state != OPEN_CALL_FREE)
			return false;
		index = entry_at(table, index)->next_free;
	}
	return index == NO_ENTRY;
}

bool open_call_table_check(const struct open_call_table *table)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; i < table->used_before; i++) {
		const struct open_call *call = entry_at(table, i);

		if (call->index != i ||
		    (call->endpoint == nullptr) != (call->state == OPEN_CALL_FREE))
			return false;
		if (call->caller != nullptr &&
		    (call->state != OPEN_CALL_OPEN || call->caller->open != call))
			return false;
		taken += call->state != OPEN_CALL_FREE;
	}
	return taken == table->taken_count && table->used_before <= table->room_count &&
	       check_free_list(table, table->used_before - taken);
}
