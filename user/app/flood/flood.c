// SPDX-License-Identifier: MIT
/* A program that fills its ring for ever: as much work for the kernel as one thread can ask
 * for. */
#include "user/rt/ring.h"
#include "user/rt/start.h"

#include "schema/ring.capnp.h"

int capos_main(void)
{
	struct ring_header *ring = capos_ring();

	for (;;) {
		for (uint32_t i = 0; i < ring->sq_entries; i++)
			*capos_submission_at(ring, ring->sq_tail + i) =
				(struct ring_submission){ .opcode = OPERATION_CODE_NOP };
		ring->sq_tail += ring->sq_entries;
		(void)!capos_cap_enter(ring->sq_entries, RING_NO_DEADLINE, nullptr);
		ring->cq_head = ring->cq_tail;
	}
}
