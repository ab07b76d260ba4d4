// SPDX-License-Identifier: MIT
#pragma once
/*
 * Facet: a narrower capability, between a table slot and the object it leads to.
 *
 *   slot -> facet -> facet -> ... -> object          at most MAX_FACET_DEPTH facets
 *                (its parent)
 *
 * A facet of an endpoint is what clients call; it carries the interface it stands for and, if
 * it is a service object, the cookie that tells the server which.  A facet of a kernel object
 * is a copy of that object's capability that can be withdrawn.  Copies of a capability share
 * the facet; deriving makes a child with the same cookie and interface.
 *
 * A facet is two objects: what slots hold, and its FacetControl, which revokes it.  The storage
 * lives until both have no reference.  A child holds a reference to its parent, a pending
 * operation one to the facet it was started through.  Paid by whoever made it.
 *
 * Revoking marks the facet and submits a sweep, which ends what is pending through it, and
 * unmaps what was mapped through it, and goes on with its children, in bounded steps; at last
 * it lets go of a kernel object, so that a dead capability keeps nothing alive.  While any
 * sweep is going on a look at a facet walks up its ancestors, so the whole subtree is dead from
 * the first moment; otherwise it is one test.
 *
 * Dropped: when nothing can call a service object any more, the facet itself waits on its
 * endpoint until a receive takes the news; nothing is allocated for that.
 *
 * Mapped: memory that a program mapped through a facet holds it, unless the object was sealed,
 * and is unmapped by the sweep, wherever it is mapped, unless the object is sealed by then.
 */
#include "kernel/core/account.h"
#include "kernel/core/object.h"
#include "kernel/core/work.h"
#include "lib/cap_table.h"
#include "schema/endpoint.capnp.h"

struct cpu;
struct endpoint;
struct session;

struct facet {
	struct object object;
	struct object control;
	struct object *target; /* the kernel object, held until swept; nullptr: an endpoint's */
	struct endpoint *endpoint; /* held; nullptr for a kernel object's */
	struct facet *parent;      /* held; nullptr: derived from the object itself */
	struct list_link children; /* struct facet, by sibling; only live ones */
	struct list_link sibling;
	struct list_link pending;  /* struct operation, by facet_link */
	struct list_link mappings; /* struct mapping of unsealed memory, by facet_link */
	struct list_link dropped;  /* in the endpoint's list */
	struct work sweep;
	struct account *account;       /* a reference is held */
	const struct session *session; /* that it is bound to; nullptr: to none yet */
	uint64_t interface_id;
	uint64_t cookie; /* 0: not a service object */
	uint64_t maker;  /* number of the process that made it */
	enum transfer_scope scope;
	enum facet_state state; /* live, revoked or closed */
	uint8_t depth;          /* facets between this one and the object */
	bool is_ended;          /* nobody holds it; endpoint, target and parent are given up */
};

extern const struct object_type facet_type;
extern const struct object_type facet_control_type;

/* What a new facet is to be. */
struct facet_request {
	struct account *account;
	uint64_t maker;
	uint64_t interface_id;
	enum transfer_scope scope;
};

static inline bool object_is_facet(const struct object *object)
{
	return object->type == &facet_type;
}

static inline struct facet *facet_of(struct object *object)
{
	return LIST_OWNER(object, struct facet, object);
}

static inline struct facet *facet_of_control(struct object *control)
{
	return LIST_OWNER(control, struct facet, control);
}

/* What a capability says it is. */
static inline uint64_t object_interface(struct object *object)
{
	return object_is_facet(object) ? facet_of(object)->interface_id
				       : object->type->interface_id;
}

/*
 * A facet of endpoint, with one reference to the facet and one to its control, both the
 * caller's.  STATUS_OUT_OF_FACETS, STATUS_OUT_OF_MEMORY.
 */
[[nodiscard]] enum status facet_of_endpoint(struct endpoint *endpoint,
					    const struct facet_request *request,
					    struct facet **out_facet);

/*
 * A facet of what object is, or leads to: the child of a facet, with its interface, cookie and
 * session.  request's interface is not looked at.  STATUS_WRONG_INTERFACE: object is the
 * owner's capability of an endpoint; STATUS_FACET_TOO_DEEP; STATUS_DISCONNECTED;
 * facet_status(); STATUS_OUT_OF_*.
 */
[[nodiscard]] enum status facet_derive(struct object *object,
				       const struct facet_request *request,
				       struct facet **out_facet);

/* Whether it can be used: STATUS_OK, STATUS_REVOKED, STATUS_OBJECT_CLOSED,
 * STATUS_OBJECT_STALE. */
[[nodiscard]] enum status facet_status(const struct facet *facet);

/* Why a facet that cannot be used cannot. */
[[nodiscard]] enum status facet_ended_status(const struct facet *facet);

/* Withdraw it, with state revoked or closed.  It must be live; it may be dropped. */
void facet_end(struct facet *facet, enum facet_state state);

/* A facet that nobody was given: take it back.  If it is a service object, the endpoint's owner
 * has not heard of it, and never will. */
void facet_discard(struct facet *facet);

/* A service object's record is gone: end the facet, which may be revoked or dropped already. */
void facet_close(struct facet *facet);

/* What its control says. */
enum facet_state facet_state_now(const struct facet *facet);

/* The endpoint's list of dropped facets has let go of it. */
void facet_forget(struct facet *facet);

/* The control type's destroy function. */
void facet_control_destroy(struct object *control);

/* The object that a capability leads to, through all facets; nullptr for an endpoint's and one
 * that was revoked. */
static inline struct object *object_behind(struct object *object)
{
	return object_is_facet(object) ? facet_of(object)->target : object;
}
