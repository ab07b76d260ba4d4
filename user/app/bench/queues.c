// SPDX-License-Identifier: MIT
/* The ring by hand.  See queues.h. */
#include "user/app/bench/queues.h"

struct queues queues_prepare(const struct ring_submission *submission)
{
	struct ring_header *ring = capos_ring();

	for (uint32_t i = 0; i < ring->sq_entries; i++)
		*capos_submission_at(ring, i) = *submission;
	return (struct queues){
		.ring = ring,
		.submissions = capos_submission_at(ring, 0),
		.completions = capos_completion_at(ring, 0),
		.submission_mask = ring->sq_entries - 1,
		.completion_mask = ring->cq_entries - 1,
	};
}
