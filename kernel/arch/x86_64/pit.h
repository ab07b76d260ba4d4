// SPDX-License-Identifier: MIT
#pragma once
/*
 * The one clock whose rate is known, the 8254 timer, used once: to measure the others.
 */
#include <stdint.h>

/* How far the other clocks went in window_ns. */
struct pit_measurement {
	uint64_t window_ns;
	uint64_t timestamps;
	uint64_t lapic_ticks;
};

/* Measure for about a millisecond, again if something held us up meanwhile.  Returns nullptr,
 * or what is wrong; ends in any case.  Leaves the local APIC's timer stopped. */
const char *pit_measure(struct pit_measurement *out);
