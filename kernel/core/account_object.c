// SPDX-License-Identifier: MIT
/* Accounts as objects.  See account_object.h for the model. */
#include "kernel/core/account_object.h"

#include "kernel/core/supply.h"

static void account_released(struct account *account)
{
	supply_return_object(account->parent, SUPPLY_ACCOUNT, account);
}

enum status account_create(struct account *parent, struct account_limits limits,
			   struct account **out_account)
{
	struct account *account;
	void *storage;
	enum status status = supply_object(parent, SUPPLY_ACCOUNT, &storage);

	if (status != STATUS_OK)
		return status;
	account = storage;
	status = account_split(parent, account, limits, account_released);
	if (status != STATUS_OK) {
		supply_return_object(parent, SUPPLY_ACCOUNT, account);
		return status;
	}
	object_init(&account->object, &account_type);
	account_get(account);
	*out_account = account;
	return STATUS_OK;
}

void account_object_destroy(struct object *object)
{
	struct account *account = account_of_object(object);

	account_close(account);
	account_put(account);
}
