// SPDX-License-Identifier: MIT
#pragma once
/*
 * A test program: a table of cases, and the checks that a case makes.
 *
 *   int capos_main(void) { return test_main(cases, CASE_COUNT); }
 *
 * Each case runs in a process of its own, started by the runner or by another case with the
 * case's name as first argument.  A check that fails ends the process with REPORT_FAIL and
 * leaves the line, the values and the last note in the report.  Returning from a case that
 * TEST_PASSES is passing; returning from one that must fault is failing.
 */
#include "lib/format.h"
#include "lib/string.h"
#include "tests/program/report.h"
#include "user/rt/capos.h"
#include "user/rt/ring.h"

#include "schema/memory.client.h"

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_rules rules;
};

/* A case that the runner does not run: another case starts it. */
#define HELPER(name)                       \
	{                                  \
		#name, name,               \
		{                          \
			.end = TEST_HELPER \
		}                          \
	}

/* The report of this process; a spare one of its own if it was granted none. */
static struct report test_spare_report;
static struct report *test_report = &test_spare_report;

/* Set by who has no report to leave: a failure is then printed too. */
static bool test_aloud;

/* Note how far a case came; shown when it fails. */
[[gnu::format(printf, 1, 2)]] static inline void test_note(const char *pattern, ...)
{
	va_list arguments;

	va_start(arguments, pattern);
	(void)vformat(test_report->note, REPORT_TEXT_BYTES, pattern, arguments);
	va_end(arguments);
}

/* End the case as failed; the first reason given counts. */
[[noreturn, gnu::format(printf, 2, 3)]] static inline void test_fail(const char *file,
								     const char *pattern, ...)
{
	va_list arguments;
	size_t size = 0;

	if (test_report->reason[0] == 0) {
		size = format(test_report->reason, REPORT_TEXT_BYTES, "%s: ", file);
		va_start(arguments, pattern);
		(void)vformat(test_report->reason + size, REPORT_TEXT_BYTES - size, pattern,
			      arguments);
		va_end(arguments);
	}
	if (test_aloud)
		capos_print("not ok test/failure %s\n", test_report->reason);
	capos_exit(REPORT_FAIL);
}

/* End the case as not applicable here. */
[[noreturn]] static inline void test_skip(const char *reason)
{
	(void)format(test_report->reason, REPORT_TEXT_BYTES, "%s", reason);
	capos_exit(REPORT_SKIP);
}

static inline void test_check(int line, const char *what, bool holds)
{
	if (!holds)
		test_fail(what, "line %d", line);
}

static inline void test_check_equal(int line, const char *what, uint64_t seen,
				    uint64_t expected)
{
	if (seen != expected)
		test_fail(what, "line %d: %lx, not %lx", line, seen, expected);
}

static inline void test_check_status(int line, const char *what, enum status seen,
				     enum status expected)
{
	const char *name = status_name(seen);

	if (seen != expected)
		test_fail(what, "line %d: %s (%u), not %s", line, name != nullptr ? name : "?",
			  seen, status_name(expected));
}

#define CHECK(holds) test_check(__LINE__, #holds, (holds))
#define CHECK_EQUAL(seen, expected) \
	test_check_equal(__LINE__, #seen, (uint64_t)(seen), (uint64_t)(expected))
#define CHECK_STATUS(seen, expected) test_check_status(__LINE__, #seen, (seen), (expected))

/* The fault that this process is about to cause must be at this address. */
static inline void test_expect_address(uint64_t address)
{
	test_report->address = address;
	test_report->check_address = 1;
}

/* The error code of the fault to come must have these values in the bits of `mask`. */
static inline void test_expect_error(uint64_t code, uint64_t mask)
{
	test_report->error_code = code;
	test_report->error_mask = mask;
}

/* The capability of this name; the case fails without it. */
static inline uint64_t test_capability(const char *name, uint64_t interface_id)
{
	uint64_t id = 0;
	enum status status = capos_find(name, interface_id, &id);

	if (status != STATUS_OK)
		test_fail("capability", "%s: %s", name, status_name(status));
	return id;
}

static inline struct virtual_memory_client test_memory(void)
{
	return (struct virtual_memory_client){
		test_capability("memory", VIRTUAL_MEMORY_INTERFACE_ID),
	};
}

/* Whether text is this word. */
static inline bool test_is(struct capos_text text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

/* An argument of hexadecimal digits. */
static inline uint64_t test_argument_number(uint32_t index)
{
	struct capos_text text = capos_argument(index);
	uint64_t value = 0;

	for (uint32_t i = 0; i < text.size; i++) {
		uint8_t digit = (uint8_t)text.data[i];

		value = value << 4 | (uint64_t)(digit >= 'a' ? digit - 'a' + 10 : digit - '0');
	}
	return value;
}

/* A generator with a seed, for tests that must repeat: xorshift64* (Marsaglia; Vigna 2014). */
static inline uint64_t test_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static inline void test_open_report(void)
{
	struct virtual_memory_client memory = test_memory();
	struct memory_object_client object;
	uint64_t address;

	if (capos_find("report", MEMORY_OBJECT_INTERFACE_ID, &object.id) != STATUS_OK)
		return;
	if (virtual_memory_map(memory, object, 0, REPORT_BYTES, PROTECTION_READ_WRITE, 0, true,
			       &address) != STATUS_OK)
		capos_exit(REPORT_FAIL);
	test_report = (struct report *)address;
}

static inline void test_list(const struct test_case *cases, uint32_t count)
{
	for (uint32_t i = 0; i < count && i < REPORT_CASES; i++) {
		struct report_case *slot = &test_report->cases[i];

		(void)format(slot->name, REPORT_NAME_BYTES, "%s", cases[i].name);
		slot->rules = cases[i].rules;
	}
	test_report->count = count;
}

/* Run what the first argument names; the exit code of the program. */
static inline int test_main(const struct test_case *cases, uint32_t count)
{
	struct capos_text name = capos_argument(0);

	test_open_report();
	if (test_is(name, "list")) {
		test_list(cases, count);
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!test_is(name, cases[i].name))
			continue;
		cases[i].run();
		if (cases[i].rules.end == TEST_FAULTS)
			test_fail("returned", "nothing happened");
		return 0;
	}
	test_fail("argument", "no such case");
}
