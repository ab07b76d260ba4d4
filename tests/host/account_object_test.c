// SPDX-License-Identifier: MIT
/*
 * Host test of accounts as programs see them: what they say, what a closed one refuses, who may
 * go first of parent, process and capability; and a random world of processes that split, give,
 * close and drop accounts, the books balanced at every moment.
 */
#include "kernel/core/account_object.h"

#include "kernel/core/limits.h"
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <string.h>

constexpr uint64_t KIB = 1024;

static struct supply_report before;
static uint64_t used_before[ACCOUNT_RESOURCES];

static int setup(void **state)
{
	(void)kernel_setup(state);
	before = kernel_balance();
	memcpy(used_before, first.process->account->used, sizeof(used_before));
	return 0;
}

/* Everything has come back to the first process's account. */
static int teardown(void **state)
{
	uint64_t spare = first.process->space.spare != nullptr ? sizeof(struct mapping) : 0;

	assert_balance(before);
	used_before[ACCOUNT_MEMORY] += spare;
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(first.process->account->used[r], used_before[r]);
	return kernel_teardown(state);
}

static uint64_t own_account(const struct program *program)
{
	return program_capability(program, "account");
}

static const uint64_t *child_limits(uint64_t memory_bytes)
{
	static struct account_limits limits;

	limits = limits_for_threads(1);
	limits.amount[ACCOUNT_MEMORY] = memory_bytes;
	limits.amount[ACCOUNT_SLOTS] = 64;
	return limits.amount;
}

static uint64_t start(struct program *child, struct spawning what)
{
	uint64_t handle;

	assert_int_equal(spawn_process(&first, what, &handle), STATUS_OK);
	program_attach(child, process_behind(&first, handle));
	return handle;
}

static void exit_now(struct program *program)
{
	program_run(program);
	(void)program_syscall(program, SYSCALL_EXIT, 0, 0);
	(void)kernel_settle();
}

static void end(uint64_t handle)
{
	program_run(&first);
	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	(void)kernel_settle();
	assert_int_equal(release(&first, handle), STATUS_OK);
}

static void assert_amounts(struct resource_limits_reader actual, const uint64_t *expected)
{
	struct account_limits limits = limits_read(actual);

	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(limits.amount[r], expected[r]);
}

/* --- What it says ----------------------------------------------------------------------- */

static void assert_limits(uint64_t account, const uint64_t *limits, bool open)
{
	struct account_limits_results_reader results;
	struct request request;
	struct reply reply;

	request_init_big(&request, account, ACCOUNT_LIMITS_METHOD);
	(void)message_builder_root(&request.params, 0, 0);
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
	assert_true(account_limits_results_read_root(&reply.message, &results));
	assert_amounts(account_limits_results_get_limits(results), limits);
	assert_int_equal(account_limits_results_get_open(results), open);
}

static void assert_usage(uint64_t account, const uint64_t *used, const uint64_t *split)
{
	struct account_usage_results_reader results;
	struct request request;
	struct reply reply;

	request_init_big(&request, account, ACCOUNT_USAGE_METHOD);
	(void)message_builder_root(&request.params, 0, 0);
	assert_int_equal(call_now(&first, &request, &reply), STATUS_OK);
	assert_true(account_usage_results_read_root(&reply.message, &results));
	assert_amounts(account_usage_results_get_used(results), used);
	assert_amounts(account_usage_results_get_split(results), split);
}

static void each_process_holds_its_own(void **)
{
	struct program child;
	uint64_t handle = start(&child, (struct spawning){ .memory_bytes = 512 * KIB });

	assert_ptr_equal(account_behind(&first, own_account(&first)), first.process->account);
	assert_ptr_equal(account_behind(&child, own_account(&child)), child.process->account);
	assert_ptr_equal(child.process->account->parent, first.process->account);
	end(handle);
}

static void limits_and_usage_tell_all_resources(void **)
{
	static const uint64_t limits[] = { 300 * KIB, 20, 3, 4, 5, 6, 70 };
	static const uint64_t part[] = { 30 * KIB, 2, 1, 1, 2, 3, 4 };
	static const uint64_t nothing[ACCOUNT_RESOURCES];
	uint64_t used[ACCOUNT_RESOURCES];
	uint64_t account, small;

	static_assert(sizeof(limits) == sizeof(used));
	assert_int_equal(split_account(&first, own_account(&first), limits, &account),
			 STATUS_OK);
	assert_limits(account, limits, true);
	assert_usage(account, nothing, nothing);
	assert_int_equal(split_account(&first, account, part, &small), STATUS_OK);
	memcpy(used, part, sizeof(used));
	used[ACCOUNT_MEMORY] = account_behind(&first, account)->used[ACCOUNT_MEMORY];
	/* The part, and the part's structure. */
	assert_in_range(used[ACCOUNT_MEMORY] - part[ACCOUNT_MEMORY], sizeof(struct account),
			sizeof(struct account) + 64);
	assert_usage(account, used, part);
	assert_limits(account, limits, true);
	assert_int_equal(close_account(&first, small), STATUS_OK);
	assert_limits(small, nothing, false);
	assert_usage(small, nothing, nothing);
	assert_int_equal(release(&first, small), STATUS_OK);
	assert_usage(account, nothing, nothing);
	assert_int_equal(release(&first, account), STATUS_OK);
}

/* Nothing is left of a split that its account cannot afford. */
static void split_is_refused_by_resource(void **)
{
	const struct account *mine = first.process->account;
	struct supply_report now = kernel_balance();
	uint64_t account;

	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++) {
		uint64_t limits[ACCOUNT_RESOURCES] = { 0 };

		limits[r] = mine->limit[r] - mine->used[r] + 1;
		assert_int_equal(split_account(&first, own_account(&first), limits, &account),
				 ACCOUNT_REFUSAL[r]);
		assert_balance(now);
	}
}

/* --- Who pays --------------------------------------------------------------------------- */

static void process_is_paid_by_the_account_named(void **)
{
	const struct account *mine = first.process->account;
	uint64_t account, used;
	struct program child;
	uint64_t handle;

	assert_int_equal(
		split_account(&first, own_account(&first), child_limits(900 * KIB), &account),
		STATUS_OK);
	used = mine->used[ACCOUNT_MEMORY];
	handle = start(&child, (struct spawning){ .memory_bytes = 512 * KIB,
						  .slots = 32,
						  .threads = 1,
						  .account = account });
	assert_int_equal(mine->used[ACCOUNT_MEMORY], used);
	assert_ptr_equal(child.process->account->parent, account_behind(&first, account));
	assert_ptr_equal(child.process->payer, account_behind(&first, account));
	end(handle);
	assert_int_equal(account_behind(&first, account)->used[ACCOUNT_MEMORY], 0);
	assert_int_equal(release(&first, account), STATUS_OK);
}

static void only_accounts_pay(void **)
{
	struct spawning what = { .memory_bytes = 512 * KIB,
				 .account = program_capability(&first, "memory") };
	uint64_t handle;

	assert_int_equal(spawn_process(&first, what, &handle), STATUS_WRONG_INTERFACE);
	assert_int_equal(split_account(&first, own_account(&first), child_limits(900 * KIB),
				       &what.account),
			 STATUS_OK);
	what.slots = 65;
	assert_int_equal(spawn_process(&first, what, &handle), STATUS_OUT_OF_SLOTS);
	assert_int_equal(close_account(&first, what.account), STATUS_OK);
	what.slots = 32;
	assert_int_equal(spawn_process(&first, what, &handle), STATUS_OUT_OF_MEMORY);
	assert_int_equal(release(&first, what.account), STATUS_OK);
}

/* --- Closing ---------------------------------------------------------------------------- */

/* The process goes on with what it has, and gets nothing more. */
static void closed_account_refuses_its_process(void **)
{
	struct program child;
	uint64_t handle = start(&child, (struct spawning){ .memory_bytes = 512 * KIB });
	uint64_t object, more;

	program_run(&child);
	assert_int_equal(create_object(&child, PAGE_SIZE, &object), STATUS_OK);
	assert_int_equal(close_account(&child, own_account(&child)), STATUS_OK);
	assert_int_equal(close_account(&child, own_account(&child)), STATUS_OK);
	assert_int_equal(first.process->account->split[ACCOUNT_SLOTS],
			 child.process->account->used[ACCOUNT_SLOTS]);
	assert_int_equal(create_object(&child, PAGE_SIZE, &more), STATUS_OUT_OF_SLOTS);
	assert_int_equal(reserve(&child, PAGE_SIZE, &more), STATUS_OUT_OF_MEMORY);
	assert_int_equal(seal_object(&child, object), STATUS_OK);
	assert_int_equal(release(&child, object), STATUS_OK);
	/* What it gives back it cannot have again. */
	assert_int_equal(create_object(&child, PAGE_SIZE, &more), STATUS_OUT_OF_SLOTS);
	end(handle);
}

/* The account of a dead process that somebody still holds: its budget is back all the same. */
static void capability_outlives_the_process(void **)
{
	static const uint64_t nothing[ACCOUNT_RESOURCES];
	struct spawning what = { .memory_bytes = 2048 * KIB,
				 .slots = 128,
				 .threads = 4,
				 .given = program_capability(&first, "spawner") };
	struct program child, grandchild;
	uint64_t handle = start(&child, what), deeper, account;
	const struct account *of_child = child.process->account;

	program_run(&child);
	what = (struct spawning){ .memory_bytes = 512 * KIB, .given = own_account(&child) };
	assert_int_equal(spawn_process(&child, what, &deeper), STATUS_OK);
	program_attach(&grandchild, process_behind(&child, deeper));
	exit_now(&child);
	account = program_capability(&grandchild, "given");
	program_run(&grandchild);
	assert_ptr_equal(account_behind(&grandchild, account), of_child);
	assert_int_equal(split_account(&grandchild, account, nothing, &deeper),
			 STATUS_OUT_OF_MEMORY);
	/* What is charged to it: the grandchild's limits, its structures. */
	assert_in_range(first.process->account->split[ACCOUNT_MEMORY], 512 * KIB, 520 * KIB);
	assert_int_equal(first.process->account->split[ACCOUNT_THREADS], 1);
	exit_now(&grandchild);
	program_run(&first);
	assert_int_equal(first.process->account->split[ACCOUNT_MEMORY], 0);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

/* An account that nobody can name any more pays on for the processes that were split from it.
 */
static void process_outlives_the_account_it_is_split_from(void **)
{
	uint64_t account, handle, object;
	struct program child;

	assert_int_equal(
		split_account(&first, own_account(&first), child_limits(900 * KIB), &account),
		STATUS_OK);
	handle = start(&child, (struct spawning){ .memory_bytes = 512 * KIB,
						  .slots = 32,
						  .threads = 1,
						  .account = account });
	assert_int_equal(release(&first, account), STATUS_OK);
	assert_in_range(first.process->account->split[ACCOUNT_MEMORY], 512 * KIB, 520 * KIB);
	kernel_check();
	program_run(&child);
	assert_int_equal(create_object(&child, 8 * PAGE_SIZE, &object), STATUS_OK);
	end(handle);
	assert_int_equal(first.process->account->split[ACCOUNT_MEMORY], 0);
}

/* A process that has dropped its own account's capability is paid for all the same. */
static void own_capability_may_be_dropped(void **)
{
	struct program child;
	uint64_t handle = start(&child, (struct spawning){ .memory_bytes = 512 * KIB });
	uint64_t object;

	program_run(&child);
	assert_int_equal(release(&child, own_account(&child)), STATUS_OK);
	assert_int_equal(create_object(&child, PAGE_SIZE, &object), STATUS_OK);
	end(handle);
}

/* --- A random world --------------------------------------------------------------------- */

constexpr uint32_t ACTORS = 10;
constexpr uint32_t HELD = 6;

struct actor {
	struct program program;
	uint64_t accounts[HELD]; /* 0: none */
	uint64_t objects[HELD];
	uint64_t handle; /* in its parent's table */
	uint32_t parent;
	bool live;
	bool can_spawn;
};

static struct actor actors[ACTORS];
static struct sequence sequence;

/* What came of it, so that it shows if the world stands still. */
static struct {
	uint32_t done;
	uint32_t spawned;
	uint32_t refused[ACCOUNT_RESOURCES];
} counts;

/* It works, or something has run out: nothing else is ever the reason. */
static bool is_fair(enum status status)
{
	if (status == STATUS_OK) {
		counts.done++;
		return true;
	}
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		if (status == ACCOUNT_REFUSAL[r]) {
			counts.refused[r]++;
			return true;
		}
	return false;
}

static struct program *program_of(struct actor *actor)
{
	return actor == &actors[0] ? &first : &actor->program;
}

static uint64_t *any(uint64_t held[HELD])
{
	return &held[sequence_below(&sequence, HELD)];
}

static void random_split(struct actor *actor)
{
	struct program *program = program_of(actor);
	uint64_t from = *any(actor->accounts);
	uint64_t *to = any(actor->accounts);
	uint64_t limits[ACCOUNT_RESOURCES];

	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		limits[r] = sequence_below(&sequence, 80);
	limits[ACCOUNT_MEMORY] = sequence_below(&sequence, 2000) * KIB;
	limits[ACCOUNT_THREADS] = sequence_below(&sequence, 6);
	limits[ACCOUNT_WAITS] = 32 * sequence_below(&sequence, 6);
	limits[ACCOUNT_FACETS] = 256 * sequence_below(&sequence, 6);
	limits[ACCOUNT_OPEN_CALLS] = 64 * sequence_below(&sequence, 6);
	if (from != 0 && *to == 0)
		assert_true(is_fair(split_account(program, from, limits, to)));
}

static void random_close(struct actor *actor)
{
	uint64_t account = *any(actor->accounts);

	if (account != 0 &&
	    account_behind(program_of(actor), account) != first.process->account)
		assert_int_equal(close_account(program_of(actor), account), STATUS_OK);
}

static void random_release(struct actor *actor)
{
	uint64_t *held =
		any(sequence_below(&sequence, 2) == 0 ? actor->accounts : actor->objects);

	if (*held == 0 || held == &actors[0].accounts[0])
		return;
	assert_int_equal(release(program_of(actor), *held), STATUS_OK);
	*held = 0;
}

static void random_object(struct actor *actor)
{
	uint64_t *to = any(actor->objects);
	uint64_t size = (1 + sequence_below(&sequence, 100)) * PAGE_SIZE;

	if (*to == 0)
		assert_true(is_fair(create_object(program_of(actor), size, to)));
}

/* The new actor can name its account, and what it was given if that is one. */
static void arrive(struct actor *parent, struct actor *actor, uint64_t handle, bool can_spawn)
{
	*actor = (struct actor){ .handle = handle,
				 .parent = (uint32_t)(parent - actors),
				 .live = true,
				 .can_spawn = can_spawn };
	program_attach(&actor->program, process_behind(program_of(parent), handle));
	actor->accounts[0] = own_account(&actor->program);
	actor->accounts[1] = can_spawn ? 0 : program_capability(&actor->program, "given");
}

static void random_spawn(struct actor *parent)
{
	struct actor *actor = &actors[sequence_below(&sequence, ACTORS)];
	bool can_spawn = sequence_below(&sequence, 2) == 0;
	const char *spawner = parent == &actors[0] ? "spawner" : "given";
	struct spawning what = {
		.memory_bytes = (150 + sequence_below(&sequence, 2000)) * KIB,
		.slots = 16 + sequence_below(&sequence, 40),
		.threads = 1 + sequence_below(&sequence, 4),
		.account = *any(parent->accounts),
	};
	uint64_t handle;
	enum status status;

	what.given = can_spawn ? program_capability(program_of(parent), spawner)
			       : *any(parent->accounts);
	if (actor->live || !parent->can_spawn)
		return;
	status = spawn_process(program_of(parent), what, &handle);
	assert_true(is_fair(status));
	if (status != STATUS_OK)
		return;
	counts.spawned++;
	arrive(parent, actor, handle, can_spawn);
}

static void random_kill(struct actor *parent)
{
	struct actor *actor = &actors[sequence_below(&sequence, ACTORS)];

	if (!actor->live || actor == &actors[0] || &actors[actor->parent] != parent)
		return;
	assert_int_equal(kill_process(program_of(parent), actor->handle), STATUS_OK);
	actor->live = false;
	if (sequence_below(&sequence, 2) == 0)
		assert_int_equal(release(program_of(parent), actor->handle), STATUS_OK);
}

static void random_exit(struct actor *actor)
{
	if (actor == &actors[0] || sequence_below(&sequence, 4) != 0)
		return;
	(void)program_syscall(&actor->program, SYSCALL_EXIT, 0, 0);
	actor->live = false;
}

static void random_step(void)
{
	static void (*const steps[])(struct actor *) = {
		random_split,   random_split,  random_close,  random_release,
		random_release, random_object, random_object, random_spawn,
		random_spawn,   random_spawn,  random_kill,   random_exit,
	};
	struct actor *actor = &actors[sequence_below(&sequence, ACTORS)];

	if (!actor->live)
		return;
	program_run(program_of(actor));
	steps[sequence_below(&sequence, sizeof(steps) / sizeof(steps[0]))](actor);
	/* Most steps look at the books in the midst of what is being taken apart. */
	if (sequence_below(&sequence, 8) == 0)
		(void)kernel_settle();
	kernel_check();
}

static void end_world(void)
{
	uint32_t cursor = 0;

	for (uint32_t i = 1; i < ACTORS; i++)
		if (actors[i].live)
			exit_now(&actors[i].program);
	program_run(&first);
	for (uint32_t i = 0; i < HELD; i++) {
		if (i > 0 && actors[0].accounts[i] != 0)
			assert_int_equal(release(&first, actors[0].accounts[i]), STATUS_OK);
		if (actors[0].objects[i] != 0)
			assert_int_equal(release(&first, actors[0].objects[i]), STATUS_OK);
	}
	/* Handles that were kept. */
	while (!cap_table_at_end(&first.process->table, cursor)) {
		struct cap_id id = cap_table_next(&first.process->table, &cursor);
		struct object *object = cap_table_lookup(&first.process->table, id);

		if (id.raw != 0 && object_is(object, &process_handle_type))
			assert_int_equal(release(&first, id.raw), STATUS_OK);
	}
}

static void books_balance_whatever_happens(void **)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		sequence = (struct sequence){ seed };
		memset(actors, 0, sizeof(actors));
		actors[0] = (struct actor){ .live = true, .can_spawn = true };
		actors[0].accounts[0] = own_account(&first);
		for (uint32_t i = 0; i < 600; i++)
			random_step();
		end_world();
		assert_balance(before);
	}
	print_message("    %u done, %u of them spawns; refused for", counts.done,
		      counts.spawned);
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		print_message(" %u", counts.refused[r]);
	print_message("\n");
	assert_in_range(counts.spawned, 200, counts.done - 500);
	/* The table has grown by what it keeps. */
	used_before[ACCOUNT_MEMORY] = first.process->account->used[ACCOUNT_MEMORY];
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_process_holds_its_own),
		TEST(limits_and_usage_tell_all_resources),
		TEST(split_is_refused_by_resource),
		TEST(process_is_paid_by_the_account_named),
		TEST(only_accounts_pay),
		TEST(closed_account_refuses_its_process),
		TEST(capability_outlives_the_process),
		TEST(process_outlives_the_account_it_is_split_from),
		TEST(own_capability_may_be_dropped),
		TEST(books_balance_whatever_happens),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
