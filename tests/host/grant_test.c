// SPDX-License-Identifier: MIT
/*
 * Host test of grant.c: what each mode of a grant gives a new process, and that no grant gives
 * a capability another identity than it has.  Whatever is refused has changed nothing.
 */
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "tests/host/grant_calls.h"

#include <string.h>

constexpr uint64_t OTHER_INTERFACE = 0x1111222233334444;
constexpr uint16_t POLL_TAG = 2;

static struct supply_report before;
static uint64_t endpoint;
static struct made_facet object; /* a service object of it */
static struct grant_result child;
static struct program program; /* the child, when it runs */

/* Whether a receive would have to wait; if not, its completion. */
static struct ring_completion poll(void)
{
	struct ring_completion completion = { 0 };

	program_run(&first);
	submit_receive(&first, endpoint, POLL_TAG);
	last_entry(&first)->flags = OPERATION_FLAG_POLL;
	enter(&first);
	assert_true(program_read(&first, &completion));
	return completion;
}

static int setup(void **state)
{
	(void)kernel_setup(state);
	/* The page of the table of open calls stays. */
	assert_int_equal(create_endpoint(&first, 4, &endpoint), STATUS_OK);
	assert_int_equal(-poll().status, STATUS_NOTHING_PENDING);
	assert_int_equal(release(&first, endpoint), STATUS_OK);
	(void)kernel_settle();
	before = kernel_balance();
	assert_int_equal(create_endpoint(&first, 4, &endpoint), STATUS_OK);
	assert_int_equal(mint(&first, endpoint, TRANSFER_SCOPE_SAME_SESSION, &object),
			 STATUS_OK);
	child = (struct grant_result){ 0 };
	return 0;
}

static void read_all(void)
{
	struct ring_completion ignored;

	program_run(&first);
	while (program_read(&first, &ignored))
		;
}

static int teardown(void **state)
{
	program_run(&first);
	if (child.handle != 0) {
		(void)kill_process(&first, child.handle);
		(void)kernel_settle();
		read_all();
		(void)release(&first, child.handle);
	}
	(void)kernel_settle();
	(void)release(&first, object.facet);
	(void)release(&first, object.control);
	(void)release(&first, endpoint);
	(void)kernel_settle();
	read_all();
	assert_balance(before);
	return kernel_teardown(state);
}

static void run_child(void)
{
	program_run(&first);
	program_attach(&program, process_behind(&first, child.handle));
	program_run(&program);
}

/* Call what the child was given: how it arrives. */
static struct ring_call_header call_from_child(void)
{
	struct ring_call_header header;

	run_child();
	submit_call(&program, program_capability(&program, "given"), 1, nullptr, 1);
	enter(&program);
	assert_nothing(&program);
	assert_int_equal(poll().status, STATUS_OK);
	header = received_header(&first, POLL_TAG);
	submit_return(&first, header.call_id, 1, nullptr, 3);
	enter(&first);
	assert_ended(&first, 3, STATUS_OK);
	return header;
}

static bool holds(uint64_t capability)
{
	return cap_table_lookup(&first.process->table, (struct cap_id){ capability }) !=
	       nullptr;
}

/* Refused, and the spawner's table is as it was. */
static void assert_refused(struct granting grant, enum status status)
{
	uint32_t used = first.process->table.used_count;

	assert_int_equal(grant_one(&first, grant, &child), status);
	(void)kernel_settle();
	program_run(&first);
	assert_int_equal(first.process->table.used_count, used);
	assert_true(cap_table_check(&first.process->table));
	if (grant.capability != 0)
		assert_true(holds(grant.capability));
}

static uint32_t object_count(void)
{
	return endpoint_of(cap_table_lookup(&first.process->table, (struct cap_id){ endpoint }))
		->objects.used_count;
}

/* --- Identity --------------------------------------------------------------------------- */

static void a_badge_is_refused_on_everything(void **)
{
	static const uint64_t badges[] = { 0, 1, 42, UINT64_MAX };
	uint64_t timer = program_capability(&first, "timer");
	uint64_t what[] = { object.facet, endpoint, timer };

	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t w = 0; w < 3; w++)
			for (uint16_t mode = 0; mode <= CAP_GRANT_MODE_SERVICE_OBJECT; mode++)
				assert_refused((struct granting){ .capability = what[w],
								  .mode = mode,
								  .has_badge = true,
								  .badge = badges[i] },
					       STATUS_RELABEL_REFUSED);
}

static void a_copy_keeps_its_identity(void **)
{
	struct ring_call_header header;

	assert_int_equal(
		grant_one(&first, (struct granting){ .capability = object.facet }, &child),
		STATUS_OK);
	assert_int_equal(child.cookie_count, 0);
	header = call_from_child();
	assert_int_equal(header.cookie, object.cookie);
	assert_int_equal(header.interface_id, IPC_INTERFACE);
}

static void a_facet_is_taken_as_what_it_is_only(void **)
{
	static const uint16_t modes[] = { CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE,
					  CAP_GRANT_MODE_CLIENT_ENDPOINT };

	for (uint32_t i = 0; i < 3; i++) {
		struct granting grant = { .capability = object.facet,
					  .mode = modes[i],
					  .interface_id = OTHER_INTERFACE };

		assert_refused(grant, STATUS_RELABEL_REFUSED);
	}
	assert_int_equal(grant_one(&first,
				   (struct granting){ .capability = object.facet,
						      .interface_id = IPC_INTERFACE },
				   &child),
			 STATUS_OK);
	assert_int_equal(call_from_child().interface_id, IPC_INTERFACE);
}

/* Not even as what it is. */
static void what_is_no_endpoint_is_taken_as_nothing(void **)
{
	struct granting grant = { .interface_id = OTHER_INTERFACE };
	struct made_facet lent;
	uint64_t memory;
	uint64_t what[3];

	assert_int_equal(create_object(&first, PAGE_SIZE, &memory), STATUS_OK);
	assert_int_equal(derive(&first, memory, TRANSFER_SCOPE_SAME_SESSION, &lent), STATUS_OK);
	what[0] = memory;
	what[1] = program_capability(&first, "timer");
	what[2] = lent.facet;
	for (uint32_t i = 0; i < 3; i++) {
		grant.capability = what[i];
		for (uint16_t mode = 0; mode <= CAP_GRANT_MODE_SERVICE_OBJECT; mode++) {
			grant.mode = mode;
			grant.interface_id = OTHER_INTERFACE;
			assert_refused(grant, STATUS_WRONG_INTERFACE);
			grant.interface_id = MEMORY_OBJECT_INTERFACE_ID;
			assert_refused(grant, STATUS_WRONG_INTERFACE);
		}
		grant.mode = CAP_GRANT_MODE_CLIENT_ENDPOINT;
		grant.interface_id = 0;
		assert_refused(grant, STATUS_WRONG_INTERFACE);
	}
	assert_int_equal(release(&first, lent.facet), STATUS_OK);
	assert_int_equal(release(&first, lent.control), STATUS_OK);
	assert_int_equal(release(&first, memory), STATUS_OK);
}

static void unknown_numbers_are_refused(void **)
{
	assert_refused((struct granting){ .capability = object.facet, .mode = 4 },
		       STATUS_TRANSFER_MODE);
	assert_refused((struct granting){ .capability = object.facet, .mode = UINT16_MAX },
		       STATUS_TRANSFER_MODE);
	assert_refused((struct granting){ .capability = object.facet,
					  .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT,
					  .scope = 3 },
		       STATUS_INVALID_ARGUMENT);
	/* A scope is that of a facet to be made. */
	assert_refused((struct granting){ .capability = object.facet,
					  .scope = TRANSFER_SCOPE_SERVICE_REGRANT_ONLY },
		       STATUS_INVALID_ARGUMENT);
}

/* --- New facets ------------------------------------------------------------------------- */

static void an_owner_makes_clients(void **)
{
	struct granting grant = { .capability = endpoint,
				  .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT };
	struct ring_call_header header;
	uint32_t objects = object_count();

	assert_refused(grant, STATUS_INVALID_ARGUMENT);
	grant.interface_id = OTHER_INTERFACE;
	assert_int_equal(grant_one(&first, grant, &child), STATUS_OK);
	assert_int_equal(child.cookie_count, 0);
	header = call_from_child();
	assert_int_equal(header.cookie, 0);
	assert_int_equal(header.interface_id, OTHER_INTERFACE);
	assert_int_equal(object_count(), objects);
}

static void an_owner_makes_service_objects(void **)
{
	struct grant_spawn what = {
		.grants = { { .name = "timer",
			      .capability = program_capability(&first, "timer") },
			    { .name = "given",
			      .capability = endpoint,
			      .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
			      .interface_id = OTHER_INTERFACE } },
	};
	struct ring_call_header header;
	struct ring_completion news;

	assert_int_equal(grant_spawn(&first, what, &child), STATUS_OK);
	assert_int_equal(child.cookie_count, 2);
	assert_int_equal(child.cookies[0], 0);
	assert_int_not_equal(child.cookies[1], 0);
	assert_int_not_equal(child.cookies[1], object.cookie);
	header = call_from_child();
	assert_int_equal(header.cookie, child.cookies[1]);
	assert_int_equal(header.interface_id, OTHER_INTERFACE);
	/* Nobody else holds it, so its end is news. */
	assert_int_equal(kill_process(&first, child.handle), STATUS_OK);
	(void)kernel_settle();
	news = poll();
	assert_int_equal(news.kind, COMPLETION_KIND_DROPPED);
	assert_int_equal(news.word, child.cookies[1]);
}

static void an_owner_closes_what_a_grant_made(void **)
{
	struct granting grant = { .capability = endpoint,
				  .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
				  .interface_id = OTHER_INTERFACE };

	assert_int_equal(grant_one(&first, grant, &child), STATUS_OK);
	assert_int_equal(close_object(&first, endpoint, child.cookies[0]), STATUS_OK);
	run_child();
	submit_call(&program, program_capability(&program, "given"), 1, nullptr, 1);
	enter(&program);
	assert_ended(&program, 1, STATUS_OBJECT_CLOSED);
}

static void a_holder_derives_and_mints_not(void **)
{
	struct granting grant = { .capability = object.facet,
				  .mode = CAP_GRANT_MODE_SERVICE_OBJECT };
	struct ring_call_header header;

	assert_refused(grant, STATUS_RELABEL_REFUSED);
	grant.interface_id = IPC_INTERFACE;
	assert_refused(grant, STATUS_RELABEL_REFUSED);
	grant.mode = CAP_GRANT_MODE_CLIENT_ENDPOINT;
	assert_int_equal(grant_one(&first, grant, &child), STATUS_OK);
	assert_int_equal(child.cookie_count, 0);
	header = call_from_child();
	assert_int_equal(header.cookie, object.cookie);
	assert_int_equal(header.interface_id, IPC_INTERFACE);
	/* It goes with what it was derived from. */
	assert_int_equal(revoke(&first, object.control), STATUS_OK);
	run_child();
	assert_int_equal(-completion_of(&program, 1).status, STATUS_OK);
	submit_call(&program, program_capability(&program, "given"), 1, nullptr, 1);
	enter(&program);
	assert_ended(&program, 1, STATUS_REVOKED);
}

static void a_closed_endpoint_has_no_new_facets(void **)
{
	struct granting grant = { .capability = endpoint,
				  .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT,
				  .interface_id = OTHER_INTERFACE };

	assert_int_equal(close_endpoint(&first, endpoint), STATUS_OK);
	assert_refused(grant, STATUS_DISCONNECTED);
	grant.mode = CAP_GRANT_MODE_SERVICE_OBJECT;
	assert_refused(grant, STATUS_DISCONNECTED);
}

/* A spawn that fails after its service object was made: no object, and no news of one. */
static void a_failed_spawn_leaves_no_object(void **)
{
	struct grant_spawn what = {
		.grants = { { .name = "given",
			      .capability = endpoint,
			      .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
			      .interface_id = OTHER_INTERFACE },
			    { .name = "memory", .capability = object.facet } },
	};
	uint32_t objects = object_count();

	assert_int_equal(grant_spawn(&first, what, &child), STATUS_INVALID_ARGUMENT);
	assert_int_equal(object_count(), objects);
	assert_int_equal(-poll().status, STATUS_NOTHING_PENDING);
}

static void cookies_need_room(void **)
{
	struct grant_spawn what = {
		.grants = { { .name = "given",
			      .capability = endpoint,
			      .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
			      .interface_id = OTHER_INTERFACE } },
		.result_bytes = PROCESS_SPAWNER_SPAWN_RESULTS_MESSAGE_BYTES + 16,
	};
	uint32_t objects = object_count();

	assert_int_equal(grant_spawn(&first, what, &child), STATUS_RESULT_TOO_SMALL);
	assert_int_equal(object_count(), objects);
	what.result_bytes += 8;
	assert_int_equal(grant_spawn(&first, what, &child), STATUS_OK);
}

/* --- Moves ------------------------------------------------------------------------------ */

static void a_move_empties_the_spawners_slot(void **)
{
	uint64_t slots = first.process->account->used[ACCOUNT_SLOTS];
	struct granting grant = { .capability = object.facet, .mode = CAP_GRANT_MODE_MOVE };

	assert_int_equal(grant_one(&first, grant, &child), STATUS_OK);
	assert_false(holds(object.facet));
	assert_true(cap_table_check(&first.process->table));
	/* The handle came, the facet went; the rest is the child's. */
	assert_int_equal(
		first.process->account->used[ACCOUNT_SLOTS] -
			process_behind(&first, child.handle)->account->limit[ACCOUNT_SLOTS],
		slots);
	assert_int_equal(call_from_child().cookie, object.cookie);
}

static void a_failed_spawn_moves_nothing(void **)
{
	struct grant_spawn what = {
		.grants = { { .name = "given",
			      .capability = object.facet,
			      .mode = CAP_GRANT_MODE_MOVE },
			    { .name = "end",
			      .capability = endpoint,
			      .mode = CAP_GRANT_MODE_MOVE } },
		.binary = "none",
	};

	assert_int_equal(grant_spawn(&first, what, &child), STATUS_UNKNOWN_BINARY);
	assert_true(holds(object.facet) && holds(endpoint));
	what.binary = nullptr;
	what.grants[1].name = "given";
	assert_int_equal(grant_spawn(&first, what, &child), STATUS_INVALID_ARGUMENT);
	assert_true(holds(object.facet) && holds(endpoint));
	/* Its receives are still its own. */
	assert_int_equal(-poll().status, STATUS_NOTHING_PENDING);
	kernel_set_limit(ACCOUNT_MEMORY, first.process->account->used[ACCOUNT_MEMORY]);
	what.grants[1].name = "end";
	assert_int_equal(grant_spawn(&first, what, &child), STATUS_OUT_OF_MEMORY);
	assert_true(holds(object.facet) && holds(endpoint));
}

static void an_owner_is_moved_not_copied(void **)
{
	struct granting grant = { .capability = endpoint };

	assert_refused(grant, STATUS_TRANSFER_MODE);
	grant.mode = CAP_GRANT_MODE_MOVE;
	grant.interface_id = OTHER_INTERFACE;
	assert_refused(grant, STATUS_RELABEL_REFUSED);
	grant.interface_id = 0;
	submit_receive(&first, endpoint, 4);
	enter(&first);
	assert_int_equal(first.process->thread->ring.waiting, 1);
	assert_int_equal(grant_one(&first, grant, &child), STATUS_OK);
	assert_false(holds(endpoint));
	/* It may not receive any more. */
	assert_int_equal(first.process->thread->ring.waiting, 0);
	run_child();
	submit_receive(&program, program_capability(&program, "given"), 1);
	enter(&program);
	assert_nothing(&program);
	program_run(&first);
	submit_call(&first, object.facet, 5, nullptr, 5);
	enter(&first);
	program_run(&program);
	assert_int_equal(completion_of(&program, 1).status, STATUS_OK);
	assert_int_equal(received_header(&program, 1).cookie, object.cookie);
}

static void nothing_is_moved_twice(void **)
{
	static const uint16_t others[] = { CAP_GRANT_MODE_COPY, CAP_GRANT_MODE_MOVE,
					   CAP_GRANT_MODE_CLIENT_ENDPOINT };

	for (uint32_t i = 0; i < 12; i++) {
		uint32_t move_first = i & 1;
		struct grant_spawn what = {
			.grants = { { .name = "one", .capability = object.facet },
				    { .name = "two",
				      .capability = object.facet,
				      .again = (i & 2) != 0 } },
		};

		what.grants[move_first].mode = CAP_GRANT_MODE_MOVE;
		what.grants[!move_first].mode = others[i / 4];
		assert_int_equal(grant_spawn(&first, what, &child), STATUS_CAPABILITY_MOVING);
		assert_true(holds(object.facet));
		assert_true(cap_table_check(&first.process->table));
	}
}

static void what_is_moved_serves_for_nothing_else(void **)
{
	uint64_t memory;
	struct grant_spawn what = {
		.grants = { { .name = "given",
			      .capability = program_capability(&first, "account"),
			      .mode = CAP_GRANT_MODE_MOVE } },
		.account_again = true,
	};

	assert_int_equal(grant_spawn(&first, what, &child), STATUS_CAPABILITY_MOVING);
	assert_true(holds(what.grants[0].capability));
	assert_int_equal(create_object(&first, PAGE_SIZE, &memory), STATUS_OK);
	assert_int_equal(seal_object(&first, memory), STATUS_OK);
	what.account_again = false;
	what.grants[0].capability = memory;
	what.image = memory;
	assert_int_equal(grant_spawn(&first, what, &child), STATUS_CAPABILITY_MOVING);
	assert_true(holds(memory));
	assert_int_equal(release(&first, memory), STATUS_OK);
}

/* --- Who may pass it on ----------------------------------------------------------------- */

/* A child that holds a spawner and a facet of this scope, and what becomes of its own child. */
static enum status grandchild(uint16_t scope, struct granting grant)
{
	struct grant_spawn what = {
		.grants = { { .name = "spawner",
			      .capability = program_capability(&first, "spawner") },
			    { .name = "facet",
			      .capability = endpoint,
			      .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
			      .scope = scope,
			      .interface_id = OTHER_INTERFACE } },
	};
	struct grant_result inner;
	enum status status;

	assert_int_equal(grant_spawn(&first, what, &child), STATUS_OK);
	run_child();
	grant.capability = program_capability(&program, "facet");
	status = grant_one(&program, grant, &inner);
	(void)kernel_settle();
	program_run(&program);
	assert_int_equal(cap_table_lookup(&program.process->table,
					  (struct cap_id){ grant.capability }) != nullptr,
			 status != STATUS_OK || grant.mode != CAP_GRANT_MODE_MOVE);
	if (status == STATUS_OK) {
		assert_int_equal(inner.cookie_count, 0);
		assert_int_equal(kill_process(&program, inner.handle), STATUS_OK);
	}
	program_run(&first);
	assert_int_equal(kill_process(&first, child.handle), STATUS_OK);
	assert_int_equal(release(&first, child.handle), STATUS_OK);
	(void)kernel_settle();
	(void)poll(); /* dropped */
	child.handle = 0;
	return status;
}

static void the_scope_holds_for_spawning_too(void **)
{
	struct granting modes[] = { { .mode = CAP_GRANT_MODE_COPY },
				    { .mode = CAP_GRANT_MODE_MOVE },
				    { .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT,
				      .scope = TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE } };

	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(grandchild(TRANSFER_SCOPE_SERVICE_REGRANT_ONLY, modes[i]),
				 STATUS_TRANSFER_SCOPE);
		assert_int_equal(grandchild(TRANSFER_SCOPE_SAME_SESSION, modes[i]), STATUS_OK);
	}
}

static void a_delegate_cannot_relabel(void **)
{
	struct granting badge = { .has_badge = true, .badge = 7 };
	struct granting zero = { .has_badge = true };
	struct granting other = { .interface_id = IPC_INTERFACE };
	struct granting sibling = { .mode = CAP_GRANT_MODE_SERVICE_OBJECT };

	assert_int_equal(grandchild(TRANSFER_SCOPE_SAME_SESSION, badge),
			 STATUS_RELABEL_REFUSED);
	assert_int_equal(grandchild(TRANSFER_SCOPE_SAME_SESSION, zero), STATUS_RELABEL_REFUSED);
	assert_int_equal(grandchild(TRANSFER_SCOPE_SAME_SESSION, other),
			 STATUS_RELABEL_REFUSED);
	assert_int_equal(grandchild(TRANSFER_SCOPE_SAME_SESSION, sibling),
			 STATUS_RELABEL_REFUSED);
}

/* A facet that a grant made is bound to the session of who got it. */
static void a_made_facet_is_bound(void **)
{
	struct granting grant = { .capability = endpoint,
				  .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
				  .interface_id = OTHER_INTERFACE };
	struct object *given;

	assert_int_equal(grant_one(&first, grant, &child), STATUS_OK);
	run_child();
	given = cap_table_lookup(&program.process->table,
				 (struct cap_id){ program_capability(&program, "given") });
	assert_ptr_equal(facet_of(given)->session, program.process->session);
	assert_ptr_equal(facet_of(given)->account, first.process->account);
	assert_int_equal(facet_of(given)->control.references, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_badge_is_refused_on_everything),
		TEST(a_copy_keeps_its_identity),
		TEST(a_facet_is_taken_as_what_it_is_only),
		TEST(what_is_no_endpoint_is_taken_as_nothing),
		TEST(unknown_numbers_are_refused),
		TEST(an_owner_makes_clients),
		TEST(an_owner_makes_service_objects),
		TEST(an_owner_closes_what_a_grant_made),
		TEST(a_holder_derives_and_mints_not),
		TEST(a_closed_endpoint_has_no_new_facets),
		TEST(a_failed_spawn_leaves_no_object),
		TEST(cookies_need_room),
		TEST(a_move_empties_the_spawners_slot),
		TEST(a_failed_spawn_moves_nothing),
		TEST(an_owner_is_moved_not_copied),
		TEST(nothing_is_moved_twice),
		TEST(what_is_moved_serves_for_nothing_else),
		TEST(the_scope_holds_for_spawning_too),
		TEST(a_delegate_cannot_relabel),
		TEST(a_made_facet_is_bound),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
