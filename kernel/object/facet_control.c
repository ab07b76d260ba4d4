// SPDX-License-Identifier: MIT
/* FacetControl's methods.  Interface: schema/endpoint.capnp; facets: kernel/core/facet. */
#include "kernel/core/call.h"
#include "kernel/core/facet.h"
#include "schema/endpoint.capnp.h"

static enum status revoke(struct call *call)
{
	struct facet *facet = facet_of_control(call->target);

	if (facet->state != FACET_STATE_LIVE)
		return STATUS_REVOKED;
	facet_end(facet, FACET_STATE_REVOKED);
	return STATUS_OK;
}

static void status(struct object *target, void *to)
{
	struct facet_control_status_results_builder results;
	struct message_builder message;

	message_builder_init(&message, to, FACET_CONTROL_STATUS_RESULTS_MESSAGE_BYTES);
	results = facet_control_status_results_init_root(&message);
	facet_control_status_results_set_state(results,
					       facet_state_now(facet_of_control(target)));
}

static const struct method methods[] = {
	[FACET_CONTROL_REVOKE_METHOD] = { .max_param_bytes = 64, .handler = revoke },
	[FACET_CONTROL_STATUS_METHOD] = { .max_param_bytes = 64,
					  .result_bytes =
						  FACET_CONTROL_STATUS_RESULTS_MESSAGE_BYTES,
					  .tell = status },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == FACET_CONTROL_METHOD_COUNT);

const struct object_type facet_control_type = {
	.interface_id = FACET_CONTROL_INTERFACE_ID,
	.methods = methods,
	.method_count = FACET_CONTROL_METHOD_COUNT,
	.destroy = facet_control_destroy,
};
