// SPDX-License-Identifier: MIT
#pragma once
/* The programs that the service starts, and waits for beside its calls. */
#include "schema/status.capnp.h"

#include <stdint.h>

/*
 * Start the programs that the arguments name, each with `facet` as "counters", the console, and
 * its number as argument.  `ended` is called when all have ended. Statuses: those of
 * ProcessSpawner.spawn and of calls; invalidArgument (there are none).
 */
enum status children_start(uint64_t facet, void (*ended)(void));

/* 0, or the code of one that ended otherwise; 99 for one that did not exit. */
int32_t children_code(void);
