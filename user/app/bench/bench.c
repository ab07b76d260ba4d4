// SPDX-License-Identifier: MIT
/*
 * Measures what operations cost and prints a line each; bench/run collects them.  Arguments
 * name the groups of rows to measure: nop, call, stub, map, endpoint, spawn; none means all.
 */
#include "user/app/bench/rows.h"

#include "lib/string.h"
#include "user/rt/capos.h"

static struct measure measure;

static uint64_t need(const char *name, uint64_t interface_id)
{
	uint64_t id = 0;

	if (capos_find(name, interface_id, &id) != STATUS_OK)
		capos_panic(__FILE__, __LINE__, name);
	return id;
}

/* Whether a group of rows is wanted: all of them, or those that the arguments name. */
static bool wanted(const char *group)
{
	uint32_t count = capos_argument_count();
	size_t size = strlen(group);

	for (uint32_t i = 0; i < count; i++) {
		struct capos_text argument = capos_argument(i);

		if (argument.size == size && memcmp(argument.data, group, size) == 0)
			return true;
	}
	return count == 0;
}

int capos_main(void)
{
	struct timer_client timer = { need("timer", TIMER_INTERFACE_ID) };
	struct process_spawner_client spawner = { need("spawner",
						       PROCESS_SPAWNER_INTERFACE_ID) };
	struct virtual_memory_client memory = { need("memory", VIRTUAL_MEMORY_INTERFACE_ID) };

	if (wanted("nop"))
		rows_nop(&measure);
	if (wanted("call"))
		rows_kernel_call(&measure, timer);
	if (wanted("stub"))
		rows_stub_call(&measure, timer);
	if (wanted("map"))
		rows_map(&measure, memory);
	if (wanted("endpoint"))
		rows_endpoint(&measure, spawner, timer);
	if (wanted("spawn"))
		rows_spawn(&measure, spawner);
	return 0;
}
