// SPDX-License-Identifier: MIT
/*
 * Accounts from the outside: what they tell, what can be split from them and spent, and what is
 * left of a process whose account is closed.  The runner finds out whether anything is missing
 * afterwards.
 */
#include "tests/program/guest.h"

#include "schema/account.client.h"

constexpr uint64_t MIB = 1 << 20;
constexpr uint32_t RESOURCES = 7;
constexpr uint32_t MANY = 64;

/* By resource, in the order of ResourceLimits. */
struct amounts {
	uint64_t of[RESOURCES];
};

static const enum status refusals[RESOURCES] = {
	STATUS_OUT_OF_MEMORY,    STATUS_OUT_OF_SLOTS,  STATUS_OUT_OF_THREADS,
	STATUS_OUT_OF_ENDPOINTS, STATUS_OUT_OF_FACETS, STATUS_OUT_OF_OPEN_CALLS,
	STATUS_OUT_OF_WAITS,
};

static struct account_client own(void)
{
	return (struct account_client){ test_capability("account", ACCOUNT_INTERFACE_ID) };
}

static struct amounts read_amounts(struct resource_limits_reader limits)
{
	return (struct amounts){ {
		resource_limits_get_memory_bytes(limits),
		resource_limits_get_slots(limits),
		resource_limits_get_threads(limits),
		resource_limits_get_endpoints(limits),
		resource_limits_get_facets(limits),
		resource_limits_get_open_calls(limits),
		resource_limits_get_waits(limits),
	} };
}

[[gnu::noinline]] static struct amounts limits_of(struct account_client account, bool *out_open)
{
	struct account_limits_params_builder params;
	struct account_limits_results_reader results;
	struct amounts amounts;
	struct capos_call call;

	CHECK_STATUS(account_limits_begin(&call, account, (struct capos_call_size){}, &params),
		     STATUS_OK);
	CHECK_STATUS(account_limits_wait(&call, &results), STATUS_OK);
	amounts = read_amounts(account_limits_results_get_limits(results));
	*out_open = account_limits_results_get_open(results);
	capos_call_end(&call);
	return amounts;
}

[[gnu::noinline]] static struct amounts usage_of(struct account_client account,
						 struct amounts *out_split)
{
	struct account_usage_params_builder params;
	struct account_usage_results_reader results;
	struct amounts amounts;
	struct capos_call call;

	CHECK_STATUS(account_usage_begin(&call, account, (struct capos_call_size){}, &params),
		     STATUS_OK);
	CHECK_STATUS(account_usage_wait(&call, &results), STATUS_OK);
	amounts = read_amounts(account_usage_results_get_used(results));
	*out_split = read_amounts(account_usage_results_get_split(results));
	capos_call_end(&call);
	return amounts;
}

[[gnu::noinline]] static enum status split(struct account_client account,
					   struct amounts amounts, struct account_client *out)
{
	struct account_split_params_builder params;
	struct account_split_results_reader results;
	struct resource_limits_builder limits;
	struct capos_call call;
	enum status status;

	CHECK_STATUS(account_split_begin(&call, account, (struct capos_call_size){}, &params),
		     STATUS_OK);
	limits = account_split_params_init_limits(params);
	resource_limits_set_memory_bytes(limits, amounts.of[0]);
	resource_limits_set_slots(limits, (uint32_t)amounts.of[1]);
	resource_limits_set_threads(limits, (uint32_t)amounts.of[2]);
	resource_limits_set_endpoints(limits, (uint32_t)amounts.of[3]);
	resource_limits_set_facets(limits, (uint32_t)amounts.of[4]);
	resource_limits_set_open_calls(limits, (uint32_t)amounts.of[5]);
	resource_limits_set_waits(limits, (uint32_t)amounts.of[6]);
	status = account_split_wait(&call, &results);
	if (status == STATUS_OK)
		out->id = capos_call_take_capability(&call, ACCOUNT_SPLIT_RESULTS_ACCOUNT_CAP,
						     ACCOUNT_INTERFACE_ID);
	capos_call_end(&call);
	return status;
}

/* It runs until now, and is gone then. */
[[gnu::noinline]] static void end(struct process_handle_client process)
{
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	CHECK_EQUAL(child_wait(process).which, EXIT_RECORD_KILLED);
	capos_release(process.id);
}

/* What guest() asks for, for so many of them, and their structures. */
static struct amounts for_guests(uint32_t count)
{
	return (struct amounts){ { count * (MIB + 8192), count * 16, count, count * 8,
				   count * 256, count * 64, count * 32 } };
}

[[gnu::noinline]] static void check_amounts(struct amounts seen, struct amounts expected)
{
	for (uint32_t i = 0; i < RESOURCES; i++) {
		test_note("resource %u", i);
		CHECK_EQUAL(seen.of[i], expected.of[i]);
	}
}

/* The limits are those that the runner set, or the defaults; a thread and its waits are in use.
 */
static void tells_what_it_has(void)
{
	const struct amounts expected = { { 8 * MIB, 40, 3, 24, 768, 192, 96 } };
	struct amounts part;
	struct amounts used;
	bool open = false;

	check_amounts(limits_of(own(), &open), expected);
	CHECK(open);
	used = usage_of(own(), &part);
	check_amounts(part, (struct amounts){});
	CHECK(used.of[0] > 10 * 4096 && used.of[0] < MIB);
	CHECK_EQUAL(used.of[1], capos_capability_count());
	CHECK_EQUAL(used.of[2], 1);
	CHECK_EQUAL(used.of[3] | used.of[4] | used.of[5], 0);
	CHECK_EQUAL(used.of[6], 32);
}

/* No resource can be split off beyond what is left, and what is left can be to the last. */
static void splits_what_it_has(void)
{
	struct account_client account = {};
	struct amounts part;
	struct amounts used = usage_of(own(), &part);
	bool open;
	struct amounts limits = limits_of(own(), &open);

	for (uint32_t i = 0; i < RESOURCES; i++) {
		struct amounts amounts = {};

		test_note("resource %u", i);
		/* The result's slot, and the new account's structure. */
		amounts.of[i] = limits.of[i] - used.of[i] - (i == 0 ? 1024 : i == 1);
		CHECK_STATUS(split(own(), amounts, &account), STATUS_OK);
		(void)usage_of(own(), &part);
		check_amounts(part, amounts);
		capos_release(account.id);
		amounts.of[i] += i == 0 ? 1025 : 1;
		CHECK_STATUS(split(own(), amounts, &account), refusals[i]);
		amounts.of[i] = i == 0 ? UINT64_MAX : UINT32_MAX;
		CHECK_STATUS(split(own(), amounts, &account), refusals[i]);
	}
	check_amounts(usage_of(own(), &part), used);
	check_amounts(part, (struct amounts){});
}

/* Spawn from an account until it is used up; the own one has lost nothing by it. */
static void spawns_out_of_a_part(void)
{
	static struct process_handle_client processes[MANY];
	struct child_request request = guest("sleep");
	struct account_client account = {};
	struct amounts before;
	struct amounts part;
	uint32_t count = 0;
	enum status status;

	CHECK_STATUS(split(own(), for_guests(3), &account), STATUS_OK);
	before = usage_of(own(), &part);
	request.account = account.id;
	while (count < MANY && (status = child_spawn(&request, &processes[count])) == STATUS_OK)
		count++;
	CHECK_EQUAL(count, 3);
	CHECK_STATUS(status, STATUS_OUT_OF_MEMORY);
	before.of[1] += count; /* the handles */
	check_amounts(usage_of(own(), &part), before);
	for (uint32_t i = 0; i < count; i++)
		end(processes[i]);
	check_amounts(usage_of(account, &part), (struct amounts){});
	CHECK_STATUS(child_spawn(&request, &processes[0]), STATUS_OK);
	/* The last capability goes; the process stays. */
	capos_release(account.id);
	end(processes[0]);
}

static void closed_part_pays_nothing(void)
{
	struct process_handle_client process = {};
	struct child_request request = guest("sleep");
	struct account_client account = {};
	struct account_client none;
	struct amounts part;
	bool open = true;

	CHECK_STATUS(split(own(), for_guests(2), &account), STATUS_OK);
	request.account = account.id;
	process = child_start(&request);
	CHECK_STATUS(account_close(account), STATUS_OK);
	CHECK_STATUS(account_close(account), STATUS_OK);
	check_amounts(limits_of(account, &open), (struct amounts){});
	CHECK(!open);
	CHECK_STATUS(split(account, (struct amounts){}, &none), STATUS_OUT_OF_MEMORY);
	CHECK_STATUS(child_spawn(&request, &process), STATUS_OUT_OF_MEMORY);
	/* What the process has is all that is missing now. */
	(void)usage_of(own(), &part);
	CHECK(part.of[0] >= MIB && part.of[0] < MIB + 8192);
	CHECK_EQUAL(part.of[2], 1);
	end(process);
	(void)usage_of(own(), &part);
	check_amounts(part, (struct amounts){});
}

/* Nothing new, but everything that is there: memory, calls, waiting, the end. */
static void goes_on_when_closed(void)
{
	struct memory_object_client object = {};
	struct memory_object_client more;
	uint64_t address = 0;
	bool sealed;
	uint64_t size;

	CHECK_STATUS(virtual_memory_create_object(test_memory(), 8192, &object), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, 8192, PROTECTION_READ_WRITE,
					0, true, &address),
		     STATUS_OK);
	CHECK_STATUS(account_close(own()), STATUS_OK);
	*(volatile char *)address = 1;
	*(volatile char *)(address + 4096) = 2;
	CHECK_STATUS(virtual_memory_create_object(test_memory(), 4096, &more),
		     STATUS_OUT_OF_SLOTS);
	CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, 8192), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, 8192, PROTECTION_READ_WRITE,
					0x40000000, true, &address),
		     STATUS_OUT_OF_MEMORY);
	child_sleep_ms(submit_timer(), 2);
	capos_release(object.id);
}

static void only_an_account_is_an_account(void)
{
	struct process_handle_client process;
	struct child_request request = guest("exit");

	request.account = submit_timer();
	CHECK_STATUS(child_spawn(&request, &process), STATUS_WRONG_INTERFACE);
	request.account = child_report();
	CHECK_STATUS(child_spawn(&request, &process), STATUS_WRONG_INTERFACE);
	request.account = 0;
	request.grants[1].name = "account";
	CHECK_STATUS(child_spawn(&request, &process), STATUS_INVALID_ARGUMENT);
}

/* As long a line of accounts as there may be, each in the one before; the first goes first. The
 * machine's and the runner's are above the own one. */
static void line_of_accounts_ends(void)
{
	static struct account_client line[MAX_ACCOUNT_DEPTH];
	struct amounts part;
	struct amounts before = usage_of(own(), &part);
	struct amounts amounts = { { MIB, MAX_ACCOUNT_DEPTH, 2 } };
	struct account_client account = own();
	uint32_t count = 0;
	enum status status;

	while ((status = split(account, amounts, &account)) == STATUS_OK &&
	       count < MAX_ACCOUNT_DEPTH) {
		line[count++] = account;
		amounts.of[0] -= 4096;
	}
	CHECK_STATUS(status, STATUS_ACCOUNT_TOO_DEEP);
	CHECK_EQUAL(count, MAX_ACCOUNT_DEPTH - 2);
	for (uint32_t i = 0; i < count; i++)
		capos_release(line[i].id);
	check_amounts(usage_of(own(), &part), before);
	check_amounts(part, (struct amounts){});
}

constexpr uint32_t GRANTS = TEST_TIMER | TEST_SPAWNER | TEST_AUDIT;

#define PASSES(name)                                                                           \
	{                                                                                      \
		#name, name,                                                                   \
		{                                                                              \
			.grants = GRANTS, .memory_bytes = 8 * MIB, .slots = 128, .threads = 8, \
		}                                                                              \
	}

static const struct test_case cases[] = {
	{ "tells_what_it_has",
	  tells_what_it_has,
	  { .grants = GRANTS, .memory_bytes = 8 * MIB, .slots = 40, .threads = 3 } },
	PASSES(splits_what_it_has),
	PASSES(spawns_out_of_a_part),
	PASSES(closed_part_pays_nothing),
	PASSES(goes_on_when_closed),
	PASSES(only_an_account_is_an_account),
	PASSES(line_of_accounts_ends),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
