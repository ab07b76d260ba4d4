// SPDX-License-Identifier: MIT
/*
 * Host test of random.c: the construction against NIST's vectors, and when the generator
 * becomes ready, or must not, with sources that this file plays.
 */
#include "kernel/hal/cpu.h"

#include "tests/host/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint64_t played_timestamp(void);
static bool played_hardware_random(uint64_t *out);

/* The unit is compiled here, so that its sources are the played ones. */
#define hal_timestamp       played_timestamp
#define hal_hardware_random played_hardware_random
#include "kernel/core/random.c"
#undef hal_timestamp
#undef hal_hardware_random

enum hardware : uint8_t {
	HARDWARE_ABSENT,
	HARDWARE_GOOD,
	HARDWARE_CONSTANT,
	HARDWARE_COUNTS,
	HARDWARE_STOPS, /* after 100 words */
};

enum timing : uint8_t {
	TIMING_STANDS,
	TIMING_STEADY,
	TIMING_ALTERNATES,
	TIMING_GROWS,
	TIMING_NOISY,
};

static struct {
	enum hardware hardware;
	enum timing timing;
	uint64_t words;
	uint64_t flip_word; /* this word of good hardware differs in one bit; 0 = none */
	uint64_t readings;
	uint64_t now;
	struct sequence sequence;
} play;

static bool played_hardware_random(uint64_t *out)
{
	uint64_t i = play.words++;

	switch (play.hardware) {
	case HARDWARE_ABSENT:
		return false;
	case HARDWARE_GOOD:
		*out = sequence_next(&play.sequence) ^ (i != 0 && i == play.flip_word);
		return true;
	case HARDWARE_CONSTANT:
		*out = UINT64_MAX;
		return true;
	case HARDWARE_COUNTS:
		*out = i;
		return true;
	case HARDWARE_STOPS:
		*out = sequence_next(&play.sequence);
		return i < 100;
	}
	return false;
}

/* Every second reading ends a step; the odd step sizes are what jitter_sample() measures. */
static uint64_t played_timestamp(void)
{
	uint64_t i = play.readings++;

	switch (play.timing) {
	case TIMING_STANDS:
		break;
	case TIMING_STEADY:
		play.now += 1000;
		break;
	case TIMING_ALTERNATES:
		play.now += i / 2 % 2 == 0 ? 1000 : 1003;
		break;
	case TIMING_GROWS:
		play.now += i;
		break;
	case TIMING_NOISY:
		play.now += 1000 + sequence_below(&play.sequence, 16);
		break;
	}
	return play.now;
}

static void start(enum hardware hardware, enum timing timing)
{
	play = (typeof(play)){ .hardware = hardware, .timing = timing, .sequence = { 2026 } };
	random_init();
}

static void assert_refused(void)
{
	uint8_t out[32], zeros[32] = { 0 };

	memset(out, 0, sizeof(out));
	assert_int_equal(random_bytes(out, sizeof(out)), STATUS_NO_ENTROPY);
	assert_memory_equal(out, zeros, sizeof(out));
}

static void assert_ready(void)
{
	uint8_t out[32], zeros[32] = { 0 };

	memset(out, 0, sizeof(out));
	assert_int_equal(random_bytes(out, sizeof(out)), STATUS_OK);
	assert_memory_not_equal(out, zeros, sizeof(out));
}

static size_t from_hex(const char *text, uint8_t *out)
{
	size_t size = strlen(text) / 2;

	for (size_t i = 0; i < size; i++) {
		uint32_t high = (uint32_t)text[2 * i], low = (uint32_t)text[2 * i + 1];

		high = high >= 'a' ? high - 'a' + 10 : high - '0';
		low = low >= 'a' ? low - 'a' + 10 : low - '0';
		out[i] = (uint8_t)(high << 4 | low);
	}
	return size;
}

/*
 * NIST CAVP, drbgtestvectors, HMAC_DRBG.rsp, [SHA-256], no prediction resistance, no
 * personalization, no additional input: the second of two outputs of 1024 bits.
 */
struct vector {
	const char *entropy_and_nonce;
	const char *reseed; /* or nullptr */
	const char *returned;
};

static const struct vector VECTORS[] = {
	{ /* no reseed, COUNT = 0 */
	  "ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"
	  "659ba96c601dc69fc902940805ec0ca8",
	  nullptr,
	  "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89"
	  "d54fbb978a15b5c443c9ec21036d2460b6f73ebad0dc2aba6e624abf07745bc1"
	  "07694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
	  "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8" },
	{ /* no reseed, COUNT = 1 */
	  "79737479ba4e7642a221fcfd1b820b134e9e3540a35bb48ffae29c20f5418ea3"
	  "3593259c092bef4129bc2c6c9e19f343",
	  nullptr,
	  "cf5ad5984f9e43917aa9087380dac46e410ddc8a7731859c84e9d0f31bd43655"
	  "b924159413e2293b17610f211e09f770f172b8fb693a35b85d3b9e5e63b1dc25"
	  "2ac0e115002e9bedfb4b5b6fd43f33b8e0eafb2d072e1a6fee1f159df9b51e6c"
	  "8da737e60d5032dd30544ec51558c6f080bdbdab1de8a939e961e06b5f1aca37" },
	{ /* reseed, COUNT = 0 */
	  "06032cd5eed33f39265f49ecb142c511da9aff2af71203bffaf34a9ca5bd9c0d"
	  "0e66f71edc43e42a45ad3c6fc6cdc4df",
	  "01920a4e669ed3a85ae8a33b35a74ad7fb2a6bb4cf395ce00334a9c9a5a5d552",
	  "76fc79fe9b50beccc991a11b5635783a83536add03c157fb30645e611c2898bb"
	  "2b1bc215000209208cd506cb28da2a51bdb03826aaf2bd2335d576d519160842"
	  "e7158ad0949d1a9ec3e66ea1b1a064b005de914eac2e9d4f2d72a8616a802254"
	  "22918250ff66a41bd2f864a6a38cc5b6499dc43f7f2bd09e1e0f8f5885935124" },
};

static void generator_gives_the_vectors_of_nist(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(*VECTORS); i++) {
		br_hmac_drbg_context generator;
		uint8_t seed[64], expected[128], out[128];
		size_t size = from_hex(VECTORS[i].entropy_and_nonce, seed);

		br_hmac_drbg_init(&generator, &br_sha256_vtable, seed, size);
		if (VECTORS[i].reseed != nullptr)
			br_hmac_drbg_update(&generator, seed,
					    from_hex(VECTORS[i].reseed, seed));
		br_hmac_drbg_generate(&generator, out, sizeof(out));
		br_hmac_drbg_generate(&generator, out, sizeof(out));
		assert_int_equal(from_hex(VECTORS[i].returned, expected), sizeof(out));
		assert_memory_equal(out, expected, sizeof(out));
	}
}

/* FIPS 180-4, the example "abc". */
static void digest_gives_the_vector_of_nist(void **state)
{
	br_sha256_context context;
	uint8_t expected[32], out[32];

	(void)state;
	from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", expected);
	br_sha256_init(&context);
	br_sha256_update(&context, "abc", 3);
	br_sha256_out(&context, out);
	assert_memory_equal(out, expected, sizeof(out));
}

static void good_hardware_alone_suffices(void **state)
{
	(void)state;
	start(HARDWARE_GOOD, TIMING_STANDS);
	assert_ready();
	assert_int_equal(play.words, ENTROPY_STARTUP_SAMPLES);
}

static void good_hardware_spares_the_jitter(void **state)
{
	(void)state;
	start(HARDWARE_GOOD, TIMING_NOISY);
	assert_ready();
	assert_int_equal(play.readings, 2 * JITTER_EXTRA);
}

static void noisy_timing_alone_suffices(void **state)
{
	(void)state;
	start(HARDWARE_ABSENT, TIMING_NOISY);
	assert_ready();
	assert_int_equal(play.readings, 2 * RANDOM_SEED_BITS * 8);
}

static void jitter_helps_out_broken_hardware(void **state)
{
	(void)state;
	start(HARDWARE_CONSTANT, TIMING_NOISY);
	assert_ready();
	assert_true(play.words < 10);
	start(HARDWARE_STOPS, TIMING_NOISY);
	assert_ready();
	assert_int_equal(play.readings, 2 * RANDOM_SEED_BITS * 8);
}

static void no_source_that_passes_means_no_bytes(void **state)
{
	static const enum hardware hardware[] = { HARDWARE_ABSENT, HARDWARE_CONSTANT,
						  HARDWARE_COUNTS, HARDWARE_STOPS };
	static const enum timing timing[] = { TIMING_STANDS, TIMING_STEADY, TIMING_ALTERNATES,
					      TIMING_GROWS };

	(void)state;
	for (size_t h = 0; h < sizeof(hardware) / sizeof(*hardware); h++)
		for (size_t t = 0; t < sizeof(timing) / sizeof(*timing); t++) {
			start(hardware[h], timing[t]);
			assert_refused();
			assert_true(play.readings <= 2 * 1100);
		}
}

/* 383 of 384 bits are not enough, the last sample is. */
static void nothing_is_given_before_the_last_bit(void **state)
{
	struct sequence sequence = { 17 };

	(void)state;
	start(HARDWARE_ABSENT, TIMING_STANDS);
	entropy_health_init(&machine_random.health[RANDOM_JITTER], ENTROPY_CUTOFFS_JITTER);
	machine_random.pending[RANDOM_JITTER] = 0;
	for (uint32_t i = 0; i < RANDOM_SEED_BITS * 8 - 1; i++)
		random_add_sample(RANDOM_JITTER, sequence_next(&sequence));
	assert_refused();
	random_add_sample(RANDOM_JITTER, sequence_next(&sequence));
	assert_ready();
}

static void output_never_repeats(void **state)
{
	static uint8_t seen[3 * RANDOM_RESEED_REQUESTS][16];

	(void)state;
	start(HARDWARE_GOOD, TIMING_STANDS);
	for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++) {
		assert_int_equal(random_bytes(seen[i], sizeof(seen[i])), STATUS_OK);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], sizeof(seen[i]));
	}
}

static void fresh_words_come_in_now_and_then(void **state)
{
	uint8_t out[8];

	(void)state;
	start(HARDWARE_GOOD, TIMING_STANDS);
	for (uint32_t i = 0; i < RANDOM_RESEED_REQUESTS - 1; i++)
		assert_int_equal(random_bytes(out, sizeof(out)), STATUS_OK);
	assert_int_equal(play.words, ENTROPY_STARTUP_SAMPLES);
	assert_int_equal(random_bytes(out, sizeof(out)), STATUS_OK);
	assert_int_equal(play.words, ENTROPY_STARTUP_SAMPLES + RANDOM_SEED_BITS / 64);
}

static void first_bytes(enum timing timing, uint64_t flip_word, uint8_t out[static 32])
{
	play = (typeof(play)){
		.hardware = HARDWARE_GOOD,
		.timing = timing,
		.flip_word = flip_word,
		.sequence = { 2026 },
	};
	random_init();
	assert_int_equal(random_bytes(out, 32), STATUS_OK);
}

/* The same history twice gives the same bytes; one bit in one sample, or other
 * times, do not. */
static void every_sample_counts(void **state)
{
	uint8_t first[32], other[32];

	(void)state;
	first_bytes(TIMING_STANDS, 0, first);
	first_bytes(TIMING_STANDS, 0, other);
	assert_memory_equal(first, other, sizeof(first));
	first_bytes(TIMING_STEADY, 0, other);
	assert_memory_not_equal(first, other, sizeof(first));
	for (uint64_t word = 1; word < ENTROPY_STARTUP_SAMPLES; word += 97) {
		first_bytes(TIMING_STANDS, word, other);
		assert_memory_not_equal(first, other, sizeof(first));
	}
}

static void request_is_bounded(void **state)
{
	static uint8_t out[RANDOM_REQUEST_BYTES_MAX + 1];

	(void)state;
	start(HARDWARE_GOOD, TIMING_STANDS);
	assert_int_equal(random_bytes(out, RANDOM_REQUEST_BYTES_MAX), STATUS_OK);
	assert_int_equal(random_bytes(out, 0), STATUS_OK);
	expect_assert_failure((void)random_bytes(out, sizeof(out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generator_gives_the_vectors_of_nist),
		cmocka_unit_test(digest_gives_the_vector_of_nist),
		cmocka_unit_test(good_hardware_alone_suffices),
		cmocka_unit_test(good_hardware_spares_the_jitter),
		cmocka_unit_test(noisy_timing_alone_suffices),
		cmocka_unit_test(jitter_helps_out_broken_hardware),
		cmocka_unit_test(no_source_that_passes_means_no_bytes),
		cmocka_unit_test(nothing_is_given_before_the_last_bit),
		cmocka_unit_test(output_never_repeats),
		cmocka_unit_test(fresh_words_come_in_now_and_then),
		cmocka_unit_test(every_sample_counts),
		cmocka_unit_test(request_is_bounded),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
