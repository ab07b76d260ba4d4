// SPDX-License-Identifier: MIT
/* Calibration against the 8254 timer, channel 0.  Its interrupt line is
 * masked, and unlike channel 2 it needs no port that small virtual machines lack.  See pit.h.
 */
#include "kernel/arch/x86_64/pit.h"

#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/instruction.h"
#include "kernel/hal/cpu.h"

constexpr uint64_t PIT_HZ = 1193182;
constexpr uint16_t PIT_TICKS = 1193; /* 1 ms */
constexpr uint64_t NS_PER_SECOND = 1000000000;

constexpr uint16_t PIT_CHANNEL0 = 0x40;
constexpr uint16_t PIT_COMMAND = 0x43;
/* Channel 0, low then high byte, mode 0: output rises when the count is over. */
constexpr uint8_t PIT_ONE_SHOT = 0x30;
/* Put channel 0's status where its count is read. */
constexpr uint8_t PIT_READ_STATUS = 0xe2;
constexpr uint8_t STATUS_OUTPUT = 0x80;

/* Port reads until a try is given up: a large part of a second on any machine, against 1 ms. */
constexpr uint32_t POLLS_MAX = UINT32_C(1) << 20;

constexpr uint32_t TRIES = 8;
/* A window is good when its ends are known to 1/200 of its length. */
constexpr uint64_t PRECISION = 200;

struct window {
	uint64_t timestamps;
	uint64_t lapic_ticks;
	uint64_t uncertainty; /* in timestamps: how long both ends took */
};

/* Without a timer the bus reads as ones. */
static bool output_is_high(void)
{
	port_write8(PIT_COMMAND, PIT_READ_STATUS);
	return (port_read8(PIT_CHANNEL0) & STATUS_OUTPUT) != 0;
}

/* Start the count, which begins with its second byte, and the local APIC's timer. */
static void start_count(uint64_t out_between[static 2])
{
	port_write8(PIT_COMMAND, PIT_ONE_SHOT);
	port_write8(PIT_CHANNEL0, (uint8_t)PIT_TICKS);
	out_between[0] = hal_timestamp();
	port_write8(PIT_CHANNEL0, PIT_TICKS >> 8);
	lapic_timer_start(UINT32_MAX);
	out_between[1] = hal_timestamp();
}

/* False if the output did not go from low to high: no timer, or one that never ends, or we
 * were held up for the whole time. */
static bool measure_once(struct window *out)
{
	uint64_t start[2];

	start_count(start);
	if (output_is_high())
		return false;
	for (uint32_t i = 0; i < POLLS_MAX; i++) {
		uint64_t before = hal_timestamp();
		uint64_t after;

		if (!output_is_high()) {
			spin_pause();
			continue;
		}
		out->lapic_ticks = UINT32_MAX - lapic_timer_ticks_left();
		after = hal_timestamp();
		out->timestamps = (before - start[0] + after - start[1]) / 2;
		out->uncertainty = start[1] - start[0] + after - before;
		return true;
	}
	return false;
}

const char *pit_measure(struct pit_measurement *out)
{
	struct window best = { .uncertainty = UINT64_MAX };
	bool works = false;

	for (uint32_t i = 0; i < TRIES && best.uncertainty > best.timestamps / PRECISION; i++) {
		struct window window;

		if (!measure_once(&window))
			continue;
		works = true;
		if (window.uncertainty < best.uncertainty)
			best = window;
	}
	lapic_timer_start(0);
	if (!works)
		return "the timer does not run (8254 channel 0)";
	if (best.timestamps == 0)
		return "the time stamp counter does not run";
	if (best.lapic_ticks == 0)
		return "the local APIC's timer does not run";
	*out = (struct pit_measurement){
		.window_ns = PIT_TICKS * NS_PER_SECOND / PIT_HZ,
		.timestamps = best.timestamps,
		.lapic_ticks = best.lapic_ticks,
	};
	return nullptr;
}
