// SPDX-License-Identifier: MIT
/*
 * Host test of the death matrix: each cell of death_matrix.c is played, by a server, a client
 * and another process, and the page docs/reference/death-matrix.md says what the table says.
 *
 * After each cell: the operation completed exactly as often as it should, what was to move is
 * where the table says and nowhere else, a call in service finds its caller or callerGone, the
 * tables of all three are in order, and when they have gone every account has everything back.
 */
#include "kernel/core/endpoint.h"
#include "schema/timer.capnp.h"
#include "schema/uart.capnp.h"
#include "tests/host/death_matrix.h"
#include "tests/host/ipc_parties.h"

#include <stdio.h>
#include <string.h>

constexpr uint16_t OP = 1;       /* tag of the operation */
constexpr uint16_t RECEIVED = 2; /* of the server's receive, and the other's */
constexpr uint16_t BESIDES = 3;
constexpr uint16_t MOVING = 4;
constexpr uint64_t SECOND_NS = 1'000'000'000;
constexpr uint64_t DEADLINE_NS = 100 * SECOND_NS;
constexpr uint64_t UNTIL_NS = 1000 * SECOND_NS;
constexpr size_t TEXT_BYTES = 65536;

static struct party server;
static struct party client;
static struct party other;
static struct party *actor; /* whose operation it is */

static uint64_t endpoint;        /* the server's */
static struct made_facet object; /* a service object of it; facet is nobody's */
static struct made_facet parent; /* of the facet; control: the client's, or object's */
static struct made_facet facet;  /* the client's */
static uint64_t slot;            /* that the operation names */
static uint64_t other_facet;     /* the server's, of the other's endpoint */
static struct sent sent;         /* by the client */
static uint64_t call_id;         /* in service */
static uint64_t delivered[2];    /* the server's, of what was sent; 0 */

/* --- The scene -----------------------------------------------------------------------------
 */

static void start_parties(void)
{
	party_start(&server);
	party_start(&client);
	party_start(&other);
	call_id = 0;
	memset(delivered, 0, sizeof(delivered));
}

/* The server's endpoint, its service object, and the client's facet of that. */
static void make_service(void)
{
	struct program *program = &server.program;
	uint64_t shared;

	program_run(program);
	assert_int_equal(create_endpoint(program, 4, &endpoint), STATUS_OK);
	assert_int_equal(mint(program, endpoint, TRANSFER_SCOPE_SAME_SESSION, &object),
			 STATUS_OK);
	shared = party_share(&client, program, object.facet);
	assert_int_equal(release(program, object.facet), STATUS_OK);
	parent = object;
	program_run(&client.program);
	assert_int_equal(derive(&client.program, shared, TRANSFER_SCOPE_SAME_SESSION, &facet),
			 STATUS_OK);
	assert_int_equal(release(&client.program, shared), STATUS_OK);
}

/* Where the server can move its endpoint to. */
static void make_other(void)
{
	struct made_facet made;
	uint64_t own;

	program_run(&other.program);
	assert_int_equal(create_endpoint(&other.program, 4, &own), STATUS_OK);
	assert_int_equal(make_client(&other.program, own, TRANSFER_SCOPE_SAME_SESSION, &made),
			 STATUS_OK);
	other_facet = party_share(&server, &other.program, made.facet);
	submit_receive(&other.program, own, RECEIVED);
	party_enter(&other);
}

static void make_sent(void)
{
	program_run(&client.program);
	sent = (struct sent){ .mode = { CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_COPY },
			      .count = 2 };
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(create_object(&client.program, PAGE_SIZE, &sent.capability[i]),
				 STATUS_OK);
}

/* The client's capability of a kernel object, and two facets of it, one of the other. */
static void derive_twice(const char *name)
{
	struct program *program = &client.program;
	uint64_t direct =
		party_share(&client, &first,
			    name != nullptr ? program_capability(&first, name) : other.handle);

	program_run(program);
	assert_int_equal(derive(program, direct, TRANSFER_SCOPE_SAME_SESSION, &parent),
			 STATUS_OK);
	assert_int_equal(derive(program, parent.facet, TRANSFER_SCOPE_SAME_SESSION, &facet),
			 STATUS_OK);
	slot = direct;
}

/* --- The operations ------------------------------------------------------------------------
 */

static void receive_call(void)
{
	program_run(&server.program);
	submit_receive(&server.program, endpoint, RECEIVED);
	party_enter(&server);
	assert_int_equal(party_status(&server, RECEIVED), STATUS_OK);
	call_id = server.completion[RECEIVED].word;
	for (uint32_t i = 0; i < 2; i++)
		delivered[i] = received_capability(&server.program, RECEIVED, i).capability;
}

static void start_call(uint64_t deadline_ns)
{
	actor = &client;
	slot = facet.facet;
	submit_call(&client.program, slot, 1, &sent, OP);
	last_entry(&client.program)->deadline_ns = deadline_ns;
	party_enter(&client);
}

static void start_receive(uint64_t deadline_ns)
{
	actor = &server;
	slot = endpoint;
	submit_receive(&server.program, slot, OP);
	last_entry(&server.program)->deadline_ns = deadline_ns;
	party_enter(&server);
}

/* A kernel call by the client, through its facet or directly. */
static void start_kernel_call(enum waiting waiting, uint16_t method, uint64_t deadline_ns)
{
	bool through_facet = waiting == WAITING_PROCESS_FACET ||
			     waiting == WAITING_TIMER_FACET || waiting == WAITING_UART_FACET;
	struct request request;

	actor = &client;
	if (through_facet)
		slot = facet.facet;
	request_init_big(&request, slot, method);
	request.entry.tag = OP;
	request.entry.result_caps_max = 0;
	request.entry.deadline_ns = deadline_ns;
	/* Both have one number as parameter, or none. */
	if (method == TIMER_WAIT_METHOD && waiting >= WAITING_TIMER &&
	    waiting <= WAITING_TIMER_FACET)
		timer_wait_params_set_until_ns(timer_wait_params_init_root(&request.params),
					       UNTIL_NS);
	else if (waiting >= WAITING_UART)
		uart_read_params_set_max_bytes(uart_read_params_init_root(&request.params), 8);
	else
		(void)message_builder_root(&request.params, 0, 0);
	request_submit(&client.program, &request);
	party_enter(&client);
}

static void start(enum waiting waiting, uint64_t deadline_ns)
{
	switch (waiting) {
	case WAITING_CALL_QUEUED:
		start_call(deadline_ns);
		return;
	case WAITING_CALL_IN_SERVICE:
		start_call(deadline_ns);
		receive_call();
		return;
	case WAITING_RECEIVE:
		start_receive(deadline_ns);
		return;
	case WAITING_PROCESS:
	case WAITING_PROCESS_FACET:
		derive_twice(nullptr);
		start_kernel_call(waiting, PROCESS_HANDLE_WAIT_METHOD, deadline_ns);
		return;
	case WAITING_TIMER:
	case WAITING_TIMER_FACET:
		derive_twice("timer");
		start_kernel_call(waiting, TIMER_WAIT_METHOD, deadline_ns);
		return;
	case WAITING_UART:
	case WAITING_UART_FACET:
		derive_twice("uart");
		start_kernel_call(waiting, UART_READ_METHOD, deadline_ns);
		return;
	case WAITING_COUNT:
		break;
	}
	fail();
}

/* --- The events ----------------------------------------------------------------------------
 */

static void kill_party(const struct party *party)
{
	program_run(&first);
	assert_int_equal(kill_process(&first, party->handle), STATUS_OK);
}

static void release_slot(struct party *party, uint64_t capability)
{
	program_submit(&party->program,
		       &(struct ring_submission){ .opcode = OPERATION_CODE_RELEASE,
						  .tag = BESIDES,
						  .user_data = BESIDES,
						  .target = capability });
	party_enter(party);
	assert_int_equal(party_status(party, BESIDES), STATUS_OK);
}

static void call_method(struct party *party, uint64_t target, uint16_t method)
{
	party_call(party, target, method);
	assert_int_equal(party_status(party, PARTY_TAGS - 1), STATUS_OK);
}

static void close_the_object(void)
{
	struct request request;

	request_init_big(&request, endpoint, ENDPOINT_CLOSE_OBJECT_METHOD);
	endpoint_close_object_params_set_cookie(
		endpoint_close_object_params_init_root(&request.params), object.cookie);
	request_submit(&server.program, &request);
	party_enter(&server);
	assert_int_equal(party_status(&server, PARTY_TAGS - 1), STATUS_OK);
}

static void move_owner(void)
{
	struct sent owner = { .capability = { endpoint },
			      .mode = { CAP_GRANT_MODE_MOVE },
			      .count = 1 };

	submit_call(&server.program, other_facet, 1, &owner, MOVING);
	party_enter(&server);
	party_settle(&other);
	assert_int_equal(party_status(&other, RECEIVED), STATUS_OK);
}

static void exit_client(void)
{
	program_run(&client.program);
	(void)program_syscall(&client.program, SYSCALL_EXIT, 0, 0);
}

static void answer(uint64_t id, const struct sent *with, uint16_t tag)
{
	submit_return(&server.program, id, 1, with, tag);
	party_enter(&server);
}

static void serve(enum waiting waiting)
{
	if (waiting == WAITING_CALL_QUEUED) {
		receive_call();
	} else if (waiting == WAITING_CALL_IN_SERVICE) {
		answer(call_id, nullptr, BESIDES);
	} else if (waiting == WAITING_RECEIVE) {
		submit_call(&client.program, facet.facet, 1, &sent, BESIDES);
		party_enter(&client);
	} else if (waiting <= WAITING_PROCESS_FACET) {
		kill_party(&other);
	} else if (waiting <= WAITING_TIMER_FACET) {
		kernel_advance(UNTIL_NS);
	} else {
		fake_hal_serial_input("x", 1);
		(void)kernel_take_serial();
	}
}

static uint64_t account_of(const struct party *party)
{
	return program_capability(&party->program, "account");
}

static void happen(enum waiting waiting, enum event event)
{
	bool by_server = waiting <= WAITING_RECEIVE;

	switch (event) {
	case EVENT_SERVED:
		serve(waiting);
		return;
	case EVENT_SLOT_RELEASED:
		release_slot(actor, slot);
		return;
	case EVENT_FACET_REVOKED:
		call_method(&client, facet.control, FACET_CONTROL_REVOKE_METHOD);
		return;
	case EVENT_PARENT_REVOKED:
		call_method(by_server ? &server : &client, parent.control,
			    FACET_CONTROL_REVOKE_METHOD);
		return;
	case EVENT_OBJECT_CLOSED:
		close_the_object();
		return;
	case EVENT_ENDPOINT_CLOSED:
		call_method(&server, endpoint, ENDPOINT_CLOSE_METHOD);
		return;
	case EVENT_OWNER_RELEASED:
		release_slot(&server, endpoint);
		return;
	case EVENT_OWNER_MOVED:
		move_owner();
		return;
	case EVENT_SERVER_ENDS:
		kill_party(&server);
		return;
	case EVENT_CLIENT_ENDS:
		exit_client();
		return;
	case EVENT_PROCESS_ENDS:
		kill_party(&other);
		return;
	case EVENT_DEADLINE:
		kernel_advance(DEADLINE_NS);
		return;
	case EVENT_CANCEL:
		submit_cancel(&actor->program, OP, BESIDES);
		party_enter(actor);
		return;
	case EVENT_ACCOUNT_CLOSED:
		call_method(actor, account_of(actor), ACCOUNT_CLOSE_METHOD);
		return;
	case EVENT_PEER_ACCOUNT_CLOSED:
		call_method(actor == &client ? &server : &client,
			    account_of(actor == &client ? &server : &client),
			    ACCOUNT_CLOSE_METHOD);
		return;
	case EVENT_COUNT:
		break;
	}
	fail();
}

/* --- What has become of it -----------------------------------------------------------------
 */

static bool is_busy(const struct party *party)
{
	return (party->program.process->thread->ring.busy >> OP & 1) != 0;
}

static void check_operation(struct cell cell)
{
	if (cell.outcome == OUTCOME_GONE) {
		assert_true(actor->ended);
		assert_int_equal(actor->count[OP], 0);
		return;
	}
	assert_false(actor->ended);
	assert_int_equal(is_busy(actor), cell.outcome == OUTCOME_WAITS);
	assert_int_equal(actor->count[OP], cell.outcome == OUTCOME_ENDS);
	if (cell.outcome == OUTCOME_WAITS)
		return;
	assert_int_equal(party_status(actor, OP), cell.status);
	assert_int_equal(actor->completion[OP].kind, cell.kind);
	if (cell.kind == COMPLETION_KIND_DROPPED)
		assert_int_equal(actor->completion[OP].word, object.cookie);
}

static bool has(const struct party *party, uint64_t capability)
{
	return !party->ended && capability != 0 && party_object(party, capability) != nullptr;
}

/* The moved one is in exactly one place; the copied one stays, and arrives with the other. */
static void check_capabilities(struct cell cell)
{
	bool locked =
		!client.ended && cap_table_is_locked(&client.program.process->table,
						     (struct cap_id){ sent.capability[0] });

	if (cell.keeper == KEEPER_NONE)
		return;
	assert_int_equal(locked, cell.keeper == KEEPER_LOCKED);
	assert_int_equal(has(&client, sent.capability[0]), cell.keeper == KEEPER_CALLER);
	assert_int_equal(has(&server, delivered[0]), cell.keeper == KEEPER_SERVER);
	assert_int_equal(has(&client, sent.capability[1]), !client.ended);
	assert_int_equal(has(&server, delivered[1]), cell.keeper == KEEPER_SERVER);
}

/* The server answers what it has received, with the moved capability. */
static void check_answer(struct cell cell, enum event event)
{
	struct sent back = { .capability = { delivered[0] },
			     .mode = { CAP_GRANT_MODE_MOVE },
			     .count = 1 };
	enum status expected = cell.outcome == OUTCOME_WAITS ? STATUS_OK : STATUS_CALLER_GONE;

	if (server.ended || call_id == 0)
		return;
	if (event == EVENT_SERVED && cell.outcome == OUTCOME_ENDS)
		expected = STATUS_UNKNOWN_CALL;
	party_forget(&server);
	answer(call_id, &back, BESIDES);
	assert_int_equal(party_status(&server, BESIDES), expected);
	assert_int_equal(has(&server, delivered[0]), expected != STATUS_OK);
	party_settle(&client);
}

/* What still waits can be ended once; what has ended does not end again. */
static void check_once(void)
{
	if (actor->ended)
		return;
	if (is_busy(actor)) {
		submit_cancel(&actor->program, OP, BESIDES);
		party_enter(actor);
		assert_int_equal(party_status(actor, OP), STATUS_CANCELLED);
	}
	party_settle(actor);
	assert_int_equal(actor->count[OP], 1);
	/* Nothing is set aside any more for what an answer or a call may bring. */
	if (actor == &client)
		assert_int_equal(actor->program.process->table.reserved_count, 0);
}

static void settle_all(void)
{
	party_settle(&server);
	party_settle(&client);
	party_settle(&other);
	party_check(&server);
	party_check(&client);
	party_check(&other);
	kernel_check();
}

static void play(enum waiting waiting, enum event event)
{
	struct cell cell = death_matrix_cell(waiting, event);
	struct supply_report before = kernel_balance();

	fprintf(stderr, "%s; %s\n", death_matrix_waiting(waiting), death_matrix_event(event));
	start_parties();
	make_service();
	make_other();
	make_sent();
	start(waiting, event == EVENT_DEADLINE ? hal_timestamp() + DEADLINE_NS / 2 : 0);
	assert_int_equal(actor->count[OP], 0);
	happen(waiting, event);
	settle_all();
	check_operation(cell);
	check_capabilities(cell);
	check_answer(cell, event);
	check_once();
	settle_all();
	party_end(&client);
	party_end(&server);
	party_end(&other);
	assert_balance(before);
}

static void each_cell_is_as_the_table_says(void **)
{
	for (uint32_t w = 0; w < WAITING_COUNT; w++)
		for (uint32_t e = 0; e < EVENT_COUNT; e++) {
			(void)kernel_setup(nullptr);
			play((enum waiting)w, (enum event)e);
			(void)kernel_teardown(nullptr);
		}
}

/* From its second heading on. */
static void the_page_says_what_the_table_says(void **)
{
	static const char heading[] = "\n## The matrix\n";
	static char page[TEXT_BYTES];
	static char expected[TEXT_BYTES];
	FILE *file = fopen("docs/reference/death-matrix.md", "r");
	const char *tables;

	assert_non_null(file);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	expected[death_matrix_write(expected, sizeof(expected) - 1)] = '\0';
	tables = strstr(page, heading);
	assert_non_null(tables);
	if (strcmp(tables + strlen(heading), expected) != 0)
		fprintf(stderr, "the page should end with:\n%s", expected);
	assert_string_equal(tables + strlen(heading), expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_is_as_the_table_says),
		cmocka_unit_test(the_page_says_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
