// SPDX-License-Identifier: MIT
#pragma once
/*
 * The ring block: the only memory that a thread and the kernel both touch.
 *
 *   0                 256              sq_offset          cq_offset          arena_offset
 *   +-----------------+----------------+------------------+------------------+-----------+
 *   | ring_header     | (header pad)   | sq_entries * 64  | cq_entries * 32  | arena     |
 *   +-----------------+----------------+------------------+------------------+-----------+
 *
 * One block per thread, allocated and owned by the kernel, physically contiguous, zeroed.  The
 * program writes submissions and sq_tail, reads completions and writes cq_head; the kernel
 * writes everything else.  The kernel keeps its own copy of every index, size and mask: what it
 * publishes here it never reads back, so a program that scribbles over its block harms itself.
 *
 * Indices are free-running 32-bit counters; slot = index & (entries - 1).  Spans (parameters,
 * results, transfer list) are byte offsets from the start of the ARENA, 8-byte aligned.
 *
 * A submission may be written anew once sq_head has passed it; the spans that it names are the
 * kernel's to use until its completion has come.  The kernel changes no submission, no
 * parameters and no transfer list: a program that repeats an operation need only rewrite what
 * is different. It reads each word of them at most once whenever it runs the entry, so what was
 * checked is what is used, whatever the program writes meanwhile.
 *
 * Numbers of operations, flags, statuses and kinds are constants of schema/ring.capnp and
 * schema/status.capnp.
 */
#include <stddef.h>
#include <stdint.h>

constexpr uint32_t RING_MAGIC = 0x676e6972; /* "ring", little-endian */
constexpr uint32_t RING_VERSION = 1;
constexpr uint32_t RING_HEADER_BYTES = 256;

/* Deadline arguments of cap_enter. */
constexpr uint64_t RING_NO_WAIT = 0;
constexpr uint64_t RING_NO_DEADLINE = UINT64_MAX;

/*
 * One submission.  Every field that an operation does not name must be zero.
 *   CALL: target CapId, method, param span, result span, transfer list, deadline, tag
 *   RELEASE: target CapId          CANCEL: target = the tag to cancel          NOP: nothing
 *   RECV: target CapId of the endpoint's owner, result span, deadline, tag
 *   RETURN: target = the call id, param span = the results, transfer list
 *   RETURN_RECV: as RETURN, and endpoint, result span, deadline and tag as RECV.  It completes
 *       as the receive; or, at once, with what was wrong, nothing having been done but for
 *       callerGone, which ends the open call
 *   CALL_QUERY: target = the call id
 * deadline_ns is absolute monotonic time, 0 = none.  A call of a method without parameters may
 * leave the parameter span empty.
 *
 * The tag names the operation record that an operation occupies while it is pending, and so
 * names it for CANCEL.  An operation that completes at once occupies none, but its tag must not
 * name a pending one.  The completion repeats the tag.
 */
struct ring_submission {
	uint8_t opcode; /* enum operation_code */
	uint8_t reserved;
	uint16_t flags;  /* OPERATION_FLAG_* */
	uint16_t method; /* ordinal in the target's interface */
	uint16_t tag;    /* the operation record, 0 .. cq_entries - 1; see below */
	uint64_t target;
	uint64_t user_data;       /* returned unchanged in the completion */
	uint32_t param_offset;    /* in the arena, a multiple of 8; like the other offsets */
	uint32_t param_length;    /* bytes, a multiple of 8 */
	uint32_t result_offset;   /* where the results go */
	uint32_t result_capacity; /* bytes, a multiple of 8 */
	uint32_t transfer_offset; /* struct ring_transfer[transfer_count] */
	uint8_t transfer_count;   /* at most MAX_TRANSFERS */
	uint8_t result_caps_max;  /* table slots that results may fill */
	uint16_t pipeline_field;  /* kept for pipelining, as the next two: must be 0 */
	union {
		struct {
			uint32_t answer_id;    /* likewise */
			uint32_t pipeline_dep; /* likewise */
		};
		uint64_t endpoint; /* RETURN_RECV: the owner's CapId of it */
	};
	uint64_t deadline_ns; /* absolute monotonic time; 0 = none */
};

static_assert(sizeof(struct ring_submission) == 64);
static_assert(offsetof(struct ring_submission, reserved) == 1);
static_assert(offsetof(struct ring_submission, flags) == 2);
static_assert(offsetof(struct ring_submission, method) == 4);
static_assert(offsetof(struct ring_submission, tag) == 6);
static_assert(offsetof(struct ring_submission, target) == 8);
static_assert(offsetof(struct ring_submission, user_data) == 16);
static_assert(offsetof(struct ring_submission, param_offset) == 24);
static_assert(offsetof(struct ring_submission, param_length) == 28);
static_assert(offsetof(struct ring_submission, result_offset) == 32);
static_assert(offsetof(struct ring_submission, result_capacity) == 36);
static_assert(offsetof(struct ring_submission, transfer_offset) == 40);
static_assert(offsetof(struct ring_submission, transfer_count) == 44);
static_assert(offsetof(struct ring_submission, result_caps_max) == 45);
static_assert(offsetof(struct ring_submission, pipeline_field) == 46);
static_assert(offsetof(struct ring_submission, answer_id) == 48);
static_assert(offsetof(struct ring_submission, pipeline_dep) == 52);
static_assert(offsetof(struct ring_submission, deadline_ns) == 56);

/*
 * One completion.  status is 0 or the negated number of an enum status.  length counts the
 * result message's bytes; transfer_count struct ring_transfer_result follow it in the result
 * span, at the next multiple of 8.
 */
struct ring_completion {
	uint64_t user_data; /* of the submission */
	int32_t status;
	uint8_t kind;           /* enum completion_kind */
	uint8_t transfer_count; /* capabilities received */
	uint16_t tag;           /* of the submission */
	uint32_t length;
	uint32_t reserved;
	uint64_t word; /* of a receive: call id, or cookie of what was dropped; else 0 */
};

static_assert(sizeof(struct ring_completion) == 32);
static_assert(offsetof(struct ring_completion, status) == 8);
static_assert(offsetof(struct ring_completion, kind) == 12);
static_assert(offsetof(struct ring_completion, transfer_count) == 13);
static_assert(offsetof(struct ring_completion, tag) == 14);
static_assert(offsetof(struct ring_completion, length) == 16);
static_assert(offsetof(struct ring_completion, reserved) == 20);
static_assert(offsetof(struct ring_completion, word) == 24);

/*
 * One entry of a transfer list: a capability sent along with a call or an answer.  In an answer
 * both words may be 0: a capability field that is null.
 */
struct ring_transfer {
	uint64_t capability; /* CapId of the sender */
	uint8_t mode;        /* enum cap_grant_mode */
	uint8_t reserved[7];
};

static_assert(sizeof(struct ring_transfer) == 16);
static_assert(offsetof(struct ring_transfer, mode) == 8);
static_assert(offsetof(struct ring_transfer, reserved) == 9);

/*
 * What stands in front of the parameters of a call that RECV delivers, and where they are:
 *
 *   result span of the RECV:  | header, 64 | parameters, param_length | transfer_count records
 * |
 *
 * The kernel wrote all of it but the parameters.
 */
struct ring_call_header {
	uint64_t call_id; /* what RETURN and CALL_QUERY name the call by; says nothing else */
	uint64_t interface_id;        /* of the facet that was called */
	uint64_t cookie;              /* of the service object; 0 = a client facet */
	uint64_t caller_reference[2]; /* of the caller's session, to this service; 0 = the
					 system's */
	uint32_t caller_epoch;        /* grows when that session is renewed */
	uint16_t method;              /* ordinal in the interface */
	uint8_t caller_live;          /* 0 = the session is no longer live */
	uint8_t result_caps_max;      /* capabilities that the answer may bring */
	uint32_t result_capacity; /* bytes that it may have, records of capabilities included */
	uint32_t param_length;
	uint64_t reserved;
};

static_assert(sizeof(struct ring_call_header) == 64);
static_assert(offsetof(struct ring_call_header, caller_epoch) == 40);
static_assert(offsetof(struct ring_call_header, method) == 44);
static_assert(offsetof(struct ring_call_header, result_capacity) == 48);
static_assert(offsetof(struct ring_call_header, param_length) == 52);

/* CapTransferResult: a capability received; both fields 0 where the sender left it null. */
struct ring_transfer_result {
	uint64_t capability;   /* CapId, now the receiver's */
	uint64_t interface_id; /* what it is, by its interface's Cap'n Proto id */
};

static_assert(sizeof(struct ring_transfer_result) == 16);
static_assert(offsetof(struct ring_transfer_result, interface_id) == 8);

/*
 * Monotonic time without a system call:
 *   now_ns = time_base_ns + (((rdtsc - time_base_tsc) * time_mult) >> 32), 128-bit product.
 */
struct ring_header {
	/* Written by the kernel once, before the thread starts. */
	uint32_t magic;
	uint32_t version;
	uint32_t block_bytes;
	uint32_t sq_entries;
	uint32_t cq_entries;
	uint32_t sq_offset; /* from the start of the block, like the two below */
	uint32_t cq_offset;
	uint32_t arena_offset;
	uint32_t arena_bytes;
	uint32_t reserved0;
	uint64_t time_base_tsc;
	uint64_t time_base_ns;
	uint64_t time_mult; /* nanoseconds per TSC tick, times 2^32 */
	/* Written by the program. */
	alignas(64) uint32_t sq_tail;
	uint32_t cq_head;
	uint32_t reserved1[14];
	/* Written by the kernel. */
	alignas(64) uint32_t sq_head;
	uint32_t cq_tail;
	uint32_t reserved2[14];
};

static_assert(sizeof(struct ring_header) == 192);
static_assert(offsetof(struct ring_header, time_base_tsc) == 40);
static_assert(offsetof(struct ring_header, sq_tail) == 64);
static_assert(offsetof(struct ring_header, cq_head) == 68);
static_assert(offsetof(struct ring_header, sq_head) == 128);
static_assert(offsetof(struct ring_header, cq_tail) == 132);
