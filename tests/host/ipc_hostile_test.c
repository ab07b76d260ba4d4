// SPDX-License-Identifier: MIT
/*
 * Host test of ipc.c, transfer.c and facet.c: what a hostile party tries.  Each is refused by
 * its own status, nothing is half done, and in the end everything is back.
 */
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "tests/host/ipc_parties.h"

#include <string.h>

static struct supply_report before;
static struct party server;
static struct party client;
static uint64_t endpoint;        /* the server's */
static struct made_facet object; /* likewise: a service object */
static uint64_t given;           /* the client's: the same facet */

static int two_parties(void **state)
{
	(void)kernel_setup(state);
	before = kernel_balance();
	party_start(&server);
	party_start(&client);
	program_run(&server.program);
	assert_int_equal(create_endpoint(&server.program, 4, &endpoint), STATUS_OK);
	assert_int_equal(mint(&server.program, endpoint, TRANSFER_SCOPE_SAME_SESSION, &object),
			 STATUS_OK);
	given = party_share(&client, &server.program, object.facet);
	return 0;
}

static int all_gone(void **state)
{
	(void)kernel_settle();
	party_check(&server);
	party_check(&client);
	party_end(&client);
	party_end(&server);
	assert_balance(before);
	return kernel_teardown(state);
}

/* The server receives, by tag 2, what the client submitted: the call id. */
static uint64_t receive(void)
{
	party_forget(&server);
	submit_receive(&server.program, endpoint, 2);
	party_enter(&server);
	assert_int_equal(party_status(&server, 2), STATUS_OK);
	return server.completion[2].word;
}

static uint64_t new_memory(struct party *party)
{
	uint64_t memory;

	program_run(&party->program);
	assert_int_equal(create_object(&party->program, PAGE_SIZE, &memory), STATUS_OK);
	return memory;
}

/* --- Facets that nobody holds --------------------------------------------------------------
 */

/* The news waits on the endpoint; then it has been taken. */
static void a_dropped_facet_is_revoked_without_effect(void **)
{
	program_run(&server.program);
	assert_int_equal(release(&server.program, object.facet), STATUS_OK);
	program_run(&client.program);
	assert_int_equal(release(&client.program, given), STATUS_OK);
	program_run(&server.program);
	assert_int_equal(facet_control_state(&server.program, object.control),
			 FACET_STATE_DROPPED);
	assert_int_equal(revoke(&server.program, object.control), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(revoke(&server.program, object.control), STATUS_REVOKED);
	submit_receive(&server.program, endpoint, 2);
	party_enter(&server);
	assert_int_equal(server.completion[2].kind, COMPLETION_KIND_DROPPED);
	assert_int_equal(server.completion[2].word, object.cookie);
}

static void a_forgotten_facet_is_revoked_without_effect(void **)
{
	program_run(&server.program);
	assert_int_equal(release(&server.program, object.facet), STATUS_OK);
	program_run(&client.program);
	assert_int_equal(release(&client.program, given), STATUS_OK);
	submit_receive(&server.program, endpoint, 2);
	party_enter(&server);
	assert_int_equal(server.completion[2].kind, COMPLETION_KIND_DROPPED);
	assert_int_equal(revoke(&server.program, object.control), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(facet_control_state(&server.program, object.control),
			 FACET_STATE_DROPPED);
}

/* --- Owners that give themselves away ------------------------------------------------------
 */

/* The answer takes the endpoint along on which it is to receive next. */
static void nobody_receives_on_what_its_answer_gave_away(void **)
{
	struct sent sent = { .capability = { endpoint },
			     .mode = { CAP_GRANT_MODE_MOVE },
			     .count = 1 };
	uint64_t own;
	uint64_t id;

	submit_call(&client.program, given, 1, nullptr, 1);
	party_enter(&client);
	id = receive();
	party_forget(&server);
	submit_return(&server.program, id, 1, &sent, 3);
	last_entry(&server.program)->opcode = OPERATION_CODE_RETURN_RECV;
	last_entry(&server.program)->endpoint = endpoint;
	last_entry(&server.program)->result_offset = 3 * 2 * IPC_SPAN_BYTES + IPC_SPAN_BYTES;
	last_entry(&server.program)->result_capacity = IPC_SPAN_BYTES;
	party_enter(&server);
	assert_int_equal(party_status(&server, 3), STATUS_BAD_CAPABILITY);
	assert_int_equal(server.completion[3].kind, COMPLETION_KIND_REVOKED);
	party_settle(&client);
	assert_int_equal(party_status(&client, 1), STATUS_OK);
	own = answered_capability(&client.program, 1, 0).capability;
	/* Calls come to the new owner. */
	party_forget(&client);
	submit_receive(&client.program, own, 2);
	submit_call(&client.program, given, 1, nullptr, 1);
	party_enter(&client);
	assert_int_equal(party_status(&client, 2), STATUS_OK);
}

/* --- Lists ---------------------------------------------------------------------------------
 */

/* The list is refused with that status, and the client has everything as before. */
static void try_list(const struct sent *sent, enum status status)
{
	party_forget(&client);
	submit_call(&client.program, given, 1, sent, 1);
	party_enter(&client);
	assert_int_equal(party_status(&client, 1), status);
	assert_non_null(party_object(&client, sent->capability[0]));
	party_check(&client);
}

static void a_capability_that_moves_stands_in_the_list_once(void **)
{
	static const enum cap_grant_mode modes[][2] = {
		{ CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_MOVE },
		{ CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_COPY },
		{ CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE },
	};
	uint64_t memory = new_memory(&client);
	struct sent sent = { .capability = { memory, memory }, .count = 2 };

	for (uint32_t i = 0; i < 3; i++) {
		sent.mode[0] = modes[i][0];
		sent.mode[1] = modes[i][1];
		try_list(&sent, STATUS_CAPABILITY_MOVING);
	}
}

static void a_capability_is_copied_twice(void **)
{
	uint64_t memory = new_memory(&client);
	struct sent sent = { .capability = { memory, memory }, .count = 2 };

	submit_call(&client.program, given, 1, &sent, 1);
	party_enter(&client);
	(void)receive();
	assert_int_equal(server.completion[2].transfer_count, 2);
	assert_int_not_equal(received_capability(&server.program, 2, 0).capability,
			     received_capability(&server.program, 2, 1).capability);
	assert_ptr_equal(
		party_object(&server, received_capability(&server.program, 2, 0).capability),
		party_object(&server, received_capability(&server.program, 2, 1).capability));
}

/* One slot holds it to be copied, another to be moved. */
static void two_slots_of_one_object_are_two_capabilities(void **)
{
	uint64_t memory = new_memory(&client);
	uint64_t again = party_share(&client, &client.program, memory);
	struct sent sent = { .capability = { memory, again },
			     .mode = { CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE },
			     .count = 2 };

	submit_call(&client.program, given, 1, &sent, 1);
	party_enter(&client);
	(void)receive();
	assert_int_equal(server.completion[2].transfer_count, 2);
	assert_non_null(party_object(&client, memory));
	assert_null(party_object(&client, again));
}

/* The first moves, the second is wrong. */
static void a_list_with_one_bad_entry_moves_nothing(void **)
{
	uint64_t memory = new_memory(&client);
	struct sent sent = { .capability = { memory, UINT64_C(0xdead00000001) },
			     .mode = { CAP_GRANT_MODE_MOVE },
			     .count = 2 };
	struct made_facet dead;
	uint64_t own;

	try_list(&sent, STATUS_BAD_CAPABILITY);
	assert_int_equal(create_endpoint(&client.program, 4, &own), STATUS_OK);
	sent.capability[1] = own;
	try_list(&sent, STATUS_TRANSFER_MODE);
	sent.capability[1] = given;
	sent.mode[1] = CAP_GRANT_MODE_MOVE + 1;
	try_list(&sent, STATUS_TRANSFER_MODE);
	assert_int_equal(derive(&client.program, given, TRANSFER_SCOPE_SAME_SESSION, &dead),
			 STATUS_OK);
	assert_int_equal(revoke(&client.program, dead.control), STATUS_OK);
	sent.mode[1] = CAP_GRANT_MODE_COPY;
	sent.capability[1] = dead.facet;
	try_list(&sent, STATUS_REVOKED);
}

/* --- Limits --------------------------------------------------------------------------------
 */

/* Spoil the call that was submitted last, and see it refused. */
static void refused(enum status status)
{
	party_forget(&client);
	party_enter(&client);
	assert_int_equal(party_status(&client, 1), status);
	assert_int_equal(client.program.process->table.reserved_count, 0);
	party_check(&client);
}

static void a_list_is_inside_the_arena_and_the_limits(void **)
{
	uint64_t memory = new_memory(&client);
	struct sent sent = { .capability = { memory, memory, memory }, .count = 3 };
	struct ring_submission *entry;

	submit_call(&client.program, given, 1, &sent, 1);
	refused(STATUS_TOO_MANY_TRANSFERS);
	sent.count = 2;
	submit_call(&client.program, given, 1, &sent, 1);
	entry = last_entry(&client.program);
	entry->transfer_offset = client.program.arena_bytes - 16;
	refused(STATUS_SPAN_OUT_OF_BOUNDS);
	submit_call(&client.program, given, 1, &sent, 1);
	last_entry(&client.program)->transfer_offset = UINT32_MAX - 7;
	refused(STATUS_SPAN_OUT_OF_BOUNDS);
	submit_call(&client.program, given, 1, &sent, 1);
	last_entry(&client.program)->transfer_offset += 4;
	refused(STATUS_SPAN_MISALIGNED);
	submit_call(&client.program, given, 1, nullptr, 1);
	last_entry(&client.program)->transfer_offset = 8;
	refused(STATUS_RESERVED_NOT_ZERO);
	submit_call(&client.program, given, 1, nullptr, 1);
	last_entry(&client.program)->result_caps_max = MAX_TRANSFERS + 1;
	refused(STATUS_TOO_MANY_TRANSFERS);
	submit_call(&client.program, given, 1, nullptr, 1);
	last_entry(&client.program)->param_length = IPC_MESSAGE_BYTES + 8;
	refused(STATUS_MESSAGE_TOO_LARGE);
}

/* An answer brings no more, and no longer, than the caller takes; the call stays open. */
static void an_answer_keeps_to_what_the_caller_takes(void **)
{
	uint64_t memory = new_memory(&server);
	struct sent sent = { .capability = { memory, memory }, .count = 2 };
	uint64_t id;

	submit_call(&client.program, given, 1, nullptr, 1);
	last_entry(&client.program)->result_caps_max = 1;
	last_entry(&client.program)->result_capacity = 40;
	party_enter(&client);
	id = receive();
	submit_return(&server.program, id, 1, &sent, 3);
	party_enter(&server);
	assert_int_equal(party_status(&server, 3), STATUS_RESULT_TOO_LARGE);
	sent.count = 1;
	submit_return(&server.program, id, 1, &sent, 4);
	last_entry(&server.program)->param_length = 32;
	party_enter(&server);
	assert_int_equal(party_status(&server, 4), STATUS_RESULT_TOO_LARGE);
	submit_return(&server.program, id, 1, &sent, 5);
	party_enter(&server);
	assert_int_equal(party_status(&server, 5), STATUS_OK);
	party_settle(&client);
	assert_int_equal(party_status(&client, 1), STATUS_OK);
	assert_int_equal(client.completion[1].length, 8);
}

/* An exception that is longer than what the caller takes is left out: not a byte is written. */
static void an_exception_writes_nothing_behind_the_results(void **)
{
	uint64_t canary = UINT64_C(0x1122334455667788);
	uint32_t at;
	uint64_t id;

	submit_call(&client.program, given, 1, nullptr, 1);
	last_entry(&client.program)->result_capacity = 8;
	at = last_entry(&client.program)->result_offset + 8;
	memcpy(client.program.arena + at, &canary, sizeof(canary));
	party_enter(&client);
	id = receive();
	submit_return(&server.program, id, 1, nullptr, 3);
	last_entry(&server.program)->flags = OPERATION_FLAG_EXCEPTION;
	last_entry(&server.program)->param_length = 16;
	party_enter(&server);
	assert_int_equal(party_status(&server, 3), STATUS_OK);
	party_settle(&client);
	assert_int_equal(party_status(&client, 1), STATUS_EXCEPTION);
	assert_int_equal(client.completion[1].length, 0);
	assert_memory_equal(client.program.arena + at, &canary, sizeof(canary));
}

/* --- Full tables ---------------------------------------------------------------------------
 */

/* Take what slots there are but `left`. */
static void fill_slots(struct party *party, uint64_t left)
{
	const struct account *account = party->program.process->account;
	uint64_t memory = new_memory(party);

	while (account->limit[ACCOUNT_SLOTS] - account->used[ACCOUNT_SLOTS] > left)
		(void)party_share(party, &party->program, memory);
}

static void a_receive_sets_slots_aside_for_what_calls_bring(void **)
{
	struct sent sent = { .count = 2 };

	sent.capability[0] = new_memory(&client);
	sent.capability[1] = sent.capability[0];
	fill_slots(&server, IPC_CAPS - 1);
	submit_receive(&server.program, endpoint, 1);
	party_enter(&server);
	assert_int_equal(party_status(&server, 1), STATUS_OUT_OF_SLOTS);
	assert_int_equal(server.program.process->open_calls.taken_count, 0);
	/* One more, and it cannot fail any more, whatever the server does meanwhile. */
	assert_int_equal(release(&server.program, object.control), STATUS_OK);
	party_forget(&server);
	submit_receive(&server.program, endpoint, 1);
	party_enter(&server);
	assert_int_equal(server.count[1], 0);
	program_run(&client.program);
	submit_call(&client.program, given, 1, &sent, 1);
	party_enter(&client);
	party_settle(&server);
	assert_int_equal(party_status(&server, 1), STATUS_OK);
	assert_int_equal(server.completion[1].transfer_count, 2);
}

static void a_call_sets_slots_aside_for_what_its_answer_brings(void **)
{
	struct sent sent = { .mode = { CAP_GRANT_MODE_MOVE }, .count = 1 };

	sent.capability[0] = new_memory(&client);
	fill_slots(&client, IPC_CAPS - 1);
	party_forget(&client);
	submit_call(&client.program, given, 1, &sent, 1);
	party_enter(&client);
	assert_int_equal(party_status(&client, 1), STATUS_OUT_OF_SLOTS);
	assert_non_null(party_object(&client, sent.capability[0]));
	/* One that moves away makes no room before it has gone. */
	party_forget(&client);
	submit_call(&client.program, given, 1, &sent, 1);
	last_entry(&client.program)->result_caps_max = 1;
	party_enter(&client);
	assert_int_equal(client.count[1], 0);
}

/* --- Deaths on the way ---------------------------------------------------------------------
 */

static void what_a_dead_sender_was_moving_is_gone(void **)
{
	struct sent sent = { .mode = { CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_COPY }, .count = 2 };

	sent.capability[0] = new_memory(&client);
	sent.capability[1] = new_memory(&client);
	for (uint16_t tag = 1; tag <= 3; tag++) {
		submit_call(&client.program, given, 1, tag == 1 ? &sent : nullptr, tag);
		party_enter(&client);
	}
	party_end(&client);
	/* Only the news that nobody holds the object has come. */
	program_run(&server.program);
	assert_int_equal(release(&server.program, object.facet), STATUS_OK);
	submit_receive(&server.program, endpoint, 1);
	submit_receive(&server.program, endpoint, 2);
	party_enter(&server);
	assert_int_equal(server.completion[1].kind, COMPLETION_KIND_DROPPED);
	assert_int_equal(server.count[2], 0);
}

static void calls_are_received_in_the_order_of_their_coming(void **)
{
	for (uint16_t tag = 1; tag <= 3; tag++) {
		submit_call(&client.program, given, tag, nullptr, tag);
		party_enter(&client);
	}
	for (uint16_t tag = 1; tag <= 3; tag++) {
		(void)receive();
		assert_int_equal(received_word(&server.program, 2), tag);
	}
}

/* A receive waits, and no sweep has run: what was derived is dead as well. */
static void a_revoke_holds_for_the_subtree_at_once(void **)
{
	struct facet *facet = facet_of(party_object(&client, given));
	struct made_facet child;

	submit_receive(&server.program, endpoint, 2);
	party_enter(&server);
	program_run(&client.program);
	assert_int_equal(derive(&client.program, given, TRANSFER_SCOPE_SAME_SESSION, &child),
			 STATUS_OK);
	submit_call(&client.program, child.facet, 1, nullptr, 1);
	facet_end(facet, FACET_STATE_REVOKED);
	enter(&client.program);
	party_settle(&client);
	assert_int_equal(party_status(&client, 1), STATUS_REVOKED);
	party_settle(&server);
	assert_int_equal(server.count[2], 0);
}

/* The entry is used anew, under another id. */
static void an_old_id_answers_no_later_call(void **)
{
	uint64_t old;
	uint64_t id;

	submit_call(&client.program, given, 1, nullptr, 1);
	submit_call(&client.program, given, 2, nullptr, 2);
	party_enter(&client);
	old = receive();
	submit_return(&server.program, old, 1, nullptr, 3);
	party_enter(&server);
	id = receive();
	assert_int_equal((id ^ old) % MAX_OPEN_CALLS, 0);
	submit_return(&server.program, old, 1, nullptr, 3);
	party_enter(&server);
	assert_int_equal(party_status(&server, 3), STATUS_UNKNOWN_CALL);
}

/* Revoked, before any sweep has run: neither delivered nor answered. */
static void a_dead_facet_is_looked_at_again(void **)
{
	struct facet *facet = facet_of(party_object(&client, given));
	uint64_t id;

	submit_call(&client.program, given, 1, nullptr, 1);
	party_enter(&client);
	id = receive();
	submit_call(&client.program, given, 2, nullptr, 2);
	party_enter(&client);
	program_run(&server.program);
	party_forget(&server);
	facet_end(facet, FACET_STATE_REVOKED);
	submit_receive(&server.program, endpoint, 2);
	submit_return(&server.program, id, 1, nullptr, 3);
	enter(&server.program);
	party_settle(&server);
	assert_int_equal(party_status(&server, 3), STATUS_CALLER_GONE);
	assert_int_equal(server.count[2], 0);
	party_settle(&client);
	assert_int_equal(party_status(&client, 1), STATUS_REVOKED);
	assert_int_equal(party_status(&client, 2), STATUS_REVOKED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, two_parties, all_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dropped_facet_is_revoked_without_effect),
		TEST(a_forgotten_facet_is_revoked_without_effect),
		TEST(nobody_receives_on_what_its_answer_gave_away),
		TEST(a_capability_that_moves_stands_in_the_list_once),
		TEST(a_capability_is_copied_twice),
		TEST(two_slots_of_one_object_are_two_capabilities),
		TEST(a_list_with_one_bad_entry_moves_nothing),
		TEST(a_list_is_inside_the_arena_and_the_limits),
		TEST(an_answer_keeps_to_what_the_caller_takes),
		TEST(an_exception_writes_nothing_behind_the_results),
		TEST(a_receive_sets_slots_aside_for_what_calls_bring),
		TEST(a_call_sets_slots_aside_for_what_its_answer_brings),
		TEST(what_a_dead_sender_was_moving_is_gone),
		TEST(calls_are_received_in_the_order_of_their_coming),
		TEST(a_revoke_holds_for_the_subtree_at_once),
		TEST(an_old_id_answers_no_later_call),
		TEST(a_dead_facet_is_looked_at_again),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
