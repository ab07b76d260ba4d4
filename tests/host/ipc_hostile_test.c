// SPDX-License-Identifier: MIT
/*
 * Host test of ipc.c, transfer.c and facet.c: what a hostile party tries.  Each is refused by
 * its own status, nothing is half done, and in the end everything is back.
 */
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "tests/host/ipc_parties.h"

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, two_parties, all_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dropped_facet_is_revoked_without_effect),
		TEST(a_forgotten_facet_is_revoked_without_effect),
		TEST(nobody_receives_on_what_its_answer_gave_away),
		TEST(a_capability_that_moves_stands_in_the_list_once),
		TEST(a_capability_is_copied_twice),
		TEST(a_list_with_one_bad_entry_moves_nothing),
		TEST(two_slots_of_one_object_are_two_capabilities),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
