// SPDX-License-Identifier: MIT
/*
 * Host test of generated clients and servers: tests/host/codegen.capnp has every shape of
 * method. The runtime under the clients is a fake that records what they ask of it.
 */
#include "user/rt/call.h"

/* From here on the clients call the fake. */
#define capos_call_begin           fake_begin
#define capos_call_attach          fake_attach
#define capos_call_wait            fake_wait
#define capos_call_take_capability fake_take_capability
#define capos_call_end             fake_end

static enum status fake_begin(struct capos_call *call, uint64_t target, uint16_t method,
			      struct capos_call_size size, struct message_builder **out_params);
static uint32_t fake_attach(struct capos_call *call, uint64_t capability);
static enum status fake_wait(struct capos_call *call, struct message_reader **out_results);
static uint64_t fake_take_capability(struct capos_call *call, uint8_t ordinal,
				     uint64_t interface_id);
static void fake_end(struct capos_call *call);

#include "tests/host/codegen.client.h"
#include "tests/host/codegen.server.h"
#include "tests/host/codegen_fixture.h"

#include <string.h>

/* A server whose get() answers with the key. */
static enum status echo_get(struct capos_open_call *call, struct store_get_params_reader params,
			    struct store_get_results_builder results)
{
	struct text_reader key = store_get_params_get_key(params);

	++*(int *)call->context;
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	store_get_results_set_value(results, key.data, key.size);
	return STATUS_OK;
}

static const struct store_server echo = { .get = echo_get };

/* Run the handler of the request in the fixture's buffer; returns the status. */
static enum status dispatch(struct capos_open_call *call, uint16_t method, uint64_t *answer,
			    size_t answer_bytes)
{
	struct ring_call_header header = { .method = method };
	struct capos_service service = store_service(&echo);

	assert_int_equal(service.interface_id, STORE_INTERFACE_ID);
	call->header = &header;
	call->params = *built();
	message_builder_init(&call->results, answer, answer_bytes);
	return service.dispatch(service.handlers, call);
}

static void dispatch_runs_the_handler(void **state)
{
	uint64_t answer[8];
	int calls = 0;
	struct capos_open_call call = { .context = &calls };

	(void)state;
	start_message();
	store_get_params_set_key(store_get_params_init_root(&codegen_builder), "key", 3);
	assert_int_equal(dispatch(&call, STORE_GET_METHOD, answer, sizeof(answer)), STATUS_OK);
	assert_int_equal(calls, 1);
	assert_memory_equal(&answer[2], "key", 3);
	assert_int_equal(dispatch(&call, STORE_PUT_METHOD, answer, sizeof(answer)),
			 STATUS_UNKNOWN_METHOD);
	assert_int_equal(dispatch(&call, STORE_METHOD_COUNT, answer, sizeof(answer)),
			 STATUS_UNKNOWN_METHOD);
	assert_int_equal(dispatch(&call, UINT16_MAX, answer, sizeof(answer)),
			 STATUS_UNKNOWN_METHOD);
	assert_int_equal(dispatch(&call, STORE_GET_METHOD, answer, 8), STATUS_RESULT_TOO_SMALL);
	assert_int_equal(calls, 1);
	assert_int_equal(dispatch(&call, STORE_GET_METHOD, answer, 16), STATUS_OK);
	assert_true(call.results.failed); /* the event loop sees it */
	assert_int_equal(calls, 2);
}

static void dispatch_refuses_bad_messages(void **state)
{
	uint64_t answer[8];
	int calls = 0;
	struct capos_open_call call = { .context = &calls };

	(void)state;
	start_message();
	store_get_params_init_root(&codegen_builder);
	codegen_buffer[0] |= 2; /* a far pointer */
	assert_int_equal(dispatch(&call, STORE_GET_METHOD, answer, sizeof(answer)),
			 STATUS_MALFORMED_MESSAGE);
	assert_int_equal(calls, 0);
	store_get_params_init_root(&codegen_builder);
	codegen_buffer[1] = 2;
	assert_int_equal(dispatch(&call, STORE_GET_METHOD, answer, sizeof(answer)),
			 STATUS_MALFORMED_MESSAGE);
	assert_int_equal(calls, 1);
}

static void an_interface_without_methods_implements_none(void **state)
{
	struct ring_call_header header = {};
	struct capos_open_call call = { .header = &header };

	(void)state;
	assert_int_equal(empty_dispatch(nullptr, &call), STATUS_UNKNOWN_METHOD);
}

/* The runtime's side of one call, as far as generated clients use it. */
static struct {
	const uint64_t *results; /* the message that the call brings */
	size_t results_bytes;
	struct capos_call_size size;
	uint64_t target;
	uint64_t attached[8];
	uint64_t taken_interface[8];
	uint32_t attached_count;
	uint16_t method;
	uint8_t taken_count;
	int open; /* begun and not ended */
	enum status begin_status, wait_status;
} fake;

static enum status fake_begin(struct capos_call *call, uint64_t target, uint16_t method,
			      struct capos_call_size size, struct message_builder **out_params)
{
	fake.target = target;
	fake.method = method;
	fake.size = size;
	if (fake.begin_status != STATUS_OK)
		return fake.begin_status;
	fake.open++;
	start_message();
	message_builder_init(&call->params, codegen_buffer, size.param_bytes);
	*out_params = &call->params;
	return STATUS_OK;
}

static uint32_t fake_attach(struct capos_call *call, uint64_t capability)
{
	(void)call;
	fake.attached[fake.attached_count] = capability;
	return fake.attached_count++;
}

static enum status fake_wait(struct capos_call *call, struct message_reader **out_results)
{
	codegen_builder = call->params;
	message_reader_init(&call->results, fake.results, fake.results_bytes);
	*out_results = &call->results;
	return fake.wait_status;
}

static uint64_t fake_take_capability(struct capos_call *call, uint8_t ordinal,
				     uint64_t interface_id)
{
	(void)call;
	fake.taken_interface[ordinal] = interface_id;
	fake.taken_count++;
	return 1000u + ordinal;
}

static void fake_end(struct capos_call *call)
{
	(void)call;
	fake.open--;
}

static int reset_fake(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	return 0;
}

static void a_call_that_cannot_begin_does_nothing(void **state)
{
	uint32_t total = 5;

	(void)state;
	fake.begin_status = STATUS_OUT_OF_MEMORY;
	assert_int_equal(store_put((struct store_client){ 9 }, "k", 1, "v", 1, true, &total),
			 STATUS_OUT_OF_MEMORY);
	assert_int_equal(fake.open, 0);
	assert_int_equal(total, 5);
}

static void a_call_that_fails_is_ended(void **state)
{
	struct store_put_params_reader params;
	uint32_t total = 5;

	(void)state;
	fake.wait_status = STATUS_TIMED_OUT;
	assert_int_equal(
		store_put((struct store_client){ 9 }, "key", 3, "value", 5, false, &total),
		STATUS_TIMED_OUT);
	assert_int_equal(fake.open, 0);
	assert_int_equal(total, 5);
	assert_int_equal(fake.target, 9);
	assert_int_equal(fake.method, STORE_PUT_METHOD);
	/* Exactly the room that the parameters took. */
	assert_int_equal(message_builder_finish(&codegen_builder), fake.size.param_bytes);
	assert_true(store_put_params_read_root(built(), &params));
	assert_text(store_put_params_get_key(params), "key");
	assert_memory_equal(store_put_params_get_value(params).data, "value", 5);
	assert_false(store_put_params_get_replace(params));
}

/* Results of Store.open: at = 77 and three capabilities, which the records carry. */
static const uint64_t open_results[] = { 0x0003000100000000, 77, 3, 0x100000003, 0x200000003 };

static void promise_style_reads_the_results(void **state)
{
	struct capos_call call = {};
	struct store_open_params_builder params;
	struct store_open_results_reader results;
	struct capos_call_size size = {};

	(void)state;
	fake.results = open_results;
	fake.results_bytes = sizeof(open_results);
	assert_int_equal(store_open_begin(&call, (struct store_client){ 9 }, size, &params),
			 STATUS_OK);
	assert_int_equal(fake.size.result_capabilities, STORE_OPEN_RESULTS_CAPS);
	assert_int_equal(fake.size.param_bytes, STORE_OPEN_PARAMS_MESSAGE_BYTES + 256);
	assert_int_equal(fake.size.result_bytes, CAPOS_EXCEPTION_BYTES);
	assert_int_equal(store_open_wait(&call, &results), STATUS_OK);
	assert_int_equal(store_open_results_get_at(results), 77);
	assert_int_equal(store_open_results_get_other(results).index, 2);
	fake.results_bytes -= 8;
	assert_int_equal(store_open_wait(&call, &results), STATUS_MALFORMED_MESSAGE);
}

static void capabilities_go_out_and_come_in(void **state)
{
	struct store_client store = {};
	struct shape_client shape = {};
	struct store_open_params_reader params;
	uint64_t other = 0, at = 0;

	(void)state;
	fake.results = open_results;
	fake.results_bytes = sizeof(open_results);
	assert_int_equal(store_open((struct store_client){ 9 }, "n", 1,
				    (struct shape_client){ 31 }, 0, &store, &shape, &other,
				    &at),
			 STATUS_OK);
	assert_int_equal(fake.attached_count, 1);
	assert_int_equal(fake.attached[0], 31);
	assert_true(store_open_params_read_root(built(), &params));
	assert_true(store_open_params_get_shape(params).present);
	assert_int_equal(store_open_params_get_shape(params).index, 0);
	assert_false(store_open_params_get_other(params).present);
	assert_int_equal(fake.taken_count, 3);
	assert_int_equal(store.id, 1000);
	assert_int_equal(shape.id, 1001);
	assert_int_equal(other, 1002);
	assert_int_equal(at, 77);
	assert_int_equal(fake.taken_interface[0], STORE_INTERFACE_ID);
	assert_int_equal(fake.taken_interface[1], SHAPE_INTERFACE_ID);
	assert_int_equal(fake.taken_interface[2], 0);
	assert_int_equal(fake.open, 0);
}

static void bad_results_yield_nothing(void **state)
{
	struct store_client store = {};
	struct shape_client shape = {};
	uint64_t other = 0, at = 0;

	(void)state;
	fake.results = open_results;
	fake.results_bytes = 8;
	assert_int_equal(store_open((struct store_client){ 9 }, "n", 1, shape, 7, &store,
				    &shape, &other, &at),
			 STATUS_MALFORMED_MESSAGE);
	assert_int_equal(fake.taken_count, 0);
	assert_int_equal(fake.open, 0);
	assert_int_equal(at, 0);
}

static void ordinals_are_depth_first(void **state)
{
	(void)state;
	static_assert(STORE_OPEN_RESULTS_STORE_CAP == 0 && STORE_OPEN_RESULTS_SHAPE_CAP == 1);
	static_assert(STORE_NESTED_RESULTS_DEEP_FIRST_CAP == 0);
	static_assert(STORE_NESTED_RESULTS_DEEP_SECOND_CAP == 1);
	static_assert(STORE_NESTED_RESULTS_LAST_CAP == 2 && STORE_NESTED_RESULTS_CAPS == 3);
}

static void names_of_methods(void **state)
{
	(void)state;
	assert_string_equal(store_interface_name, "Store");
	assert_string_equal(store_method_names[STORE_EXCHANGE_METHOD], "exchange");
	assert_null(store_method_names[STORE_METHOD_COUNT]);
	assert_null(empty_method_names[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dispatch_runs_the_handler),
		cmocka_unit_test(dispatch_refuses_bad_messages),
		cmocka_unit_test(an_interface_without_methods_implements_none),
		cmocka_unit_test_setup(a_call_that_cannot_begin_does_nothing, reset_fake),
		cmocka_unit_test_setup(a_call_that_fails_is_ended, reset_fake),
		cmocka_unit_test_setup(promise_style_reads_the_results, reset_fake),
		cmocka_unit_test_setup(capabilities_go_out_and_come_in, reset_fake),
		cmocka_unit_test_setup(bad_results_yield_nothing, reset_fake),
		cmocka_unit_test(ordinals_are_depth_first),
		cmocka_unit_test(names_of_methods),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
