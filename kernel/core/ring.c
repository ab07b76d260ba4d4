// SPDX-License-Identifier: MIT
/* The kernel's side of a ring block.  See ring.h for the model. */
#include "kernel/core/ring.h"

#include "kernel/core/call.h"
#include "kernel/core/process.h"
#include "kernel/core/thread.h"
#include "kernel/core/time.h"
#include "kernel/hal/cpu.h"
#include "lib/index.h"
#include "lib/require.h"

/*
 * Each operation takes an accepted entry to its completion, or parks it.  Preserve_none: the
 * loop that calls it keeps one value only, which is cheaper to save there than six registers
 * here.
 */
struct operation_type {
	__attribute__((preserve_none)) void (*run)(struct ring *ring, struct ring_entry entry);
};

/* Bits of word 0 that belong to the opcode and the tag, and those of the flags. */
constexpr uint64_t OPCODE_AND_TAG = UINT64_C(0xffff0000000000ff);
constexpr uint64_t FLAGS = UINT64_C(0xffff0000);

/* A power of two, so that masking keeps a mispredicted opcode inside. */
constexpr uint32_t OPERATION_TYPES = 4;

/* Of the first word: bits of opcodes that no operation has, and of tags that no record has. */
static uint64_t unknown_bits(uint32_t cq_entries)
{
	return (UINT64_C(0xffff) & ~(uint64_t)(cq_entries - 1)) << 48 |
	       (UINT8_MAX & ~(uint64_t)(OPERATION_TYPES - 1));
}

void ring_init(struct ring *ring, struct thread *thread, void *block, struct operation *records)
{
	struct ring_header *header = block;
	uint32_t sq_bytes = DEFAULT_SQ_ENTRIES * sizeof(struct ring_submission);
	uint32_t cq_bytes = DEFAULT_CQ_ENTRIES * sizeof(struct ring_completion);

	static_assert(DEFAULT_CQ_ENTRIES <= RING_RECORDS_MAX);
	header->magic = RING_MAGIC;
	header->version = RING_VERSION;
	header->block_bytes = DEFAULT_RING_BYTES;
	header->sq_entries = DEFAULT_SQ_ENTRIES;
	header->cq_entries = DEFAULT_CQ_ENTRIES;
	header->sq_offset = RING_HEADER_BYTES;
	header->cq_offset = RING_HEADER_BYTES + sq_bytes;
	header->arena_offset = RING_HEADER_BYTES + sq_bytes + cq_bytes;
	header->arena_bytes = DEFAULT_RING_BYTES - RING_HEADER_BYTES - sq_bytes - cq_bytes;
	time_publish(header);
	*ring = (struct ring){
		.header = header,
		.sq = (void *)((uint8_t *)block + RING_HEADER_BYTES),
		.cq = (void *)((uint8_t *)block + RING_HEADER_BYTES + sq_bytes),
		.arena = (uint8_t *)block + RING_HEADER_BYTES + sq_bytes + cq_bytes,
		.arena_bytes = DEFAULT_RING_BYTES - RING_HEADER_BYTES - sq_bytes - cq_bytes,
		.sq_entries = DEFAULT_SQ_ENTRIES,
		.cq_entries = DEFAULT_CQ_ENTRIES,
		.sq_mask = DEFAULT_SQ_ENTRIES - 1,
		.cq_mask = DEFAULT_CQ_ENTRIES - 1,
		.records = records,
		.last_try = UINT32_MAX,
		.unknown = unknown_bits(DEFAULT_CQ_ENTRIES),
		.thread = thread,
		.process = thread->process,
	};
}

/* End an entry at once with status. */
static void end_entry(struct ring *ring, struct ring_entry entry, enum status status)
{
	ring_post(ring, entry_word(entry, 2), completion_word_of(entry, status), 0);
}

/* The operations below read every field but opcode, tag and user_data through one of these two,
 * which tell whether all that the operation does not use is zero. */
static uint64_t beyond_target(struct ring_entry entry)
{
	return (entry.first & ~OPCODE_AND_TAG) | entry_word(entry, 3) | entry_word(entry, 4) |
	       entry_word(entry, 5) | entry_word(entry, 6) | entry_word(entry, 7);
}

/* Something unused was not zero: the flags, or another field. */
static enum status unused_status(struct ring_entry entry)
{
	return (entry.first & FLAGS) != 0 ? STATUS_FLAG_UNSUPPORTED : STATUS_RESERVED_NOT_ZERO;
}

void ring_refuse(struct ring *ring, struct ring_entry entry, enum status status)
{
	end_entry(ring, entry, status);
}

__attribute__((preserve_none)) static void run_nop(struct ring *ring, struct ring_entry entry)
{
	if ((beyond_target(entry) | entry_word(entry, 1)) != 0)
		ring_refuse(ring, entry, unused_status(entry));
	else
		end_entry(ring, entry, STATUS_OK);
}

__attribute__((preserve_none)) static void run_release(struct ring *ring,
						       struct ring_entry entry)
{
	struct cap_id target = { entry_word(entry, 1) };
	enum status status;

	if (beyond_target(entry) != 0)
		status = unused_status(entry);
	else
		status = process_release(ring->process, target);
	end_entry(ring, entry, status);
}

static bool is_busy(const struct ring *ring, uint64_t tag)
{
	return tag < ring->cq_entries && (ring->busy >> (tag % RING_RECORDS_MAX) & 1) != 0;
}

__attribute__((preserve_none)) static void run_cancel(struct ring *ring,
						      struct ring_entry entry)
{
	uint64_t tag = entry_word(entry, 1);
	enum status status = STATUS_OK;

	if (beyond_target(entry) != 0)
		status = unused_status(entry);
	else if (!is_busy(ring, tag))
		status = STATUS_UNKNOWN_TAG;
	else
		operation_finish(&ring->records[index_clamp((uint32_t)tag, ring->cq_entries)],
				 STATUS_CANCELLED, COMPLETION_KIND_CANCELLED, nullptr);
	end_entry(ring, entry, status);
}

static const struct operation_type operation_types[OPERATION_TYPES] = {
	[OPERATION_CODE_NOP] = { run_nop },
	[OPERATION_CODE_CALL] = { call_run },
	[OPERATION_CODE_RELEASE] = { run_release },
	[OPERATION_CODE_CANCEL] = { run_cancel },
};

static_assert(OPERATION_TYPES == OPERATION_CODE_COUNT &&
	      (OPERATION_TYPES & (OPERATION_TYPES - 1)) == 0);

/* An entry that does not say which operation it is, or what to call it. */
[[gnu::cold, gnu::noinline]] static void refuse_unknown(struct ring *ring,
							struct ring_entry entry)
{
	if (entry_tag(entry) >= ring->cq_entries)
		ring_refuse(ring, entry, STATUS_UNKNOWN_TAG);
	else if (is_busy(ring, entry_tag(entry)))
		ring_refuse(ring, entry, STATUS_TAG_BUSY);
	else
		ring_refuse(ring, entry, STATUS_UNKNOWN_OPERATION);
}

/* There is such an operation, and such a record, and it is free. */
static inline bool is_known(const struct ring *ring, struct ring_entry entry)
{
	return (entry.first & ring->unknown) == 0 &&
	       (ring->busy >> (entry.first >> 48) % RING_RECORDS_MAX & 1) == 0;
}

/* Run the entry at the head. */
static inline void run_one(struct ring *ring)
{
	volatile uint64_t *words =
		(volatile uint64_t *)&ring->sq[ring->sq_head & ring->sq_mask];
	struct ring_entry entry = { words, fetch_word(words) };

	if (__builtin_expect(is_known(ring, entry), true))
		operation_types[entry.first & (OPERATION_TYPES - 1)].run(ring, entry);
	else
		refuse_unknown(ring, entry);
}

/* Run the next entries, at least one, until sq_end, which an operation may move up. */
static inline void run_some(struct ring *ring, uint32_t last)
{
	uint32_t count = last - ring->sq_head;

	ring->sq_end = ring->sq_head + (count < RING_POLL_ENTRIES ? count : RING_POLL_ENTRIES);
	do {
		run_one(ring);
		fetch_entry_end();
		ring->sq_head++;
	} while (ring->sq_head != ring->sq_end);
}

/* Run entries up to last, at least one.  Each takes up exactly one completion slot, at once or
 * when it is done. */
static inline enum ring_stop run_entries(struct ring *ring, uint32_t last)
{
	for (;;) {
		run_some(ring, last);
		if (ring->stop > RING_STOP_FULL || ring->sq_head == last)
			return ring->stop;
		if (hal_interrupt_pending())
			return RING_STOP_INTERRUPTED;
	}
}

void ring_poll_after(struct ring *ring)
{
	ring->sq_end = ring->sq_head + 1;
}

void ring_end(struct ring *ring)
{
	/* The entry being run, if there is one, is the last. */
	ring->stop = RING_STOP_ENDED;
	ring->sq_end = ring->sq_head + 1;
}

void ring_repeat(struct ring *ring)
{
	ring->stop = RING_STOP_INTERRUPTED;
	ring->sq_end = ring->sq_head;
	/* The loop that runs entries counts this one as taken. */
	ring->sq_head--;
}

/* Run entries up to last, at least one, and show the program what came of them. */
static inline enum ring_stop take(struct ring *ring, uint32_t last)
{
	enum ring_stop stop = run_entries(ring, last);
	struct ring_header *header = ring->header;

	if (stop == RING_STOP_ENDED)
		return stop;
	/* Release: pairs with the program's acquire load; the completions stand. */
	__atomic_store_n(&header->cq_tail, ring->cq_tail, __ATOMIC_RELEASE);
	/* Release: entries before sq_head have been read and may be written again. */
	__atomic_store_n(&header->sq_head, ring->sq_head, __ATOMIC_RELEASE);
	return stop;
}

/* Completion slots are free for room entries only, fewer than the program has submitted. */
[[gnu::cold, gnu::noinline]] static uint32_t limit(struct ring *ring, uint32_t room)
{
	ring->stop = RING_STOP_FULL;
	return room;
}

/* Look what there is, and take what there is room for. */
static inline enum ring_stop take_submitted(struct ring *ring)
{
	struct ring_header *header = ring->header;
	uint32_t count = fetch_counter(&header->sq_tail) - ring->sq_head;
	uint32_t cq_head = fetch_counter(&header->cq_head);
	uint32_t unread = ring->cq_tail - cq_head;
	uint32_t room;

	if (count > ring->sq_entries)
		return RING_STOP_BAD_TAIL;
	/* The head only ever moves from where it was towards the tail. */
	if (unread > ring_available(ring))
		return RING_STOP_BAD_HEAD;
	ring->cq_head = cq_head;
	ring->stop = RING_STOP_EMPTY;
	room = ring->cq_entries - ring->waiting - unread;
	if (count > room)
		count = limit(ring, room);
	return count == 0 ? ring->stop : take(ring, ring->sq_head + count);
}

enum ring_stop ring_take(struct ring *ring)
{
	enum ring_stop stop;

	fetch_begin();
	stop = take_submitted(ring);
	fetch_end();
	return stop;
}

void ring_drop_operations(struct ring *ring)
{
	for (uint32_t tag = 0; tag < ring->cq_entries; tag++)
		if ((ring->busy >> tag & 1) != 0)
			operation_drop(&ring->records[tag]);
}

bool ring_check(const struct ring *ring)
{
	return (uint32_t)__builtin_popcountll(ring->busy) == ring->waiting &&
	       ring->waiting <= ring->cq_entries - ring->sq_entries &&
	       ring->waiting + ring_available(ring) <= ring->cq_entries;
}
