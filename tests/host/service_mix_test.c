// SPDX-License-Identifier: MIT
/*
 * Host test of a service that is a client too, and of a random mix of everything: calls in a
 * handler, functions called when one completes, exceptions read by who called.
 */
#include "tests/host/fake_ring.h"
#include "tests/host/sequence.h"
#include "user/rt/ring.h"

/* From here on the runtime's ring is the fake one. */
#define capos_ring      fake_ring
#define capos_cap_enter fake_cap_enter

#include "user/rt/call.c"
#include "user/rt/objects.c"
#include "user/rt/server.c"

#include "tests/host/codegen_types.client.h"
#include "tests/host/codegen_types.server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

constexpr uint64_t OWNER = 77;
constexpr struct shape_client BACKEND = { 99 };
constexpr uint32_t MIX_CALLS = 4000;
constexpr uint32_t KEPT_MAX = 200;

/* A call to the back end on behalf of an open call. */
struct errand {
	struct capos_call call;
	struct capos_open_call *open;
	uint32_t done;
};

static enum status (*behave)(struct capos_open_call *call,
			     struct shape_area_results_builder results);
static struct capos_endpoint door;
static struct errand errand;
static struct sequence sequence;
static struct capos_open_call *kept[KEPT_MAX];
static uint32_t kept_count;
static uint32_t depth;
static uint32_t free_before;
static uint32_t allocations_left;
static uint32_t blocks;

void *capos_allocate(size_t size)
{
	if (allocations_left == 0)
		return nullptr;
	allocations_left--;
	blocks++;
	return aligned_alloc(16, (size + 15) & ~15UL);
}

void capos_free(void *block)
{
	blocks -= block != nullptr;
	free(block);
}

void capos_panic(const char *file, uint32_t line, const char *what)
{
	fail_msg("panic: %s:%u: %s", file, line, what);
	abort();
}

static enum status serve_area(struct capos_open_call *call,
			      struct shape_area_params_reader params,
			      struct shape_area_results_builder results)
{
	enum status status;

	(void)params;
	assert_int_equal(depth++, 0); /* a handler never runs inside another */
	status = behave(call, results);
	depth--;
	return status;
}

static const struct shape_server handlers = { .area = serve_area };

static int setup(void **state)
{
	struct capos_endpoint_options options = { .endpoint = OWNER,
						  .service = shape_service(&handlers),
						  .max_message_bytes = 64,
						  .result_bytes = 64,
						  .receives = 4 };

	(void)state;
	fake_kernel_reset();
	memset(&capos_client, 0, sizeof(capos_client));
	memset(&capos_loop, 0, sizeof(capos_loop));
	memset(&errand, 0, sizeof(errand));
	short_is_done = false;
	kept_count = depth = blocks = 0;
	allocations_left = UINT32_MAX;
	(void)capos_client_init();
	free_before = span_pool_free_bytes(&capos_client.spans);
	assert_int_equal(capos_endpoint_serve(&door, &options), STATUS_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_kernel.idle = nullptr;
	capos_server_stop();
	assert_int_equal(capos_server_run(), STATUS_OK);
	assert_int_equal(fake_receives(), 0);
	assert_int_equal(blocks, 0);
	assert_int_equal(span_pool_free_bytes(&capos_client.spans), free_before);
	assert_int_equal(__builtin_popcountll(capos_client.free_tags), 62);
	return 0;
}

/* A client's call; the answer is its number in the queue, from 0. */
static struct fake_call *client_area(void)
{
	return fake_call(SHAPE_INTERFACE_ID, SHAPE_AREA_METHOD, 0, 0);
}

static uint64_t number_of(const struct capos_open_call *call)
{
	return call->header->call_id - 0x100000000;
}

static void assert_area(const struct fake_call *call, uint64_t area)
{
	struct shape_area_results_reader results;
	struct message_reader message;

	assert_int_equal(call->answers, 1);
	assert_int_equal(call->answer_flags, 0);
	message_reader_init(&message, call->answer, call->answer_length);
	assert_true(shape_area_results_read_root(&message, &results));
	assert_int_equal(shape_area_results_get_area(results), area);
}

/* The back end answers the first call that waits. */
static bool backend_answers(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		const struct ring_submission *s = &fake_kernel.own_calls[i].submission;
		struct message_builder message;

		if (!fake_kernel.own_calls[i].is_used)
			continue;
		message_builder_init(&message, fake_arena(s->result_offset),
				     s->result_capacity);
		shape_area_results_set_area(shape_area_results_init_root(&message), 1234);
		fake_complete_own(i, STATUS_OK, (uint32_t)message_builder_finish(&message));
		return true;
	}
	return false;
}

static void errand_done(struct capos_call *call, void *context)
{
	struct errand *done = context;
	struct shape_area_results_reader results;
	enum status status = shape_area_wait(call, &results);
	struct shape_area_results_builder answer =
		shape_area_results_init_root(&done->open->results);

	assert_int_equal(depth, 0);
	done->done++;
	if (status == STATUS_OK)
		shape_area_results_set_area(answer, shape_area_results_get_area(results));
	capos_call_end(call);
	capos_open_call_answer(done->open, status);
}

static enum status begin_errand(struct capos_open_call *call,
				struct shape_area_results_builder results)
{
	struct shape_area_params_builder params;

	(void)results;
	assert_int_equal(
		shape_area_begin(&errand.call, BACKEND, (struct capos_call_size){}, &params),
		STATUS_OK);
	capos_call_set_done(&errand.call, errand_done, &errand);
	assert_int_equal(capos_call_submit(&errand.call), STATUS_OK);
	errand.open = call;
	capos_open_call_keep(call);
	return STATUS_OK;
}

static void an_answer_may_wait_for_a_call(void **state)
{
	struct fake_call *call = client_area();

	(void)state;
	behave = begin_errand;
	fake_kernel.idle = backend_answers;
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_int_equal(errand.done, 1);
	assert_area(call, 1234);
}

static void a_call_that_is_ended_calls_nobody_back(void **state)
{
	(void)state;
	behave = begin_errand;
	(void)client_area();
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_true(backend_answers());
	assert_true(capos_call_is_done(&errand.call)); /* consumed, but not called back yet */
	capos_call_end(&errand.call);
	assert_true(list_is_empty(&capos_client.done_calls));
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_int_equal(errand.done, 0);
	capos_open_call_answer(errand.open, STATUS_DISCONNECTED);
}

static enum status call_and_wait(struct capos_open_call *call,
				 struct shape_area_results_builder results)
{
	uint64_t area = 0;
	enum status status = shape_area(BACKEND, &area);

	shape_area_results_set_area(results, area + number_of(call));
	return status;
}

/* Other calls come meanwhile, and are served after the one that waits. */
static void a_handler_may_wait_for_a_call(void **state)
{
	(void)state;
	behave = call_and_wait;
	fake_kernel.idle = backend_answers;
	for (uint32_t i = 0; i < 12; i++)
		(void)client_area();
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	for (uint32_t i = 0; i < 12; i++)
		assert_area(&fake_kernel.calls[i], 1234 + i);
}

static enum status answer_at_once(struct capos_open_call *call,
				  struct shape_area_results_builder results)
{
	shape_area_results_set_area(results, number_of(call));
	return STATUS_OK;
}

static void two_endpoints_are_served(void **state)
{
	static struct capos_endpoint second;
	struct capos_endpoint_options options = door.options;

	(void)state;
	behave = answer_at_once;
	options.receives = 1;
	assert_int_equal(capos_endpoint_serve(&second, &options), STATUS_OK);
	for (uint32_t i = 0; i < 20; i++)
		(void)client_area();
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	for (uint32_t i = 0; i < 20; i++)
		assert_area(&fake_kernel.calls[i], i);
	assert_int_equal(door.receiving, 4);
	assert_int_equal(second.receiving, 1);
}

/* --- Exceptions, as a caller sees them -----------------------------------------------------
 */

static bool backend_refuses(const struct ring_submission *s, struct ring_completion *c)
{
	static const char reason[] = "the back end is tired";
	struct cap_exception_builder exception;
	struct message_builder message;

	message_builder_init(&message, fake_arena(s->result_offset), s->result_capacity);
	exception = cap_exception_init_root(&message);
	cap_exception_set_type(exception, CAP_EXCEPTION_TYPE_OVERLOADED);
	cap_exception_set_reason(exception, reason, sizeof(reason) - 1);
	c->length = (uint32_t)message_builder_finish(&message);
	c->status = -STATUS_EXCEPTION;
	return true;
}

static void assert_tired(const struct capos_exception *exception)
{
	assert_int_equal(exception->type, CAP_EXCEPTION_TYPE_OVERLOADED);
	assert_string_equal(exception->reason, "the back end is tired");
	assert_int_equal(exception->reason_size, strlen(exception->reason));
}

static void a_caller_reads_the_exception(void **state)
{
	struct shape_area_params_builder params;
	struct shape_area_results_reader results;
	struct capos_exception exception;
	struct capos_call call;
	uint64_t area = 0;

	(void)state;
	fake_kernel.own_call = backend_refuses;
	/* Of a short call. */
	assert_int_equal(shape_area(BACKEND, &area), STATUS_EXCEPTION);
	assert_tired(capos_last_exception());
	memset(&capos_client.exception, 0, sizeof(capos_client.exception));
	/* Of one with storage, before its end, and after. */
	assert_int_equal(shape_area_begin(&call, BACKEND, (struct capos_call_size){}, &params),
			 STATUS_OK);
	assert_false(capos_call_exception(&call, &exception));
	assert_int_equal(shape_area_wait(&call, &results), STATUS_EXCEPTION);
	assert_true(capos_call_exception(&call, &exception));
	assert_tired(&exception);
	capos_call_end(&call);
	assert_tired(capos_last_exception());
}

static void what_is_left_of_a_cut_exception_is_read(void **state)
{
	uint64_t words[32];
	struct message_builder message;
	struct cap_exception_builder exception;
	const struct capos_exception *last = capos_last_exception();
	uint32_t size;

	(void)state;
	message_builder_init(&message, words, sizeof(words));
	exception = cap_exception_init_root(&message);
	cap_exception_set_type(exception, CAP_EXCEPTION_TYPE_DISCONNECTED);
	cap_exception_set_reason(exception, "gone for good", 13);
	size = (uint32_t)message_builder_finish(&message);
	for (uint32_t bytes = 0; bytes <= size; bytes += 8) {
		capos_client_keep_exception(words, bytes);
		assert_int_equal(last->type, bytes < 24 ? CAP_EXCEPTION_TYPE_FAILED
							: CAP_EXCEPTION_TYPE_DISCONNECTED);
		assert_string_equal(last->reason, bytes < size ? "" : "gone for good");
	}
	((uint8_t *)words)[8] = 200; /* no type that we know */
	capos_client_keep_exception(words, size);
	assert_int_equal(last->type, CAP_EXCEPTION_TYPE_FAILED);
}

static void a_long_reason_is_cut(void **state)
{
	char reason[200];
	uint64_t buffer[32];
	struct capos_open_call call = {};
	struct cap_exception_reader exception;
	struct message_reader message;

	(void)state;
	memset(reason, 'x', sizeof(reason));
	reason[sizeof(reason) - 1] = '\0';
	for (uint32_t bytes = 0; bytes <= sizeof(buffer); bytes += 8) {
		message_builder_init(&call.results, buffer, bytes);
		assert_int_equal(capos_refuse(&call, CAP_EXCEPTION_TYPE_FAILED, reason),
				 STATUS_EXCEPTION);
		assert_int_equal(call.results.failed, bytes < 24);
		if (bytes < 24)
			continue;
		message_reader_init(&message, buffer, message_builder_finish(&call.results));
		assert_true(cap_exception_read_root(&message, &exception));
		assert_int_equal(cap_exception_get_reason(exception).size, bytes == 24 ? 0
									   : bytes - 25 < 120
										   ? bytes - 25
										   : 120);
		assert_false(message.malformed);
	}
}

static enum status refuse_and_say_ok(struct capos_open_call *call,
				     struct shape_area_results_builder results)
{
	(void)results;
	(void)capos_open_call_give(call, 0, 41);
	(void)capos_refuse(call, CAP_EXCEPTION_TYPE_DISCONNECTED, "a reason of some length");
	return STATUS_OK;
}

/* What the caller has no room for would not reach it at all: the type is worth more. */
static void an_exception_is_cut_for_its_caller(void **state)
{
	struct fake_call *call = client_area();
	struct cap_exception_reader exception;
	struct message_reader message;

	(void)state;
	behave = refuse_and_say_ok;
	call->header.result_capacity = 36;
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_int_equal(call->answers, 1);
	assert_int_equal(call->sent_count, 0);
	assert_int_equal(fake_kernel.released_count, 1); /* what it was to give */
	message_reader_init(&message, call->answer, call->answer_length);
	assert_true(cap_exception_read_root(&message, &exception));
	assert_int_equal(cap_exception_get_type(exception), CAP_EXCEPTION_TYPE_DISCONNECTED);
	assert_string_equal(cap_exception_get_reason(exception).data, "a reaso");
}

/* --- A random mix --------------------------------------------------------------------------
 */

static void mixed_errand_done(struct capos_call *call, void *context)
{
	struct errand *done = context;
	uint64_t number = number_of(done->open);

	capos_call_end(call);
	shape_area_results_set_area(shape_area_results_init_root(&done->open->results), number);
	capos_open_call_answer(done->open, STATUS_OK);
	capos_free(done);
}

/* False if there was no room. */
static bool begin_mixed_errand(struct capos_open_call *call)
{
	struct errand *mine = capos_allocate(sizeof(*mine));
	struct shape_area_params_builder params;

	if (mine == nullptr)
		return false;
	if (shape_area_begin(&mine->call, BACKEND, (struct capos_call_size){}, &params) !=
	    STATUS_OK) {
		capos_free(mine);
		return false;
	}
	capos_call_set_done(&mine->call, mixed_errand_done, mine);
	if (capos_call_submit(&mine->call) != STATUS_OK) {
		capos_call_end(&mine->call);
		capos_free(mine);
		return false;
	}
	mine->open = call;
	capos_open_call_keep(call);
	return true;
}

static enum status behave_randomly(struct capos_open_call *call,
				   struct shape_area_results_builder results)
{
	uint32_t choice = sequence_below(&sequence, 8);
	uint64_t area = 0;

	shape_area_results_set_area(results, number_of(call));
	if (choice == 0 && begin_mixed_errand(call))
		return STATUS_OK;
	if (choice == 1)
		(void)shape_area(BACKEND, &area);
	if (choice > 1 && choice < 5 && kept_count < KEPT_MAX) {
		capos_open_call_keep(call);
		if (choice == 4)
			capos_open_call_set_aside(call);
		kept[kept_count++] = call;
	}
	return STATUS_OK;
}

/* Answer one that was kept; false if the arena has no room for it now. */
static bool answer_one(void)
{
	uint32_t i = sequence_below(&sequence, kept_count);
	struct capos_open_call *call = kept[i];

	if (call->receive_bytes == 0) {
		if (capos_open_call_resume(call, 32) != STATUS_OK)
			return false;
		shape_area_results_set_area(shape_area_results_init_root(&call->results),
					    number_of(call));
	}
	kept[i] = kept[--kept_count];
	capos_open_call_answer(call, STATUS_OK);
	return true;
}

static bool mixed_idle(void)
{
	for (uint32_t n = sequence_below(&sequence, 6); n-- > 0;)
		if (fake_kernel.call_count < MIX_CALLS)
			(void)client_area();
	return backend_answers() || fake_kernel.delivered < fake_kernel.call_count;
}

static void a_random_mix_loses_nothing(void **state)
{
	uint32_t rounds = 0;

	(void)state;
	sequence = (struct sequence){ 99 };
	behave = behave_randomly;
	fake_kernel.idle = mixed_idle;
	while (fake_kernel.call_count < MIX_CALLS || kept_count != 0) {
		/* Now and then the heap has nothing. */
		allocations_left = sequence_below(&sequence, 4) == 0 ? 0 : UINT32_MAX;
		(void)capos_server_step(RING_NO_DEADLINE);
		for (uint32_t n = sequence_below(&sequence, 4); n-- > 0 && kept_count != 0;)
			(void)answer_one();
		assert_true(rounds++ < 100 * MIX_CALLS);
	}
	allocations_left = UINT32_MAX;
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	for (uint32_t i = 0; i < MIX_CALLS; i++)
		assert_area(&fake_kernel.calls[i], i);
	assert_int_equal(fake_receives(), 4);
}

int main(void)
{
#define with_service(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_service(an_answer_may_wait_for_a_call),
		with_service(a_call_that_is_ended_calls_nobody_back),
		with_service(a_handler_may_wait_for_a_call),
		with_service(a_caller_reads_the_exception),
		with_service(what_is_left_of_a_cut_exception_is_read),
		with_service(a_long_reason_is_cut),
		with_service(two_endpoints_are_served),
		with_service(an_exception_is_cut_for_its_caller),
		with_service(a_random_mix_loses_nothing),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
