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

/* Each operation takes an accepted entry to its completion or parks it. */
struct operation_type {
	void (*run)(struct ring *ring, const union submission *submission);
};

/* Bits of the submission's first word that belong to the opcode and the tag. */
constexpr uint64_t OPCODE_AND_TAG = UINT64_C(0xffff0000000000ff);

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
		.records = records,
		.thread = thread,
	};
}

/* A counter that the program writes, read once.  Acquire: pairs with the program's release store
 * after it wrote the entries that the counter covers. */
static uint32_t read_counter(const uint32_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

enum status ring_check_span(const struct ring *ring, uint32_t offset, uint32_t length)
{
	if ((offset | length) % 8 != 0)
		return STATUS_SPAN_MISALIGNED;
	if (offset > ring->arena_bytes || length > ring->arena_bytes - offset)
		return STATUS_SPAN_OUT_OF_BOUNDS;
	return STATUS_OK;
}

void ring_post(struct ring *ring, const struct ring_completion *completion)
{
	uint32_t slot = ring->cq_tail & (ring->cq_entries - 1);

	ring->cq[slot] = *completion;
	ring->cq_tail++;
	/* Release: the program's acquire load of cq_tail sees the entry. */
	__atomic_store_n(&ring->header->cq_tail, ring->cq_tail, __ATOMIC_RELEASE);
}

void ring_post_status(struct ring *ring, const union submission *submission, enum status status)
{
	ring_post(ring, &(struct ring_completion){
				.user_data = submission->fields.user_data,
				.status = -(int32_t)status,
				.tag = submission->fields.tag,
			});
}

/* Why the fields outside the operation's own are wrong; some of them are not zero. */
static enum status unused_field_status(const union submission *submission)
{
	return (submission->fields.flags & ~OPERATION_FLAG_MASK) != 0 ? STATUS_FLAG_UNSUPPORTED
								      : STATUS_RESERVED_NOT_ZERO;
}

/* Or of everything but opcode, tag, target and user_data. */
static uint64_t fields_beyond_target(const union submission *submission)
{
	const uint64_t *w = submission->words;

	return (w[0] & ~OPCODE_AND_TAG) | w[3] | w[4] | w[5] | w[6] | w[7];
}

static void run_nop(struct ring *ring, const union submission *submission)
{
	enum status status = STATUS_OK;

	if ((fields_beyond_target(submission) | submission->fields.target) != 0)
		status = unused_field_status(submission);
	ring_post_status(ring, submission, status);
}

static void run_release(struct ring *ring, const union submission *submission)
{
	enum status status;

	if (fields_beyond_target(submission) != 0)
		status = unused_field_status(submission);
	else
		status = process_release(ring->thread->process,
					 (struct cap_id){ submission->fields.target });
	ring_post_status(ring, submission, status);
}

static void run_cancel(struct ring *ring, const union submission *submission)
{
	uint64_t tag = submission->fields.target;
	enum status status = STATUS_OK;

	if (fields_beyond_target(submission) != 0)
		status = unused_field_status(submission);
	else if (tag >= ring->cq_entries ||
		 (ring->busy >> index_clamp((uint32_t)tag, ring->cq_entries) & 1) == 0)
		status = STATUS_UNKNOWN_TAG;
	if (status == STATUS_OK)
		operation_finish(&ring->records[index_clamp((uint32_t)tag, ring->cq_entries)],
				 STATUS_CANCELLED, COMPLETION_KIND_CANCELLED, nullptr);
	ring_post_status(ring, submission, status);
}

static const struct operation_type operation_types[] = {
	[OPERATION_CODE_NOP] = { run_nop },
	[OPERATION_CODE_CALL] = { call_run },
	[OPERATION_CODE_RELEASE] = { run_release },
	[OPERATION_CODE_CANCEL] = { run_cancel },
};

static_assert(sizeof(operation_types) / sizeof(operation_types[0]) == OPERATION_CODE_COUNT);

/* Copy the submission at the head out of the block: eight words, each read once. */
static void snapshot(const struct ring *ring, union submission *out)
{
	const volatile uint64_t *words =
		(const volatile uint64_t *)&ring->sq[ring->sq_head & (ring->sq_entries - 1)];

	for (size_t i = 0; i < sizeof(out->words) / sizeof(out->words[0]); i++)
		out->words[i] = words[i];
}

static void run_one(struct ring *ring)
{
	union submission submission;
	uint32_t opcode;
	uint32_t tag;

	snapshot(ring, &submission);
	opcode = submission.fields.opcode;
	tag = submission.fields.tag;
	if (tag >= ring->cq_entries)
		ring_post_status(ring, &submission, STATUS_UNKNOWN_TAG);
	else if ((ring->busy >> index_clamp(tag, ring->cq_entries) & 1) != 0)
		ring_post_status(ring, &submission, STATUS_TAG_BUSY);
	else if (opcode >= OPERATION_CODE_COUNT)
		ring_post_status(ring, &submission, STATUS_UNKNOWN_OPERATION);
	else
		operation_types[index_clamp(opcode, OPERATION_CODE_COUNT)].run(ring, &submission);
}

/* Take entries until `tail`, or until one of the reasons to stop. */
static enum ring_stop take_until(struct ring *ring, uint32_t tail)
{
	while (ring->sq_head != tail) {
		if (ring_available(ring) + ring->waiting >= ring->cq_entries)
			return RING_STOP_FULL;
		run_one(ring);
		ring->sq_head++;
		if (ring->thread->state == THREAD_ENDED)
			return RING_STOP_ENDED;
		if (hal_interrupt_pending() && ring->sq_head != tail)
			return RING_STOP_INTERRUPTED;
	}
	return RING_STOP_EMPTY;
}

enum ring_stop ring_take(struct ring *ring)
{
	uint32_t tail = read_counter(&ring->header->sq_tail);
	uint32_t cq_head = read_counter(&ring->header->cq_head);
	enum ring_stop stop;

	if (tail - ring->sq_head > ring->sq_entries)
		return RING_STOP_BAD_TAIL;
	if (ring->cq_tail - cq_head > ring->cq_entries)
		return RING_STOP_BAD_HEAD;
	ring->cq_head = cq_head;
	stop = take_until(ring, tail);
	if (stop != RING_STOP_ENDED)
		/* Release: entries before sq_head have been copied and may be written again. */
		__atomic_store_n(&ring->header->sq_head, ring->sq_head, __ATOMIC_RELEASE);
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
