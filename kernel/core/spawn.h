// SPDX-License-Identifier: MIT
#pragma once
/*
 * Spawning: from a binary and a list of grants to a process that runs.
 *
 * The image is a binary of the boot module or a sealed memory object.  Its segments become
 * memory objects filled from it on first touch; sealed unless writable.  The new process's
 * table holds its own memory and its account, under the names "memory" and "account", and a
 * what each grant gives; the CapSet message (schema/capset.capnp) tells it their names.
 *
 *   0x200000  ring block          0x220000 - 0x230000  stack, thread block at its top
 *   0x208000  CapSet, read-only   0x240000 -           the program
 *
 * Between CapSet and stack lies a guard of 92 KiB.  Either everything is done, or the process
 * is taken apart again and nothing of it ever runs.
 */
#include "kernel/core/grant.h"
#include "kernel/core/process.h"
#include "lib/message.h"

constexpr uint64_t SPAWN_PROGRAM_START = 0x240000;
constexpr uint32_t SPAWN_MAX_GRANTS = 16;

struct spawn_request {
	struct account *payer;
	struct account_limits limits;
	struct text_reader name;
	struct data_reader image; /* lives for ever, or */
	struct memory_object
		*image_object; /* sealed, if not nullptr; no reference is taken over */
	const struct spawn_grant *grants; /* taken; given only if the process starts */
	struct process *spawner;          /* whose they are; nullptr: the kernel's */
	uint32_t grant_count;             /* at most SPAWN_MAX_GRANTS */
	struct list_reader arguments;     /* at most MAX_ARGUMENTS */
};

/*
 * Start a process; the caller gets a reference to its handle.  STATUS_INVALID_ARGUMENT: a name
 * or an argument; STATUS_MALFORMED_MESSAGE: an argument; STATUS_BAD_IMAGE;
 * STATUS_TRANSFER_SCOPE: a grant that the process may not have; STATUS_OUT_OF_*.
 */
[[nodiscard]] enum status process_spawn(const struct spawn_request *request,
					struct process **out_process);
