// SPDX-License-Identifier: MIT
/* The kernel's side of a ring block.  See ring.h for the model. */
#include "kernel/core/ring.h"

#include "kernel/core/call.h"
#include "kernel/core/ipc.h"
#include "kernel/core/process.h"
#include "kernel/core/ring_operation.h"
#include "kernel/core/thread.h"
#include "kernel/core/time.h"
#include "kernel/hal/cpu.h"
#include "lib/index.h"
#include "lib/require.h"

/* Bits of word 0 that belong to the opcode and the tag, and those of the flags. */
constexpr uint64_t OPCODE_AND_TAG = UINT64_C(0xffff0000000000ff);
constexpr uint64_t FLAGS = UINT64_C(0xffff0000);

/* Of the first word: bits of opcodes that no operation has, and of tags that no record has. */
static uint64_t unknown_bits(uint32_t cq_entries)
{
	return (UINT64_C(0xffff) & ~(uint64_t)(cq_entries - 1)) << 48 |
	       (UINT8_MAX & ~(uint64_t)(RING_OPERATIONS - 1));
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
	for (uint16_t tag = 0; tag < DEFAULT_CQ_ENTRIES; tag++)
		operation_init(&records[tag], ring, tag);
	*ring = (struct ring){
		.header = header,
		.sq = (void *)((uint8_t *)block + RING_HEADER_BYTES),
		.cq = (void *)((uint8_t *)block + RING_HEADER_BYTES + sq_bytes),
		.sq_wrap = (void *)((uint8_t *)block + RING_HEADER_BYTES + sq_bytes),
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

/* The operations below read every field but opcode, tag and user_data through one of these two,
 * which tell whether all that the operation does not use is zero. */
static uint64_t beyond_target(struct ring_entry entry)
{
	return (entry.first & ~OPCODE_AND_TAG) | entry_word(entry, 3) | entry_word(entry, 4) |
	       entry_word(entry, 5) | entry_word(entry, 6) | entry_word(entry, 7);
}

void ring_refuse(struct ring *ring, struct ring_entry entry, enum status status)
{
	ring_end_entry(ring, entry, status);
}

/* Something unused was not zero: the flags, or another field. */
[[gnu::cold]] __attribute__((preserve_none)) static volatile uint64_t *
refuse_unused(struct ring *ring, struct ring_entry entry)
{
	ring_refuse(ring, entry,
		    (entry.first & FLAGS) != 0 ? STATUS_FLAG_UNSUPPORTED
					       : STATUS_RESERVED_NOT_ZERO);
	[[clang::musttail]] return ring_next(ring, entry);
}

__attribute__((preserve_none)) static volatile uint64_t *run_nop(struct ring *ring,
								 struct ring_entry entry)
{
	if ((beyond_target(entry) | entry_word(entry, 1)) != 0) [[clang::musttail]]
		return refuse_unused(ring, entry);
	/* What the checks leave of word 0 is the tag, and that is all the completion says. */
	static_assert(OPERATION_CODE_NOP == 0 && STATUS_OK == 0);
	ring_post(ring, entry_word(entry, 2), entry.first, 0);
	[[clang::musttail]] return ring_next(ring, entry);
}

__attribute__((preserve_none)) static volatile uint64_t *run_release(struct ring *ring,
								     struct ring_entry entry)
{
	if (beyond_target(entry) != 0) [[clang::musttail]]
		return refuse_unused(ring, entry);
	ring_end_entry(ring, entry,
		       process_release(ring->process, (struct cap_id){ entry_word(entry, 1) }));
	[[clang::musttail]] return ring_next(ring, entry);
}

__attribute__((preserve_none)) static volatile uint64_t *run_cancel(struct ring *ring,
								    struct ring_entry entry)
{
	uint64_t tag;
	enum status status = STATUS_OK;

	if (beyond_target(entry) != 0) [[clang::musttail]]
		return refuse_unused(ring, entry);
	tag = entry_word(entry, 1);
	if (!ring_is_busy(ring, tag))
		status = STATUS_UNKNOWN_TAG;
	else
		operation_finish(&ring->records[index_clamp((uint32_t)tag, ring->cq_entries)],
				 STATUS_CANCELLED, COMPLETION_KIND_CANCELLED, nullptr);
	ring_end_entry(ring, entry, status);
	[[clang::musttail]] return ring_next(ring, entry);
}

const struct ring_operation ring_operations[RING_OPERATIONS] = {
	[OPERATION_CODE_NOP] = { run_nop },
	[OPERATION_CODE_CALL] = { call_run },
	[OPERATION_CODE_RELEASE] = { run_release },
	[OPERATION_CODE_CANCEL] = { run_cancel },
	[OPERATION_CODE_RECV] = { ipc_run_receive },
	[OPERATION_CODE_RETURN] = { ipc_run_return },
	[OPERATION_CODE_RETURN_RECV] = { ipc_run_return_receive },
	[OPERATION_CODE_CALL_QUERY] = { ipc_run_query },
};

static_assert(RING_OPERATIONS == OPERATION_CODE_COUNT &&
	      (RING_OPERATIONS & (RING_OPERATIONS - 1)) == 0);

__attribute__((preserve_none)) volatile uint64_t *ring_run_unknown(struct ring *ring,
								   struct ring_entry entry)
{
	enum status status = STATUS_UNKNOWN_OPERATION;

	if (entry_tag(entry) >= ring->cq_entries)
		status = STATUS_UNKNOWN_TAG;
	else if (ring_is_busy(ring, entry_tag(entry)))
		status = STATUS_TAG_BUSY;
	ring_refuse(ring, entry, status);
	[[clang::musttail]] return ring_next(ring, entry);
}

/* Run the entry that stands at entry.words, and those behind it up to the next look around. */
[[gnu::always_inline]] __attribute__((preserve_none)) static inline volatile uint64_t *
run_some(struct ring *ring, struct ring_entry entry)
{
	volatile uint64_t *look = entry.words + RING_POLL_ENTRIES * RING_ENTRY_WORDS;

	ring->sq_end = look < ring->sq_last ? look : ring->sq_last;
	[[clang::musttail]] return ring_run(ring, entry);
}

[[gnu::noinline]] __attribute__((preserve_none)) volatile uint64_t *
ring_look(struct ring *ring, struct ring_entry entry)
{
	if (entry.words == ring->sq_last || ring->stop > RING_STOP_FULL)
		return entry.words;
	if (hal_interrupt_pending()) {
		ring->stop = RING_STOP_INTERRUPTED;
		return entry.words;
	}
	[[clang::musttail]] return run_some(ring, entry);
}

/* Run the entries of [start, last), at least one: all, unless one of them ends it. */
static inline void run_stretch(struct ring *ring, volatile uint64_t *start,
			       volatile uint64_t *last)
{
	const volatile uint64_t *end;

	ring->sq_start = start;
	ring->sq_last = last;
	end = run_some(ring, (struct ring_entry){ .words = start });
	ring->sq_head += (uint32_t)((uint64_t)(end - ring->sq_start) / RING_ENTRY_WORDS);
}

/* The same where last is so far behind the queue's end that it means as far from its start. */
[[gnu::noinline]] static void run_wrapping(struct ring *ring, volatile uint64_t *start,
					   volatile uint64_t *last)
{
	volatile uint64_t *first = ring_words(ring, 0);

	run_stretch(ring, start, ring->sq_wrap);
	if (ring->stop > RING_STOP_FULL)
		return;
	if (hal_interrupt_pending())
		ring->stop = RING_STOP_INTERRUPTED;
	else
		run_stretch(ring, first, first + (last - ring->sq_wrap));
}

/* Run the next count entries, at least one.  Each takes up exactly one completion slot, at once
 * or when it is done. */
static inline void run_entries(struct ring *ring, uint32_t count)
{
	volatile uint64_t *start = ring_words(ring, ring->sq_head);
	volatile uint64_t *last = start + (uint64_t)count * RING_ENTRY_WORDS;

	if (last <= ring->sq_wrap)
		run_stretch(ring, start, last);
	else
		run_wrapping(ring, start, last);
}

void ring_poll_after(struct ring *ring)
{
	/* The queue's start: every entry is behind it. */
	ring->sq_end = (volatile uint64_t *)ring->sq;
}

enum status ring_span_status(const struct ring *ring, struct ring_span a, struct ring_span b)
{
	enum status status = ring_check_span(ring, a);

	return status != STATUS_OK ? status : ring_check_span(ring, b);
}

void ring_end(struct ring *ring)
{
	/* The entry being run, if there is one, is the last. */
	ring->stop = RING_STOP_ENDED;
	ring_poll_after(ring);
}

void ring_repeat(struct ring *ring)
{
	ring->stop = RING_STOP_INTERRUPTED;
	ring_poll_after(ring);
	/* Whoever runs the entries counts this one as taken. */
	ring->sq_head--;
}

/* Not everything was taken.  A process that has ended is shown nothing. */
[[gnu::cold, gnu::noinline]] static enum ring_stop publish_some(struct ring *ring)
{
	if (ring->stop != RING_STOP_ENDED)
		ring_publish(ring);
	return ring->stop;
}

/* Of count entries, none or more than completion slots are free for, those to be taken. */
[[gnu::cold, gnu::noinline]] static uint32_t limit(struct ring *ring, uint32_t count,
						   uint32_t room)
{
	if (count > room)
		ring->stop = RING_STOP_FULL;
	return count > room ? room : count;
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
	if (count == 0 || count > room) {
		count = limit(ring, count, room);
		if (count == 0)
			return ring->stop;
	}
	run_entries(ring, count);
	if (ring->stop != RING_STOP_EMPTY)
		return publish_some(ring);
	ring_publish(ring);
	return RING_STOP_EMPTY;
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
