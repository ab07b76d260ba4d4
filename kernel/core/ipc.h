// SPDX-License-Identifier: MIT
#pragma once
/*
 * Calls between processes: CALL on a facet of an endpoint, RECV, RETURN, RETURN_RECV and
 * CALL_QUERY.
 *
 *   caller's ring                  endpoint                       server's ring
 *   CALL: its record parks ------> calls | receives <------------ RECV: its record parks
 *                                  they meet: ipc_match()
 *   arena -- bytes, copied once ------------------------------->  header + bytes, completion
 *   record, in service <---------- open call <------------------  (its id)
 *   completion <------- bytes, copied once ---------------------  RETURN
 *
 * Both sides always park and then meet, so there is one path.  Everything that delivering or
 * answering needs was reserved when the operation was accepted: completion slots, the server's
 * open call, its table slots, the caller's table slots.  So both are all or nothing, and
 * nothing on the way allocates.
 */
#include "kernel/core/call.h"
#include "kernel/core/facet.h"
#include "kernel/core/operation.h"
#include "kernel/core/ring.h"

struct endpoint;

/* CALL whose target is a facet of an endpoint.  word5 is the entry's; unused holds every bit of
 * words 0 and 6 that must be zero, of the flags too; words 2, 3, 4 and 7 have not been read. */
__attribute__((preserve_none)) void ipc_call(struct ring *ring, struct ring_entry entry,
					     struct facet *facet, uint64_t word5,
					     uint64_t unused);

/* Ring operations (ring_operation.h). */
__attribute__((preserve_none)) volatile uint64_t *ipc_run_receive(struct ring *ring,
								  struct ring_entry entry);
__attribute__((preserve_none)) volatile uint64_t *ipc_run_return(struct ring *ring,
								 struct ring_entry entry);
__attribute__((preserve_none)) volatile uint64_t *
ipc_run_return_receive(struct ring *ring, struct ring_entry entry);
__attribute__((preserve_none)) volatile uint64_t *ipc_run_query(struct ring *ring,
								struct ring_entry entry);

/* Let calls, or news of dropped facets, and receives meet until one side has no more. */
void ipc_match(struct endpoint *endpoint);

/* What a parked call or receive holds, given back: it has ended without being served. */
void ipc_call_ended(struct operation *op);
void ipc_receive_ended(struct operation *op);
