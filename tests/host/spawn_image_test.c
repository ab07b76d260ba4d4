// SPDX-License-Identifier: MIT
/*
 * Host test of spawning from a sealed memory object: what the new process finds, that the image
 * stays while it is needed, and that hostile images, and whatever is no sealed object, start
 * nothing and leave nothing.
 */
#include "kernel/core/limits.h"
#include "kernel/core/spawn.h"
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <string.h>

constexpr uint32_t IMAGE_PAGES = 4;
constexpr uint32_t IMAGE_BYTES = IMAGE_PAGES * PAGE_SIZE;

/* A file that is larger than a page: text and data on their own. */
constexpr uint64_t TEXT = 0x400000;
constexpr uint64_t TEXT_OFFSET = PAGE_SIZE;
constexpr uint64_t TEXT_BYTES = PAGE_SIZE + 100;
constexpr uint64_t DATA = 0x500180;
constexpr uint64_t DATA_OFFSET = 3 * PAGE_SIZE + 0x180;
constexpr uint64_t DATA_BYTES = 600;
constexpr uint64_t DATA_MEMORY = 2 * PAGE_SIZE;

/* Places in the headers. */
constexpr uint32_t ENTRY = 24;
constexpr uint32_t TABLE = 32;
constexpr uint32_t COUNT = 56;
constexpr uint32_t FIRST_SEGMENT = 64;
constexpr uint32_t SECOND_SEGMENT = 120;
constexpr uint32_t SEGMENT_OFFSET = 8;
constexpr uint32_t SEGMENT_ADDRESS = 16;
constexpr uint32_t SEGMENT_FILE_BYTES = 32;
constexpr uint32_t SEGMENT_MEMORY_BYTES = 40;

static uint8_t image[IMAGE_BYTES];
static uint64_t memory; /* a capability to an object of IMAGE_PAGES pages */
static struct supply_report before;

static struct memory_object *object(void)
{
	struct object *found =
		cap_table_lookup(&first.process->table, (struct cap_id){ memory });

	assert_non_null(found);
	return LIST_OWNER(found, struct memory_object, object);
}

static void put(uint32_t at, uint64_t value)
{
	memcpy(image + at, &value, sizeof(value));
}

static void put_segment(uint32_t at, uint64_t offset, uint64_t address, uint64_t file_bytes,
			uint64_t memory_bytes)
{
	put(at + SEGMENT_OFFSET, offset);
	put(at + SEGMENT_ADDRESS, address);
	put(at + SEGMENT_FILE_BYTES, file_bytes);
	put(at + SEGMENT_MEMORY_BYTES, memory_bytes);
}

static void make_image(void)
{
	for (uint32_t i = 0; i < IMAGE_BYTES; i++)
		image[i] = (uint8_t)(i * 13 + i / 256 + 1);
	fixture_elf(image);
	put(ENTRY, TEXT + 16);
	put_segment(FIRST_SEGMENT, TEXT_OFFSET, TEXT, TEXT_BYTES, TEXT_BYTES);
	put_segment(SECOND_SEGMENT, DATA_OFFSET, DATA, DATA_BYTES, DATA_MEMORY);
}

/* The object holds what image does; that it may be sealed already is the test's doing. */
static void write_image(void)
{
	memory_object_write(object(), 0, image, IMAGE_BYTES);
}

static int setup(void **state)
{
	(void)kernel_setup(state);
	before = kernel_balance();
	make_image();
	assert_int_equal(create_object(&first, IMAGE_BYTES, &memory), STATUS_OK);
	write_image();
	assert_int_equal(seal_object(&first, memory), STATUS_OK);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(release(&first, memory), STATUS_OK);
	assert_balance(before);
	return kernel_teardown(state);
}

static struct spawning from_image(void)
{
	return (struct spawning){ .memory_bytes = 512 << 10, .image = memory };
}

/* Spawn; if that works, end the process again. */
static enum status try_spawn(struct spawning what)
{
	uint64_t handle;
	enum status status = spawn_process(&first, what, &handle);

	if (status != STATUS_OK)
		return status;
	assert_true(address_space_check(&process_behind(&first, handle)->space));
	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(release(&first, handle), STATUS_OK);
	return status;
}

static enum status try_image(void)
{
	enum status status;

	write_image();
	status = try_spawn(from_image());
	assert_int_equal(object()->object.references, 1);
	return status;
}

static struct process *start(uint64_t *out_handle)
{
	assert_int_equal(spawn_process(&first, from_image(), out_handle), STATUS_OK);
	return process_behind(&first, *out_handle);
}

static void end(uint64_t handle)
{
	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(release(&first, handle), STATUS_OK);
}

/* --- What the new process finds --------------------------------------------------------- */

/* The bytes of [address, address + size) are the file's from offset on. */
static void assert_file(struct process *process, uint64_t address, uint64_t offset, size_t size)
{
	static uint8_t bytes[IMAGE_BYTES];

	assert_int_equal(address_space_read(&process->space, address, bytes, size), size);
	assert_memory_equal(bytes, image + offset, size);
}

static void assert_zeros(struct process *process, uint64_t address, size_t size)
{
	static uint8_t bytes[IMAGE_BYTES];
	static const uint8_t zeros[IMAGE_BYTES];

	assert_int_equal(address_space_read(&process->space, address, bytes, size), size);
	assert_memory_equal(bytes, zeros, size);
}

static void assert_loaded(struct process *process)
{
	assert_file(process, TEXT, TEXT_OFFSET, TEXT_BYTES);
	assert_zeros(process, TEXT + TEXT_BYTES, 2 * PAGE_SIZE - TEXT_BYTES);
	assert_zeros(process, DATA - 0x180, 0x180);
	assert_file(process, DATA, DATA_OFFSET, DATA_BYTES);
	assert_zeros(process, DATA + DATA_BYTES, DATA_MEMORY - DATA_BYTES);
}

static void segments_hold_what_the_object_holds(void **)
{
	enum hal_access access = HAL_ACCESS_NONE;
	uint64_t handle;
	struct process *process = start(&handle);

	assert_int_equal(process->thread->context.instruction_pointer, TEXT + 16);
	assert_string_equal(process->name, "image");
	assert_loaded(process);
	assert_false(address_space_fault(&process->space, TEXT, HAL_ACCESS_WRITE));
	assert_true(address_space_fault(&process->space, TEXT, HAL_ACCESS_EXECUTE));
	(void)fake_hal_translate(process->space.root, TEXT, &access);
	assert_int_equal(access, HAL_ACCESS_EXECUTE);
	assert_true(address_space_fault(&process->space, DATA, HAL_ACCESS_WRITE));
	end(handle);
}

/* What one process writes into its data is seen neither in the image nor by another. */
static void each_process_has_its_own_copy(void **)
{
	uint64_t handles[2];
	struct process *process[2] = { start(&handles[0]), start(&handles[1]) };
	enum hal_access access;
	void *shown;

	assert_true(address_space_fault(&process[0]->space, DATA, HAL_ACCESS_WRITE));
	shown = fake_hal_translate(process[0]->space.root, DATA - 0x180, &access);
	assert_non_null(shown);
	memset(shown, 0xee, PAGE_SIZE);
	assert_loaded(process[1]);
	end(handles[0]);
	end(handles[1]);
	(void)start(&handles[0]);
	assert_loaded(process_behind(&first, handles[0]));
	end(handles[0]);
}

/* The image outlives its last capability, is still paid by its maker, and goes with the
 * process. */
static void image_stays_while_a_process_needs_it(void **)
{
	uint64_t used = first.process->account->used[ACCOUNT_MEMORY];
	uint64_t handle;
	struct process *process = start(&handle);

	assert_int_equal(release(&first, memory), STATUS_OK);
	assert_in_range(first.process->account->used[ACCOUNT_MEMORY], used + (512 << 10),
			used + (520 << 10));
	assert_loaded(process);
	end(handle);
	assert_balance(before);
	assert_int_equal(create_object(&first, IMAGE_BYTES, &memory), STATUS_OK);
}

/* Starting takes the first page only, the header's; others are taken as they are touched. */
static void pages_of_the_image_are_taken_on_touch(void **)
{
	uint8_t page[PAGE_SIZE];
	struct paddr frame;
	uint64_t handle;

	assert_int_equal(release(&first, memory), STATUS_OK);
	assert_int_equal(create_object(&first, 2 * IMAGE_BYTES, &memory), STATUS_OK);
	memcpy(page, image, PAGE_SIZE);
	memory_object_write(object(), 0, page, PAGE_SIZE);
	assert_int_equal(seal_object(&first, memory), STATUS_OK);
	(void)start(&handle);
	for (uint32_t i = 1; i < 2 * IMAGE_PAGES; i++)
		assert_false(memory_object_has_page(object(), i, &frame));
	assert_zeros(process_behind(&first, handle), TEXT, 1);
	assert_true(memory_object_has_page(object(), 1, &frame));
	assert_false(memory_object_has_page(object(), 2, &frame));
	end(handle);
}

/* --- What is no image ------------------------------------------------------------------- */

static void only_sealed_objects_are_images(void **)
{
	uint64_t open;
	struct spawning what = from_image();

	assert_int_equal(create_object(&first, IMAGE_BYTES, &open), STATUS_OK);
	what.image = open;
	assert_int_equal(try_spawn(what), STATUS_NOT_SEALED);
	assert_int_equal(release(&first, open), STATUS_OK);
	what.image = program_capability(&first, "memory");
	assert_int_equal(try_spawn(what), STATUS_WRONG_INTERFACE);
	what.image = memory;
	what.binary = "child";
	assert_int_equal(try_spawn(what), STATUS_INVALID_ARGUMENT);
	what.image = 0;
	what.binary = "";
	assert_int_equal(try_spawn(what), STATUS_INVALID_ARGUMENT);
	what.binary = "child";
	assert_int_equal(try_spawn(what), STATUS_OK);
}

static void object_without_a_program_is_refused(void **)
{
	memset(image, 0, sizeof(image));
	assert_int_equal(try_image(), STATUS_BAD_IMAGE);
	memset(image, 0xff, sizeof(image));
	assert_int_equal(try_image(), STATUS_BAD_IMAGE);
	make_image();
	assert_int_equal(try_image(), STATUS_OK);
}

/* Only the first page of the object is looked at for headers. */
static void headers_lie_in_the_first_page(void **)
{
	uint32_t last = PAGE_SIZE - 2 * 56;

	memcpy(image + last, image + FIRST_SEGMENT, 2 * 56);
	put(TABLE, last);
	assert_int_equal(try_image(), STATUS_OK);
	memmove(image + last + 1, image + last, 2 * 56);
	put(TABLE, last + 1);
	assert_int_equal(try_image(), STATUS_BAD_IMAGE);
	memcpy(image + 2 * PAGE_SIZE, image + FIRST_SEGMENT, 2 * 56);
	put(TABLE, 2 * PAGE_SIZE);
	assert_int_equal(try_image(), STATUS_BAD_IMAGE);
	put(TABLE, UINT64_MAX - 55);
	assert_int_equal(try_image(), STATUS_BAD_IMAGE);
}

struct bad_segment {
	uint64_t offset;
	uint64_t address;
	uint64_t file_bytes;
	uint64_t memory_bytes;
};

/* Past the end, wrapping, overlapping, huge, out of place. */
static void bad_segments_are_refused(void **)
{
	static const struct bad_segment bad[] = {
		{ DATA_OFFSET, DATA, PAGE_SIZE - 0x180 + 1, DATA_MEMORY },
		{ IMAGE_BYTES + 0x180, DATA, 1, DATA_MEMORY },
		{ UINT64_C(1) << 40 | 0x180, DATA, 1, DATA_MEMORY },
		{ UINT64_MAX - 0xfff + 0x180, DATA, 0x1000, DATA_MEMORY },
		{ DATA_OFFSET, DATA, UINT64_MAX, UINT64_MAX },
		{ DATA_OFFSET, DATA, DATA_BYTES, UINT64_C(1) << 38 },
		{ DATA_OFFSET, DATA, DATA_BYTES, UINT64_C(256) << 20 },
		{ DATA_OFFSET, DATA, DATA_BYTES, DATA_BYTES - 1 },
		{ DATA_OFFSET, TEXT + PAGE_SIZE + 0x180, DATA_BYTES, DATA_MEMORY },
		{ DATA_OFFSET, 0x220180, DATA_BYTES, DATA_MEMORY },
		{ DATA_OFFSET, (UINT64_C(1) << 39) - 0x1000 + 0x180, DATA_BYTES, DATA_MEMORY },
		{ DATA_OFFSET + 8, DATA, DATA_BYTES, DATA_MEMORY },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_segment(SECOND_SEGMENT, bad[i].offset, bad[i].address, bad[i].file_bytes,
			    bad[i].memory_bytes);
		assert_int_equal(try_image(), STATUS_BAD_IMAGE);
	}
	/* To the last byte of the object is not past its end. */
	put_segment(SECOND_SEGMENT, DATA_OFFSET, DATA, PAGE_SIZE - 0x180, DATA_MEMORY);
	assert_int_equal(try_image(), STATUS_OK);
}

/* An object that ends before the file does. */
static void truncated_images_are_refused(void **)
{
	for (uint64_t pages = 1; pages < IMAGE_PAGES; pages++) {
		assert_int_equal(release(&first, memory), STATUS_OK);
		assert_int_equal(create_object(&first, pages * PAGE_SIZE, &memory), STATUS_OK);
		memory_object_write(object(), 0, image, pages * PAGE_SIZE);
		assert_int_equal(seal_object(&first, memory), STATUS_OK);
		assert_int_equal(try_spawn(from_image()), STATUS_BAD_IMAGE);
		assert_int_equal(object()->object.references, 1);
	}
}

/* Whatever the headers say: it starts, is refused as an image, or costs more than there is. */
static void random_headers_start_nothing_wrong(void **)
{
	static const uint64_t interesting[] = {
		0,  1,          0xfff,       PAGE_SIZE,  TEXT,         DATA,
		56, 0x10000000, IMAGE_BYTES, UINT64_MAX, 0x8000000000, 0x200000
	};
	struct sequence sequence = { 17 };
	uint32_t started = 0;

	for (uint32_t round = 0; round < 2000; round++) {
		enum status status;

		make_image();
		for (uint32_t i = 1 + sequence_below(&sequence, 3); i > 0; i--)
			put(16 + 8 * sequence_below(&sequence, 20),
			    interesting[sequence_below(&sequence, 12)]);
		if (sequence_below(&sequence, 2) == 0)
			image[sequence_below(&sequence, 176)] ^=
				(uint8_t)(1 << sequence_below(&sequence, 8));
		status = try_image();
		started += status == STATUS_OK;
		if (status != STATUS_OK && status != STATUS_OUT_OF_MEMORY)
			assert_int_equal(status, STATUS_BAD_IMAGE);
	}
	assert_in_range(started, 1, 1999);
	put(COUNT, 0);
	assert_int_equal(try_image(), STATUS_BAD_IMAGE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(segments_hold_what_the_object_holds),
		TEST(each_process_has_its_own_copy),
		TEST(image_stays_while_a_process_needs_it),
		TEST(pages_of_the_image_are_taken_on_touch),
		TEST(only_sealed_objects_are_images),
		TEST(object_without_a_program_is_refused),
		TEST(headers_lie_in_the_first_page),
		TEST(bad_segments_are_refused),
		TEST(truncated_images_are_refused),
		TEST(random_headers_start_nothing_wrong),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
