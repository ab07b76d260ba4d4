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

/*
 * Fill every slot with a submission: the kernel leaves them as they are, so that a program
 * which repeats an operation need only rewrite what changes.  The queues then stand at their
 * start: a batch whose length divides theirs never runs over the end.
 */
struct queues queues_prepare(const struct ring_submission *submission);

/* Give count prepared submissions their user_data, counting from 0, and publish them. */
static inline void queues_submit(const struct queues *queues, uint32_t count)
{
	uint32_t tail = queues->ring->sq_tail;
	struct ring_submission *slots = &queues->submissions[tail & queues->submission_mask];

	for (uint32_t i = 0; i < count; i++)
		slots[i].user_data = i;
	/* Release: pairs with the kernel's acquire load of sq_tail. */
	__atomic_store_n(&queues->ring->sq_tail, tail + count, __ATOMIC_RELEASE);
}

/* Consume count completions; true if they are the right ones and all went well. */
static inline bool queues_consume(const struct queues *queues, uint32_t count)
{
	uint32_t head = queues->ring->cq_head;
	const struct ring_completion *slots =
		&queues->completions[head & queues->completion_mask];
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < count; i++)
		wrong |= (slots[i].user_data ^ i) | (uint32_t)slots[i].status;
	__atomic_store_n(&queues->ring->cq_head, head + count, __ATOMIC_RELEASE);
	return wrong == 0;
}

/* A power of two, at most what fits into the submission queue. */
static inline bool queues_run(const struct queues *queues, uint32_t count)
{
	queues_submit(queues, count);
	return capos_cap_enter(count, RING_NO_DEADLINE, nullptr) == STATUS_OK &&
	       queues_consume(queues, count);
}
