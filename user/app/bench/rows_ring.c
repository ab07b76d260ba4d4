// SPDX-License-Identifier: MIT
/* NOP and a kernel call, written into the ring by hand. */
#include "rows.h"

#include "schema/ring.capnp.h"
#include "user/rt/ring.h"

/* Where results go: after the spans that stubs use, at the arena's end. */
constexpr uint32_t RESULT_BYTES = 16;

/* Write count copies of a submission, its user_data counting from 0, and publish them. */
static void submit(struct ring_header *ring, const struct ring_submission *submission,
		   uint32_t count)
{
	struct ring_submission *queue = capos_submission_at(ring, 0);
	uint32_t mask = ring->sq_entries - 1;
	uint32_t tail = ring->sq_tail;

	for (uint32_t i = 0; i < count; i++) {
		struct ring_submission *slot = &queue[(tail + i) & mask];

		*slot = *submission;
		slot->user_data = i;
	}
	/* Release: pairs with the kernel's acquire load of sq_tail. */
	__atomic_store_n(&ring->sq_tail, tail + count, __ATOMIC_RELEASE);
}

/* Consume count completions; true if they are the right ones and all went well. */
static bool consume(struct ring_header *ring, uint32_t count)
{
	const struct ring_completion *queue = capos_completion_at(ring, 0);
	uint32_t mask = ring->cq_entries - 1;
	uint32_t head = ring->cq_head;
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct ring_completion *slot = &queue[(head + i) & mask];

		wrong |= (slot->user_data ^ i) | (uint32_t)slot->status;
	}
	__atomic_store_n(&ring->cq_head, head + count, __ATOMIC_RELEASE);
	return wrong == 0;
}

/* As many as count operations, in as few entries as the submission queue allows. */
static bool run(struct ring_header *ring, const struct ring_submission *submission,
		uint32_t count)
{
	bool right = true;

	while (count > 0) {
		uint32_t part = count < ring->sq_entries ? count : ring->sq_entries;

		submit(ring, submission, part);
		right = right &&
			capos_cap_enter(part, RING_NO_DEADLINE, nullptr) == STATUS_OK &&
			consume(ring, part);
		count -= part;
	}
	return right;
}

static void measure_submission(struct measure *measure, const char *name,
			       const struct ring_submission *submission, uint32_t batch)
{
	struct ring_header *ring = capos_ring();

	measure_begin(measure, name, batch);
	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = run(ring, submission, batch);

		measure_add(measure, start, measure_counter(), right);
	}
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
