// SPDX-License-Identifier: MIT
/*
 * Responsiveness: beside programs that spin, fill their rings, or keep the kernel busy for
 * ever, a process that waits for the timer runs again within a bound.  Run with counted
 * instructions (tests/system/test_hostile.py), where time does not depend on the machine.
 *
 * Round robin with a fixed slice: with N others ready, at most N whole slices and the rest of
 * the running one go by before the witness's turn; MARGIN is for the work in between.
 */
#include "tests/program/child.h"
#include "tests/program/submit.h"

constexpr uint64_t MS = 1000000;
constexpr uint64_t SLICE = 10 * MS;
constexpr uint64_t MARGIN = 2 * MS;
constexpr uint32_t WAITS = 12;
constexpr uint32_t HOGS_MAX = 6;

static struct child_request hog(const char *name)
{
	struct child_request request = {
		.binary = "hog",
		.arguments = { name },
		.grants = { { "report", child_report() },
			    { "timer", submit_timer() },
			    { "spawner", child_spawner().id } },
		.memory_bytes = 6 << 20,
		.slots = 64,
		.threads = 4,
	};

	return request;
}

/* The longest that the witness was late, in nanoseconds. */
static uint64_t measure(void)
{
	uint64_t timer = submit_timer();
	uint64_t worst = 0;

	for (uint32_t i = 0; i < WAITS; i++) {
		uint64_t until = capos_now_ns() + 3 * MS + i * 137 * 1000;
		struct ring_submission wait = submit_wait(timer, until, 1);
		uint64_t late;

		CHECK_STATUS(submit_do_status(wait), STATUS_OK);
		CHECK(capos_now_ns() >= until);
		late = capos_now_ns() - until;
		worst = late > worst ? late : worst;
	}
	return worst;
}

/* Measure beside these programs, then kill them all. */
static void beside(const char *const *names)
{
	struct process_handle_client processes[HOGS_MAX];
	uint32_t count = 0;
	uint64_t worst;

	for (; count < HOGS_MAX && names[count] != nullptr; count++) {
		struct child_request request = hog(names[count]);

		processes[count] = child_start(&request);
	}
	worst = measure();
	for (uint32_t i = 0; i < count; i++) {
		CHECK_EQUAL(child_status(processes[i]).which, EXIT_RECORD_RUNNING);
		CHECK_STATUS(process_handle_kill(processes[i]), STATUS_OK);
		CHECK_EQUAL(child_wait(processes[i]).which, EXIT_RECORD_KILLED);
		capos_release(processes[i].id);
	}
	test_note("late by %lu us with %u others", worst / 1000, count);
	capos_print("late: %lu us with %u others, first %s\n", worst / 1000, count,
		    count != 0 ? names[0] : "-");
	CHECK(worst <= (count + 1) * SLICE + MARGIN);
}

static void alone(void)
{
	beside((const char *const[]){ nullptr });
	CHECK(measure() <= MARGIN);
}

static void one_spinner(void)
{
	beside((const char *const[]){ "spin", nullptr });
}

static void spinners(void)
{
	beside((const char *const[]){ "spin", "spin", "spin", nullptr });
}

static void one_ring_filler(void)
{
	beside((const char *const[]){ "nops", nullptr });
}

static void ring_fillers(void)
{
	beside((const char *const[]){ "nops", "calls", "errors", nullptr });
}

static void faulters(void)
{
	beside((const char *const[]){ "spawns", "touches", nullptr });
}

static void everything(void)
{
	beside((const char *const[]){ "spin", "nops", "calls", "touches", "spawns", "errors" });
}

#define PASSES(name)                                            \
	{ #name,                                                \
	  name,                                                 \
	  { .grants = TEST_TIMER | TEST_SPAWNER | TEST_CONSOLE, \
	    .memory_bytes = 44 << 20,                           \
	    .slots = 768,                                       \
	    .threads = 40,                                      \
	    .timeout_s = 60 } }

static const struct test_case cases[] = {
	PASSES(alone),        PASSES(one_spinner), PASSES(spinners),   PASSES(one_ring_filler),
	PASSES(ring_fillers), PASSES(faulters),    PASSES(everything),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
