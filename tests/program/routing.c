// SPDX-License-Identifier: MIT
/*
 * Service objects: one server, two receivers.  The case is the server and owns the endpoint;
 * clients are processes of their own, which do what they can to reach the other's receiver.
 */
#include "tests/program/delegate.h"

constexpr uint64_t SERVICE = 0x5e41ce0000000001;
constexpr uint64_t MIB = 1 << 20;
constexpr uint16_t RECEIVE = 1;
constexpr uint16_t ANSWER = 2;
constexpr uint32_t CALLS = 3;

/* The server's records: which object, and what reached it. */
struct receiver {
	struct ipc_facet facet;
	uint32_t calls;
	uint32_t dropped;
};

static struct receiver receivers[2];
static uint64_t endpoint;

static struct delegate_request client(const char *name)
{
	return (struct delegate_request){
		.binary = "routing",
		.argument = { name },
		.grants = { { "report", .id = child_report() } },
		.memory_bytes = MIB,
		.threads = 1,
	};
}

static void open_service(void)
{
	endpoint = ipc_endpoint();
	for (uint32_t i = 0; i < 2; i++)
		CHECK_STATUS(ipc_mint(endpoint, SERVICE, TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE,
				      &receivers[i].facet),
			     STATUS_OK);
	CHECK(receivers[0].facet.cookie != receivers[1].facet.cookie);
}

static struct receiver *receiver_of(uint64_t cookie)
{
	for (uint32_t i = 0; i < 2; i++)
		if (receivers[i].facet.cookie == cookie)
			return &receivers[i];
	test_fail("cookie", "%lx is nobody's", cookie);
}

/* Receive once: a call is answered with the number of the receiver that it reached; news of a
 * dropped object frees the record.  False: it was news. */
static bool serve_one(void)
{
	struct ring_completion completion = ipc_do(ipc_receive(endpoint, RECEIVE));
	struct ring_call_header header = ipc_header(RECEIVE);
	struct receiver *receiver;

	CHECK_STATUS(submit_status(&completion), STATUS_OK);
	if (completion.kind == COMPLETION_KIND_DROPPED) {
		receiver_of(completion.word)->dropped++;
		return false;
	}
	receiver = receiver_of(header.cookie);
	receiver->calls++;
	CHECK_EQUAL(header.interface_id, SERVICE);
	ipc_check_end(
		__LINE__,
		ipc_do(ipc_return(header.call_id, (uint64_t)(receiver - receivers), ANSWER)),
		STATUS_OK);
	return true;
}

static void release_facet(struct receiver *receiver, bool is_held)
{
	if (is_held)
		CHECK_STATUS(ipc_release(receiver->facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(receiver->facet.control), STATUS_OK);
}

/* Each record was freed by news of its own, and nothing is left of the objects. */
static void all_dropped(void)
{
	while (receivers[0].dropped + receivers[1].dropped < 2)
		CHECK(!serve_one());
	CHECK_EQUAL(receivers[0].dropped, 1);
	CHECK_EQUAL(ipc_info(endpoint).objects, 0);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
}

/* --- A client: facet MINE, the number of its receiver, the cookie of the other's ------------
 */

/* Whatever the payload names, what answers is the own receiver. */
static void call_mine(void)
{
	uint64_t facet = ipc_granted("mine");

	for (uint32_t i = 0; i < CALLS; i++)
		CHECK_EQUAL(delegate_call(facet, test_argument_number(2)),
			    test_argument_number(1));
}

static struct delegate_child start_client(const char *name, uint32_t number,
					  struct delegate_grant grant)
{
	static char texts[2][17];
	struct delegate_request request = client(name);
	struct delegate_child child;

	(void)format(texts[0], sizeof(texts[0]), "%x", number);
	(void)format(texts[1], sizeof(texts[1]), "%lx", receivers[!number].facet.cookie);
	request.argument[1] = texts[0];
	request.argument[2] = texts[1];
	grant.name = "mine";
	request.grants[1] = grant;
	request.grants[2] = (struct delegate_grant){ "spawner", .id = child_spawner().id,
						     .mode = CAP_GRANT_MODE_COPY };
	request.threads = 2;
	request.memory_bytes = 3 * MIB;
	CHECK_STATUS(delegate_spawn(&request, &child), STATUS_OK);
	return child;
}

/* One has a copy, the other what was the server's own. */
static void copied_and_moved_by_spawn(void)
{
	struct delegate_child children[2];

	open_service();
	for (uint32_t i = 0; i < 2; i++)
		children[i] = start_client(
			"call_mine", i,
			(struct delegate_grant){ .id = receivers[i].facet.id,
						 .mode = i == 0 ? CAP_GRANT_MODE_COPY
								: CAP_GRANT_MODE_MOVE });
	while (receivers[0].calls < CALLS || receivers[1].calls < CALLS)
		(void)serve_one();
	release_facet(&receivers[0], true);
	/* Moved away. */
	CHECK_STATUS(ipc_release(receivers[1].facet.id), STATUS_BAD_CAPABILITY);
	release_facet(&receivers[1], false);
	all_dropped();
	CHECK_EQUAL(receivers[0].calls, CALLS);
	CHECK_EQUAL(receivers[1].calls, CALLS);
	for (uint32_t i = 0; i < 2; i++)
		delegate_must_pass(children[i]);
}

/* --- Through calls --------------------------------------------------------------------------
 */

/* The facet comes with an answer. */
static void ask_and_call(void)
{
	struct ring_submission call = ipc_call(ipc_granted("mine"), 0, 3);
	struct ring_completion completion;
	struct ring_transfer_result record;

	call.result_caps_max = 1;
	completion = ipc_do(call);
	CHECK_STATUS(submit_status(&completion), STATUS_OK);
	CHECK_EQUAL(completion.transfer_count, 1);
	memcpy(&record, submit_arena(ipc_got_at(3) + completion.length), sizeof(record));
	CHECK_EQUAL(record.interface_id, SERVICE);
	for (uint32_t i = 0; i < CALLS; i++)
		CHECK_EQUAL(delegate_call(record.capability, test_argument_number(2)),
			    test_argument_number(1));
}

static void copied_and_moved_by_ipc(void)
{
	struct ipc_facet door = {};
	struct delegate_child children[2];

	open_service();
	CHECK_STATUS(ipc_client_as(endpoint, SERVICE, TRANSFER_SCOPE_SAME_SESSION, &door),
		     STATUS_OK);
	for (uint32_t i = 0; i < 2; i++) {
		struct ring_submission answer;

		children[i] = start_client("ask_and_call", i,
					   (struct delegate_grant){ .id = door.id });
		CHECK_EQUAL(ipc_do(ipc_receive(endpoint, RECEIVE)).status, 0);
		CHECK_EQUAL(ipc_header(RECEIVE).cookie, 0);
		answer = ipc_return(ipc_header(RECEIVE).call_id, 0, ANSWER);
		ipc_attach(&answer, receivers[i].facet.id,
			   i == 0 ? CAP_GRANT_MODE_COPY : CAP_GRANT_MODE_MOVE);
		ipc_check_end(__LINE__, ipc_do(answer), STATUS_OK);
		while (receivers[i].calls < CALLS)
			(void)serve_one();
	}
	release_facet(&receivers[0], true);
	release_facet(&receivers[1], false);
	all_dropped();
	for (uint32_t i = 0; i < 2; i++)
		delegate_must_pass(children[i]);
	CHECK_STATUS(ipc_release(door.id), STATUS_OK);
	CHECK_STATUS(ipc_release(door.control), STATUS_OK);
}

/* --- Nested ---------------------------------------------------------------------------------
 */

/* Hand it to a child by this mode; who calls is the child. */
static void hand_on(uint16_t mode)
{
	static char texts[2][17];
	struct delegate_request request = client("call_mine");
	struct delegate_child child;

	(void)format(texts[0], sizeof(texts[0]), "%lx", test_argument_number(1));
	(void)format(texts[1], sizeof(texts[1]), "%lx", test_argument_number(2));
	request.argument[1] = texts[0];
	request.argument[2] = texts[1];
	request.grants[1] =
		(struct delegate_grant){ "mine", .id = ipc_granted("mine"), .mode = mode };
	CHECK_STATUS(delegate_spawn(&request, &child), STATUS_OK);
	delegate_must_pass(child);
}

static void hand_on_all(void)
{
	hand_on(CAP_GRANT_MODE_COPY);
	hand_on(CAP_GRANT_MODE_CLIENT_ENDPOINT);
	hand_on(CAP_GRANT_MODE_MOVE);
	CHECK_STATUS(ipc_release(ipc_granted("mine")), STATUS_BAD_CAPABILITY);
}

static void delegated_by_nested_spawns(void)
{
	struct delegate_child child;

	open_service();
	child = start_client("hand_on_all", 1,
			     (struct delegate_grant){ .id = receivers[1].facet.id });
	while (receivers[1].calls < 3 * CALLS)
		CHECK(serve_one());
	CHECK_EQUAL(receivers[0].calls, 0);
	delegate_must_pass(child);
	release_facet(&receivers[0], true);
	release_facet(&receivers[1], true);
	all_dropped();
}

/* --- What a holder cannot -------------------------------------------------------------------
 */

/* A call that asks the facet to mint is the server's to answer, like any other. */
static void try_to_own(void)
{
	uint64_t facet = ipc_granted("mine");
	struct ring_submission receive = ipc_receive(facet, 4);
	struct ring_submission mint = ipc_call(facet, SERVICE, 3);
	struct ring_completion completion;

	receive.flags = OPERATION_FLAG_POLL;
	CHECK_STATUS(ipc_do_status(receive), STATUS_WRONG_INTERFACE);
	for (uint64_t id = 0; id < 64; id++)
		CHECK_STATUS(ipc_do_status(ipc_return(1UL << 12 | id, 1, 5)),
			     STATUS_UNKNOWN_CALL);
	CHECK_STATUS(ipc_do_status(ipc_return(facet, 1, 5)), STATUS_UNKNOWN_CALL);
	mint.method = ENDPOINT_MINT_METHOD;
	mint.result_caps_max = 2;
	completion = ipc_do(mint);
	CHECK_STATUS(submit_status(&completion), STATUS_OK);
	CHECK_EQUAL(completion.transfer_count, 0);
	delegate_refused(client("call_mine"),
			 (struct delegate_grant){ .id = facet,
						  .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
						  .interface_id = SERVICE },
			 STATUS_RELABEL_REFUSED);
	CHECK_EQUAL(delegate_call(facet, 0), test_argument_number(1));
}

static void only_the_owner_mints_and_receives(void)
{
	struct delegate_child child;

	open_service();
	child = start_client("try_to_own", 0,
			     (struct delegate_grant){ .id = receivers[0].facet.id });
	while (receivers[0].calls < 2)
		CHECK(serve_one());
	CHECK_EQUAL(ipc_info(endpoint).objects, 2);
	delegate_must_pass(child);
	release_facet(&receivers[0], true);
	release_facet(&receivers[1], true);
	all_dropped();
}

/* --- Ends -----------------------------------------------------------------------------------
 */

/* Each answered call is a step of the server's. */
static void see_the_end(void)
{
	static const enum status expected[] = { STATUS_OBJECT_CLOSED, STATUS_OBJECT_STALE };
	uint64_t facet = ipc_granted("mine");
	uint64_t door = ipc_granted("door");
	uint64_t other = ipc_granted("other");

	for (uint32_t i = 0; i < 2; i++) {
		(void)delegate_call(door, i);
		CHECK_STATUS(ipc_do_status(ipc_call(facet, 0, 4)), expected[i]);
	}
	(void)delegate_call(door, 2);
	CHECK_STATUS(ipc_do_status(ipc_call(other, 0, 4)), STATUS_REVOKED);
	CHECK_STATUS(ipc_do_status(ipc_call(facet, 0, 4)), STATUS_OBJECT_STALE);
}

/* Close one, give its index to another object, revoke the other. */
static void step(uint64_t which, struct ipc_facet *next)
{
	if (which == 0) {
		CHECK_STATUS(ipc_close_object(endpoint, receivers[0].facet.cookie), STATUS_OK);
	} else if (which == 1) {
		CHECK_STATUS(ipc_mint(endpoint, SERVICE, TRANSFER_SCOPE_SAME_SESSION, next),
			     STATUS_OK);
		CHECK_EQUAL((uint32_t)next->cookie, (uint32_t)receivers[0].facet.cookie);
		CHECK(next->cookie != receivers[0].facet.cookie);
	} else {
		CHECK_STATUS(ipc_revoke(receivers[1].facet.control), STATUS_OK);
	}
}

static void every_end_has_its_status(void)
{
	struct delegate_request request = client("see_the_end");
	struct delegate_child child;
	struct ipc_facet next = {};

	open_service();
	request.grants[1] = (struct delegate_grant){ "mine", .id = receivers[0].facet.id };
	request.grants[2] = (struct delegate_grant){ "other", .id = receivers[1].facet.id };
	request.grants[3] =
		(struct delegate_grant){ "door", .id = endpoint, .interface_id = SERVICE,
					 .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT };
	CHECK_STATUS(delegate_spawn(&request, &child), STATUS_OK);
	for (uint64_t i = 0; i < 3; i++) {
		CHECK_EQUAL(ipc_do(ipc_receive(endpoint, RECEIVE)).status, 0);
		CHECK_EQUAL(ipc_header(RECEIVE).cookie, 0);
		step(i, &next);
		ipc_check_end(__LINE__,
			      ipc_do(ipc_return(ipc_header(RECEIVE).call_id, 0, ANSWER)),
			      STATUS_OK);
	}
	delegate_must_pass(child);
	CHECK_STATUS(ipc_close_object(endpoint, receivers[0].facet.cookie),
		     STATUS_OBJECT_STALE);
	release_facet(&receivers[0], true);
	release_facet(&receivers[1], true);
	CHECK_STATUS(ipc_release(next.id), STATUS_OK);
	CHECK_STATUS(ipc_release(next.control), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
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
	CASE(copied_and_moved_by_spawn),
	CASE(copied_and_moved_by_ipc),
	CASE(delegated_by_nested_spawns),
	CASE(only_the_owner_mints_and_receives),
	CASE(every_end_has_its_status),
	HELPER(call_mine),
	HELPER(ask_and_call),
	HELPER(hand_on_all),
	HELPER(try_to_own),
	HELPER(see_the_end),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
