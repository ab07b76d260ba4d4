// SPDX-License-Identifier: MIT
#pragma once
/*
 * What this process was started with: capabilities by name, arguments, its own name.
 *
 * The CapSet message is read where the kernel mapped it, each time it is asked; nothing is
 * copied or cached, so a program that asks nothing pays nothing.  The reader is bounded: a
 * CapSet made by a mistaken spawner gives a typed status, never a crash.
 */
#include "schema/status.capnp.h"

#include <stddef.h>
#include <stdint.h>

/* Exit codes and messages stay short: the longest name or argument that is handed out. */
struct capos_text {
	const char *data; /* not terminated by a zero */
	uint32_t size;
};

/*
 * The capability called `name`, which must have the interface `interface_id`.
 * Statuses: badCapability (no such name), wrongInterface, malformedMessage (the CapSet).
 */
enum status capos_find(const char *name, uint64_t interface_id, uint64_t *out_id);

/* As capos_find for a name of `size` bytes, and any interface: gives what it is. */
enum status capos_find_any(const char *name, size_t size, uint64_t *out_id,
			   uint64_t *out_interface_id);

/* As capos_find, but without it the program cannot run: panics, naming what is missing. */
uint64_t capos_require(const char *name, uint64_t interface_id);

/* How many capabilities there are; 0 when the CapSet cannot be read. */
uint32_t capos_capability_count(void);

/* One of them by position.  false past the end. */
bool capos_capability_at(uint32_t index, struct capos_text *out_name, uint64_t *out_id,
			 uint64_t *out_interface_id);

/* The arguments given by the spawner; the first is not the program's name. */
uint32_t capos_argument_count(void);

/* Argument `index`; empty, with data not null, past the end. */
struct capos_text capos_argument(uint32_t index);

/* Name of the binary that runs. */
struct capos_text capos_program_name(void);
