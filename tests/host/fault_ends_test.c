// SPDX-License-Identifier: MIT
/*
 * Host test of what must need nothing: booting whose Nth reservation or allocation fails is
 * refused and leaves nothing; and with every one of them failing, touching, killing, releasing
 * and exiting work.
 *
 * See docs/internals/fault-injection.md.
 */
#include "tests/host/fault_points.h"
#include "tests/host/kernel_calls.h"

#include <string.h>

constexpr size_t RAM_BYTES = 8 << 20;
constexpr uint32_t POINTS_MAX = 200; /* more than booting passes */
constexpr uint16_t PENDING_TAG = 5;
constexpr uint8_t VERDICT_REFUSED = 63;

static uint64_t memory; /* an object of 64 pages */
static uint64_t place;  /* where it is mapped */
static uint64_t child;  /* a handle */

static void prepare(void)
{
	assert_int_equal(create_object(&first, 64 * PAGE_SIZE, &memory), STATUS_OK);
	assert_int_equal(map_object(&first,
				    (struct mapping_request){ .memory = memory,
							      .length_bytes = 64 * PAGE_SIZE,
							      .protection = PROTECTION_READ },
				    &place),
			 STATUS_OK);
	assert_int_equal(spawn_child(&first, UINT64_C(512) << 10, 0, &child), STATUS_OK);
}

/* Nothing completes. */
static void enter(void)
{
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
}

/* The machine says so and switches itself off; what it took is back. */
static void boot_is_refused(void **)
{
	alignas(8) uint8_t manifest[FIXTURE_MANIFEST_BYTES];
	size_t size = fixture_manifest(manifest, sizeof(manifest));
	enum fake_hal_end end;
	struct supply_report report;
	uint32_t n = 0;

	for (;;) {
		faults_arm(++n);
		end = fixture_boot(RAM_BYTES, manifest, size);
		faults_disarm();
		if (faults.cause == STATUS_OK)
			break;
		assert_int_equal(end, FAKE_HAL_POWER_OFF);
		assert_int_equal(fake_hal_verdict(), VERDICT_REFUSED);
		assert_non_null(strstr(fake_hal_serial_output(),
				       "boot: refused: too little memory for the first"));
		(void)kernel_settle();
		report = supply_audit();
		assert_true(report.balanced);
		assert_int_equal(report.accounts, 1);
		assert_int_equal(report.processes, 0);
		assert_int_equal(report.charged_bytes, 0);
	}
	assert_int_equal(end, FAKE_HAL_RESUMED);
	assert_in_range(n, 20, POINTS_MAX);
	program_attach(&first, hal_cpu()->current->process);
}

static void touch_pages(void)
{
	struct hal_fault fault = { .cause = HAL_FAULT_PAGE, .access = HAL_ACCESS_READ };

	for (uint64_t page = 0; page < 64; page++) {
		fault.address = place + page * PAGE_SIZE;
		assert_int_equal(kernel_take_fault(&fault), FAKE_HAL_RETURNED);
		assert_true(program_is_running(&first));
	}
}

/* Touching what is paid for, giving back, and ending work where everything is refused. */
static void ends_need_nothing(void **)
{
	struct supply_report empty;

	kernel_boot(RAM_BYTES);
	empty = kernel_balance();
	prepare();
	submit_process_wait(&first, child, 0, PENDING_TAG);
	enter();
	faults_arm(FAULTS_ALL);
	touch_pages();
	assert_int_equal(kill_process(&first, child), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(unmap(&first, place, 64 * PAGE_SIZE), STATUS_OK);
	assert_int_equal(release(&first, memory), STATUS_OK);
	assert_int_equal(release(&first, child), STATUS_OK);
	assert_int_equal(faults.cause, STATUS_OK);
	faults_disarm();
	assert_balance(empty);
}

/* The first process ends with all that it holds, and the machine with it. */
static void exit_needs_nothing(void **)
{
	kernel_boot(RAM_BYTES);
	prepare();
	submit_timer_wait(&first, UINT64_MAX, 0, PENDING_TAG);
	enter();
	faults_arm(FAULTS_ALL);
	assert_int_equal(program_syscall(&first, SYSCALL_EXIT, 5, 0).end, FAKE_HAL_POWER_OFF);
	assert_int_equal(faults.cause, STATUS_OK);
	faults_disarm();
	assert_int_equal(fake_hal_verdict(), 5);
	assert_true(supply_audit().balanced);
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
		TEST(boot_is_refused),
		TEST(ends_need_nothing),
		TEST(exit_needs_nothing),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
