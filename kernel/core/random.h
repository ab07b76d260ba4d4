// SPDX-License-Identifier: MIT
#pragma once
/*
 * The kernel's random generator: HMAC_DRBG with SHA-256 (NIST SP 800-90A, as BearSSL implements
 * it), seeded from the processor's generator and from timing jitter.
 *
 * Samples of each source go through the health tests of entropy_health.h and into one SHA-256
 * state.  A source counts only once it has passed, and then
 *
 *   RANDOM_HARDWARE   64 bits for each word
 *   RANDOM_JITTER     1/8 bit for each time step; eight times less than jitterentropy credits
 *
 * and not at all, for good, once it fails.  The generator is seeded when RANDOM_SEED_BITS have
 * been credited: 256 bits of strength and 128 for the nonce (SP 800-90A, 8.6.7).  Jitter is
 * collected in full only where the hardware source does not suffice.  Without a source that
 * passes there are no random bytes: STATUS_NO_ENTROPY, never weak ones.
 *
 * One generator for the machine, on one CPU with interrupts off: no lock.
 */
#include "schema/status.capnp.h"

#include <stddef.h>
#include <stdint.h>

constexpr size_t RANDOM_REQUEST_BYTES_MAX = 256;
constexpr uint32_t RANDOM_SEED_BITS = 384;
constexpr uint32_t RANDOM_RESEED_REQUESTS = 1024; /* between fresh samples from the hardware */

enum random_source : uint8_t {
	RANDOM_HARDWARE = 0,
	RANDOM_JITTER = 1,
};

constexpr uint32_t RANDOM_SOURCES = 2;

/* Forget everything, then collect samples through hal_hardware_random() and hal_timestamp(). */
void random_init(void);

/* One sample: a word of the processor's generator, or the time between two events. */
void random_add_sample(enum random_source source, uint64_t sample);

/*
 * Fill out with size bytes, at most RANDOM_REQUEST_BYTES_MAX; bounded work.
 * STATUS_NO_ENTROPY: not seeded; out is untouched.
 */
[[nodiscard]] enum status random_bytes(void *out, size_t size);

/*
 * One word, for the kernel's own use; cheaper, because words are made RANDOM_REQUEST_BYTES_MAX
 * bytes at a time and each is wiped when it is handed out.  STATUS_NO_ENTROPY as above.
 */
[[nodiscard]] enum status random_word(uint64_t *out);
