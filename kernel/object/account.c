// SPDX-License-Identifier: MIT
/* Account's methods.  Interface: schema/account.capnp; the object: kernel/core/account_object.
 */
#include "kernel/core/account_object.h"
#include "kernel/core/call.h"
#include "kernel/core/limits.h"
#include "schema/account.capnp.h"

static enum status limits(struct call *call)
{
	const struct account *account = account_of_object(call->target);
	struct account_limits_results_builder results =
		account_limits_results_init_root(&call->results);

	limits_write(account->limit, account_limits_results_init_limits(results));
	account_limits_results_set_open(results, account->open);
	return STATUS_OK;
}

static enum status usage(struct call *call)
{
	const struct account *account = account_of_object(call->target);
	struct account_usage_results_builder results =
		account_usage_results_init_root(&call->results);

	limits_write(account->used, account_usage_results_init_used(results));
	limits_write(account->split, account_usage_results_init_split(results));
	return STATUS_OK;
}

static enum status split(struct call *call)
{
	struct account_split_params_reader params;
	struct account_split_results_builder results;
	struct account_limits amounts;
	struct account *account;
	enum status status;

	if (!account_split_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	amounts = limits_read(account_split_params_get_limits(params));
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	status = account_create(account_of_object(call->target), amounts, &account);
	if (status != STATUS_OK)
		return status;
	results = account_split_results_init_root(&call->results);
	account_split_results_set_account(results, ACCOUNT_SPLIT_RESULTS_ACCOUNT_CAP);
	call->result_cap = &account->object;
	return STATUS_OK;
}

static enum status close(struct call *call)
{
	account_close(account_of_object(call->target));
	return STATUS_OK;
}

static const struct method methods[] = {
	[ACCOUNT_LIMITS_METHOD] = { .max_param_bytes = 64, .handler = limits },
	[ACCOUNT_USAGE_METHOD] = { .max_param_bytes = 64, .handler = usage },
	[ACCOUNT_SPLIT_METHOD] = { .max_param_bytes = 128,
				   .result_caps = 1,
				   .result_bytes = ACCOUNT_SPLIT_RESULTS_MESSAGE_BYTES +
						   sizeof(struct ring_transfer_result),
				   .handler = split },
	[ACCOUNT_CLOSE_METHOD] = { .max_param_bytes = 64, .handler = close },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == ACCOUNT_METHOD_COUNT);

const struct object_type account_type = {
	.interface_id = ACCOUNT_INTERFACE_ID,
	.methods = methods,
	.method_count = ACCOUNT_METHOD_COUNT,
	.destroy = account_object_destroy,
};
