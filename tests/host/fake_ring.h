// SPDX-License-Identifier: MIT
#pragma once
/*
 * A ring block and a kernel behind it, small enough to be looked through: what the runtime of a
 * service is tested against.
 *
 * It takes submissions, delivers the calls that a test puts into its queue to receives, first
 * come first served, takes answers once each, and keeps what came of everything for the test to
 * compare.  Calls that the service makes itself wait until the test completes them.
 */
#include "abi/ring.h"
#include "schema/ring.capnp.h"
#include "schema/status.capnp.h"

#include <stdint.h>

constexpr uint32_t FAKE_CALLS = 4096;
constexpr uint32_t FAKE_ANSWER_BYTES = 256;

/* One call of a client, and what became of it. */
struct fake_call {
	struct ring_call_header header;
	uint64_t params[64];
	struct ring_transfer_result brought[MAX_TRANSFERS];
	uint8_t brought_count;
	bool is_open;       /* delivered, not answered */
	bool is_gone;       /* its client does not wait any more */
	uint32_t answers;   /* how often it was answered */
	enum status refuse; /* an answer that is no exception is refused with this */
	uint16_t answer_flags;
	uint32_t answer_length;
	uint64_t answer[FAKE_ANSWER_BYTES / 8];
	struct ring_transfer sent[MAX_TRANSFERS];
	uint8_t sent_count;
};

/* One receive, or call of the service's own, that waits. */
struct fake_wait {
	struct ring_submission submission;
	bool is_used;
};

struct fake_kernel {
	struct fake_call calls[FAKE_CALLS];
	uint32_t call_count; /* that clients have made */
	uint32_t delivered;
	struct fake_wait receives[64];
	struct fake_wait own_calls[64];
	uint64_t released[64];
	uint32_t released_count;
	uint64_t dropped; /* a cookie to be delivered as dropped; 0: none */
	uint32_t entries;
	uint32_t taken[OPERATION_CODE_COUNT]; /* submissions by operation */
	uint32_t receive_limit;               /* receives beyond it get waitSlotsFull */
	bool is_closed;                       /* the endpoint is */
	/* Called when the service waits and nothing is there; false: nothing ever will be. */
	bool (*idle)(void);
	/* A call of the service; null, or true if it completes with `status` and that result.
	 */
	bool (*own_call)(const struct ring_submission *submission, struct ring_completion *c);
};

extern struct fake_kernel fake_kernel;

/* An empty ring and a kernel that knows nothing. */
void fake_kernel_reset(void);

/* What the runtime calls in place of capos_ring() and capos_cap_enter(). */
struct ring_header *fake_ring(void);
enum status fake_cap_enter(uint32_t min_complete, uint64_t deadline_ns,
			   uint32_t *out_available);

/* The arena. */
void *fake_arena(uint32_t offset);

/* A new call of a client; its parameters have that length.  It is queued at once. */
struct fake_call *fake_call(uint64_t interface_id, uint16_t method, uint64_t cookie,
			    uint32_t param_length);

/* Complete a call of the service's own that waits. */
void fake_complete_own(uint32_t index, enum status status, uint32_t length);

uint32_t fake_receives(void);
