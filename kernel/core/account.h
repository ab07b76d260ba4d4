// SPDX-License-Identifier: MIT
#pragma once
/*
 * Accounts: who pays for what.
 *
 * Everything that the kernel allocates is charged to an account before it is made and refunded
 * when it is gone; used never exceeds limit, for each resource.  Accounts form a tree:
 * splitting one deducts the child's limits from the parent as used, so the limits of all the
 * children and what the parent uses itself never exceed the parent's limit, and the root's
 * limit bounds it all.  The tree is at most MAX_ACCOUNT_DEPTH deep: as far may a refund to a
 * closed account, or an end, have to walk.
 *
 * Life: account_init_root() or account_split() opens it; account_close() ends all charging and
 * gives everything that is not in use back to the parent.  It lingers as a debtor, and gives
 * back what is refunded, until the last thing charged to it is refunded, its last child is gone
 * and the last reference to it is put.  Then its release hook is called, which may free the
 * storage.
 *
 * An account that programs can name is an object (account_object.h).
 *
 * Runs on one CPU with interrupts off: no lock.
 */
#include "kernel/core/object.h"
#include "lib/list.h"
#include "lib/require.h"
#include "schema/account.capnp.h"
#include "schema/status.capnp.h"

#include <stdckdint.h>
#include <stdint.h>

enum account_resource : uint8_t {
	ACCOUNT_MEMORY = 0,  /* bytes */
	ACCOUNT_SLOTS = 1,   /* capability table slots */
	ACCOUNT_THREADS = 2, /* a thread has one ring */
	ACCOUNT_ENDPOINTS = 3,
	ACCOUNT_FACETS = 4,
	ACCOUNT_OPEN_CALLS = 5,
	ACCOUNT_WAITS = 6, /* operations that may wait at a time; a ring's are prepaid */
};

constexpr uint32_t ACCOUNT_RESOURCES = 7;

/* The status that says that there is no more of a resource, by enum account_resource. */
constexpr enum status ACCOUNT_REFUSAL[ACCOUNT_RESOURCES] = {
	STATUS_OUT_OF_MEMORY,    STATUS_OUT_OF_SLOTS,  STATUS_OUT_OF_THREADS,
	STATUS_OUT_OF_ENDPOINTS, STATUS_OUT_OF_FACETS, STATUS_OUT_OF_OPEN_CALLS,
	STATUS_OUT_OF_WAITS,
};

struct account_limits {
	uint64_t amount[ACCOUNT_RESOURCES]; /* by enum account_resource */
};

struct account;
typedef void account_release(struct account *account);

struct account {
	struct object object;                /* account_object.h; unused otherwise */
	uint64_t limit[ACCOUNT_RESOURCES];   /* all 0 once it is closed */
	uint64_t used[ACCOUNT_RESOURCES];    /* children's grants included */
	uint64_t granted[ACCOUNT_RESOURCES]; /* what is deducted from the parent */
	uint64_t split[ACCOUNT_RESOURCES];   /* all children's `granted` together */
	struct account *parent;              /* nullptr for the root */
	struct list_link children;           /* struct account, by sibling */
	struct list_link sibling;
	account_release *release; /* called last; nullptr = nothing to do */
	uint32_t references;
	uint32_t depth; /* of the root: 0 */
	bool open;
};

/* A root with these limits, open, without references. */
void account_init_root(struct account *root, struct account_limits limits,
		       account_release *release);

/*
 * Open child (storage of the caller's, until release is called) with limits that are deducted
 * from parent.  STATUS_OUT_OF_*: the parent, or a closed parent, cannot give that much of some
 * resource; STATUS_ACCOUNT_TOO_DEEP: the parent is at MAX_ACCOUNT_DEPTH.  Then nothing changed
 * and child is not an account.
 */
[[nodiscard]] enum status account_split(struct account *parent, struct account *child,
					struct account_limits limits, account_release *release);

/* ACCOUNT_REFUSAL of the resource: over the limit, or closed. */
[[nodiscard]] static inline enum status
account_charge(struct account *account, enum account_resource resource, uint64_t amount);

/* Give back what was charged.  May be the end of a closed account, and of its ancestors. */
static inline void account_refund(struct account *account, enum account_resource resource,
				  uint64_t amount);

/* Whoever keeps a pointer to an account that may be closed meanwhile holds a reference. */
static inline void account_get(struct account *account)
{
	account->references++;
}

void account_put(struct account *account);

/* End all charging; may be the end of the account.  Closing twice does nothing. */
void account_close(struct account *account);

/* Used by the account itself: without what it granted to children. */
uint64_t account_own_use(const struct account *account, enum account_resource resource);

/*
 * Walk of a tree, parents before children: start with the root, nullptr ends it.  For audits;
 * the tree must not change meanwhile.
 */
const struct account *account_next(const struct account *root, const struct account *account);

/* The own use of all accounts of the tree, and how many they are. */
struct account_sum {
	uint64_t own_use[ACCOUNT_RESOURCES];
	uint32_t accounts;
};

struct account_sum account_sum(const struct account *root);

/* The whole tree from root: links, limits and deductions agree.  For tests and audits. */
bool account_check(const struct account *root);

/* Implementation of the inline functions. */

/* Give back what a closed account does not use, release it if nothing holds it any more, then
 * the same with its parent, and so on. */
void account_settle(struct account *account);

static inline enum status account_charge(struct account *account,
					 enum account_resource resource, uint64_t amount)
{
	uint64_t total;

	if (ckd_add(&total, account->used[resource], amount) ||
	    total > account->limit[resource])
		return ACCOUNT_REFUSAL[resource];
	account->used[resource] = total;
	return STATUS_OK;
}

static inline void account_refund(struct account *account, enum account_resource resource,
				  uint64_t amount)
{
	require(amount <= account->used[resource]);
	account->used[resource] -= amount;
	if (!account->open)
		account_settle(account);
}
