// SPDX-License-Identifier: MIT
/* Limits as programs write them.  See limits.h. */
#include "kernel/core/limits.h"

#include "kernel/core/thread.h"

constexpr uint64_t DEFAULT_MEMORY_BYTES = UINT64_C(2) << 20;
constexpr uint32_t DEFAULT_SLOTS = 256;
constexpr uint32_t DEFAULT_THREADS = 1;
/* For each thread. */
constexpr uint64_t DEFAULT_ENDPOINTS = 8;
constexpr uint64_t DEFAULT_FACETS = 256;
constexpr uint64_t DEFAULT_OPEN_CALLS = 64;

struct account_limits limits_for_threads(uint32_t threads)
{
	return (struct account_limits){ .amount = {
						[ACCOUNT_MEMORY] = DEFAULT_MEMORY_BYTES,
						[ACCOUNT_SLOTS] = DEFAULT_SLOTS,
						[ACCOUNT_THREADS] = threads,
						[ACCOUNT_ENDPOINTS] =
							threads * DEFAULT_ENDPOINTS,
						[ACCOUNT_FACETS] = threads * DEFAULT_FACETS,
						[ACCOUNT_OPEN_CALLS] =
							threads * DEFAULT_OPEN_CALLS,
						[ACCOUNT_WAITS] =
							(uint64_t)threads * THREAD_WAITS,
					} };
}

struct account_limits limits_read(struct resource_limits_reader limits)
{
	return (struct account_limits){ .amount = {
						[ACCOUNT_MEMORY] =
							resource_limits_get_memory_bytes(
								limits),
						[ACCOUNT_SLOTS] =
							resource_limits_get_slots(limits),
						[ACCOUNT_THREADS] =
							resource_limits_get_threads(limits),
						[ACCOUNT_ENDPOINTS] =
							resource_limits_get_endpoints(limits),
						[ACCOUNT_FACETS] =
							resource_limits_get_facets(limits),
						[ACCOUNT_OPEN_CALLS] =
							resource_limits_get_open_calls(limits),
						[ACCOUNT_WAITS] =
							resource_limits_get_waits(limits),
					} };
}

struct account_limits limits_read_or_default(struct resource_limits_reader limits)
{
	const struct account_limits written = limits_read(limits);
	uint32_t threads = resource_limits_get_threads(limits);
	struct account_limits result =
		limits_for_threads(threads != 0 ? threads : DEFAULT_THREADS);

	for (uint32_t resource = 0; resource < ACCOUNT_RESOURCES; resource++)
		if (written.amount[resource] != 0)
			result.amount[resource] = written.amount[resource];
	return result;
}

void limits_write(const uint64_t amount[ACCOUNT_RESOURCES], struct resource_limits_builder out)
{
	resource_limits_set_memory_bytes(out, amount[ACCOUNT_MEMORY]);
	resource_limits_set_slots(out, (uint32_t)amount[ACCOUNT_SLOTS]);
	resource_limits_set_threads(out, (uint32_t)amount[ACCOUNT_THREADS]);
	resource_limits_set_endpoints(out, (uint32_t)amount[ACCOUNT_ENDPOINTS]);
	resource_limits_set_facets(out, (uint32_t)amount[ACCOUNT_FACETS]);
	resource_limits_set_open_calls(out, (uint32_t)amount[ACCOUNT_OPEN_CALLS]);
	resource_limits_set_waits(out, (uint32_t)amount[ACCOUNT_WAITS]);
}
