// SPDX-License-Identifier: MIT
#pragma once
/*
 * Health tests of one noise source: the repetition count and adaptive proportion tests of NIST
 * SP 800-90B, sections 4.4.1 and 4.4.2, and a lag test of the same shape that catches sources
 * that merely repeat themselves or count.
 *
 * A source that fails once has failed for ever.  It has passed when it has produced
 * ENTROPY_STARTUP_SAMPLES samples (SP 800-90B, 4.3, item 4) without failing.
 *
 * No test can tell noise from a good deterministic generator; what these tell is that a source
 * is stuck, broken or emulated in a regular way.
 */
#include <stdint.h>

constexpr uint32_t ENTROPY_STARTUP_SAMPLES = 1024;
constexpr uint32_t ENTROPY_WINDOW = 512; /* of the adaptive proportion and lag tests */
constexpr uint32_t ENTROPY_LAGS = 16;    /* periods up to this are found */

/* Cutoffs follow from the entropy that is claimed for a sample; see entropy_health.c. */
struct entropy_cutoffs {
	uint32_t repetition; /* so many equal samples in a row fail */
	uint32_t proportion; /* so many equal to the window's first, in a window, fail */
};

extern const struct entropy_cutoffs ENTROPY_CUTOFFS_WORD;   /* 64 bits a 64-bit sample */
extern const struct entropy_cutoffs ENTROPY_CUTOFFS_JITTER; /* 1/8 bit a sample */

struct entropy_health {
	struct entropy_cutoffs cutoffs;
	uint64_t samples; /* seen */
	uint64_t recent[ENTROPY_LAGS + 1];
	uint64_t window_first;
	uint32_t window_equal;
	uint32_t lag_equal[ENTROPY_LAGS]; /* this window: equal to the sample `lag` before */
	uint32_t lag_step_equal[ENTROPY_LAGS]; /* this window: the step equals the one `lag`
						  before */
	uint32_t repetitions;
	bool failed;
};

void entropy_health_init(struct entropy_health *health, struct entropy_cutoffs cutoffs);

/* Test one sample.  Constant time and work. */
void entropy_health_add(struct entropy_health *health, uint64_t sample);

static inline bool entropy_health_passed(const struct entropy_health *health)
{
	return !health->failed && health->samples >= ENTROPY_STARTUP_SAMPLES;
}
