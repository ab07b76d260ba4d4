// SPDX-License-Identifier: MIT
#pragma once
/*
 * What a test program and the runner (tests/program/proof.c) share: one memory object, granted
 * under the name "report".
 *
 * Run with the argument "list", a program writes its cases there; run with the name of a case,
 * it writes what it expects of its own end, a note of how far it came, and why it failed.  The
 * runner copies and bounds what it reads: half of the programs are hostile.
 */
#include "schema/process.capnp.h"

#include <stdint.h>

constexpr uint32_t REPORT_CASES = 96;
constexpr uint32_t REPORT_NAME_BYTES = 40;
constexpr uint32_t REPORT_TEXT_BYTES = 160;
constexpr int32_t REPORT_FAIL = 1;
constexpr int32_t REPORT_SKIP = 77;

/* How a case must end. */
enum test_end : uint8_t {
	TEST_PASSES = 0, /* exit code 0 */
	TEST_EXITS,      /* exit code `code` */
	TEST_FAULTS,     /* with `cause` and `vector` */
	TEST_KILLED,     /* it never ends; the runner kills it after `kill_after_ms` */
	TEST_HELPER,     /* not run by the runner: another case starts it */
};

/* What a case is granted besides "report": kernel objects, by bits. */
enum test_grant : uint32_t {
	TEST_CONSOLE = 1U << 0,
	TEST_TIMER = 1U << 1,
	TEST_UART = 1U << 2,
	TEST_ENTROPY = 1U << 3,
	TEST_BOOT = 1U << 4,
	TEST_SPAWNER = 1U << 5,
	TEST_AUDIT = 1U << 6,
	TEST_GRANTS = 7,
};

struct test_rules {
	uint64_t memory_bytes; /* limits of its account; 0: the default */
	uint32_t slots;
	uint32_t threads;
	uint32_t grants; /* enum test_grant */
	uint32_t kill_after_ms;
	uint32_t timeout_s; /* 0: the runner's */
	int32_t code;
	enum fault_cause cause;
	uint8_t vector;
	enum test_end end;
	enum fault_cause or_cause; /* with a vector: what this fault may also be */
	uint8_t or_vector;
	bool once; /* it talks to somebody: not to be run again to see whether a loss repeats */
};

struct report_case {
	char name[REPORT_NAME_BYTES];
	struct test_rules rules;
};

struct report {
	uint32_t count;
	uint32_t check_address; /* the fault must be at `address` */
	uint64_t address;
	uint64_t error_mask; /* these bits of the error code must be as in error_code */
	uint64_t error_code;
	char reason[REPORT_TEXT_BYTES]; /* why it failed */
	char note[REPORT_TEXT_BYTES];   /* how far it came */
	struct report_case cases[REPORT_CASES];
};

constexpr uint64_t REPORT_BYTES = (sizeof(struct report) + 4095) & ~4095ULL;
