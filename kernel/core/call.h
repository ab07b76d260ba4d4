// SPDX-License-Identifier: MIT
#pragma once
/*
 * CALL on a kernel object.
 *
 * Everything is checked before the handler runs: the capability, the method, the spans, the
 * length, the transfer list, room for the fixed part of the results and table slots for result
 * capabilities.  The parameter message is copied once into the CPU's private buffer and parsed
 * there, if the handler looks at it at all; a flat struct of the size that the schema has is
 * taken word by word, without the copy.  Results are built in the result span itself: a
 * builder never relies on what it wrote, so a program that writes there meanwhile spoils its
 * own results only.
 *
 * A call through a facet of a kernel object arrives at the object; one through a facet of an
 * endpoint goes another way (kernel/core/ipc.h).
 *
 * A handler reads call_params() or call_read_flat(), writes call->results, and returns a
 * status; on anything but STATUS_OK it has changed nothing.  Or it parks the call and returns
 * STATUS_OK; then the object finishes the operation later (kernel/core/operation.h).
 *
 * A method that only tells (struct method) needs no struct call: from object to completion it
 * is run out of registers.  A call of one that is not as simple as that takes the other way.
 */
#include "kernel/core/object.h"
#include "kernel/core/operation.h"
#include "kernel/core/ring.h"
#include "lib/cap_table.h"
#include "lib/message.h"
#include "schema/ring.capnp.h"

struct facet;
struct process;

/* Most capabilities that a method of a kernel object returns. */
constexpr uint32_t CALL_RESULT_CAPS = 2;

/* A call while it is run.  Each CPU has one: calls are not nested. */
struct call {
	struct ring *ring;
	struct object *target;       /* the kernel object */
	const struct method *method; /* its method, if run_carrier() runs it */
	struct facet *facet;         /* if is_through_facet */
	struct ring_entry entry;     /* its user_data and deadline have not been read yet */
	struct ring_span param_span;
	struct ring_span result_span;
	struct message_reader params; /* once call_params() has been called */
	struct message_builder results;
	/* Unless no capability comes or goes: word 5, and bits that must be zero. */
	uint64_t word5;
	uint64_t unused;
	/* What the parameters carry; no references are held. */
	struct object *transfers[MAX_TRANSFERS];
	struct cap_id transfer_ids[MAX_TRANSFERS];
	/* Set by the handler: one reference each, given away. */
	struct object *result_caps[CALL_RESULT_CAPS];
	uint8_t transfer_count;
	bool has_params;
	bool is_through_facet; /* called through a facet of the target */
	/* No completion now: parked, to be run again, or its own process has ended. */
	bool is_silent;
};

/* The process that calls. */
static inline struct process *call_process(const struct call *call)
{
	return call->ring->process;
}

/* The ring operation (kernel/core/ring_operation.h). */
__attribute__((preserve_none)) volatile uint64_t *call_run(struct ring *ring,
							   struct ring_entry entry);

/*
 * The call stopped half way because an interrupt waits, or before it began because memory is
 * still being taken apart: run it again from the start, checks and all, when its thread enters
 * the kernel again.  What it has done so far must stand by itself.
 */
void call_again(struct call *call);

/* The parameter message, copied into the CPU's private buffer by the first call. */
struct message_reader *call_params(struct call *call);

/* Fill `to` from the parameters, if they are not as the schema's builder makes them; root is
 * their first word, already read. */
[[nodiscard]] bool call_take_flat(struct call *call, struct message_flat to, uint64_t root);

/* The same; `to` is not handed on, so that the compiler can keep it in registers. */
[[nodiscard]] static inline bool call_take_other(struct call *call, struct message_flat to,
						 uint64_t root)
{
	uint64_t words[MESSAGE_FLAT_WORDS_MAX];
	bool is_taken = call_take_flat(
		call, (struct message_flat){ words, to.data_words, to.pointers }, root);

	for (uint32_t i = 0; i < message_flat_words(to); i++)
		to.words[i] = words[i];
	return is_taken;
}

/* Fill `to` from the parameters, once, in place of call_params().  False: they are malformed.
 */
[[nodiscard]] static inline bool call_read_flat(struct call *call, struct message_flat to)
{
	volatile uint64_t *from =
		(volatile void *)ring_arena_at(call->ring, call->param_span.offset);
	uint32_t count = message_flat_words(to);
	uint64_t root = fetch_word(from);

	ring_poll_after(call->ring);
	if (call->param_span.length <= count * MESSAGE_WORD_BYTES ||
	    root != message_flat_root(to))
		return call_take_other(call, to, root);
	for (uint32_t i = 0; i < count; i++)
		to.words[i] = fetch_word(&from[1 + i]);
	return true;
}

/* What a capability field of the parameters names, a facet if it is one; nullptr if null or out
 * of range. */
struct object *call_transfer(const struct call *call, struct capability_index field);

/* The kernel object that it names, through whatever facets; nullptr also if it is an
 * endpoint's. */
struct object *call_transfer_target(const struct call *call, struct capability_index field);

/*
 * Park the call in queue.  until_ns: when the wait ends in success by itself, UINT64_MAX =
 * never. result_bytes: the longest result that finishing will copy.  Returns the record in
 * *out_op. STATUS_WAIT_SLOTS_FULL, STATUS_RESULT_TOO_SMALL: nothing happened.
 */
[[nodiscard]] enum status call_park(struct call *call, struct list_link *queue,
				    uint64_t until_ns, uint32_t result_bytes,
				    struct operation **out_op);
