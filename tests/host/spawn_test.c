// SPDX-License-Identifier: MIT
/*
 * Host test of spawn.c: what a new process finds, and that an image, a name, an argument or a
 * grant that is wrong starts nothing and leaves nothing.
 */
#include "kernel/core/spawn.h"

#include "kernel/core/limits.h"
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <string.h>

#include "schema/capset.capnp.h"

constexpr uint64_t CHILD_BYTES = UINT64_C(1) << 20;

static uint8_t image[FIXTURE_ELF_BYTES];
static struct spawn_grant grants[SPAWN_MAX_GRANTS];
static struct supply_report before;

static struct text_reader text(const char *string)
{
	return (struct text_reader){ string, (uint32_t)strlen(string) };
}

static struct spawn_request ordinary(void)
{
	static struct message_reader no_message;

	return (struct spawn_request){
		.payer = first.process->account,
		.limits = limits_for_threads(1),
		.name = text("child"),
		.image = { image, sizeof(image) },
		.grants = grants,
		.arguments = { .message = &no_message },
	};
}

static int setup(void **state)
{
	(void)kernel_setup(state);
	fixture_elf(image);
	memset(grants, 0, sizeof(grants));
	before = kernel_balance();
	return 0;
}

static int teardown(void **state)
{
	assert_balance(before);
	return kernel_teardown(state);
}

/* Spawn; if that works, end the process again. */
static enum status try_spawn(const struct spawn_request *request)
{
	struct process *process;
	enum status status = process_spawn(request, &process);

	if (status == STATUS_OK) {
		assert_true(address_space_check(&process->space));
		assert_true(cap_table_check(&process->table));
		process_kill(process);
		object_put(&process->handle);
	}
	(void)kernel_settle();
	return status;
}

/* --- What a process finds --------------------------------------------------------------- */

static enum hal_access access_at(struct process *process, uint64_t address)
{
	enum hal_access access;

	for (uint32_t try = HAL_ACCESS_READ; try <= HAL_ACCESS_EXECUTE; try++)
		(void)address_space_fault(&process->space, address, (enum hal_access)try);
	(void)fake_hal_translate(process->space.root, address, &access);
	return access;
}

static void layout_is_as_documented(void **)
{
	struct spawn_request request = ordinary();
	struct entry_thread_block block;
	const struct hal_context *context;
	struct process *process;

	assert_int_equal(process_spawn(&request, &process), STATUS_OK);
	context = &process->thread->context;
	assert_int_equal(context->instruction_pointer, FIXTURE_TEXT + 0xb0);
	assert_int_equal(context->stack_pointer % 16, 0);
	assert_int_equal(context->argument[0], FIXTURE_RING);
	assert_int_equal(context->argument[1], FIXTURE_CAPSET);
	assert_int_equal(access_at(process, FIXTURE_RING), HAL_ACCESS_WRITE);
	assert_int_equal(access_at(process, FIXTURE_RING + DEFAULT_RING_BYTES),
			 HAL_ACCESS_NONE);
	assert_int_equal(access_at(process, FIXTURE_CAPSET), HAL_ACCESS_READ);
	assert_int_equal(access_at(process, FIXTURE_STACK - 1), HAL_ACCESS_NONE);
	assert_int_equal(access_at(process, FIXTURE_STACK), HAL_ACCESS_WRITE);
	assert_int_equal(access_at(process, FIXTURE_STACK_TOP - 1), HAL_ACCESS_WRITE);
	assert_int_equal(access_at(process, FIXTURE_STACK_TOP), HAL_ACCESS_NONE);
	assert_int_equal(access_at(process, FIXTURE_TEXT), HAL_ACCESS_EXECUTE);
	assert_int_equal(access_at(process, FIXTURE_DATA), HAL_ACCESS_WRITE);
	assert_int_equal(access_at(process, FIXTURE_DATA + 0x2fff), HAL_ACCESS_NONE);
	assert_int_equal(access_at(process, 0), HAL_ACCESS_NONE);
	assert_int_equal(address_space_read(&process->space, context->thread_block, &block,
					    sizeof(block)),
			 sizeof(block));
	assert_int_equal(block.self, context->thread_block);
	assert_int_equal(block.canary & 0xff, 0);
	assert_int_not_equal(block.canary, 0);
	process_kill(process);
	object_put(&process->handle);
}

static void kernel_parts_of_the_space_stay(void **)
{
	static const uint64_t fixed[] = { FIXTURE_RING, FIXTURE_RING + PAGE_SIZE,
					  FIXTURE_CAPSET };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		assert_int_equal(unmap(&first, fixed[i], PAGE_SIZE), STATUS_PROTECTION_REFUSED);
		for (uint16_t p = PROTECTION_NONE; p <= PROTECTION_READ_EXECUTE; p++)
			assert_int_equal(
				protect(&first, fixed[i], PAGE_SIZE, (enum protection)p),
				STATUS_PROTECTION_REFUSED);
		assert_int_equal(commit(&first, fixed[i], PAGE_SIZE), STATUS_NOT_MAPPED);
	}
	/* Nor as a part of more, from which nothing else goes either. */
	assert_int_equal(unmap(&first, FIXTURE_RING - PAGE_SIZE, 0x100000),
			 STATUS_PROTECTION_REFUSED);
	assert_int_equal(unmap(&first, FIXTURE_CAPSET, 0x100000), STATUS_PROTECTION_REFUSED);
	assert_int_equal(access_at(first.process, FIXTURE_RING), HAL_ACCESS_WRITE);
	assert_int_equal(access_at(first.process, FIXTURE_STACK), HAL_ACCESS_WRITE);
}

static void capset_names_what_was_granted(void **)
{
	static const char *const names[] = { "memory", "account", "one", "two" };
	struct object *expected[] = { nullptr, nullptr, &first.process->memory,
				      &first.process->handle };
	alignas(8) uint8_t bytes[PAGE_SIZE];
	struct spawn_request request = ordinary();
	struct cap_set_entry_list_reader entries;
	struct message_reader message;
	struct cap_set_reader root;
	struct process *process;

	grants[0] =
		(struct spawn_grant){ .name = text("one"), .object = &first.process->memory };
	grants[1] =
		(struct spawn_grant){ .name = text("two"), .object = &first.process->handle };
	request.grant_count = 2;
	assert_int_equal(process_spawn(&request, &process), STATUS_OK);
	assert_int_equal(address_space_read(&process->space, FIXTURE_CAPSET, bytes,
					    process->thread->context.argument[2]),
			 process->thread->context.argument[2]);
	message_reader_init(&message, bytes, process->thread->context.argument[2]);
	assert_true(cap_set_read_root(&message, &root));
	assert_string_equal(cap_set_get_program_name(root).data, "child");
	entries = cap_set_get_entries(root);
	assert_int_equal(entries.l.count, 4);
	expected[1] = &process->account->object;
	expected[0] = &process->memory;
	for (uint32_t i = 0; i < 4; i++) {
		struct cap_set_entry_reader entry = cap_set_entry_list_get(entries, i);
		struct object *object = cap_table_lookup(
			&process->table,
			(struct cap_id){ cap_set_entry_get_capability(entry) });

		assert_ptr_equal(object, expected[i]);
		assert_string_equal(cap_set_entry_get_name(entry).data, names[i]);
		assert_int_equal(cap_set_entry_get_interface_id(entry),
				 object->type->interface_id);
	}
	assert_false(message.malformed);
	process_kill(process);
	object_put(&process->handle);
}

/* The first process was given an argument by the manifest. */
static void arguments_arrive(void **)
{
	alignas(8) uint8_t bytes[PAGE_SIZE];
	struct message_reader message;
	struct cap_set_reader root;
	struct list_reader arguments;

	assert_int_equal(
		address_space_read(&first.process->space, FIXTURE_CAPSET, bytes, PAGE_SIZE),
		PAGE_SIZE);
	message_reader_init(&message, bytes, PAGE_SIZE);
	assert_true(cap_set_read_root(&message, &root));
	arguments = cap_set_get_arguments(root);
	assert_int_equal(arguments.count, 1);
	assert_string_equal(list_reader_get_text(arguments, 0).data, "argument");
}

/* The largest CapSet that a request can ask for still fits its page. */
static void largest_capset_fits(void **)
{
	static char names[SPAWN_MAX_GRANTS][MAX_NAME_BYTES];
	alignas(8) uint8_t bytes[2048];
	struct spawn_request request = ordinary();
	struct message_builder builder;
	struct message_reader reader;
	struct cap_set_builder root;
	struct cap_set_reader root_reader;
	struct list_builder list;
	char longest[MAX_ARGUMENT_BYTES];

	memset(names, 'x', sizeof(names));
	memset(longest, 'y', sizeof(longest));
	for (uint32_t i = 0; i < SPAWN_MAX_GRANTS; i++) {
		names[i][0] = (char)('a' + i);
		grants[i].name = (struct text_reader){ names[i], MAX_NAME_BYTES };
		grants[i].object = &first.process->memory;
	}
	message_builder_init(&builder, bytes, sizeof(bytes));
	root = cap_set_init_root(&builder);
	list = cap_set_init_arguments(root, MAX_ARGUMENTS);
	for (uint32_t i = 0; i < MAX_ARGUMENTS; i++)
		list_builder_set_text(list, i, longest, sizeof(longest));
	message_reader_init(&reader, bytes, message_builder_finish(&builder));
	assert_true(cap_set_read_root(&reader, &root_reader));
	request.arguments = cap_set_get_arguments(root_reader);
	request.grant_count = SPAWN_MAX_GRANTS;
	request.name = (struct text_reader){ names[0], MAX_NAME_BYTES };
	assert_int_equal(try_spawn(&request), STATUS_OK);
}

/* --- Hostile images --------------------------------------------------------------------- */

static void assert_image_status(const struct spawn_request *request)
{
	enum status status = try_spawn(request);

	/* More memory than the account has is no fault of the image. */
	if (status != STATUS_OK && status != STATUS_OUT_OF_MEMORY)
		assert_int_equal(status, STATUS_BAD_IMAGE);
}

static void every_byte_of_the_headers_may_lie(void **)
{
	struct spawn_request request = ordinary();
	uint32_t started = 0;

	for (uint32_t at = 0; at < 176; at++) {
		for (uint32_t change = 1; change < 256; change += change < 4 ? 1 : change) {
			image[at] ^= (uint8_t)change;
			assert_image_status(&request);
			image[at] ^= (uint8_t)change;
		}
	}
	started += try_spawn(&request) == STATUS_OK;
	assert_int_equal(started, 1);
	assert_balance(before);
}

static void random_headers_start_nothing_wrong(void **)
{
	static const uint64_t interesting[] = { 0,
						1,
						8,
						0xfff,
						PAGE_SIZE,
						FIXTURE_TEXT,
						0xc0,
						0x10000000,
						0x0fffffff,
						0x10001000,
						UINT64_MAX,
						UINT64_MAX - 0xfff,
						0xffffff01,
						0x7ffffff000,
						0x8000000000,
						0x200000,
						0x208000,
						0x22f000 };
	struct spawn_request request = ordinary();
	struct sequence sequence = { 13 };

	for (uint32_t round = 0; round < 3000; round++) {
		fixture_elf(image);
		for (uint32_t i = 1 + sequence_below(&sequence, 3); i > 0; i--) {
			uint64_t value = interesting[sequence_below(&sequence, 18)] +
					 sequence_below(&sequence, 2) * FIXTURE_DATA_OFFSET;

			memcpy(image + 16 + 8 * sequence_below(&sequence, 20), &value, 8);
		}
		assert_image_status(&request);
	}
	assert_balance(before);
}

static void truncated_images_are_refused(void **)
{
	struct spawn_request request = ordinary();

	for (uint32_t size = 0; size < sizeof(image); size++) {
		request.image.size = size;
		assert_int_equal(try_spawn(&request), STATUS_BAD_IMAGE);
	}
}

static void put(uint32_t at, uint64_t value)
{
	memcpy(image + at, &value, sizeof(value));
}

/* A segment over what the kernel places itself, or over more pages than an object has. */
static void segments_have_their_place(void **)
{
	static const uint64_t places[] = { 0x10000,  0x200000, 0x208000,
					   0x220000, 0x22f000, 0x23f000 };
	struct spawn_request request = ordinary();

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		put(64 + 16, places[i]);
		put(24, places[i] + 0xb0);
		assert_int_equal(try_spawn(&request), STATUS_BAD_IMAGE);
	}
	put(64 + 16, FIXTURE_TEXT);
	put(24, FIXTURE_TEXT + 0xb0);
	assert_int_equal(try_spawn(&request), STATUS_OK);
	kernel_boot(320 << 20);
	before = kernel_balance();
	request.payer = first.process->account;
	request.limits.amount[ACCOUNT_MEMORY] = UINT64_C(280) << 20;
	/* With the text's bytes as many as all segments may have together, and one more. */
	put(120 + 40, (UINT64_C(256) << 20) - FIXTURE_DATA_OFFSET);
	assert_int_equal(try_spawn(&request), STATUS_OK);
	put(120 + 40, (UINT64_C(256) << 20) - FIXTURE_DATA_OFFSET + 1);
	assert_int_equal(try_spawn(&request), STATUS_BAD_IMAGE);
}

/* A single segment of 256 MiB that begins inside a page would be one page too many. */
static void segment_of_a_page_too_many_is_refused(void **)
{
	struct spawn_request request = ordinary();

	kernel_boot(320 << 20);
	before = kernel_balance();
	request.payer = first.process->account;
	request.limits.amount[ACCOUNT_MEMORY] = UINT64_C(280) << 20;
	image[56] = 1; /* one program header: the text */
	put(64 + 8, 16);
	put(64 + 16, FIXTURE_TEXT + 16);
	put(64 + 40, UINT64_C(256) << 20);
	assert_int_equal(try_spawn(&request), STATUS_BAD_IMAGE);
	put(64 + 8, 0);
	put(64 + 16, FIXTURE_TEXT);
	assert_int_equal(try_spawn(&request), STATUS_OK);
}

/* --- Requests --------------------------------------------------------------------------- */

static void names_of_grants_are_checked(void **)
{
	static const char *const bad[] = {
		"", "memory", "account", "one", "A", "a b", "a23456789012345678901234567890123"
	};
	struct spawn_request request = ordinary();

	grants[0] =
		(struct spawn_grant){ .name = text("one"), .object = &first.process->memory };
	request.grant_count = 2;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		grants[1] = (struct spawn_grant){ .name = text(bad[i]),
						  .object = &first.process->memory };
		assert_int_equal(try_spawn(&request), STATUS_INVALID_ARGUMENT);
	}
	grants[1].name = text("accounts");
	assert_int_equal(try_spawn(&request), STATUS_OK);
	grants[1].name = text("memory2");
	assert_int_equal(try_spawn(&request), STATUS_OK);
	assert_int_equal(first.process->memory.references, 1);
}

static void limits_are_the_payers(void **)
{
	struct spawn_request request = ordinary();

	request.limits.amount[ACCOUNT_MEMORY] = UINT64_MAX;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_MEMORY);
	request.limits.amount[ACCOUNT_MEMORY] = CHILD_BYTES;
	request.limits.amount[ACCOUNT_SLOTS] = UINT64_MAX;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_SLOTS);
	request.limits.amount[ACCOUNT_SLOTS] = 0;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_SLOTS);
	request.limits.amount[ACCOUNT_SLOTS] = 1;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_SLOTS);
	request.limits.amount[ACCOUNT_SLOTS] = 2; /* its memory, its account */
	assert_int_equal(try_spawn(&request), STATUS_OK);
	request.limits.amount[ACCOUNT_THREADS] = 0;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_THREADS);
	request.limits.amount[ACCOUNT_THREADS] = UINT64_MAX;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_THREADS);
	for (uint32_t r = ACCOUNT_ENDPOINTS; r < ACCOUNT_RESOURCES; r++) {
		const struct account *payer = request.payer;

		request.limits = limits_for_threads(1);
		request.limits.amount[r] = payer->limit[r] - payer->used[r];
		assert_int_equal(try_spawn(&request), STATUS_OK);
		request.limits.amount[r]++;
		assert_int_equal(try_spawn(&request), ACCOUNT_REFUSAL[r]);
	}
}

/* A ring's waits are paid when its thread is made: it can hold 32, DEFAULT_CQ_ENTRIES less
 * DEFAULT_SQ_ENTRIES. */
static void thread_needs_the_waits_of_its_ring(void **)
{
	struct spawn_request request = ordinary();

	request.limits.amount[ACCOUNT_WAITS] = 31;
	assert_int_equal(try_spawn(&request), STATUS_OUT_OF_WAITS);
	request.limits.amount[ACCOUNT_WAITS] = 32;
	assert_int_equal(try_spawn(&request), STATUS_OK);
	assert_int_equal(first.process->account->used[ACCOUNT_WAITS], 32);
}

/* Bad pointers in the arguments are no empty arguments. */
static void malformed_arguments_are_refused(void **)
{
	alignas(8) uint8_t bytes[256];
	struct spawn_request request = ordinary();
	struct message_builder builder;
	struct message_reader reader;
	struct cap_set_reader root;
	uint64_t far_away = UINT64_C(0x0000000a7ffffff1);

	message_builder_init(&builder, bytes, sizeof(bytes));
	(void)cap_set_init_arguments(cap_set_init_root(&builder), 1);
	/* The list's one element is the last word. */
	memcpy(bytes + message_builder_finish(&builder) - 8, &far_away, 8);
	message_reader_init(&reader, bytes, message_builder_finish(&builder));
	assert_true(cap_set_read_root(&reader, &root));
	request.arguments = cap_set_get_arguments(root);
	assert_int_equal(request.arguments.count, 1);
	assert_false(reader.malformed);
	assert_int_equal(try_spawn(&request), STATUS_MALFORMED_MESSAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(layout_is_as_documented),
		TEST(kernel_parts_of_the_space_stay),
		TEST(capset_names_what_was_granted),
		TEST(arguments_arrive),
		TEST(largest_capset_fits),
		TEST(every_byte_of_the_headers_may_lie),
		TEST(random_headers_start_nothing_wrong),
		TEST(truncated_images_are_refused),
		TEST(segments_have_their_place),
		TEST(segment_of_a_page_too_many_is_refused),
		TEST(names_of_grants_are_checked),
		TEST(limits_are_the_payers),
		TEST(thread_needs_the_waits_of_its_ring),
		TEST(malformed_arguments_are_refused),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
