// SPDX-License-Identifier: MIT
#pragma once
/*
 * Endpoint: where calls and receives meet.
 *
 * Its capability is its owner's; clients hold facets (facet.h).  Two queues of parked
 * operations, of which at most one is not empty: calls, first come first served, and receives.
 * A call waits in its caller's operation record, its parameters in its caller's arena, so what
 * waits costs the endpoint nothing, and a caller can block only itself.
 *
 * The owner's slot is the only one, as the capability cannot be copied: when it goes the
 * endpoint closes.  The storage lives as long as facets, open calls or operations hold it.
 * Paid by the account that made it, as is the table of its service objects.
 */
#include "kernel/core/account.h"
#include "kernel/core/object.h"
#include "kernel/core/work.h"
#include "lib/cap_table.h"
#include "schema/endpoint.capnp.h"

struct facet;
struct operation;
struct process;

/* Longest message, and open calls with receives, of an endpoint whose maker does not say. */
constexpr uint32_t ENDPOINT_MESSAGE_BYTES = 4096;
constexpr uint32_t ENDPOINT_OPEN_CALLS = 32;

struct endpoint {
	struct object owner;
	uint32_t holds;        /* who keeps the storage; the owner's references count as one */
	uint32_t open_count;   /* receives that wait, and calls in service */
	uint32_t queued_count; /* calls that wait */
	uint32_t max_message_bytes;
	uint32_t max_open_calls;
	uint32_t receive_bytes; /* that a receive must offer */
	uint8_t max_caps;
	bool closed;
	uint64_t owner_number;     /* of the process that holds the owner's capability */
	struct list_link receives; /* struct operation */
	struct list_link calls;    /* struct operation */
	struct list_link dropped;  /* struct facet */
	struct work closing;
	struct account *account;  /* a reference is held */
	struct cap_table objects; /* by cookie: struct facet, without references */
};

extern const struct object_type endpoint_type;

/* What a new endpoint admits, as EndpointLimits says; zeros are defaults. */
struct endpoint_limits {
	uint32_t max_message_bytes;
	uint32_t max_open_calls;
	uint8_t max_caps;
};

static inline struct endpoint *endpoint_of(struct object *owner)
{
	return LIST_OWNER(owner, struct endpoint, owner);
}

static inline struct endpoint *endpoint_get(struct endpoint *endpoint)
{
	endpoint->holds++;
	return endpoint;
}

void endpoint_put(struct endpoint *endpoint);

/*
 * A new endpoint for the process with that number; one reference to owner, the caller's.
 * STATUS_INVALID_ARGUMENT: limits; STATUS_OUT_OF_ENDPOINTS, STATUS_OUT_OF_MEMORY.
 */
[[nodiscard]] enum status endpoint_create(struct account *account, uint64_t owner_number,
					  struct endpoint_limits limits,
					  struct endpoint **out_endpoint);

/* Make facet a service object: its cookie.  STATUS_OUT_OF_SLOTS: MAX_ENDPOINT_OBJECTS
 * are there; STATUS_OUT_OF_MEMORY. */
[[nodiscard]] enum status endpoint_enrol(struct endpoint *endpoint, struct facet *facet);

/* The service object of that cookie.  STATUS_INVALID_ARGUMENT: there never was one;
 * STATUS_OBJECT_CLOSED, STATUS_OBJECT_STALE. */
[[nodiscard]] enum status endpoint_find(struct endpoint *endpoint, uint64_t cookie,
					struct facet **out_facet);

/* Cookie names no object any more. */
void endpoint_remove(struct endpoint *endpoint, uint64_t cookie);

/* End receiving: what waits ends with STATUS_DISCONNECTED, in bounded steps. */
void endpoint_close(struct endpoint *endpoint);

/* The type's destroy function: the owner's slot has gone. */
void endpoint_owner_destroy(struct object *owner);

/* Its capability is another process's now: receives that wait are no longer allowed to. */
void endpoint_change_owner(struct endpoint *endpoint, uint64_t number);
