// SPDX-License-Identifier: MIT
/* Endpoints that a service serves.  See server.h. */
#include "lib/list.h"
#include "user/rt/capset.h"
#include "user/rt/objects.h"
#include "user/rt/receive.h"
#include "user/rt/server.h"

#include "schema/account.client.h"
#include "schema/endpoint.client.h"

constexpr uint32_t DEFAULT_BYTES = 256;

static uint32_t or_default(uint32_t value)
{
	return ((value == 0 ? DEFAULT_BYTES : value) + 7) & ~7U;
}

/* Make the endpoint that an endpoint's options describe. */
static enum status create_endpoint(struct capos_endpoint_options *options)
{
	struct account_create_endpoint_params_builder params;
	struct account_create_endpoint_results_reader results;
	struct endpoint_limits_builder limits;
	struct account_client account;
	struct capos_call call;
	enum status status = capos_find("account", ACCOUNT_INTERFACE_ID, &account.id);

	if (status == STATUS_OK)
		status = account_create_endpoint_begin(&call, account,
						       (struct capos_call_size){}, &params);
	if (status != STATUS_OK)
		return status;
	limits = account_create_endpoint_params_init_limits(params);
	endpoint_limits_set_max_message_bytes(limits, or_default(options->max_message_bytes));
	endpoint_limits_set_max_caps(limits, options->max_caps);
	endpoint_limits_set_max_open_calls(limits, options->max_open_calls);
	status = account_create_endpoint_wait(&call, &results);
	if (status == STATUS_OK)
		options->endpoint = capos_call_take_capability(
			&call, ACCOUNT_CREATE_ENDPOINT_RESULTS_ENDPOINT_CAP,
			ENDPOINT_INTERFACE_ID);
	capos_call_end(&call);
	return status;
}

/* The receives of a new endpoint, one at least. */
static enum status begin_receives(struct capos_endpoint *endpoint, uint32_t wanted)
{
	endpoint->wanted = wanted;
	capos_receive_replenish(endpoint);
	if (endpoint->receiving == 0)
		return capos_client.free_tags == 0 ? STATUS_TAG_BUSY : STATUS_OUT_OF_MEMORY;
	/* What there is no room for from the start is not waited for. */
	endpoint->wanted = endpoint->receiving;
	return STATUS_OK;
}

enum status capos_endpoint_serve(struct capos_endpoint *endpoint,
				 const struct capos_endpoint_options *options)
{
	uint32_t wanted = options->receives == 0 ? 1 : options->receives;
	uint32_t message_bytes = or_default(options->max_message_bytes);
	uint32_t result_bytes = or_default(options->result_bytes);
	enum status status;

	if (message_bytes > MAX_MESSAGE_BYTES || result_bytes > MAX_MESSAGE_BYTES ||
	    options->max_caps > MAX_TRANSFERS)
		return STATUS_MESSAGE_TOO_LARGE;
	if (capos_loop.promised == CAPOS_RECEIVES_MAX)
		return STATUS_WAIT_SLOTS_FULL;
	if (wanted > CAPOS_RECEIVES_MAX - capos_loop.promised)
		wanted = CAPOS_RECEIVES_MAX - capos_loop.promised;
	(void)capos_client_init();
	capos_client.receive_done = capos_loop_queue;
	*endpoint = (struct capos_endpoint){
		.options = *options,
		.receive_bytes =
			(uint32_t)sizeof(struct ring_call_header) + message_bytes +
			options->max_caps * (uint32_t)sizeof(struct ring_transfer_result),
		.result_bytes = result_bytes,
	};
	list_init(&endpoint->calls);
	if (options->endpoint == 0) {
		status = create_endpoint(&endpoint->options);
		if (status != STATUS_OK)
			return status;
	}
	if (options->objects != nullptr && options->objects->endpoint == 0)
		capos_object_table_init(options->objects, endpoint->options.endpoint);
	status = begin_receives(endpoint, wanted);
	if (status != STATUS_OK)
		return status;
	capos_loop.promised += endpoint->wanted;
	endpoint->next = capos_loop.endpoints;
	capos_loop.endpoints = endpoint;
	return STATUS_OK;
}

enum status capos_endpoint_client(struct capos_endpoint *endpoint, uint64_t *out_facet)
{
	struct endpoint_client owner = { endpoint->options.endpoint };
	struct facet_control_client control = {};
	enum status status = endpoint_client(owner, endpoint->options.service.interface_id,
					     endpoint->options.scope, out_facet, &control);

	/* The owner can revoke by itself. */
	if (status == STATUS_OK)
		capos_release(control.id);
	return status;
}

enum status capos_endpoint_status(const struct capos_endpoint *endpoint)
{
	return endpoint->ended;
}

uint32_t capos_endpoint_open_calls(const struct capos_endpoint *endpoint)
{
	return endpoint->open;
}
