// SPDX-License-Identifier: MIT
#pragma once
/*
 * The event loop of a service: receives calls on any number of endpoints and answers them in
 *any order.
 *
 *	static struct capos_endpoint door;
 *
 *	status = capos_endpoint_serve(&door, &(struct capos_endpoint_options){
 *		.endpoint = endpoint.id, .service = foo_service(&handlers), .context = &state,
 *		.max_message_bytes = 256, .receives = 4 });
 *	...
 *	status = capos_server_run();
 *
 * Each endpoint has some receives in flight, each with a span of the arena for the call, and
 *one for its results.  An answer and the next receive are one submission; all that came while
 *the program worked is dealt with before it enters the kernel again.  A call that its handler
 *keeps (user/rt/open_call.h) is replaced by another receive, if the arena, the ring's tags and
 *the endpoint's limits have room; otherwise there are fewer receives for a while, and callers
 *wait in the kernel: nothing is lost.
 *
 * Calls that the service makes itself run beside it: capos_call_set_done() has a function
 *called from the loop when one completes; a timer is a Timer.wait begun so.  Calls that wait
 *work too, and hold everything up meanwhile.
 *
 * One thread per process uses these; there is no lock, and a loop does not run inside another.
 */
#include "schema/endpoint.capnp.h"
#include "user/rt/call.h"
#include "user/rt/open_call.h"

#include <stdint.h>

struct capos_object_table;

/* Receives that all endpoints together may have in flight; the rest of what may wait in a
 * default ring is for calls. */
constexpr uint32_t CAPOS_RECEIVES_MAX = 24;

/* What an endpoint serves.  Fields that are 0 have the value said here. */
struct capos_endpoint_options {
	/* The owner's CapId; 0: one is made, out of the account that the program holds for
	 * itself. */
	uint64_t endpoint;
	/* For calls through facets without cookie, and all if there is no table of objects. */
	struct capos_service service;
	void *context; /* that those calls get */
	/* For calls through service objects of this endpoint (user/rt/objects.h). */
	struct capos_object_table *objects;
	/* A service object that is not in the table was dropped; may be null. */
	void (*dropped)(void *context, uint64_t cookie);
	enum transfer_scope
		scope;           /* to whom holders of capos_endpoint_client() may pass it on */
	uint32_t max_open_calls; /* that an endpoint that is made admits; 0: the kernel's
				    default */
	uint32_t max_message_bytes; /* that the endpoint admits; 0: 256 */
	uint32_t result_bytes;      /* room for results; 0: 256 */
	uint8_t max_caps;           /* that the endpoint admits */
	uint8_t receives;           /* to have in flight; 0: 1 */
};

/* One endpoint that is served.  The caller's storage, until it is removed or the program ends.
 * Private to the runtime. */
struct capos_endpoint {
	struct capos_endpoint_options options;
	struct capos_endpoint *next;
	struct list_link calls; /* struct capos_open_call; all that there are */
	uint32_t receive_bytes;
	uint32_t result_bytes;
	uint32_t wanted;    /* receives to have in flight */
	uint32_t receiving; /* that are */
	uint32_t open;      /* calls received and not answered */
	enum status ended;  /* not ok: nothing more can be received */
};

/*
 * Begin to serve an endpoint, making one and a table of its objects, if so wanted, ready first:
 * receive as many calls at a time as were asked for, or fewer if there is no room, but one at
 * least.  Receives reach the kernel with its next entry. Statuses: messageTooLarge (a span as
 * large cannot be), waitSlotsFull (CAPOS_RECEIVES_MAX are in flight), outOfMemory (the arena,
 * or the heap), tagBusy (no tag is free); where an endpoint is made also those of
 * Account.createEndpoint, and badCapability (the program holds no account).
 */
enum status capos_endpoint_serve(struct capos_endpoint *endpoint,
				 const struct capos_endpoint_options *options);

/*
 * A capability for a client of the endpoint: a facet of the interface that the endpoint serves.
 * Statuses: those of Endpoint.client.
 */
enum status capos_endpoint_client(struct capos_endpoint *endpoint, uint64_t *out_facet);

/* Why nothing more can be received on an endpoint.  Statuses: ok (it can be), disconnected (it
 * was closed), and others that a receive ended with. */
enum status capos_endpoint_status(const struct capos_endpoint *endpoint);

/* Calls that an endpoint has received and not answered. */
uint32_t capos_endpoint_open_calls(const struct capos_endpoint *endpoint);

/*
 * Serve until capos_server_stop(), and then until what was received has been answered and every
 * receive has ended.  Calls that no receive took stay with the endpoint.
 * Statuses: ok (it was stopped), nothingPending (no endpoint can receive any more, and no call
 * of the program's own is in flight).
 */
enum status capos_server_run(void);

/*
 * One round: deal with what is there, or wait until something is, at most until the absolute
 * time `deadline_ns`.  For programs with a loop of their own. Statuses: ok, timedOut,
 * nothingPending.
 */
enum status capos_server_step(uint64_t deadline_ns);

/* Stop receiving on every endpoint; from a handler, or outside the loop. */
void capos_server_stop(void);
