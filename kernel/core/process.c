// SPDX-License-Identifier: MIT
/* Processes: making, ending, taking apart.  See process.h for the model. */
#include "kernel/core/process.h"

#include "kernel/core/account_object.h"
#include "kernel/core/call.h"
#include "kernel/core/cpu.h"
#include "kernel/core/log.h"
#include "kernel/core/operation.h"
#include "kernel/core/schedule.h"
#include "kernel/core/serial.h"
#include "kernel/core/supply.h"
#include "kernel/core/thread.h"
#include "kernel/core/transfer.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "lib/string.h"

/* What the machine reports when its first process was killed or faulted, or its exit code is no
 * smaller verdict. */
constexpr uint8_t VERDICT_FIRST_PROCESS = 62;

static uint64_t next_number = 1;

/* The structure and its account; from here on process_kill() can take it apart. */
static enum status open_process(struct account *payer, struct account_limits limits,
				struct process **out_process)
{
	struct process *process;
	void *storage;
	enum status status = supply_object(payer, SUPPLY_PROCESS, &storage);

	if (status != STATUS_OK)
		return status;
	process = storage;
	status = account_create(payer, limits, &process->account);
	if (status != STATUS_OK) {
		supply_return_object(payer, SUPPLY_PROCESS, process);
		return status;
	}
	process->payer = payer;
	account_get(payer);
	object_init(&process->handle, &process_handle_type);
	object_init(&process->memory, &virtual_memory_type);
	process->handle.references = 3; /* the caller's, its own, its memory's */
	cap_table_init(&process->table, CAP_TABLE_GENERATIONS);
	open_call_table_init(&process->open_calls);
	process->session = &session_system;
	list_init(&process->waiters);
	process->number = next_number++;
	*out_process = process;
	return STATUS_OK;
}

static enum status furnish(struct process *process)
{
	enum status status = address_space_init(&process->space, process->account);

	if (status != STATUS_OK)
		return status;
	process->has_space = true;
	return thread_create(process, &process->thread);
}

enum status process_create(struct account *payer, struct account_limits limits,
			   const char *name, size_t name_size, struct process **out_process)
{
	struct process *process;
	enum status status = open_process(payer, limits, &process);

	if (status != STATUS_OK)
		return status;
	memcpy(process->name, name, name_size);
	status = furnish(process);
	if (status != STATUS_OK) {
		process_kill(process);
		object_put(&process->memory);
		object_put(&process->handle);
		return status;
	}
	*out_process = process;
	return STATUS_OK;
}

/* Release what the table holds, a bounded part at a time. */
static bool release_slots(struct process *process)
{
	struct cap_slot *chunk;
	struct cap_id id;

	if (!cap_table_at_end(&process->table, process->teardown_cursor)) {
		id = cap_table_next(&process->table, &process->teardown_cursor);
		if (id.raw != 0)
			require(process_release(process, id) == STATUS_OK);
		return true;
	}
	chunk = cap_table_take_chunk(&process->table);
	if (chunk == nullptr)
		return false;
	supply_return_frames(process->account, hal_physical_address(chunk), 0);
	return true;
}

static void finish_waiter(struct operation *op, const struct process *process)
{
	struct message_builder results;
	struct process_handle_wait_results_builder root;

	operation_results(op, &results);
	root = process_handle_wait_results_init_root(&results);
	process_write_record(process, process_handle_wait_results_init_record(root));
	operation_finish(op, STATUS_OK, COMPLETION_KIND_DONE, &results);
}

/* Nobody can start anything any more: the exit code is the machine's verdict. */
[[noreturn]] static void end_machine(const struct process *process)
{
	uint8_t verdict = VERDICT_FIRST_PROCESS;

	log_line("boot: the first process has ended");
	log_end();
	if (process->exit.cause == EXIT_EXITED && process->exit.code >= 0 &&
	    process->exit.code < VERDICT_FIRST_PROCESS)
		verdict = (uint8_t)process->exit.code;
	hal_power_off(verdict);
}

/* The process has given everything back. */
static void finish_teardown(struct process *process)
{
	account_close(process->account);
	object_put(&process->account->object);
	process->account = nullptr;
	process->state = PROCESS_ENDED;
	while (!list_is_empty(&process->waiters))
		finish_waiter(LIST_OWNER(process->waiters.next, struct operation, link),
			      process);
	if (process->is_first)
		end_machine(process);
	object_put(&process->handle);
}

/* One bounded step: its callers, then slots, then the address space, then the thread, then the
 * account. */
static bool teardown_step(struct work *work)
{
	struct process *process = LIST_OWNER(work, struct process, teardown);

	if (open_call_teardown_step(process))
		return true;
	if (release_slots(process))
		return true;
	if (process->has_space) {
		process->has_space = address_space_teardown_step(&process->space);
		return true;
	}
	if (process->thread != nullptr) {
		thread_destroy(process->thread);
		process->thread = nullptr;
		return true;
	}
	finish_teardown(process);
	return false;
}

static void end(struct process *process)
{
	process->state = PROCESS_ENDING;
	if (process->thread != nullptr) {
		thread_end(process->thread);
		ring_drop_operations(&process->thread->ring);
	}
	work_init(&process->teardown, teardown_step);
	schedule_work(&process->teardown);
}

void process_exit(struct process *process, int32_t code)
{
	process->exit.cause = EXIT_EXITED;
	process->exit.code = code;
	end(process);
}

void process_fault(struct process *process, const struct exit_record *record)
{
	process->exit = *record;
	end(process);
}

void process_kill(struct process *process)
{
	process->exit.cause = EXIT_KILLED;
	end(process);
}

enum status process_reserve_slots(struct process *process, uint32_t count)
{
	struct paddr chunk;
	enum status status = account_charge(process->account, ACCOUNT_SLOTS, count);

	if (status != STATUS_OK)
		return status;
	while (cap_table_needs_chunk(&process->table, count)) {
		status = supply_frames(process->account, 0, &chunk);
		if (status != STATUS_OK)
			break;
		cap_table_add_chunk(&process->table, hal_direct_map(chunk));
	}
	if (status == STATUS_OK)
		status = cap_table_reserve(&process->table, count);
	if (status != STATUS_OK)
		account_refund(process->account, ACCOUNT_SLOTS, count);
	return status;
}

void process_unreserve_slots(struct process *process, uint32_t count)
{
	cap_table_unreserve(&process->table, count);
	account_refund(process->account, ACCOUNT_SLOTS, count);
}

struct cap_id process_insert_reserved(struct process *process, struct object *object)
{
	return cap_table_insert(&process->table, object);
}

enum status process_release(struct process *process, struct cap_id id)
{
	struct object *object = cap_table_remove(&process->table, id);

	if (object == nullptr)
		return transfer_missing(process, id);
	account_refund(process->account, ACCOUNT_SLOTS, 1);
	object_put(object);
	return STATUS_OK;
}

void process_memory_destroy(struct object *memory)
{
	object_put(&process_of_memory(memory)->handle);
}

void process_handle_destroy(struct object *handle)
{
	struct process *process = process_of_handle(handle);
	struct account *payer = process->payer;

	require(process->state == PROCESS_ENDED && list_is_empty(&process->waiters));
	supply_return_object(payer, SUPPLY_PROCESS, process);
	account_put(payer);
}
