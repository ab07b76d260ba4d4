// SPDX-License-Identifier: MIT
#pragma once
/*
 * The insides of the event loop (user/rt/server.h) that its files share: its state, and
 *receives.
 *
 * A struct capos_open_call is the storage of one receive, then of the call that it brought,
 *then of the next receive:
 *
 *	IDLE -> RECEIVING -> OPEN -> TURNING (answer and next receive) -> OPEN ...
 *	                     OPEN -> ANSWERING -> IDLE, and a new receive or the end
 *
 * While one is kept OPEN another takes its place, so that `receiving` of the endpoint stays at
 * `wanted` as long as there is room.  user_data is its address and CAPOS_OPEN_CALL_MARK.
 */
#include "user/rt/server.h"

#include <stdint.h>

/* The one event loop; zero until something is served. */
struct capos_loop {
	struct capos_endpoint *endpoints;
	struct capos_open_call *ready_first; /* whose completions came while somebody waited */
	struct capos_open_call *ready_last;
	uint32_t promised; /* receives, to all endpoints */
	bool is_running;
	bool is_stopping;
	bool is_short; /* an endpoint may have fewer receives than it wants, and no call open */
	bool given_back; /* something ended since, which may have made room */
};

extern struct capos_loop capos_loop;

/* Have a tag for the storage's next receive; false when none is free. */
bool capos_receive_take_tag(struct capos_open_call *call);

/* Bring an endpoint's receives up to what it wants, as far as there is room. */
void capos_receive_replenish(struct capos_endpoint *endpoint);

/* The storage is done with one call: it goes for the next, or away. */
void capos_receive_rest(struct capos_open_call *call);

/* Free the storage, and all that it holds. */
void capos_receive_destroy(struct capos_open_call *call);

/* A completion that came while something else was waited for. */
void capos_loop_queue(const struct ring_completion *completion);

/* For open_call.c: release the capabilities that a call brought and nobody took, and end the
 * list of those that its answer was to bring. */
void capos_loop_release_received(struct capos_open_call *call);
void capos_loop_end_transfers(struct capos_open_call *call, bool delivered);
