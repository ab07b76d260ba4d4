// SPDX-License-Identifier: MIT
/* Monotonic time.  See time.h; the formula is that of struct ring_header (abi/ring.h). */
#include "user/rt/time.h"

#include "user/rt/ring.h"

uint64_t capos_now_ns(void)
{
	const struct ring_header *ring = capos_ring();
	uint64_t ticks = __builtin_ia32_rdtsc() - ring->time_base_tsc;
	unsigned __int128 scaled = (unsigned __int128)ticks * ring->time_mult;

	return ring->time_base_ns + (uint64_t)(scaled >> 32);
}
