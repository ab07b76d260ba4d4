// SPDX-License-Identifier: MIT
/* The ring by hand.  See queues.h. */
#include "user/app/bench/queues.h"

#include "schema/ring.capnp.h"

/* Bring both queues' indices to their start; operations without effect do it. */
static void align(const struct queues *queues)
{
	static const struct ring_submission nop = { .opcode = OPERATION_CODE_NOP };

	while ((queues->ring->sq_tail & queues->submission_mask) != 0 ||
	       (queues->ring->cq_head & queues->submission_mask) != 0) {
		queues->submissions[queues->ring->sq_tail & queues->submission_mask] = nop;
		if (!queues_run(queues, 1))
			break;
	}
}

struct queues queues_prepare(const struct ring_submission *submission)
{
	struct ring_header *ring = capos_ring();
	struct queues queues = {
		.ring = ring,
		.submissions = capos_submission_at(ring, 0),
		.completions = capos_completion_at(ring, 0),
		.submission_mask = ring->sq_entries - 1,
		.completion_mask = ring->cq_entries - 1,
	};

	align(&queues);
	for (uint32_t i = 0; i < ring->sq_entries; i++)
		queues.submissions[i] = *submission;
	return queues;
}
