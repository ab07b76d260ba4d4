// SPDX-License-Identifier: MIT
/* Clock and timer.  See timer.h and kernel/hal/cpu.h. */
#include "kernel/arch/x86_64/timer.h"

#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu_local.h"
#include "kernel/arch/x86_64/pit.h"
#include "kernel/hal/cpu.h"

static struct hal_clock system_clock;
static uint64_t ticks_per_ns; /* times 2^32 */

const char *timer_init(void)
{
	struct pit_measurement measured;
	const char *wrong = pit_measure(&measured);

	if (wrong != nullptr)
		return wrong;
	system_clock.base_timestamp = boot_timestamp;
	system_clock.mult = (measured.window_ns << 32) / measured.timestamps;
	ticks_per_ns = (measured.lapic_ticks << 32) / measured.window_ns;
	return nullptr;
}

struct hal_clock hal_clock(void)
{
	return system_clock;
}

static void start_part(struct cpu_local *local, uint64_t ticks)
{
	uint32_t now = ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;

	local->timer_ticks_left = ticks - now;
	lapic_timer_start(now);
}

void hal_timer_arm(uint64_t delta_ns)
{
	uint64_t ticks = (uint64_t)((unsigned __int128)delta_ns * ticks_per_ns >> 32);

	start_part(cpu_local(), ticks + 1);
}

void hal_timer_disarm(void)
{
	start_part(cpu_local(), 0);
}

bool timer_has_expired(void)
{
	struct cpu_local *local = cpu_local();

	if (local->timer_ticks_left == 0)
		return true;
	start_part(local, local->timer_ticks_left);
	return false;
}
