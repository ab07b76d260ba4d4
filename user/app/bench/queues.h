// SPDX-License-Identifier: MIT
#pragma once
/* The ring by hand, as a program would write it that repeats an operation and cares for every
 * instruction.  The arena's last page is the caller's; stubs take spans from its start. */
#include "user/rt/ring.h"

/* The ring's queues, looked up once. */
struct queues {
	struct ring_header *ring;
	struct ring_submission *submissions;
	const struct ring_completion *completions;
	uint32_t submission_mask;
	uint32_t completion_mask;
};

/* Fill every slot with a submission: the kernel leaves them as they are, so that a program
 * which repeats an operation need only rewrite what changes. */
struct queues queues_prepare(const struct ring_submission *submission);

/* Give count prepared submissions their user_data, counting from 0, and publish them. */
static inline void queues_submit(const struct queues *queues, uint32_t count)
{
	uint32_t tail = queues->ring->sq_tail;

	for (uint32_t i = 0; i < count; i++)
		queues->submissions[(tail + i) & queues->submission_mask].user_data = i;
	/* Release: pairs with the kernel's acquire load of sq_tail. */
	__atomic_store_n(&queues->ring->sq_tail, tail + count, __ATOMIC_RELEASE);
}

/* Consume count completions; true if they are the right ones and all went well. */
static inline bool queues_consume(const struct queues *queues, uint32_t count)
{
	uint32_t head = queues->ring->cq_head;
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct ring_completion *slot =
			&queues->completions[(head + i) & queues->completion_mask];

		wrong |= (slot->user_data ^ i) | (uint32_t)slot->status;
	}
	__atomic_store_n(&queues->ring->cq_head, head + count, __ATOMIC_RELEASE);
	return wrong == 0;
}

/* As many as fit into the submission queue at once. */
static inline bool queues_run(const struct queues *queues, uint32_t count)
{
	queues_submit(queues, count);
	return capos_cap_enter(count, RING_NO_DEADLINE, nullptr) == STATUS_OK &&
	       queues_consume(queues, count);
}
