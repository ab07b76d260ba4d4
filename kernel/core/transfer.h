// SPDX-License-Identifier: MIT
#pragma once
/*
 * Transfer: capabilities on their way from one process to another, all or nothing.
 *
 * transfer_take() reads a list from the sender's arena and takes hold of what it names: of a
 * copy it keeps a reference, of a move it locks the slot, so that the sender can neither use
 * nor give away what it is giving away.  Then either transfer_commit() puts everything into
 * slots that the receiver has reserved, and only then empties the sender's, or transfer_abort()
 * lets go of everything.
 *
 * Whether a capability may go where it goes is decided in one place, transfer_check().
 */
#include "kernel/core/object.h"
#include "kernel/core/ring.h"
#include "lib/cap_table.h"

struct process;

/* What an operation carries. */
struct transfer {
	struct object *objects[MAX_TRANSFERS]; /* nullptr: a null entry */
	uint16_t slots[MAX_TRANSFERS];         /* of the sender; those of moves are locked */
	uint8_t moves;                         /* bit i: entry i is a move */
	uint8_t count;
};

/*
 * Take hold of the count entries at offset in ring's arena.  With allow_null both words of an
 * entry may be zero.  Statuses, nothing held then: spanMisaligned, spanOutOfBounds,
 * reservedNotZero, transferMode (a mode that is not copy or move, or a copy of an endpoint's
 * owner), badCapability, capabilityMoving (also of a slot that stands in the list twice and is
 * to be moved), and why a facet is dead.
 */
[[nodiscard]] enum status transfer_take(struct ring *ring, uint32_t offset, uint32_t count,
					bool allow_null, struct transfer *out_transfer);

/* Why id names nothing: STATUS_CAPABILITY_MOVING or STATUS_BAD_CAPABILITY. */
[[nodiscard]] enum status transfer_missing(const struct process *process, struct cap_id id);

/*
 * Whether sender may pass object on to receiver: the facet's scope, and that of each facet it
 * was derived from.  STATUS_OK, STATUS_TRANSFER_SCOPE.
 *
 *   whoever sends is ...                  same_session    cross_session    service_regrant
 *   the endpoint's owner, or the maker    yes             yes              yes
 *   a holder, to the owner                yes             yes              yes
 *   a holder, to the session it is of     yes             yes              no
 *   a holder, to another session          no              yes              no
 *
 * One that is bound to no session is of that of the facets that were derived from it on the way
 * here, and if they are not either, of the sender's.
 *
 * The table holds for each facet of the chain alone: to have made a child lets nobody pass on
 * what its parent keeps.  Sender and receiver being the same process is always allowed.
 */
[[nodiscard]] enum status transfer_check(struct object *object, const struct process *sender,
					 const struct process *receiver);

/* Whether every entry may go to receiver. */
[[nodiscard]] enum status transfer_check_all(const struct transfer *transfer,
					     const struct process *sender,
					     const struct process *receiver);

/* What follows from object's coming to receiver: a facet without session gets the receiver's if
 * its maker or owner sent it; an endpoint gets a new owner. */
void transfer_arrived(struct object *object, const struct process *sender,
		      const struct process *receiver);

/* Give everything to receiver, which has reserved as many slots, and write the records. Returns
 * how many slots it filled: null entries fill none. */
uint8_t transfer_commit(struct transfer *transfer, struct process *sender,
			struct process *receiver, struct ring_transfer_result *out_records);

/* Let the sender's locked slot go, which still counts the capability that has moved. */
void transfer_empty_slot(struct process *sender, uint16_t slot);

/* Let go of everything; the sender has it all again. */
void transfer_abort(struct transfer *transfer, struct process *sender);
