// SPDX-License-Identifier: MIT
#pragma once
/*
 * Grant: a capability on its way from a spawner into a new process.
 *
 *   grant_check()   whether it may be granted like that at all; looks only
 *   grant_take()    takes hold: locks the slot of a move, makes a new facet
 *   grant_give()    the process has it: cannot fail
 *   grant_drop()    it does not: the spawner has everything as it was
 *
 * A grant never gives a capability another identity than it has: what is no endpoint is taken
 * as what it is, a facet keeps its interface and its cookie, and only who holds the Endpoint
 * itself makes facets of it.
 */
#include "kernel/core/object.h"
#include "lib/cap_table.h"
#include "lib/message.h"
#include "schema/ring.capnp.h"

struct facet;
struct process;

/* What a spawner asks for. */
struct grant_request {
	struct object *object; /* what id names; no reference is taken over */
	struct cap_id id;      /* the spawner's */
	uint64_t interface_id; /* to be taken as; 0: as what it is */
	uint16_t mode;         /* enum cap_grant_mode, or any number */
	uint16_t scope;        /* enum transfer_scope, or any number */
	bool has_badge;
};

struct spawn_grant {
	struct text_reader name;
	struct object *object; /* of a copy no reference is taken over */
	struct facet *facet;   /* made for the grant, with its control; nullptr: not made */
	uint16_t slot;         /* of the spawner, locked; of a move */
	bool is_move;
};

/*
 * STATUS_TRANSFER_MODE, STATUS_INVALID_ARGUMENT, STATUS_WRONG_INTERFACE,
 * STATUS_RELABEL_REFUSED: as ProcessSpawner.spawn documents them.
 */
[[nodiscard]] enum status grant_check(const struct grant_request *request);

/*
 * Take hold of what has been checked; a new facet is the spawner's to pay.  All moves of a
 * spawn come first: what is locked is granted in no other way.  STATUS_CAPABILITY_MOVING,
 * STATUS_DISCONNECTED, STATUS_OUT_OF_*, and those of facet_derive(): nothing is held.
 */
[[nodiscard]] enum status grant_take(struct process *spawner,
				     const struct grant_request *request,
				     struct spawn_grant *out_grant);

/* Put it into a slot that process has reserved.  spawner: nullptr for the kernel, which has
 * copies only. */
struct cap_id grant_give(const struct spawn_grant *grant, struct process *spawner,
			 struct process *process);

void grant_drop(const struct spawn_grant *grant, struct process *spawner);
