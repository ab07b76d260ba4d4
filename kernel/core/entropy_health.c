// SPDX-License-Identifier: MIT
/* Health tests of noise sources.  See entropy_health.h for the model. */
#include "kernel/core/entropy_health.h"

/*
 * Cutoffs for H bits a sample and a false alarm rate of 2^-20 a sample or window:
 * repetition = 1 + ceil(20 / H); proportion = 1 + the critical value of the binomial
 * distribution (ENTROPY_WINDOW trials, probability 2^-H, upper tail 2^-20), at least 2.  A
 * sample of a source with H bits equals any value that is fixed before it with probability at
 * most 2^-H; "the value one period ago" is such a value, so the lag test uses the same cutoff.
 */
const struct entropy_cutoffs ENTROPY_CUTOFFS_WORD = { .repetition = 2, .proportion = 2 };
const struct entropy_cutoffs ENTROPY_CUTOFFS_JITTER = { .repetition = 161, .proportion = 497 };

void entropy_health_init(struct entropy_health *health, struct entropy_cutoffs cutoffs)
{
	*health = (struct entropy_health){ .cutoffs = cutoffs };
}

static void test_repetition(struct entropy_health *health, uint64_t sample)
{
	if (health->samples != 0 && sample == health->recent[0])
		health->repetitions++;
	else
		health->repetitions = 1;
	if (health->repetitions >= health->cutoffs.repetition)
		health->failed = true;
}

/* Starts anew each window. */
static void test_proportion(struct entropy_health *health, uint64_t sample)
{
	if (health->samples % ENTROPY_WINDOW == 0) {
		health->window_first = sample;
		health->window_equal = 0;
		for (uint32_t i = 0; i < ENTROPY_LAGS; i++) {
			health->lag_equal[i] = 0;
			health->lag_step_equal[i] = 0;
		}
	}
	if (sample == health->window_first)
		health->window_equal++;
	if (health->window_equal >= health->cutoffs.proportion)
		health->failed = true;
}

/* Whether the source repeats itself, or grows, with a period of `i + 1` samples. */
static void test_lag(struct entropy_health *health, uint64_t sample, uint32_t i)
{
	const uint64_t *recent = health->recent;

	if (health->samples > i && sample == recent[i])
		health->lag_equal[i]++;
	if (health->samples > i + 1 && sample - recent[0] == recent[i] - recent[i + 1])
		health->lag_step_equal[i]++;
	if (health->lag_equal[i] >= health->cutoffs.proportion ||
	    health->lag_step_equal[i] >= health->cutoffs.proportion)
		health->failed = true;
}

void entropy_health_add(struct entropy_health *health, uint64_t sample)
{
	test_repetition(health, sample);
	test_proportion(health, sample);
	for (uint32_t i = 0; i < ENTROPY_LAGS; i++)
		test_lag(health, sample, i);
	for (uint32_t i = ENTROPY_LAGS; i > 0; i--)
		health->recent[i] = health->recent[i - 1];
	health->recent[0] = sample;
	health->samples++;
}
