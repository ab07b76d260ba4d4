// SPDX-License-Identifier: MIT
/* The processor's random generator. */
#include "kernel/arch/x86_64/cpu_features.h"
#include "kernel/hal/cpu.h"

/* Intel SDM 1, 7.3.17.1: ten failures in a row mean that it is broken. */
constexpr uint32_t TRIES = 10;

static bool read_once(uint64_t *out)
{
	bool valid;

	__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(valid));
	return valid;
}

/* Some generators fail without saying so, with all bits clear or set. */
bool hal_hardware_random(uint64_t *out)
{
	for (uint32_t i = 0; cpu_features.rdrand && i < TRIES; i++) {
		uint64_t word;

		if (read_once(&word) && word != 0 && word != UINT64_MAX) {
			*out = word;
			return true;
		}
	}
	return false;
}
