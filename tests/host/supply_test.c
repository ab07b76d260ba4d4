// SPDX-License-Identifier: MIT
/*
 * Host test of supply.c: that what is paid for can always be had, whatever was freed in
 * between, and which machines are taken over at all.
 */
#include "tests/host/kernel_fixture.h"
#include "tests/host/sequence.h"

#include <stdlib.h>
#include <string.h>

constexpr uint32_t MANY = 8000;

static struct account *account(void)
{
	return first.process->account;
}

static struct memory_object *create(uint64_t pages)
{
	struct memory_object *object = nullptr;

	if (memory_object_create(account(), pages, (struct memory_source){ 0 }, &object) !=
	    STATUS_OK)
		return nullptr;
	return object;
}

/* Create objects of `pages` pages until there is no more; returns how many. */
static uint32_t create_all(struct memory_object **objects, uint64_t pages)
{
	uint32_t count = 0;

	while (count < MANY && (objects[count] = create(pages)) != nullptr)
		count++;
	assert_true(supply_audit().balanced);
	return count;
}

static void touch(struct memory_object *object)
{
	for (uint32_t page = 0; page < object->page_count; page++)
		(void)memory_object_page(object, page);
}

static void destroy(struct memory_object *object)
{
	object_put(&object->object);
	(void)kernel_settle();
}

/*
 * Fill pool pages with objects, then keep one in ten: the pages stay, nearly empty.  What can
 * be reserved after that must still be there when it is taken.
 */
static void sparse_pools_do_not_eat_promised_frames(void **)
{
	static struct memory_object *small[MANY];
	static struct memory_object *large[MANY];
	struct supply_report before = kernel_balance();
	uint32_t small_count = create_all(small, 1);
	uint32_t large_count;

	assert_in_range(small_count, 1000, MANY - 1);
	for (uint32_t i = 0; i < small_count; i++) {
		if (i % 10 == 0)
			continue;
		destroy(small[i]);
		small[i] = nullptr;
	}
	large_count = create_all(large, 64);
	assert_in_range(large_count, 10, MANY - 1);
	for (uint32_t i = 0; i < large_count; i++)
		touch(large[i]);
	for (uint32_t i = 0; i < small_count; i += 10)
		touch(small[i]);
	kernel_check();
	for (uint32_t i = 0; i < large_count; i++)
		destroy(large[i]);
	for (uint32_t i = 0; i < small_count; i += 10)
		destroy(small[i]);
	assert_balance(before);
}

/* The accounts promise far more than there is: then the frames themselves run out. */
static void frames_run_out_before_promises_break(void **)
{
	static struct memory_object *objects[MANY];
	static struct paddr frames[MANY];
	struct supply_report before = kernel_balance();
	uint32_t object_count, frame_count = 0;

	kernel_overpromise(1 << 30);
	object_count = create_all(objects, 16);
	assert_in_range(object_count, 10, MANY - 1);
	while (supply_frames(account(), 0, &frames[frame_count]) == STATUS_OK)
		frame_count++;
	assert_in_range(account()->used[ACCOUNT_MEMORY], 15 << 20, 16 << 20);
	for (uint32_t i = 0; i < object_count; i++)
		touch(objects[i]);
	kernel_check();
	for (uint32_t i = 0; i < object_count; i++)
		destroy(objects[i]);
	for (uint32_t i = 0; i < frame_count; i++)
		supply_return_frames(account(), frames[i], 0);
	kernel_overpromise(-(1 << 30));
	assert_balance(before);
}

struct promise {
	uint32_t reserved;
	uint32_t taken;
	struct paddr frames[16];
};

static void random_promises_are_kept(void **)
{
	struct sequence sequence = { 77 };
	struct promise promises[50] = { 0 };
	struct supply_report before = kernel_balance();

	for (uint32_t round = 0; round < 20000; round++) {
		struct promise *p = &promises[sequence_below(&sequence, 50)];

		if (p->reserved + p->taken == 0) {
			p->reserved = 1 + sequence_below(&sequence, 16);
			assert_int_equal(supply_reserve(account(), p->reserved), STATUS_OK);
		} else if (p->reserved > 0 && sequence_below(&sequence, 2) == 0) {
			p->frames[p->taken++] = supply_take_reserved();
			p->reserved--;
		} else if (p->taken > 0 && sequence_below(&sequence, 2) == 0) {
			supply_put_reserved(p->frames[--p->taken]);
			p->reserved++;
		} else if (p->reserved > 0) {
			supply_unreserve(account(), 1);
			p->reserved--;
		}
		if (round % 64 == 0)
			assert_true(supply_audit().balanced);
	}
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t total = promises[i].reserved + promises[i].taken;

		while (promises[i].taken > 0)
			supply_put_reserved(promises[i].frames[--promises[i].taken]);
		supply_unreserve(account(), total);
	}
	assert_balance(before);
}

static void amounts_that_overflow_are_refused(void **)
{
	static const uint64_t counts[] = { UINT64_MAX,
					   UINT64_MAX / PAGE_SIZE,
					   UINT64_MAX / PAGE_SIZE + 1,
					   UINT64_MAX / PAGE_SIZE + 2,
					   UINT64_C(1) << 52,
					   UINT64_C(1) << 63 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		assert_int_equal(supply_reserve(account(), counts[i]), STATUS_OUT_OF_MEMORY);
	kernel_check();
}

/* --- Machines --------------------------------------------------------------------------- */

static void split_memory_is_all_used(void **)
{
	struct boot_info info;
	uint64_t start;

	fake_hal_init(FIXTURE_RAM_BYTES);
	fake_hal_boot_info(&info, nullptr, 0);
	start = info.free[0].start;
	for (uint32_t i = 0; i < 10; i++)
		info.free[i] = (struct boot_range){ start + i * 100 * PAGE_SIZE,
						    start + (i * 100 + 80) * PAGE_SIZE };
	info.free[10] =
		(struct boot_range){ start + 1000 * PAGE_SIZE, start + 3000 * PAGE_SIZE };
	info.free_count = 11;
	assert_true(supply_init(&info));
	/* But for the table of frames. */
	assert_in_range(supply_audit().total_frames, 2800 - 20, 2800);
	assert_true(supply_audit().balanced);
	kernel_boot(FIXTURE_RAM_BYTES);
}

static void small_machines_are_refused(void **)
{
	struct boot_info info;

	for (uint64_t pages = 0; pages < 600; pages += 7) {
		bool taken;

		fake_hal_init(FIXTURE_RAM_BYTES);
		fake_hal_boot_info(&info, nullptr, 0);
		info.free[0].end = info.free[0].start + pages * PAGE_SIZE;
		taken = supply_init(&info);
		assert_int_equal(taken, pages >= 515);
	}
	info.free_count = 0;
	assert_false(supply_init(&info));
	kernel_boot(FIXTURE_RAM_BYTES);
}

/* A thread that nobody pays for, and one that is paid but is not there, show. */
static void audit_counts_threads(void **)
{
	struct account *account = first.process->account;

	account->used[ACCOUNT_WAITS] -= THREAD_WAITS;
	assert_false(supply_audit().balanced);
	account->used[ACCOUNT_THREADS]--;
	assert_false(supply_audit().balanced);
	account->used[ACCOUNT_WAITS] += THREAD_WAITS;
	assert_false(supply_audit().balanced);
	account->used[ACCOUNT_THREADS]++;
	assert_true(supply_audit().balanced);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(audit_counts_threads),
		TEST(sparse_pools_do_not_eat_promised_frames),
		TEST(frames_run_out_before_promises_break),
		TEST(random_promises_are_kept),
		TEST(amounts_that_overflow_are_refused),
		TEST(split_memory_is_all_used),
		TEST(small_machines_are_refused),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
