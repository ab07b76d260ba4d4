// SPDX-License-Identifier: MIT
#pragma once
/*
 * The kernel's side of a ring block (abi/ring.h).
 *
 * Private here: both heads and tails that the kernel moves, sizes, masks, and which records are
 * busy.  The shared block is written, and read only as submissions, sq_tail and cq_head, each
 * once per use.
 *
 * Invariants, kept by ring_take() and ring_post():
 *   pending + unread completions <= cq_entries, so posting always finds a slot;
 *   waiting (parked) operations <= cq_entries - sq_entries;
 *   a record is busy exactly while its operation is parked.
 */
#include "abi/ring.h"
#include "fetch.h"
#include "lib/index.h"
#include "schema/ring.capnp.h"
#include "schema/status.capnp.h"

constexpr uint32_t RING_RECORDS_MAX = 64;
constexpr uint32_t RING_ENTRY_WORDS = sizeof(struct ring_submission) / sizeof(uint64_t);
/* Entries run between two looks for an interrupt, unless one asks for an earlier look:
 * ring_poll_after(). */
constexpr uint32_t RING_POLL_ENTRIES = 8;

struct operation;
struct process;
struct thread;

/*
 * A submission that still stands in the block.  Whoever runs it reads each of the other words
 * at most once: the program may be writing them.  By the layout in abi/ring.h they are
 *
 *   1  target
 *   2  user_data
 *   3  parameter span
 *   4  result span
 *   5  transfer offset and count, result_caps_max, pipeline_field
 *   6  answer_id, pipeline_dep
 *   7  deadline
 */
struct ring_entry {
	volatile uint64_t *words;
	uint64_t first; /* word 0, already read: opcode, flags, method, tag */
};

static inline uint64_t entry_word(struct ring_entry entry, uint32_t i)
{
	return fetch_word(&entry.words[i]);
}

/* Fields of word 0. */
static inline uint16_t entry_method(struct ring_entry entry)
{
	return (uint16_t)(entry.first >> 32);
}

static inline uint16_t entry_tag(struct ring_entry entry)
{
	return (uint16_t)(entry.first >> 48);
}

static inline uint16_t entry_flags(struct ring_entry entry)
{
	return (uint16_t)(entry.first >> 16);
}

static inline bool entry_has_flags(struct ring_entry entry)
{
	return (entry.first & UINT64_C(0xffff0000)) != 0;
}

/* A span of the arena as one word of an entry holds it. */
struct ring_span {
	uint32_t offset;
	uint32_t length;
};

static inline struct ring_span ring_span_of(uint64_t word)
{
	return (struct ring_span){ (uint32_t)word, (uint32_t)(word >> 32) };
}

static inline uint64_t ring_span_word(struct ring_span span)
{
	return span.offset | (uint64_t)span.length << 32;
}

/* One past its last byte; cannot overflow. */
static inline uint64_t ring_span_end(struct ring_span span)
{
	return (uint64_t)span.offset + span.length;
}

/* What fills word 1 of a completion: status, kind, transfer count, tag. */
static inline uint64_t completion_word(enum status status, enum completion_kind kind,
				       uint8_t transfer_count, uint16_t tag)
{
	return (uint32_t)-(int32_t)status | (uint64_t)kind << 32 |
	       (uint64_t)transfer_count << 40 | (uint64_t)tag << 48;
}

/* The same for an entry that ends at once, its tag still in place in word 0. */
static inline uint64_t completion_word_of(struct ring_entry entry, enum status status)
{
	return (entry.first & UINT64_C(0xffff) << 48) | (uint32_t)-(int32_t)status;
}

/* Why ring_take() stopped. */
enum ring_stop : uint8_t {
	RING_STOP_EMPTY, /* everything up to the tail was taken */
	RING_STOP_FULL,  /* no completion slot is free for the next entry */
	/* From here on an entry, or what it came from, ended the taking early. */
	RING_STOP_INTERRUPTED, /* an interrupt waits */
	RING_STOP_ENDED,       /* an entry ended the process itself */
	RING_STOP_BAD_TAIL,    /* nothing was taken */
	RING_STOP_BAD_HEAD,    /* nothing was taken */
};

struct ring {
	struct ring_header *header;
	struct ring_submission *sq;
	struct ring_completion *cq;
	uint8_t *arena;
	uint32_t arena_bytes;
	uint32_t sq_entries;
	uint32_t cq_entries;
	uint32_t sq_mask; /* entries - 1 */
	uint32_t cq_mask;
	uint32_t sq_head; /* of the entries being run, the first */
	uint32_t cq_tail;
	uint32_t cq_head;    /* as last read from the program */
	uint32_t waiting;    /* parked operations */
	uint32_t last_try;   /* index of an entry that is not to be run once more */
	enum ring_stop stop; /* why no more are taken */
	/* Places in the queue: where it ends, and while entries are run, where these start and
	 * end and where to look around. */
	volatile uint64_t *sq_wrap;
	volatile uint64_t *sq_start;
	volatile uint64_t *sq_last;
	volatile uint64_t *sq_end;
	uint64_t unknown;          /* bits of an entry's first word that must be zero */
	uint64_t busy;             /* records in use, by tag */
	struct operation *records; /* cq_entries of them */
	struct thread *thread;
	struct process *process; /* the thread's */
};

/* Lay out a zeroed block of DEFAULT_RING_BYTES and records for it. */
void ring_init(struct ring *ring, struct thread *thread, void *block,
	       struct operation *records);

/* Take submissions and run them, until one of the above. */
[[nodiscard]] enum ring_stop ring_take(struct ring *ring);

/* Where the entry of an index stands. */
static inline volatile uint64_t *ring_words(const struct ring *ring, uint32_t index)
{
	return (volatile uint64_t *)&ring->sq[index & ring->sq_mask];
}

/* The index of the entry being run. */
static inline uint32_t ring_index(const struct ring *ring, struct ring_entry entry)
{
	return ring->sq_head +
	       (uint32_t)(entry.words - ring_words(ring, ring->sq_head)) / RING_ENTRY_WORDS;
}

/* Completions posted and not yet consumed, as far as the kernel knows. */
static inline uint32_t ring_available(const struct ring *ring)
{
	return ring->cq_tail - ring->cq_head;
}

/* Post a completion: user_data, completion_word(), bytes of results, the operation's own word.
 * It belongs to an accepted entry, so there is a slot.  The program sees it after
 * ring_publish(). */
static inline void ring_post_outcome(struct ring *ring, uint64_t user_data, uint64_t word,
				     uint32_t length, uint64_t outcome)
{
	const uint64_t words[] = { user_data, word, length, outcome };

	static_assert(sizeof(words) == sizeof(struct ring_completion));
	__builtin_memcpy(&ring->cq[ring->cq_tail & ring->cq_mask], words, sizeof(words));
	ring->cq_tail++;
}

/* The same without the operation's own word. */
static inline void ring_post(struct ring *ring, uint64_t user_data, uint64_t word,
			     uint32_t length)
{
	ring_post_outcome(ring, user_data, word, length, 0);
}

/* End an entry without results: it broke a rule, or failed.  Out of the way of those that did
 * not. */
[[gnu::cold, gnu::noinline]] void ring_refuse(struct ring *ring, struct ring_entry entry,
					      enum status status);

/* End an entry at once with status, which may be STATUS_OK. */
static inline void ring_end_entry(struct ring *ring, struct ring_entry entry,
				  enum status status)
{
	ring_post(ring, entry_word(entry, 2), completion_word_of(entry, status), 0);
}

/* Whether one more operation may wait. */
static inline bool ring_can_wait(const struct ring *ring)
{
	return ring->waiting < ring->cq_entries - ring->sq_entries;
}

/* Whether tag names a parked operation. */
static inline bool ring_is_busy(const struct ring *ring, uint64_t tag)
{
	return tag < ring->cq_entries && (ring->busy >> (tag % RING_RECORDS_MAX) & 1) != 0;
}

/*
 * Show the program what has been posted, and what has been taken.  Release: pairs with its
 * acquire loads of cq_tail and sq_head, so the completions before the one stand, and the
 * entries before the other have been read and may be written again.
 */
static inline void ring_publish(const struct ring *ring)
{
	struct ring_header *header = ring->header;

	__atomic_store_n(&header->cq_tail, ring->cq_tail, __ATOMIC_RELEASE);
	__atomic_store_n(&header->sq_head, ring->sq_head, __ATOMIC_RELEASE);
}

/* The bytes at an offset that has been checked; where the check was mispredicted, the arena's
 * start. */
static inline uint8_t *ring_arena_at(const struct ring *ring, uint32_t offset)
{
	return ring->arena + index_clamp(offset, ring->arena_bytes);
}

/* Whether span is an aligned part of the arena. */
[[nodiscard]] static inline enum status ring_check_span(const struct ring *ring,
							struct ring_span span)
{
	if ((span.offset | span.length) % 8 != 0)
		return STATUS_SPAN_MISALIGNED;
	if (ring_span_end(span) > ring->arena_bytes)
		return STATUS_SPAN_OUT_OF_BOUNDS;
	return STATUS_OK;
}

/* What ring_check_span() has against one of two. */
[[nodiscard]] enum status ring_span_status(const struct ring *ring, struct ring_span a,
					   struct ring_span b);

/* Whether ring_check_span() has nothing against either of two. */
[[nodiscard]] static inline bool ring_check_spans(const struct ring *ring, struct ring_span a,
						  struct ring_span b)
{
	/* Bits that no offset and no length has; without them, a sum cannot overflow. */
	constexpr uint64_t NEVER = ~((DEFAULT_RING_BYTES - 1) & ~7U) * UINT64_C(0x100000001);

	static_assert((DEFAULT_RING_BYTES & (DEFAULT_RING_BYTES - 1)) == 0);
	return ((ring_span_word(a) | ring_span_word(b)) & NEVER) == 0 &&
	       a.offset + a.length <= ring->arena_bytes &&
	       b.offset + b.length <= ring->arena_bytes;
}

/* The entry being run stays at the head and is run again when the thread next enters; until
 * then nothing more is taken. */
void ring_repeat(struct ring *ring);

/* The operation being run may be long: look for an interrupt before the next entry. */
void ring_poll_after(struct ring *ring);

/* The thread has ended: nothing more is taken, not even of the entries being taken now. */
void ring_end(struct ring *ring);

/* End every parked operation without completions. */
void ring_drop_operations(struct ring *ring);

/* The counters and records agree.  For tests. */
bool ring_check(const struct ring *ring);
