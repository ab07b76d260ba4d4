// SPDX-License-Identifier: MIT
/*
 * Submissions that mean nothing, for tests/system/test_trace.py: one of each kind that a trace
 * cannot decode.  Runs by itself, from the shell, with a console by that name.
 */
#include "user/rt/capos.h"
#include "user/rt/ring.h"

#include "schema/console.client.h"

/* Submit one entry and wait for its completion, which is dropped. */
static void submit(struct ring_header *ring, struct ring_submission submission)
{
	submission.tag = 5;
	*capos_submission_at(ring, ring->sq_tail) = submission;
	__atomic_store_n(&ring->sq_tail, ring->sq_tail + 1, __ATOMIC_RELEASE);
	(void)!capos_cap_enter(1, RING_NO_DEADLINE, nullptr);
	__atomic_store_n(&ring->cq_head, ring->cq_head + 1, __ATOMIC_RELEASE);
}

int capos_main(void)
{
	struct ring_header *ring = capos_ring();
	uint64_t console = capos_require("console", CONSOLE_INTERFACE_ID);
	uint64_t *message = capos_arena_at(ring, 256);
	struct ring_submission call = { .opcode = OPERATION_CODE_CALL, .target = console };
	uint32_t tail;

	submit(ring, (struct ring_submission){ .opcode = 77 });
	submit(ring, (struct ring_submission){ .opcode = OPERATION_CODE_CALL, .target = 1 });
	call.method = 9;
	submit(ring, call);
	call.method = 0;
	call.param_offset = ring->arena_bytes;
	call.param_length = 16;
	submit(ring, call);
	/* A struct of one pointer, which leads out of the message. */
	message[0] = UINT64_C(1) << 48;
	message[1] = UINT64_C(0x0000010200000001);
	call.param_offset = 256;
	submit(ring, call);
	tail = ring->sq_tail;
	ring->sq_tail = tail + 1000;
	(void)!capos_cap_enter(0, RING_NO_WAIT, nullptr);
	ring->sq_tail = tail;
	return 7;
}
