// SPDX-License-Identifier: MIT
#pragma once
/*
 * Points at which the kernel can be refused something: each reservation and each allocation.  A
 * test arms the Nth of them, or all, to fail as it would fail by itself.
 *
 * Only in tests that are linked with --wrap for these functions (fault_injection_test.link):
 * the linker then sends their callers to __wrap_NAME, here, and what these call __real_NAME to
 * the kernel's own.  In other tests nothing calls this file.
 */
#include <stdint.h>

#include "schema/status.capnp.h"

enum point : uint8_t {
	POINT_ACCOUNT_SPLIT,
	POINT_SUPPLY_FRAMES,
	POINT_SUPPLY_OBJECT,
	POINT_SUPPLY_RESERVE,
	POINT_FRAMES_ALLOC,
	POINT_POOL_ALLOC,
	POINT_RESERVE_SLOTS,
	POINT_TABLE_RESERVE,
	POINT_THREAD_CREATE,
	POINT_PARK,
};

constexpr uint32_t POINTS = 10;
constexpr uint32_t FAULTS_ALL = UINT32_MAX;

struct faults {
	uint32_t fail_at;          /* 0: none fails; FAULTS_ALL: each */
	uint32_t passed;           /* points since the call began, or was run again */
	uint32_t runs;             /* of calls */
	enum status cause;         /* of the last failure; STATUS_OK: nothing failed */
	bool exempt;               /* in a function that cannot fail */
	uint32_t failures[POINTS]; /* since the test's program started */
};

extern struct faults faults;

/* From now on the fail_at-th point fails; a call that is run again meets the same fault again.
 */
void faults_arm(uint32_t fail_at);
void faults_disarm(void);
