// SPDX-License-Identifier: MIT
/*
 * Host test of address_space.c and page_tables.c: random operations against a plain array of
 * pages, exact accounts, and which protections are ever given.  Running short of memory:
 * shortage_test.c.
 */
#include "kernel/core/address_space.h"

#include "schema/memory.capnp.h"
#include "tests/host/kernel_fixture.h"
#include "tests/host/sequence.h"

#include <string.h>

/* Pages of the model: around a directory's bound, over four table spans. */
constexpr uint32_t PAGES = 1024;
constexpr uint64_t BASE = HAL_DIRECTORY_SPAN - 600 * PAGE_SIZE;
constexpr uint32_t OBJECTS = 6;

struct page {
	uint32_t mapping; /* 0: nothing */
	enum mapping_kind kind;
	enum hal_access access;
	struct memory_object *object;
	uint64_t object_page;
	bool touched; /* the tables may show it */
};

/* Nothing interrupts here, so one call does it all. */
static enum status unmap_range(struct address_space *space, uint64_t address, uint64_t size)
{
	bool more;
	enum status status = address_space_unmap(space, address, size, &more);

	assert_false(more);
	return status;
}

static struct {
	struct address_space space;
	struct account *account;
	struct memory_object *objects[OBJECTS]; /* the second half is sealed */
	struct page pages[PAGES];
	uint32_t next_mapping;
	uint64_t used_bytes; /* of the account, without mappings and tables */
	uint64_t mapping_bytes;
	struct sequence sequence;
} model;

static uint32_t below(uint32_t limit)
{
	return sequence_below(&model.sequence, limit);
}

static uint64_t address_of(uint32_t page)
{
	return BASE + page * PAGE_SIZE;
}

static enum status map_at(struct memory_object *object, uint64_t address, uint64_t pages,
			  enum hal_access access)
{
	struct map_request request = {
		.object = object, .page_count = pages, .address = address, .access = access
	};

	return address_space_map(&model.space, &request, &address);
}

static struct memory_object *new_object(uint64_t pages, bool sealed)
{
	struct memory_object *object = nullptr;

	assert_int_equal(memory_object_create(model.account, pages, (struct memory_source){ 0 },
					      &object),
			 STATUS_OK);
	if (sealed)
		assert_int_equal(memory_object_seal(object), STATUS_OK);
	return object;
}

/* Without the spare mapping that a space keeps. */
static uint64_t used(void)
{
	uint64_t spare = model.space.spare != nullptr ? sizeof(struct mapping) : 0;

	return model.account->used[ACCOUNT_MEMORY] - spare;
}

static int model_setup(void **state)
{
	(void)kernel_setup(state);
	memset(&model, 0, sizeof(model));
	model.account = first.process->account;
	model.next_mapping = 1;
	assert_int_equal(address_space_init(&model.space, model.account), STATUS_OK);
	for (uint32_t i = 0; i < OBJECTS; i++)
		model.objects[i] = new_object(8u << i, i >= OBJECTS / 2);
	model.used_bytes = used();
	assert_int_equal(map_at(model.objects[0], address_of(0), 1, HAL_ACCESS_READ),
			 STATUS_OK);
	model.mapping_bytes = used() - model.used_bytes - 2 * PAGE_SIZE;
	assert_int_equal(unmap_range(&model.space, address_of(0), PAGE_SIZE), STATUS_OK);
	return 0;
}

static int model_teardown(void **state)
{
	while (address_space_teardown_step(&model.space))
		;
	for (uint32_t i = 0; i < OBJECTS; i++) {
		assert_int_equal(model.objects[i]->object.references, 1);
		object_put(&model.objects[i]->object);
	}
	(void)kernel_settle();
	return kernel_teardown(state);
}

/* --- What the model expects ------------------------------------------------------------- */

static bool all_free(uint32_t first_page, uint32_t count)
{
	for (uint32_t i = first_page; i < first_page + count; i++)
		if (model.pages[i].mapping != 0)
			return false;
	return true;
}

/* One mapping covers the range; returns its number, or 0. */
static uint32_t covering(uint32_t first_page, uint32_t count)
{
	uint32_t mapping = model.pages[first_page].mapping;

	for (uint32_t i = first_page; i < first_page + count; i++)
		if (model.pages[i].mapping != mapping)
			return 0;
	return mapping;
}

/* The status of an operation that makes `more` mappings besides those there are. */
static enum status expected_room(uint32_t more)
{
	return model.space.mapping_count + more > MAX_MAPPINGS ? STATUS_TOO_MANY_MAPPINGS
							       : STATUS_OK;
}

/* How many mappings more there are once the range, inside one, is one of its own. */
static uint32_t cuts(uint32_t first_page, uint32_t count)
{
	uint32_t mapping = model.pages[first_page].mapping;
	uint32_t end = first_page + count;

	return (first_page > 0 && model.pages[first_page - 1].mapping == mapping) +
	       (end < PAGES && model.pages[end].mapping == mapping);
}

/* The range becomes a mapping of its own; what is left above it becomes another. */
static void cut_out(uint32_t first_page, uint32_t count)
{
	uint32_t mapping = model.pages[first_page].mapping;

	for (uint32_t i = first_page; i < first_page + count; i++)
		model.pages[i].mapping = model.next_mapping;
	for (uint32_t i = first_page + count; i < PAGES; i++)
		if (model.pages[i].mapping == mapping)
			model.pages[i].mapping = model.next_mapping + 1;
	model.next_mapping += 2;
}

static uint32_t expected_mappings(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < PAGES; i++)
		if (model.pages[i].mapping != 0 &&
		    (i == 0 || model.pages[i - 1].mapping != model.pages[i].mapping))
			count++;
	return count;
}

static uint32_t expected_spans(uint64_t span)
{
	uint64_t last = UINT64_MAX;
	uint32_t count = 0;

	for (uint32_t i = 0; i < PAGES; i++) {
		if (model.pages[i].mapping == 0 || address_of(i) / span == last)
			continue;
		last = address_of(i) / span;
		count++;
	}
	return count;
}

static uint64_t expected_used(void)
{
	return model.used_bytes + expected_mappings() * model.mapping_bytes +
	       (expected_spans(HAL_TABLE_SPAN) + expected_spans(HAL_DIRECTORY_SPAN)) *
		       PAGE_SIZE;
}

/* What the tables show of a page: nothing, or what the model says. */
static void check_page(uint32_t i)
{
	const struct page *page = &model.pages[i];
	enum hal_access access;
	const void *shown = fake_hal_translate(model.space.root, address_of(i), &access);

	if (!page->touched) {
		assert_null(shown);
		return;
	}
	assert_int_equal(access, page->access);
	assert_ptr_equal(shown, hal_direct_map(memory_object_page(
					page->object, (uint32_t)page->object_page)));
}

static void check_all(void)
{
	assert_true(address_space_check(&model.space));
	assert_int_equal(model.space.mapping_count, expected_mappings());
	assert_int_equal(used(), expected_used());
	for (uint32_t i = 0; i < PAGES; i++)
		check_page(i);
}

/* --- Random operations ------------------------------------------------------------------ */

static enum status expected_access_status(const struct memory_object *object,
					  enum hal_access access)
{
	if (access == HAL_ACCESS_WRITE && object->sealed)
		return STATUS_SEALED;
	if (access == HAL_ACCESS_EXECUTE && !object->sealed)
		return STATUS_PROTECTION_REFUSED;
	return STATUS_OK;
}

/* A small mapping shows at once what pages the object has. */
static bool is_populated(const struct map_request *request, uint32_t page)
{
	struct paddr frame;

	return request->page_count <= 8 && request->access != HAL_ACCESS_NONE &&
	       memory_object_has_page(request->object, (uint32_t)request->first_page + page,
				      &frame);
}

static void random_map(uint32_t at, uint32_t count)
{
	struct memory_object *object = model.objects[below(OBJECTS)];
	enum hal_access access = (enum hal_access)below(4);
	struct map_request request = { .object = object,
				       .first_page = below(8),
				       .page_count = count,
				       .address = address_of(at),
				       .access = access };
	enum status expected = expected_access_status(object, access);
	uint64_t address = 0;

	if (request.first_page + count > object->page_count)
		expected = STATUS_INVALID_ARGUMENT;
	else if (expected == STATUS_OK && !all_free(at, count))
		expected = STATUS_ADDRESS_IN_USE;
	else if (expected == STATUS_OK)
		expected = expected_room(1);
	assert_int_equal(address_space_map(&model.space, &request, &address), expected);
	for (uint32_t i = 0; expected == STATUS_OK && i < count; i++)
		model.pages[at + i] = (struct page){
			.mapping = model.next_mapping,
			.kind = MAPPING_OBJECT,
			.access = access,
			.object = object,
			.object_page = request.first_page + i,
			.touched = is_populated(&request, i),
		};
	model.next_mapping++;
}

/* Whatever is in the range goes.  Only a hole in one mapping may be a mapping too many. */
static void random_unmap(uint32_t at, uint32_t count)
{
	enum status expected = STATUS_OK;
	bool in_one = covering(at, count) != 0;

	if (all_free(at, count))
		expected = STATUS_NOT_MAPPED;
	else if (in_one && cuts(at, count) == 2)
		expected = expected_room(1);
	assert_int_equal(unmap_range(&model.space, address_of(at), count * PAGE_SIZE),
			 expected);
	if (expected != STATUS_OK)
		return;
	if (in_one)
		cut_out(at, count);
	memset(&model.pages[at], 0, count * sizeof(struct page));
}

static void random_protect(uint32_t at, uint32_t count)
{
	enum hal_access access = (enum hal_access)below(4);
	enum status expected = STATUS_NOT_MAPPED;

	if (covering(at, count) != 0 && model.pages[at].kind == MAPPING_OBJECT)
		expected = expected_access_status(model.pages[at].object, access);
	if (expected == STATUS_OK)
		expected = expected_room(cuts(at, count));
	assert_int_equal(
		address_space_protect(&model.space, address_of(at), count * PAGE_SIZE, access),
		expected);
	if (expected != STATUS_OK)
		return;
	cut_out(at, count);
	for (uint32_t i = at; i < at + count; i++) {
		model.pages[i].access = access;
		model.pages[i].touched = false;
	}
}

/* A fault must succeed just where the protection allows the access. */
static void random_fault(uint32_t at)
{
	struct page *page = &model.pages[at];
	enum hal_access access = (enum hal_access)(1 + below(3));
	bool allowed = page->kind == MAPPING_OBJECT && page->mapping != 0 &&
		       page->access != HAL_ACCESS_NONE &&
		       (access == HAL_ACCESS_READ || access == page->access);

	assert_int_equal(
		address_space_fault(&model.space, address_of(at) + below(4096), access),
		allowed);
	page->touched = page->touched || allowed;
	check_page(at);
}

static void random_operation(void)
{
	uint32_t at = below(PAGES - 64);
	uint32_t count = 1 + below(below(4) == 0 ? 64 : 6);

	switch (below(8)) {
	case 0:
	case 1:
		random_map(at, count);
		break;
	case 2:
		random_unmap(at, count);
		break;
	case 3:
		random_protect(at, count);
		break;
	default:
		for (uint32_t i = 0; i < 8; i++)
			random_fault(below(PAGES));
	}
}

static void random_operations_agree_with_the_model(void **)
{
	model.sequence.state = 5;
	for (uint32_t round = 0; round < 100000; round++) {
		random_operation();
		if (round % 64 == 0)
			check_all();
	}
	check_all();
}

/* The only mapping of a span takes its table along, which the space may have kept at hand. */
static void a_table_that_went_is_not_used_again(void **)
{
	uint64_t address = address_of(0);

	for (uint32_t round = 0; round < 2; round++) {
		assert_int_equal(map_at(model.objects[0], address, 1, HAL_ACCESS_READ),
				 STATUS_OK);
		assert_true(address_space_fault(&model.space, address, HAL_ACCESS_READ));
		assert_int_equal(model.space.tables_taken, 2);
		assert_true(address_space_check(&model.space));
		assert_int_equal(unmap_range(&model.space, address, PAGE_SIZE), STATUS_OK);
		assert_true(address_space_check(&model.space));
	}
}

static void a_hole_makes_no_mapping_too_many(void **)
{
	uint32_t at;

	for (at = 0; at < MAX_MAPPINGS - 1; at++)
		assert_int_equal(
			map_at(model.objects[0], address_of(2 * at), 1, HAL_ACCESS_READ),
			STATUS_OK);
	assert_int_equal(map_at(model.objects[0], address_of(2 * at), 3, HAL_ACCESS_READ),
			 STATUS_OK);
	assert_int_equal(unmap_range(&model.space, address_of(2 * at + 1), PAGE_SIZE),
			 STATUS_TOO_MANY_MAPPINGS);
	assert_true(address_space_check(&model.space));
	assert_int_equal(unmap_range(&model.space, address_of(2 * at), PAGE_SIZE), STATUS_OK);
	assert_int_equal(model.space.mapping_count, MAX_MAPPINGS);
	assert_true(address_space_check(&model.space));
}

/* Unmapping and mapping again in every second page needs as many mappings as there may be. */
static void number_of_mappings_is_bounded(void **)
{
	uint32_t at;

	for (at = 0; at < MAX_MAPPINGS; at++)
		assert_int_equal(map_at(model.objects[0], address_of(2 * at), at % 2 + 1,
					HAL_ACCESS_READ),
				 STATUS_OK);
	assert_int_equal(map_at(model.objects[0], address_of(2 * at), 1, HAL_ACCESS_READ),
			 STATUS_TOO_MANY_MAPPINGS);
	/* A part of a mapping would be one more. */
	assert_int_equal(
		address_space_protect(&model.space, address_of(2), PAGE_SIZE, HAL_ACCESS_NONE),
		STATUS_TOO_MANY_MAPPINGS);
	assert_true(address_space_check(&model.space));
	assert_int_equal(unmap_range(&model.space, address_of(0), PAGE_SIZE), STATUS_OK);
	assert_int_equal(
		address_space_protect(&model.space, address_of(2), PAGE_SIZE, HAL_ACCESS_NONE),
		STATUS_OK);
	assert_true(address_space_check(&model.space));
}

/* --- Reservations ----------------------------------------------------------------------- */

static void reservation_is_committed_in_parts(void **)
{
	struct sequence sequence = { 9 };
	bool committed[256] = { 0 };
	uint64_t start;
	uint64_t before = used();

	assert_int_equal(address_space_reserve(&model.space, 256 * PAGE_SIZE, &start),
			 STATUS_OK);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t at = sequence_below(&sequence, 240);
		uint32_t count = 1 + sequence_below(&sequence, 16);
		enum status expected = STATUS_OK;

		for (uint32_t j = at; j < at + count; j++)
			if (committed[j])
				expected = STATUS_NOT_MAPPED;
		assert_false(address_space_fault(&model.space, start + at * PAGE_SIZE,
						 HAL_ACCESS_READ) != committed[at]);
		assert_int_equal(address_space_commit(&model.space, start + at * PAGE_SIZE,
						      count * PAGE_SIZE),
				 expected);
		for (uint32_t j = at; expected == STATUS_OK && j < at + count; j++)
			committed[j] = true;
		assert_true(address_space_check(&model.space));
		assert_int_equal(address_space_fault(&model.space, start + at * PAGE_SIZE,
						     HAL_ACCESS_WRITE),
				 committed[at]);
	}
	while (model.space.mapping_count > 0) {
		struct mapping *mapping =
			LIST_OWNER(model.space.mappings.next, struct mapping, link);

		assert_int_equal(unmap_range(&model.space, mapping->start,
					     mapping->end - mapping->start),
				 STATUS_OK);
	}
	(void)kernel_settle();
	assert_int_equal(used(), before);
}

static void arguments_are_bounded(void **)
{
	const uint64_t too_much = MAX_MEMORY_OBJECT_BYTES + PAGE_SIZE;
	uint64_t address;

	assert_int_equal(address_space_reserve(&model.space, 0, &address),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(address_space_reserve(&model.space, 100, &address),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(address_space_reserve(&model.space, too_much, &address),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(address_space_reserve(&model.space, ~(PAGE_SIZE - 1), &address),
			 STATUS_INVALID_ARGUMENT);
	for (uint32_t bit = 0; bit < 12; bit++) {
		uint64_t odd = BASE + (UINT64_C(1) << bit);

		assert_int_equal(map_at(model.objects[0], odd, 1, HAL_ACCESS_READ),
				 STATUS_INVALID_ARGUMENT);
		assert_int_equal(unmap_range(&model.space, odd, PAGE_SIZE),
				 STATUS_INVALID_ARGUMENT);
		assert_int_equal(unmap_range(&model.space, BASE, odd - BASE),
				 STATUS_INVALID_ARGUMENT);
		assert_int_equal(
			address_space_protect(&model.space, odd, PAGE_SIZE, HAL_ACCESS_READ),
			STATUS_INVALID_ARGUMENT);
		assert_int_equal(address_space_commit(&model.space, odd, PAGE_SIZE),
				 STATUS_INVALID_ARGUMENT);
	}
}

static void kernel_addresses_are_never_mapped(void **)
{
	const uint64_t outside[] = { PAGE_SIZE,
				     HAL_USER_START - PAGE_SIZE,
				     HAL_USER_END,
				     HAL_USER_END - PAGE_SIZE,
				     UINT64_C(0xffff800000000000),
				     UINT64_C(0xffffffff80000000),
				     ~(PAGE_SIZE - 1) };

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		assert_int_equal(map_at(model.objects[0], outside[i], 2, HAL_ACCESS_READ),
				 STATUS_INVALID_ARGUMENT);
		assert_false(address_space_fault(&model.space, outside[i], HAL_ACCESS_READ));
	}
	assert_int_equal(map_at(model.objects[0], HAL_USER_START, 1, HAL_ACCESS_READ),
			 STATUS_OK);
	assert_int_equal(map_at(model.objects[0], HAL_USER_END - PAGE_SIZE, 1, HAL_ACCESS_READ),
			 STATUS_OK);
	assert_true(address_space_fault(&model.space, HAL_USER_END - 1, HAL_ACCESS_READ));
	assert_true(address_space_check(&model.space));
}

/* --- Write and execute ------------------------------------------------------------------ */

static void sealing_ends_writing_for_good(void **)
{
	struct memory_object *object = model.objects[2];

	assert_int_equal(map_at(object, address_of(0), 8, HAL_ACCESS_WRITE), STATUS_OK);
	assert_int_equal(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	assert_int_equal(map_at(object, address_of(8), 8, HAL_ACCESS_EXECUTE),
			 STATUS_PROTECTION_REFUSED);
	/* Of four parts three become read-only, one stays writable. */
	assert_int_equal(address_space_protect(&model.space, address_of(2), 2 * PAGE_SIZE,
					       HAL_ACCESS_READ),
			 STATUS_OK);
	assert_int_equal(object->writable_mappings, 2);
	assert_int_equal(address_space_protect(&model.space, address_of(0), 2 * PAGE_SIZE,
					       HAL_ACCESS_NONE),
			 STATUS_OK);
	assert_int_equal(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	assert_int_equal(unmap_range(&model.space, address_of(4), 4 * PAGE_SIZE), STATUS_OK);
	assert_int_equal(object->writable_mappings, 0);
	assert_int_equal(memory_object_seal(object), STATUS_OK);
	assert_int_equal(
		address_space_protect(&model.space, address_of(2), PAGE_SIZE, HAL_ACCESS_WRITE),
		STATUS_SEALED);
	assert_int_equal(map_at(object, address_of(8), 8, HAL_ACCESS_WRITE), STATUS_SEALED);
	assert_int_equal(address_space_protect(&model.space, address_of(2), PAGE_SIZE,
					       HAL_ACCESS_EXECUTE),
			 STATUS_OK);
	assert_true(address_space_check(&model.space));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, model_setup, model_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_operations_agree_with_the_model),
		TEST(number_of_mappings_is_bounded),
		TEST(a_hole_makes_no_mapping_too_many),
		TEST(a_table_that_went_is_not_used_again),
		TEST(reservation_is_committed_in_parts),
		TEST(arguments_are_bounded),
		TEST(kernel_addresses_are_never_mapped),
		TEST(sealing_ends_writing_for_good),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
