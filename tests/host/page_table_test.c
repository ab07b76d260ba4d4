// SPDX-License-Identifier: MIT
/*
 * Host test of page_table.c: random mapping, clearing and detaching against a model that is a
 * plain list of pages, and what the entries themselves say (W^X, user, kernel half).
 */
#include "kernel/arch/x86_64/page_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/hal/cpu.h"
#include "tests/host/fake_hal.h"

constexpr size_t RAM_BYTES = 256 * PAGE_SIZE;
constexpr uint32_t ROUNDS = 50000;

/* The model: two directories of two tables, with some pages at both ends of each. */
constexpr uint32_t DIRECTORIES = 2;
constexpr uint32_t TABLES = 2;
constexpr uint32_t PAGES = 8;

struct page {
	struct paddr frame;
	enum hal_access access;
};

static struct {
	struct paddr root;
	struct page page[DIRECTORIES][TABLES][PAGES];
	bool has_table[DIRECTORIES][TABLES];
	bool has_directory[DIRECTORIES];
	struct paddr spare[64]; /* frames for tables */
	uint32_t spare_count;
} t;

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (uint32_t)((random_state >> 33) % limit);
}

static uint64_t address_of(uint32_t directory, uint32_t table, uint32_t page)
{
	uint64_t first = directory == 0 ? 0 : HAL_USER_END - HAL_DIRECTORY_SPAN;
	uint64_t span = table == 0 ? HAL_TABLE_SPAN : HAL_DIRECTORY_SPAN - HAL_TABLE_SPAN;
	uint64_t index = page < PAGES / 2 ? page : PAGE_TABLE_ENTRIES - PAGES + page;

	return first + span + index * PAGE_SIZE;
}

static struct paddr take_spare(void)
{
	struct paddr frame = t.spare[--t.spare_count];

	memset(hal_direct_map(frame), 0, PAGE_SIZE);
	return frame;
}

static int set_up(void **)
{
	uint64_t next = FAKE_HAL_RAM_START + PAGE_SIZE;
	uint64_t *kernel;

	memset(&t, 0, sizeof(t));
	random_state = 7;
	fake_hal_init(RAM_BYTES);
	kernel = hal_direct_map((struct paddr){ FAKE_HAL_RAM_START });
	kernel[0] = UINT64_MAX;
	kernel[256] = 0x1111;
	kernel[511] = 0x2222;
	for (; t.spare_count < 64; next += PAGE_SIZE)
		t.spare[t.spare_count++].raw = next;
	t.root = take_spare();
	hal_address_space_init(t.root, take_spare());
	return 0;
}

static int tear_down(void **)
{
	fake_hal_fini();
	return 0;
}

static uint32_t expected_missing(uint32_t d, uint32_t s)
{
	if (t.has_table[d][s])
		return 0;
	return t.has_directory[d] ? 1 : 2;
}

static void enter(uint64_t address, struct paddr frame, enum hal_access access)
{
	struct hal_table *table = hal_table_find(t.root, address);

	assert_non_null(table);
	hal_page_map(t.root, table, address, frame, access);
}

static void clear_pages(uint64_t start, uint64_t end)
{
	hal_pages_clear(t.root, hal_table_find(t.root, start), start, end);
}

static void map(uint32_t d, uint32_t s, uint32_t p)
{
	struct page page = {
		{ FAKE_HAL_RAM_START + (100 + random_below(100)) * PAGE_SIZE },
		(enum hal_access)(HAL_ACCESS_READ + random_below(3)),
	};
	uint64_t address = address_of(d, s, p);
	struct hal_tables tables = { .count = hal_page_tables_missing(t.root, address) };

	assert_int_equal(tables.count, expected_missing(d, s));
	for (uint32_t i = 0; i < tables.count; i++)
		tables.frame[i] = take_spare();
	if (tables.count != 0) {
		assert_null(hal_table_find(t.root, address));
		hal_page_tables_add(t.root, address, &tables);
	}
	assert_int_equal(tables.count, 0);
	enter(address, page.frame, page.access);
	t.page[d][s][p] = page;
	t.has_table[d][s] = true;
	t.has_directory[d] = true;
}

static void clear(uint32_t d, uint32_t s, uint32_t first, uint32_t last)
{
	clear_pages(address_of(d, s, first), address_of(d, s, last) + PAGE_SIZE);
	for (uint32_t p = first; p <= last; p++)
		t.page[d][s][p].access = HAL_ACCESS_NONE;
}

static void detach_table(uint32_t d, uint32_t s)
{
	struct paddr frame = hal_table_detach(t.root, address_of(d, s, 0));

	assert_int_equal(frame.raw != PADDR_NONE, t.has_table[d][s]);
	if (frame.raw != PADDR_NONE)
		t.spare[t.spare_count++] = frame;
	t.has_table[d][s] = false;
	for (uint32_t p = 0; p < PAGES; p++)
		t.page[d][s][p].access = HAL_ACCESS_NONE;
}

static void detach_directory(uint32_t d)
{
	struct paddr frame;

	for (uint32_t s = 0; s < TABLES; s++)
		detach_table(d, s);
	frame = hal_directory_detach(t.root, address_of(d, 0, 0));
	assert_int_equal(frame.raw != PADDR_NONE, t.has_directory[d]);
	if (frame.raw != PADDR_NONE)
		t.spare[t.spare_count++] = frame;
	t.has_directory[d] = false;
	hal_tlb_flush(t.root);
}

static void compare_page(uint32_t d, uint32_t s, uint32_t p)
{
	struct paddr frame = { PADDR_NONE };
	enum hal_access access = page_table_look_up(t.root, address_of(d, s, p), &frame);

	assert_int_equal(access, t.page[d][s][p].access);
	if (access != HAL_ACCESS_NONE)
		assert_int_equal(frame.raw, t.page[d][s][p].frame.raw);
}

static void compare(void)
{
	for (uint32_t d = 0; d < DIRECTORIES; d++)
		for (uint32_t s = 0; s < TABLES; s++)
			for (uint32_t p = 0; p < PAGES; p++)
				compare_page(d, s, p);
}

static void random_changes_agree_with_a_model(void **)
{
	uint32_t all = t.spare_count;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		uint32_t d = random_below(DIRECTORIES);
		uint32_t s = random_below(TABLES);
		uint32_t p = random_below(PAGES);
		uint32_t what = random_below(16);

		if (what < 10)
			map(d, s, p);
		else if (what < 14)
			clear(d, s, p, p + random_below(PAGES - p));
		else if (what < 15)
			detach_table(d, s);
		else
			detach_directory(d);
		compare();
	}
	for (uint32_t d = 0; d < DIRECTORIES; d++)
		detach_directory(d);
	compare();
	assert_int_equal(t.spare_count, all);
}

/* The entry that maps address, found without page_table.c. */
static uint64_t raw_entry(uint64_t address)
{
	uint64_t entry = t.root.raw;

	for (int shift = 39; shift >= 12; shift -= 9) {
		const uint64_t *table =
			hal_direct_map((struct paddr){ entry & PAGE_FRAME_MASK });

		entry = table[(address >> shift) % PAGE_TABLE_ENTRIES];
		assert_int_equal(entry & (PAGE_PRESENT | PAGE_USER), PAGE_PRESENT | PAGE_USER);
	}
	return entry;
}

static void map_as(uint64_t address, enum hal_access access)
{
	struct hal_tables tables = { .count = hal_page_tables_missing(t.root, address) };

	for (uint32_t i = 0; i < tables.count; i++)
		tables.frame[i] = take_spare();
	hal_page_tables_add(t.root, address, &tables);
	enter(address, (struct paddr){ FAKE_HAL_RAM_START + 0x64000 }, access);
}

static void no_page_is_writable_and_executable(void **)
{
	uint64_t both = PAGE_WRITABLE | PAGE_NO_EXECUTE;

	map_as(HAL_USER_START, HAL_ACCESS_READ);
	assert_int_equal(raw_entry(HAL_USER_START) & both, PAGE_NO_EXECUTE);
	map_as(HAL_USER_START, HAL_ACCESS_WRITE);
	assert_int_equal(raw_entry(HAL_USER_START) & both, PAGE_WRITABLE | PAGE_NO_EXECUTE);
	map_as(HAL_USER_START, HAL_ACCESS_EXECUTE);
	assert_int_equal(raw_entry(HAL_USER_START) & both, 0);
	assert_int_equal(raw_entry(HAL_USER_START) & PAGE_FRAME_MASK,
			 FAKE_HAL_RAM_START + 0x64000);
}

static void kernel_half_is_shared_and_user_half_is_not(void **)
{
	const uint64_t *root = hal_direct_map(t.root);

	assert_int_equal(root[256], 0x1111);
	assert_int_equal(root[511], 0x2222);
	assert_int_not_equal(root[0], UINT64_MAX);
	for (uint32_t i = 1; i < 256; i++)
		assert_int_equal(root[i], 0);
}

static void only_the_current_root_is_invalidated(void **)
{
	map_as(HAL_USER_START, HAL_ACCESS_READ);
	map_as(HAL_USER_START, HAL_ACCESS_WRITE);
	clear_pages(HAL_USER_START, HAL_USER_START + PAGE_SIZE);
	assert_int_equal(fake_hal_invalidations(), 0);

	hal_address_space_activate(t.root);
	map_as(HAL_USER_START, HAL_ACCESS_READ);
	assert_int_equal(fake_hal_invalidations(), 0);
	map_as(HAL_USER_START, HAL_ACCESS_WRITE);
	assert_int_equal(fake_hal_invalidations(), 1);
	clear_pages(HAL_USER_START, HAL_USER_START + PAGE_SIZE);
	assert_int_equal(fake_hal_invalidations(), 2);
	map_as(HAL_USER_START, HAL_ACCESS_READ);
	clear_pages(0, HAL_TABLE_SPAN);
	assert_int_equal(fake_hal_invalidations(), 3);
}

static void clearing_stays_in_its_range(void **)
{
	uint64_t middle = 5 * HAL_TABLE_SPAN;
	struct paddr frame;

	clear_pages(middle, middle + PAGE_SIZE);
	map_as(middle, HAL_ACCESS_READ);
	map_as(middle + PAGE_SIZE, HAL_ACCESS_READ);
	clear_pages(middle, middle + PAGE_SIZE);
	assert_int_equal(page_table_look_up(t.root, middle, &frame), HAL_ACCESS_NONE);
	assert_int_equal(page_table_look_up(t.root, middle + PAGE_SIZE, &frame),
			 HAL_ACCESS_READ);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_changes_agree_with_a_model),
		TEST(no_page_is_writable_and_executable),
		TEST(kernel_half_is_shared_and_user_half_is_not),
		TEST(only_the_current_root_is_invalidated),
		TEST(clearing_stays_in_its_range),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
