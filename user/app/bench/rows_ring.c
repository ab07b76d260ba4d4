// SPDX-License-Identifier: MIT
/* NOP and a kernel call, written into the ring by hand. */
#include "user/app/bench/rows.h"

#include "schema/ring.capnp.h"
#include "user/app/bench/queues.h"

constexpr uint32_t RESULT_BYTES = 16;

/* Each of the two apart, with a copy of its own that can stay in registers. */
[[gnu::noinline]] static void measure_one(struct measure *measure,
					  const struct queues *prepared)
{
	const struct queues queues = *prepared;

	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = queues_run(&queues, 1);

		measure_add(measure, start, measure_counter(), right);
	}
}

[[gnu::noinline]] static void measure_many(struct measure *measure,
					   const struct queues *prepared, uint32_t batch)
{
	const struct queues queues = *prepared;
	uint32_t part = batch <= queues.submission_mask ? batch : queues.submission_mask + 1;

	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = true;

		for (uint32_t done = 0; done < batch; done += part)
			right = queues_run(&queues, part) && right;
		measure_add(measure, start, measure_counter(), right);
	}
}

static void measure_submission(struct measure *measure, const char *name,
			       const struct ring_submission *submission, uint32_t batch)
{
	struct queues queues = queues_prepare(submission);

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
