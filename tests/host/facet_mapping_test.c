// SPDX-License-Identifier: MIT
/*
 * Host test of memory behind facets: what is mapped through one ends with it, in whatever
 * address space and however it has been cut up since, unless the object is sealed; and that a
 * facet of a kernel object does wherever the object does.
 */
#include "kernel/core/facet.h"
#include "tests/host/ipc_calls.h"
#include "tests/host/sequence.h"

constexpr uint64_t PAGES = 4;
constexpr uint64_t BYTES = PAGES * PAGE_SIZE;

static struct supply_report before;
static struct program client;
static uint64_t client_handle;
static uint64_t memory;        /* the first process's */
static struct made_facet lent; /* of it */
static uint64_t given;         /* the client's */

/* `client` holds a facet of memory that `first` has made. */
static int lend(void **state)
{
	(void)kernel_setup(state);
	before = kernel_balance();
	assert_int_equal(create_object(&first, BYTES, &memory), STATUS_OK);
	assert_int_equal(derive(&first, memory, TRANSFER_SCOPE_SAME_SESSION, &lent), STATUS_OK);
	assert_int_equal(spawn_child(&first, 0, lent.facet, &client_handle), STATUS_OK);
	program_attach(&client, process_behind(&first, client_handle));
	program_run(&client);
	given = program_capability(&client, "given");
	assert_true(given != 0);
	return 0;
}

static int all_gone(void **state)
{
	program_run(&first);
	(void)kill_process(&first, client_handle);
	(void)release(&first, client_handle);
	(void)release(&first, lent.facet);
	(void)release(&first, lent.control);
	(void)release(&first, memory);
	(void)kernel_settle();
	assert_balance(before);
	return kernel_teardown(state);
}

static enum status try_map(uint64_t capability, enum protection protection, uint64_t *out_place)
{
	return map_object(&client,
			  (struct mapping_request){ .memory = capability,
						    .length_bytes = BYTES,
						    .protection = protection },
			  out_place);
}

/* All of what the client was given. */
static uint64_t map_given(enum protection protection)
{
	uint64_t place = 0;

	assert_int_equal(try_map(given, protection, &place), STATUS_OK);
	return place;
}

/* Whether an access gets through, as the processor would try it. */
static bool can_touch(struct program *program, uint64_t address, enum hal_access access)
{
	enum hal_access found;

	if (fake_hal_translate(program->process->space.root, address, &found) != nullptr &&
	    (access == HAL_ACCESS_READ || access == found))
		return true;
	return address_space_fault(&program->process->space, address, access);
}

static bool can_read(uint64_t address)
{
	return can_touch(&client, address, HAL_ACCESS_READ);
}

static void touch_all(uint64_t place)
{
	for (uint64_t at = place; at < place + BYTES; at += PAGE_SIZE)
		assert_true(can_read(at));
}

static void revoke_now(const struct made_facet *facet)
{
	program_run(&first);
	assert_int_equal(revoke(&first, facet->control), STATUS_OK);
	(void)kernel_settle();
	kernel_check();
}

static uint32_t client_mappings(void)
{
	assert_true(address_space_check(&client.process->space));
	return client.process->space.mapping_count;
}

/* --- What ends ---------------------------------------------------------------------------- */

static void a_revoked_mapping_ends_where_nobody_is(void **)
{
	uint32_t mappings = client_mappings();
	uint64_t place = map_given(PROTECTION_READ_WRITE);

	touch_all(place);
	assert_int_equal(client_mappings(), mappings + 1);
	/* The CPU is in the other address space. */
	revoke_now(&lent);
	assert_int_equal(client_mappings(), mappings);
	for (uint64_t at = place; at < place + BYTES; at += PAGE_SIZE)
		assert_false(can_read(at));
	program_run(&client);
	assert_int_equal(unmap(&client, place, BYTES), STATUS_NOT_MAPPED);
}

static void a_fault_there_ends_the_program(void **)
{
	uint64_t place = map_given(PROTECTION_READ);
	struct hal_fault fault = { .cause = HAL_FAULT_PAGE,
				   .address = place,
				   .access = HAL_ACCESS_READ };

	touch_all(place);
	revoke_now(&lent);
	program_run(&client);
	(void)kernel_take_fault(&fault);
	(void)kernel_settle();
	program_run(&first);
	assert_int_equal(process_status(&first, client_handle), EXIT_RECORD_FAULTED);
}

/* The translation buffer of the current address space forgets what was there. */
static void a_revoked_mapping_ends_where_the_cpu_is(void **)
{
	uint64_t invalidations;
	uint64_t place;
	enum hal_access access;

	program_run(&first);
	assert_int_equal(map_object(&first,
				    (struct mapping_request){ .memory = lent.facet,
							      .length_bytes = BYTES,
							      .protection = PROTECTION_READ },
				    &place),
			 STATUS_OK);
	assert_true(can_touch(&first, place, HAL_ACCESS_READ));
	assert_int_equal(fake_hal_root().raw, first.process->space.root.raw);
	invalidations = fake_hal_invalidations();
	revoke_now(&lent);
	assert_true(fake_hal_invalidations() > invalidations);
	assert_null(fake_hal_translate(first.process->space.root, place, &access));
	assert_false(can_touch(&first, place, HAL_ACCESS_READ));
}

static void what_was_derived_ends_too(void **)
{
	struct made_facet child;
	uint64_t place;

	assert_int_equal(derive(&client, given, TRANSFER_SCOPE_SAME_SESSION, &child),
			 STATUS_OK);
	assert_int_equal(try_map(child.facet, PROTECTION_READ, &place), STATUS_OK);
	touch_all(place);
	revoke_now(&lent);
	assert_false(can_read(place));
}

/* And what it was derived from does not. */
static void a_child_ends_alone(void **)
{
	uint64_t own = map_given(PROTECTION_READ);
	struct made_facet child;
	uint64_t place;

	assert_int_equal(derive(&client, given, TRANSFER_SCOPE_SAME_SESSION, &child),
			 STATUS_OK);
	assert_int_equal(try_map(child.facet, PROTECTION_READ, &place), STATUS_OK);
	touch_all(place);
	assert_int_equal(revoke(&client, child.control), STATUS_OK);
	(void)kernel_settle();
	assert_false(can_read(place));
	touch_all(own);
}

static void every_piece_ends(void **)
{
	uint32_t mappings = client_mappings();
	uint64_t place = map_given(PROTECTION_READ_WRITE);

	assert_int_equal(unmap(&client, place + PAGE_SIZE, PAGE_SIZE), STATUS_OK);
	assert_int_equal(protect(&client, place + 3 * PAGE_SIZE, PAGE_SIZE, PROTECTION_READ),
			 STATUS_OK);
	assert_int_equal(client_mappings(), mappings + 3);
	assert_true(can_read(place));
	assert_true(can_touch(&client, place + 2 * PAGE_SIZE, HAL_ACCESS_WRITE));
	assert_true(can_read(place + 3 * PAGE_SIZE));
	revoke_now(&lent);
	assert_int_equal(client_mappings(), mappings);
	for (uint64_t page = 0; page < PAGES; page++)
		assert_false(can_read(place + page * PAGE_SIZE));
}

/* Its pages that were not there yet do not come after the revocation's completion. */
static void nothing_new_is_shown_before_the_sweep(void **)
{
	uint64_t place = map_given(PROTECTION_READ_WRITE);

	program_run(&first);
	fake_hal_set_interrupt_pending(true);
	assert_int_equal(revoke(&first, lent.control), STATUS_OK);
	assert_true(work_is_waiting(&hal_cpu()->work));
	assert_false(can_read(place));
	fake_hal_set_interrupt_pending(false);
}

/* One mapping is one step. */
static void a_sweep_takes_steps(void **)
{
	constexpr uint32_t MAPPED = 20;
	uint32_t mappings = client_mappings();

	for (uint32_t i = 0; i < MAPPED; i++)
		(void)map_given(PROTECTION_READ);
	program_run(&first);
	fake_hal_set_interrupt_pending(true);
	assert_int_equal(revoke(&first, lent.control), STATUS_OK);
	for (uint32_t i = MAPPED; i > 0; i--) {
		assert_int_equal(client_mappings(), mappings + i);
		work_run_step(&hal_cpu()->work);
	}
	fake_hal_set_interrupt_pending(false);
	assert_int_equal(client_mappings(), mappings);
}

/* --- What stays --------------------------------------------------------------------------- */

static void a_sealed_mapping_stays_and_stays_charged(void **)
{
	uint64_t used = first.process->account->used[ACCOUNT_MEMORY];
	uint64_t place;

	assert_int_equal(seal_object(&client, given), STATUS_OK);
	assert_int_equal(map_object(&client,
				    (struct mapping_request){ .memory = given,
							      .length_bytes = BYTES,
							      .protection = PROTECTION_READ,
							      .sealed_only = true },
				    &place),
			 STATUS_OK);
	touch_all(place);
	revoke_now(&lent);
	touch_all(place);
	assert_int_equal(release(&first, memory), STATUS_OK);
	(void)kernel_settle();
	touch_all(place);
	assert_int_equal(first.process->account->used[ACCOUNT_MEMORY], used);
	program_run(&client);
	assert_int_equal(unmap(&client, place, BYTES), STATUS_OK);
	(void)kernel_settle();
	assert_true(first.process->account->used[ACCOUNT_MEMORY] <= used - BYTES);
}

static void what_is_sealed_meanwhile_stays(void **)
{
	uint32_t mappings = client_mappings();
	uint64_t place = map_given(PROTECTION_READ);

	assert_true(can_read(place));
	program_run(&first);
	assert_int_equal(seal_object(&first, memory), STATUS_OK);
	revoke_now(&lent);
	assert_int_equal(client_mappings(), mappings + 1);
	touch_all(place);
}

static void a_mapping_of_the_object_itself_stays(void **)
{
	uint64_t place;

	program_run(&first);
	assert_int_equal(map_object(&first,
				    (struct mapping_request){ .memory = memory,
							      .length_bytes = BYTES,
							      .protection = PROTECTION_READ },
				    &place),
			 STATUS_OK);
	revoke_now(&lent);
	assert_true(can_touch(&first, place, HAL_ACCESS_READ));
	assert_int_equal(unmap(&first, place, BYTES), STATUS_OK);
}

/* The facet lives as long as what was mapped through it, and can be revoked until then. */
static void a_mapping_holds_its_facet(void **)
{
	uint64_t facets = first.process->account->used[ACCOUNT_FACETS];
	uint64_t place = map_given(PROTECTION_READ);

	assert_int_equal(release(&client, given), STATUS_OK);
	program_run(&first);
	assert_int_equal(release(&first, lent.facet), STATUS_OK);
	assert_int_equal(facet_control_state(&first, lent.control), FACET_STATE_LIVE);
	touch_all(place);
	revoke_now(&lent);
	assert_false(can_read(place));
	assert_int_equal(facet_control_state(&first, lent.control), FACET_STATE_DROPPED);
	assert_int_equal(release(&first, lent.control), STATUS_OK);
	assert_int_equal(first.process->account->used[ACCOUNT_FACETS], facets - 1);
}

static void whoever_unmaps_lets_the_facet_go(void **)
{
	uint64_t place = map_given(PROTECTION_READ_WRITE);
	const struct facet *facet = client.process->space.spare == nullptr
					    ? nullptr
					    : client.process->space.spare->facet;

	assert_null(facet);
	assert_int_equal(unmap(&client, place + PAGE_SIZE, PAGE_SIZE), STATUS_OK);
	assert_int_equal(unmap(&client, place, BYTES), STATUS_OK);
	assert_int_equal(release(&client, given), STATUS_OK);
	program_run(&first);
	assert_int_equal(release(&first, lent.facet), STATUS_OK);
	assert_int_equal(facet_control_state(&first, lent.control), FACET_STATE_DROPPED);
}

/* Who keeps a dead capability does not keep the memory. */
static void a_revoked_facet_gives_the_object_up(void **)
{
	uint64_t used = first.process->account->used[ACCOUNT_MEMORY];

	program_run(&first);
	assert_int_equal(release(&first, memory), STATUS_OK);
	assert_int_equal(first.process->account->used[ACCOUNT_MEMORY], used);
	revoke_now(&lent);
	assert_true(first.process->account->used[ACCOUNT_MEMORY] <= used - BYTES);
}

static void a_process_that_ends_lets_the_facet_go(void **)
{
	(void)map_given(PROTECTION_READ_WRITE);
	program_run(&first);
	assert_int_equal(kill_process(&first, client_handle), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(release(&first, lent.facet), STATUS_OK);
	assert_int_equal(facet_control_state(&first, lent.control), FACET_STATE_DROPPED);
}

/* --- Any order ---------------------------------------------------------------------------- */

enum shown : uint8_t { NOTHING, OWN, LENT };

constexpr uint32_t PLACES = 48;
constexpr uint64_t BASE = 0x10000000;

static struct {
	struct memory_object *object;
	struct facet *facet;
	enum shown shown[PLACES]; /* by page */
	struct sequence sequence;
} model;

static void model_lend(void)
{
	struct facet_request request = { .account = first.process->account,
					 .maker = first.process->number };

	assert_int_equal(facet_derive(&model.object->object, &request, &model.facet),
			 STATUS_OK);
}

static void model_revoke(void)
{
	facet_end(model.facet, FACET_STATE_REVOKED);
	(void)kernel_settle();
	assert_true(list_is_empty(&model.facet->mappings));
	facet_discard(model.facet);
	for (uint32_t i = 0; i < PLACES; i++)
		if (model.shown[i] == LENT)
			model.shown[i] = NOTHING;
	model_lend();
}

static void model_map(uint32_t at, uint32_t count, enum shown as)
{
	struct map_request request = { .object = model.object,
				       .facet = as == LENT ? model.facet : nullptr,
				       .page_count = count,
				       .address = BASE + at * PAGE_SIZE,
				       .access = HAL_ACCESS_READ };
	enum status expected = STATUS_OK;
	uint64_t address;

	for (uint32_t i = at; i < at + count; i++)
		if (model.shown[i] != NOTHING)
			expected = STATUS_ADDRESS_IN_USE;
	assert_int_equal(address_space_map(&client.process->space, &request, &address),
			 expected);
	for (uint32_t i = at; expected == STATUS_OK && i < at + count; i++)
		model.shown[i] = as;
}

static void model_unmap(uint32_t at, uint32_t count)
{
	bool more;

	(void)!address_space_unmap(&client.process->space, BASE + at * PAGE_SIZE,
				   count * PAGE_SIZE, &more);
	for (uint32_t i = at; i < at + count; i++)
		model.shown[i] = NOTHING;
}

static void model_step(void)
{
	uint32_t at = sequence_below(&model.sequence, PLACES - 8);
	uint32_t count = 1 + sequence_below(&model.sequence, 8);

	switch (sequence_below(&model.sequence, 8)) {
	case 0:
	case 1:
		model_map(at, count, OWN);
		break;
	case 2:
	case 3:
	case 4:
		model_map(at, count, LENT);
		break;
	case 5:
		model_unmap(at, count);
		break;
	case 6:
		/* It cuts, if one mapping covers the range. */
		(void)!address_space_protect(&client.process->space, BASE + at * PAGE_SIZE,
					     count * PAGE_SIZE, HAL_ACCESS_READ);
		break;
	default:
		if (at < 8)
			model_revoke();
	}
}

static void random_pieces_end_with_their_facet(void **)
{
	assert_int_equal(memory_object_create(first.process->account, PLACES,
					      (struct memory_source){ 0 }, &model.object),
			 STATUS_OK);
	model_lend();
	model.sequence.state = 11;
	for (uint32_t round = 0; round < 20000; round++) {
		model_step();
		assert_true(address_space_check(&client.process->space));
		for (uint32_t i = 0; i < PLACES; i++)
			assert_int_equal(can_read(BASE + i * PAGE_SIZE),
					 model.shown[i] != NOTHING);
	}
	for (uint32_t i = 0; i < PLACES; i++)
		model_unmap(i, 1);
	assert_int_equal(model.facet->object.references, 1);
	facet_discard(model.facet);
	assert_int_equal(model.object->object.references, 1);
	object_put(&model.object->object);
}

/* --- Facets where objects are wanted ------------------------------------------------------ */

static void methods_go_through(void **)
{
	assert_int_equal(seal_object(&client, given), STATUS_OK);
	revoke_now(&lent);
	program_run(&client);
	assert_int_equal(seal_object(&client, given), STATUS_REVOKED);
}

static void a_dead_facet_maps_nothing(void **)
{
	uint64_t place;

	revoke_now(&lent);
	program_run(&client);
	assert_int_equal(try_map(given, PROTECTION_READ, &place), STATUS_REVOKED);
}

static void a_facet_of_something_else_is_no_memory(void **)
{
	uint64_t account = program_capability(&first, "account");
	struct made_facet other;
	struct made_facet service;
	uint64_t endpoint;
	uint64_t place;
	struct mapping_request what = { .length_bytes = PAGE_SIZE,
					.protection = PROTECTION_READ };

	program_run(&first);
	assert_int_equal(derive(&first, account, TRANSFER_SCOPE_SAME_SESSION, &other),
			 STATUS_OK);
	assert_int_equal(create_endpoint(&first, 4, &endpoint), STATUS_OK);
	assert_int_equal(make_client(&first, endpoint, TRANSFER_SCOPE_SAME_SESSION, &service),
			 STATUS_OK);
	what.memory = other.facet;
	assert_int_equal(map_object(&first, what, &place), STATUS_WRONG_INTERFACE);
	what.memory = service.facet;
	assert_int_equal(map_object(&first, what, &place), STATUS_WRONG_INTERFACE);
	what.memory = other.control;
	assert_int_equal(map_object(&first, what, &place), STATUS_WRONG_INTERFACE);
	assert_int_equal(release(&first, other.facet), STATUS_OK);
	assert_int_equal(release(&first, other.control), STATUS_OK);
	assert_int_equal(release(&first, service.facet), STATUS_OK);
	assert_int_equal(release(&first, service.control), STATUS_OK);
	assert_int_equal(release(&first, endpoint), STATUS_OK);
}

/* spawn takes image and account through facets; the process keeps both when these end. */
static void a_process_starts_from_facets(void **)
{
	uint64_t account = program_capability(&first, "account");
	struct made_facet payer;
	struct spawning what = { .memory_bytes = 256 << 10, .image = lent.facet };
	uint8_t image[FIXTURE_ELF_BYTES];
	struct object *object;
	uint64_t handle;

	fixture_elf(image);
	program_run(&first);
	object = cap_table_lookup(&first.process->table, (struct cap_id){ memory });
	memory_object_write(LIST_OWNER(object, struct memory_object, object), 0, image,
			    sizeof(image));
	assert_int_equal(derive(&first, account, TRANSFER_SCOPE_SAME_SESSION, &payer),
			 STATUS_OK);
	what.account = payer.facet;
	assert_int_equal(spawn_process(&first, what, &handle), STATUS_NOT_SEALED);
	assert_int_equal(seal_object(&first, memory), STATUS_OK);
	assert_int_equal(spawn_process(&first, what, &handle), STATUS_OK);
	assert_int_equal(revoke(&first, payer.control), STATUS_OK);
	revoke_now(&lent);
	assert_true(address_space_fault(&process_behind(&first, handle)->space, FIXTURE_TEXT,
					HAL_ACCESS_EXECUTE));
	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	assert_int_equal(release(&first, handle), STATUS_OK);
	assert_int_equal(spawn_process(&first, what, &handle), STATUS_REVOKED);
	assert_int_equal(release(&first, payer.facet), STATUS_OK);
	assert_int_equal(release(&first, payer.control), STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lend, all_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_revoked_mapping_ends_where_nobody_is),
		TEST(a_fault_there_ends_the_program),
		TEST(a_revoked_mapping_ends_where_the_cpu_is),
		TEST(what_was_derived_ends_too),
		TEST(a_child_ends_alone),
		TEST(every_piece_ends),
		TEST(nothing_new_is_shown_before_the_sweep),
		TEST(a_sweep_takes_steps),
		TEST(a_sealed_mapping_stays_and_stays_charged),
		TEST(what_is_sealed_meanwhile_stays),
		TEST(a_mapping_of_the_object_itself_stays),
		TEST(a_mapping_holds_its_facet),
		TEST(whoever_unmaps_lets_the_facet_go),
		TEST(a_revoked_facet_gives_the_object_up),
		TEST(a_process_that_ends_lets_the_facet_go),
		TEST(random_pieces_end_with_their_facet),
		TEST(methods_go_through),
		TEST(a_dead_facet_maps_nothing),
		TEST(a_facet_of_something_else_is_no_memory),
		TEST(a_process_starts_from_facets),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
