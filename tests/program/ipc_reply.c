// SPDX-License-Identifier: MIT
/*
 * Answers that are wrong: given twice, to another's call, to nobody, to ids that were made up,
 * too long, with exceptions of every length.  Receives through what is no endpoint.
 */
#include "tests/program/ipc.h"

constexpr uint64_t MS = 1000000;
constexpr uint8_t PAINT = 0xa5;

/* An endpoint, a facet of it, and a call through that which is in service. */
struct served {
	uint64_t endpoint;
	struct ipc_facet facet;
	uint64_t call_id;
};

static struct served serve(void)
{
	struct served served = { .endpoint = ipc_endpoint() };

	served.facet = ipc_client(served.endpoint);
	served.call_id = ipc_open(served.facet.id, served.endpoint);
	return served;
}

static void give_up(struct served served)
{
	CHECK_STATUS(ipc_release(served.facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(served.facet.control), STATUS_OK);
	CHECK_STATUS(ipc_release(served.endpoint), STATUS_OK);
}

static struct ring_submission return_recv(uint64_t call_id, uint64_t endpoint)
{
	struct ring_submission both = ipc_return(call_id, 1, 2);

	both.opcode = OPERATION_CODE_RETURN_RECV;
	both.endpoint = endpoint;
	both.result_offset = ipc_got_at(3);
	both.result_capacity = IPC_GET_BYTES;
	return both;
}

/* No operation takes this id. */
static void check_unknown(uint64_t call_id, uint64_t endpoint)
{
	CHECK_STATUS(ipc_do_status(ipc_return(call_id, 1, 2)), STATUS_UNKNOWN_CALL);
	CHECK_STATUS(ipc_do_status(ipc_query(call_id, 2)), STATUS_UNKNOWN_CALL);
	CHECK_STATUS(ipc_do_status(return_recv(call_id, endpoint)), STATUS_UNKNOWN_CALL);
}

static void twice(void)
{
	struct ipc_books before = ipc_books();
	struct served served = serve();

	CHECK_STATUS(ipc_do_status(ipc_return(served.call_id, 77, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK_EQUAL(*(uint64_t *)submit_arena(ipc_got_at(0)), 77);
	check_unknown(served.call_id, served.endpoint);
	CHECK_EQUAL(ipc_info(served.endpoint).receives, 0);
	give_up(served);
	ipc_settled(before);
}

/* Two answers to one call in one batch: the first is the answer. */
static void twice_in_a_batch(void)
{
	struct served served = serve();
	struct ring_submission first = ipc_return(served.call_id, 1, 2);
	struct ring_submission second = ipc_return(served.call_id, 2, 3);

	submit_put(&first);
	submit_put(&second);
	IPC_ENDS(2, STATUS_OK);
	IPC_ENDS(3, STATUS_UNKNOWN_CALL);
	IPC_ENDS(0, STATUS_OK);
	CHECK_EQUAL(*(uint64_t *)submit_arena(ipc_got_at(0)), 1);
}

/* Ids near a real one: two bits changed, other indices, other generations, and what was one. */
static void forged(void)
{
	struct served served = serve();
	uint64_t real = served.call_id;
	uint64_t random = 0x5eed0004;

	for (uint32_t first = 0; first < 64; first++)
		for (uint32_t second = first; second < 64; second++) {
			uint64_t id = real ^ 1ULL << first;

			id ^= second != first ? 1ULL << second : 0;
			test_note("%lx for %lx", id, real);
			CHECK_STATUS(ipc_do_status(ipc_return(id, 1, 2)), STATUS_UNKNOWN_CALL);
		}
	for (uint64_t i = 1; i < 5000; i++) {
		test_note("%lu from %lx", i, real);
		CHECK_STATUS(ipc_do_status(ipc_query(real + i, 2)), STATUS_UNKNOWN_CALL);
		CHECK_STATUS(ipc_do_status(ipc_query(real + (i << 32), 2)),
			     STATUS_UNKNOWN_CALL);
		CHECK_STATUS(ipc_do_status(ipc_query(test_random(&random), 2)),
			     STATUS_UNKNOWN_CALL);
		if (i != real)
			CHECK_STATUS(ipc_do_status(ipc_query(i, 2)), STATUS_UNKNOWN_CALL);
	}
	check_unknown(0, served.endpoint);
	check_unknown(UINT64_MAX, served.endpoint);
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(ipc_query(real, 2)), STATUS_OK);
}

/* Ids of calls that were answered stay dead, whatever calls come after them. */
static void old_ids(void)
{
	static uint64_t old[2000];
	struct served served = serve();

	for (uint32_t i = 0; i < 2000; i++) {
		old[i] = served.call_id;
		CHECK_STATUS(ipc_do_status(ipc_return(old[i], i, 2)), STATUS_OK);
		IPC_ENDS(0, STATUS_OK);
		served.call_id = ipc_open(served.facet.id, served.endpoint);
		CHECK(served.call_id != old[i] && served.call_id != 0);
	}
	for (uint32_t i = 0; i < 2000; i++) {
		test_note("id %u: %lx, live %lx", i, old[i], served.call_id);
		CHECK_STATUS(ipc_do_status(ipc_return(old[i], 1, 2)), STATUS_UNKNOWN_CALL);
	}
	CHECK(!ipc_came(0));
}

/* The child: a call that its parent serves is none of its own. */
static void stranger(void)
{
	uint64_t call_id = test_argument_number(1);
	uint64_t facet = ipc_granted("facet");
	uint64_t endpoint = ipc_endpoint();

	check_unknown(call_id, endpoint);
	check_unknown(call_id, facet);
	CHECK(ipc_do_status(ipc_receive(facet, 1)) != STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
}

static void anothers_call(void)
{
	char text[24];
	struct served served = serve();
	struct child_request request = {
		.binary = "ipc_reply",
		.arguments = { "stranger", text },
		.grants = { { "report", child_report() }, { "facet", served.facet.id } },
		.memory_bytes = 1 << 20,
		.slots = 32,
	};

	(void)format(text, sizeof(text), "%lx", served.call_id);
	child_must_pass(&request);
	CHECK_STATUS(ipc_do_status(ipc_query(served.call_id, 2)), STATUS_OK);
	CHECK_STATUS(ipc_do_status(ipc_return(served.call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
	CHECK(ipc_balanced());
}

/* Nobody waits for the answer: the server is told once, and keeps what it would have moved. */
static void check_gone(struct served served)
{
	struct ring_submission answer = ipc_return(served.call_id, 1, 2);
	uint64_t other = ipc_endpoint();

	ipc_attach(&answer, other, CAP_GRANT_MODE_MOVE);
	CHECK_STATUS(ipc_do_status(ipc_query(served.call_id, 2)), STATUS_CALLER_GONE);
	CHECK_STATUS(ipc_do_status(ipc_query(served.call_id, 2)), STATUS_CALLER_GONE);
	CHECK_EQUAL(ipc_info(served.endpoint).open, 1);
	CHECK_STATUS(ipc_do_status(answer), STATUS_CALLER_GONE);
	CHECK_EQUAL(ipc_info(served.endpoint).open, 0);
	CHECK(!ipc_info(other).closed);
	check_unknown(served.call_id, served.endpoint);
	CHECK_STATUS(ipc_release(other), STATUS_OK);
	give_up(served);
}

static struct served serve_until(uint64_t deadline_ns)
{
	struct served served = { .endpoint = ipc_endpoint() };
	struct ring_submission call;

	served.facet = ipc_client(served.endpoint);
	call = ipc_call(served.facet.id, 3, 0);
	call.deadline_ns = deadline_ns;
	submit_put(&call);
	ipc_enter();
	served.call_id = ipc_take_call(served.endpoint, 1);
	return served;
}

static void never_answered_deadline(void)
{
	struct ipc_books before = ipc_books();
	struct served served = serve_until(capos_now_ns() + 20 * MS);

	CHECK_STATUS(ipc_do_status(ipc_query(served.call_id, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_TIMED_OUT);
	check_gone(served);
	ipc_settled(before);
}

static void never_answered_cancel(void)
{
	struct ipc_books before = ipc_books();
	struct served served = serve();

	CHECK_STATUS(ipc_do_status(submit_cancel(0, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_CANCELLED);
	CHECK_STATUS(ipc_do_status(submit_cancel(0, 2)), STATUS_UNKNOWN_TAG);
	check_gone(served);
	ipc_settled(before);
}

/* RETURN_RECV to nobody ends the open call, and does not receive. */
static void gone_return_recv(void)
{
	struct served served = serve();

	CHECK_STATUS(ipc_do_status(submit_cancel(0, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_CANCELLED);
	CHECK_STATUS(ipc_do_status(return_recv(served.call_id, served.endpoint)),
		     STATUS_CALLER_GONE);
	CHECK_EQUAL(ipc_info(served.endpoint).open, 0);
	CHECK_EQUAL(ipc_info(served.endpoint).receives, 0);
	check_unknown(served.call_id, served.endpoint);
}

/* A call whose deadline is past, or that is cancelled before anybody receives it, never was. */
static void never_received(void)
{
	uint64_t endpoint = ipc_endpoint();
	uint64_t facet = ipc_client(endpoint).id;
	struct ring_submission call = ipc_call(facet, 1, 0);
	struct ring_submission receive = ipc_receive(endpoint, 1);

	call.deadline_ns = 1;
	submit_put(&call);
	IPC_ENDS(0, STATUS_TIMED_OUT);
	call.deadline_ns = 0;
	submit_put(&call);
	CHECK_STATUS(ipc_do_status(submit_cancel(0, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_CANCELLED);
	receive.flags = OPERATION_FLAG_POLL;
	CHECK_STATUS(ipc_do_status(receive), STATUS_NOTHING_PENDING);
	CHECK_EQUAL(ipc_info(endpoint).queued, 0);
}

/* What is no endpoint's owner receives nothing, and a RETURN_RECV with it answers nothing. */
static void receive_on_anything(void)
{
	struct served served = serve();
	struct ipc_facet object = {};
	const uint64_t targets[] = { served.facet.id,
				     served.facet.control,
				     submit_timer(),
				     ipc_account().id,
				     0,
				     served.call_id,
				     UINT64_MAX,
				     served.endpoint ^ 1ULL << 32 };

	CHECK_STATUS(ipc_mint(served.endpoint, ENDPOINT_INTERFACE_ID,
			      TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE, &object),
		     STATUS_OK);
	for (uint32_t i = 0; i <= sizeof(targets) / sizeof(targets[0]); i++) {
		bool listed = i < sizeof(targets) / sizeof(targets[0]);
		uint64_t target = listed ? targets[i] : object.id;
		enum status expected =
			listed && i >= 4 ? STATUS_BAD_CAPABILITY : STATUS_WRONG_INTERFACE;

		test_note("target %u: %lx", i, target);
		CHECK_STATUS(ipc_do_status(ipc_receive(target, 2)), expected);
		CHECK_STATUS(ipc_do_status(return_recv(served.call_id, target)), expected);
	}
	CHECK(!ipc_came(0));
	CHECK_STATUS(ipc_do_status(ipc_return(served.call_id, 1, 2)), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* An answer that does not fit is refused and the call stays open. */
static void oversize(void)
{
	struct served served = serve();
	struct ring_submission answer = ipc_return(served.call_id, 1, 2);

	for (uint32_t bytes = IPC_GET_BYTES + 8; bytes < 12032;
	     bytes += bytes < 400 ? 8 : 808) {
		test_note("%u bytes", bytes);
		answer.param_offset = 0;
		answer.param_length = bytes;
		CHECK_STATUS(ipc_do_status(answer), STATUS_RESULT_TOO_LARGE);
	}
	/* With a record behind them, fewer bytes fit. */
	answer.param_length = IPC_GET_BYTES - 8;
	ipc_attach(&answer, served.facet.id, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(answer), STATUS_RESULT_TOO_LARGE);
	CHECK(!ipc_came(0));
	answer.param_length = IPC_GET_BYTES - 16;
	CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* A caller that takes nothing gets nothing. */
static void no_result_room(void)
{
	struct served served = { .endpoint = ipc_endpoint() };
	struct ring_submission call;
	struct ring_submission answer;

	served.facet = ipc_client(served.endpoint);
	call = ipc_call(served.facet.id, 3, 0);
	call.result_capacity = call.result_offset = 0;
	submit_put(&call);
	ipc_enter();
	answer = ipc_return(ipc_take_call(served.endpoint, 1), 9, 2);
	CHECK_EQUAL(ipc_header(1).result_capacity, 0);
	CHECK_EQUAL(ipc_header(1).result_caps_max, 0);
	CHECK_STATUS(ipc_do_status(answer), STATUS_RESULT_TOO_LARGE);
	answer.param_length = 0;
	ipc_attach(&answer, served.facet.id, CAP_GRANT_MODE_COPY);
	CHECK_STATUS(ipc_do_status(answer), STATUS_RESULT_TOO_LARGE);
	answer.transfer_count = 0;
	answer.transfer_offset = 0;
	CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
	IPC_ENDS(0, STATUS_OK);
}

/* An exception that does not fit is left out: no byte of it is written.  It brings nothing. */
static void exceptions(void)
{
	uint64_t endpoint = ipc_endpoint();
	uint64_t facet = ipc_client(endpoint).id;
	uint8_t *room = submit_arena(ipc_got_at(0));

	for (uint32_t capacity = 0; capacity <= 128; capacity += 8) {
		struct ring_submission call = ipc_call(facet, 1, 0);
		struct ring_submission answer;
		struct ring_completion completion;

		test_note("capacity %u", capacity);
		memset(room, PAINT, IPC_GET_BYTES);
		call.result_capacity = capacity;
		submit_put(&call);
		ipc_enter();
		answer = ipc_return(ipc_take_call(endpoint, 1), 1, 2);
		answer.param_length = 64;
		answer.flags = OPERATION_FLAG_EXCEPTION;
		ipc_attach(&answer, facet, CAP_GRANT_MODE_COPY);
		CHECK_STATUS(ipc_do_status(answer), STATUS_RESERVED_NOT_ZERO);
		answer.transfer_offset = answer.transfer_count = 0;
		CHECK_STATUS(ipc_do_status(answer), STATUS_OK);
		completion = ipc_wait(0);
		CHECK_STATUS(submit_status(&completion), STATUS_EXCEPTION);
		CHECK_EQUAL(completion.kind, COMPLETION_KIND_DONE);
		CHECK_EQUAL(completion.length, capacity < 64 ? 0 : 64);
		for (uint32_t i = completion.length; i < IPC_GET_BYTES; i++)
			CHECK_EQUAL(room[i], PAINT);
	}
}

/* SKIP_SUCCESS hides success alone. */
static void skip_success(void)
{
	struct served served = serve();
	struct ring_submission answer = ipc_return(served.call_id, 6, 2);

	answer.flags = OPERATION_FLAG_SKIP_SUCCESS;
	submit_put(&answer);
	IPC_ENDS(0, STATUS_OK);
	CHECK(!ipc_came(2));
	CHECK_STATUS(ipc_do_status(answer), STATUS_UNKNOWN_CALL);
}

/* The kernel carries what it does not read. */
static void opaque_payload(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ring_submission call = ipc_call(ipc_client(endpoint).id, 0, 0);
	uint64_t random = 0x5eed0005;
	uint64_t words[IPC_MESSAGE_BYTES / 8];

	for (uint32_t round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < IPC_MESSAGE_BYTES / 8; i++)
			words[i] = round % 2 == 0 ? test_random(&random) << 32 | 3
						  : test_random(&random);
		memcpy(submit_arena(call.param_offset), words, sizeof(words));
		call.param_length = sizeof(words);
		submit_put(&call);
		ipc_enter();
		(void)ipc_take_call(endpoint, 1);
		CHECK_EQUAL(ipc_header(1).param_length, sizeof(words));
		CHECK(memcmp((char *)submit_arena(ipc_got_at(1)) + 64, words, sizeof(words)) ==
		      0);
		CHECK_STATUS(ipc_do_status(ipc_return(ipc_header(1).call_id, 1, 2)), STATUS_OK);
		IPC_ENDS(0, STATUS_OK);
	}
}

#define PASSES(name)                                          \
	{ #name,                                              \
	  name,                                               \
	  { .grants = TEST_TIMER | TEST_AUDIT | TEST_SPAWNER, \
	    .memory_bytes = 4 << 20,                          \
	    .threads = 2 } }

static const struct test_case cases[] = {
	PASSES(twice),
	PASSES(twice_in_a_batch),
	PASSES(forged),
	PASSES(old_ids),
	PASSES(anothers_call),
	PASSES(never_answered_deadline),
	PASSES(never_answered_cancel),
	PASSES(gone_return_recv),
	PASSES(never_received),
	PASSES(receive_on_anything),
	PASSES(oversize),
	PASSES(no_result_room),
	PASSES(exceptions),
	PASSES(skip_success),
	PASSES(opaque_payload),
	HELPER(stranger),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
