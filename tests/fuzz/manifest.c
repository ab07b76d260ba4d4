// SPDX-License-Identifier: MIT
/*
 * The boot module: the kernel boots with it, or says in one line why not.
 *
 * The tool that makes modules (tools/mkmanifest) checks the same bytes: what it finds no fault
 * with the kernel must take, unless memory is too small for it.
 */
#include "tests/fuzz/support/fuzz.h"
#include "tests/host/kernel_fixture.h"
#include "tools/mkmanifest/check.h"

#include <stdio.h>
#include <stdlib.h>

constexpr size_t RAM_BYTES = 9 << 18;
constexpr size_t MODULE_MAX = 16 << 10;
constexpr uint8_t VERDICT_REFUSED = 63;

/* The tool's opinion, without its words. */
static bool is_faultless(const uint64_t *module, size_t size)
{
	struct message_reader message;
	FILE *visible = stderr;
	uint32_t faults;

	stderr = fopen("/dev/null", "w");
	require(stderr != nullptr);
	message_reader_init(&message, module, size);
	message_reader_limit(&message, UINT32_MAX, MESSAGE_DEFAULT_NESTING);
	faults = manifest_check(&message, "module");
	fclose(stderr);
	stderr = visible;
	return faults == 0 && !message.malformed;
}

static void check_first_process(void)
{
	const struct process *process = hal_cpu()->current->process;

	require(supply_audit().balanced);
	require(address_space_check(&process->space));
	require(cap_table_check(&process->table));
}

/* One line, and the verdict that stands for it. */
static void check_refusal(bool must_boot)
{
	static const char start[] = "boot: refused: ";
	const char *output = fake_hal_serial_output();
	const char *end = strchr(output, '\n');

	require(fake_hal_verdict() == VERDICT_REFUSED);
	require(strncmp(output, start, strlen(start)) == 0);
	require(end != nullptr && end[1] == '\0');
	if (must_boot)
		require(strstr(output, "too little memory") != nullptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t *module = malloc(size == 0 ? 1 : size);
	bool must_boot;
	enum fake_hal_end end;

	require(module != nullptr);
	memcpy(module, data, size);
	must_boot = size != 0 && is_faultless(module, size);
	if (size <= MODULE_MAX) {
		end = fixture_boot(RAM_BYTES, module, size);
		require(end == FAKE_HAL_RESUMED || end == FAKE_HAL_POWER_OFF);
		if (end == FAKE_HAL_RESUMED)
			check_first_process();
		else
			check_refusal(must_boot);
	}
	free(module);
	return 0;
}
