// SPDX-License-Identifier: MIT
/* Facets.  See facet.h for the model. */
#include "kernel/core/facet.h"

#include "kernel/core/cpu.h"
#include "kernel/core/endpoint.h"
#include "kernel/core/ipc.h"
#include "kernel/core/mapping.h"
#include "kernel/core/operation.h"
#include "kernel/core/schedule.h"
#include "kernel/core/supply.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"

/* What one step of a sweep ends, or passes on to. */
constexpr uint32_t SWEEP_STEP = 16;

static bool sweep_step(struct work *work);

/* Storage with both objects, in no list. */
static enum status make(const struct facet_request *request, struct facet **out_facet)
{
	struct facet *facet;
	void *storage;
	enum status status = account_charge(request->account, ACCOUNT_FACETS, 1);

	if (status != STATUS_OK)
		return status;
	status = supply_object(request->account, SUPPLY_FACET, &storage);
	if (status != STATUS_OK) {
		account_refund(request->account, ACCOUNT_FACETS, 1);
		return status;
	}
	facet = storage;
	object_init(&facet->object, &facet_type);
	object_init(&facet->control, &facet_control_type);
	list_init(&facet->children);
	list_init(&facet->sibling);
	list_init(&facet->pending);
	list_init(&facet->mappings);
	list_init(&facet->dropped);
	work_init(&facet->sweep, sweep_step);
	facet->account = request->account;
	account_get(request->account);
	facet->maker = request->maker;
	facet->interface_id = request->interface_id;
	facet->scope = request->scope;
	facet->state = FACET_STATE_LIVE;
	*out_facet = facet;
	return STATUS_OK;
}

enum status facet_of_endpoint(struct endpoint *endpoint, const struct facet_request *request,
			      struct facet **out_facet)
{
	enum status status = make(request, out_facet);

	if (status == STATUS_OK)
		(*out_facet)->endpoint = endpoint_get(endpoint);
	return status;
}

/* Make child lead where parent does. */
static void descend(struct facet *child, struct facet *parent)
{
	child->parent = facet_of(object_get(&parent->object));
	list_append(&parent->children, &child->sibling);
	if (parent->endpoint != nullptr)
		child->endpoint = endpoint_get(parent->endpoint);
	else
		child->target = object_get(parent->target);
	child->interface_id = parent->interface_id;
	child->cookie = parent->cookie;
	child->session = parent->session;
	child->depth = parent->depth + 1;
}

static enum status derive_from_facet(struct facet *parent, const struct facet_request *request,
				     struct facet **out_facet)
{
	enum status status = facet_status(parent);

	if (status == STATUS_OK && parent->endpoint != nullptr && parent->endpoint->closed)
		status = STATUS_DISCONNECTED;
	if (status == STATUS_OK && parent->depth + 1 >= MAX_FACET_DEPTH)
		status = STATUS_FACET_TOO_DEEP;
	if (status == STATUS_OK)
		status = make(request, out_facet);
	if (status == STATUS_OK)
		descend(*out_facet, parent);
	return status;
}

enum status facet_derive(struct object *object, const struct facet_request *request,
			 struct facet **out_facet)
{
	enum status status;

	if (object_is_facet(object))
		return derive_from_facet(facet_of(object), request, out_facet);
	if (object_is(object, &endpoint_type))
		return STATUS_WRONG_INTERFACE;
	status = make(request, out_facet);
	if (status != STATUS_OK)
		return status;
	(*out_facet)->target = object_get(object);
	(*out_facet)->interface_id = object->type->interface_id;
	return STATUS_OK;
}

/* The first facet that is not live, from this one upwards; nullptr if all are. */
static const struct facet *dead_one(const struct facet *facet)
{
	while (facet != nullptr && facet->state == FACET_STATE_LIVE)
		facet = facet->parent;
	return facet;
}

/* Of the service object that closed: whether its cookie's index is another's by now. */
static enum status closed_status(const struct facet *facet)
{
	struct cap_id cookie = { facet->cookie };

	return cap_table_is_reused(&facet->endpoint->objects, cookie) ? STATUS_OBJECT_STALE
								      : STATUS_OBJECT_CLOSED;
}

enum status facet_ended_status(const struct facet *facet)
{
	const struct facet *dead = dead_one(facet);

	if (dead == nullptr)
		return STATUS_OK;
	return dead->state == FACET_STATE_CLOSED ? closed_status(facet) : STATUS_REVOKED;
}

enum status facet_status(const struct facet *facet)
{
	if (facet->state == FACET_STATE_LIVE && hal_cpu()->sweeps == 0)
		return STATUS_OK;
	return facet_ended_status(facet);
}

enum facet_state facet_state_now(const struct facet *facet)
{
	const struct facet *dead;

	if (facet->is_ended || facet->object.references == 0)
		return FACET_STATE_DROPPED;
	dead = dead_one(facet);
	if (dead != nullptr)
		return dead->state;
	if (facet->endpoint != nullptr && facet->endpoint->closed)
		return FACET_STATE_DISCONNECTED;
	return FACET_STATE_LIVE;
}

/* Begin the sweep of a facet that is live. */
static void begin_sweep(struct facet *facet, enum facet_state state)
{
	facet->state = state;
	object_get(&facet->object);
	hal_cpu()->sweeps++;
	schedule_work(&facet->sweep);
}

void facet_end(struct facet *facet, enum facet_state state)
{
	require(facet->state == FACET_STATE_LIVE);
	/* Nobody holds it: nothing is pending through it, and it is destroyed once only. */
	if (facet->object.references == 0)
		facet->state = state;
	else
		begin_sweep(facet, state);
}

void facet_discard(struct facet *facet)
{
	if (facet->cookie != 0 && facet->parent == nullptr) {
		endpoint_remove(facet->endpoint, facet->cookie);
		facet->cookie = 0;
	}
	object_put(&facet->control);
	object_put(&facet->object);
}

void facet_close(struct facet *facet)
{
	if (!list_is_empty(&facet->dropped)) {
		facet_forget(facet);
		return;
	}
	endpoint_remove(facet->endpoint, facet->cookie);
	if (facet->state == FACET_STATE_LIVE)
		begin_sweep(facet, FACET_STATE_CLOSED);
	else
		facet->state = FACET_STATE_CLOSED;
}

static void end_first_pending(struct facet *facet)
{
	struct operation *op = LIST_OWNER(facet->pending.next, struct operation, facet_link);

	operation_finish(op, facet_ended_status(facet), COMPLETION_KIND_REVOKED, nullptr);
}

/* Nothing derives from a dead facet, so its children need not be in its list. */
static void end_first_child(struct facet *facet)
{
	struct facet *child = LIST_OWNER(facet->children.next, struct facet, sibling);

	list_remove(&child->sibling);
	if (child->state == FACET_STATE_LIVE)
		begin_sweep(child, facet->state);
}

/* Nothing leads through it any more: whoever keeps it does not keep what was behind it. */
static void end_sweep(struct facet *facet)
{
	struct object *target = facet->target;

	hal_cpu()->sweeps--;
	facet->target = nullptr;
	if (target != nullptr)
		object_put(target);
	object_put(&facet->object);
}

static bool sweep_step(struct work *work)
{
	struct facet *facet = LIST_OWNER(work, struct facet, sweep);

	/* One is enough: it may be long. */
	if (!list_is_empty(&facet->mappings)) {
		mapping_end_revoked(facet->mappings.next);
		return true;
	}
	for (uint32_t i = 0; i < SWEEP_STEP; i++) {
		if (!list_is_empty(&facet->pending)) {
			end_first_pending(facet);
		} else if (!list_is_empty(&facet->children)) {
			end_first_child(facet);
		} else {
			end_sweep(facet);
			return false;
		}
	}
	return true;
}

/* Both objects have gone: so does the storage. */
static void free_storage(struct facet *facet)
{
	struct account *account = facet->account;

	supply_return_object(account, SUPPLY_FACET, facet);
	account_refund(account, ACCOUNT_FACETS, 1);
	account_put(account);
}

/* Nobody holds it, and its endpoint knows or need not know: give up where it led. */
static void end(struct facet *facet)
{
	struct facet *parent = facet->parent;
	struct endpoint *endpoint = facet->endpoint;
	struct object *target = facet->target;

	list_remove(&facet->sibling);
	facet->is_ended = true;
	facet->parent = nullptr;
	facet->endpoint = nullptr;
	facet->target = nullptr;
	if (facet->control.references == 0)
		free_storage(facet);
	if (endpoint != nullptr)
		endpoint_put(endpoint);
	if (target != nullptr)
		object_put(target);
	if (parent != nullptr)
		object_put(&parent->object);
}

void facet_forget(struct facet *facet)
{
	list_remove(&facet->dropped);
	endpoint_remove(facet->endpoint, facet->cookie);
	end(facet);
}

/* Whether the endpoint's owner is to hear that nobody can call it any more. */
static bool is_news(const struct facet *facet)
{
	return facet->cookie != 0 && facet->parent == nullptr &&
	       facet->state != FACET_STATE_CLOSED && !facet->endpoint->closed;
}

static void destroy(struct object *object)
{
	struct facet *facet = facet_of(object);

	require(list_is_empty(&facet->pending) && list_is_empty(&facet->children) &&
		list_is_empty(&facet->mappings));
	if (is_news(facet)) {
		list_append(&facet->endpoint->dropped, &facet->dropped);
		ipc_match(facet->endpoint);
		return;
	}
	if (facet->cookie != 0 && facet->parent == nullptr &&
	    facet->state != FACET_STATE_CLOSED)
		endpoint_remove(facet->endpoint, facet->cookie);
	end(facet);
}

void facet_control_destroy(struct object *control)
{
	struct facet *facet = facet_of_control(control);

	if (facet->is_ended)
		free_storage(facet);
}

/* No methods: a call goes where the facet leads. */
const struct object_type facet_type = { .destroy = destroy };
