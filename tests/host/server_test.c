// SPDX-License-Identifier: MIT
/*
 * Host test of a service's event loop, user/rt/server.c and open_call.c: what it makes of
 * calls, and that none is lost or answered twice, over the kernel of tests/host/fake_ring.c.
 */
#include "tests/host/fake_ring.h"
#include "user/rt/ring.h"

/* From here on the runtime's ring is the fake one. */
#define capos_ring      fake_ring
#define capos_cap_enter fake_cap_enter

#include "user/rt/call.c"
#include "user/rt/objects.c"
#include "user/rt/server.c"

#include "tests/host/codegen.server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

constexpr uint64_t OWNER = 77; /* CapId of the endpoint */
constexpr uint64_t SHAPE = 0x500000001;

/* What the handler of get() does with its calls. */
enum behaviour { AT_ONCE, KEEP, SET_ASIDE, KEEP_THEN_ASIDE, REFUSE, RETURN_STATUS, STOP };

static struct {
	enum behaviour behaviour;
	enum status status;
	struct capos_open_call *kept[FAKE_CALLS];
	uint32_t kept_count;
	uint32_t served;
	void *context; /* of the latest call */
	uint64_t taken;
	uint32_t blocks; /* of the heap */
	uint32_t allocations_left;
} service;

void *capos_allocate(size_t size)
{
	if (service.allocations_left == 0)
		return nullptr;
	service.allocations_left--;
	service.blocks++;
	return aligned_alloc(16, (size + 15) & ~15UL);
}

void capos_free(void *block)
{
	service.blocks -= block != nullptr;
	free(block);
}

void capos_panic(const char *file, uint32_t line, const char *what)
{
	fail_msg("panic: %s:%u: %s", file, line, what);
	abort();
}

static enum status serve_get(struct capos_open_call *call,
			     struct store_get_params_reader params,
			     struct store_get_results_builder results)
{
	struct text_reader key = store_get_params_get_key(params);

	service.served++;
	service.context = call->context;
	store_get_results_set_value(results, key.data, key.size);
	switch (service.behaviour) {
	case AT_ONCE:
		return STATUS_OK;
	case STOP:
		capos_server_stop();
		return STATUS_OK;
	case REFUSE:
		return capos_refuse(call, CAP_EXCEPTION_TYPE_OVERLOADED, "come again");
	case RETURN_STATUS:
		return service.status;
	case SET_ASIDE:
		capos_open_call_set_aside(call);
		break;
	case KEEP:
	case KEEP_THEN_ASIDE:
		capos_open_call_keep(call);
	}
	if (service.behaviour == KEEP_THEN_ASIDE)
		capos_open_call_set_aside(call);
	service.kept[service.kept_count++] = call;
	return STATUS_INVALID_ARGUMENT; /* means nothing */
}

static enum status serve_open(struct capos_open_call *call,
			      struct store_open_params_reader params,
			      struct store_open_results_builder results)
{
	struct shape_client shape = store_open_take_shape(call, params);

	service.taken = shape.id;
	store_open_results_set_at(results, 5);
	store_open_give_store(call, results, (struct store_client){ 41 });
	store_open_copy_other(call, results, 42);
	if (service.behaviour == REFUSE)
		return capos_refuse(call, CAP_EXCEPTION_TYPE_FAILED, "no");
	return STATUS_OK;
}

static const struct store_server handlers = { .get = serve_get, .open = serve_open };
static struct capos_endpoint door;
static uint32_t free_before;
static int context;

static struct capos_endpoint_options options_for(uint8_t receives)
{
	return (struct capos_endpoint_options){
		.endpoint = OWNER,
		.service = store_service(&handlers),
		.context = &context,
		.max_message_bytes = 128,
		.result_bytes = 128,
		.max_caps = 2,
		.receives = receives,
	};
}

static void serve(uint8_t receives)
{
	struct capos_endpoint_options options = options_for(receives);

	assert_int_equal(capos_endpoint_serve(&door, &options), STATUS_OK);
}

static int setup(void **state)
{
	(void)state;
	fake_kernel_reset();
	memset(&capos_client, 0, sizeof(capos_client));
	memset(&capos_loop, 0, sizeof(capos_loop));
	memset(&service, 0, sizeof(service));
	service.allocations_left = UINT32_MAX;
	(void)capos_client_init();
	free_before = span_pool_free_bytes(&capos_client.spans);
	return 0;
}

/* After a stop nothing is held any more. */
static int teardown(void **state)
{
	(void)state;
	service.behaviour = AT_ONCE;
	fake_kernel.idle = nullptr;
	if (capos_loop.endpoints != nullptr) {
		capos_server_stop();
		assert_int_equal(capos_server_run(), STATUS_OK);
	}
	assert_int_equal(fake_receives(), 0);
	assert_int_equal(service.blocks, 0);
	assert_int_equal(span_pool_free_bytes(&capos_client.spans), free_before);
	assert_int_equal(__builtin_popcountll(capos_client.free_tags), 62);
	return 0;
}

/* A client calls get() with a key of its own. */
static struct fake_call *client_get(uint64_t cookie)
{
	struct fake_call *call = fake_call(STORE_INTERFACE_ID, STORE_GET_METHOD, cookie, 0);
	struct message_builder message;
	char key[16];
	int size = snprintf(key, sizeof(key), "key %u", fake_kernel.call_count);

	message_builder_init(&message, call->params, sizeof(call->params));
	store_get_params_set_key(store_get_params_init_root(&message), key, (uint32_t)size);
	call->header.param_length = (uint32_t)message_builder_finish(&message);
	return call;
}

static void assert_echo(struct fake_call *call)
{
	struct store_get_results_reader results;
	struct message_reader message;
	struct data_reader value;
	char key[16];
	uint32_t number = (uint32_t)(call - fake_kernel.calls) + 1;
	int size = snprintf(key, sizeof(key), "key %u", number);

	assert_int_equal(call->answers, 1);
	assert_int_equal(call->answer_flags, 0);
	message_reader_init(&message, call->answer, call->answer_length);
	assert_true(store_get_results_read_root(&message, &results));
	value = store_get_results_get_value(results);
	assert_int_equal(value.size, size);
	assert_memory_equal(value.data, key, (size_t)size);
}

static void assert_exception(struct fake_call *call, enum cap_exception_type type,
			     const char *reason)
{
	struct cap_exception_reader exception;
	struct message_reader message;
	struct text_reader text;

	assert_int_equal(call->answers, 1);
	assert_int_equal(call->answer_flags, OPERATION_FLAG_EXCEPTION);
	message_reader_init(&message, call->answer, call->answer_length);
	assert_true(cap_exception_read_root(&message, &exception));
	assert_int_equal(cap_exception_get_type(exception), type);
	text = cap_exception_get_reason(exception);
	assert_string_equal(text.data, reason);
	assert_false(message.malformed);
}

/* Serve until nothing happens any more. */
static void run_dry(void)
{
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
}

static void answer_and_next_receive_are_one_entry(void **state)
{
	(void)state;
	serve(2);
	for (uint32_t i = 0; i < 10; i++)
		(void)client_get(0);
	run_dry();
	for (uint32_t i = 0; i < 10; i++)
		assert_echo(&fake_kernel.calls[i]);
	assert_ptr_equal(service.context, &context);
	assert_int_equal(fake_kernel.taken[OPERATION_CODE_RECV], 2);
	assert_int_equal(fake_kernel.taken[OPERATION_CODE_RETURN_RECV], 10);
	assert_int_equal(fake_kernel.taken[OPERATION_CODE_RETURN], 0);
	assert_int_equal(fake_receives(), 2);
	/* Two calls are dealt with in each entry. */
	assert_int_equal(fake_kernel.entries, 6);
}

static void kept_calls_are_answered_in_any_order(void **state)
{
	(void)state;
	serve(2);
	service.behaviour = KEEP;
	for (uint32_t i = 0; i < 6; i++)
		(void)client_get(0);
	run_dry();
	assert_int_equal(service.kept_count, 6);
	assert_int_equal(capos_endpoint_open_calls(&door), 6);
	assert_int_equal(fake_receives(), 2);
	for (uint32_t i = 6; i-- > 0;)
		capos_open_call_answer(service.kept[i], STATUS_OK);
	run_dry();
	for (uint32_t i = 0; i < 6; i++)
		assert_echo(&fake_kernel.calls[i]);
	assert_int_equal(fake_receives(), 2);
	assert_int_equal(capos_endpoint_open_calls(&door), 0);
}

static void calls_set_aside_take_no_arena(void **state)
{
	uint32_t free_bytes;

	(void)state;
	serve(3);
	free_bytes = span_pool_free_bytes(&capos_client.spans);
	for (uint32_t i = 0; i < 300; i++) {
		service.behaviour = i % 2 == 0 ? SET_ASIDE : KEEP_THEN_ASIDE;
		(void)client_get(0);
		run_dry();
	}
	assert_int_equal(service.kept_count, 300);
	assert_int_equal(span_pool_free_bytes(&capos_client.spans), free_bytes);
	for (uint32_t i = 300; i-- > 1;) {
		struct capos_open_call *call = service.kept[i];
		struct store_get_results_builder results;
		char key[16];
		int size = snprintf(key, sizeof(key), "key %u", i + 1);

		assert_int_equal(capos_open_call_resume(call, 64), STATUS_OK);
		results = store_get_results_init_root(&call->results);
		store_get_results_set_value(results, key, (uint32_t)size);
		capos_open_call_answer(call, STATUS_OK);
		run_dry();
	}
	capos_open_call_answer(service.kept[0], STATUS_TIMED_OUT);
	run_dry();
	for (uint32_t i = 1; i < 300; i++)
		assert_echo(&fake_kernel.calls[i]);
	assert_exception(&fake_kernel.calls[0], CAP_EXCEPTION_TYPE_OVERLOADED, "timedOut");
}

static void a_call_set_aside_needs_room_for_results(void **state)
{
	(void)state;
	serve(1);
	service.behaviour = SET_ASIDE;
	(void)client_get(0);
	run_dry();
	capos_open_call_answer(service.kept[0], STATUS_OK);
	run_dry();
	assert_exception(&fake_kernel.calls[0], CAP_EXCEPTION_TYPE_FAILED, "resultTooSmall");
}

static void a_handler_may_refuse(void **state)
{
	struct fake_call *calls[4];

	(void)state;
	serve(1);
	service.behaviour = REFUSE;
	calls[0] = client_get(0);
	run_dry();
	service.behaviour = RETURN_STATUS;
	service.status = STATUS_OUT_OF_MEMORY;
	calls[1] = client_get(0);
	run_dry();
	calls[2] = client_get(0);
	calls[2]->header.method = STORE_PUT_METHOD;
	calls[3] = client_get(0);
	calls[3]->header.interface_id++;
	run_dry();
	assert_exception(calls[0], CAP_EXCEPTION_TYPE_OVERLOADED, "come again");
	assert_exception(calls[1], CAP_EXCEPTION_TYPE_OVERLOADED, "outOfMemory");
	assert_exception(calls[2], CAP_EXCEPTION_TYPE_UNIMPLEMENTED, "unknownMethod");
	assert_exception(calls[3], CAP_EXCEPTION_TYPE_UNIMPLEMENTED, "unknownMethod");
	assert_int_equal(fake_kernel.taken[OPERATION_CODE_RETURN_RECV], 4);
}

static void what_cannot_be_read_is_refused(void **state)
{
	struct fake_call *calls[3];

	(void)state;
	serve(1);
	calls[0] = client_get(0);
	calls[0]->params[0] = UINT64_MAX; /* no struct */
	calls[1] = client_get(0);
	calls[1]->params[1] = 1ULL << 40 | 1; /* a text that leads outside; the handler acts */
	calls[2] = client_get(0);
	calls[2]->header.param_length = 0; /* nothing at all: defaults */
	run_dry();
	assert_exception(calls[0], CAP_EXCEPTION_TYPE_INVALID_ARGUMENT, "malformedMessage");
	assert_exception(calls[1], CAP_EXCEPTION_TYPE_INVALID_ARGUMENT, "malformedMessage");
	assert_int_equal(calls[2]->answer_flags, 0);
	assert_int_equal(service.served, 2);
}

/* A client calls open(), bringing two capabilities. */
static struct fake_call *client_open(uint64_t interface_id)
{
	struct fake_call *call = fake_call(STORE_INTERFACE_ID, STORE_OPEN_METHOD, 0, 0);
	struct store_open_params_builder params;
	struct message_builder message;

	message_builder_init(&message, call->params, sizeof(call->params));
	params = store_open_params_init_root(&message);
	store_open_params_set_shape(params, 0);
	store_open_params_set_other(params, 1);
	call->header.param_length = (uint32_t)message_builder_finish(&message);
	call->brought[0] = (struct ring_transfer_result){ SHAPE, interface_id };
	call->brought[1] = (struct ring_transfer_result){ SHAPE + 1, 9 };
	call->brought_count = 2;
	return call;
}

static void capabilities_come_and_go(void **state)
{
	struct fake_call *call;

	(void)state;
	serve(1);
	call = client_open(SHAPE_INTERFACE_ID);
	run_dry();
	assert_int_equal(service.taken, SHAPE);
	/* What the handler did not take is released. */
	assert_int_equal(fake_kernel.released_count, 1);
	assert_int_equal(fake_kernel.released[0], SHAPE + 1);
	assert_int_equal(call->answers, 1);
	assert_int_equal(call->sent_count, 3);
	assert_int_equal(call->sent[STORE_OPEN_RESULTS_STORE_CAP].capability, 41);
	assert_int_equal(call->sent[STORE_OPEN_RESULTS_STORE_CAP].mode, CAP_GRANT_MODE_MOVE);
	assert_int_equal(call->sent[STORE_OPEN_RESULTS_SHAPE_CAP].capability, 0);
	assert_int_equal(call->sent[STORE_OPEN_RESULTS_OTHER_CAP].capability, 42);
	assert_int_equal(call->sent[STORE_OPEN_RESULTS_OTHER_CAP].mode, CAP_GRANT_MODE_COPY);
}

static void a_capability_of_another_interface_is_not_taken(void **state)
{
	(void)state;
	serve(1);
	(void)client_open(SHAPE_INTERFACE_ID + 1);
	run_dry();
	assert_int_equal(service.taken, 0);
	assert_int_equal(fake_kernel.released_count, 2);
}

static void what_an_answer_gives_is_gone_in_any_case(void **state)
{
	static const enum status reasons[] = { STATUS_CALLER_GONE, STATUS_RESULT_TOO_LARGE,
					       STATUS_TRANSFER_SCOPE };

	(void)state;
	serve(1);
	for (uint32_t i = 0; i < 3; i++) {
		struct fake_call *call = client_open(SHAPE_INTERFACE_ID);

		call->brought_count = 0;
		call->is_gone = reasons[i] == STATUS_CALLER_GONE;
		call->refuse = reasons[i];
		fake_kernel.released_count = 0;
		run_dry();
		assert_int_equal(fake_kernel.released_count, 1);
		assert_int_equal(fake_kernel.released[0], 41);
		assert_int_equal(fake_receives(), 1);
		if (!call->is_gone)
			assert_exception(call, CAP_EXCEPTION_TYPE_FAILED,
					 status_name((uint16_t)reasons[i]));
	}
	service.behaviour = REFUSE;
	assert_non_null(client_open(SHAPE_INTERFACE_ID));
	fake_kernel.released_count = 0;
	run_dry();
	assert_int_equal(fake_kernel.calls[3].sent_count, 0);
	assert_int_equal(fake_kernel.released_count, 2); /* 41, and the other one brought */
}

static void an_answer_survives_a_refused_receive(void **state)
{
	struct fake_call *calls[2];

	(void)state;
	serve(1);
	service.behaviour = KEEP;
	calls[0] = client_get(0);
	calls[1] = client_get(0);
	run_dry();
	service.behaviour = AT_ONCE;
	/* Closed before the answer: the receive cannot be had, the answer can. */
	door.receiving = 0;
	fake_kernel.is_closed = true;
	capos_open_call_answer(service.kept[0], STATUS_OK);
	door.receiving = 1;
	run_dry();
	capos_open_call_answer(service.kept[1], STATUS_OK);
	run_dry();
	assert_echo(calls[0]);
	assert_echo(calls[1]);
	assert_int_equal(capos_endpoint_status(&door), STATUS_DISCONNECTED);
}

static void an_answer_is_not_repeated_when_the_endpoint_closes_later(void **state)
{
	struct fake_call *call;

	(void)state;
	serve(1);
	call = client_get(0);
	run_dry();
	fake_kernel.is_closed = true; /* while answer and receive wait as one */
	run_dry();
	assert_echo(call);
	assert_int_equal(capos_endpoint_status(&door), STATUS_DISCONNECTED);
	assert_int_equal(fake_receives(), 0);
}

static void without_room_there_are_fewer_receives(void **state)
{
	(void)state;
	serve(4);
	service.behaviour = KEEP;
	service.allocations_left = 3;
	for (uint32_t i = 0; i < 20; i++)
		(void)client_get(0);
	run_dry();
	/* Three were replaced, four not. */
	assert_int_equal(service.kept_count, 7);
	assert_int_equal(fake_receives(), 0);
	service.behaviour = AT_ONCE;
	for (uint32_t i = 0; i < 7; i++)
		capos_open_call_answer(service.kept[i], STATUS_OK);
	run_dry();
	for (uint32_t i = 0; i < 20; i++)
		assert_echo(&fake_kernel.calls[i]);
	assert_int_equal(fake_receives(), 4);
}

static void refused_receives_are_tried_again(void **state)
{
	(void)state;
	fake_kernel.receive_limit = 1;
	serve(3);
	service.behaviour = KEEP;
	for (uint32_t i = 0; i < 5; i++)
		(void)client_get(0);
	run_dry();
	assert_in_range(service.kept_count, 1, 5);
	service.behaviour = AT_ONCE;
	fake_kernel.receive_limit = 64;
	for (uint32_t i = 0; i < service.kept_count; i++)
		capos_open_call_answer(service.kept[i], STATUS_OK);
	run_dry();
	for (uint32_t i = 0; i < 5; i++)
		assert_echo(&fake_kernel.calls[i]);
	assert_int_equal(fake_receives(), 3);
}

static void the_arena_bounds_what_an_endpoint_gets(void **state)
{
	struct capos_endpoint_options options = options_for(24);
	static struct capos_endpoint second, third;

	(void)state;
	options.max_message_bytes = 2048;
	options.result_bytes = 2048;
	assert_int_equal(capos_endpoint_serve(&door, &options), STATUS_OK);
	assert_int_equal(door.wanted, 2);
	options.max_message_bytes = MAX_MESSAGE_BYTES + 8;
	assert_int_equal(capos_endpoint_serve(&second, &options), STATUS_MESSAGE_TOO_LARGE);
	options.max_message_bytes = 8192;
	assert_int_equal(capos_endpoint_serve(&second, &options), STATUS_OUT_OF_MEMORY);
	options = options_for(24);
	options.max_message_bytes = options.result_bytes = 8;
	assert_int_equal(capos_endpoint_serve(&second, &options), STATUS_OK);
	assert_in_range(second.wanted, 2, 22);
	capos_loop.promised = CAPOS_RECEIVES_MAX;
	assert_int_equal(capos_endpoint_serve(&third, &options), STATUS_WAIT_SLOTS_FULL);
}

static void a_stop_is_orderly(void **state)
{
	(void)state;
	serve(3);
	service.behaviour = KEEP;
	(void)client_get(0);
	run_dry();
	service.behaviour = STOP;
	(void)client_get(0);
	(void)client_get(0);
	/* The kept call is still open: the loop goes on until it has been answered. */
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_int_equal(fake_receives(), 0);
	(void)client_get(0);
	capos_open_call_answer(service.kept[0], STATUS_OK);
	assert_int_equal(capos_server_run(), STATUS_OK);
	for (uint32_t i = 0; i < 3; i++)
		assert_echo(&fake_kernel.calls[i]);
	assert_int_equal(fake_kernel.calls[3].answers, 0);
	/* And it can be served again. */
	service.behaviour = AT_ONCE;
	serve(1);
	run_dry();
	assert_echo(&fake_kernel.calls[3]);
}

static void a_handler_can_ask_whether_it_is_wanted(void **state)
{
	(void)state;
	serve(1);
	service.behaviour = KEEP;
	(void)client_get(0);
	run_dry();
	assert_true(capos_open_call_is_wanted(service.kept[0]));
	fake_kernel.calls[0].is_gone = true;
	assert_false(capos_open_call_is_wanted(service.kept[0]));
	capos_open_call_answer(service.kept[0], STATUS_OK);
	run_dry();
	assert_int_equal(fake_kernel.calls[0].answers, 0);
	assert_int_equal(fake_receives(), 1);
}

int main(void)
{
#define with_service(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_service(answer_and_next_receive_are_one_entry),
		with_service(kept_calls_are_answered_in_any_order),
		with_service(calls_set_aside_take_no_arena),
		with_service(a_call_set_aside_needs_room_for_results),
		with_service(a_handler_may_refuse),
		with_service(what_cannot_be_read_is_refused),
		with_service(capabilities_come_and_go),
		with_service(a_capability_of_another_interface_is_not_taken),
		with_service(what_an_answer_gives_is_gone_in_any_case),
		with_service(an_answer_survives_a_refused_receive),
		with_service(an_answer_is_not_repeated_when_the_endpoint_closes_later),
		with_service(without_room_there_are_fewer_receives),
		with_service(refused_receives_are_tried_again),
		with_service(the_arena_bounds_what_an_endpoint_gets),
		with_service(a_stop_is_orderly),
		with_service(a_handler_can_ask_whether_it_is_wanted),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
