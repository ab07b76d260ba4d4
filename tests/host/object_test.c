// SPDX-License-Identifier: MIT
/*
 * Host test of kernel/object: what the methods of the single objects, the spawner and memory
 * objects answer, right and wrong.  Uart and Console: serial_test.c.
 */
#include "tests/host/kernel_calls.h"

#include <string.h>

#include "kernel/core/manifest.h"
#include "kernel/core/singletons.h"
#include "schema/audit.capnp.h"
#include "schema/boot_package.capnp.h"
#include "schema/entropy.capnp.h"
#include "schema/power.capnp.h"
#include "schema/timer.capnp.h"

static struct request request;
static struct reply reply;

static void begin(const char *name, uint16_t method)
{
	request_init_big(&request, program_capability(&first, name), method);
}

static void empty_params(void)
{
	(void)message_builder_root(&request.params, 0, 0);
}

/* --- Spawner ---------------------------------------------------------------------------- */

static void list_names_the_binaries(void **)
{
	static const char *const names[] = { "first", "child" };
	struct process_spawner_list_results_reader results;

	for (uint32_t at = 0; at < 4; at++) {
		struct list_reader list;

		begin("spawner", PROCESS_SPAWNER_LIST_METHOD);
		process_spawner_list_params_set_first(
			process_spawner_list_params_init_root(&request.params),
			at < 3 ? at : UINT32_MAX);
		assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
		assert_true(process_spawner_list_results_read_root(&reply.message, &results));
		assert_int_equal(process_spawner_list_results_get_total(results), 2);
		list = process_spawner_list_results_get_names(results);
		assert_int_equal(list.count, at < 2 ? 2 - at : 0);
		for (uint32_t i = 0; i < list.count; i++)
			assert_string_equal(list_reader_get_text(list, i).data, names[at + i]);
	}
	begin("spawner", PROCESS_SPAWNER_LIST_METHOD);
	(void)process_spawner_list_params_init_root(&request.params);
	request.entry.result_capacity = 40;
	assert_int_equal(call_now(&first, &request, &reply), STATUS_RESULT_TOO_SMALL);
}

/* A spawn of that binary with `grants` grants, the first of which names `capability`. */
static enum status spawn(const char *binary, uint32_t grants, uint32_t capability)
{
	struct process_spawner_spawn_params_builder params;
	struct grant_list_builder list;

	begin("spawner", PROCESS_SPAWNER_SPAWN_METHOD);
	params = process_spawner_spawn_params_init_root(&request.params);
	process_spawner_spawn_params_set_binary(params, binary, (uint32_t)strlen(binary));
	list = process_spawner_spawn_params_init_grants(params, grants);
	for (uint32_t i = 0; i < grants; i++) {
		char name = (char)('a' + i);

		grant_set_name(grant_list_builder_get(list, i), &name, 1);
		grant_set_capability(grant_list_builder_get(list, i), i == 0 ? capability : i);
		if (i < MAX_TRANSFERS)
			(void)request_attach(&request, program_capability(&first, "timer"));
	}
	return call_now(&first, &request, &reply);
}

static void wrong_spawns_start_nothing(void **)
{
	struct supply_report before = kernel_balance();

	assert_int_equal(spawn("", 0, 0), STATUS_INVALID_ARGUMENT);
	assert_int_equal(spawn("init", 0, 0), STATUS_UNKNOWN_BINARY);
	assert_int_equal(spawn("chil", 0, 0), STATUS_UNKNOWN_BINARY);
	assert_int_equal(spawn("children", 0, 0), STATUS_UNKNOWN_BINARY);
	assert_int_equal(spawn("child", 1, 1), STATUS_WRONG_INTERFACE);
	assert_int_equal(spawn("child", 1, UINT32_MAX), STATUS_WRONG_INTERFACE);
	assert_int_equal(spawn("child", 9, 0), STATUS_TOO_MANY_TRANSFERS);
	assert_balance(before);
	assert_int_equal(spawn("child", 8, 0), STATUS_OK);
	assert_int_equal(kill_process(&first, reply.capability.capability), STATUS_OK);
	assert_int_equal(release(&first, reply.capability.capability), STATUS_OK);
	assert_balance(before);
}

static void grants_hold_references(void **)
{
	uint32_t references = timer_object.references;

	assert_int_equal(spawn("child", 8, 0), STATUS_OK);
	assert_int_equal(timer_object.references, references + 8);
	assert_int_equal(kill_process(&first, reply.capability.capability), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(timer_object.references, references);
}

/* --- Memory ----------------------------------------------------------------------------- */

static void manifest_is_a_sealed_object(void **)
{
	struct boot_package_manifest_results_reader results;
	struct mapping_request what = { .length_bytes = PAGE_SIZE,
					.protection = PROTECTION_READ,
					.sealed_only = true };
	uint8_t bytes[FIXTURE_MANIFEST_BYTES];
	uint64_t address, size;

	begin("package", BOOT_PACKAGE_MANIFEST_METHOD);
	empty_params();
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
	assert_true(boot_package_manifest_results_read_root(&reply.message, &results));
	size = boot_package_manifest_results_get_size_bytes(results);
	assert_int_equal(size, manifest_bytes().size);
	what.memory = reply.capability.capability;
	assert_int_equal(map_object(&first, what, &address), STATUS_OK);
	assert_int_equal(address_space_read(&first.process->space, address, bytes, PAGE_SIZE),
			 PAGE_SIZE);
	assert_memory_equal(bytes, manifest_bytes().data, size);
	for (size_t i = size; i < PAGE_SIZE; i++)
		assert_int_equal(bytes[i], 0);
	what.protection = PROTECTION_READ_WRITE;
	assert_int_equal(map_object(&first, what, &address), STATUS_SEALED);
}

static void object_tells_about_itself(void **)
{
	struct memory_object_info_results_reader results;
	uint64_t memory;

	assert_int_equal(create_object(&first, 5 * PAGE_SIZE - 100, &memory), STATUS_OK);
	for (uint32_t sealed = 0; sealed < 2; sealed++) {
		request_init_big(&request, memory, MEMORY_OBJECT_INFO_METHOD);
		empty_params();
		assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
		assert_true(memory_object_info_results_read_root(&reply.message, &results));
		assert_int_equal(memory_object_info_results_get_size_bytes(results),
				 5 * PAGE_SIZE);
		assert_int_equal(memory_object_info_results_get_sealed(results), sealed);
		assert_int_equal(seal_object(&first, memory), STATUS_OK);
	}
}

static void wrong_mappings_are_refused(void **)
{
	const struct mapping_request good = { .length_bytes = PAGE_SIZE,
					      .protection = PROTECTION_READ };
	struct mapping_request what = good;
	uint64_t memory, address;

	assert_int_equal(create_object(&first, 3 * PAGE_SIZE, &memory), STATUS_OK);
	what.memory = memory;
	what.sealed_only = true;
	assert_int_equal(map_object(&first, what, &address), STATUS_INVALID_ARGUMENT);
	what.sealed_only = false;
	what.protection = (enum protection)(PROTECTION_READ_EXECUTE + 1);
	assert_int_equal(map_object(&first, what, &address), STATUS_INVALID_ARGUMENT);
	what.protection = PROTECTION_READ_EXECUTE;
	assert_int_equal(map_object(&first, what, &address), STATUS_PROTECTION_REFUSED);
	what.protection = PROTECTION_READ;
	for (uint32_t bit = 0; bit < 64; bit++) {
		/* 1 and 2 pages are inside the object. */
		bool inside = bit == 12;

		what.length_bytes = UINT64_C(1) << bit;
		what.offset_bytes = PAGE_SIZE;
		if (!inside && bit != 13)
			assert_int_equal(map_object(&first, what, &address),
					 STATUS_INVALID_ARGUMENT);
		what.length_bytes = PAGE_SIZE;
		what.offset_bytes = UINT64_C(1) << bit;
		if (!inside && bit != 13)
			assert_int_equal(map_object(&first, what, &address),
					 STATUS_INVALID_ARGUMENT);
	}
	assert_int_equal(create_object(&first, 0, &memory), STATUS_INVALID_ARGUMENT);
	assert_int_equal(create_object(&first, MAX_MEMORY_OBJECT_BYTES + 1, &memory),
			 STATUS_INVALID_ARGUMENT);
	assert_int_equal(create_object(&first, UINT64_MAX, &memory), STATUS_INVALID_ARGUMENT);
}

/* --- Single objects --------------------------------------------------------------------- */

static void audit_reports_what_there_is(void **)
{
	struct audit_audit_results_reader results;
	struct supply_report report = supply_audit();

	begin("audit", AUDIT_AUDIT_METHOD);
	empty_params();
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
	assert_true(audit_audit_results_read_root(&reply.message, &results));
	assert_true(audit_audit_results_get_balanced(results));
	assert_int_equal(audit_audit_results_get_charged_bytes(results), report.charged_bytes);
	assert_int_equal(audit_audit_results_get_free_frames(results), report.free_frames);
	assert_int_equal(audit_audit_results_get_total_frames(results), report.total_frames);
	assert_int_equal(audit_audit_results_get_processes(results), 1);
	assert_int_equal(audit_audit_results_get_accounts(results), 2);
}

static void timer_agrees_with_the_header(void **)
{
	const struct ring_header *header = first.header;

	for (uint64_t step = 0; step < 40; step++) {
		struct timer_now_results_reader results;
		uint64_t ticks = hal_timestamp() - header->time_base_tsc;

		begin("timer", TIMER_NOW_METHOD);
		empty_params();
		assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
		assert_true(timer_now_results_read_root(&reply.message, &results));
		assert_int_equal(
			timer_now_results_get_now_ns(results),
			header->time_base_ns +
				(uint64_t)((unsigned __int128)ticks * header->time_mult >> 32));
		fake_hal_advance(UINT64_C(1) << step);
	}
}

static enum status read_entropy(uint32_t length)
{
	begin("entropy", ENTROPY_SOURCE_READ_METHOD);
	entropy_source_read_params_set_length_bytes(
		entropy_source_read_params_init_root(&request.params), length);
	return call_now(&first, &request, &reply);
}

static void entropy_is_bounded_and_differs(void **)
{
	struct entropy_source_read_results_reader results;
	uint8_t last[ENTROPY_MAX_BYTES] = { 0 };

	assert_int_equal(read_entropy(0), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_entropy(ENTROPY_MAX_BYTES + 1), STATUS_INVALID_ARGUMENT);
	assert_int_equal(read_entropy(UINT32_MAX), STATUS_INVALID_ARGUMENT);
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(read_entropy(ENTROPY_MAX_BYTES), STATUS_OK);
		assert_true(entropy_source_read_results_read_root(&reply.message, &results));
		assert_int_equal(entropy_source_read_results_get_data(results).size,
				 ENTROPY_MAX_BYTES);
		assert_memory_not_equal(entropy_source_read_results_get_data(results).data,
					last, sizeof(last));
		memcpy(last, entropy_source_read_results_get_data(results).data, sizeof(last));
	}
}

static void call_power(void *)
{
	struct hal_context *context = &hal_cpu()->current->context;

	context->argument[0] = 0;
	context->argument[1] = RING_NO_WAIT;
	(void)kernel_syscall(SYSCALL_CAP_ENTER);
}

static void power_ends_the_machine(void **)
{
	for (uint32_t verdict = 0; verdict < 256; verdict += 51) {
		begin("power", POWER_OFF_METHOD);
		power_off_params_set_verdict(power_off_params_init_root(&request.params),
					     (uint8_t)verdict);
		request_submit(&first, &request);
		assert_int_equal(fake_hal_run(call_power, nullptr), FAKE_HAL_POWER_OFF);
		assert_int_equal(fake_hal_verdict(), verdict);
		kernel_boot(FIXTURE_RAM_BYTES);
	}
	begin("power", POWER_RESET_METHOD);
	empty_params();
	request_submit(&first, &request);
	assert_int_equal(fake_hal_run(call_power, nullptr), FAKE_HAL_RESET);
	kernel_boot(FIXTURE_RAM_BYTES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_names_the_binaries),        TEST(wrong_spawns_start_nothing),
		TEST(grants_hold_references),         TEST(manifest_is_a_sealed_object),
		TEST(object_tells_about_itself),      TEST(wrong_mappings_are_refused),
		TEST(audit_reports_what_there_is),    TEST(timer_agrees_with_the_header),
		TEST(entropy_is_bounded_and_differs), TEST(power_ends_the_machine),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
