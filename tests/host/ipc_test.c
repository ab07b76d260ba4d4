// SPDX-License-Identifier: MIT
/*
 * Host test of ipc.c, endpoint.c, open_call.c and transfer.c: calls between two processes, in
 * either order of meeting; what they carry; what each side sees when the other goes.
 */
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "tests/host/ipc_calls.h"

static struct supply_report before;
static struct program client;
static uint64_t client_handle;
static uint64_t endpoint;
static struct made_facet facet; /* the server's */
static uint64_t given;          /* the client's */

/* `first` serves; `client` holds a service object. */
static int two_processes(void **state)
{
	(void)kernel_setup(state);
	/* The page of the table of open calls stays. */
	assert_int_equal(create_endpoint(&first, 4, &endpoint), STATUS_OK);
	submit_receive(&first, endpoint, 2);
	last_entry(&first)->flags = OPERATION_FLAG_POLL;
	enter(&first);
	assert_ended(&first, 2, STATUS_NOTHING_PENDING);
	assert_int_equal(release(&first, endpoint), STATUS_OK);
	(void)kernel_settle();
	before = kernel_balance();
	assert_int_equal(create_endpoint(&first, 4, &endpoint), STATUS_OK);
	assert_int_equal(mint(&first, endpoint, TRANSFER_SCOPE_SAME_SESSION, &facet),
			 STATUS_OK);
	assert_int_equal(spawn_child(&first, 0, facet.facet, &client_handle), STATUS_OK);
	program_attach(&client, process_behind(&first, client_handle));
	program_run(&client);
	given = program_capability(&client, "given");
	assert_true(given != 0);
	return 0;
}

/* Answer what is open. */
static void answer_all(struct program *program)
{
	const struct open_call_table *table = &program->process->open_calls;

	for (uint32_t i = 0; i < table->used_before; i++) {
		const struct open_call *call = &table->chunks[0][i];

		if (call->state == OPEN_CALL_OPEN) {
			submit_return(program, open_call_id(call), 0, nullptr, 9);
			enter(program);
		}
	}
}

/* Everything that the test made must be gone again. */
static int all_gone(void **state)
{
	struct ring_completion ignored;

	program_run(&first);
	while (program_read(&first, &ignored))
		;
	answer_all(&first);
	while (program_read(&first, &ignored))
		;
	(void)kill_process(&first, client_handle);
	(void)release(&first, client_handle);
	(void)release(&first, facet.facet);
	(void)release(&first, facet.control);
	(void)release(&first, endpoint);
	(void)kernel_settle();
	program_run(&first);
	while (program_read(&first, &ignored))
		;
	(void)kernel_settle();
	assert_balance(before);
	return kernel_teardown(state);
}

static uint64_t receive_one(uint16_t tag)
{
	struct ring_completion completion = completion_of(&first, tag);

	assert_int_equal(completion.status, STATUS_OK);
	assert_int_equal(completion.kind, COMPLETION_KIND_DONE);
	return completion.word;
}

/* The client calls, the server gets it: the call's id. */
static uint64_t begin_call(uint64_t value, const struct sent *sent)
{
	program_run(&client);
	submit_call(&client, given, value, sent, 1);
	enter(&client);
	assert_nothing(&client);
	program_run(&first);
	submit_receive(&first, endpoint, 2);
	enter(&first);
	return receive_one(2);
}

static void a_call_that_comes_first_waits_for_a_receive(void **state)
{
	uint64_t id = begin_call(41, nullptr);
	struct ring_call_header header = received_header(&first, 2);

	(void)state;
	assert_int_equal(header.call_id, id);
	assert_int_equal(header.cookie, facet.cookie);
	assert_int_equal(header.interface_id, IPC_INTERFACE);
	assert_int_equal(header.method, 3);
	assert_int_equal(header.param_length, 8);
	assert_int_equal(header.result_capacity, IPC_SPAN_BYTES);
	assert_int_equal(header.result_caps_max, IPC_CAPS);
	assert_int_equal(header.caller_live, 1);
	assert_int_equal(received_word(&first, 2), 41);
	submit_return(&first, id, 42, nullptr, 3);
	enter(&first);
	assert_ended(&first, 3, STATUS_OK);
	program_run(&client);
	assert_ended(&client, 1, STATUS_OK);
	assert_int_equal(answered_word(&client, 1), 42);
}

static void a_receive_that_comes_first_waits_for_a_call(void **state)
{
	(void)state;
	program_run(&first);
	submit_receive(&first, endpoint, 2);
	enter(&first);
	assert_nothing(&first);
	program_run(&client);
	submit_call(&client, given, 7, nullptr, 1);
	enter(&client);
	program_run(&first);
	(void)receive_one(2);
	assert_int_equal(received_word(&first, 2), 7);
}

static void the_caller_that_blocks_hands_the_cpu_over(void **state)
{
	struct entered entered;

	(void)state;
	program_run(&first);
	submit_receive(&first, endpoint, 2);
	entered = program_enter(&first, 1, RING_NO_DEADLINE);
	assert_false(entered.returned);
	program_run(&client);
	submit_call(&client, given, 7, nullptr, 1);
	entered = program_enter(&client, 1, RING_NO_DEADLINE);
	assert_false(entered.returned);
	assert_true(program_is_running(&first));
	submit_return(&first, receive_one(2), 8, nullptr, 3);
	entered = program_enter(&first, 2, RING_NO_DEADLINE);
	assert_int_equal(entered.status, STATUS_NOTHING_PENDING);
	assert_ended(&first, 3, STATUS_OK);
	program_run(&client);
	assert_ended(&client, 1, STATUS_OK);
}

static void an_answer_is_given_once(void **state)
{
	uint64_t id = begin_call(1, nullptr);

	(void)state;
	submit_return(&first, id, 2, nullptr, 3);
	submit_return(&first, id, 3, nullptr, 4);
	enter(&first);
	assert_ended(&first, 3, STATUS_OK);
	assert_ended(&first, 4, STATUS_UNKNOWN_CALL);
	program_run(&client);
	assert_ended(&client, 1, STATUS_OK);
	assert_int_equal(answered_word(&client, 1), 2);
	/* The id of another process, and none at all. */
	submit_return(&client, id, 4, nullptr, 3);
	submit_return(&client, 0, 4, nullptr, 4);
	enter(&client);
	assert_ended(&client, 3, STATUS_UNKNOWN_CALL);
	assert_ended(&client, 4, STATUS_UNKNOWN_CALL);
}

static void a_stranger_cannot_answer(void **state)
{
	uint64_t id = begin_call(1, nullptr);

	(void)state;
	program_run(&client);
	submit_return(&client, id, 2, nullptr, 3);
	enter(&client);
	assert_ended(&client, 3, STATUS_UNKNOWN_CALL);
	assert_nothing(&client);
}

static void only_the_owner_receives(void **state)
{
	(void)state;
	program_run(&client);
	submit_receive(&client, given, 2);
	enter(&client);
	assert_ended(&client, 2, STATUS_WRONG_INTERFACE);
}

static void capabilities_travel_both_ways(void **state)
{
	uint64_t memory;
	uint64_t id;
	struct sent sent = { .mode = { CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_COPY }, .count = 2 };
	struct sent back = { .mode = { CAP_GRANT_MODE_MOVE }, .count = 2 };
	struct ring_transfer_result record;

	(void)state;
	program_run(&client);
	assert_int_equal(create_object(&client, PAGE_SIZE, &memory), STATUS_OK);
	sent.capability[0] = memory;
	sent.capability[1] = given;
	id = begin_call(1, &sent);
	record = received_capability(&first, 2, 0);
	assert_int_equal(record.interface_id, MEMORY_OBJECT_INTERFACE_ID);
	assert_int_equal(received_capability(&first, 2, 1).interface_id, IPC_INTERFACE);
	assert_int_equal(release(&first, received_capability(&first, 2, 1).capability),
			 STATUS_OK);
	/* The moved one has left the client. */
	program_run(&client);
	assert_int_equal(release(&client, memory), STATUS_BAD_CAPABILITY);
	/* And comes back, with a null beside it. */
	program_run(&first);
	back.capability[0] = record.capability;
	submit_return(&first, id, 1, &back, 3);
	enter(&first);
	assert_ended(&first, 3, STATUS_OK);
	assert_int_equal(release(&first, record.capability), STATUS_BAD_CAPABILITY);
	program_run(&client);
	assert_int_equal(completion_of(&client, 1).transfer_count, 2);
	record = answered_capability(&client, 1, 0);
	assert_int_equal(record.interface_id, MEMORY_OBJECT_INTERFACE_ID);
	assert_int_equal(answered_capability(&client, 1, 1).capability, 0);
	assert_int_equal(release(&client, record.capability), STATUS_OK);
}

static void what_moves_cannot_be_used(void **state)
{
	uint64_t memory;
	struct sent sent = { .mode = { CAP_GRANT_MODE_MOVE }, .count = 1 };
	struct sent twice = { .mode = { CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_COPY },
			      .count = 2 };

	(void)state;
	program_run(&client);
	assert_int_equal(create_object(&client, PAGE_SIZE, &memory), STATUS_OK);
	twice.capability[0] = memory;
	twice.capability[1] = memory;
	submit_call(&client, given, 1, &twice, 1);
	enter(&client);
	assert_ended(&client, 1, STATUS_CAPABILITY_MOVING);
	sent.capability[0] = memory;
	submit_call(&client, given, 1, &sent, 1);
	enter(&client);
	assert_nothing(&client);
	assert_int_equal(release(&client, memory), STATUS_CAPABILITY_MOVING);
	assert_int_equal(seal_object(&client, memory), STATUS_CAPABILITY_MOVING);
	submit_call(&client, given, 1, &sent, 2);
	enter(&client);
	assert_ended(&client, 2, STATUS_CAPABILITY_MOVING);
	/* Cancelled, it is the client's again. */
	submit_cancel(&client, 1, 3);
	enter(&client);
	assert_ended(&client, 1, STATUS_CANCELLED);
	assert_int_equal(seal_object(&client, memory), STATUS_OK);
	(void)!program_read(&client, &(struct ring_completion){ 0 });
	assert_int_equal(release(&client, memory), STATUS_OK);
}

static void a_server_that_dies_fails_its_callers(void **state)
{
	struct sent sent = { .count = 1 };
	struct made_facet made;
	uint64_t at_first;
	uint64_t own;

	(void)state;
	/* The client serves now: an endpoint of its own, a facet of it sent to `first`. */
	program_run(&client);
	assert_int_equal(create_endpoint(&client, 4, &own), STATUS_OK);
	assert_int_equal(make_client(&client, own, TRANSFER_SCOPE_SAME_SESSION, &made),
			 STATUS_OK);
	sent.capability[0] = made.facet;
	(void)begin_call(1, &sent);
	at_first = received_capability(&first, 2, 0).capability;
	submit_call(&first, at_first, 1, nullptr, 5);
	submit_call(&first, at_first, 2, nullptr, 6);
	enter(&first);
	program_run(&client);
	submit_receive(&client, own, 7);
	enter(&client);
	program_run(&first);
	assert_int_equal(kill_process(&first, client_handle), STATUS_OK);
	(void)kernel_settle();
	program_run(&first);
	/* One was in service, the other waited. */
	assert_ended(&first, 5, STATUS_DISCONNECTED);
	assert_ended(&first, 6, STATUS_DISCONNECTED);
	submit_call(&first, at_first, 3, nullptr, 5);
	enter(&first);
	assert_ended(&first, 5, STATUS_DISCONNECTED);
	assert_int_equal(release(&first, at_first), STATUS_OK);
}

static void a_caller_that_dies_is_gone(void **state)
{
	uint64_t id = begin_call(1, nullptr);

	(void)state;
	assert_int_equal(kill_process(&first, client_handle), STATUS_OK);
	(void)kernel_settle();
	program_run(&first);
	program_submit(&first, &(struct ring_submission){ .opcode = OPERATION_CODE_CALL_QUERY,
							  .tag = 3,
							  .target = id,
							  .user_data = 3 });
	enter(&first);
	assert_ended(&first, 3, STATUS_CALLER_GONE);
	submit_return(&first, id, 1, nullptr, 3);
	submit_return(&first, id, 1, nullptr, 4);
	enter(&first);
	assert_ended(&first, 3, STATUS_CALLER_GONE);
	assert_ended(&first, 4, STATUS_UNKNOWN_CALL);
}

static void a_revoked_facet_fails_every_copy(void **state)
{
	struct made_facet child;
	uint64_t id = begin_call(1, nullptr);

	(void)state;
	program_run(&client);
	assert_int_equal(derive(&client, given, TRANSFER_SCOPE_SAME_SESSION, &child),
			 STATUS_OK);
	submit_call(&client, child.facet, 2, nullptr, 4);
	enter(&client);
	program_run(&first);
	assert_int_equal(revoke(&first, facet.control), STATUS_OK);
	(void)kernel_settle();
	program_run(&client);
	assert_ended(&client, 1, STATUS_REVOKED);
	assert_ended(&client, 4, STATUS_REVOKED);
	submit_call(&client, given, 3, nullptr, 5);
	submit_call(&client, child.facet, 3, nullptr, 6);
	enter(&client);
	assert_ended(&client, 5, STATUS_REVOKED);
	assert_ended(&client, 6, STATUS_REVOKED);
	assert_int_equal(facet_control_state(&client, child.control), FACET_STATE_REVOKED);
	program_run(&first);
	submit_return(&first, id, 1, nullptr, 3);
	enter(&first);
	assert_ended(&first, 3, STATUS_CALLER_GONE);
	assert_int_equal(revoke(&first, facet.control), STATUS_REVOKED);
}

/* Before any sweep has run. */
static void a_revoke_holds_from_its_completion_on(void **state)
{
	struct made_facet child;

	(void)state;
	program_run(&first);
	assert_int_equal(derive(&first, facet.facet, TRANSFER_SCOPE_SAME_SESSION, &child),
			 STATUS_OK);
	facet_end(facet_of(cap_table_lookup(&first.process->table,
					    (struct cap_id){ facet.facet })),
		  FACET_STATE_REVOKED);
	submit_call(&first, child.facet, 1, nullptr, 5);
	enter(&first);
	assert_ended(&first, 5, STATUS_REVOKED);
	assert_int_equal(release(&first, child.facet), STATUS_OK);
	assert_int_equal(release(&first, child.control), STATUS_OK);
}

static void the_owner_hears_of_dropped_objects(void **state)
{
	struct ring_completion completion;

	(void)state;
	program_run(&first);
	assert_int_equal(release(&first, facet.facet), STATUS_OK);
	submit_receive(&first, endpoint, 2);
	enter(&first);
	assert_nothing(&first);
	program_run(&client);
	assert_int_equal(release(&client, given), STATUS_OK);
	program_run(&first);
	completion = completion_of(&first, 2);
	assert_int_equal(completion.kind, COMPLETION_KIND_DROPPED);
	assert_int_equal(completion.word, facet.cookie);
	assert_int_equal(close_object(&first, endpoint, facet.cookie), STATUS_OBJECT_CLOSED);
}

static void a_closed_object_is_stale_when_its_place_is_taken(void **state)
{
	struct made_facet next;

	(void)state;
	program_run(&first);
	assert_int_equal(close_object(&first, endpoint, facet.cookie), STATUS_OK);
	assert_int_equal(close_object(&first, endpoint, facet.cookie), STATUS_OBJECT_CLOSED);
	assert_int_equal(close_object(&first, endpoint, 77), STATUS_INVALID_ARGUMENT);
	program_run(&client);
	submit_call(&client, given, 1, nullptr, 1);
	enter(&client);
	assert_ended(&client, 1, STATUS_OBJECT_CLOSED);
	program_run(&first);
	assert_int_equal(mint(&first, endpoint, TRANSFER_SCOPE_SAME_SESSION, &next), STATUS_OK);
	assert_int_equal((uint32_t)next.cookie, (uint32_t)facet.cookie);
	assert_int_equal(close_object(&first, endpoint, facet.cookie), STATUS_OBJECT_STALE);
	program_run(&client);
	submit_call(&client, given, 1, nullptr, 1);
	enter(&client);
	assert_ended(&client, 1, STATUS_OBJECT_STALE);
	program_run(&first);
	assert_int_equal(release(&first, next.facet), STATUS_OK);
	assert_int_equal(release(&first, next.control), STATUS_OK);
}

static void return_receive_answers_and_receives(void **state)
{
	uint64_t id = begin_call(1, nullptr);

	(void)state;
	submit_return(&first, id, 9, nullptr, 3);
	last_entry(&first)->opcode = OPERATION_CODE_RETURN_RECV;
	last_entry(&first)->endpoint = endpoint;
	last_entry(&first)->result_offset = 3 * 2 * IPC_SPAN_BYTES + IPC_SPAN_BYTES;
	last_entry(&first)->result_capacity = IPC_SPAN_BYTES;
	enter(&first);
	assert_nothing(&first);
	program_run(&client);
	assert_ended(&client, 1, STATUS_OK);
	assert_int_equal(answered_word(&client, 1), 9);
	submit_call(&client, given, 10, nullptr, 1);
	enter(&client);
	program_run(&first);
	(void)receive_one(3);
	assert_int_equal(received_word(&first, 3), 10);
}

static void an_answer_that_does_not_fit_keeps_the_call_open(void **state)
{
	uint64_t id = begin_call(1, nullptr);

	(void)state;
	submit_return(&first, id, 9, nullptr, 3);
	last_entry(&first)->param_length = IPC_SPAN_BYTES + 8;
	enter(&first);
	assert_ended(&first, 3, STATUS_RESULT_TOO_LARGE);
	submit_return(&first, id, 9, nullptr, 3);
	enter(&first);
	assert_ended(&first, 3, STATUS_OK);
	program_run(&client);
	assert_ended(&client, 1, STATUS_OK);
}

static void an_endpoint_admits_so_many_open_calls(void **state)
{
	(void)state;
	program_run(&first);
	for (uint16_t tag = 1; tag <= 4; tag++)
		submit_receive(&first, endpoint, tag);
	submit_receive(&first, endpoint, 5);
	enter(&first);
	assert_ended(&first, 5, STATUS_OPEN_CALLS_FULL);
	submit_cancel(&first, 2, 6);
	submit_receive(&first, endpoint, 5);
	enter(&first);
	assert_ended(&first, 2, STATUS_CANCELLED);
	assert_true(program_read(&first, &(struct ring_completion){ 0 }));
	assert_nothing(&first);
	assert_int_equal(close_endpoint(&first, endpoint), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(first.process->thread->ring.waiting, 0);
}

static void the_owner_is_moved_not_copied(void **state)
{
	struct sent copy = { .mode = { CAP_GRANT_MODE_COPY }, .count = 1 };
	struct sent move = { .mode = { CAP_GRANT_MODE_MOVE }, .count = 1 };
	uint64_t own;
	uint64_t id;

	(void)state;
	program_run(&client);
	assert_int_equal(create_endpoint(&client, 4, &own), STATUS_OK);
	copy.capability[0] = own;
	submit_call(&client, given, 1, &copy, 1);
	enter(&client);
	assert_ended(&client, 1, STATUS_TRANSFER_MODE);
	submit_receive(&client, own, 4);
	enter(&client);
	move.capability[0] = own;
	id = begin_call(1, &move);
	/* The client may not receive any more, now that the server may. */
	program_run(&client);
	assert_ended(&client, 4, STATUS_BAD_CAPABILITY);
	program_run(&first);
	own = received_capability(&first, 2, 0).capability;
	submit_receive(&first, own, 5);
	enter(&first);
	assert_nothing(&first);
	/* Its slot is the endpoint. */
	assert_int_equal(release(&first, own), STATUS_OK);
	(void)kernel_settle();
	program_run(&first);
	assert_ended(&first, 5, STATUS_DISCONNECTED);
	submit_return(&first, id, 1, nullptr, 3);
	enter(&first);
	assert_ended(&first, 3, STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, two_processes, all_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_call_that_comes_first_waits_for_a_receive),
		TEST(a_receive_that_comes_first_waits_for_a_call),
		TEST(the_caller_that_blocks_hands_the_cpu_over),
		TEST(an_answer_is_given_once),
		TEST(a_stranger_cannot_answer),
		TEST(only_the_owner_receives),
		TEST(capabilities_travel_both_ways),
		TEST(what_moves_cannot_be_used),
		TEST(a_server_that_dies_fails_its_callers),
		TEST(a_caller_that_dies_is_gone),
		TEST(a_revoked_facet_fails_every_copy),
		TEST(a_revoke_holds_from_its_completion_on),
		TEST(the_owner_hears_of_dropped_objects),
		TEST(a_closed_object_is_stale_when_its_place_is_taken),
		TEST(return_receive_answers_and_receives),
		TEST(an_answer_that_does_not_fit_keeps_the_call_open),
		TEST(an_endpoint_admits_so_many_open_calls),
		TEST(the_owner_is_moved_not_copied),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
