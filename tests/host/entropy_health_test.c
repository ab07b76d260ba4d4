// SPDX-License-Identifier: MIT
/* Host test of entropy_health.c: noise passes; stuck, periodic and growing sources do not. */
#include "kernel/core/entropy_health.h"

#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

constexpr uint32_t MANY = 4 * ENTROPY_STARTUP_SAMPLES;

typedef uint64_t source(struct sequence *sequence, uint64_t i);

/* Samples until the source fails, or MANY. */
static uint32_t run(source *next, struct entropy_cutoffs cutoffs)
{
	struct sequence sequence = { 99 };
	struct entropy_health health;
	uint32_t i = 0;

	entropy_health_init(&health, cutoffs);
	for (; i < MANY && !health.failed; i++) {
		entropy_health_add(&health, next(&sequence, i));
		assert_int_equal(entropy_health_passed(&health),
				 !health.failed && i + 1 >= ENTROPY_STARTUP_SAMPLES);
	}
	return i;
}

static uint64_t noise(struct sequence *sequence, uint64_t i)
{
	(void)i;
	return sequence_next(sequence);
}

/* Mostly one value, as the time of a short loop is; far more than 1/8 bit a sample. */
static uint64_t poor_noise(struct sequence *sequence, uint64_t i)
{
	(void)i;
	return 40 + (sequence_below(sequence, 4) == 0 ? sequence_below(sequence, 8) : 0);
}

static uint64_t constant(struct sequence *sequence, uint64_t i)
{
	(void)sequence;
	(void)i;
	return 1234;
}

static uint64_t alternating(struct sequence *sequence, uint64_t i)
{
	(void)sequence;
	return i % 2;
}

static uint64_t period_16(struct sequence *sequence, uint64_t i)
{
	(void)sequence;
	return i % 16 * (i % 16);
}

/* Regular but for one sample in a hundred. */
static uint64_t period_16_disturbed(struct sequence *sequence, uint64_t i)
{
	return i % 100 == 99 ? sequence_next(sequence) : period_16(sequence, i);
}

static uint64_t counting(struct sequence *sequence, uint64_t i)
{
	(void)sequence;
	return 24 * i;
}

/* Grows in a pattern of steps that repeats. */
static uint64_t growing_in_a_pattern(struct sequence *sequence, uint64_t i)
{
	(void)sequence;
	return i / 3 * 100 + i % 3 * i % 3;
}

static uint64_t stuck_later(struct sequence *sequence, uint64_t i)
{
	return i < 1500 ? sequence_next(sequence) : 7;
}

/* Nearly constant: less than 1/8 bit a sample. */
static uint64_t nearly_constant(struct sequence *sequence, uint64_t i)
{
	(void)i;
	return sequence_below(sequence, 150) == 0 ? sequence_next(sequence) : 3;
}

static void noise_passes(void **state)
{
	(void)state;
	assert_int_equal(run(noise, ENTROPY_CUTOFFS_WORD), MANY);
	assert_int_equal(run(noise, ENTROPY_CUTOFFS_JITTER), MANY);
	assert_int_equal(run(poor_noise, ENTROPY_CUTOFFS_JITTER), MANY);
}

static void constant_fails_at_the_cutoff(void **state)
{
	(void)state;
	assert_int_equal(run(constant, ENTROPY_CUTOFFS_WORD), ENTROPY_CUTOFFS_WORD.repetition);
	assert_int_equal(run(constant, ENTROPY_CUTOFFS_JITTER),
			 ENTROPY_CUTOFFS_JITTER.repetition);
}

static void regular_sources_never_pass(void **state)
{
	static source *const sources[] = { alternating,          period_16,
					   period_16_disturbed,  counting,
					   growing_in_a_pattern, nearly_constant };

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		assert_true(run(sources[i], ENTROPY_CUTOFFS_JITTER) <= ENTROPY_STARTUP_SAMPLES);
		assert_true(run(sources[i], ENTROPY_CUTOFFS_WORD) <= ENTROPY_STARTUP_SAMPLES);
	}
}

static void source_that_passed_can_still_fail(void **state)
{
	(void)state;
	assert_int_equal(run(stuck_later, ENTROPY_CUTOFFS_WORD), 1502);
	assert_int_equal(run(stuck_later, ENTROPY_CUTOFFS_JITTER), 1500 + 161);
}

static void failure_is_for_good(void **state)
{
	struct sequence sequence = { 3 };
	struct entropy_health health;

	(void)state;
	entropy_health_init(&health, ENTROPY_CUTOFFS_WORD);
	entropy_health_add(&health, 5);
	entropy_health_add(&health, 5);
	for (uint32_t i = 0; i < MANY; i++)
		entropy_health_add(&health, sequence_next(&sequence));
	assert_false(entropy_health_passed(&health));
}

/* Only the first sample of the window comes back, never twice in a row: the proportion test. */
static void too_frequent_value_fails(void **state)
{
	struct sequence sequence = { 8 };
	struct entropy_health health;

	(void)state;
	entropy_health_init(&health,
			    (struct entropy_cutoffs){ .repetition = 5, .proportion = 100 });
	for (uint32_t i = 0; i < ENTROPY_WINDOW && !health.failed; i++)
		entropy_health_add(&health, i == 0 || sequence_below(&sequence, 3) == 0
						    ? 77
						    : sequence_next(&sequence));
	assert_true(health.failed);
	assert_int_equal(health.window_equal, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(noise_passes),
		cmocka_unit_test(constant_fails_at_the_cutoff),
		cmocka_unit_test(regular_sources_never_pass),
		cmocka_unit_test(source_that_passed_can_still_fail),
		cmocka_unit_test(failure_is_for_good),
		cmocka_unit_test(too_frequent_value_fails),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
