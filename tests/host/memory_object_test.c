// SPDX-License-Identifier: MIT
/*
 * Host test of memory_object.c: pages filled on first touch from sources at odd places, large
 * objects with leaves, and that taking one apart goes in small steps and returns everything.
 */
#include "kernel/core/memory_object.h"

#include "schema/memory.capnp.h"
#include "tests/host/kernel_fixture.h"
#include "tests/host/sequence.h"

#include <string.h>

constexpr uint32_t MODEL_PAGES = 20;
constexpr uint32_t MODEL_BYTES = MODEL_PAGES * PAGE_SIZE;

static struct account *account(void)
{
	return first.process->account;
}

static uint64_t used(void)
{
	return account()->used[ACCOUNT_MEMORY];
}

static struct memory_object *create(uint64_t pages, struct memory_source source)
{
	struct memory_object *object = nullptr;

	assert_int_equal(memory_object_create(account(), pages, source, &object), STATUS_OK);
	return object;
}

static void destroy(struct memory_object *object, uint64_t used_before)
{
	object_put(&object->object);
	(void)kernel_settle();
	assert_int_equal(used(), used_before);
	kernel_check();
}

/* Read and write at random; the object must be the model. */
static void compare(struct memory_object *object, uint8_t *model, struct sequence *sequence)
{
	static uint8_t bytes[MODEL_BYTES];
	uint32_t size_bytes = object->page_count * (uint32_t)PAGE_SIZE;

	for (uint32_t i = 0; i < 60; i++) {
		uint32_t at = sequence_below(sequence, size_bytes);
		uint32_t most = size_bytes - at < 9000 ? size_bytes - at : 9000;
		uint32_t size = sequence_below(sequence, most + 1);

		if (sequence_below(sequence, 3) == 0) {
			memset(bytes, (int)i, size);
			memcpy(model + at, bytes, size);
			memory_object_write(object, at, bytes, size);
		} else {
			memory_object_read(object, at, bytes, size);
			assert_memory_equal(bytes, model + at, size);
		}
	}
	memory_object_read(object, 0, bytes, size_bytes);
	assert_memory_equal(bytes, model, size_bytes);
}

static void pages_hold_their_source_and_zeros(void **)
{
	static uint8_t source_bytes[MODEL_BYTES];
	static uint8_t model[MODEL_BYTES];
	struct sequence sequence = { 7 };
	uint64_t before = used();

	for (uint32_t i = 0; i < sizeof(source_bytes); i++)
		source_bytes[i] = (uint8_t)(i * 7 + i / 4096 + 1);
	for (uint32_t round = 0; round < 400; round++) {
		uint32_t pages = 1 + sequence_below(&sequence, MODEL_PAGES);
		uint32_t lead = sequence_below(&sequence, 4) == 0
					? 0
					: sequence_below(&sequence, PAGE_SIZE);
		uint32_t room = pages * (uint32_t)PAGE_SIZE - lead;
		uint32_t size = sequence_below(&sequence, room + 1);
		struct memory_object *object;

		if (sequence_below(&sequence, 4) == 0)
			size = size / PAGE_SIZE * PAGE_SIZE;
		memset(model, 0, sizeof(model));
		memcpy(model + lead, source_bytes, size);
		object = create(pages, (struct memory_source){ .bytes = source_bytes,
							       .size_bytes = size,
							       .lead_bytes = lead });
		compare(object, model, &sequence);
		destroy(object, before);
	}
}

/* The source is let go at once, and stays until the object goes. */
static void pages_are_copied_from_a_sealed_object(void **)
{
	static uint8_t source_bytes[MODEL_BYTES];
	static uint8_t model[MODEL_BYTES];
	struct sequence sequence = { 8 };
	uint64_t before = used();

	for (uint32_t i = 0; i < sizeof(source_bytes); i++)
		source_bytes[i] = (uint8_t)(i * 11 + i / 4096 + 3);
	for (uint32_t round = 0; round < 400; round++) {
		uint32_t pages = 1 + sequence_below(&sequence, MODEL_PAGES);
		uint32_t lead = sequence_below(&sequence, PAGE_SIZE);
		uint32_t room = pages * (uint32_t)PAGE_SIZE - lead;
		uint32_t size = sequence_below(&sequence, room + 1);
		uint32_t offset = sequence_below(&sequence, MODEL_BYTES - size + 1);
		struct memory_object *image = create(
			MODEL_PAGES, (struct memory_source){ .bytes = source_bytes,
							     .size_bytes = MODEL_BYTES });
		struct memory_object *object;

		assert_int_equal(memory_object_seal(image), STATUS_OK);
		memset(model, 0, sizeof(model));
		memcpy(model + lead, source_bytes + offset, size);
		object = create(pages, (struct memory_source){ .object = image,
							       .offset_bytes = offset,
							       .size_bytes = size,
							       .lead_bytes = lead });
		object_put(&image->object);
		compare(object, model, &sequence);
		destroy(object, before);
	}
}

/* What could change under a copy, or would need a copy of its own, is no source. */
static void sources_are_sealed_and_have_none_themselves(void **)
{
	struct memory_object *image = create(2, (struct memory_source){ .bytes = nullptr });
	struct memory_source source = { .object = image, .size_bytes = PAGE_SIZE };
	struct memory_object *object;
	uint64_t before = used();

	expect_assert_failure((void)memory_object_create(account(), 1, source, &object));
	assert_int_equal(memory_object_seal(image), STATUS_OK);
	source.object = create(1, source);
	assert_int_equal(memory_object_seal(source.object), STATUS_OK);
	expect_assert_failure((void)memory_object_create(account(), 1, source, &object));
	destroy(source.object, before);
	object_put(&image->object);
}

/* Everything is paid for at once; frames are taken one by one as pages are touched. */
static void frames_are_taken_on_first_touch(void **)
{
	uint64_t before = used();
	uint32_t free_frames = supply_audit().free_frames;
	struct memory_object *object = create(50, (struct memory_source){ 0 });
	uint64_t paid = used() - before;

	assert_in_range(paid, 50 * PAGE_SIZE, 51 * PAGE_SIZE - 1);
	free_frames = supply_audit().free_frames;
	for (uint32_t page = 0; page < 50; page++) {
		struct paddr frame = memory_object_page(object, page);

		assert_int_equal(supply_audit().free_frames, --free_frames);
		assert_int_equal(memory_object_page(object, page).raw, frame.raw);
		assert_int_equal(supply_audit().free_frames, free_frames);
		assert_true(supply_audit().balanced);
	}
	assert_int_equal(used() - before, paid);
	destroy(object, before);
}

static void leaves_index_large_objects(void **)
{
	static const uint32_t sizes[] = { 63, 64, 65, 1023, 1024, 1025, 2500 };
	struct sequence sequence = { 11 };
	uint64_t before = used();

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct memory_object *object = create(sizes[i], (struct memory_source){ 0 });
		uint32_t touched[100];

		for (uint32_t j = 0; j < 100; j++) {
			uint32_t page =
				j == 0 ? sizes[i] - 1 : sequence_below(&sequence, sizes[i]);

			touched[j] = page;
			memory_object_write(object, (uint64_t)page * PAGE_SIZE + 8, &page,
					    sizeof(page));
		}
		for (uint32_t j = 0; j < 100; j++) {
			uint32_t page;

			memory_object_read(object, (uint64_t)touched[j] * PAGE_SIZE + 8, &page,
					   sizeof(page));
			assert_int_equal(page, touched[j]);
		}
		destroy(object, before);
	}
}

static void teardown_goes_in_small_steps(void **)
{
	struct memory_object *object = create(1500, (struct memory_source){ 0 });
	uint32_t free_frames, steps = 0;

	for (uint32_t page = 0; page < 1500; page++)
		(void)memory_object_page(object, page);
	free_frames = supply_audit().free_frames;
	object_put(&object->object);
	while (work_is_waiting(&hal_cpu()->work)) {
		uint32_t now = supply_audit().free_frames;

		assert_in_range(now - free_frames, 0, 64);
		free_frames = now;
		work_run_step(&hal_cpu()->work);
		assert_true(supply_audit().balanced);
		steps++;
	}
	assert_in_range(steps, 20, 200);
}

/* What was never touched costs no step each. */
static void untouched_pages_are_skipped(void **)
{
	struct memory_object *object = create(2000, (struct memory_source){ 0 });
	uint32_t steps = 0;

	(void)memory_object_page(object, 1500);
	object_put(&object->object);
	while (work_is_waiting(&hal_cpu()->work)) {
		work_run_step(&hal_cpu()->work);
		steps++;
	}
	assert_in_range(steps, 0, 100);
}

static void number_of_pages_is_bounded(void **)
{
	static const uint64_t refused[] = { 0,
					    MAX_MEMORY_OBJECT_BYTES / PAGE_SIZE + 1,
					    UINT32_MAX,
					    UINT64_C(1) << 32,
					    UINT64_MAX / PAGE_SIZE,
					    UINT64_MAX };
	struct memory_object *object;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(memory_object_create(account(), refused[i],
						      (struct memory_source){ 0 }, &object),
				 STATUS_INVALID_ARGUMENT);
	assert_int_equal(memory_object_create(account(), MAX_MEMORY_OBJECT_BYTES / PAGE_SIZE,
					      (struct memory_source){ 0 }, &object),
			 STATUS_OUT_OF_MEMORY);
}

static void failing_creation_keeps_nothing(void **)
{
	uint64_t limit = account()->limit[ACCOUNT_MEMORY];
	enum status status = STATUS_OUT_OF_MEMORY;
	uint64_t before = used();
	struct memory_object *object;

	for (uint64_t bytes = 0; status != STATUS_OK; bytes += 64) {
		account()->limit[ACCOUNT_MEMORY] = before + bytes;
		status = memory_object_create(account(), 70, (struct memory_source){ 0 },
					      &object);
		account()->limit[ACCOUNT_MEMORY] = limit;
		kernel_check();
		if (status != STATUS_OK)
			assert_int_equal(used(), before);
	}
	destroy(object, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pages_hold_their_source_and_zeros),
		TEST(frames_are_taken_on_first_touch),
		TEST(pages_are_copied_from_a_sealed_object),
		TEST(sources_are_sealed_and_have_none_themselves),
		TEST(leaves_index_large_objects),
		TEST(teardown_goes_in_small_steps),
		TEST(untouched_pages_are_skipped),
		TEST(number_of_pages_is_bounded),
		TEST(failing_creation_keeps_nothing),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
