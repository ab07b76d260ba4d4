// SPDX-License-Identifier: MIT
/*
 * Facets made, derived, closed and withdrawn in every wrong way; what accounts refuse when they
 * are used up or closed; endpoints that close around their calls; revocation of ten thousand.
 */
#include "tests/program/ipc.h"

constexpr uint64_t MIB = 1 << 20;
constexpr uint32_t STORM = 10000;

static void release_facet(struct ipc_facet facet)
{
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.control), STATUS_OK);
}

static struct ipc_facet mint(uint64_t endpoint)
{
	struct ipc_facet facet = {};

	CHECK_STATUS(ipc_mint(endpoint, IPC_INTERFACE, TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE,
			      &facet),
		     STATUS_OK);
	CHECK(facet.cookie != 0);
	return facet;
}

static void put(struct ring_submission entry)
{
	submit_put(&entry);
	ipc_enter();
}

static enum status use_timer(uint64_t timer)
{
	struct ring_submission now = submit_now(timer);

	now.tag = IPC_OWN_TAG;
	return ipc_do_status(now);
}

static void wrong_limits(void)
{
	static const uint32_t bytes[] = {
		1, 4, 12, 16385, 16388, 16392, 0x80000000, 0xfffffff8
	};
	static const uint32_t calls[] = { 4097, 0x80000000, UINT32_MAX };
	struct account_client account = ipc_account();
	uint64_t endpoint = 0;

	for (uint32_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		test_note("%u bytes", bytes[i]);
		CHECK_STATUS(ipc_create_from(account, bytes[i], 0, 0, &endpoint),
			     STATUS_INVALID_ARGUMENT);
	}
	for (uint32_t caps = MAX_TRANSFERS + 1; caps < 256; caps++)
		CHECK_STATUS(ipc_create_from(account, 8, (uint8_t)caps, 0, &endpoint),
			     STATUS_INVALID_ARGUMENT);
	for (uint32_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		CHECK_STATUS(ipc_create_from(account, 8, 0, calls[i], &endpoint),
			     STATUS_INVALID_ARGUMENT);
	CHECK_EQUAL(ipc_usage(account).endpoints, 0);
}

static void wrong_arguments(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet none = {};

	CHECK_STATUS(ipc_client_as(endpoint, 0, 0, &none), STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(ipc_mint(endpoint, 0, 0, &none), STATUS_INVALID_ARGUMENT);
	for (uint32_t scope = 3; scope <= UINT16_MAX; scope += scope < 70 ? 1 : 1021) {
		test_note("scope %u", scope);
		CHECK_STATUS(ipc_client_as(endpoint, 1, (enum transfer_scope)scope, &none),
			     STATUS_INVALID_ARGUMENT);
		CHECK_STATUS(ipc_mint(endpoint, 1, (enum transfer_scope)scope, &none),
			     STATUS_INVALID_ARGUMENT);
		CHECK_STATUS(ipc_derive_from(ipc_account(), submit_timer(),
					     (enum transfer_scope)scope, &none),
			     STATUS_INVALID_ARGUMENT);
	}
	CHECK_STATUS(ipc_derive(0, &none), STATUS_WRONG_INTERFACE);
	CHECK_STATUS(ipc_derive(endpoint, &none), STATUS_WRONG_INTERFACE);
	CHECK_EQUAL(ipc_usage(ipc_account()).facets, 0);
}

/* A client does not own: no method of the endpoint is reached through a facet that claims to be
 * one, the call goes to the server. */
static void facet_claims_to_be_an_endpoint(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = {};
	struct ring_submission call;

	CHECK_STATUS(ipc_client_as(endpoint, ENDPOINT_INTERFACE_ID,
				   TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE, &facet),
		     STATUS_OK);
	call = ipc_call(facet.id, 1, 0);
	call.method = ENDPOINT_CLOSE_METHOD;
	put(call);
	CHECK(!ipc_came(0));
	CHECK(!ipc_info(endpoint).closed);
	(void)ipc_take_call(endpoint, 1);
	CHECK_EQUAL(ipc_header(1).method, ENDPOINT_CLOSE_METHOD);
	CHECK_EQUAL(ipc_header(1).interface_id, ENDPOINT_INTERFACE_ID);
	CHECK_EQUAL(ipc_header(1).cookie, 0);
}

/* As long a line of facets as there may be; withdrawing the first withdraws all. */
static void line_of_facets(uint64_t capability, uint32_t length)
{
	struct ipc_facet line[MAX_FACET_DEPTH] = {};
	struct ipc_facet none = {};
	uint64_t last = capability;

	for (uint32_t i = 0; i < length; i++) {
		test_note("facet %u", i);
		CHECK_STATUS(ipc_derive(last, &line[i]), STATUS_OK);
		last = line[i].id;
	}
	CHECK_STATUS(ipc_derive(last, &none), STATUS_FACET_TOO_DEEP);
	CHECK_STATUS(ipc_revoke(line[0].control), STATUS_OK);
	for (uint32_t i = 0; i < length; i++) {
		test_note("facet %u", i);
		CHECK_STATUS(ipc_do_status(ipc_call(line[i].id, 1, 3)), STATUS_REVOKED);
		CHECK_STATUS(ipc_derive(line[i].id, &none), STATUS_REVOKED);
		CHECK_STATUS(ipc_revoke(line[i].control), STATUS_REVOKED);
		CHECK_EQUAL(ipc_facet_state(line[i].control), FACET_STATE_REVOKED);
		release_facet(line[i]);
	}
}

static void too_deep(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);

	line_of_facets(submit_timer(), MAX_FACET_DEPTH);
	line_of_facets(facet.id, MAX_FACET_DEPTH - 1);
	CHECK_EQUAL(ipc_facet_state(facet.control), FACET_STATE_LIVE);
	CHECK_STATUS(use_timer(submit_timer()), STATUS_OK);
	release_facet(facet);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	ipc_settled(before);
}

/* Endpoint.revoke withdraws this endpoint's facets and nothing else. */
static void revoke_of_others(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	uint64_t other = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ipc_facet foreign = ipc_client(other);
	struct ipc_facet child = {};
	struct ipc_facet timer = {};

	CHECK_STATUS(ipc_derive(facet.id, &child), STATUS_OK);
	CHECK_STATUS(ipc_derive(submit_timer(), &timer), STATUS_OK);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, 0), STATUS_WRONG_INTERFACE);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, foreign.id), STATUS_WRONG_INTERFACE);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, timer.id), STATUS_WRONG_INTERFACE);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, submit_timer()), STATUS_WRONG_INTERFACE);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, facet.control), STATUS_WRONG_INTERFACE);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, child.id), STATUS_OK);
	CHECK_STATUS(ipc_endpoint_revoke(endpoint, child.id), STATUS_REVOKED);
	CHECK_EQUAL(ipc_facet_state(facet.control), FACET_STATE_LIVE);
	CHECK_EQUAL(ipc_facet_state(foreign.control), FACET_STATE_LIVE);
	CHECK_STATUS(use_timer(timer.id), STATUS_OK);
	release_facet(facet);
	release_facet(foreign);
	release_facet(child);
	release_facet(timer);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	CHECK_STATUS(ipc_release(other), STATUS_OK);
	ipc_settled(before);
}

/* A call that is being served, and one that waits, through the facet that is withdrawn. */
static void revoke_under_calls(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ipc_facet child = {};
	uint64_t call_id = ipc_open(facet.id, endpoint);

	CHECK_STATUS(ipc_derive(facet.id, &child), STATUS_OK);
	put(ipc_call(child.id, 1, 3));
	CHECK_STATUS(ipc_revoke(facet.control), STATUS_OK);
	IPC_ENDS(0, STATUS_REVOKED);
	IPC_ENDS(3, STATUS_REVOKED);
	CHECK_EQUAL(ipc_info(endpoint).queued, 0);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 2)), STATUS_CALLER_GONE);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_CALLER_GONE);
	release_facet(facet);
	release_facet(child);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	ipc_settled(before);
}

/* Cookies near a real one were never minted. */
static void forged_cookies(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = mint(endpoint);

	for (uint32_t bit = 0; bit < 64; bit++) {
		test_note("bit %u of %lx", bit, facet.cookie);
		CHECK_STATUS(ipc_close_object(endpoint, facet.cookie ^ 1ULL << bit),
			     STATUS_INVALID_ARGUMENT);
	}
	CHECK_STATUS(ipc_close_object(endpoint, 0), STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(ipc_close_object(endpoint, UINT64_MAX), STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(ipc_close_object(ipc_endpoint(), facet.cookie), STATUS_INVALID_ARGUMENT);
	CHECK_EQUAL(ipc_facet_state(facet.control), FACET_STATE_LIVE);
}

/* Closed, then its place taken: calls, those in service, the cookie and the control say so. */
static void closed_and_stale(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet old = mint(endpoint);
	struct ipc_facet new;
	uint64_t call_id = ipc_open(old.id, endpoint);

	CHECK_EQUAL(ipc_header(1).cookie, old.cookie);
	put(ipc_call(old.id, 1, 3));
	CHECK_STATUS(ipc_close_object(endpoint, old.cookie), STATUS_OK);
	IPC_ENDS(0, STATUS_OBJECT_CLOSED);
	IPC_ENDS(3, STATUS_OBJECT_CLOSED);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_CALLER_GONE);
	CHECK_STATUS(ipc_do_status(ipc_call(old.id, 1, 3)), STATUS_OBJECT_CLOSED);
	CHECK_STATUS(ipc_close_object(endpoint, old.cookie), STATUS_OBJECT_CLOSED);
	CHECK_EQUAL(ipc_facet_state(old.control), FACET_STATE_CLOSED);
	CHECK_STATUS(ipc_revoke(old.control), STATUS_REVOKED);
	new = mint(endpoint);
	CHECK_EQUAL((uint32_t)new.cookie, (uint32_t)old.cookie);
	CHECK(new.cookie != old.cookie);
	CHECK_STATUS(ipc_do_status(ipc_call(old.id, 1, 3)), STATUS_OBJECT_STALE);
	CHECK_STATUS(ipc_close_object(endpoint, old.cookie), STATUS_OBJECT_STALE);
	CHECK_EQUAL(ipc_info(endpoint).objects, 1);
	release_facet(old);
	release_facet(new);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	ipc_settled(before);
}

/* The news of an object that nobody can call comes once, when the last copy is gone. */
static void dropped_once(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = mint(endpoint);
	struct ipc_facet child = {};
	struct ring_completion completion;

	CHECK_STATUS(ipc_derive(facet.id, &child), STATUS_OK);
	put(ipc_receive(endpoint, 1));
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK(!ipc_came(1));
	CHECK_STATUS(ipc_release(child.id), STATUS_OK);
	completion = ipc_wait(1);
	CHECK_STATUS(submit_status(&completion), STATUS_OK);
	CHECK_EQUAL(completion.kind, COMPLETION_KIND_DROPPED);
	CHECK_EQUAL(completion.word, facet.cookie);
	CHECK_EQUAL(ipc_facet_state(facet.control), FACET_STATE_DROPPED);
	CHECK_EQUAL(ipc_info(endpoint).objects, 0);
	put(ipc_receive(endpoint, 1));
	CHECK(!ipc_came(1));
	CHECK_STATUS(ipc_close_object(endpoint, facet.cookie), STATUS_OBJECT_CLOSED);
}

/* Calls that wait, receives that wait, one in service: what closing does to each. */
static void endpoint_closes(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = mint(endpoint);
	struct ipc_facet none = {};
	uint64_t call_id = ipc_open(facet.id, endpoint);

	put(ipc_call(facet.id, 1, 3));
	CHECK_STATUS(ipc_close(endpoint), STATUS_OK);
	IPC_ENDS(3, STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_close(endpoint), STATUS_OK);
	CHECK(ipc_info(endpoint).closed);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 4)), STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_do_status(ipc_call(facet.id, 1, 4)), STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_client_as(endpoint, 1, 0, &none), STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_mint(endpoint, 1, 0, &none), STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_derive(facet.id, &none), STATUS_DISCONNECTED);
	CHECK_EQUAL(ipc_facet_state(facet.control), FACET_STATE_DISCONNECTED);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	release_facet(facet);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	ipc_settled(before);
}

/* The same by releasing the owner, with a receive that waits. */
static void owner_released(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	uint64_t call_id = ipc_open(facet.id, endpoint);

	put(ipc_receive(endpoint, 3));
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	IPC_ENDS(3, STATUS_DISCONNECTED);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 2)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_call(facet.id, 1, 3)), STATUS_DISCONNECTED);
	release_facet(facet);
	ipc_settled(before);
}

static void open_calls_full(void)
{
	uint64_t endpoint = 0;
	uint64_t facet;

	CHECK_STATUS(
		ipc_create_from(ipc_account(), IPC_MESSAGE_BYTES, MAX_TRANSFERS, 2, &endpoint),
		STATUS_OK);
	facet = ipc_client(endpoint).id;
	(void)ipc_open(facet, endpoint);
	put(ipc_receive(endpoint, 2));
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 3)), STATUS_OPEN_CALLS_FULL);
	put(ipc_call(facet, 1, 4));
	CHECK(ipc_came(2));
	put(ipc_call(facet, 1, 5));
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 3)), STATUS_OPEN_CALLS_FULL);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(2).call_id, 1, 6)), STATUS_OK);
	IPC_ENDS(4, STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 3)), STATUS_OK);
}

/* --- Accounts ------------------------------------------------------------------------------
 */

/* A part of the own account. */
static struct account_client split(uint32_t endpoints, uint32_t facets, uint32_t open_calls)
{
	struct resource_limits_builder limits;
	struct ipc_method m;

	ipc_method_begin(&m, ipc_account().id, ACCOUNT_SPLIT_METHOD);
	limits = account_split_params_init_limits(account_split_params_init_root(&m.params));
	resource_limits_set_memory_bytes(limits, 256 << 10);
	resource_limits_set_endpoints(limits, endpoints);
	resource_limits_set_facets(limits, facets);
	resource_limits_set_open_calls(limits, open_calls);
	CHECK_STATUS(ipc_method_run(&m, 1), STATUS_OK);
	return (struct account_client){ m.got[0].capability };
}

/* Each resource of a part to the last, and one more. */
static void used_up(void)
{
	struct ipc_books before = ipc_books();
	struct account_client account = split(3, 5, 0);
	uint64_t endpoints[4];
	struct ipc_facet facets[6] = {};

	for (uint32_t i = 0; i < 3; i++)
		CHECK_STATUS(ipc_create_from(account, IPC_MESSAGE_BYTES, MAX_TRANSFERS, 0,
					     &endpoints[i]),
			     STATUS_OK);
	CHECK_STATUS(ipc_create_from(account, 32, 0, 0, &endpoints[3]),
		     STATUS_OUT_OF_ENDPOINTS);
	for (uint32_t i = 0; i < 5; i++)
		CHECK_STATUS(ipc_derive_from(account, submit_timer(), 0, &facets[i]),
			     STATUS_OK);
	CHECK_STATUS(ipc_derive_from(account, submit_timer(), 0, &facets[5]),
		     STATUS_OUT_OF_FACETS);
	/* Clients are paid for by who makes them. */
	facets[5] = mint(endpoints[0]);
	release_facet(facets[0]);
	CHECK_STATUS(ipc_derive_from(account, submit_timer(), 0, &facets[0]), STATUS_OK);
	for (uint32_t i = 0; i < 6; i++)
		release_facet(facets[i]);
	for (uint32_t i = 0; i < 3; i++)
		CHECK_STATUS(ipc_release(endpoints[i]), STATUS_OK);
	CHECK_STATUS(ipc_release(account.id), STATUS_OK);
	ipc_settled(before);
}

/* One who has given all but one facet away: no client, no service object, no child more. */
static void own_facets_used_up(void)
{
	struct ipc_books before = ipc_books();
	struct account_client account = split(0, 255, 0);
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ipc_facet none = {};

	CHECK_STATUS(ipc_client_as(endpoint, 1, 0, &none), STATUS_OUT_OF_FACETS);
	CHECK_STATUS(ipc_mint(endpoint, 1, 0, &none), STATUS_OUT_OF_FACETS);
	CHECK_STATUS(ipc_derive(facet.id, &none), STATUS_OUT_OF_FACETS);
	CHECK_EQUAL(ipc_info(endpoint).objects, 0);
	release_facet(facet);
	facet = mint(endpoint);
	release_facet(facet);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	CHECK_STATUS(ipc_release(account.id), STATUS_OK);
	ipc_settled(before);
}

/* The server pays for calls that it serves. */
static void open_calls_used_up(void)
{
	struct ipc_books before = ipc_books();
	struct account_client account = split(0, 0, 62);
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);

	for (uint16_t tag = 0; tag < 3; tag++)
		put(ipc_call(facet.id, tag, tag));
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 4)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 5)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 6)), STATUS_OUT_OF_OPEN_CALLS);
	CHECK_EQUAL(ipc_info(endpoint).queued, 1);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(4).call_id, 1, 7)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_receive(endpoint, 6)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(5).call_id, 1, 7)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(6).call_id, 1, 7)), STATUS_OK);
	IPC_ENDS(1, STATUS_OK);
	IPC_ENDS(2, STATUS_OK);
	release_facet(facet);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	CHECK_STATUS(ipc_release(account.id), STATUS_OK);
	ipc_settled(before);
}

/* A closed account pays for nothing new; what it paid for goes on. */
static void closed_account(void)
{
	struct ipc_books before = ipc_books();
	struct account_client account = split(4, 16, 8);
	struct ipc_facet facet;
	struct ipc_facet timer = {};
	struct ipc_facet none = {};
	uint64_t endpoint = 0;

	CHECK_STATUS(ipc_create_from(account, IPC_MESSAGE_BYTES, MAX_TRANSFERS, 0, &endpoint),
		     STATUS_OK);
	facet = ipc_client(endpoint);
	CHECK_STATUS(ipc_derive_from(account, submit_timer(), 0, &timer), STATUS_OK);
	CHECK_STATUS(ipc_plain(account.id, ACCOUNT_CLOSE_METHOD), STATUS_OK);
	CHECK_STATUS(ipc_derive_from(account, timer.id, 0, &none), STATUS_OUT_OF_FACETS);
	CHECK_STATUS(ipc_create_from(account, 32, 0, 0, &endpoint), STATUS_OUT_OF_ENDPOINTS);
	CHECK_STATUS(ipc_release(account.id), STATUS_OK);
	CHECK_STATUS(use_timer(timer.id), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_open(facet.id, endpoint), 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_revoke(facet.control), STATUS_OK);
	release_facet(facet);
	release_facet(timer);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	ipc_settled(before);
}

/* --- Storms --------------------------------------------------------------------------------
 */

static struct ipc_facet storm[STORM];

/* A tree of facets, four to each; calls wait and are served all over it. */
static void make_storm(uint64_t endpoint)
{
	storm[0] = ipc_client(endpoint);
	for (uint32_t i = 1; i < STORM; i++) {
		test_note("facet %u", i);
		CHECK_STATUS(ipc_derive(storm[(i - 1) / 4].id, &storm[i]), STATUS_OK);
		CHECK_STATUS(ipc_release(storm[i].control), STATUS_OK);
	}
}

/* Ten thousand facets withdrawn by one revoke: from its completion on all of them are. */
static void storm_of_facets(void)
{
	struct ipc_books before = ipc_books();
	uint64_t endpoint = ipc_endpoint();

	make_storm(endpoint);
	for (uint16_t tag = 3; tag < 30; tag++)
		put(ipc_call(storm[tag * 330U].id, tag, tag));
	(void)ipc_open(storm[STORM - 1].id, endpoint);
	CHECK_STATUS(ipc_revoke(storm[0].control), STATUS_OK);
	/* The last one first: the sweep has hardly begun. */
	for (uint32_t i = STORM; i-- > 0;) {
		test_note("facet %u", i);
		CHECK_STATUS(ipc_do_status(ipc_call(storm[i].id, 1, 2)), STATUS_REVOKED);
	}
	IPC_ENDS(0, STATUS_REVOKED);
	for (uint16_t tag = 4; tag < 30; tag++)
		IPC_ENDS(tag, STATUS_REVOKED);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)),
		     STATUS_CALLER_GONE);
	CHECK_EQUAL(ipc_info(endpoint).queued, 0);
	for (uint32_t i = 0; i < STORM; i++)
		CHECK_STATUS(ipc_release(storm[i].id), STATUS_OK);
	CHECK_STATUS(ipc_release(storm[0].control), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	CHECK_EQUAL(ipc_usage(ipc_account()).slots, before.slots);
	CHECK_EQUAL(ipc_usage(ipc_account()).facets, before.facets);
	CHECK(ipc_balanced());
}

/* A facet sent on to oneself until there are ten thousand copies, all of which die at once. */
static void storm_of_copies(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	struct ipc_facet lent = ipc_client(endpoint);

	for (uint32_t i = 0; i < STORM; i += MAX_TRANSFERS) {
		struct ring_submission call = ipc_call(facet.id, 1, 0);

		for (uint32_t place = 0; place < MAX_TRANSFERS; place++)
			ipc_attach(&call, lent.id, CAP_GRANT_MODE_COPY);
		put(call);
		(void)ipc_take_call(endpoint, 1);
		for (uint32_t place = 0; place < MAX_TRANSFERS; place++)
			storm[i + place].id = ipc_received(1, place).capability;
		CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)), STATUS_OK);
		IPC_ENDS(0, STATUS_OK);
	}
	for (uint16_t tag = 3; tag < 30; tag++)
		put(ipc_call(storm[tag * 300U].id, tag, tag));
	CHECK_STATUS(ipc_revoke(lent.control), STATUS_OK);
	for (uint32_t i = STORM; i-- > 0;)
		CHECK_STATUS(ipc_do_status(ipc_call(storm[i].id, 1, 2)), STATUS_REVOKED);
	for (uint16_t tag = 3; tag < 30; tag++)
		IPC_ENDS(tag, STATUS_REVOKED);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_open(facet.id, endpoint), 1, 2)), STATUS_OK);
	CHECK(ipc_balanced());
}

#define PASSES(name)                                                                \
	{                                                                           \
		#name, name,                                                        \
		{                                                                   \
			.grants = TEST_TIMER | TEST_AUDIT, .memory_bytes = 4 * MIB, \
		}                                                                   \
	}
#define STORMS(name)                                                                 \
	{                                                                            \
		#name, name,                                                         \
		{                                                                    \
			.grants = TEST_TIMER | TEST_AUDIT, .memory_bytes = 24 * MIB, \
			.slots = 12000, .threads = 48, .timeout_s = 60,              \
		}                                                                    \
	}

static const struct test_case cases[] = {
	PASSES(wrong_limits),
	PASSES(wrong_arguments),
	PASSES(facet_claims_to_be_an_endpoint),
	PASSES(too_deep),
	PASSES(revoke_of_others),
	PASSES(revoke_under_calls),
	PASSES(forged_cookies),
	PASSES(closed_and_stale),
	PASSES(dropped_once),
	PASSES(endpoint_closes),
	PASSES(owner_released),
	PASSES(open_calls_full),
	PASSES(used_up),
	PASSES(own_facets_used_up),
	PASSES(open_calls_used_up),
	PASSES(closed_account),
	STORMS(storm_of_facets),
	STORMS(storm_of_copies),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
