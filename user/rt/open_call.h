// SPDX-License-Identifier: MIT
#pragma once
/*
 * Open calls: calls that a service has received and not yet answered.
 *
 * The event loop (user/rt/server.h) receives a call and hands it to the handler of its method,
 * with a reader of the parameters and a builder of the results.  The handler
 *
 *   returns STATUS_OK           the results that it built are the answer;
 *   returns any other status    the answer is an exception of the type that fits, with the
 *                               status's name as reason;
 *   returns capos_refuse(...)   the answer is that exception;
 *   calls capos_open_call_keep() the answer comes later, by capos_open_call_answer(), in any
 * order with those of other calls; what it returns means nothing then.
 *
 * Each call is answered exactly once.  Parameters lie in this process's own memory and do not
 * change, but are whatever the caller wrote: read all of them, look at call->params.malformed
 * once, then act.  They, and the header, are valid until the answer.
 *
 * Capabilities that came along belong to the call; take moves one out, for good, and what
 * nobody took is released with the answer.  What an answer sends by give leaves this process in
 * any case: it goes to the caller, or is released when there is none any more.
 */
#include "abi/ring.h"
#include "lib/list.h"
#include "lib/message.h"
#include "schema/ring.capnp.h"
#include "schema/status.capnp.h"

#include <stdint.h>

struct capos_endpoint;
struct capos_object;
struct capos_open_call;

/* How the calls of an interface are answered; the generated foo_service() makes it. */
struct capos_service {
	uint64_t interface_id;
	enum status (*dispatch)(const void *handlers, struct capos_open_call *call);
	const void *handlers; /* the struct foo_server */
};

/* Where a call's storage is in its life; private to the runtime. */
enum capos_open_call_state : uint8_t {
	CAPOS_OPEN_CALL_IDLE = 0,  /* nothing of it is in the kernel */
	CAPOS_OPEN_CALL_RECEIVING, /* RECV */
	CAPOS_OPEN_CALL_ANSWERING, /* RETURN */
	CAPOS_OPEN_CALL_TURNING,   /* RETURN_RECV */
	CAPOS_OPEN_CALL_OPEN,      /* received, not answered */
};

/* A received call.  The runtime's storage; handlers use what stands before the private part. */
struct capos_open_call {
	struct message_reader params;
	struct message_builder results;
	const struct ring_call_header *header; /* written by the kernel */
	void *context;                         /* of the endpoint, or of the service object */

	/* Private to the runtime. */
	struct capos_endpoint *endpoint;
	struct capos_object *object;  /* that was called; null: a client facet was */
	struct capos_open_call *next; /* that the loop has yet to look at */
	struct list_link link;        /* among the endpoint's */
	uint32_t span_offset; /* room for a receive, then for results; SPAN_NONE: given back */
	uint32_t span_bytes;
	uint32_t receive_bytes; /* of the span; 0: for results only */
	uint8_t taken_mask;     /* one bit for each capability that was taken */
	enum capos_open_call_state state;
	bool is_kept;
	bool has_tag;                             /* entry.tag is its own */
	alignas(16) struct ring_submission entry; /* its next RETURN_RECV */
	struct ring_completion completion;        /* of its last operation */
	struct ring_call_header saved_header;     /* once it is set aside */
};

/*
 * Answer with this exception: `return capos_refuse(call, CAP_EXCEPTION_TYPE_FAILED, "no such
 * key")`. The reason, closed by a zero byte, is copied, and cut to the call's room.  Gives
 * STATUS_EXCEPTION.  Results built before are gone.
 */
enum status capos_refuse(struct capos_open_call *call, enum cap_exception_type type,
			 const char *reason);

/* The exception type that a status becomes when a handler returns it. */
enum cap_exception_type capos_exception_type(enum status status);

/*
 * The capability in a field of the parameters, which is this process's from now on.  0 when it
 * is null, taken already or of another interface (0: any will do).
 */
uint64_t capos_open_call_take(struct capos_open_call *call, struct capability_index field,
			      uint64_t interface_id);

/*
 * Send a capability along with the answer, in the place of that ordinal
 * (FOO_BAR_RESULTS_BAZ_CAP), and get the index for the results' field.  A capability of 0
 * leaves the field null.  Without room for it the results fail.  Generated foo_bar_give_baz()
 * and _copy_baz() do both.
 */
uint32_t capos_open_call_give(struct capos_open_call *call, uint8_t ordinal,
			      uint64_t capability);
uint32_t capos_open_call_copy(struct capos_open_call *call, uint8_t ordinal,
			      uint64_t capability);

/*
 * Answer later.  Parameters and results stay as they are until then, and so hold their room in
 * the arena: when kept calls hold all of it nothing is received until one is answered.  For
 * what is sure to be answered soon.
 */
void capos_open_call_keep(struct capos_open_call *call);

/*
 * Answer later, and give back the call's room in the arena, which is scarce: for what waits for
 * somebody else, who may need this service, and for hundreds of calls.  Parameters, and results
 * built so far, are gone; capabilities that were not taken are released; the header stays.
 */
void capos_open_call_set_aside(struct capos_open_call *call);

/*
 * Give a call that was set aside room for `result_bytes` bytes of results in call->results.
 * Statuses: outOfMemory (the arena is full now; try again when something else has been
 * answered).
 */
enum status capos_open_call_resume(struct capos_open_call *call, uint32_t result_bytes);

/*
 * Answer a call that was kept, as returning `status` from its handler would have.  The call is
 * gone afterwards.  One that was set aside and not resumed can only be answered with an
 * exception.
 */
void capos_open_call_answer(struct capos_open_call *call, enum status status);

/*
 * Whether the caller still waits.  Asks the kernel; for work that is worth breaking off.
 * Not wanted calls are answered all the same.
 */
bool capos_open_call_is_wanted(const struct capos_open_call *call);
