// SPDX-License-Identifier: MIT
/*
 * ProcessSpawner: what a spawn refuses, what a process is given, what runs out and comes back.
 * What runs as a child is in tests/program/guest.c; how it ends in tests/program/ending.c.
 */
#include "tests/program/guest.h"

#include "schema/audit.client.h"

constexpr uint64_t MIB = 1 << 20;
constexpr uint32_t MANY = 64;

/* The raw parts of a spawn that child.h always gets right. */
struct odd_spawn {
	const char *binary;
	uint32_t binary_size;
	const char *grant_names[2];
	uint32_t grant_name_size; /* 0: as long as they are */
	uint32_t arguments;
	uint32_t argument_bytes;
	bool null_grant;
	bool move;
};

static enum status spawn_odd(const struct odd_spawn *odd, struct process_handle_client *out)
{
	static char text[128];
	struct process_spawner_spawn_params_builder params;
	struct process_spawner_spawn_results_reader results;
	struct capos_call_size size = { .param_bytes = 3072 };
	struct resource_limits_builder limits;
	struct grant_list_builder grants;
	struct list_builder arguments;
	struct capos_call call;
	uint32_t count = odd->grant_names[1] != nullptr ? 2 : odd->grant_names[0] != nullptr;
	enum status status;

	memset(text, 'a', sizeof(text));
	CHECK_STATUS(process_spawner_spawn_begin(&call, child_spawner(), size, &params),
		     STATUS_OK);
	limits = process_spawner_spawn_params_init_limits(params);
	resource_limits_set_memory_bytes(limits, MIB);
	resource_limits_set_slots(limits, 16);
	resource_limits_set_threads(limits, 1);
	CHECK(process_spawner_spawn_params_set_binary(params, odd->binary, odd->binary_size));
	grants = process_spawner_spawn_params_init_grants(params, count);
	for (uint32_t i = 0; i < count; i++) {
		struct grant_builder grant = grant_list_builder_get(grants, i);
		const char *name = odd->grant_names[i];
		uint32_t length = odd->grant_name_size != 0 ? odd->grant_name_size
							    : (uint32_t)strlen(name);

		CHECK(grant_set_name(grant, name, length));
		if (odd->move)
			grant_set_capability(grant,
					     capos_call_attach_move(&call, submit_timer()));
		else if (!odd->null_grant)
			grant_set_capability(grant, capos_call_attach(&call, submit_timer()));
	}
	arguments = process_spawner_spawn_params_init_arguments(params, odd->arguments);
	for (uint32_t i = 0; i < odd->arguments; i++)
		CHECK(list_builder_set_text(arguments, i, text, odd->argument_bytes));
	status = process_spawner_spawn_wait(&call, &results);
	if (status == STATUS_OK)
		out->id = capos_call_take_capability(&call, 0, PROCESS_HANDLE_INTERFACE_ID);
	capos_call_end(&call);
	return status;
}

static void refused(struct odd_spawn odd, enum status expected)
{
	struct process_handle_client process;

	if (odd.binary == nullptr)
		odd.binary = "guest";
	if (odd.binary_size == 0)
		odd.binary_size = (uint32_t)strlen(odd.binary);
	test_note("binary %.*s, %u arguments, name size %u", (int)odd.binary_size, odd.binary,
		  odd.arguments, odd.grant_name_size);
	CHECK_STATUS(spawn_odd(&odd, &process), expected);
}

static void unknown_binaries(void)
{
	static const char *const names[] = { "no-such", "gues", "guestx", "Guest", "init" };

	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct child_request request = guest("exit");
		struct process_handle_client process;

		request.binary = names[i];
		test_note("%s", names[i]);
		CHECK_STATUS(child_spawn(&request, &process), STATUS_UNKNOWN_BINARY);
	}
	refused((struct odd_spawn){ .binary = "guest\0x", .binary_size = 7 },
		STATUS_UNKNOWN_BINARY);
	refused((struct odd_spawn){ .binary = "guest-guest-guest-guest-guest-guest-guest" },
		STATUS_UNKNOWN_BINARY);
}

static void grant_names(void)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz-0123456789";
	static const char *const wrong[] = { "Timer", "a b",      "a.b",    "\x01",
					     "a/b",   "\xc3\xa4", "memory", "a\n" };

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused((struct odd_spawn){ .grant_names = { wrong[i] } },
			STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .grant_names = { "" } }, STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .grant_names = { name }, .grant_name_size = 33 },
		STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .grant_names = { "a\0b" }, .grant_name_size = 3 },
		STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .grant_names = { "twice", "twice" } },
		STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .grant_names = { "twice", "memory" } },
		STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .grant_names = { "null" }, .null_grant = true },
		STATUS_WRONG_INTERFACE);
}

/* The longest name there may be is found by the child. */
static void longest_name(void)
{
	struct child_request request = guest("find_long_name");

	request.grants[2] =
		(struct child_grant){ "abcdefghijklmnopqrstuvwxyz_-0123", submit_timer() };
	child_must_pass(&request);
}

static void arguments(void)
{
	struct odd_spawn most = {
		.binary = "guest", .binary_size = 5, .arguments = 8, .argument_bytes = 64
	};
	struct process_handle_client process = {};
	struct child_end end;

	refused((struct odd_spawn){ .arguments = 9, .argument_bytes = 1 },
		STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .arguments = 1, .argument_bytes = 65 },
		STATUS_INVALID_ARGUMENT);
	refused((struct odd_spawn){ .arguments = 8, .argument_bytes = 65 },
		STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(spawn_odd(&most, &process), STATUS_OK);
	end = child_wait(process);
	CHECK_EQUAL(end.code, REPORT_FAIL); /* no case of that name */
	refused((struct odd_spawn){ .arguments = 40, .argument_bytes = 1 },
		STATUS_INVALID_ARGUMENT);
}

/* A refused spawn keeps nothing, and takes nothing that was to be moved. */
static void refused_moves_nothing(void)
{
	struct odd_spawn odd = {
		.binary = "no-such", .binary_size = 7, .grant_names = { "timer" }, .move = true
	};
	struct process_handle_client process = {};
	struct audit_client audit = { test_capability("audit", AUDIT_INTERFACE_ID) };
	uint64_t charged[2];
	uint32_t processes[2];
	uint32_t accounts[2];
	uint32_t ignored;
	uint64_t now;
	bool balanced;
	enum status status;

	for (uint32_t i = 0; i < 2; i++) {
		CHECK_STATUS(audit_audit(audit, &balanced, &ignored, &ignored, &charged[i],
					 &processes[i], &accounts[i]),
			     STATUS_OK);
		CHECK(balanced);
		if (i == 0) {
			status = spawn_odd(&odd, &process);
			if (status != STATUS_TRANSFER_MODE)
				CHECK_STATUS(status, STATUS_UNKNOWN_BINARY);
		}
	}
	CHECK_EQUAL(charged[0], charged[1]);
	CHECK_EQUAL(processes[0], processes[1]);
	CHECK_EQUAL(accounts[0], accounts[1]);
	CHECK_STATUS(timer_now((struct timer_client){ submit_timer() }, &now), STATUS_OK);
}

/* A move either is not taken, or leaves the sender without. */
static void move(void)
{
	struct odd_spawn odd = {
		.binary = "guest", .binary_size = 5, .grant_names = { "timer" }, .move = true
	};
	struct process_handle_client process = {};
	uint64_t timer = submit_timer();
	enum status status = spawn_odd(&odd, &process);
	uint64_t now;

	if (status == STATUS_TRANSFER_MODE) {
		CHECK_STATUS(timer_now((struct timer_client){ timer }, &now), STATUS_OK);
		return;
	}
	CHECK_STATUS(status, STATUS_OK);
	CHECK_STATUS(timer_now((struct timer_client){ timer }, &now), STATUS_BAD_CAPABILITY);
	(void)child_wait(process);
}

static void check_limits(uint64_t memory_bytes, uint32_t slots, uint32_t threads,
			 enum status expected)
{
	struct child_request request = guest("exit");
	struct process_handle_client process = {};

	request.memory_bytes = memory_bytes;
	request.slots = slots;
	request.threads = threads;
	test_note("%lx bytes, %u slots, %u threads", memory_bytes, slots, threads);
	CHECK_STATUS(child_spawn(&request, &process), expected);
	if (expected == STATUS_OK)
		(void)child_wait(process);
}

/* Nobody gives more than the own account holds; nobody runs on less than a process needs. */
static void limits(void)
{
	check_limits(64 * MIB, 16, 1, STATUS_OUT_OF_MEMORY);
	check_limits(1ULL << 40, 16, 1, STATUS_OUT_OF_MEMORY);
	check_limits(UINT64_MAX, 16, 1, STATUS_OUT_OF_MEMORY);
	check_limits(UINT64_MAX - 4095, 16, 1, STATUS_OUT_OF_MEMORY);
	check_limits(1, 16, 1, STATUS_OUT_OF_MEMORY);
	check_limits(8192, 16, 1, STATUS_OUT_OF_MEMORY);
	check_limits(MIB, 100000, 1, STATUS_OUT_OF_SLOTS);
	check_limits(MIB, UINT32_MAX, 1, STATUS_OUT_OF_SLOTS);
	check_limits(MIB, 1, 1, STATUS_OUT_OF_SLOTS);
	check_limits(MIB, 16, 100000, STATUS_OUT_OF_THREADS);
	check_limits(MIB, 16, UINT32_MAX, STATUS_OUT_OF_THREADS);
	check_limits(MIB, 16, 1, STATUS_OK);
}

/* Spawn until something runs out; kill all; spawn as many again. */
static uint32_t spawn_many(struct process_handle_client *processes, enum status *out_status)
{
	struct child_request request = guest("sleep");
	uint32_t count = 0;

	while (count < MANY &&
	       (*out_status = child_spawn(&request, &processes[count])) == STATUS_OK)
		count++;
	return count;
}

static void kill_all(struct process_handle_client *processes, uint32_t count)
{
	struct child_end end;

	for (uint32_t i = 0; i < count; i++)
		CHECK_STATUS(process_handle_kill(processes[i]), STATUS_OK);
	for (uint32_t i = 0; i < count; i++) {
		end = child_wait(processes[i]);
		CHECK_EQUAL(end.which, EXIT_RECORD_KILLED);
		capos_release(processes[i].id);
	}
}

static void run_out(enum status expected)
{
	static struct process_handle_client processes[MANY];
	enum status status;
	uint32_t count = spawn_many(processes, &status);

	CHECK_STATUS(status, expected);
	CHECK(count > 1 && count < MANY);
	kill_all(processes, count);
	CHECK_EQUAL(spawn_many(processes, &status), count);
	CHECK_STATUS(status, expected);
	kill_all(processes, count);
}

static void out_of_memory(void)
{
	run_out(STATUS_OUT_OF_MEMORY);
}

static void out_of_slots(void)
{
	run_out(STATUS_OUT_OF_SLOTS);
}

static void out_of_threads(void)
{
	run_out(STATUS_OUT_OF_THREADS);
}

/* A program that spawns itself for ever stops at what its account holds. */
static void fork_bomb(void)
{
	struct child_request request = guest("bomb");
	struct child_end end;

	request.grants[2] = (struct child_grant){ "spawner", child_spawner().id };
	request.memory_bytes = 8 * MIB;
	request.slots = 192;
	request.threads = 12;
	end = child_run(&request);
	CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
	CHECK_EQUAL(end.code, 0);
}

/* list: every name once, 16 at a time, nothing past the end. */
static void list(void)
{
	struct process_spawner_list_params_builder params;
	struct process_spawner_list_results_reader results;
	struct capos_call_size size = { .result_bytes = 1024 };
	static const uint32_t firsts[] = { 0, 1, 2, 1000, UINT32_MAX };
	struct capos_call call;
	uint32_t total = 0;

	for (uint32_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		struct list_reader names;

		CHECK_STATUS(process_spawner_list_begin(&call, child_spawner(), size, &params),
			     STATUS_OK);
		process_spawner_list_params_set_first(params, firsts[i]);
		CHECK_STATUS(process_spawner_list_wait(&call, &results), STATUS_OK);
		names = process_spawner_list_results_get_names(results);
		total = process_spawner_list_results_get_total(results);
		test_note("first %u: %u of %u", firsts[i], names.count, total);
		CHECK_EQUAL(names.count, firsts[i] >= total       ? 0
					 : total - firsts[i] > 16 ? 16
								  : total - firsts[i]);
		capos_call_end(&call);
	}
	CHECK(total >= 3);
}

#define RICH(name, mib, slot_count, thread_count)                                     \
	{                                                                             \
		#name, name,                                                          \
		{                                                                     \
			.grants = TEST_SPAWNER | TEST_TIMER | TEST_UART | TEST_AUDIT, \
			.memory_bytes = (mib) * MIB, .slots = (slot_count),           \
			.threads = (thread_count)                                     \
		}                                                                     \
	}
#define PASSES(name) RICH(name, 16, 256, 16)

static const struct test_case cases[] = {
	PASSES(unknown_binaries),
	PASSES(grant_names),
	PASSES(longest_name),
	PASSES(arguments),
	PASSES(refused_moves_nothing),
	PASSES(move),
	PASSES(limits),
	RICH(out_of_memory, 8, 1024, 100),
	RICH(out_of_slots, 24, 96, 100),
	RICH(out_of_threads, 24, 1024, 6),
	PASSES(fork_bomb),
	PASSES(list),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
