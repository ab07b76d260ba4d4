// SPDX-License-Identifier: MIT
/* Account's methods.  Interface: schema/account.capnp; the object: kernel/core/account_object.
 */
#include "kernel/core/account_object.h"
#include "kernel/core/call.h"
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "kernel/core/limits.h"
#include "kernel/core/process.h"
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
	call->result_caps[0] = &account->object;
	return STATUS_OK;
}

static enum status close(struct call *call)
{
	account_close(account_of_object(call->target));
	return STATUS_OK;
}

static enum status create_endpoint(struct call *call)
{
	struct account_create_endpoint_params_reader params;
	struct account_create_endpoint_results_builder results;
	struct endpoint_limits_reader asked;
	struct endpoint_limits limits;
	struct endpoint *endpoint;
	enum status status;

	if (!account_create_endpoint_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	asked = account_create_endpoint_params_get_limits(params);
	limits = (struct endpoint_limits){
		.max_message_bytes = endpoint_limits_get_max_message_bytes(asked),
		.max_open_calls = endpoint_limits_get_max_open_calls(asked),
		.max_caps = endpoint_limits_get_max_caps(asked),
	};
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	status = endpoint_create(account_of_object(call->target), call_process(call)->number,
				 limits, &endpoint);
	if (status != STATUS_OK)
		return status;
	results = account_create_endpoint_results_init_root(&call->results);
	account_create_endpoint_results_set_endpoint(
		results, ACCOUNT_CREATE_ENDPOINT_RESULTS_ENDPOINT_CAP);
	call->result_caps[0] = &endpoint->owner;
	return STATUS_OK;
}

/* What derive's parameters ask for. */
static enum status read_derive(struct call *call, struct facet_request *out_request,
			       struct object **out_object)
{
	struct account_derive_params_reader params;

	if (!account_derive_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	*out_object = call_transfer(call, account_derive_params_get_capability(params));
	*out_request =
		(struct facet_request){ .account = account_of_object(call->target),
					.maker = call_process(call)->number,
					.scope = account_derive_params_get_scope(params) };
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (out_request->scope > TRANSFER_SCOPE_SERVICE_REGRANT_ONLY)
		return STATUS_INVALID_ARGUMENT;
	return *out_object != nullptr ? STATUS_OK : STATUS_WRONG_INTERFACE;
}

static enum status derive(struct call *call)
{
	struct account_derive_results_builder results;
	struct facet_request request;
	struct object *object;
	struct facet *facet;
	enum status status = read_derive(call, &request, &object);

	if (status == STATUS_OK)
		status = facet_derive(object, &request, &facet);
	if (status != STATUS_OK)
		return status;
	results = account_derive_results_init_root(&call->results);
	account_derive_results_set_facet(results, ACCOUNT_DERIVE_RESULTS_FACET_CAP);
	account_derive_results_set_control(results, ACCOUNT_DERIVE_RESULTS_CONTROL_CAP);
	call->result_caps[ACCOUNT_DERIVE_RESULTS_FACET_CAP] = &facet->object;
	call->result_caps[ACCOUNT_DERIVE_RESULTS_CONTROL_CAP] = &facet->control;
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
	[ACCOUNT_CREATE_ENDPOINT_METHOD] = { .max_param_bytes = 64,
					     .result_caps = 1,
					     .result_bytes =
						     ACCOUNT_CREATE_ENDPOINT_RESULTS_MESSAGE_BYTES +
						     sizeof(struct ring_transfer_result),
					     .handler = create_endpoint },
	[ACCOUNT_DERIVE_METHOD] = { .max_param_bytes = 64,
				    .max_transfers = 1,
				    .result_caps = 2,
				    .result_bytes = ACCOUNT_DERIVE_RESULTS_MESSAGE_BYTES +
						    2 * sizeof(struct ring_transfer_result),
				    .handler = derive },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == ACCOUNT_METHOD_COUNT);

const struct object_type account_type = {
	.interface_id = ACCOUNT_INTERFACE_ID,
	.methods = methods,
	.method_count = ACCOUNT_METHOD_COUNT,
	.destroy = account_object_destroy,
};
