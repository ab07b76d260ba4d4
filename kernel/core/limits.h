// SPDX-License-Identifier: MIT
#pragma once
/*
 * Limits as programs write them: ResourceLimits (schema/account.capnp).
 *
 * A thread needs one of itself and its waits; what endpoints, facets and open calls it comes
 * with is a guess at a small service.  The defaults are for each thread, since the threads of
 * an account are those of a process and of all that it starts: so whoever is given threads to
 * start others can also give them what they need.
 */
#include "kernel/core/account.h"
#include "schema/account.capnp.h"

/* Everything by default, for an account of so many threads. */
struct account_limits limits_for_threads(uint32_t threads);

/* Exactly what is written. */
struct account_limits limits_read(struct resource_limits_reader limits);

/* What is written, and the default where that is 0. */
struct account_limits limits_read_or_default(struct resource_limits_reader limits);

/* Write amounts of all resources; none but memory exceeds UINT32_MAX. */
void limits_write(const uint64_t amount[ACCOUNT_RESOURCES], struct resource_limits_builder out);
