// SPDX-License-Identifier: MIT
/* Monotonic time.  See time.h. */
#include "kernel/core/time.h"

#include "abi/ring.h"
#include "kernel/hal/cpu.h"

static struct hal_clock system_clock;

void time_init(void)
{
	system_clock = hal_clock();
}

uint64_t time_now_ns(void)
{
	uint64_t ticks = hal_timestamp() - system_clock.base_timestamp;

	return (uint64_t)(((unsigned __int128)ticks * system_clock.mult) >> 32);
}

void time_publish(struct ring_header *header)
{
	header->time_base_tsc = system_clock.base_timestamp;
	header->time_base_ns = 0;
	header->time_mult = system_clock.mult;
}
