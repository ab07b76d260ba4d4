// SPDX-License-Identifier: MIT
/* Processes that call each other.  See ipc_parties.h. */
#include "tests/host/ipc_parties.h"

#include <string.h>

void party_start_with_slots(struct party *party, uint32_t slots)
{
	*party = (struct party){ 0 };
	program_run(&first);
	assert_int_equal(
		spawn_process(&first, (struct spawning){ .slots = slots }, &party->handle),
		STATUS_OK);
	program_attach(&party->program, process_behind(&first, party->handle));
}

void party_start(struct party *party)
{
	party_start_with_slots(party, 0);
}

uint64_t party_share(struct party *party, const struct program *from, uint64_t capability)
{
	struct process *process = party->program.process;
	struct object *object =
		cap_table_lookup(&from->process->table, (struct cap_id){ capability });

	assert_non_null(object);
	assert_int_equal(process_reserve_slots(process, 1), STATUS_OK);
	return process_insert_reserved(process, object_get(object)).raw;
}

void party_end(struct party *party)
{
	if (party->handle == 0)
		return;
	program_run(&first);
	(void)kill_process(&first, party->handle);
	(void)kernel_settle();
	program_run(&first);
	assert_int_equal(release(&first, party->handle), STATUS_OK);
	(void)kernel_settle();
	party->handle = 0;
}

void party_settle(struct party *party)
{
	struct ring_completion completion;

	(void)kernel_settle();
	party->ended |= party->program.process->state != PROCESS_RUNNING;
	if (party->ended)
		return;
	while (program_read(&party->program, &completion)) {
		assert_in_range(completion.tag, 0, PARTY_TAGS - 1);
		party->count[completion.tag]++;
		party->completion[completion.tag] = completion;
	}
}

void party_enter(struct party *party)
{
	program_run(&party->program);
	enter(&party->program);
	party_settle(party);
}

void party_call(struct party *party, uint64_t target, uint16_t method)
{
	struct request request;

	request_init_big(&request, target, method);
	(void)message_builder_root(&request.params, 0, 0);
	request_submit(&party->program, &request);
	party_enter(party);
}

void party_forget(struct party *party)
{
	memset(party->count, 0, sizeof(party->count));
}

enum status party_status(const struct party *party, uint16_t tag)
{
	assert_int_equal(party->count[tag], 1);
	return (enum status) - party->completion[tag].status;
}

struct object *party_object(const struct party *party, uint64_t capability)
{
	return cap_table_lookup(&party->program.process->table, (struct cap_id){ capability });
}

void party_check(const struct party *party)
{
	const struct process *process = party->program.process;

	if (party->handle == 0 || process->state != PROCESS_RUNNING)
		return;
	assert_true(ring_check(&process->thread->ring));
	assert_true(address_space_check(&process->space));
	assert_true(cap_table_check(&process->table));
	assert_true(open_call_table_check(&process->open_calls));
}
