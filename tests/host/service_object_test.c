// SPDX-License-Identifier: MIT
/*
 * Host test of service objects, user/rt/objects.c: the table against a plain model, minting and
 * closing over the kernel of tests/host/fake_ring.c, and the way of calls to their objects.
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

#include "tests/host/codegen_types.server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

constexpr uint64_t OWNER = 77;
constexpr uint64_t FACET = 0x300000005;
constexpr uint64_t CONTROL = 0x300000006;
constexpr uint32_t INDICES = 300; /* more than two chunks */
constexpr uint32_t STEPS = 20000;

/* What a service keeps of one client, and the model of its object. */
struct client {
	uint64_t cookie;
	struct capos_object *object;
	uint32_t open_calls;
	uint32_t destroyed;
	bool is_known; /* in the table */
};

static uint32_t blocks;
static uint32_t allocations_left;
static struct capos_object_table table;
static struct capos_endpoint door;
static struct capos_open_call *kept;
static struct client *called;
static bool keep;

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

static void destroy_client(void *context)
{
	struct client *client = context;

	client->destroyed++;
}

static enum status serve_area(struct capos_open_call *call,
			      struct shape_area_params_reader params,
			      struct shape_area_results_builder results)
{
	(void)params;
	called = call->context;
	if (keep) {
		capos_open_call_keep(call);
		kept = call;
	}
	shape_area_results_set_area(results, 12);
	return STATUS_OK;
}

static const struct shape_server handlers = { .area = serve_area };

static struct capos_object_options options_for(struct client *client)
{
	return (struct capos_object_options){ .service = shape_service(&handlers),
					      .context = client,
					      .destroy = destroy_client };
}

static int setup(void **state)
{
	(void)state;
	fake_kernel_reset();
	memset(&capos_client, 0, sizeof(capos_client));
	memset(&capos_loop, 0, sizeof(capos_loop));
	blocks = 0;
	allocations_left = UINT32_MAX;
	keep = false;
	called = nullptr;
	(void)capos_client_init();
	capos_object_table_init(&table, OWNER);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_kernel.idle = nullptr;
	if (capos_loop.endpoints != nullptr) {
		capos_server_stop();
		assert_int_equal(capos_server_run(), STATUS_OK);
	}
	capos_object_table_clear(&table);
	assert_int_equal(table.count, 0);
	assert_int_equal(blocks, 0);
	return 0;
}

static uint64_t cookie_of(uint32_t index, uint32_t generation)
{
	return (uint64_t)generation << 32 | index;
}

static enum status insert(struct client *client, uint64_t cookie)
{
	struct capos_object_options options = options_for(client);

	return capos_object_insert(&table, &options, cookie, &client->object);
}

static void cookies_are_checked(void **state)
{
	static struct client first = {}, second = {};

	(void)state;
	assert_int_equal(insert(&first, 0), STATUS_INVALID_ARGUMENT);
	assert_int_equal(insert(&first, cookie_of(MAX_ENDPOINT_OBJECTS, 1)),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(insert(&first, cookie_of(MAX_ENDPOINT_OBJECTS - 1, 3)), STATUS_OK);
	assert_int_equal(insert(&second, cookie_of(MAX_ENDPOINT_OBJECTS - 1, 3)),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(insert(&second, cookie_of(MAX_ENDPOINT_OBJECTS - 1, 2)),
			 STATUS_INVALID_ARGUMENT);
	assert_null(capos_object_find(&table, cookie_of(MAX_ENDPOINT_OBJECTS - 1, 2)));
	assert_null(capos_object_find(&table, cookie_of(UINT32_MAX, UINT32_MAX)));
	assert_null(capos_object_find(&table, cookie_of(0, 1)));
	assert_ptr_equal(capos_object_find(&table, cookie_of(MAX_ENDPOINT_OBJECTS - 1, 3)),
			 first.object);
}

/* The kernel has given the index away, and its word that the old object is dropped is late. */
static void a_younger_object_takes_the_place(void **state)
{
	static struct client old = {}, young = {};

	(void)state;
	assert_int_equal(insert(&old, cookie_of(0, 1)), STATUS_OK);
	assert_int_equal(insert(&young, cookie_of(0, 2)), STATUS_OK);
	assert_int_equal(old.destroyed, 1);
	assert_false(capos_object_drop(&table, cookie_of(0, 1)));
	assert_ptr_equal(capos_object_find(&table, cookie_of(0, 2)), young.object);
	assert_int_equal(young.destroyed, 0);
}

static void an_object_is_destroyed_with_its_last_open_call(void **state)
{
	static struct client client = {};

	(void)state;
	assert_int_equal(insert(&client, cookie_of(7, 1)), STATUS_OK);
	capos_object_enter(client.object);
	capos_object_enter(client.object);
	assert_true(capos_object_drop(&table, cookie_of(7, 1)));
	assert_null(capos_object_find(&table, cookie_of(7, 1)));
	capos_object_leave(client.object);
	assert_int_equal(client.destroyed, 0);
	capos_object_leave(client.object);
	assert_int_equal(client.destroyed, 1);
}

static void without_memory_nothing_is_remembered(void **state)
{
	static struct client client = {};

	(void)state;
	for (uint32_t n = 0; n < 2; n++) {
		allocations_left = n;
		assert_int_equal(insert(&client, cookie_of(5, 1)), STATUS_OUT_OF_MEMORY);
		assert_int_equal(table.count, 0);
	}
	assert_int_equal(client.destroyed, 0);
}

/* The model: what the service has ever put at an index, the latest last. */
static struct client clients[STEPS];
static uint32_t latest[INDICES]; /* number of the client, from 1; 0: none yet */

static void check_find(const struct client *client)
{
	struct capos_object *found = capos_object_find(&table, client->cookie);

	assert_ptr_equal(found, client->is_known ? client->object : nullptr);
	assert_int_equal(client->destroyed, !client->is_known && client->open_calls == 0);
}

static void step_insert(uint32_t step, uint32_t index, uint64_t *generation)
{
	struct client *client = &clients[step];
	struct client *before = latest[index] == 0 ? nullptr : &clients[latest[index] - 1];

	client->cookie = cookie_of(index, (uint32_t)++*generation);
	assert_int_equal(insert(client, client->cookie), STATUS_OK);
	client->is_known = true;
	latest[index] = step + 1;
	if (before != nullptr) {
		before->is_known = false;
		check_find(before);
	}
}

static void step_other(struct client *client, uint32_t choice)
{
	if (choice == 0) {
		assert_int_equal(capos_object_drop(&table, client->cookie), client->is_known);
		client->is_known = false;
	} else if (choice == 1 && client->is_known) {
		capos_object_enter(client->object);
		client->open_calls++;
	} else if (choice == 2 && client->open_calls != 0) {
		client->open_calls--;
		capos_object_leave(client->object);
	}
}

static void random_operations_match_a_model(void **state)
{
	struct sequence sequence = { 4711 };
	uint64_t generation = 0;
	uint32_t known = 0;

	(void)state;
	memset(clients, 0, sizeof(clients));
	memset(latest, 0, sizeof(latest));
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t index = sequence_below(&sequence, INDICES);
		uint32_t choice = sequence_below(&sequence, 6);
		struct client *client;

		if (choice > 2 || latest[index] == 0) {
			step_insert(step, index, &generation);
			continue;
		}
		/* Of old ones too, which are not in the table any more. */
		client = sequence_below(&sequence, 4) == 0
				 ? &clients[sequence_below(&sequence, step)]
				 : &clients[latest[index] - 1];
		if (client->cookie == 0)
			continue;
		step_other(client, choice);
		check_find(client);
	}
	for (uint32_t i = 0; i < STEPS; i++) {
		if (clients[i].cookie == 0)
			continue;
		check_find(&clients[i]);
		known += clients[i].is_known;
		for (; clients[i].open_calls != 0; clients[i].open_calls--)
			capos_object_leave(clients[i].object);
	}
	assert_int_equal(table.count, known);
}

/* --- Over the fake kernel ----------------------------------------------------------------- */

static uint64_t minted;
static uint64_t closed;

/* Endpoint.mint and Endpoint.closeObject. */
static bool answer_endpoint(const struct ring_submission *s, struct ring_completion *c)
{
	struct endpoint_close_object_params_reader params;
	struct endpoint_mint_results_builder results;
	struct ring_transfer_result *records;
	struct message_builder message;
	struct message_reader reader;

	assert_int_equal(s->target, OWNER);
	message_builder_init(&message, fake_arena(s->result_offset), s->result_capacity);
	message_reader_init(&reader, fake_arena(s->param_offset), s->param_length);
	if (s->method == ENDPOINT_CLOSE_OBJECT_METHOD) {
		assert_true(endpoint_close_object_params_read_root(&reader, &params));
		closed = endpoint_close_object_params_get_cookie(params);
		c->length = 0;
		return true;
	}
	assert_int_equal(s->method, ENDPOINT_MINT_METHOD);
	results = endpoint_mint_results_init_root(&message);
	endpoint_mint_results_set_facet(results, 0);
	endpoint_mint_results_set_control(results, 1);
	endpoint_mint_results_set_cookie(results, minted);
	c->length = (uint32_t)message_builder_finish(&message);
	c->transfer_count = 2;
	records = fake_arena(s->result_offset + c->length);
	records[0] = (struct ring_transfer_result){ FACET, SHAPE_INTERFACE_ID };
	records[1] = (struct ring_transfer_result){ CONTROL, FACET_CONTROL_INTERFACE_ID };
	return true;
}

static void create(struct client *client, uint64_t cookie)
{
	struct capos_object_options options = options_for(client);
	uint64_t facet = 0;

	minted = cookie;
	fake_kernel.own_call = answer_endpoint;
	assert_int_equal(capos_object_create(&table, &options, &facet, &client->object),
			 STATUS_OK);
	assert_int_equal(facet, FACET);
	client->cookie = cookie;
}

static void an_object_is_minted_and_closed(void **state)
{
	static struct client client = {};

	(void)state;
	create(&client, cookie_of(2, 9));
	assert_ptr_equal(capos_object_find(&table, cookie_of(2, 9)), client.object);
	assert_int_equal(capos_object_close(&table, client.object), STATUS_OK);
	assert_int_equal(closed, cookie_of(2, 9));
	assert_int_equal(client.destroyed, 1);
	/* The control is not kept. */
	(void)capos_flush();
	assert_int_equal(fake_kernel.released_count, 1);
	assert_int_equal(fake_kernel.released[0], CONTROL);
}

static void what_cannot_be_remembered_is_not_minted(void **state)
{
	static struct client client = {};
	struct capos_object_options options = options_for(&client);
	struct capos_object *object = nullptr;
	uint64_t facet = 0;

	(void)state;
	minted = cookie_of(4, 1);
	closed = 0;
	allocations_left = 0;
	fake_kernel.own_call = answer_endpoint;
	assert_int_equal(capos_object_create(&table, &options, &facet, &object),
			 STATUS_OUT_OF_MEMORY);
	assert_int_equal(closed, minted);
	assert_int_equal(facet, 0);
	(void)capos_flush();
	assert_int_equal(fake_kernel.released_count, 2);
}

static void serve(void)
{
	struct capos_endpoint_options options = { .endpoint = OWNER,
						  .objects = &table,
						  .receives = 2 };

	assert_int_equal(capos_endpoint_serve(&door, &options), STATUS_OK);
}

static struct fake_call *client_area(uint64_t cookie)
{
	struct fake_call *call = fake_call(SHAPE_INTERFACE_ID, SHAPE_AREA_METHOD, cookie, 0);

	return call;
}

static void calls_find_their_objects(void **state)
{
	static struct client first = {}, second = {};
	struct fake_call *call;

	(void)state;
	assert_int_equal(insert(&first, cookie_of(1, 1)), STATUS_OK);
	assert_int_equal(insert(&second, cookie_of(2, 2)), STATUS_OK);
	serve();
	call = client_area(cookie_of(2, 2));
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_ptr_equal(called, &second);
	assert_int_equal(call->answer_flags, 0);
	called = nullptr;
	call = client_area(cookie_of(2, 1)); /* an old generation */
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_null(called);
	assert_int_equal(call->answer_flags, OPERATION_FLAG_EXCEPTION);
}

static void a_dropped_object_is_destroyed(void **state)
{
	static struct client client = {};
	struct fake_call *call;

	(void)state;
	assert_int_equal(insert(&client, cookie_of(1, 1)), STATUS_OK);
	serve();
	keep = true;
	call = client_area(cookie_of(1, 1));
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	fake_kernel.dropped = cookie_of(1, 1);
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	/* Its client may be gone, but the handler still uses the context. */
	assert_int_equal(client.destroyed, 0);
	assert_int_equal(table.count, 0);
	capos_open_call_answer(kept, STATUS_OK);
	assert_int_equal(client.destroyed, 1);
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_int_equal(call->answers, 1);
	assert_int_equal(fake_receives(), 2);
}

static uint64_t told;

static void tell(void *context, uint64_t cookie)
{
	assert_ptr_equal(context, &told);
	told = cookie;
}

static void objects_of_nobody_are_told_of(void **state)
{
	struct capos_endpoint_options options = {
		.endpoint = OWNER, .objects = &table, .dropped = tell, .context = &told
	};

	(void)state;
	assert_int_equal(capos_endpoint_serve(&door, &options), STATUS_OK);
	fake_kernel.dropped = cookie_of(3, 3);
	assert_int_equal(capos_server_run(), STATUS_NOTHING_PENDING);
	assert_int_equal(told, cookie_of(3, 3));
}

int main(void)
{
#define with_table(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_table(cookies_are_checked),
		with_table(a_younger_object_takes_the_place),
		with_table(an_object_is_destroyed_with_its_last_open_call),
		with_table(without_memory_nothing_is_remembered),
		with_table(random_operations_match_a_model),
		with_table(an_object_is_minted_and_closed),
		with_table(what_cannot_be_remembered_is_not_minted),
		with_table(calls_find_their_objects),
		with_table(a_dropped_object_is_destroyed),
		with_table(objects_of_nobody_are_told_of),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
