// SPDX-License-Identifier: MIT
/*
 * Capabilities sent along in every way that they must not be: twice, moved and copied, too
 * many, in modes that there are not, through themselves, while they are revoked, to a full
 * table. All of a message's capabilities arrive, or none, and the sender has what did not.
 */
#include "tests/program/ipc.h"

#include "schema/memory.client.h"
#include "schema/timer.client.h"

struct pair {
	uint64_t endpoint;
	struct ipc_facet facet;
};

static struct pair make_pair(void)
{
	struct pair pair = { .endpoint = ipc_endpoint() };

	pair.facet = ipc_client(pair.endpoint);
	return pair;
}

static void give_up(struct pair pair)
{
	CHECK_STATUS(ipc_release(pair.facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(pair.facet.control), STATUS_OK);
	CHECK_STATUS(ipc_release(pair.endpoint), STATUS_OK);
}

static enum status use_timer(uint64_t timer)
{
	struct ring_submission now = submit_now(timer);

	now.tag = IPC_OWN_TAG;
	return ipc_do_status(now);
}

/* A call that waits, for whom nothing is there to receive. */
static void put_call(struct ring_submission call)
{
	submit_put(&call);
	ipc_enter();
}

/* Two capabilities in a call and in an answer, the modes given: both must end with `expected`.
 */
static void send_both_ways(uint64_t capability, uint8_t first, uint8_t second,
			   enum status expected)
{
	struct pair pair = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 3);
	struct ring_submission answer;
	uint64_t call_id = ipc_open(pair.facet.id, pair.endpoint);

	test_note("modes %u %u", first, second);
	ipc_attach(&call, capability, first);
	ipc_attach(&call, capability, second);
	CHECK_STATUS(ipc_do_status(call), expected);
	CHECK_EQUAL(ipc_info(pair.endpoint).queued, 0);
	answer = ipc_return(call_id, 1, 4);
	ipc_attach(&answer, capability, first);
	ipc_attach(&answer, capability, second);
	CHECK_STATUS(ipc_do_status(answer), expected);
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 4)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	give_up(pair);
}

static void twice_in_one_message(void)
{
	struct ipc_books before = ipc_books();
	uint64_t timer = submit_timer();

	send_both_ways(timer, CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_MOVE,
		       STATUS_CAPABILITY_MOVING);
	send_both_ways(timer, CAP_GRANT_MODE_MOVE, CAP_GRANT_MODE_COPY,
		       STATUS_CAPABILITY_MOVING);
	send_both_ways(timer, CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE,
		       STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(use_timer(timer), STATUS_OK);
	ipc_settled(before);
}

static void unknown_modes(void)
{
	uint64_t timer = submit_timer();

	for (uint32_t mode = 2; mode < 256; mode++) {
		send_both_ways(timer, (uint8_t)mode, CAP_GRANT_MODE_COPY, STATUS_TRANSFER_MODE);
		send_both_ways(timer, CAP_GRANT_MODE_MOVE, (uint8_t)mode, STATUS_TRANSFER_MODE);
	}
	CHECK_STATUS(use_timer(timer), STATUS_OK);
	CHECK(ipc_balanced());
}

/* Copies of one capability are as good as those of eight. */
static void one_eight_times(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 0);
	struct ring_completion completion;

	for (uint32_t i = 0; i < MAX_TRANSFERS; i++)
		ipc_attach(&call, submit_timer(), CAP_GRANT_MODE_COPY);
	put_call(call);
	completion = ipc_do(ipc_receive(pair.endpoint, 1));
	CHECK_EQUAL(completion.transfer_count, MAX_TRANSFERS);
	for (uint32_t i = 0; i < MAX_TRANSFERS; i++) {
		struct ring_transfer_result got = ipc_received(1, i);

		CHECK_EQUAL(got.interface_id, TIMER_INTERFACE_ID);
		CHECK_STATUS(use_timer(got.capability), STATUS_OK);
		CHECK_STATUS(ipc_release(got.capability), STATUS_OK);
	}
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	give_up(pair);
	ipc_settled(before);
}

/* More than the ABI, the endpoint, or the caller takes. */
static void too_many(void)
{
	struct pair pair = {};
	struct ring_submission call;
	struct ring_submission answer;

	CHECK_STATUS(ipc_create_from(ipc_account(), IPC_MESSAGE_BYTES, 2, 0, &pair.endpoint),
		     STATUS_OK);
	pair.facet = ipc_client(pair.endpoint);
	call = ipc_call(pair.facet.id, 1, 0);
	for (uint32_t i = 0; i <= MAX_TRANSFERS; i++)
		ipc_attach(&call, submit_timer(), CAP_GRANT_MODE_COPY);
	for (uint32_t count = 3; count < 256; count++) {
		test_note("%u", count);
		call.transfer_count = (uint8_t)count;
		CHECK_STATUS(ipc_do_status(call), STATUS_TOO_MANY_TRANSFERS);
	}
	answer = ipc_return(ipc_open(pair.facet.id, pair.endpoint), 1, 3);
	for (uint32_t i = 0; i <= MAX_TRANSFERS; i++)
		ipc_attach(&answer, submit_timer(), CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(answer), STATUS_RESULT_TOO_LARGE);
	answer.transfer_count = 255;
	CHECK_STATUS(ipc_do_status(answer), STATUS_RESULT_TOO_LARGE);
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 3)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* One that is none among seven that are: nothing is sent, and what should move is still here.
 */
static void all_or_nothing(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	struct pair moved = make_pair();
	uint64_t call_id = ipc_open(pair.facet.id, pair.endpoint);
	const uint64_t wrong[] = { UINT64_MAX, call_id, moved.facet.id ^ 1ULL << 33 };

	for (uint32_t i = 0; i < 3 * MAX_TRANSFERS; i++) {
		struct ring_submission call = ipc_call(pair.facet.id, 1, 3);
		struct ring_submission answer = ipc_return(call_id, 1, 4);

		test_note("place %u, %lx", i / 3, wrong[i % 3]);
		for (uint32_t place = 0; place < MAX_TRANSFERS; place++) {
			uint64_t id =
				place == (i / 3 + 1) % 8 ? moved.facet.id : submit_timer();

			id = place == i / 3 ? wrong[i % 3] : id;
			ipc_attach(&call, id, id == moved.facet.id);
			ipc_attach(&answer, id, id == moved.facet.id);
		}
		CHECK_STATUS(ipc_do_status(call), STATUS_BAD_CAPABILITY);
		CHECK_STATUS(ipc_do_status(answer), STATUS_BAD_CAPABILITY);
	}
	CHECK_EQUAL(ipc_info(pair.endpoint).queued, 0);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 4)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	give_up(moved);
	give_up(pair);
	ipc_settled(before);
}

/* Null is for answers. */
static void nulls(void)
{
	struct pair pair = make_pair();
	uint64_t call_id = ipc_open(pair.facet.id, pair.endpoint);
	struct ring_submission call = ipc_call(pair.facet.id, 1, 3);
	struct ring_submission answer = ipc_return(call_id, 1, 4);
	struct ring_completion completion;
	struct ring_transfer_result got[3];

	ipc_attach(&call, 0, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(call), STATUS_BAD_CAPABILITY);
	ipc_attach(&answer, 0, CAP_GRANT_MODE_MOVE);
	CHECK_STATUS(ipc_do_status(answer), STATUS_BAD_CAPABILITY);
	answer.transfer_count = 0;
	ipc_attach(&answer, 0, CAP_GRANT_MODE_COPY);
	ipc_attach(&answer, submit_timer(), CAP_GRANT_MODE_COPY);
	ipc_attach(&answer, 0, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
	completion = ipc_wait(0);
	CHECK_EQUAL(completion.transfer_count, 3);
	memcpy(got, submit_arena(ipc_got_at(0) + completion.length), sizeof(got));
	CHECK_EQUAL(got[0].capability | got[0].interface_id, 0);
	CHECK_EQUAL(got[2].capability | got[2].interface_id, 0);
	CHECK_STATUS(use_timer(got[1].capability), STATUS_OK);
}

/* What is under way can be used for nothing, until the call ends without having taken it. */
static void moving_is_unusable(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	struct pair moved = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 0);
	struct ring_submission again = ipc_call(pair.facet.id, 1, 3);
	struct ipc_facet none = {};

	ipc_attach(&call, moved.facet.id, CAP_GRANT_MODE_MOVE);
	put_call(call);
	CHECK_STATUS(ipc_do_status(ipc_call(moved.facet.id, 1, 4)), STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(ipc_release(moved.facet.id), STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(ipc_derive(moved.facet.id, &none), STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(ipc_endpoint_revoke(moved.endpoint, moved.facet.id),
		     STATUS_CAPABILITY_MOVING);
	for (uint8_t mode = 0; mode < 2; mode++) {
		again.transfer_count = 0;
		ipc_attach(&again, moved.facet.id, mode);
		CHECK_STATUS(ipc_do_status(again), STATUS_CAPABILITY_MOVING);
	}
	CHECK_STATUS(ipc_do_status(submit_cancel(0, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_CANCELLED);
	CHECK_EQUAL(ipc_facet_state(moved.facet.control), FACET_STATE_LIVE);
	give_up(moved);
	give_up(pair);
	ipc_settled(before);
}

/* The owner waits in its own queue, from where nobody can take it, until the call is given up.
 */
static void owner_in_its_own_queue(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 0);
	struct ring_submission receive = ipc_receive(pair.endpoint, 1);

	receive.flags = OPERATION_FLAG_POLL;
	ipc_attach(&call, pair.endpoint, CAP_GRANT_MODE_MOVE);
	put_call(call);
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(receive), STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(ipc_close(pair.endpoint), STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(ipc_release(pair.endpoint), STATUS_CAPABILITY_MOVING);
	CHECK_STATUS(ipc_do_status(submit_cancel(0, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_CANCELLED);
	CHECK_STATUS(ipc_do_status(receive), STATUS_NOTHING_PENDING);
	give_up(pair);
	ipc_settled(before);
}

/* The same, and the process ends with it: nothing of it may be left. */
static void owner_lost_in_its_own_queue(void)
{
	struct pair pair = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 0);

	ipc_attach(&call, pair.endpoint, CAP_GRANT_MODE_MOVE);
	put_call(call);
	CHECK_STATUS(ipc_release(pair.facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(pair.facet.control), STATUS_OK);
	CHECK(!ipc_came(0));
}

/* A waiting receive takes its own endpoint's owner, which goes on as another CapId. */
static void owner_through_its_own_facet(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 0);
	uint64_t old = pair.endpoint;

	put_call(ipc_receive(pair.endpoint, 1));
	ipc_attach(&call, pair.endpoint, CAP_GRANT_MODE_MOVE);
	put_call(call);
	IPC_ENDS(1, STATUS_OK);
	CHECK_EQUAL(ipc_received(1, 0).interface_id, ENDPOINT_INTERFACE_ID);
	pair.endpoint = ipc_received(1, 0).capability;
	CHECK(pair.endpoint != old);
	CHECK_STATUS(ipc_do_status(ipc_receive(old, 5)), STATUS_BAD_CAPABILITY);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_open(pair.facet.id, pair.endpoint), 1, 2)),
		     STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	give_up(pair);
	ipc_settled(before);
}

static void owner_copied(void)
{
	struct pair pair = make_pair();
	uint64_t call_id = ipc_open(pair.facet.id, pair.endpoint);
	struct ring_submission call = ipc_call(pair.facet.id, 1, 3);
	struct ring_submission answer = ipc_return(call_id, 1, 4);

	ipc_attach(&call, pair.endpoint, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(call), STATUS_TRANSFER_MODE);
	ipc_attach(&answer, pair.endpoint, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(answer), STATUS_TRANSFER_MODE);
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 4)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* A facet goes through itself, copied and moved; the call goes on without it. */
static void facet_through_itself(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();

	for (uint32_t round = 0; round < 20; round++) {
		uint8_t mode = round % 2 == 0 ? CAP_GRANT_MODE_MOVE : CAP_GRANT_MODE_COPY;
		struct ring_submission call = ipc_call(pair.facet.id, 1, 0);
		uint64_t old = pair.facet.id;
		uint64_t call_id;

		ipc_attach(&call, pair.facet.id, mode);
		put_call(call);
		call_id = ipc_take_call(pair.endpoint, 1);
		CHECK_EQUAL(ipc_received(1, 0).interface_id, IPC_INTERFACE);
		pair.facet.id = ipc_received(1, 0).capability;
		CHECK_STATUS(ipc_release(old),
			     mode == CAP_GRANT_MODE_MOVE ? STATUS_BAD_CAPABILITY : STATUS_OK);
		CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_OK);
		IPC_ENDS(0, STATUS_OK);
	}
	give_up(pair);
	ipc_settled(before);
}

/* Revoked while it is under way: it arrives, or not, but dead. */
static void revoked_under_way(void)
{
	struct ipc_books before = ipc_books();

	for (uint8_t mode = 0; mode < 2; mode++) {
		struct pair pair = make_pair();
		struct pair moved = make_pair();
		struct ring_submission call = ipc_call(pair.facet.id, 1, 0);
		struct ring_completion completion;

		ipc_attach(&call, moved.facet.id, mode);
		put_call(call);
		CHECK_STATUS(ipc_revoke(moved.facet.control), STATUS_OK);
		completion = ipc_do(ipc_receive(pair.endpoint, 1));
		CHECK_STATUS(submit_status(&completion), STATUS_OK);
		CHECK_EQUAL(completion.transfer_count, 1);
		CHECK_STATUS(ipc_do_status(ipc_call(ipc_received(1, 0).capability, 1, 4)),
			     STATUS_REVOKED);
		CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)), STATUS_OK);
		IPC_ENDS(0, STATUS_OK);
		CHECK_STATUS(ipc_release(ipc_received(1, 0).capability), STATUS_OK);
		CHECK_STATUS(ipc_release(moved.facet.id),
			     mode == 0 ? STATUS_OK : STATUS_BAD_CAPABILITY);
		CHECK_STATUS(ipc_release(moved.facet.control), STATUS_OK);
		CHECK_STATUS(ipc_release(moved.endpoint), STATUS_OK);
		give_up(pair);
	}
	ipc_settled(before);
}

/* The facet that carries the message is revoked: what it carried is its sender's again. */
static void carrier_revoked(void)
{
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	struct pair moved = make_pair();
	struct ring_submission call = ipc_call(pair.facet.id, 1, 0);

	ipc_attach(&call, moved.facet.id, CAP_GRANT_MODE_MOVE);
	ipc_attach(&call, moved.endpoint, CAP_GRANT_MODE_MOVE);
	put_call(call);
	CHECK_STATUS(ipc_revoke(pair.facet.control), STATUS_OK);
	IPC_ENDS(0, STATUS_REVOKED);
	CHECK_EQUAL(ipc_info(pair.endpoint).queued, 0);
	CHECK_STATUS(ipc_do_status(ipc_return(ipc_open(moved.facet.id, moved.endpoint), 1, 2)),
		     STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	give_up(moved);
	give_up(pair);
	ipc_settled(before);
}

/* The facet that is sent through itself is revoked while it waits in the queue. */
static void carrier_and_carried_revoked(void)
{
	struct ipc_books before = ipc_books();

	for (uint8_t mode = 0; mode < 2; mode++) {
		struct pair pair = make_pair();
		struct ring_submission call = ipc_call(pair.facet.id, 1, 0);

		ipc_attach(&call, pair.facet.id, mode);
		put_call(call);
		CHECK_STATUS(ipc_revoke(pair.facet.control), STATUS_OK);
		IPC_ENDS(0, STATUS_REVOKED);
		CHECK_STATUS(ipc_do_status(ipc_call(pair.facet.id, 1, 0)), STATUS_REVOKED);
		give_up(pair);
	}
	ipc_settled(before);
}

/* One slot taken by something that is worth nothing. */
static enum status fill_slot(uint64_t *out)
{
	struct ipc_method m;
	enum status status;

	ipc_method_begin(&m, test_memory().id, VIRTUAL_MEMORY_CREATE_OBJECT_METHOD);
	virtual_memory_create_object_params_set_size_bytes(
		virtual_memory_create_object_params_init_root(&m.params), PAGE_BYTES);
	status = ipc_method_run(&m, 1);
	*out = m.got[0].capability;
	return status;
}

/* With a full table everything that would need a slot is refused, and what needs none is done.
 */
static void check_full(struct pair pair, uint64_t call_id)
{
	struct ring_submission call = ipc_call(pair.facet.id, 1, 3);
	struct ring_submission receive = ipc_receive(pair.endpoint, 4);
	struct ipc_facet none = {};
	uint64_t endpoint;

	receive.flags = OPERATION_FLAG_POLL;
	call.result_caps_max = 1;
	CHECK_STATUS(ipc_do_status(call), STATUS_OUT_OF_SLOTS);
	CHECK_STATUS(ipc_do_status(receive), STATUS_OUT_OF_SLOTS);
	CHECK_STATUS(ipc_create_from(ipc_account(), 32, 0, 0, &endpoint), STATUS_OUT_OF_SLOTS);
	CHECK_STATUS(ipc_client_as(pair.endpoint, 1, 0, &none), STATUS_OUT_OF_SLOTS);
	CHECK_STATUS(ipc_mint(pair.endpoint, 1, 0, &none), STATUS_OUT_OF_SLOTS);
	CHECK_STATUS(ipc_derive(pair.facet.id, &none), STATUS_OUT_OF_SLOTS);
	CHECK_EQUAL(ipc_info(pair.endpoint).objects, 0);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 5)), STATUS_OK);
}

/* The table fills up around an open call, whose answer's slots were there from the start. */
static void full_table(void)
{
	static uint64_t filled[256];
	struct ipc_books before = ipc_books();
	struct pair pair = make_pair();
	uint64_t call_id = ipc_open(pair.facet.id, pair.endpoint);
	struct ring_submission answer = ipc_return(call_id, 1, 2);
	struct ring_completion completion;
	struct ring_transfer_result got[MAX_TRANSFERS];
	enum status status;
	uint32_t count = 0;

	while ((status = fill_slot(&filled[count])) == STATUS_OK && count < 255)
		count++;
	CHECK_STATUS(status, STATUS_OUT_OF_SLOTS);
	check_full(pair, call_id);
	for (uint32_t i = 0; i < MAX_TRANSFERS; i++)
		ipc_attach(&answer, pair.facet.id, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
	completion = ipc_wait(0);
	CHECK_EQUAL(completion.transfer_count, MAX_TRANSFERS);
	memcpy(got, submit_arena(ipc_got_at(0) + completion.length), sizeof(got));
	for (uint32_t i = 0; i < MAX_TRANSFERS; i++)
		CHECK_STATUS(ipc_release(got[i].capability), STATUS_OK);
	while (count-- > 0)
		CHECK_STATUS(ipc_release(filled[count]), STATUS_OK);
	give_up(pair);
	ipc_settled(before);
}

/* Kernel objects take copies alone. */
static void moved_to_the_kernel(void)
{
	struct account_derive_params_builder params;
	struct ipc_method m;
	uint64_t timer = submit_timer();

	for (uint32_t mode = 1; mode < 256; mode++) {
		test_note("mode %u", mode);
		ipc_method_begin(&m, ipc_account().id, ACCOUNT_DERIVE_METHOD);
		params = account_derive_params_init_root(&m.params);
		account_derive_params_set_capability(params, ipc_method_attach(&m, timer));
		*(uint8_t *)submit_arena(SUBMIT_TRANSFERS + 8) = (uint8_t)mode;
		CHECK_STATUS(ipc_method_run(&m, 2), STATUS_TRANSFER_MODE);
	}
	CHECK_STATUS(use_timer(timer), STATUS_OK);
}

#define PASSES(name) \
	{ #name,     \
	  name,      \
	  { .grants = TEST_TIMER | TEST_AUDIT, .memory_bytes = 4 << 20, .slots = 128 } }

static const struct test_case cases[] = {
	PASSES(twice_in_one_message),
	PASSES(unknown_modes),
	PASSES(one_eight_times),
	PASSES(too_many),
	PASSES(all_or_nothing),
	PASSES(nulls),
	PASSES(moving_is_unusable),
	PASSES(owner_in_its_own_queue),
	PASSES(owner_lost_in_its_own_queue),
	PASSES(owner_through_its_own_facet),
	PASSES(owner_copied),
	PASSES(facet_through_itself),
	PASSES(revoked_under_way),
	PASSES(carrier_revoked),
	PASSES(carrier_and_carried_revoked),
	PASSES(full_table),
	PASSES(moved_to_the_kernel),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
