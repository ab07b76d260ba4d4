// SPDX-License-Identifier: MIT
#pragma once
/*
 * Samples of one operation's cost, and the line that reports them.
 *
 * The unit is what the time-stamp counter counts: instructions, under an emulator that counts
 * them (tools/qemu --icount).  The cost of reading the counter twice is subtracted.  Each
 * sample covers one batch; figures are per operation.
 */
#include <stdint.h>

constexpr uint32_t MEASURE_SAMPLES = 1001;
constexpr uint32_t MEASURE_WARM_UP = 64;

struct measure {
	const char *name;
	uint32_t batch; /* operations in a sample */
	uint32_t count; /* samples taken, warm-up included */
	bool verified;  /* so far every sample's work was right */
	uint64_t sample[MEASURE_SAMPLES];
};

void measure_begin(struct measure *measure, const char *name, uint32_t batch);

static inline uint64_t measure_counter(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/* Whether another sample is wanted. */
static inline bool measure_wants(const struct measure *measure)
{
	return measure->count < MEASURE_WARM_UP + MEASURE_SAMPLES;
}

/* Take the sample of [start, end]; verified: its work was looked at and right. */
void measure_add(struct measure *measure, uint64_t start, uint64_t end, bool verified);

/* Print "bench NAME instructions MEDIAN P99 MAX N VERIFIED". */
void measure_report(struct measure *measure);
