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
 * A parked operation holds a reference to its target.
 */
#include "kernel/core/deadline.h"
#include "kernel/core/object.h"
#include "lib/list.h"
#include "lib/message.h"
#include "schema/status.capnp.h"

struct ring;

struct operation {
	struct list_link link; /* in the object's queue */
	struct deadline deadline;
	struct ring *ring;
	struct object *target;
	uint64_t user_data;
	uint64_t argument[2]; /* the object's own */
	uint32_t result_offset;
	uint32_t result_capacity;
	uint16_t tag;
	bool deadline_is_success; /* the deadline is what the operation waits for */
};

static_assert(sizeof(struct operation) <= 128);

/* A builder of op's results, in its result span. */
void operation_results(struct operation *op, struct message_builder *results);

/*
 * Finish op with status and kind; results, if there are any, have been built by
 * operation_results() (parking checked that there is room).  Posts the completion and frees the
 * record.
 */
void operation_finish(struct operation *op, enum status status, enum completion_kind kind,
		      const struct message_builder *results);

/* Drop op without a completion: its process has ended. */
void operation_drop(struct operation *op);
