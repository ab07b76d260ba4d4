// SPDX-License-Identifier: MIT
/* Grants.  See grant.h for the model. */
#include "kernel/core/grant.h"

#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "kernel/core/process.h"
#include "kernel/core/transfer.h"

static bool makes_facet(const struct grant_request *request)
{
	return request->mode == CAP_GRANT_MODE_CLIENT_ENDPOINT ||
	       request->mode == CAP_GRANT_MODE_SERVICE_OBJECT;
}

static bool is_owner(const struct object *object)
{
	return object_is(object, &endpoint_type);
}

/* Whether it is a facet that leads to an endpoint. */
static bool is_client(struct object *object)
{
	return object_is_facet(object) && facet_of(object)->endpoint != nullptr;
}

/* A capability is taken as what it is; but whoever owns an endpoint says what its facets are.
 */
static enum status check_interface(const struct grant_request *request)
{
	struct object *object = request->object;

	if (makes_facet(request) && is_owner(object))
		return request->interface_id != 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT;
	if (request->interface_id == 0)
		return STATUS_OK;
	if (!is_owner(object) && !is_client(object))
		return STATUS_WRONG_INTERFACE;
	return request->interface_id == object_interface(object) ? STATUS_OK
								 : STATUS_RELABEL_REFUSED;
}

static enum status check_mode(const struct grant_request *request)
{
	struct object *object = request->object;

	if (!makes_facet(request)) {
		if (request->scope != TRANSFER_SCOPE_SAME_SESSION)
			return STATUS_INVALID_ARGUMENT;
		return request->mode == CAP_GRANT_MODE_COPY && is_owner(object)
			       ? STATUS_TRANSFER_MODE
			       : STATUS_OK;
	}
	if (!is_owner(object) && !is_client(object))
		return STATUS_WRONG_INTERFACE;
	if (request->mode == CAP_GRANT_MODE_SERVICE_OBJECT && !is_owner(object))
		return STATUS_RELABEL_REFUSED;
	return STATUS_OK;
}

enum status grant_check(const struct grant_request *request)
{
	enum status status;

	if (request->mode > CAP_GRANT_MODE_SERVICE_OBJECT)
		return STATUS_TRANSFER_MODE;
	if (request->scope > TRANSFER_SCOPE_SERVICE_REGRANT_ONLY)
		return STATUS_INVALID_ARGUMENT;
	if (request->has_badge)
		return STATUS_RELABEL_REFUSED;
	status = check_mode(request);
	return status == STATUS_OK ? check_interface(request) : status;
}

static enum status make_facet(const struct grant_request *request,
			      const struct facet_request *what, struct facet **out_facet)
{
	struct endpoint *endpoint;
	enum status status;

	if (!is_owner(request->object))
		return facet_derive(request->object, what, out_facet);
	endpoint = endpoint_of(request->object);
	if (endpoint->closed)
		return STATUS_DISCONNECTED;
	status = facet_of_endpoint(endpoint, what, out_facet);
	if (status != STATUS_OK || request->mode != CAP_GRANT_MODE_SERVICE_OBJECT)
		return status;
	status = endpoint_enrol(endpoint, *out_facet);
	if (status != STATUS_OK)
		facet_discard(*out_facet);
	return status;
}

static enum status take_facet(struct process *spawner, const struct grant_request *request,
			      struct spawn_grant *out_grant)
{
	struct facet_request what = { .account = spawner->account,
				      .maker = spawner->number,
				      .interface_id = request->interface_id,
				      .scope = (enum transfer_scope)request->scope };
	struct facet *facet;
	enum status status = make_facet(request, &what, &facet);

	if (status != STATUS_OK)
		return status;
	out_grant->facet = facet;
	out_grant->object = &facet->object;
	return STATUS_OK;
}

enum status grant_take(struct process *spawner, const struct grant_request *request,
		       struct spawn_grant *out_grant)
{
	out_grant->object = request->object;
	out_grant->facet = nullptr;
	out_grant->is_move = false;
	if (cap_table_is_locked(&spawner->table, request->id))
		return STATUS_CAPABILITY_MOVING;
	if (makes_facet(request))
		return take_facet(spawner, request, out_grant);
	if (request->mode == CAP_GRANT_MODE_MOVE) {
		(void)!cap_table_lock(&spawner->table, request->id, &out_grant->slot);
		out_grant->is_move = true;
	}
	return STATUS_OK;
}

struct cap_id grant_give(const struct spawn_grant *grant, struct process *spawner,
			 struct process *process)
{
	struct object *object = grant->object;
	struct cap_id id;

	if (grant->is_move)
		transfer_empty_slot(spawner, grant->slot);
	else if (grant->facet == nullptr)
		object_get(object);
	id = process_insert_reserved(process, object);
	if (spawner != nullptr)
		transfer_arrived(object, spawner, process);
	/* Nobody is given the control. */
	if (grant->facet != nullptr)
		object_put(&grant->facet->control);
	return id;
}

void grant_drop(const struct spawn_grant *grant, struct process *spawner)
{
	if (grant->is_move)
		cap_table_unlock(&spawner->table, grant->slot, grant->object);
	else if (grant->facet != nullptr)
		facet_discard(grant->facet);
}
