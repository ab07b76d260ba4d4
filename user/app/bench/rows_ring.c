// SPDX-License-Identifier: MIT
/* NOP and a kernel call, written into the ring by hand. */
#include "rows.h"

#include "schema/ring.capnp.h"
#include "user/rt/ring.h"

/* Where results go: after the spans that stubs use, at the arena's end. */
constexpr uint32_t RESULT_BYTES = 16;

/* The ring's queues, looked up once. */
struct queues {
	struct ring_header *ring;
	struct ring_submission *submissions;
	const struct ring_completion *completions;
	uint32_t submission_mask;
	uint32_t completion_mask;
};

/* Fill every slot with a submission: the kernel leaves them as they are, so that a program which
 * repeats an operation need only rewrite what changes. */
static struct queues prepare(const struct ring_submission *submission)
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

/* Give count prepared submissions their user_data, counting from 0, and publish them. */
static inline void submit(const struct queues *queues, uint32_t count)
{
	uint32_t tail = queues->ring->sq_tail;

	for (uint32_t i = 0; i < count; i++)
		queues->submissions[(tail + i) & queues->submission_mask].user_data = i;
	/* Release: pairs with the kernel's acquire load of sq_tail. */
	__atomic_store_n(&queues->ring->sq_tail, tail + count, __ATOMIC_RELEASE);
}

/* Consume count completions; true if they are the right ones and all went well. */
static inline bool consume(const struct queues *queues, uint32_t count)
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
static inline bool run(const struct queues *queues, uint32_t count)
{
	submit(queues, count);
	return capos_cap_enter(count, RING_NO_DEADLINE, nullptr) == STATUS_OK &&
	       consume(queues, count);
}

static void measure_one(struct measure *measure, const struct queues *queues)
{
	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = run(queues, 1);

		measure_add(measure, start, measure_counter(), right);
	}
}

static void measure_many(struct measure *measure, const struct queues *queues, uint32_t batch)
{
	uint32_t part = batch <= queues->submission_mask ? batch : queues->submission_mask + 1;

	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = true;

		for (uint32_t done = 0; done < batch; done += part)
			right = run(queues, part) && right;
		measure_add(measure, start, measure_counter(), right);
	}
}

static void measure_submission(struct measure *measure, const char *name,
			       const struct ring_submission *submission, uint32_t batch)
{
	struct queues queues = prepare(submission);

	measure_begin(measure, name, batch);
	if (batch == 1)
		measure_one(measure, &queues);
	else
		measure_many(measure, &queues, batch);
}

void rows_nop(struct measure *measure)
{
	static const struct {
		const char *name;
		uint32_t batch;
	} rows[] = { { "nop.batch1", 1 }, { "nop.batch16", 16 }, { "nop.batch64", 64 } };
	struct ring_submission nop = { .opcode = OPERATION_CODE_NOP };

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		measure_submission(measure, rows[i].name, &nop, rows[i].batch);
		measure_report(measure);
	}
}

void rows_kernel_call(struct measure *measure, struct timer_client timer)
{
	struct ring_header *ring = capos_ring();
	struct ring_submission call = {
		.opcode = OPERATION_CODE_CALL,
		.method = TIMER_NOW_METHOD,
		.target = timer.id,
		.result_offset = ring->arena_bytes - RESULT_BYTES,
		.result_capacity = RESULT_BYTES,
	};
	const uint64_t *result = capos_arena_at(ring, call.result_offset);
	uint64_t before = 0;

	measure_submission(measure, "kcall.batch1", &call, 1);
	measure->verified = measure->verified && result[1] > before;
	measure_report(measure);
	before = result[1];
	measure_submission(measure, "kcall.batch16", &call, 16);
	measure->verified = measure->verified && result[1] > before;
	measure_report(measure);
}
