// SPDX-License-Identifier: MIT
#pragma once
/*
 * Operation record: an accepted submission that waits.
 *
 * Each ring has one record for each completion slot, named by the submission's tag.  An
 * operation that finishes at once never touches its record; one that must wait is *parked*: its
 * record is filled in, linked into the queue of the object it waits for, and finished exactly
 * once, by the object, its deadline, CANCEL, or the end of its process.  The completion slot
 * was reserved when the submission was accepted, so finishing cannot fail.
 *
 * A parked operation holds a reference to its target: the object, or the facet it was started
 * through.
 */
#include "kernel/core/deadline.h"
#include "kernel/core/object.h"
#include "kernel/core/ring.h"
#include "kernel/core/thread.h"
#include "kernel/core/transfer.h"
#include "kernel/hal/cpu.h"
#include "lib/index.h"
#include "lib/list.h"
#include "lib/message.h"
#include "schema/status.capnp.h"

struct open_call;

/* What waits. */
enum operation_kind : uint8_t {
	OPERATION_OBJECT,  /* a call of a kernel object */
	OPERATION_CALL,    /* a call through a facet of an endpoint */
	OPERATION_RECEIVE, /* a receive */
};

struct operation {
	/* Aligned to a power of two, so that records are found by a shift. */
	alignas(256) struct list_link link; /* in the object's queue */
	struct list_link facet_link;        /* in the facet it was started through */
	struct deadline deadline;
	struct ring *ring;
	struct object *target; /* nullptr for receives */
	uint64_t user_data;
	uint64_t argument[2]; /* the object's own */
	uint32_t result_offset;
	uint32_t result_capacity;
	uint16_t tag;
	enum operation_kind kind;
	bool deadline_is_success; /* the deadline is what the operation waits for */
	/* Calls and receives: */
	uint8_t reserved_slots; /* in the table of ring's process, for capabilities to come */
	uint16_t method;
	uint32_t param_offset;
	uint32_t param_length;
	/* Of a call in service, what answers it; of a receive, what it has reserved. */
	struct open_call *open;
	struct transfer transfer; /* that a call brings and has not delivered */
};

static_assert(sizeof(struct operation) == 256);

/* How much came with a completion. */
struct operation_outcome {
	uint32_t length; /* bytes in the result span */
	uint64_t word;   /* of the completion */
};

/*
 * Invariant: a record that is not busy knows its ring and its tag; it is in no queue, has no
 * deadline and no target, and holds nothing.  So parking need not write all that.
 */
void operation_init(struct operation *op, struct ring *ring, uint16_t tag);

/*
 * The record of entry's tag, busy from now on, of that kind, with entry's user_data.  The
 * caller has seen to ring_can_wait() and fills in the rest.
 */
static inline struct operation *operation_park(struct ring *ring, struct ring_entry entry,
					       enum operation_kind kind)
{
	uint32_t tag = entry_tag(entry);
	struct operation *op = &ring->records[index_clamp(tag, ring->cq_entries)];

	op->user_data = entry_word(entry, 2);
	op->kind = kind;
	op->deadline_is_success = false;
	ring->busy |= UINT64_C(1) << tag;
	ring->waiting++;
	return op;
}

/* The record is free again; all that it held, and its links, have been seen to but for the
 * deadline. */
static inline void operation_free(struct operation *op)
{
	struct ring *ring = op->ring;

	deadline_clear(hal_cpu(), &op->deadline);
	ring->busy &= ~(UINT64_C(1) << op->tag);
	ring->waiting--;
}

/* Post op's completion, with this completion_word(), and wake its thread if that was what it
 * waited for. */
static inline void operation_post(const struct operation *op, uint64_t word,
				  struct operation_outcome outcome)
{
	struct ring *ring = op->ring;

	ring_post_outcome(ring, op->user_data, word, outcome.length, outcome.word);
	ring_publish(ring);
	thread_completion_posted(ring->thread);
}

/* End op with STATUS_TIMED_OUT at the absolute time deadline_ns. */
void operation_set_deadline(struct operation *op, uint64_t deadline_ns);

/* A builder of op's results, in its result span. */
void operation_results(struct operation *op, struct message_builder *results);

/*
 * Finish op with status and kind; results, if there are any, have been built by
 * operation_results() (parking checked that there is room).  Posts the completion and frees the
 * record.
 */
void operation_finish(struct operation *op, enum status status, enum completion_kind kind,
		      const struct message_builder *results);

/* Finish op, which has no target, with STATUS_OK, this kind and this word. */
void operation_finish_word(struct operation *op, enum completion_kind kind, uint64_t word);

/* Drop op without a completion: its process has ended. */
void operation_drop(struct operation *op);
