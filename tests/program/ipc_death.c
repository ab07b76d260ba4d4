// SPDX-License-Identifier: MIT
/*
 * Deaths around calls: of clients whose calls wait or are served, of servers with a thousand
 * calls before them, of whoever sent or paid for an endpoint; memory taken from a reader.
 */
#include "tests/program/ipc.h"

#include "schema/memory.client.h"

constexpr uint64_t MIB = 1 << 20;
constexpr uint32_t CLIENTS = 32;
constexpr uint32_t CALLS = 32; /* that a client can have waiting */

/* Where parent and children count: the report's pages are shared. */
static uint32_t progress(void)
{
	return __atomic_load_n(&test_report->count, __ATOMIC_ACQUIRE);
}

static void make_progress(void)
{
	(void)__atomic_fetch_add(&test_report->count, 1, __ATOMIC_ACQ_REL);
}

/* Not the runtime's: completions of raw entries may come meanwhile. */
static void sleep_ms(uint64_t ms)
{
	struct ring_submission wait =
		submit_wait(submit_timer(), capos_now_ns() + ms * 1000000, IPC_OWN_TAG);

	wait.param_offset = SUBMIT_PARAMS;
	memcpy(submit_arena(SUBMIT_PARAMS), submit_arena(4096 + IPC_OWN_TAG * 64), 32);
	wait.result_offset = SUBMIT_RESULTS;
	CHECK_STATUS(ipc_do_status(wait), STATUS_OK);
}

static void await_progress(uint32_t count)
{
	for (uint32_t i = 0; progress() < count; i++) {
		test_note("progress %u of %u", progress(), count);
		CHECK(i < 5000);
		sleep_ms(1);
	}
}

static struct process_handle_client start(const char *name, uint64_t facet)
{
	struct child_request request = {
		.binary = "ipc_death",
		.arguments = { name },
		.grants = { { "report", child_report() },
			    { "timer", submit_timer() },
			    { "facet", facet } },
		.memory_bytes = 320 << 10,
		.slots = 24,
	};

	return child_start(&request);
}

/* How it ended; its handle is dropped. */
static enum exit_record_which end_of(struct process_handle_client process, int32_t *out_code)
{
	struct process_handle_wait_results_reader results;
	struct exit_record_reader record;
	struct ipc_method m;
	enum exit_record_which which;

	ipc_method_begin(&m, process.id, PROCESS_HANDLE_WAIT_METHOD);
	(void)message_builder_root(&m.params, 0, 0);
	CHECK_STATUS(ipc_method_run(&m, 0), STATUS_OK);
	CHECK(process_handle_wait_results_read_root(&m.results, &results));
	record = process_handle_wait_results_get_record(results);
	which = exit_record_which(record);
	if (which == EXIT_RECORD_EXITED)
		*out_code = exit_record_get_exited(record);
	CHECK_STATUS(ipc_release(process.id), STATUS_OK);
	return which;
}

static void must_pass(struct process_handle_client process)
{
	int32_t code = -1;

	CHECK_EQUAL(end_of(process, &code), EXIT_RECORD_EXITED);
	CHECK_EQUAL(code, 0);
}

static void kill(struct process_handle_client process)
{
	int32_t code = -1;

	CHECK_STATUS(ipc_plain(process.id, PROCESS_HANDLE_KILL_METHOD), STATUS_OK);
	CHECK_EQUAL(end_of(process, &code), EXIT_RECORD_KILLED);
}

/* The endpoint that a case's children call; the count begins anew. */
static uint64_t first_endpoint(void)
{
	__atomic_store_n(&test_report->count, 0, __ATOMIC_RELEASE);
	return ipc_endpoint();
}

static void put(struct ring_submission entry)
{
	submit_put(&entry);
	ipc_enter();
}

static void give_up(uint64_t endpoint, struct ipc_facet facet)
{
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.control), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
}

/* --- Clients that die ----------------------------------------------------------------------
 */

/* The child: so many calls as may wait, and then nothing more. */
static void many_calls(void)
{
	uint64_t facet = ipc_granted("facet");

	for (uint16_t tag = 0; tag < CALLS; tag++)
		put(ipc_call(facet, tag, tag));
	make_progress();
	CHECK_STATUS(submit_enter(CALLS, RING_NO_DEADLINE), STATUS_OK);
	ipc_collect();
	for (uint16_t tag = 0; tag < CALLS; tag++)
		IPC_ENDS(tag, STATUS_DISCONNECTED);
}

/* The child: a call, and the end without waiting for it. */
static void call_and_exit(void)
{
	put(ipc_call(ipc_granted("facet"), 1, 0));
	make_progress();
	await_progress(2);
}

/* The client ends itself between the receive and the answer. */
static void client_exits_in_service(void)
{
	uint64_t endpoint = first_endpoint();
	uint64_t other = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct process_handle_client client = start("call_and_exit", facet.id);
	struct ring_submission answer;
	uint64_t call_id;

	await_progress(1);
	call_id = ipc_take_call(endpoint, 1);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 2)), STATUS_OK);
	make_progress();
	must_pass(client);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 2)), STATUS_CALLER_GONE);
	answer = ipc_return(call_id, 1, 2);
	ipc_attach(&answer, other, CAP_GRANT_MODE_MOVE);
	CHECK_STATUS(ipc_do_status(answer), STATUS_CALLER_GONE);
	CHECK_STATUS(ipc_do_status(answer), STATUS_UNKNOWN_CALL);
	CHECK_STATUS(ipc_release(other), STATUS_OK);
	give_up(endpoint, facet);
	CHECK(ipc_balanced());
}

/* A client that is killed takes its calls along; those in service are told. */
static void client_killed(void)
{
	uint64_t endpoint = first_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct process_handle_client client = start("many_calls", facet.id);
	uint64_t call_id;

	await_progress(1);
	CHECK_EQUAL(ipc_info(endpoint).queued, CALLS);
	call_id = ipc_take_call(endpoint, 1);
	kill(client);
	CHECK_EQUAL(ipc_info(endpoint).queued, 0);
	CHECK_EQUAL(ipc_info(endpoint).open, 1);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_CALLER_GONE);
	CHECK_EQUAL(ipc_info(endpoint).open, 0);
	give_up(endpoint, facet);
	CHECK(ipc_balanced());
}

/* --- A thousand calls, and the death of their server
 * ------------------------------------------ */

/* The child: gives a facet of its endpoint to its parent, takes some calls, answers none. */
static void mute_server(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ring_submission call = ipc_call(ipc_granted("facet"), 1, 0);

	ipc_attach(&call, facet.id, CAP_GRANT_MODE_MOVE);
	CHECK_STATUS(ipc_do_status(call), STATUS_OK);
	await_progress(CLIENTS);
	CHECK_EQUAL(ipc_info(endpoint).queued, CLIENTS * CALLS);
	for (uint16_t tag = 1; tag <= 9; tag++)
		(void)ipc_take_call(endpoint, tag % 2 + 1);
	make_progress();
	for (;;)
		sleep_ms(1000);
}

static void flood(void)
{
	struct process_handle_client clients[CLIENTS];
	uint64_t endpoint = first_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct process_handle_client server = start("mute_server", facet.id);
	uint64_t call_id;
	uint64_t theirs;

	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 1)), STATUS_OK);
	call_id = ipc_header(1).call_id;
	theirs = ipc_received(1, 0).capability;
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_OK);
	for (uint32_t i = 0; i < CLIENTS; i++)
		clients[i] = start("many_calls", theirs);
	await_progress(CLIENTS + 1);
	kill(server);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		test_note("client %u", i);
		must_pass(clients[i]);
	}
	CHECK_STATUS(ipc_do_status(ipc_call(theirs, 1, 3)), STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_release(theirs), STATUS_OK);
	give_up(endpoint, facet);
	CHECK(ipc_balanced());
}

/* --- Endpoints whose owners die
 * ---------------------------------------------------------------- */

/* The child: its endpoint's owner goes away in a call. */
static void send_owner(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ring_submission call = ipc_call(ipc_granted("facet"), 1, 0);

	ipc_attach(&call, endpoint, CAP_GRANT_MODE_MOVE);
	ipc_attach(&call, facet.id, CAP_GRANT_MODE_MOVE);
	put(call);
	make_progress();
	await_progress(2);
}

/* It dies before anybody took the owner: there is no call, no endpoint, no facet. */
static void owner_dies_under_way(void)
{
	uint64_t endpoint = first_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct process_handle_client sender = start("send_owner", facet.id);
	struct ring_submission receive = ipc_receive(endpoint, 1);

	await_progress(1);
	CHECK_EQUAL(ipc_info(endpoint).queued, 1);
	kill(sender);
	receive.flags = OPERATION_FLAG_POLL;
	CHECK_STATUS(ipc_do_status(receive), STATUS_NOTHING_PENDING);
	give_up(endpoint, facet);
	CHECK(ipc_balanced());
}

/* Whoever made and paid for an endpoint is gone: who has it now serves it. */
static void maker_dies(void)
{
	uint64_t endpoint = first_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct process_handle_client maker = start("send_owner", facet.id);
	uint64_t theirs;
	uint64_t client;
	struct ipc_facet none = {};

	await_progress(1);
	(void)ipc_take_call(endpoint, 1);
	theirs = ipc_received(1, 0).capability;
	client = ipc_received(1, 1).capability;
	make_progress();
	must_pass(maker);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)),
		     STATUS_CALLER_GONE);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_open(client, theirs), 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_endpoint_revoke(theirs, client), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_call(client, 1, 0)), STATUS_REVOKED);
	CHECK_STATUS(ipc_derive(client, &none), STATUS_REVOKED);
	CHECK_STATUS(ipc_release(client), STATUS_OK);
	CHECK_STATUS(ipc_release(theirs), STATUS_OK);
	give_up(endpoint, facet);
	CHECK(ipc_balanced());
}

/* --- Memory under a reader
 * ---------------------------------------------------------------------- */

/* The child: asks for a page, and looks at it until it is told to end. */
static void reader(void)
{
	struct ring_submission call = ipc_call(ipc_granted("facet"), 1, 0);
	struct memory_object_client page;
	struct ring_completion completion;
	uint64_t address = 0;

	call.result_caps_max = 1;
	completion = ipc_do(call);
	CHECK_EQUAL(completion.transfer_count, 1);
	memcpy(&page.id, submit_arena(ipc_got_at(0) + completion.length), sizeof(page.id));
	CHECK_STATUS(virtual_memory_map(test_memory(), page, 0, PAGE_BYTES, PROTECTION_READ, 0,
					true, &address),
		     STATUS_OK);
	CHECK_EQUAL(*(volatile uint64_t *)address, 0);
	make_progress();
	while (progress() < 2)
		CHECK_EQUAL(*(volatile uint64_t *)address, 0);
}

static struct memory_object_client make_page(void)
{
	struct memory_object_client page = {};

	CHECK_STATUS(virtual_memory_create_object(test_memory(), PAGE_BYTES, &page), STATUS_OK);
	return page;
}

/* Give a facet of the page to a reader, and withdraw it under its eyes. */
static enum exit_record_which withdraw(struct memory_object_client page, bool by_account)
{
	uint64_t endpoint = first_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ipc_facet lent = {};
	struct process_handle_client process = start("reader", facet.id);
	struct ring_submission answer;
	enum exit_record_which which;
	int32_t code = 0;

	CHECK_STATUS(ipc_derive(page.id, &lent), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 1)), STATUS_OK);
	answer = ipc_return(ipc_header(1).call_id, 1, 2);
	ipc_attach(&answer, lent.id, CAP_GRANT_MODE_MOVE);
	CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
	await_progress(1);
	if (by_account)
		CHECK_STATUS(ipc_plain(ipc_account().id, ACCOUNT_CLOSE_METHOD), STATUS_OK);
	CHECK_STATUS(ipc_revoke(lent.control), STATUS_OK);
	if (by_account)
		make_progress();
	which = end_of(process, &code);
	CHECK_EQUAL(code, 0);
	CHECK_STATUS(ipc_release(lent.control), STATUS_OK);
	CHECK_STATUS(ipc_release(page.id), STATUS_OK);
	give_up(endpoint, facet);
	CHECK(ipc_balanced());
	return which;
}

static void memory_taken_away(void)
{
	CHECK_EQUAL(withdraw(make_page(), false), EXIT_RECORD_FAULTED);
}

/* Sealed memory stays, though the facet is withdrawn and the account of its maker closed. */
static void sealed_memory_stays(void)
{
	struct memory_object_client page = make_page();

	CHECK_STATUS(memory_object_seal(page), STATUS_OK);
	CHECK_EQUAL(withdraw(page, true), EXIT_RECORD_EXITED);
}

/* --- Scopes
 * ------------------------------------------------------------------------------------- */

static void nothing(void)
{
}

/* The child: a facet that is not to be passed on goes to its owner and to nobody else. */
static void holder(void)
{
	uint64_t facet = ipc_granted("facet");
	struct ring_submission call = ipc_call(facet, 1, 0);
	struct child_request request = {
		.binary = "ipc_death",
		.arguments = { "nothing" },
		.grants = { { "facet", facet } },
		.memory_bytes = 256 << 10,
		.slots = 8,
	};
	struct process_handle_client process;
	struct ipc_facet child = {};

	CHECK_STATUS(child_spawn(&request, &process), STATUS_TRANSFER_SCOPE);
	CHECK_STATUS(ipc_derive(facet, &child), STATUS_OK);
	request.grants[0].id = child.id;
	CHECK_STATUS(child_spawn(&request, &process), STATUS_TRANSFER_SCOPE);
	ipc_attach(&call, facet, CAP_GRANT_MODE_COPY);
	ipc_attach(&call, child.id, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(call), STATUS_OK);
}

static void regrant_only(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = {};
	struct child_request request = {
		.binary = "ipc_death",
		.arguments = { "holder" },
		.memory_bytes = MIB,
		.slots = 64,
		.threads = 2,
	};
	struct process_handle_client process;

	CHECK_STATUS(
		ipc_mint(endpoint, IPC_INTERFACE, TRANSFER_SCOPE_SERVICE_REGRANT_ONLY, &facet),
		STATUS_OK);
	request.grants[0] = (struct child_grant){ "report", child_report() };
	request.grants[1] = (struct child_grant){ "spawner", child_spawner().id };
	request.grants[2] = (struct child_grant){ "facet", facet.id };
	process = child_start(&request);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 1)), STATUS_OK);
	CHECK_EQUAL(ipc_header(1).cookie, facet.cookie);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)), STATUS_OK);
	must_pass(process);
	CHECK(ipc_balanced());
}

#define PASSES(name)                                                                     \
	{                                                                                \
		#name, name,                                                             \
		{                                                                        \
			.grants = TEST_TIMER | TEST_AUDIT | TEST_SPAWNER,                \
			.memory_bytes = 14 * MIB, .slots = 1200, .threads = CLIENTS + 2, \
			.timeout_s = 40,                                                 \
		}                                                                        \
	}

static const struct test_case cases[] = {
	PASSES(client_exits_in_service),
	PASSES(client_killed),
	PASSES(flood),
	PASSES(owner_dies_under_way),
	PASSES(maker_dies),
	PASSES(memory_taken_away),
	PASSES(sealed_memory_stays),
	PASSES(regrant_only),
	HELPER(many_calls),
	HELPER(call_and_exit),
	HELPER(mute_server),
	HELPER(send_owner),
	HELPER(reader),
	HELPER(holder),
	HELPER(nothing),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
