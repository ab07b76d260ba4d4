// SPDX-License-Identifier: MIT
/*
 * Spawn grants: what is exported as a service, what is not, and that nobody to whom a facet was
 * delegated can make it look like another's.  The case owns the endpoint; the delegates are a
 * spawner like a shell, a client, and a chain of first processes of their own.
 */
#include "tests/program/delegate.h"

constexpr uint64_t SERVICE = 0x5e41ce0000000002;
constexpr uint64_t OTHER = 0x5e41ce0000000003;
constexpr uint64_t MIB = 1 << 20;
constexpr uint16_t RECEIVE = 1;
constexpr uint16_t ANSWER = 2;

static struct delegate_request child(const char *name)
{
	return (struct delegate_request){
		.binary = "delegate",
		.argument = { name },
		.grants = { { "report", .id = child_report() } },
		.memory_bytes = MIB,
		.threads = 1,
	};
}

/* Receive a call and answer it: its header. */
static struct ring_call_header serve(uint64_t endpoint)
{
	struct ring_completion completion = ipc_do(ipc_receive(endpoint, RECEIVE));
	struct ring_call_header header = ipc_header(RECEIVE);

	CHECK_EQUAL(completion.status, 0);
	CHECK_EQUAL(completion.kind, COMPLETION_KIND_DONE);
	ipc_check_end(__LINE__, ipc_do(ipc_return(header.call_id, 1, ANSWER)), STATUS_OK);
	return header;
}

static void check_header(struct ring_call_header header, uint64_t interface_id, uint64_t cookie)
{
	CHECK_EQUAL(header.interface_id, interface_id);
	CHECK_EQUAL(header.cookie, cookie);
}

static void call_once(void)
{
	CHECK_EQUAL(delegate_call(ipc_granted("facet"), 5), 1);
}

/* --- Exports ------------------------------------------------------------------------------ */

static void export_is_taken_as_a_service(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct delegate_request request = child("call_once");
	struct delegate_child started;
	uint64_t seen[2];

	for (uint32_t i = 0; i < 2; i++) {
		request.grants[1] =
			(struct delegate_grant){ "facet", endpoint, i == 0 ? SERVICE : OTHER,
						 .mode = CAP_GRANT_MODE_SERVICE_OBJECT };
		CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
		CHECK_EQUAL(started.cookies[0], 0);
		seen[i] = started.cookies[1];
		CHECK(seen[i] != 0);
		check_header(serve(endpoint), i == 0 ? SERVICE : OTHER, seen[i]);
		delegate_must_pass(started);
		CHECK_EQUAL(ipc_do(ipc_receive(endpoint, RECEIVE)).word, seen[i]);
	}
	CHECK(seen[0] != seen[1]);
	request.grants[1].mode = CAP_GRANT_MODE_CLIENT_ENDPOINT;
	CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
	CHECK_EQUAL(started.cookies[1], 0);
	check_header(serve(endpoint), OTHER, 0);
	delegate_must_pass(started);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
}

static void kernel_objects_are_no_services(void)
{
	static const uint16_t modes[] = { CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE,
					  CAP_GRANT_MODE_CLIENT_ENDPOINT,
					  CAP_GRANT_MODE_SERVICE_OBJECT };
	uint64_t what[] = { submit_timer(), child_report(), test_memory().id,
			    child_spawner().id, ipc_account().id };

	for (uint32_t w = 0; w < sizeof(what) / sizeof(what[0]); w++)
		for (uint32_t i = 0; i < 4; i++)
			delegate_refused(child("call_once"),
					 (struct delegate_grant){ .id = what[w],
								  .interface_id = SERVICE,
								  .mode = modes[i] },
					 STATUS_WRONG_INTERFACE);
}

/* --- Relabelling -------------------------------------------------------------------------- */

/* Everything that would give a facet another identity. */
static void try_to_relabel(uint64_t facet)
{
	static const uint16_t modes[] = { CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE,
					  CAP_GRANT_MODE_CLIENT_ENDPOINT };

	for (uint32_t i = 0; i < 3; i++) {
		struct delegate_grant grant = { .id = facet, .mode = modes[i] };

		grant.interface_id = OTHER;
		delegate_refused(child("call_once"), grant, STATUS_RELABEL_REFUSED);
		grant.interface_id = SERVICE;
		grant.has_badge = true;
		for (uint64_t badge = 0; badge < 3; badge++) {
			grant.badge = badge * 0x7fffffff;
			delegate_refused(child("call_once"), grant, STATUS_RELABEL_REFUSED);
		}
	}
	delegate_refused(
		child("call_once"),
		(struct delegate_grant){ .id = facet, .mode = CAP_GRANT_MODE_SERVICE_OBJECT },
		STATUS_RELABEL_REFUSED);
}

/* Try, then pass it on to a child as it is, and call it: both with the same identity. */
static void spawn_like_a_shell(void)
{
	struct delegate_request request = child("call_once");
	struct delegate_child started;
	uint64_t facet = ipc_granted("facet");

	try_to_relabel(facet);
	for (uint16_t mode = CAP_GRANT_MODE_COPY; mode <= CAP_GRANT_MODE_CLIENT_ENDPOINT;
	     mode += 2) {
		request.grants[1] =
			(struct delegate_grant){ "facet", .id = facet, .mode = mode };
		CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
		CHECK_EQUAL(started.cookies[1], 0);
		delegate_must_pass(started);
	}
	call_once();
}

/* A first process of its own: everything that it holds is its child's, and so on. */
static void init(void)
{
	static char depth[17];
	struct delegate_request request = child("init");
	struct delegate_child started;
	uint64_t left = test_argument_number(1);
	uint64_t facet = ipc_granted("facet");

	try_to_relabel(facet);
	call_once();
	if (left == 0)
		return;
	(void)format(depth, sizeof(depth), "%lx", left - 1);
	request.argument[1] = depth;
	request.threads = (uint32_t)left;
	request.memory_bytes = left * MIB;
	request.grants[1] =
		(struct delegate_grant){ "facet", .id = facet, .mode = CAP_GRANT_MODE_MOVE };
	request.grants[2] = (struct delegate_grant){ "spawner", .id = child_spawner().id };
	CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
	CHECK_STATUS(ipc_release(facet), STATUS_BAD_CAPABILITY);
	delegate_must_pass(started);
}

/* All calls of whoever got the facet, or got it passed on, arrive as this one's. */
static void contained(struct delegate_request request, struct delegate_grant grant,
		      uint32_t calls)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = {};
	struct delegate_child started;

	CHECK_STATUS(ipc_mint(endpoint, SERVICE, TRANSFER_SCOPE_SAME_SESSION, &facet),
		     STATUS_OK);
	grant.name = "facet";
	grant.id = facet.id;
	request.grants[1] = grant;
	request.grants[2] = (struct delegate_grant){ "spawner", .id = child_spawner().id };
	request.threads = 4;
	request.memory_bytes = 6 * MIB;
	CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
	for (uint32_t i = 0; i < calls; i++)
		check_header(serve(endpoint), SERVICE, facet.cookie);
	delegate_must_pass(started);
	CHECK_EQUAL(ipc_info(endpoint).objects, 1);
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.control), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
}

static void contained_in_a_shell(void)
{
	contained(child("spawn_like_a_shell"), (struct delegate_grant){}, 3);
}

static void contained_in_a_delegated_client(void)
{
	contained(child("spawn_like_a_shell"),
		  (struct delegate_grant){ .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT }, 3);
}

static void contained_in_a_child_init(void)
{
	struct delegate_request request = child("init");

	request.argument[1] = "2";
	contained(request, (struct delegate_grant){}, 3);
}

/* What is for its owner alone to give away stays with whom it was given to. */
static void keep_it(void)
{
	static const uint16_t modes[] = { CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE,
					  CAP_GRANT_MODE_CLIENT_ENDPOINT };

	for (uint32_t i = 0; i < 3; i++)
		delegate_refused(
			child("call_once"),
			(struct delegate_grant){ .id = ipc_granted("facet"), .mode = modes[i] },
			STATUS_TRANSFER_SCOPE);
	call_once();
}

static void scope_holds_for_spawning(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct delegate_request request = child("keep_it");
	struct delegate_child started;

	request.grants[1] =
		(struct delegate_grant){ "facet", endpoint, SERVICE,
					 .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
					 .scope = TRANSFER_SCOPE_SERVICE_REGRANT_ONLY };
	request.grants[2] = (struct delegate_grant){ "spawner", .id = child_spawner().id };
	request.threads = 5;
	request.memory_bytes = 8 * MIB;
	CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
	check_header(serve(endpoint), SERVICE, started.cookies[1]);
	delegate_must_pass(started);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
}

/* --- A server that dies --------------------------------------------------------------------
 */

static void serve_nobody(void)
{
	CHECK_EQUAL(ipc_do(ipc_receive(ipc_granted("endpoint"), RECEIVE)).status, 0);
	for (;;)
		(void)submit_enter(1, RING_NO_DEADLINE);
}

/* The endpoint is the child's; calls are in service and wait when it is killed. */
static void callers_of_the_killed_are_disconnected(void)
{
	struct delegate_request request = child("serve_nobody");
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct delegate_child started;

	request.grants[1] = (struct delegate_grant){ "endpoint", .id = endpoint,
						     .mode = CAP_GRANT_MODE_MOVE };
	CHECK_STATUS(delegate_spawn(&request, &started), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_BAD_CAPABILITY);
	for (uint16_t tag = 4; tag < 10; tag++) {
		struct ring_submission call = ipc_call(facet.id, 1, tag);

		submit_put(&call);
	}
	for (uint16_t tag = 10; tag < 14; tag++) {
		struct ring_submission wait =
			submit_call(started.process, PROCESS_HANDLE_WAIT_METHOD, 0);

		wait.tag = tag;
		wait.user_data = 0x3a1700 + tag;
		submit_put(&wait);
	}
	ipc_enter();
	CHECK_STATUS(ipc_plain(started.process, PROCESS_HANDLE_KILL_METHOD), STATUS_OK);
	for (uint16_t tag = 4; tag < 10; tag++)
		IPC_ENDS(tag, STATUS_DISCONNECTED);
	for (uint16_t tag = 10; tag < 14; tag++)
		IPC_ENDS(tag, STATUS_OK);
	CHECK_STATUS(ipc_plain(started.process, PROCESS_HANDLE_KILL_METHOD),
		     STATUS_PROCESS_ENDED);
	CHECK_STATUS(ipc_release(started.process), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.control), STATUS_OK);
	CHECK(ipc_balanced());
}

#define CASE(name)                                                            \
	{                                                                     \
		#name, name,                                                  \
		{                                                             \
			.memory_bytes = 16 * MIB, .slots = 512, .threads = 8, \
			.grants = TEST_TIMER | TEST_SPAWNER | TEST_AUDIT,     \
		}                                                             \
	}

static const struct test_case cases[] = {
	CASE(export_is_taken_as_a_service),
	CASE(kernel_objects_are_no_services),
	CASE(contained_in_a_shell),
	CASE(contained_in_a_delegated_client),
	CASE(contained_in_a_child_init),
	CASE(scope_holds_for_spawning),
	CASE(callers_of_the_killed_are_disconnected),
	HELPER(call_once),
	HELPER(spawn_like_a_shell),
	HELPER(init),
	HELPER(keep_it),
	HELPER(serve_nobody),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
