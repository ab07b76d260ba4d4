// SPDX-License-Identifier: MIT
/* Accounts.  See account.h for the model. */
#include "kernel/core/account.h"

static struct account *owner_of(struct list_link *link)
{
	return LIST_OWNER(link, struct account, sibling);
}

static void init(struct account *account, struct account *parent,
		 const struct account_limits *limits, account_release *release)
{
	*account = (struct account){ .parent = parent,
				     .release = release,
				     .depth = parent != nullptr ? parent->depth + 1 : 0,
				     .open = true };
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++) {
		account->limit[r] = limits->amount[r];
		account->granted[r] = limits->amount[r];
	}
	list_init(&account->children);
	list_init(&account->sibling);
}

void account_init_root(struct account *root, struct account_limits limits,
		       account_release *release)
{
	init(root, nullptr, &limits, release);
}

enum status account_split(struct account *parent, struct account *child,
			  struct account_limits limits, account_release *release)
{
	if (!parent->open)
		return STATUS_OUT_OF_MEMORY;
	if (parent->depth == MAX_ACCOUNT_DEPTH)
		return STATUS_ACCOUNT_TOO_DEEP;
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		if (limits.amount[r] > parent->limit[r] - parent->used[r])
			return ACCOUNT_REFUSAL[r];

	/* commit */
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++) {
		parent->used[r] += limits.amount[r];
		parent->split[r] += limits.amount[r];
	}
	init(child, parent, &limits, release);
	list_append(&parent->children, &child->sibling);
	return STATUS_OK;
}

static bool is_held(const struct account *account)
{
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		if (account->used[r] != 0)
			return true;
	return account->references != 0 || !list_is_empty(&account->children);
}

/* A closed account keeps what it still owes.  Whether there was more. */
static bool give_back(struct account *account)
{
	bool any = false;

	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++) {
		uint64_t surplus = account->granted[r] - account->used[r];

		any |= surplus != 0;
		account->granted[r] -= surplus;
		if (account->parent != nullptr) {
			require(surplus <= account->parent->split[r]);
			account->parent->split[r] -= surplus;
			account->parent->used[r] -= surplus;
		}
	}
	return any;
}

static void release(struct account *account)
{
	struct account *parent = account->parent;

	list_remove(&account->sibling);
	if (account->release == nullptr)
		return;
	/* The hook may free the account, and refund the parent for it: the reference keeps the
	 * parent until account_settle() has come to it. */
	if (parent != nullptr)
		parent->references++;
	account->release(account);
	if (parent != nullptr)
		parent->references--;
}

void account_settle(struct account *account)
{
	while (account != nullptr && !account->open) {
		struct account *parent = account->parent;
		bool has_given = give_back(account);

		if (!is_held(account))
			release(account);
		else if (!has_given)
			return;
		account = parent;
	}
}

void account_put(struct account *account)
{
	require(account->references != 0);
	account->references--;
	account_settle(account);
}

void account_close(struct account *account)
{
	if (!account->open)
		return;
	account->open = false;
	for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
		account->limit[r] = 0;
	account_settle(account);
}

uint64_t account_own_use(const struct account *account, enum account_resource resource)
{
	return account->used[resource] - account->split[resource];
}

const struct account *account_next(const struct account *root, const struct account *account)
{
	if (!list_is_empty(&account->children))
		return owner_of(account->children.next);
	while (account != root) {
		const struct account *parent = account->parent;

		if (account->sibling.next != &parent->children)
			return owner_of(account->sibling.next);
		account = parent;
	}
	return nullptr;
}

struct account_sum account_sum(const struct account *root)
{
	struct account_sum sum = { 0 };

	for (const struct account *a = root; a != nullptr; a = account_next(root, a)) {
		for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
			sum.own_use[r] += account_own_use(a, (enum account_resource)r);
		sum.accounts++;
	}
	return sum;
}

static bool check_resource(const struct account *account, uint32_t resource)
{
	uint64_t granted = 0;

	for (struct list_link *l = account->children.next; l != &account->children; l = l->next)
		if (ckd_add(&granted, granted, owner_of(l)->granted[resource]))
			return false;
	if (granted != account->split[resource] || granted > account->used[resource] ||
	    account->used[resource] > account->granted[resource])
		return false;
	if (!account->open)
		return account->limit[resource] == 0 &&
		       account->granted[resource] == account->used[resource];
	return account->limit[resource] == account->granted[resource];
}

static bool check_links(const struct account *account)
{
	for (struct list_link *l = account->children.next; l != &account->children; l = l->next)
		if (owner_of(l)->parent != account || l->next->prev != l)
			return false;
	return true;
}

bool account_check(const struct account *root)
{
	for (const struct account *a = root; a != nullptr; a = account_next(root, a)) {
		if (!check_links(a) || (!a->open && !is_held(a)))
			return false;
		for (uint32_t r = 0; r < ACCOUNT_RESOURCES; r++)
			if (!check_resource(a, r))
				return false;
	}
	return true;
}
