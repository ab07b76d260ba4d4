// SPDX-License-Identifier: MIT
/*
 * The ring client: calls from begin to end.  See call.h for the model.
 *
 * user_data of a call's submission is the address of its struct capos_call, so a completion
 * finds its call whatever the order.  Indices live in the ring header alone.
 */
#include "user/rt/call.h"

#include "lib/require.h"
#include "lib/string.h"
#include "user/rt/panic.h"
#include "user/rt/ring.h"
#include "user/rt/short_call.h"
#include "user/rt/span.h"
#include "user/rt/time.h"

constexpr uint32_t TRANSFER_LIST_BYTES = MAX_TRANSFERS * sizeof(struct ring_transfer);
/* Transfers that fit a span of one unit. */
constexpr uint32_t UNIT_TRANSFERS = SPAN_UNIT_BYTES / sizeof(struct ring_transfer);

/* user_data of submissions that are no call; smaller than any address. */
enum user_data_mark : uint64_t {
	USER_DATA_IGNORED = 0,
	USER_DATA_RELEASE = 1,
	USER_DATA_SHORT = CAPOS_SHORT_MARK,
};

/* Of RELEASE and CANCEL, which never wait; no call has it. */
constexpr uint16_t IMMEDIATE_TAG = 0;

struct capos_client capos_client;

/* What became of the short call, when its completion did not come first. */
static uint64_t short_outcome;
static bool short_is_done;

/* Also called when the client is initialised already. */
[[gnu::cold]] static struct ring_header *init_client(void)
{
	struct capos_client *client = &capos_client;
	struct ring_header *ring = capos_ring();

	if (client->ring != nullptr)
		return ring;
	client->ring = ring;
	client->arena = capos_arena_at(ring, 0);
	client->submissions = capos_submission_at(ring, 0);
	client->completions = capos_completion_at(ring, 0);
	client->sq_mask = ring->sq_entries - 1;
	client->cq_mask = ring->cq_entries - 1;
	client->free_tags =
		ring->cq_entries >= 64 ? UINT64_MAX : (1ULL << ring->cq_entries) - 1;
	client->free_tags &= ~(1ULL << IMMEDIATE_TAG | 1ULL << CAPOS_SHORT_TAG);
	span_pool_init(&client->spans, ring->arena_bytes);
	list_init(&client->done_calls);
	require(span_take(&client->spans, CAPOS_SHORT_BYTES + CAPOS_SHORT_RESULT_BYTES) ==
		CAPOS_SHORT_OFFSET);
	return ring;
}

struct ring_header *capos_client_init(void)
{
	return init_client();
}

uint32_t capos_client_take_span(uint32_t bytes)
{
	(void)init_client();
	return span_take(&capos_client.spans, bytes);
}

/* Make room for one more transfer: the list begins with one unit and grows once. */
static bool grow_transfers(struct capos_call *call)
{
	uint32_t bytes = call->transfer_count == 0 ? SPAN_UNIT_BYTES : TRANSFER_LIST_BYTES;
	uint32_t offset = span_take(&capos_client.spans, bytes);

	if (offset == SPAN_NONE)
		return false;
	if (call->transfer_count != 0) {
		memcpy(capos_client.arena + offset, capos_client.arena + call->transfer_offset,
		       SPAN_UNIT_BYTES);
		span_give(&capos_client.spans, call->transfer_offset, SPAN_UNIT_BYTES);
	}
	call->transfer_offset = offset;
	return true;
}

static void give_transfers(const struct capos_call *call)
{
	uint32_t bytes =
		call->transfer_count <= UNIT_TRANSFERS ? SPAN_UNIT_BYTES : TRANSFER_LIST_BYTES;

	if (call->transfer_count != 0)
		span_give(&capos_client.spans, call->transfer_offset, bytes);
}

static uint32_t attach(struct capos_call *call, uint64_t capability, enum cap_grant_mode mode)
{
	uint32_t index = call->transfer_count;

	if (index == MAX_TRANSFERS ||
	    ((index == 0 || index == UNIT_TRANSFERS) && !grow_transfers(call))) {
		call->failed = true;
		return 0;
	}
	struct ring_transfer *list = (void *)(capos_client.arena + call->transfer_offset);

	list[index] = (struct ring_transfer){ .capability = capability, .mode = (uint8_t)mode };
	call->transfer_count++;
	return index;
}

uint32_t capos_call_attach(struct capos_call *call, uint64_t capability)
{
	return attach(call, capability, CAP_GRANT_MODE_COPY);
}

uint32_t capos_call_attach_move(struct capos_call *call, uint64_t capability)
{
	return attach(call, capability, CAP_GRANT_MODE_MOVE);
}

/* Copy what the completion says into its call. */
static void complete_call(struct capos_call *call, const struct ring_completion *c)
{
	call->status = (enum status)(uint16_t)-c->status;
	call->length = c->length;
	call->received_count = c->transfer_count;
	call->state = CAPOS_CALL_DONE;
	capos_client.free_tags |= 1ULL << call->tag;
	if (call->done != nullptr)
		list_append(&capos_client.done_calls, &call->done_link);
}

void capos_client_complete(const struct ring_completion *c)
{
	if (c->user_data >= CAPOS_USER_DATA_MARKS) {
		if ((c->user_data & CAPOS_OPEN_CALL_MARK) != 0)
			capos_client.receive_done(c);
		else
			complete_call((struct capos_call *)c->user_data, c);
	} else if (c->user_data == USER_DATA_SHORT) {
		short_outcome = capos_short_outcome(c);
		short_is_done = true;
	} else if (c->user_data == USER_DATA_RELEASE && c->status != 0) {
		capos_panic(__FILE__, __LINE__, "released a capability that it does not hold");
	}
}

/* Consume every completion there is; partner of the kernel's store of cq_tail.  False when
 * there was none. */
static bool consume_completions(struct ring_header *ring)
{
	uint32_t head = ring->cq_head;
	uint32_t end = __atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE);

	if (head == end)
		return false;
	do {
		capos_client_complete(capos_completion_at(ring, head++));
	} while (head != end);
	/* Partner of the kernel's load of cq_head: the slots may be used again. */
	__atomic_store_n(&ring->cq_head, head, __ATOMIC_RELEASE);
	return true;
}

static bool submissions_are_full(const struct ring_header *ring)
{
	uint32_t taken = __atomic_load_n(&ring->sq_head, __ATOMIC_ACQUIRE);

	return ring->sq_tail - taken >= ring->sq_entries;
}

/* Let the kernel take submissions until one slot is free. */
[[gnu::cold, gnu::noinline]] static enum status make_room(struct ring_header *ring)
{
	do {
		enum status status = capos_cap_enter(0, RING_NO_WAIT, nullptr);
		bool consumed = consume_completions(ring);

		if (status != STATUS_OK && !(status == STATUS_COMPLETIONS_FULL && consumed))
			return status;
	} while (submissions_are_full(ring));
	return STATUS_OK;
}

/* Append one submission. */
static enum status post(struct ring_header *ring, const struct ring_submission *submission)
{
	if (submissions_are_full(ring)) {
		enum status status = make_room(ring);

		if (status != STATUS_OK)
			return status;
	}
	uint32_t tail = ring->sq_tail;

	*capos_submission_at(ring, tail) = *submission;
	/* Partner of the kernel's load of sq_tail: the entry is written. */
	__atomic_store_n(&ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	return STATUS_OK;
}

void capos_client_post(const struct ring_submission *submission)
{
	if (post(init_client(), submission) != STATUS_OK)
		capos_panic(__FILE__, __LINE__, "the ring does not take submissions");
}

enum status capos_client_check_submit(const struct capos_call *call)
{
	if (call->failed)
		return STATUS_TOO_MANY_TRANSFERS;
	if (call->params.failed)
		return STATUS_MESSAGE_TOO_LARGE;
	if (capos_client.free_tags == 0)
		return STATUS_TAG_BUSY;
	return submissions_are_full(capos_client.ring) ? make_room(capos_client.ring)
						       : STATUS_OK;
}

enum status capos_flush(void)
{
	struct ring_header *ring = init_client();
	enum status status;

	do {
		status = capos_cap_enter(0, RING_NO_WAIT, nullptr);
	} while (consume_completions(ring) && status == STATUS_COMPLETIONS_FULL);
	return status;
}

bool capos_call_is_done(struct capos_call *call)
{
	if (call->state == CAPOS_CALL_PENDING)
		(void)consume_completions(capos_client.ring);
	return call->state == CAPOS_CALL_DONE;
}

/* Wait for completions; those that came are consumed.  Only a wait that cannot end fails. */
static enum status wait_for_some(struct ring_header *ring, uint64_t deadline_ns)
{
	enum status status = capos_cap_enter(1, deadline_ns, nullptr);

	return consume_completions(ring) ? STATUS_OK : status;
}

enum status capos_client_wait(struct capos_call *call)
{
	while (call->state == CAPOS_CALL_PENDING) {
		enum status status = STATUS_OK;

		if (!consume_completions(capos_client.ring))
			status = wait_for_some(capos_client.ring, RING_NO_DEADLINE);
		if (status != STATUS_OK)
			return status;
	}
	return call->state == CAPOS_CALL_DONE ? STATUS_OK : STATUS_INVALID_ARGUMENT;
}

void capos_short_init(void)
{
	(void)init_client();
}

enum status capos_short_make_room(void)
{
	return make_room(capos_client.ring);
}

uint64_t capos_short_wait(void)
{
	struct ring_header *ring = capos_client.ring;

	while (!short_is_done)
		if (!consume_completions(ring) &&
		    wait_for_some(ring, RING_NO_DEADLINE) != STATUS_OK)
			capos_panic(__FILE__, __LINE__, "a call does not end");
	short_is_done = false;
	return short_outcome;
}

/* Index of the first call that has completed; count when there is none. */
static uint32_t first_done(struct capos_call *const calls[], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (calls[i] != nullptr && calls[i]->state == CAPOS_CALL_DONE)
			return i;
	return count;
}

enum status capos_wait_any(struct capos_call *const calls[], uint32_t count,
			   uint64_t deadline_ns, uint32_t *out_index)
{
	struct ring_header *ring = init_client();

	for (;;) {
		(void)consume_completions(ring);
		*out_index = first_done(calls, count);
		if (*out_index != count)
			return STATUS_OK;
		if (deadline_ns != RING_NO_DEADLINE && capos_now_ns() >= deadline_ns)
			return STATUS_TIMED_OUT;
		enum status status = wait_for_some(ring, deadline_ns);

		if (status != STATUS_OK && status != STATUS_TIMED_OUT)
			return status;
	}
}

void capos_call_cancel(struct capos_call *call)
{
	if (call->state != CAPOS_CALL_PENDING)
		return;
	struct ring_submission submission = {
		.opcode = OPERATION_CODE_CANCEL,
		.tag = IMMEDIATE_TAG,
		.target = call->tag,
		.user_data = USER_DATA_IGNORED,
	};

	capos_client_post(&submission);
}

/* The records of received capabilities; *out_count is 0 when they would not fit the span. */
static const struct ring_transfer_result *received(const struct capos_call *call,
						   uint32_t *out_count)
{
	uint64_t start = ((uint64_t)call->length + 7) & ~7ULL;
	uint64_t bytes = call->received_count * sizeof(struct ring_transfer_result);

	*out_count = start + bytes <= call->result_capacity ? call->received_count : 0;
	if (*out_count > MAX_TRANSFERS)
		*out_count = MAX_TRANSFERS;
	return capos_arena_at(capos_client.ring, call->result_offset + (uint32_t)start);
}

uint64_t capos_call_take_capability(struct capos_call *call, uint8_t ordinal,
				    uint64_t interface_id)
{
	uint32_t count;

	if (call->state != CAPOS_CALL_DONE)
		return 0;
	const struct ring_transfer_result *records = received(call, &count);

	if (ordinal >= count)
		return 0;
	if ((call->taken_mask >> ordinal & 1) != 0 ||
	    (interface_id != 0 && records[ordinal].interface_id != interface_id))
		return 0;
	call->taken_mask |= (uint8_t)(1U << ordinal);
	return records[ordinal].capability;
}

static void release_received(struct capos_call *call)
{
	uint32_t count;
	const struct ring_transfer_result *records = received(call, &count);

	for (uint32_t i = 0; i < count; i++)
		if ((call->taken_mask >> i & 1) == 0)
			capos_release(records[i].capability);
}

/* End what is still in flight: nobody may write into the span once it is given back. */
[[gnu::cold, gnu::noinline]] static void abandon(struct capos_call *call)
{
	struct ring_header *ring = capos_client.ring;

	capos_call_cancel(call);
	while (call->state == CAPOS_CALL_PENDING)
		if (!consume_completions(ring) &&
		    wait_for_some(ring, RING_NO_DEADLINE) != STATUS_OK)
			capos_panic(__FILE__, __LINE__, "a call does not end");
}

void capos_client_end(struct capos_call *call)
{
	if (call->state == CAPOS_CALL_IDLE)
		return;
	if (call->state == CAPOS_CALL_PENDING)
		abandon(call);
	if (call->state == CAPOS_CALL_DONE && call->received_count != 0)
		release_received(call);
	if (call->state == CAPOS_CALL_DONE && call->status == STATUS_EXCEPTION)
		capos_client_keep_exception(capos_client.arena + call->result_offset,
					    call->length);
	if (call->done != nullptr)
		list_remove(&call->done_link);
	span_give(&capos_client.spans, call->span_offset, call->span_bytes);
	give_transfers(call);
	call->state = CAPOS_CALL_IDLE;
}

void capos_release(uint64_t capability)
{
	if (capability == 0)
		return;
	struct ring_submission submission = {
		.opcode = OPERATION_CODE_RELEASE,
		.tag = IMMEDIATE_TAG,
		.target = capability,
		.user_data = USER_DATA_RELEASE,
	};

	capos_client_post(&submission);
}

void capos_owned_drop(struct capos_owned *owned)
{
	capos_release(owned->id);
	owned->id = 0;
}

uint64_t capos_owned_take(struct capos_owned *owned)
{
	uint64_t id = owned->id;

	owned->id = 0;
	return id;
}
