// SPDX-License-Identifier: MIT
/* Samples and their report.  See measure.h. */
#include "user/app/bench/measure.h"

#include "user/rt/capos.h"

/* What two readings of the counter cost by themselves: the smallest of a few tries. */
static uint64_t empty_cost(void)
{
	uint64_t smallest = UINT64_MAX;

	for (uint32_t i = 0; i < 16; i++) {
		uint64_t start = measure_counter();
		uint64_t cost = measure_counter() - start;

		if (cost < smallest)
			smallest = cost;
	}
	return smallest;
}

void measure_begin(struct measure *measure, const char *name, uint32_t batch)
{
	measure->name = name;
	measure->batch = batch;
	measure->count = 0;
	measure->verified = true;
}

void measure_add(struct measure *measure, uint64_t start, uint64_t end, bool verified)
{
	if (measure->count >= MEASURE_WARM_UP)
		measure->sample[measure->count - MEASURE_WARM_UP] = end - start;
	measure->count++;
	measure->verified = measure->verified && verified;
}

/* Shell sort with Ciura's gaps (M. Ciura, Best Increments for the Average Case of
 * Shellsort). */
static void sort(uint64_t *values, uint32_t count)
{
	static const uint32_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };

	for (uint32_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (uint32_t i = gaps[g]; i < count; i++) {
			uint64_t value = values[i];
			uint32_t j = i;

			for (; j >= gaps[g] && values[j - gaps[g]] > value; j -= gaps[g])
				values[j] = values[j - gaps[g]];
			values[j] = value;
		}
	}
}

/* Instructions per operation, rounded to the nearest. */
static uint64_t per_operation(const struct measure *measure, uint32_t rank, uint64_t empty)
{
	return (measure->sample[rank] - empty + measure->batch / 2) / measure->batch;
}

void measure_report(struct measure *measure)
{
	uint64_t empty = empty_cost();

	sort(measure->sample, MEASURE_SAMPLES);
	capos_print("bench %s instructions %lu %lu %lu %u %d\n", measure->name,
		    per_operation(measure, MEASURE_SAMPLES / 2, empty),
		    per_operation(measure, MEASURE_SAMPLES * 99 / 100, empty),
		    per_operation(measure, MEASURE_SAMPLES - 1, empty), MEASURE_SAMPLES,
		    measure->verified);
}
