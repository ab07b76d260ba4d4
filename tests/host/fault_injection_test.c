// SPDX-License-Identifier: MIT
/*
 * Host test of every operation and every method, with the Nth reservation or allocation
 * failing, for every N until none fails.  A failure is the typed status of what failed, nothing
 * has changed, the books balance, and the same operation then succeeds.  The table of rows is
 * complete: each method of the schema has one.
 *
 * See docs/internals/fault-injection.md.
 */
#include "tests/host/fault_points.h"
#include "tests/host/fault_rows.h"
#include "tests/host/grant_calls.h"
#include "tests/host/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "schema/account.capnp.h"
#include "schema/audit.capnp.h"
#include "schema/boot_package.capnp.h"
#include "schema/console.capnp.h"
#include "schema/entropy.capnp.h"
#include "schema/power.capnp.h"
#include "schema/timer.capnp.h"
#include "schema/uart.capnp.h"

constexpr size_t RAM_BYTES = 8 << 20;
constexpr uint32_t POINTS_MAX = 200; /* more than any operation passes */

/* --- Operations ----------------------------------------------------------------------------
 */

static uint64_t memory; /* an object of 64 pages */
static uint64_t child;  /* a handle */
static uint64_t account;
static uint64_t place; /* 64 pages of address space, by prepare */
static uint64_t made;  /* by the operation */
static struct request request;

static enum status submit_and_enter(void)
{
	return submit_one(&request);
}

static enum status call_named(const char *name, uint16_t method)
{
	return call_plain(program_capability(&first, name), method);
}

static enum status run_nop(void)
{
	return program_one(&first, &(struct ring_submission){ .tag = 1 });
}

static void prepare_memory(void)
{
	assert_int_equal(create_object(&first, 64 * PAGE_SIZE, &memory), STATUS_OK);
}

static enum status run_release(void)
{
	return release(&first, memory);
}

static void prepare_wait(void)
{
	submit_timer_wait(&first, UINT64_MAX, 0, PENDING_TAG);
	assert_int_equal(enter_one(), STATUS_OK);
}

static enum status run_cancel(void)
{
	submit_cancel(&first, PENDING_TAG, 1);
	return enter_one() == STATUS_CANCELLED ? STATUS_OK : STATUS_UNKNOWN_TAG;
}

static enum status run_audit(void)
{
	return call_named("audit", AUDIT_AUDIT_METHOD);
}

static enum status run_manifest(void)
{
	return call_named("package", BOOT_PACKAGE_MANIFEST_METHOD);
}

static enum status run_console_write(void)
{
	request_init_big(&request, program_capability(&first, "console"), CONSOLE_WRITE_METHOD);
	console_write_params_set_text(console_write_params_init_root(&request.params), "text",
				      4);
	return submit_and_enter();
}

static enum status run_entropy_read(void)
{
	request_init_big(&request, program_capability(&first, "entropy"),
			 ENTROPY_SOURCE_READ_METHOD);
	entropy_source_read_params_set_length_bytes(
		entropy_source_read_params_init_root(&request.params), 32);
	return submit_and_enter();
}

static enum status run_info(void)
{
	return call_plain(memory, MEMORY_OBJECT_INFO_METHOD);
}

static enum status run_seal(void)
{
	return seal_object(&first, memory);
}

static enum status run_create_object(void)
{
	return create_object(&first, 70 * PAGE_SIZE, &made);
}

/* No slot of the table's first page is free. */
static void prepare_full_table(void)
{
	while (cap_table_free_slots(&first.process->table) > 0)
		assert_int_equal(create_object(&first, PAGE_SIZE, &made), STATUS_OK);
}

/* At the end of a directory: both levels of tables are new, twice. */
static enum status run_map(void)
{
	return map_object(&first,
			  (struct mapping_request){ .memory = memory,
						    .length_bytes = 64 * PAGE_SIZE,
						    .address = HAL_DIRECTORY_SPAN - PAGE_SIZE,
						    .protection = PROTECTION_READ },
			  &made);
}

static void prepare_mapping(void)
{
	prepare_memory();
	assert_int_equal(map_object(&first,
				    (struct mapping_request){ .memory = memory,
							      .length_bytes = 64 * PAGE_SIZE,
							      .protection = PROTECTION_READ },
				    &place),
			 STATUS_OK);
}

static enum status run_unmap_middle(void)
{
	return unmap(&first, place + PAGE_SIZE, PAGE_SIZE);
}

static enum status run_unmap(void)
{
	return unmap(&first, place, 64 * PAGE_SIZE);
}

static enum status run_protect_middle(void)
{
	return protect(&first, place + 30 * PAGE_SIZE, PAGE_SIZE, PROTECTION_READ_WRITE);
}

static void prepare_reservation(void)
{
	assert_int_equal(reserve(&first, 64 * PAGE_SIZE, &place), STATUS_OK);
}

static enum status run_reserve(void)
{
	return reserve(&first, 5 * HAL_TABLE_SPAN, &made);
}

static enum status run_commit(void)
{
	return commit(&first, place + PAGE_SIZE, 20 * PAGE_SIZE);
}

/* From the middle of one mapping, over another, to the middle of a third. */
static void prepare_three_mappings(void)
{
	prepare_reservation();
	assert_int_equal(run_commit(), STATUS_OK);
}

static enum status run_unmap_across(void)
{
	return unmap(&first, place + 5 * PAGE_SIZE, 58 * PAGE_SIZE);
}

static enum status run_power_off(void)
{
	request_init_big(&request, program_capability(&first, "power"), POWER_OFF_METHOD);
	power_off_params_set_verdict(power_off_params_init_root(&request.params), 7);
	return submit_and_enter();
}

static enum status run_power_reset(void)
{
	return call_named("power", POWER_RESET_METHOD);
}

static enum status run_spawn(void)
{
	return spawn_child(&first, UINT64_C(512) << 10, memory, &made);
}

static const uint64_t account_limits[ACCOUNT_RESOURCES] = { 1 << 20, 64, 2, 16, 512, 128, 64 };

static enum status run_split(void)
{
	return split_account(&first, program_capability(&first, "account"), account_limits,
			     &made);
}

static void prepare_account(void)
{
	assert_int_equal(run_split(), STATUS_OK);
	account = made;
}

static enum status run_limits(void)
{
	return call_plain(account, ACCOUNT_LIMITS_METHOD);
}

static enum status run_usage(void)
{
	return call_plain(account, ACCOUNT_USAGE_METHOD);
}

static enum status run_close(void)
{
	return close_account(&first, account);
}

static enum status run_release_account(void)
{
	return release(&first, account);
}

static enum status run_spawn_from_account(void)
{
	struct spawning what = { .memory_bytes = UINT64_C(512) << 10,
				 .slots = 32,
				 .threads = 1,
				 .account = account };

	return spawn_process(&first, what, &made);
}

/* The fixture's image, sealed, in an object of the first process. */
static void prepare_image(void)
{
	uint8_t elf[FIXTURE_ELF_BYTES];
	struct object *object;

	prepare_memory();
	object = cap_table_lookup(&first.process->table, (struct cap_id){ memory });
	fixture_elf(elf);
	memory_object_write(LIST_OWNER(object, struct memory_object, object), 0, elf,
			    sizeof(elf));
	assert_int_equal(run_seal(), STATUS_OK);
}

static enum status run_spawn_from_image(void)
{
	return spawn_process(
		&first,
		(struct spawning){ .memory_bytes = UINT64_C(512) << 10, .image = memory },
		&made);
}

static uint64_t granted_endpoint;

static void prepare_granting(void)
{
	prepare_memory();
	assert_int_equal(create_endpoint(&first, 4, &granted_endpoint), STATUS_OK);
}

/* One of each mode: what was moved and made is undone when anything is refused. */
static enum status run_spawn_with_grants(void)
{
	struct grant_spawn what = {
		.grants = { { .name = "moved",
			      .capability = memory,
			      .mode = CAP_GRANT_MODE_MOVE },
			    { .name = "client",
			      .capability = granted_endpoint,
			      .mode = CAP_GRANT_MODE_CLIENT_ENDPOINT,
			      .interface_id = IPC_INTERFACE },
			    { .name = "object",
			      .capability = granted_endpoint,
			      .mode = CAP_GRANT_MODE_SERVICE_OBJECT,
			      .interface_id = IPC_INTERFACE } },
	};
	struct grant_result result;
	enum status status = grant_spawn(&first, what, &result);

	made = result.handle;
	return status;
}

static enum status run_list(void)
{
	return call_named("spawner", PROCESS_SPAWNER_LIST_METHOD);
}

static void prepare_child(void)
{
	assert_int_equal(spawn_child(&first, UINT64_C(512) << 10, 0, &child), STATUS_OK);
}

static enum status run_process_wait(void)
{
	submit_process_wait(&first, child, 0, PENDING_TAG);
	return enter_one();
}

static enum status run_kill(void)
{
	return kill_process(&first, child);
}

static enum status run_status(void)
{
	return call_plain(child, PROCESS_HANDLE_STATUS_METHOD);
}

static enum status run_now(void)
{
	return call_named("timer", TIMER_NOW_METHOD);
}

static enum status run_timer_wait(void)
{
	submit_timer_wait(&first, UINT64_MAX, 0, PENDING_TAG);
	return enter_one();
}

static enum status run_uart_read(void)
{
	submit_uart_read(&first, 16, PENDING_TAG);
	return enter_one();
}

static enum status run_uart_write(void)
{
	request_init(&request, program_capability(&first, "uart"), UART_WRITE_METHOD,
		     PENDING_TAG);
	uart_write_params_set_data(uart_write_params_init_root(&request.params), "bytes", 5);
	return submit_and_enter();
}

/* The output queue is full: the next write waits. */
static void prepare_full_uart(void)
{
	uint8_t bytes[2048];

	memset(bytes, 'x', sizeof(bytes));
	fake_hal_serial_set_room(0);
	request_init_big(&request, program_capability(&first, "uart"), UART_WRITE_METHOD);
	uart_write_params_set_data(uart_write_params_init_root(&request.params), bytes,
				   sizeof(bytes));
	assert_int_equal(submit_and_enter(), STATUS_OK);
}

static const struct fault_row rows[] = {
	{ "nop", 0, OPERATION_CODE_NOP, nullptr, run_nop, false },
	{ "release", 0, OPERATION_CODE_RELEASE, prepare_memory, run_release, false },
	{ "cancel", 0, OPERATION_CODE_CANCEL, prepare_wait, run_cancel, false },
	{ "audit", AUDIT_INTERFACE_ID, AUDIT_AUDIT_METHOD, nullptr, run_audit, false },
	{ "manifest", BOOT_PACKAGE_INTERFACE_ID, BOOT_PACKAGE_MANIFEST_METHOD, nullptr,
	  run_manifest, true },
	{ "Console.write", CONSOLE_INTERFACE_ID, CONSOLE_WRITE_METHOD, nullptr,
	  run_console_write, false },
	{ "EntropySource.read", ENTROPY_SOURCE_INTERFACE_ID, ENTROPY_SOURCE_READ_METHOD,
	  nullptr, run_entropy_read, false },
	{ "info", MEMORY_OBJECT_INTERFACE_ID, MEMORY_OBJECT_INFO_METHOD, prepare_memory,
	  run_info, false },
	{ "seal", MEMORY_OBJECT_INTERFACE_ID, MEMORY_OBJECT_SEAL_METHOD, prepare_memory,
	  run_seal, false },
	{ "createObject", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_CREATE_OBJECT_METHOD,
	  nullptr, run_create_object, true },
	{ "createObject, table full", VIRTUAL_MEMORY_INTERFACE_ID,
	  VIRTUAL_MEMORY_CREATE_OBJECT_METHOD, prepare_full_table, run_create_object, true },
	{ "map", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_MAP_METHOD, prepare_memory,
	  run_map, true },
	{ "unmap", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP_METHOD, prepare_mapping,
	  run_unmap, false },
	{ "unmap of a middle", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP_METHOD,
	  prepare_mapping, run_unmap_middle, true },
	{ "unmap across", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP_METHOD,
	  prepare_three_mappings, run_unmap_across, true },
	{ "protect of a middle", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_PROTECT_METHOD,
	  prepare_mapping, run_protect_middle, true },
	{ "reserve", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_RESERVE_METHOD, nullptr,
	  run_reserve, true },
	{ "commit", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_COMMIT_METHOD,
	  prepare_reservation, run_commit, true },
	{ "off", POWER_INTERFACE_ID, POWER_OFF_METHOD, nullptr, run_power_off, false },
	{ "reset", POWER_INTERFACE_ID, POWER_RESET_METHOD, nullptr, run_power_reset, false },
	{ "spawn", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD, prepare_memory,
	  run_spawn, true },
	{ "spawn from an account", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD,
	  prepare_account, run_spawn_from_account, true },
	{ "spawn from an image", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD,
	  prepare_image, run_spawn_from_image, true },
	{ "spawn with grants", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD,
	  prepare_granting, run_spawn_with_grants, true },
	{ "limits", ACCOUNT_INTERFACE_ID, ACCOUNT_LIMITS_METHOD, prepare_account, run_limits,
	  false },
	{ "usage", ACCOUNT_INTERFACE_ID, ACCOUNT_USAGE_METHOD, prepare_account, run_usage,
	  false },
	{ "split", ACCOUNT_INTERFACE_ID, ACCOUNT_SPLIT_METHOD, nullptr, run_split, true },
	{ "close", ACCOUNT_INTERFACE_ID, ACCOUNT_CLOSE_METHOD, prepare_account, run_close,
	  false },
	{ "release of an account", 0, OPERATION_CODE_RELEASE, prepare_account,
	  run_release_account, false },
	{ "list", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_LIST_METHOD, nullptr, run_list,
	  false },
	{ "ProcessHandle.wait", PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_WAIT_METHOD,
	  prepare_child, run_process_wait, true },
	{ "kill", PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_KILL_METHOD, prepare_child,
	  run_kill, false },
	{ "status", PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_STATUS_METHOD, prepare_child,
	  run_status, false },
	{ "now", TIMER_INTERFACE_ID, TIMER_NOW_METHOD, nullptr, run_now, false },
	{ "Timer.wait", TIMER_INTERFACE_ID, TIMER_WAIT_METHOD, nullptr, run_timer_wait, true },
	{ "Uart.read", UART_INTERFACE_ID, UART_READ_METHOD, nullptr, run_uart_read, true },
	{ "Uart.write", UART_INTERFACE_ID, UART_WRITE_METHOD, nullptr, run_uart_write, false },
	{ "Uart.write that waits", UART_INTERFACE_ID, UART_WRITE_METHOD, prepare_full_uart,
	  run_uart_write, true },
};

constexpr size_t OWN_ROWS = sizeof(rows) / sizeof(rows[0]);

/* All rows: those of this file, then those of ipc_fault_rows.c; nullptr behind the last. */
static const struct fault_row *row_at(size_t i)
{
	if (i < OWN_ROWS)
		return &rows[i];
	return i - OWN_ROWS < ipc_fault_row_count ? &ipc_fault_rows[i - OWN_ROWS] : nullptr;
}

/* --- The tests ------------------------------------------------------------------------------
 */

/* The row on a fresh machine, its Nth point failing; false when none did. */
static bool fail_nth(const struct fault_row *row, uint32_t n)
{
	struct snapshot before;
	enum status status;

	kernel_boot(RAM_BYTES);
	if (row->prepare != nullptr)
		row->prepare();
	before = take_snapshot();
	faults_arm(n);
	status = row->run();
	faults_disarm();
	if (faults.cause == STATUS_OK) {
		assert_int_equal(status, STATUS_OK);
	} else if (status == STATUS_OK) {
		/* Memory was still being taken apart, and enough of it came back. */
		assert_in_range(faults.runs, 2, UINT32_MAX);
	} else {
		assert_int_equal(status, faults.cause);
		assert_unchanged(&before);
		assert_int_equal(row->run(), STATUS_OK);
	}
	(void)kernel_balance();
	return faults.cause != STATUS_OK;
}

static void each_refusal_changes_nothing(void **)
{
	const struct fault_row *row;

	for (size_t i = 0; (row = row_at(i)) != nullptr; i++) {
		uint32_t n = 1;

		while (fail_nth(row, n))
			assert_in_range(++n, 1, POINTS_MAX);
		print_message("    %s: %u\n", row->name, n - 1);
		assert_int_equal(n > 1, row->takes);
	}
	for (uint32_t point = 0; point < POINTS; point++)
		assert_int_not_equal(faults.failures[point], 0);
}

static bool has_row(uint64_t interface_id, uint32_t method)
{
	const struct fault_row *row;

	for (size_t i = 0; (row = row_at(i)) != nullptr; i++)
		if (row->interface_id == interface_id && row->method == method)
			return true;
	return false;
}

/* The golden schema is what the schema compiler makes of schema/ (tools/check/golden). */
static void each_method_has_a_row(void **)
{
	FILE *schema = fopen("tests/golden/schema.txt", "r");
	unsigned long long interface_id = 0;
	uint32_t methods = 0;
	unsigned method;
	char line[256];

	assert_non_null(schema);
	while (fgets(line, sizeof(line), schema) != nullptr) {
		if (line[0] != ' ')
			interface_id = 0;
		if (sscanf(line, "interface %*s @%llx", &interface_id) == 1 ||
		    interface_id == 0)
			continue;
		if (sscanf(line, "  %*s %u", &method) != 1)
			continue;
		if (!has_row(interface_id, method))
			fail_msg("no row for%s", line);
		methods++;
	}
	fclose(schema);
	assert_in_range(methods, 20, OWN_ROWS + ipc_fault_row_count);
	for (uint32_t code = 0; code < OPERATION_CODE_COUNT; code++)
		assert_true(code == OPERATION_CODE_CALL || has_row(0, code));
}

static int teardown(void **)
{
	faults_disarm();
	fake_hal_fini();
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_refusal_changes_nothing),
		TEST(each_method_has_a_row),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
