// SPDX-License-Identifier: MIT
/*
 * Host test of every operation that allocates, with ever more memory until it works: each
 * failure is a typed status, nothing has changed, and the books balance.  Memory runs short in
 * two ways: the account's limit, and the machine's frames.
 */
#include "tests/host/kernel_calls.h"

#include <string.h>

#include "schema/boot_package.capnp.h"

constexpr uint32_t FRAMES_MAX = 4096;
/* Smaller than anything that is ever charged, so that no step is skipped. */
constexpr uint64_t STEP_BYTES = 64;

static struct account *account(void)
{
	return first.process->account;
}

/* --- Operations ------------------------------------------------------------------------- */

static uint64_t memory;   /* an object of 64 pages */
static uint64_t reserved; /* a reservation of 64 pages */
static uint64_t mapped;   /* a mapping of 64 pages */
static uint64_t made;     /* by the operation: a capability, an address */

static enum status do_spawn(void)
{
	return spawn_child(&first, UINT64_C(512) << 10, memory, &made);
}

static enum status do_create(void)
{
	return create_object(&first, 70 * PAGE_SIZE, &made);
}

static enum status do_manifest(void)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(&first, "package"),
			 BOOT_PACKAGE_MANIFEST_METHOD);
	(void)message_builder_root(&request.params, 0, 0);
	if (call_now(&first, &request, &reply) == STATUS_OK)
		made = reply.capability.capability;
	return reply.status;
}

static enum status do_map(void)
{
	return map_object(&first,
			  (struct mapping_request){ .memory = memory,
						    .length_bytes = 64 * PAGE_SIZE,
						    .address = HAL_DIRECTORY_SPAN - PAGE_SIZE,
						    .protection = PROTECTION_READ },
			  &made);
}

static enum status do_reserve(void)
{
	return reserve(&first, 5 * HAL_TABLE_SPAN, &made);
}

static enum status do_commit(void)
{
	return commit(&first, reserved + PAGE_SIZE, 20 * PAGE_SIZE);
}

static enum status do_punch(void)
{
	return unmap(&first, mapped + PAGE_SIZE, PAGE_SIZE);
}

static enum status do_protect(void)
{
	return protect(&first, mapped + 30 * PAGE_SIZE, PAGE_SIZE, PROTECTION_READ_WRITE);
}

/* From the middle of one mapping to the middle of the next. */
static enum status do_unmap_across(void)
{
	uint64_t end = reserved + 64 * PAGE_SIZE;

	/* do_commit() has left three mappings here. */
	return unmap(&first, reserved + 5 * PAGE_SIZE,
		     end - PAGE_SIZE - reserved - 5 * PAGE_SIZE);
}

static void undo_capability(void)
{
	assert_int_equal(release(&first, made), STATUS_OK);
}

static void undo_spawn(void)
{
	assert_int_equal(kill_process(&first, made), STATUS_OK);
	undo_capability();
}

static void undo_map(void)
{
	assert_int_equal(unmap(&first, made, 64 * PAGE_SIZE), STATUS_OK);
}

static void undo_reserve(void)
{
	assert_int_equal(unmap(&first, made, 5 * HAL_TABLE_SPAN), STATUS_OK);
}

static void undo_nothing(void)
{
}

struct operation_case {
	const char *name;
	enum status (*run)(void);
	void (*undo)(void);
};

static const struct operation_case cases[] = {
	{ "spawn", do_spawn, undo_spawn },
	{ "createObject", do_create, undo_capability },
	{ "manifest", do_manifest, undo_capability },
	{ "map", do_map, undo_map },
	{ "reserve", do_reserve, undo_reserve },
	{ "commit", do_commit, undo_nothing },
	{ "unmap across", do_unmap_across, undo_nothing },
	{ "unmap of a middle", do_punch, undo_nothing },
	{ "protect of a middle", do_protect, undo_nothing },
};

static int setup(void **state)
{
	(void)kernel_setup(state);
	assert_int_equal(create_object(&first, 64 * PAGE_SIZE, &memory), STATUS_OK);
	assert_int_equal(reserve(&first, 64 * PAGE_SIZE, &reserved), STATUS_OK);
	assert_int_equal(map_object(&first,
				    (struct mapping_request){ .memory = memory,
							      .length_bytes = 64 * PAGE_SIZE,
							      .protection = PROTECTION_READ },
				    &mapped),
			 STATUS_OK);
	return 0;
}

/* --- The account runs short ------------------------------------------------------------- */

/* Let the account have just `bytes` more than it uses while the operation runs. */
static enum status run_with(const struct operation_case *operation, uint64_t bytes)
{
	uint64_t limit = account()->limit[ACCOUNT_MEMORY];
	enum status status;

	account()->limit[ACCOUNT_MEMORY] = account()->used[ACCOUNT_MEMORY] + bytes;
	status = operation->run();
	account()->limit[ACCOUNT_MEMORY] = limit;
	return status;
}

static void try_with_ever_more_memory(const struct operation_case *operation)
{
	uint32_t slots = first.process->table.used_count;
	uint32_t mappings = first.process->space.mapping_count;
	struct supply_report before = kernel_balance();
	enum status status = STATUS_OUT_OF_MEMORY;
	uint32_t failures = 0;

	for (uint64_t bytes = 0; status != STATUS_OK; bytes += STEP_BYTES) {
		status = run_with(operation, bytes);
		if (status == STATUS_OK)
			break;
		assert_int_equal(status, STATUS_OUT_OF_MEMORY);
		assert_balance(before);
		assert_int_equal(first.process->table.used_count, slots);
		assert_int_equal(first.process->table.reserved_count, 0);
		assert_int_equal(first.process->space.mapping_count, mappings);
		failures++;
	}
	assert_in_range(failures, 1, 100000);
	operation->undo();
	kernel_check();
}

static void short_account_changes_nothing(void **)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("    %s\n", cases[i].name);
		try_with_ever_more_memory(&cases[i]);
	}
}

/* A child whose own account is too small for its parts. */
static void short_child_account_starts_nothing(void **)
{
	struct supply_report before = kernel_balance();
	enum status status = STATUS_OUT_OF_MEMORY;
	uint32_t failures = 0;

	for (uint64_t bytes = STEP_BYTES; status != STATUS_OK; bytes += STEP_BYTES) {
		status = spawn_child(&first, bytes, memory, &made);
		if (status == STATUS_OK)
			break;
		assert_int_equal(status, STATUS_OUT_OF_MEMORY);
		assert_balance(before);
		failures++;
	}
	assert_in_range(failures, 100, 100000);
	undo_spawn();
	assert_balance(before);
}

/* --- The machine runs short ------------------------------------------------------------- */

static struct paddr hoard[FRAMES_MAX];
static uint32_t hoard_size;

/* Take all frames but `left`. */
static void hoard_all_but(uint32_t left)
{
	while (supply_frames(account(), 0, &hoard[hoard_size]) == STATUS_OK)
		hoard_size++;
	while (left-- > 0)
		supply_return_frames(account(), hoard[--hoard_size], 0);
}

static void give_back(void)
{
	while (hoard_size > 0)
		supply_return_frames(account(), hoard[--hoard_size], 0);
}

static void try_with_ever_more_frames(const struct operation_case *operation)
{
	struct supply_report before = kernel_balance();
	enum status status = STATUS_OUT_OF_MEMORY;
	uint32_t left = 0;

	for (; status != STATUS_OK; left++) {
		hoard_all_but(left);
		status = operation->run();
		(void)kernel_settle();
		kernel_check();
		give_back();
		if (status == STATUS_OK)
			break;
		assert_int_equal(status, STATUS_OUT_OF_MEMORY);
		assert_balance(before);
		assert_int_equal(first.process->table.reserved_count, 0);
	}
	operation->undo();
	kernel_check();
}

static void short_machine_changes_nothing(void **)
{
	kernel_overpromise(1 << 30);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("    %s\n", cases[i].name);
		try_with_ever_more_frames(&cases[i]);
	}
	kernel_overpromise(-(1 << 30));
}

/* --- Slots run short -------------------------------------------------------------------- */

/* Fill the table's first page; the next capability needs another, for which there
 * is no room. */
static void short_table_changes_nothing(void **)
{
	struct supply_report before;
	uint64_t first_made = 0;

	while (cap_table_free_slots(&first.process->table) > 0) {
		assert_int_equal(create_object(&first, 1, &made), STATUS_OK);
		if (first_made == 0)
			first_made = made;
	}
	before = kernel_balance();
	for (uint64_t bytes = 0; bytes <= PAGE_SIZE; bytes += STEP_BYTES) {
		assert_int_equal(run_with(&cases[1], bytes), STATUS_OUT_OF_MEMORY);
		kernel_check();
		if (bytes < PAGE_SIZE)
			assert_balance(before);
	}
	assert_int_equal(release(&first, first_made), STATUS_OK);
	assert_int_equal(create_object(&first, 1, &made), STATUS_OK);
}

/* --- Memory that is being taken apart ---------------------------------------------------- */

/* Have the first page of an object taken, so that taking it apart looks at each page. */
static void touch(uint64_t capability)
{
	struct object *object =
		cap_table_lookup(&first.process->table, (struct cap_id){ capability });

	assert_non_null(object);
	(void)memory_object_page(LIST_OWNER(object, struct memory_object, object), 0);
}

/* An object that fills the account, and is too large to be taken apart in one step, is
 * released; the next entry of the same system call makes another. */
static void released_memory_is_not_missing(void **)
{
	constexpr uint64_t BYTES = 600 * PAGE_SIZE;
	uint64_t limit = account()->limit[ACCOUNT_MEMORY];
	uint64_t object;

	account()->limit[ACCOUNT_MEMORY] = account()->used[ACCOUNT_MEMORY] + BYTES + BYTES / 2;
	assert_int_equal(create_object(&first, BYTES, &object), STATUS_OK);
	for (uint32_t i = 0; i < 4; i++) {
		touch(object);
		assert_int_equal(create_object(&first, BYTES, &made), STATUS_OUT_OF_MEMORY);
		program_submit(&first,
			       &(struct ring_submission){ .opcode = OPERATION_CODE_RELEASE,
							  .tag = DEFAULT_CQ_ENTRIES - 1,
							  .target = object,
							  .user_data = UINT64_MAX });
		assert_int_equal(create_object(&first, BYTES, &object), STATUS_OK);
	}
	assert_int_equal(release(&first, object), STATUS_OK);
	account()->limit[ACCOUNT_MEMORY] = limit;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(short_account_changes_nothing),  TEST(short_child_account_starts_nothing),
		TEST(short_machine_changes_nothing),  TEST(short_table_changes_nothing),
		TEST(released_memory_is_not_missing),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
