// SPDX-License-Identifier: MIT
#pragma once
/*
 * The kernel's side of a ring block (abi/ring.h).
 *
 * Private here: both heads and tails that the kernel moves, sizes, masks, and which records are
 * busy.  The shared block is written, and read only as submissions, sq_tail and cq_head, each once
 * per use.
 *
 * Invariants, kept by ring_take() and ring_post():
 *   pending + unread completions <= cq_entries, so posting always finds a slot;
 *   waiting (parked) operations <= cq_entries - sq_entries;
 *   a record is busy exactly while its operation is parked.
 */
#include "abi/ring.h"
#include "kernel/core/operation.h"
#include "schema/ring.capnp.h"

constexpr uint32_t RING_RECORDS_MAX = 64;

struct thread;

/* One submission, copied out of the block once; only the copy is ever looked at. */
union submission {
	struct ring_submission fields;
	uint64_t words[sizeof(struct ring_submission) / sizeof(uint64_t)];
};

struct ring {
	struct ring_header *header;
	struct ring_submission *sq;
	struct ring_completion *cq;
	uint8_t *arena;
	uint32_t arena_bytes;
	uint32_t sq_entries;
	uint32_t cq_entries;
	uint32_t sq_head;
	uint32_t cq_tail;
	uint32_t cq_head;     /* as last read from the program */
	uint32_t waiting;     /* parked operations */
	uint64_t busy;        /* records in use, by tag */
	struct operation *records; /* cq_entries of them */
	struct thread *thread;
};

/* Lay out a zeroed block of DEFAULT_RING_BYTES and records for it. */
void ring_init(struct ring *ring, struct thread *thread, void *block, struct operation *records);

/* Why ring_take() stopped. */
enum ring_stop : uint8_t {
	RING_STOP_EMPTY,       /* everything up to the tail was taken */
	RING_STOP_FULL,        /* no completion slot is free for the next entry */
	RING_STOP_INTERRUPTED, /* an interrupt waits */
	RING_STOP_ENDED,       /* an entry ended the process itself */
	RING_STOP_BAD_TAIL,    /* nothing was taken */
	RING_STOP_BAD_HEAD,    /* nothing was taken */
};

/* Take submissions and run them, until one of the above. */
[[nodiscard]] enum ring_stop ring_take(struct ring *ring);

/* Completions posted and not yet consumed, as far as the kernel knows. */
static inline uint32_t ring_available(const struct ring *ring)
{
	return ring->cq_tail - ring->cq_head;
}

/* Post a completion; the caller has an accepted entry that it belongs to. */
void ring_post(struct ring *ring, const struct ring_completion *completion);

/* Post the completion of an entry that ends at once, without results. */
void ring_post_status(struct ring *ring, const union submission *submission, enum status status);

/* Whether [offset, offset + length) is an aligned span of the arena. */
[[nodiscard]] enum status ring_check_span(const struct ring *ring, uint32_t offset,
					  uint32_t length);

/* End every parked operation without completions. */
void ring_drop_operations(struct ring *ring);

/* The counters and records agree.  For tests. */
bool ring_check(const struct ring *ring);
