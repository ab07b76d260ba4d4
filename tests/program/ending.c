// SPDX-License-Identifier: MIT
/*
 * ProcessHandle: how a process ends, who is told, what the record says, and what the end leaves
 * behind.  What runs as a child is in tests/program/guest.c.
 */
#include "tests/program/guest.h"

#include "schema/uart.capnp.h"

constexpr uint64_t MIB = 1 << 20;

static void killed(const char *name, uint32_t after_ms)
{
	struct child_request request = guest(name);
	struct process_handle_client process = child_start(&request);
	struct child_end end;

	test_note("kill %s after %u ms", name, after_ms);
	if (after_ms != 0)
		child_sleep_ms(submit_timer(), after_ms);
	end = child_status(process);
	CHECK_EQUAL(end.which, EXIT_RECORD_RUNNING);
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	end = child_wait(process);
	CHECK_EQUAL(end.which, EXIT_RECORD_KILLED);
	end = child_status(process);
	CHECK_EQUAL(end.which, EXIT_RECORD_KILLED);
	CHECK_STATUS(process_handle_kill(process), STATUS_PROCESS_ENDED);
	capos_release(process.id);
}

static void kill_everywhere(void)
{
	static const char *const states[] = { "spin", "sleep", "busy_ring", "block", "parked" };

	for (uint32_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		killed(states[i], 0);
		killed(states[i], 3);
		killed(states[i], 25);
	}
}

/* A record says how it ended, once and for all. */
static void records(void)
{
	static const int32_t codes[] = { 0, 1, -1, INT32_MAX, INT32_MIN, 77, 255, 256 };
	char text[12];

	for (uint32_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct child_request request = guest("exit");
		struct process_handle_client process;
		struct child_end end;

		(void)format(text, sizeof(text), "%x", (uint32_t)codes[i]);
		request.arguments[1] = text;
		process = child_start(&request);
		for (uint32_t again = 0; again < 3; again++) {
			end = again < 2 ? child_wait(process) : child_status(process);
			CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
			CHECK_EQUAL(end.code, codes[i]);
		}
		CHECK_STATUS(process_handle_kill(process), STATUS_PROCESS_ENDED);
		capos_release(process.id);
	}
}

/* Every field of a fault's record, against a program that knows them. */
static void fault_record(void)
{
	struct child_request request = guest("known_fault");
	struct child_end end = child_run(&request);
	static const uint8_t order[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

	CHECK_EQUAL(end.which, EXIT_RECORD_FAULTED);
	CHECK_EQUAL(end.cause, FAULT_CAUSE_INVALID_INSTRUCTION);
	CHECK_EQUAL(end.vector, 6);
	CHECK_EQUAL(end.error_code, 0);
	CHECK_EQUAL(end.address, 0);
	CHECK_EQUAL(end.register_count, 15);
	for (uint32_t i = 0; i < 15; i++) {
		test_note("register %u", i);
		CHECK_EQUAL(end.registers[i], 0x1111111111111111 * (order[i] + 1ULL));
	}
	CHECK_EQUAL(end.instruction_pointer, test_report->address);
	CHECK_EQUAL(end.stack_pointer, test_report->error_code);
	CHECK(end.stack_bytes > 0 && end.stack_bytes <= 128);
	CHECK_EQUAL(end.stack_bytes % 8, 0);
	for (uint32_t i = 0; i < end.stack_bytes; i++)
		CHECK_EQUAL(end.stack[i], i + 1);
	CHECK_EQUAL(end.flags & 0x3202, 0x202);
}

/* A stack pointer into nowhere, into the kernel, to the last bytes: a short copy or none. */
static void fault_stack(void)
{
	static const char *const where[] = { "0",
					     "8",
					     "ffffffff80000000",
					     "ffff800000000000",
					     "fffffffffffffff8",
					     "7ffffffffff8",
					     "123456789abc",
					     "8000000000000000",
					     "3ffff8" };
	struct child_request request = guest("fault_with_stack");

	for (uint32_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct child_end end;

		request.arguments[1] = where[i];
		test_note("rsp %s", where[i]);
		end = child_run(&request);
		CHECK_EQUAL(end.which, EXIT_RECORD_FAULTED);
		CHECK_EQUAL(end.vector, 6);
		CHECK_EQUAL(end.stack_bytes, 0);
	}
	/* Eight bytes below the end of the stack there are eight bytes. */
	request.arguments[1] = "top";
	CHECK_EQUAL(child_run(&request).stack_bytes, 8);
}

/* Many wait; all are told, the late ones at once. */
static void many_waiters(void)
{
	struct child_request request = guest("brief");
	struct process_handle_client process = child_start(&request);
	static struct capos_call calls[12];
	struct capos_call_size size = { .result_bytes = 640 };
	struct process_handle_wait_params_builder params;
	struct process_handle_wait_results_reader results;
	struct child_end end;

	for (uint32_t i = 0; i < 12; i++) {
		CHECK_STATUS(process_handle_wait_begin(&calls[i], process, size, &params),
			     STATUS_OK);
		CHECK_STATUS(capos_call_submit(&calls[i]), STATUS_OK);
	}
	capos_call_cancel(&calls[7]);
	for (uint32_t i = 0; i < 12; i++) {
		test_note("waiter %u", i);
		CHECK_STATUS(process_handle_wait_wait(&calls[i], &results),
			     i == 7 ? STATUS_CANCELLED : STATUS_OK);
		if (i != 7) {
			child_read(process_handle_wait_results_get_record(results), &end);
			CHECK_EQUAL(end.code, 5);
		}
		capos_call_end(&calls[i]);
	}
	CHECK_EQUAL(child_wait(process).code, 5);
}

/* Kill what many wait for: each is told that it was killed. */
static void kill_what_is_waited_for(void)
{
	struct child_request request = guest("spin");
	struct process_handle_client process = child_start(&request);
	static struct capos_call calls[8];
	struct capos_call_size size = { .result_bytes = 640 };
	struct process_handle_wait_params_builder params;
	struct process_handle_wait_results_reader results;
	struct child_end end;

	for (uint32_t i = 0; i < 8; i++) {
		CHECK_STATUS(process_handle_wait_begin(&calls[i], process, size, &params),
			     STATUS_OK);
		CHECK_STATUS(capos_call_submit(&calls[i]), STATUS_OK);
	}
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	capos_release(process.id);
	for (uint32_t i = 0; i < 8; i++) {
		CHECK_STATUS(process_handle_wait_wait(&calls[i], &results), STATUS_OK);
		child_read(process_handle_wait_results_get_record(results), &end);
		CHECK_EQUAL(end.which, EXIT_RECORD_KILLED);
		capos_call_end(&calls[i]);
	}
}

[[gnu::noinline]] static enum exit_record_which wait_which(struct process_handle_client process)
{
	return child_wait(process).which;
}

[[gnu::noinline]] static enum exit_record_which
status_which(struct process_handle_client process)
{
	return child_status(process).which;
}

/* A handle given away works for who has it: a sibling kills, or ends while it waits. */
static void handle_given_away(void)
{
	static const char *const deeds[] = { "kill_victim", "exit_waiting", "fault_waiting" };
	static struct child_end end;

	for (uint32_t i = 0; i < 3; i++) {
		struct child_request victim = guest("sleep");
		struct process_handle_client process = child_start(&victim);
		struct child_request request = guest(deeds[i]);

		test_note("%s", deeds[i]);
		request.grants[2] = (struct child_grant){ "victim", process.id };
		end = child_run(&request);
		CHECK_EQUAL(end.which, i == 2 ? EXIT_RECORD_FAULTED : EXIT_RECORD_EXITED);
		CHECK_EQUAL(end.code, 0);
		CHECK_EQUAL(status_which(process),
			    i == 0 ? EXIT_RECORD_KILLED : EXIT_RECORD_RUNNING);
		if (i != 0)
			CHECK_STATUS(process_handle_kill(process), STATUS_OK);
		CHECK_EQUAL(wait_which(process), EXIT_RECORD_KILLED);
		capos_release(process.id);
	}
}

static void wait_deadline(void)
{
	struct child_request request = guest("sleep");
	struct process_handle_client process = child_start(&request);
	uint64_t deadline_ns = capos_now_ns() + 5000000;
	struct child_end end;

	CHECK_STATUS(child_wait_until(process, deadline_ns, &end), STATUS_TIMED_OUT);
	CHECK(capos_now_ns() >= deadline_ns);
	CHECK_STATUS(child_wait_until(process, 1, &end), STATUS_TIMED_OUT);
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	CHECK_EQUAL(child_wait(process).which, EXIT_RECORD_KILLED);
	/* What has ended is told whatever the deadline. */
	CHECK_STATUS(child_wait_until(process, 1, &end), STATUS_OK);
}

/* Without its handle a process lives on; its end is seen in what it shares. */
static void dropped_handle(void)
{
	struct child_request request = guest("brief_note");
	struct process_handle_client process = child_start(&request);
	volatile char *note = test_report->note;
	uint32_t before = child_count() - 1;

	*note = 0;
	CHECK_STATUS(submit_do_status(submit_release(process.id)), STATUS_OK);
	while (*note == 0)
		child_sleep_ms(submit_timer(), 1);
	CHECK_EQUAL(*note, '!');
	child_wait_for_count(submit_timer(), before);
}

/* The parent ends first: the grandchild is no one's business, and its account returns. */
static void orphan(void)
{
	struct child_request request = guest("leave_orphan");
	uint32_t before = child_count();
	struct child_end end;

	request.grants[2] = (struct child_grant){ "spawner", child_spawner().id };
	request.memory_bytes = 3 * MIB;
	request.slots = 64;
	request.threads = 3;
	end = child_run(&request);
	CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
	CHECK_EQUAL(end.code, 0);
	child_wait_for_count(submit_timer(), before);
}

/* Ends with operations in every state: parked reads and waits, unread completions, a queue. */
static void ends_with_everything(void)
{
	static const char *const ways[] = { "exit_parked", "exit_unread", "exit_unsubmitted",
					    "fault_parked" };

	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct child_request request = guest(ways[i]);
		struct child_end end;

		request.grants[2] =
			(struct child_grant){ "uart",
					      test_capability("uart", UART_INTERFACE_ID) };
		test_note("%s", ways[i]);
		end = child_run(&request);
		CHECK(end.which == EXIT_RECORD_EXITED ? end.code == 0 : i == 3);
		CHECK(i != 3 || end.which == EXIT_RECORD_FAULTED);
	}
}

#define PASSES(name)                                                      \
	{ #name,                                                          \
	  name,                                                           \
	  { .grants = TEST_SPAWNER | TEST_TIMER | TEST_UART | TEST_AUDIT, \
	    .memory_bytes = 16 * MIB,                                     \
	    .slots = 256,                                                 \
	    .threads = 16 } }

static const struct test_case cases[] = {
	PASSES(kill_everywhere),      PASSES(records),
	PASSES(fault_record),         PASSES(fault_stack),
	PASSES(many_waiters),         PASSES(kill_what_is_waited_for),
	PASSES(handle_given_away),    PASSES(wait_deadline),
	PASSES(dropped_handle),       PASSES(orphan),
	PASSES(ends_with_everything),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
