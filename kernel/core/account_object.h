// SPDX-License-Identifier: MIT
#pragma once
/*
 * Account as an object: one that capabilities name (interface: schema/account.capnp).
 *
 * References: a process holds one to its own account, capabilities hold the others.  Together
 * they hold one reference of struct account.  When the last of them goes nobody can charge any
 * more, so the account is closed; whatever is charged to it keeps it as a debtor.
 *
 * The structure is paid by the account that it was split from, until the account is released.
 * Methods: kernel/object/account.c.
 */
#include "kernel/core/account.h"

extern const struct object_type account_type;

static inline struct account *account_of_object(struct object *object)
{
	return LIST_OWNER(object, struct account, object);
}

/*
 * Split an account from parent; the caller gets the one reference to its object.  Statuses:
 * those of account_split(), STATUS_OUT_OF_MEMORY for the structure.
 */
[[nodiscard]] enum status account_create(struct account *parent, struct account_limits limits,
					 struct account **out_account);

/* The type's destroy function. */
void account_object_destroy(struct object *object);
