// SPDX-License-Identifier: MIT
/*
 * The runner: first process of the proof systems.
 *
 * Each argument is the name of a test program.  The runner asks the program for its cases (see
 * tests/program/report.h), runs every case in a process and an account of its own, compares how
 * it ended with how it must end, and holds the kernel's books against what they were before:
 * once the wait has completed nothing of the process may be left.  One line a case,
 *
 *   ok PROGRAM/CASE      not ok PROGRAM/CASE reason      skip PROGRAM/CASE reason
 *
 * and the machine is turned off with 0 when no case failed, else with 1.
 */
#include "tests/program/child.h"

#include "schema/audit.client.h"
#include "schema/boot_package.capnp.h"
#include "schema/console.capnp.h"
#include "schema/entropy.capnp.h"
#include "schema/power.client.h"
#include "schema/uart.capnp.h"

constexpr uint64_t TIMEOUT_S = 20;
constexpr uint32_t SETTLE_RUNS = 3;

struct grantable {
	const char *name;
	uint64_t interface_id;
};

/* In the order of enum test_grant. */
static const struct grantable grantables[TEST_GRANTS] = {
	{ "console", CONSOLE_INTERFACE_ID },   { "timer", TIMER_INTERFACE_ID },
	{ "uart", UART_INTERFACE_ID },         { "entropy", ENTROPY_SOURCE_INTERFACE_ID },
	{ "boot", BOOT_PACKAGE_INTERFACE_ID }, { "spawner", PROCESS_SPAWNER_INTERFACE_ID },
	{ "audit", AUDIT_INTERFACE_ID },
};

struct books {
	uint64_t charged_bytes;
	uint32_t free_frames;
	uint32_t total_frames;
	uint32_t processes;
	uint32_t accounts;
	bool balanced;
};

struct runner {
	struct memory_object_client report;
	struct report_case cases[REPORT_CASES];
	uint32_t case_count;
	uint32_t failed;
};

static struct runner runner;

static struct books read_books(void)
{
	struct audit_client audit = { test_capability("audit", AUDIT_INTERFACE_ID) };
	struct books books = {};

	CHECK_STATUS(audit_audit(audit, &books.balanced, &books.free_frames,
				 &books.total_frames, &books.charged_bytes, &books.processes,
				 &books.accounts),
		     STATUS_OK);
	return books;
}

/* Whether the books are in order and as before; says what is not. */
static bool compare_books(struct books before, struct books after, char *reason)
{
	if (after.balanced && before.charged_bytes == after.charged_bytes &&
	    before.free_frames == after.free_frames && before.processes == after.processes &&
	    before.accounts == after.accounts && before.total_frames == after.total_frames)
		return true;
	(void)format(reason, REPORT_TEXT_BYTES,
		     "books: balanced %u, frames %u->%u, charged %lu->%lu, processes %u->%u, "
		     "accounts %u->%u",
		     after.balanced, before.free_frames, after.free_frames,
		     before.charged_bytes, after.charged_bytes, before.processes,
		     after.processes, before.accounts, after.accounts);
	return false;
}

static void clear_report(void)
{
	test_report->check_address = 0;
	test_report->error_mask = 0;
	test_report->error_code = 0;
	memset(test_report->reason, 0, REPORT_TEXT_BYTES);
	memset(test_report->note, 0, REPORT_TEXT_BYTES);
}

static struct child_request request_for(const char *binary, const char *name,
					const struct test_rules *rules)
{
	struct child_request request = {
		.binary = binary,
		.arguments = { name },
		.grants = { { "report", runner.report.id } },
		.memory_bytes = rules->memory_bytes,
		.slots = rules->slots,
		.threads = rules->threads,
	};
	uint32_t count = 1;

	for (uint32_t i = 0; i < TEST_GRANTS; i++)
		if ((rules->grants >> i & 1) != 0)
			request.grants[count++] = (struct child_grant){
				grantables[i].name,
				test_capability(grantables[i].name, grantables[i].interface_id),
			};
	return request;
}

/* Wait as the rules say; whatever happens the process is over afterwards. */
[[gnu::noinline]] static enum status wait_for_end(struct process_handle_client process,
						  const struct test_rules *rules,
						  struct child_end *out)
{
	uint64_t seconds = rules->timeout_s != 0 ? rules->timeout_s : TIMEOUT_S;
	uint64_t wait_ns = rules->end == TEST_KILLED ? rules->kill_after_ms * 1000000ULL
						     : seconds * CHILD_SECONDS;
	enum status status = child_wait_until(process, capos_now_ns() + wait_ns, out);
	enum status killed;

	if (status == STATUS_OK)
		return status;
	killed = process_handle_kill(process);
	if (killed != STATUS_OK && killed != STATUS_PROCESS_ENDED)
		return killed;
	*out = child_wait(process);
	return rules->end == TEST_KILLED && status == STATUS_TIMED_OUT ? STATUS_OK : status;
}

static bool fault_as_expected(const struct test_rules *rules, const struct child_end *end)
{
	bool first = end->cause == rules->cause && end->vector == rules->vector;
	bool second = rules->or_vector != 0 && end->cause == rules->or_cause &&
		      end->vector == rules->or_vector;

	return end->which == EXIT_RECORD_FAULTED && (first || second) &&
	       (test_report->check_address == 0 || end->address == test_report->address) &&
	       (end->cause == FAULT_CAUSE_PAGE_FAULT || end->address == 0) &&
	       (end->error_code & test_report->error_mask) == test_report->error_code;
}

static bool end_as_expected(const struct test_rules *rules, const struct child_end *end)
{
	switch (rules->end) {
	case TEST_PASSES:
		return end->which == EXIT_RECORD_EXITED && end->code == 0;
	case TEST_EXITS:
		return end->which == EXIT_RECORD_EXITED && end->code == rules->code;
	case TEST_FAULTS:
		return fault_as_expected(rules, end);
	case TEST_KILLED:
		return end->which == EXIT_RECORD_KILLED;
	case TEST_HELPER:
		return true;
	}
	return false;
}

[[gnu::noinline]] static void describe_end(const struct child_end *end, char *text)
{
	const char *cause = fault_cause_name(end->cause);

	if (end->which == EXIT_RECORD_EXITED)
		(void)format(text, REPORT_TEXT_BYTES, "exited %d", end->code);
	else if (end->which == EXIT_RECORD_FAULTED)
		(void)format(text, REPORT_TEXT_BYTES,
			     "%s, vector %u, error %lx, address %lx, rip %lx, rsp %lx",
			     cause != nullptr ? cause : "?", end->vector, end->error_code,
			     end->address, end->instruction_pointer, end->stack_pointer);
	else
		(void)format(text, REPORT_TEXT_BYTES, "%s",
			     end->which == EXIT_RECORD_KILLED ? "killed" : "running");
}

/* The line of one case; `reason` is null when it ended as it must. */
[[gnu::noinline]] static void say(const char *binary, const char *name, bool skipped,
				  const char *reason)
{
	if (reason == nullptr && skipped) {
		capos_print("skip %s/%s %s\n", binary, name, test_report->reason);
	} else if (reason == nullptr) {
		capos_print("ok %s/%s\n", binary, name);
	} else {
		runner.failed++;
		/* On a line of its own, whatever stands on the current one. */
		capos_print("\nnot ok %s/%s %s; %s; at: %s\n", binary, name, reason,
			    test_report->reason, test_report->note);
	}
}

/* Start the case, wait for its end and drop the handle. */
[[gnu::noinline]] static enum status
run_process(const char *binary, const struct report_case *test, struct child_end *out)
{
	struct child_request request = request_for(binary, test->name, &test->rules);
	struct process_handle_client process = {};
	enum status status;

	clear_report();
	status = child_spawn(&request, &process);
	if (status != STATUS_OK)
		return status;
	status = wait_for_end(process, &test->rules, out);
	capos_release(process.id);
	CHECK_STATUS(capos_flush(), STATUS_OK);
	return status;
}

/*
 * Run the case once.  False, with *out_text saying why, when it did not end as it must, or when
 * the books differ; *out_settles when that may be a pool that kept a page.
 */
static bool try_case(const char *binary, const struct report_case *test, char *out_text,
		     bool *out_skipped, bool *out_settles)
{
	struct books before = read_books();
	struct child_end end = {};
	enum status status = run_process(binary, test, &end);
	struct books after = read_books();

	*out_skipped = end.which == EXIT_RECORD_EXITED && end.code == REPORT_SKIP;
	*out_settles = false;
	if (status != STATUS_OK) {
		(void)format(out_text, REPORT_TEXT_BYTES, "%s", status_name(status));
		return false;
	}
	if (!*out_skipped && !end_as_expected(&test->rules, &end)) {
		describe_end(&end, out_text);
		return false;
	}
	*out_settles = before.free_frames > after.free_frames;
	if (test->rules.once)
		after.free_frames = before.free_frames;
	return compare_books(before, after, out_text);
}

/*
 * A case after which frames are missing runs again: what a pool keeps it has then, what is lost
 * is lost each time.
 */
static void run_case(const char *binary, const struct report_case *test)
{
	static char text[REPORT_TEXT_BYTES];
	bool skipped;
	bool settles;
	bool good = try_case(binary, test, text, &skipped, &settles);

	for (uint32_t i = 0; i < SETTLE_RUNS && !good && settles && !test->rules.once; i++)
		good = try_case(binary, test, text, &skipped, &settles);
	say(binary, test->name, skipped, good ? nullptr : text);
}

/* Ask a program what cases it has. */
[[gnu::noinline]] static bool list_cases(const char *binary)
{
	struct test_rules rules = {};
	struct child_request request = request_for(binary, "list", &rules);
	struct child_end end;

	clear_report();
	test_report->count = 0;
	end = child_run(&request);
	if (end.which != EXIT_RECORD_EXITED || end.code != 0 || test_report->count == 0 ||
	    test_report->count > REPORT_CASES) {
		describe_end(&end, test_report->note);
		say(binary, "list", false, "no list of cases");
		return false;
	}
	runner.case_count = test_report->count;
	memcpy(runner.cases, test_report->cases, sizeof(runner.cases));
	return true;
}

static void run_program(struct capos_text name)
{
	char binary[MAX_NAME_BYTES + 1];

	(void)format(binary, sizeof(binary), "%.*s", (int)name.size, name.data);
	if (!list_cases(binary))
		return;
	for (uint32_t i = 0; i < runner.case_count; i++)
		if (runner.cases[i].rules.end != TEST_HELPER)
			run_case(binary, &runner.cases[i]);
}

static void open_report(void)
{
	struct virtual_memory_client memory = test_memory();
	uint64_t address;

	CHECK_STATUS(virtual_memory_create_object(memory, REPORT_BYTES, &runner.report),
		     STATUS_OK);
	CHECK_STATUS(virtual_memory_map(memory, runner.report, 0, REPORT_BYTES,
					PROTECTION_READ_WRITE, 0, true, &address),
		     STATUS_OK);
	test_report = (struct report *)address;
	/* Touch it all, so that no case's books show a page that the runner filled. */
	memset(test_report, 0, sizeof(*test_report));
}

int capos_main(void)
{
	struct power_client power = { test_capability("power", POWER_INTERFACE_ID) };

	test_aloud = true;
	open_report();
	for (uint32_t i = 0; i < capos_argument_count(); i++)
		run_program(capos_argument(i));
	capos_print("proof: %u failed\n", runner.failed);
	return power_off(power, runner.failed == 0 ? 0 : 1) == STATUS_OK ? 0 : 1;
}
