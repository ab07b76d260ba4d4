// SPDX-License-Identifier: MIT
/*
 * Host test of account.c: random trees of accounts against a plain model, all or nothing
 * splits, debtors, and cascades of releases.
 */
#include "kernel/core/account.h"

#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

constexpr uint32_t ACCOUNTS = 24;
constexpr struct account_limits ROOT_LIMITS = { { 1000000, 500, 60, 70, 80, 90, 100 } };

/* The model: what each account was charged itself, and whether its storage is in use. */
struct model {
	struct account accounts[ACCOUNTS];
	uint64_t own[ACCOUNTS][ACCOUNT_RESOURCES];
	uint32_t references[ACCOUNTS];
	bool live[ACCOUNTS];
};

static struct model model;
static uint32_t releases;

static void on_release(struct account *account)
{
	size_t i = (size_t)(account - model.accounts);

	assert_true(model.live[i]);
	assert_int_equal(model.references[i], 0);
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(model.own[i][r], 0);
	model.live[i] = false;
	releases++;
}

static int setup(void **state)
{
	(void)state;
	model = (struct model){ .live = { true } };
	releases = 0;
	account_init_root(&model.accounts[0], ROOT_LIMITS, on_release);
	return 0;
}

static enum account_resource any_resource(struct sequence *sequence)
{
	return (enum account_resource)sequence_below(sequence, ACCOUNT_RESOURCES);
}

static void random_split(struct sequence *sequence, uint32_t i)
{
	uint32_t child = 1 + sequence_below(sequence, ACCOUNTS - 1);
	struct account_limits limits;
	struct account *parent = &model.accounts[i];
	bool fits = parent->open;

	if (model.live[child])
		return;
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++) {
		limits.amount[r] =
			sequence_below(sequence, (uint32_t)(ROOT_LIMITS.amount[r] / 5));
		fits = fits && parent->used[r] + limits.amount[r] <= parent->limit[r];
	}
	model.live[child] =
		account_split(parent, &model.accounts[child], limits, on_release) == STATUS_OK;
	assert_int_equal(model.live[child], fits);
}

static void random_charge(struct sequence *sequence, uint32_t i)
{
	enum account_resource r = any_resource(sequence);
	struct account *account = &model.accounts[i];
	uint64_t amount = sequence_below(sequence, (uint32_t)(ROOT_LIMITS.amount[r] / 10)) + 1;
	bool fits = account->open && account->used[r] + amount <= account->limit[r];

	assert_int_equal(account_charge(account, r, amount) == STATUS_OK, fits);
	if (fits)
		model.own[i][r] += amount;
}

static void random_refund(struct sequence *sequence, uint32_t i)
{
	enum account_resource r = any_resource(sequence);
	uint64_t amount = model.own[i][r];

	if (amount == 0)
		return;
	if (sequence_below(sequence, 2) == 0)
		amount = 1 + sequence_below(sequence, (uint32_t)amount);
	model.own[i][r] -= amount;
	account_refund(&model.accounts[i], r, amount);
}

static void random_reference(struct sequence *sequence, uint32_t i)
{
	if (model.references[i] != 0 && sequence_below(sequence, 2) == 0) {
		model.references[i]--;
		account_put(&model.accounts[i]);
	} else {
		model.references[i]++;
		account_get(&model.accounts[i]);
	}
}

static void random_operation(struct sequence *sequence)
{
	uint32_t i = sequence_below(sequence, ACCOUNTS);

	if (!model.live[i])
		return;
	switch (sequence_below(sequence, 8)) {
	case 0:
	case 1:
		random_split(sequence, i);
		break;
	case 2:
	case 3:
		random_charge(sequence, i);
		break;
	case 4:
	case 5:
		random_refund(sequence, i);
		break;
	case 6:
		random_reference(sequence, i);
		break;
	case 7:
		if (i != 0)
			account_close(&model.accounts[i]);
		break;
	}
}

static void assert_agrees(void)
{
	struct account_sum sum = account_sum(&model.accounts[0]);
	uint64_t own[ACCOUNT_RESOURCES] = { 0 };
	uint32_t live = 0;

	for (uint32_t i = 0; i < ACCOUNTS; i++) {
		live += model.live[i];
		for (uint32_t r = 0; model.live[i] && r < ACCOUNT_RESOURCES; r++) {
			own[r] += model.own[i][r];
			assert_int_equal(
				account_own_use(&model.accounts[i], (enum account_resource)r),
				model.own[i][r]);
		}
	}
	assert_int_equal(sum.accounts, live);
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(sum.own_use[r], own[r]);
	assert_true(account_check(&model.accounts[0]));
}

/* Close and drain everything below the root: all of it must come back. */
static void drain(void)
{
	for (uint32_t i = 1; i < ACCOUNTS; i++) {
		if (model.live[i])
			account_close(&model.accounts[i]);
		for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++) {
			uint64_t amount = model.own[i][r];

			model.own[i][r] = 0;
			if (amount != 0)
				account_refund(&model.accounts[i], (enum account_resource)r,
					       amount);
		}
		for (; model.references[i] != 0; account_put(&model.accounts[i]))
			model.references[i]--;
	}
}

static void agrees_with_plain_sums(void **state)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct sequence sequence = { seed };

		setup(state);
		for (uint32_t i = 0; i < 1000; i++) {
			random_operation(&sequence);
			assert_agrees();
		}
		drain();
		assert_agrees();
		assert_int_equal(account_sum(&model.accounts[0]).accounts, 1);
		for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
			assert_int_equal(model.accounts[0].used[r], model.own[0][r]);
	}
}

static void charging_stops_at_the_limit(void **state)
{
	struct account *root = &model.accounts[0];

	(void)state;
	assert_int_equal(account_charge(root, ACCOUNT_MEMORY, 1000000), STATUS_OK);
	assert_int_equal(account_charge(root, ACCOUNT_MEMORY, 1), STATUS_OUT_OF_MEMORY);
	assert_int_equal(account_charge(root, ACCOUNT_MEMORY, UINT64_MAX),
			 STATUS_OUT_OF_MEMORY);
	assert_int_equal(account_charge(root, ACCOUNT_SLOTS, 501), STATUS_OUT_OF_SLOTS);
	assert_int_equal(account_charge(root, ACCOUNT_THREADS, 61), STATUS_OUT_OF_THREADS);
	assert_int_equal(account_charge(root, ACCOUNT_ENDPOINTS, 71), STATUS_OUT_OF_ENDPOINTS);
	assert_int_equal(account_charge(root, ACCOUNT_FACETS, 81), STATUS_OUT_OF_FACETS);
	assert_int_equal(account_charge(root, ACCOUNT_OPEN_CALLS, 91),
			 STATUS_OUT_OF_OPEN_CALLS);
	assert_int_equal(account_charge(root, ACCOUNT_WAITS, 101), STATUS_OUT_OF_WAITS);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 1000000);
	for (uint32_t r = ACCOUNT_SLOTS; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(root->used[r], 0);
}

static void split_takes_all_resources_or_none(void **state)
{
	struct account *root = &model.accounts[0], *child = &model.accounts[1];

	(void)state;
	assert_int_equal(account_split(root, child, (struct account_limits){ { 10, 10, 61 } },
				       on_release),
			 STATUS_OUT_OF_THREADS);
	assert_int_equal(account_split(root, child, (struct account_limits){ { 10, 501, 6 } },
				       on_release),
			 STATUS_OUT_OF_SLOTS);
	assert_int_equal(account_split(root, child,
				       (struct account_limits){ .amount[ACCOUNT_WAITS] = 101 },
				       on_release),
			 STATUS_OUT_OF_WAITS);
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(root->used[r], 0);
	model.live[1] = account_split(root, child, ROOT_LIMITS, on_release) == STATUS_OK;
	assert_true(model.live[1]);
	assert_int_equal(account_charge(root, ACCOUNT_MEMORY, 1), STATUS_OUT_OF_MEMORY);
	account_close(child);
	assert_int_equal(account_charge(root, ACCOUNT_MEMORY, 1), STATUS_OK);
	assert_int_equal(releases, 1);
}

static void debtor_lingers_until_its_last_refund(void **state)
{
	struct account *root = &model.accounts[0], *child = &model.accounts[1];

	(void)state;
	model.live[1] = account_split(root, child, (struct account_limits){ { 100, 5, 1 } },
				      on_release) == STATUS_OK;
	assert_int_equal(account_charge(child, ACCOUNT_MEMORY, 60), STATUS_OK);
	account_close(child);
	account_close(child);
	assert_int_equal(account_charge(child, ACCOUNT_MEMORY, 1), STATUS_OUT_OF_MEMORY);
	assert_int_equal(account_charge(child, ACCOUNT_SLOTS, 1), STATUS_OUT_OF_SLOTS);
	assert_int_equal(account_split(child, &model.accounts[2], (struct account_limits){ 0 },
				       on_release),
			 STATUS_OUT_OF_MEMORY);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 60);
	assert_int_equal(root->used[ACCOUNT_SLOTS], 0);
	account_refund(child, ACCOUNT_MEMORY, 59);
	assert_int_equal(releases, 0);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 1);
	account_refund(child, ACCOUNT_MEMORY, 1);
	assert_int_equal(releases, 1);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 0);
}

static void last_refund_releases_a_whole_line(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < ACCOUNTS; i++) {
		struct account_limits limits = { { 1000 - i, 100 - i, 1 } };

		model.live[i] = account_split(&model.accounts[i - 1], &model.accounts[i],
					      limits, on_release) == STATUS_OK;
		assert_true(model.live[i]);
	}
	assert_int_equal(account_charge(&model.accounts[ACCOUNTS - 1], ACCOUNT_SLOTS, 1),
			 STATUS_OK);
	for (uint32_t i = 1; i < ACCOUNTS; i++)
		account_close(&model.accounts[i]);
	assert_int_equal(releases, 0);
	assert_true(account_check(&model.accounts[0]));
	account_refund(&model.accounts[ACCOUNTS - 1], ACCOUNT_SLOTS, 1);
	assert_int_equal(releases, ACCOUNTS - 1);
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(model.accounts[0].used[r], 0);
}

static void tree_has_a_depth(void **)
{
	static struct account line[MAX_ACCOUNT_DEPTH + 2];

	account_init_root(&line[0], ROOT_LIMITS, nullptr);
	for (uint32_t i = 1; i <= MAX_ACCOUNT_DEPTH; i++)
		assert_int_equal(account_split(&line[i - 1], &line[i],
					       (struct account_limits){ 0 }, nullptr),
				 STATUS_OK);
	assert_int_equal(account_split(&line[MAX_ACCOUNT_DEPTH], &line[MAX_ACCOUNT_DEPTH + 1],
				       (struct account_limits){ 0 }, nullptr),
			 STATUS_ACCOUNT_TOO_DEEP);
	assert_int_equal(account_sum(&line[0]).accounts, MAX_ACCOUNT_DEPTH + 1);
}

static void child_with_nothing_still_keeps_its_parent(void **state)
{
	struct account *parent = &model.accounts[1], *child = &model.accounts[2];

	(void)state;
	model.live[1] = account_split(&model.accounts[0], parent, (struct account_limits){ 0 },
				      on_release) == STATUS_OK;
	model.live[2] = account_split(parent, child, (struct account_limits){ 0 },
				      on_release) == STATUS_OK;
	account_close(parent);
	assert_int_equal(releases, 0);
	account_close(child);
	assert_int_equal(releases, 2);
}

/* What a debtor pays back goes up past every closed account, whoever holds these. */
static void refund_goes_to_who_can_use_it(void **state)
{
	struct account *parent = &model.accounts[1], *child = &model.accounts[2];
	struct account *root = &model.accounts[0];

	(void)state;
	model.live[1] = account_split(root, parent, (struct account_limits){ { 100, 9, 9 } },
				      on_release) == STATUS_OK;
	model.live[2] = account_split(parent, child, (struct account_limits){ { 50, 3, 3 } },
				      on_release) == STATUS_OK;
	account_get(parent);
	account_get(child);
	assert_int_equal(account_charge(child, ACCOUNT_MEMORY, 20), STATUS_OK);
	account_close(parent);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 50);
	assert_int_equal(root->used[ACCOUNT_SLOTS], 3);
	account_refund(child, ACCOUNT_MEMORY, 5);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 50);
	account_close(child);
	assert_int_equal(root->used[ACCOUNT_MEMORY], 15);
	account_refund(child, ACCOUNT_MEMORY, 15);
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		assert_int_equal(root->used[r], 0);
	assert_true(account_check(root));
	account_put(parent);
	assert_int_equal(releases, 0);
	account_put(child);
	assert_int_equal(releases, 2);
}

static void misuse_stops_the_machine(void **state)
{
	struct account *root = &model.accounts[0];

	(void)state;
	assert_int_equal(account_charge(root, ACCOUNT_MEMORY, 10), STATUS_OK);
	expect_assert_failure(account_refund(root, ACCOUNT_MEMORY, 11));
	expect_assert_failure(account_refund(root, ACCOUNT_SLOTS, 1));
	expect_assert_failure(account_put(root));
	assert_true(account_check(root));
}

static void check_sees_damage(void **state)
{
	struct account *root = &model.accounts[0];

	(void)state;
	model.live[1] = account_split(root, &model.accounts[1],
				      (struct account_limits){ { 100, 5, 1 } },
				      on_release) == STATUS_OK;
	assert_true(account_check(root));
	root->used[ACCOUNT_MEMORY] -= 1;
	assert_false(account_check(root));
	root->used[ACCOUNT_MEMORY] += 1;
	root->split[ACCOUNT_SLOTS]--;
	assert_false(account_check(root));
	root->split[ACCOUNT_SLOTS]++;
	assert_true(account_check(root));
	model.accounts[1].limit[ACCOUNT_SLOTS]++;
	assert_false(account_check(root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(agrees_with_plain_sums, setup),
		cmocka_unit_test_setup(charging_stops_at_the_limit, setup),
		cmocka_unit_test_setup(split_takes_all_resources_or_none, setup),
		cmocka_unit_test_setup(debtor_lingers_until_its_last_refund, setup),
		cmocka_unit_test_setup(last_refund_releases_a_whole_line, setup),
		cmocka_unit_test(tree_has_a_depth),
		cmocka_unit_test_setup(child_with_nothing_still_keeps_its_parent, setup),
		cmocka_unit_test_setup(refund_goes_to_who_can_use_it, setup),
		cmocka_unit_test_setup(misuse_stops_the_machine, setup),
		cmocka_unit_test_setup(check_sees_damage, setup),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
