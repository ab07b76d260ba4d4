// SPDX-License-Identifier: MIT
/* Measures what operations cost and prints a line each; bench/run collects them. */
#include "rows.h"

#include "user/rt/capos.h"

static struct measure measure;

static uint64_t need(const char *name, uint64_t interface_id)
{
	uint64_t id = 0;

	if (capos_find(name, interface_id, &id) != STATUS_OK)
		capos_panic(__FILE__, __LINE__, name);
	return id;
}

int capos_main(void)
{
	struct timer_client timer = { need("timer", TIMER_INTERFACE_ID) };
	struct process_spawner_client spawner = { need("spawner",
						       PROCESS_SPAWNER_INTERFACE_ID) };
	struct virtual_memory_client memory = { need("memory", VIRTUAL_MEMORY_INTERFACE_ID) };

	rows_nop(&measure);
	rows_kernel_call(&measure, timer);
	rows_stub_call(&measure, timer);
	rows_map(&measure, memory);
	rows_spawn(&measure, spawner);
	return 0;
}
