// SPDX-License-Identifier: MIT
/* Receives: their storage, tags and spans, and what becomes of them when a call is kept.  See
 * receive.h. */
#include "user/rt/receive.h"

#include "lib/require.h"
#include "user/rt/heap.h"

/* What receives, but for an endpoint's first, leave of the arena to the program's own calls. */
constexpr uint32_t ARENA_RESERVE_BYTES = 1024;

struct capos_loop capos_loop;

static uint64_t mark_of(const struct capos_open_call *call)
{
	return (uintptr_t)call | CAPOS_OPEN_CALL_MARK;
}

bool capos_receive_take_tag(struct capos_open_call *call)
{
	uint64_t free = capos_client.free_tags;

	if (call->has_tag)
		return true;
	if (free == 0)
		return false;
	capos_client.free_tags = free & (free - 1);
	call->entry.tag = (uint16_t)__builtin_ctzll(free);
	call->has_tag = true;
	return true;
}

static void give_tag(struct capos_open_call *call)
{
	if (call->has_tag)
		capos_client.free_tags |= 1ULL << call->entry.tag;
	call->has_tag = false;
}

/* Whether the arena has enough that one receive more leaves some. */
static bool has_room(const struct capos_endpoint *endpoint)
{
	uint32_t needed = endpoint->receive_bytes + endpoint->result_bytes;

	return list_is_empty(&endpoint->calls) ||
	       span_pool_free_bytes(&capos_client.spans) >= needed + ARENA_RESERVE_BYTES;
}

static bool take_span(struct capos_open_call *call, uint32_t receive_bytes,
		      uint32_t result_bytes)
{
	uint32_t offset = span_take(&capos_client.spans, receive_bytes + result_bytes);

	if (offset == SPAN_NONE)
		return false;
	call->span_offset = offset;
	call->span_bytes = receive_bytes + result_bytes;
	call->receive_bytes = receive_bytes;
	call->entry.param_offset = offset + receive_bytes;
	call->header = (const void *)(capos_client.arena + offset);
	return true;
}

static void give_span(struct capos_open_call *call)
{
	if (call->span_offset != SPAN_NONE)
		span_give(&capos_client.spans, call->span_offset, call->span_bytes);
	call->span_offset = SPAN_NONE;
}

/* Storage for one more receive of an endpoint; null without memory, span or tag. */
static struct capos_open_call *create_call(struct capos_endpoint *endpoint)
{
	struct capos_open_call *call;

	if (!has_room(endpoint))
		return nullptr;
	call = capos_allocate(sizeof(*call));
	if (call == nullptr)
		return nullptr;
	*call = (struct capos_open_call){ .endpoint = endpoint, .span_offset = SPAN_NONE };
	if (!capos_receive_take_tag(call) ||
	    !take_span(call, endpoint->receive_bytes, endpoint->result_bytes)) {
		give_tag(call);
		capos_free(call);
		return nullptr;
	}
	call->entry.opcode = OPERATION_CODE_RETURN_RECV;
	call->entry.user_data = mark_of(call);
	call->entry.result_offset = call->span_offset;
	call->entry.result_capacity = endpoint->receive_bytes;
	call->entry.endpoint = endpoint->options.endpoint;
	list_append(&endpoint->calls, &call->link);
	return call;
}

void capos_receive_destroy(struct capos_open_call *call)
{
	list_remove(&call->link);
	give_tag(call);
	give_span(call);
	capos_free(call);
}

static void submit_receive(struct capos_open_call *call)
{
	struct ring_submission submission = {
		.opcode = OPERATION_CODE_RECV,
		.tag = call->entry.tag,
		.target = call->entry.endpoint,
		.user_data = call->entry.user_data,
		.result_offset = call->entry.result_offset,
		.result_capacity = call->entry.result_capacity,
	};

	call->state = CAPOS_OPEN_CALL_RECEIVING;
	call->endpoint->receiving++;
	capos_client_post(&submission);
}

void capos_receive_replenish(struct capos_endpoint *endpoint)
{
	while (endpoint->receiving < endpoint->wanted) {
		struct capos_open_call *call = create_call(endpoint);

		if (call == nullptr) {
			capos_loop.is_short = true;
			return;
		}
		submit_receive(call);
	}
}

void capos_receive_rest(struct capos_open_call *call)
{
	struct capos_endpoint *endpoint = call->endpoint;

	call->state = CAPOS_OPEN_CALL_IDLE;
	if (endpoint->receiving < endpoint->wanted && call->receive_bytes != 0 &&
	    capos_receive_take_tag(call))
		submit_receive(call);
	else
		capos_receive_destroy(call);
}

void capos_open_call_keep(struct capos_open_call *call)
{
	require(call->state == CAPOS_OPEN_CALL_OPEN && !call->is_kept);
	call->is_kept = true;
	give_tag(call);
	capos_receive_replenish(call->endpoint);
}

void capos_open_call_set_aside(struct capos_open_call *call)
{
	static const uint64_t null_root;

	require(call->state == CAPOS_OPEN_CALL_OPEN);
	if (call->completion.transfer_count != 0)
		capos_loop_release_received(call);
	capos_loop_end_transfers(call, false);
	if (call->span_offset != SPAN_NONE) {
		call->saved_header = *call->header;
		call->header = &call->saved_header;
	}
	give_span(call);
	call->receive_bytes = 0;
	message_reader_init(&call->params, &null_root, sizeof(null_root));
	call->results = (struct message_builder){ .failed = true };
	if (!call->is_kept)
		capos_open_call_keep(call);
	else
		capos_receive_replenish(call->endpoint);
}

enum status capos_open_call_resume(struct capos_open_call *call, uint32_t result_bytes)
{
	uint32_t bytes = (capos_result_room(result_bytes) + 7) & ~7U;

	require(call->state == CAPOS_OPEN_CALL_OPEN && call->receive_bytes == 0);
	if (bytes > MAX_MESSAGE_BYTES)
		return STATUS_OUT_OF_MEMORY;
	give_span(call);
	if (!take_span(call, 0, bytes))
		return STATUS_OUT_OF_MEMORY;
	call->header = &call->saved_header;
	message_builder_init(&call->results, capos_client.arena + call->span_offset, bytes);
	return STATUS_OK;
}
