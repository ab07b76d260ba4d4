// SPDX-License-Identifier: MIT
#pragma once
/*
 * Calls on capabilities: what the generated clients, and programs that use them, stand on.
 *
 * A struct capos_call is the caller's storage for one call, usually on its stack.  Its life:
 *
 *   begin    takes a span of the arena and gives a builder for the parameters
 *   attach   adds capabilities that the parameters name (optional)
 *   set_*    deadline, a function to be called at the end (optional)
 *   submit   hands it to the kernel's ring without waiting; many calls may be in flight, and
 *            complete in any order (optional: wait submits what was not submitted)
 *   wait     waits for this one; gives a reader of the results, or the status it ended with
 *   take_*   moves result capabilities out; what nobody takes is released by end
 *   end      gives the span back; what is in flight is cancelled, and waited for, first
 *
 * After a begin that succeeded exactly one end is due, whatever happened between.  After a
 * begin that failed nothing is due; end does no harm.  The storage must stay where it is from
 * begin to end.  Readers and builders of the call are invalid after end.
 *
 * One thread per process uses these; there is no lock.
 */
#include "lib/list.h"
#include "lib/message.h"
#include "schema/ring.capnp.h"
#include "schema/status.capnp.h"

#include <stdint.h>

/* Longest reason of an exception, as schema/status.capnp has it; what is longer is cut. */
constexpr uint32_t CAPOS_REASON_BYTES = 120;

/* Room that an exception with the longest reason takes. */
constexpr uint32_t CAPOS_EXCEPTION_BYTES = 152;

/* Room for results of that many bytes, or for an exception in their place. */
static inline uint32_t capos_result_room(uint32_t bytes)
{
	return bytes < CAPOS_EXCEPTION_BYTES ? CAPOS_EXCEPTION_BYTES : bytes;
}

/*
 * Room for one call, in bytes of message (rounded up to 8).  The builder fails, and with it
 * submit, when param_bytes is too small; the call ends with STATUS_RESULT_TOO_SMALL when
 * result_bytes is.  Generated code fills in zeros, with room for an exception, and always sets
 * result_capabilities to the number of capability fields of the method's results.
 */
struct capos_call_size {
	uint32_t param_bytes;
	uint32_t result_bytes;        /* payload only; records of capabilities are added */
	uint32_t result_capabilities; /* table slots that the results may fill */
};

/* Where a call is in its life. */
enum capos_call_state : uint8_t {
	CAPOS_CALL_IDLE = 0, /* no span; also zeroed storage */
	CAPOS_CALL_BUILDING,
	CAPOS_CALL_PENDING, /* in the ring or in the kernel */
	CAPOS_CALL_DONE,    /* completed; status, length and so on are set */
};

struct capos_call;

/* What the event loop calls when a call has completed. */
typedef void capos_call_done(struct capos_call *call, void *context);

/* The caller's storage for one call.  Private to the runtime but for `params` and `results`. */
struct capos_call {
	struct message_builder params;
	struct message_reader results;
	uint64_t target;
	uint64_t deadline_ns; /* 0 = none */
	uint32_t span_offset; /* in the arena; parameters stand first */
	uint32_t span_bytes;
	uint32_t result_offset;
	uint32_t result_capacity;
	uint32_t transfer_offset; /* when transfer_count is not 0 */
	uint32_t length;          /* bytes of results */
	uint16_t method;
	uint16_t tag; /* while pending */
	enum status status;
	enum capos_call_state state;
	uint8_t transfer_count;
	uint8_t result_caps_max;
	uint8_t received_count; /* capability records after the results */
	uint8_t taken_mask;     /* one bit for each record that was moved out */
	bool failed;            /* too many attached; submit refuses */
	capos_call_done *done;  /* null: nobody asked */
	void *done_context;
	struct list_link
		done_link; /* if done: among those that the event loop has yet to call */
};

/*
 * Start a call of `method` on the capability `target`.  *out_params builds the parameters, its
 * root not yet set.
 * Statuses: messageTooLarge (more than MAX_MESSAGE_BYTES), tooManyTransfers (more result
 * capabilities than MAX_TRANSFERS), outOfMemory (the arena has no span as large now).
 */
static inline enum status capos_call_begin(struct capos_call *call, uint64_t target,
					   uint16_t method, struct capos_call_size size,
					   struct message_builder **out_params);

/*
 * Send a copy of `capability` along, and return its index for the parameters' capability field.
 * Past MAX_TRANSFERS, or without room in the arena, the call is marked failed.
 */
uint32_t capos_call_attach(struct capos_call *call, uint64_t capability);

/* Send `capability` away: it leaves this process when, and only when, the call delivers it. */
uint32_t capos_call_attach_move(struct capos_call *call, uint64_t capability);

/* End the call with STATUS_TIMED_OUT at this absolute monotonic time.  Before submit. */
static inline void capos_call_set_deadline(struct capos_call *call, uint64_t deadline_ns);

/*
 * Have `done` called with the call and `context` when it has completed: from the event loop
 * (user/rt/server.h) alone, never out of a function of this header.  There capos_call_wait()
 * gives the results at once, and the end of the call is still due.  Before submit.
 */
static inline void capos_call_set_done(struct capos_call *call, capos_call_done *done,
				       void *context);

/*
 * Put the call into the ring; it may reach the kernel only with the next call that enters.  A
 * failure leaves the call as it was: it can be submitted again or ended.
 * Statuses: messageTooLarge (the parameters did not fit their room), tooManyTransfers,
 * tagBusy (as many calls are in flight as there are tags: 62 in a default ring),
 * completionsFull (the ring is full and does not move).
 */
static inline enum status capos_call_submit(struct capos_call *call);

/*
 * Let the kernel see everything that was submitted, without waiting.
 * Statuses: ok, or what stopped the kernel: completionsFull (completions made by hand are not
 * consumed), ringTail and ringHead (the indices were spoilt).
 */
enum status capos_flush(void);

/* Whether the call has completed; looks at the ring but never enters the kernel. */
bool capos_call_is_done(struct capos_call *call);

/*
 * Wait for the call, submitting it first if need be.  STATUS_OK gives the reader of the results
 * (not yet checked: the root is read by generated code), anything else is how it ended, or why
 * it could not be submitted.  Results of no bytes read as a message with a null root.  May be
 * called again after completion.
 */
static inline enum status capos_call_wait(struct capos_call *call,
					  struct message_reader **out_results);

/*
 * Wait until one of the calls has completed, or the absolute time `deadline_ns` has come
 * (RING_NO_DEADLINE: for ever).  Null entries and calls that are not in flight are passed over.
 * Statuses: ok (*out_index names a completed call), timedOut, nothingPending.
 */
enum status capos_wait_any(struct capos_call *const calls[], uint32_t count,
			   uint64_t deadline_ns, uint32_t *out_index);

/*
 * Ask for a pending call to be ended; it then completes exactly once, with STATUS_CANCELLED
 * unless it was quicker.  Does nothing to a call that is not pending.
 */
void capos_call_cancel(struct capos_call *call);

/*
 * The result capability of this ordinal, which is the caller's from now on.  0 when it is null,
 * absent, taken already or of another interface (0: any will do); such a one is released by
 * end.
 */
uint64_t capos_call_take_capability(struct capos_call *call, uint8_t ordinal,
				    uint64_t interface_id);

/* Why a method refused: STATUS_EXCEPTION in words. */
struct capos_exception {
	enum cap_exception_type type;
	uint32_t reason_size;
	char reason[CAPOS_REASON_BYTES + 1]; /* closed by a zero; empty if it was cut away */
};

/*
 * The exception that a call ended with; false if it did not end with one.  Before end.  One
 * that was longer than the room for results did not come: that reads as type failed without a
 * reason.
 */
bool capos_call_exception(struct capos_call *call, struct capos_exception *out_exception);

/*
 * The exception that the latest call of this program ended with which ended with one: after a
 * generated wrapper has returned STATUS_EXCEPTION.
 */
const struct capos_exception *capos_last_exception(void);

/* Give back everything the call holds.  Harmless on an ended, never begun or zeroed call. */
static inline void capos_call_end(struct capos_call *call);

/*
 * Drop a capability.  Takes effect no later than with the next entry into the kernel, before
 * anything submitted after it.  0 is allowed and does nothing; a stale id is a program error
 * and panics when its completion is seen.
 */
void capos_release(uint64_t capability);

/* A capability that its holder releases:
 * `[[gnu::cleanup(capos_owned_drop)]] struct capos_owned x`. */
struct capos_owned {
	uint64_t id; /* 0 = nothing */
};

/* Release what owned holds, if anything, and leave it empty. */
void capos_owned_drop(struct capos_owned *owned);

/* Take the capability out; owned is empty afterwards. */
[[nodiscard]] uint64_t capos_owned_take(struct capos_owned *owned);

#include "user/rt/client.h" // IWYU pragma: keep
