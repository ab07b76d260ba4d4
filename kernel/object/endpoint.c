// SPDX-License-Identifier: MIT
/* Endpoint's methods.  Interface: schema/endpoint.capnp; endpoints: kernel/core/endpoint. */
#include "kernel/core/endpoint.h"

#include "kernel/core/call.h"
#include "kernel/core/facet.h"
#include "kernel/core/operation.h"
#include "kernel/core/process.h"
#include "schema/endpoint.capnp.h"

constexpr uint32_t PARAM_BYTES = 64;

/* A facet of the endpoint, as the parameters ask for. */
static enum status make(struct call *call, uint64_t interface_id, enum transfer_scope scope,
			struct facet **out_facet)
{
	struct endpoint *endpoint = endpoint_of(call->target);
	struct facet_request request = { .account = call_process(call)->account,
					 .maker = call_process(call)->number,
					 .interface_id = interface_id,
					 .scope = scope };

	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (interface_id == 0 || scope > TRANSFER_SCOPE_SERVICE_REGRANT_ONLY)
		return STATUS_INVALID_ARGUMENT;
	if (endpoint->closed)
		return STATUS_DISCONNECTED;
	return facet_of_endpoint(endpoint, &request, out_facet);
}

static void give(struct call *call, struct facet *facet)
{
	call->result_caps[ENDPOINT_CLIENT_RESULTS_FACET_CAP] = &facet->object;
	call->result_caps[ENDPOINT_CLIENT_RESULTS_CONTROL_CAP] = &facet->control;
}

static enum status client(struct call *call)
{
	struct endpoint_client_params_reader params;
	struct endpoint_client_results_builder results;
	struct facet *facet;
	enum status status;

	if (!endpoint_client_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	status = make(call, endpoint_client_params_get_interface_id(params),
		      endpoint_client_params_get_scope(params), &facet);
	if (status != STATUS_OK)
		return status;
	results = endpoint_client_results_init_root(&call->results);
	endpoint_client_results_set_facet(results, ENDPOINT_CLIENT_RESULTS_FACET_CAP);
	endpoint_client_results_set_control(results, ENDPOINT_CLIENT_RESULTS_CONTROL_CAP);
	give(call, facet);
	return STATUS_OK;
}

static enum status mint(struct call *call)
{
	struct endpoint_mint_params_reader params;
	struct endpoint_mint_results_builder results;
	struct facet *facet;
	enum status status;

	if (!endpoint_mint_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	status = make(call, endpoint_mint_params_get_interface_id(params),
		      endpoint_mint_params_get_scope(params), &facet);
	if (status != STATUS_OK)
		return status;
	status = endpoint_enrol(endpoint_of(call->target), facet);
	if (status != STATUS_OK) {
		facet_discard(facet);
		return status;
	}
	results = endpoint_mint_results_init_root(&call->results);
	endpoint_mint_results_set_facet(results, ENDPOINT_MINT_RESULTS_FACET_CAP);
	endpoint_mint_results_set_control(results, ENDPOINT_MINT_RESULTS_CONTROL_CAP);
	endpoint_mint_results_set_cookie(results, facet->cookie);
	give(call, facet);
	return STATUS_OK;
}

static enum status close_object(struct call *call)
{
	struct endpoint *endpoint = endpoint_of(call->target);
	struct endpoint_close_object_params_reader params;
	struct facet *facet;
	enum status status;

	if (!endpoint_close_object_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	status = endpoint_find(endpoint, endpoint_close_object_params_get_cookie(params),
			       &facet);
	if (status == STATUS_OK)
		facet_close(facet);
	return status;
}

static enum status revoke(struct call *call)
{
	struct endpoint_revoke_params_reader params;
	struct object *object;
	struct facet *facet;

	if (!endpoint_revoke_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	object = call_transfer(call, endpoint_revoke_params_get_facet(params));
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (object == nullptr || !object_is_facet(object) ||
	    facet_of(object)->endpoint != endpoint_of(call->target))
		return STATUS_WRONG_INTERFACE;
	facet = facet_of(object);
	if (facet->state != FACET_STATE_LIVE)
		return STATUS_REVOKED;
	facet_end(facet, FACET_STATE_REVOKED);
	return STATUS_OK;
}

static enum status close(struct call *call)
{
	endpoint_close(endpoint_of(call->target));
	return STATUS_OK;
}

static uint32_t count_links(const struct list_link *list)
{
	uint32_t count = 0;

	for (const struct list_link *l = list->next; l != list; l = l->next)
		count++;
	return count;
}

static enum status info(struct call *call)
{
	struct endpoint *endpoint = endpoint_of(call->target);
	struct endpoint_info_results_builder results =
		endpoint_info_results_init_root(&call->results);
	struct endpoint_limits_builder limits = endpoint_info_results_init_limits(results);
	uint32_t receives = count_links(&endpoint->receives);

	endpoint_limits_set_max_message_bytes(limits, endpoint->max_message_bytes);
	endpoint_limits_set_max_caps(limits, endpoint->max_caps);
	endpoint_limits_set_max_open_calls(limits, endpoint->max_open_calls);
	endpoint_info_results_set_queued_calls(results, endpoint->queued_count);
	endpoint_info_results_set_open_calls(results, endpoint->open_count - receives);
	endpoint_info_results_set_receives(results, receives);
	endpoint_info_results_set_objects(results, endpoint->objects.used_count);
	endpoint_info_results_set_closed(results, endpoint->closed);
	return STATUS_OK;
}

constexpr uint32_t FACET_RECORDS = 2 * sizeof(struct ring_transfer_result);

static const struct method methods[] = {
	[ENDPOINT_CLIENT_METHOD] = { .max_param_bytes = PARAM_BYTES,
				     .result_caps = 2,
				     .result_bytes = ENDPOINT_CLIENT_RESULTS_MESSAGE_BYTES +
						     FACET_RECORDS,
				     .handler = client },
	[ENDPOINT_MINT_METHOD] = { .max_param_bytes = PARAM_BYTES,
				   .result_caps = 2,
				   .result_bytes =
					   ENDPOINT_MINT_RESULTS_MESSAGE_BYTES + FACET_RECORDS,
				   .handler = mint },
	[ENDPOINT_CLOSE_OBJECT_METHOD] = { .max_param_bytes = PARAM_BYTES,
					   .handler = close_object },
	[ENDPOINT_REVOKE_METHOD] = { .max_param_bytes = PARAM_BYTES,
				     .max_transfers = 1,
				     .handler = revoke },
	[ENDPOINT_CLOSE_METHOD] = { .max_param_bytes = PARAM_BYTES, .handler = close },
	[ENDPOINT_INFO_METHOD] = { .max_param_bytes = PARAM_BYTES, .handler = info },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == ENDPOINT_METHOD_COUNT);

const struct object_type endpoint_type = {
	.interface_id = ENDPOINT_INTERFACE_ID,
	.methods = methods,
	.method_count = ENDPOINT_METHOD_COUNT,
	.destroy = endpoint_owner_destroy,
};
