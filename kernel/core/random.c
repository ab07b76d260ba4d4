// SPDX-License-Identifier: MIT
/* The kernel's random generator.  See random.h for the model. */
#include "kernel/core/random.h"

#include "kernel/core/entropy_health.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "lib/string.h"

#include <bearssl_hash.h>
#include <bearssl_rand.h>

/* Eighths of a bit that a sample counts, by source. */
static const uint32_t CREDIT_EIGHTHS[RANDOM_SOURCES] = {
	[RANDOM_HARDWARE] = 64 * 8,
	[RANDOM_JITTER] = 1,
};

constexpr uint32_t SEED_EIGHTHS = RANDOM_SEED_BITS * 8;
constexpr uint32_t JITTER_EXTRA = 64; /* mixed in beside the hardware source */
constexpr uint32_t RESEED_SAMPLES = RANDOM_SEED_BITS / 64;
constexpr uint32_t POOLS = 2;

/* What the jitter loop walks through: fills a page, so that it misses some caches. */
constexpr uint32_t WALK_WORDS = 512;
constexpr uint32_t WALK_STEPS = 32;

/* Kept for random_word(). */
constexpr uint32_t RANDOM_WORDS = RANDOM_REQUEST_BYTES_MAX / sizeof(uint64_t);

/*
 * Samples go to the pools in turn; the seed is the digests of both.  One digest could carry no
 * more than 256 of the RANDOM_SEED_BITS.
 */
static struct {
	br_hmac_drbg_context generator; /* when seeded */
	br_sha256_context pools[POOLS];
	uint32_t next_pool;
	struct entropy_health health[RANDOM_SOURCES];
	uint32_t pending[RANDOM_SOURCES]; /* samples in the pools; stops growing when enough */
	uint32_t requests;                /* since samples were last drawn */
	bool seeded;
	uint32_t words_left; /* of words, from the start; 0 once they are used up */
	uint64_t words[RANDOM_WORDS];
	uint64_t walk[WALK_WORDS];
} machine_random;

/* Eighths of a bit in the pools, from sources that have passed. */
static uint32_t credit(void)
{
	uint32_t sum = 0;

	for (uint32_t s = 0; s < RANDOM_SOURCES; s++)
		if (entropy_health_passed(&machine_random.health[s]))
			sum += machine_random.pending[s] * CREDIT_EIGHTHS[s];
	return sum;
}

/* Clear secrets in a way that the compiler may not leave out. */
static void wipe(void *data, size_t size)
{
	memset(data, 0, size);
	__asm__ volatile("" : : "r"(data) : "memory");
}

/* Move what the pools hold into the generator, all at once. */
static void seed_generator(void)
{
	uint8_t seed[POOLS][br_sha256_SIZE];

	for (uint32_t i = 0; i < POOLS; i++) {
		br_sha256_out(&machine_random.pools[i], seed[i]);
		br_sha256_init(&machine_random.pools[i]);
	}
	if (machine_random.seeded)
		br_hmac_drbg_update(&machine_random.generator, seed, sizeof(seed));
	else
		br_hmac_drbg_init(&machine_random.generator, &br_sha256_vtable, seed,
				  sizeof(seed));
	wipe(seed, sizeof(seed));
	for (uint32_t s = 0; s < RANDOM_SOURCES; s++)
		machine_random.pending[s] = 0;
	machine_random.seeded = true;
}

void random_add_sample(enum random_source source, uint64_t sample)
{
	entropy_health_add(&machine_random.health[source], sample);
	br_sha256_update(&machine_random.pools[machine_random.next_pool], &sample,
			 sizeof(sample));
	machine_random.next_pool = (machine_random.next_pool + 1) % POOLS;
	if (machine_random.pending[source] * CREDIT_EIGHTHS[source] < SEED_EIGHTHS)
		machine_random.pending[source]++;
	if (credit() >= SEED_EIGHTHS)
		seed_generator();
}

/* The time that a walk through memory takes, whose way depends on the time. */
static uint64_t jitter_sample(void)
{
	uint64_t start = hal_timestamp();
	uint64_t at = start;

	for (uint32_t i = 0; i < WALK_STEPS; i++) {
		uint64_t *word = &machine_random.walk[at % WALK_WORDS];

		*word += at;
		/* A linear congruential step: Knuth, volume 2, section 3.3.4, MMIX. */
		at = (*word ^ at) * UINT64_C(6364136223846793005) +
		     UINT64_C(1442695040888963407);
		at ^= at >> 32;
	}
	return hal_timestamp() - start;
}

static void collect_jitter(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		random_add_sample(RANDOM_JITTER, jitter_sample());
}

/* Fewer if the source is absent or fails. */
static void collect_hardware(uint32_t count)
{
	uint64_t word;

	for (uint32_t i = 0; i < count && !machine_random.health[RANDOM_HARDWARE].failed; i++) {
		if (!hal_hardware_random(&word))
			return;
		random_add_sample(RANDOM_HARDWARE, word);
		wipe(&word, sizeof(word));
	}
}

void random_init(void)
{
	wipe(&machine_random, sizeof(machine_random));
	entropy_health_init(&machine_random.health[RANDOM_HARDWARE], ENTROPY_CUTOFFS_WORD);
	entropy_health_init(&machine_random.health[RANDOM_JITTER], ENTROPY_CUTOFFS_JITTER);
	for (uint32_t i = 0; i < POOLS; i++)
		br_sha256_init(&machine_random.pools[i]);

	collect_jitter(JITTER_EXTRA);
	collect_hardware(ENTROPY_STARTUP_SAMPLES);
	for (uint32_t i = 0; i < SEED_EIGHTHS && !machine_random.seeded &&
			     !machine_random.health[RANDOM_JITTER].failed;
	     i++)
		collect_jitter(1);
}

/* Fresh samples now and then, from the source that works; a seeded generator needs none. */
static void refresh(void)
{
	machine_random.requests = 0;
	if (entropy_health_passed(&machine_random.health[RANDOM_HARDWARE]))
		collect_hardware(RESEED_SAMPLES);
	else
		collect_jitter(RESEED_SAMPLES);
}

enum status random_bytes(void *out, size_t size)
{
	require(size <= RANDOM_REQUEST_BYTES_MAX);
	if (!machine_random.seeded)
		return STATUS_NO_ENTROPY;
	if (++machine_random.requests >= RANDOM_RESEED_REQUESTS)
		refresh();
	br_hmac_drbg_generate(&machine_random.generator, out, size);
	return STATUS_OK;
}

enum status random_word(uint64_t *out)
{
	uint32_t left = machine_random.words_left;

	if (left == 0) {
		enum status status =
			random_bytes(machine_random.words, sizeof(machine_random.words));

		if (status != STATUS_OK)
			return status;
		left = RANDOM_WORDS;
	}
	machine_random.words_left = --left;
	*out = machine_random.words[left];
	machine_random.words[left] = 0;
	return STATUS_OK;
}
