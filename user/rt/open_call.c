// SPDX-License-Identifier: MIT
/*
 * What a handler does with its call: exceptions, capabilities, the question whether it is
 * wanted. See open_call.h; keeping and answering are the event loop's (server.c).
 */
#include "user/rt/open_call.h"

#include "lib/string.h"
#include "user/rt/receive.h"

constexpr uint32_t TRANSFER_LIST_BYTES = MAX_TRANSFERS * sizeof(struct ring_transfer);

enum cap_exception_type capos_exception_type(enum status status)
{
	/* What is not named is `failed`, which is 0. */
	static const uint8_t types[STATUS_COUNT] = {
		[STATUS_MALFORMED_MESSAGE] = CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
		[STATUS_INVALID_ARGUMENT] = CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
		[STATUS_WRONG_INTERFACE] = CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
		[STATUS_MESSAGE_TOO_LARGE] = CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
		[STATUS_UNKNOWN_METHOD] = CAP_EXCEPTION_TYPE_UNIMPLEMENTED,
		[STATUS_COMPLETIONS_FULL] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_TAG_BUSY] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_WAIT_SLOTS_FULL] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_MEMORY] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_SLOTS] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_THREADS] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_ENDPOINTS] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_FACETS] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_OPEN_CALLS] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OUT_OF_WAITS] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_OPEN_CALLS_FULL] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_TIMED_OUT] = CAP_EXCEPTION_TYPE_OVERLOADED,
		[STATUS_PROCESS_ENDED] = CAP_EXCEPTION_TYPE_DISCONNECTED,
		[STATUS_REVOKED] = CAP_EXCEPTION_TYPE_DISCONNECTED,
		[STATUS_OBJECT_CLOSED] = CAP_EXCEPTION_TYPE_DISCONNECTED,
		[STATUS_OBJECT_STALE] = CAP_EXCEPTION_TYPE_DISCONNECTED,
		[STATUS_DISCONNECTED] = CAP_EXCEPTION_TYPE_DISCONNECTED,
	};

	return status < STATUS_COUNT ? (enum cap_exception_type)types[status]
				     : CAP_EXCEPTION_TYPE_FAILED;
}

/* How much of a reason fits behind the exception's struct, here and with the caller. */
static uint32_t cut_reason(const struct capos_open_call *call, const char *reason)
{
	uint32_t room = call->results.capacity_words * MESSAGE_WORD_BYTES;
	size_t size = strlen(reason);

	/* What the caller has no room for would not reach it at all. */
	if (call->endpoint != nullptr && call->header->result_capacity < room)
		room = call->header->result_capacity & ~7U;
	if (size > CAPOS_REASON_BYTES)
		size = CAPOS_REASON_BYTES;
	if (room <= CAP_EXCEPTION_MESSAGE_BYTES)
		return 0;
	room -= CAP_EXCEPTION_MESSAGE_BYTES;
	return size < room ? (uint32_t)size : room - 1;
}

enum status capos_refuse(struct capos_open_call *call, enum cap_exception_type type,
			 const char *reason)
{
	struct message_builder *message = &call->results;
	struct cap_exception_builder exception;
	uint32_t size;

	if (message->bytes == nullptr && call->endpoint != nullptr)
		/* It was set aside; without room the exception says nothing. */
		(void)!capos_open_call_resume(call, CAPOS_EXCEPTION_BYTES);
	message_builder_init(message, message->bytes,
			     (size_t)message->capacity_words * MESSAGE_WORD_BYTES);
	call->entry.flags = OPERATION_FLAG_EXCEPTION;
	capos_loop_end_transfers(call, false);
	size = cut_reason(call, reason);
	exception = cap_exception_init_root(message);
	cap_exception_set_type(exception, type);
	if (size != 0)
		cap_exception_set_reason(exception, reason, size);
	return STATUS_EXCEPTION;
}

/* The records behind the parameters, as the kernel wrote them. */
static const struct ring_transfer_result *records_of(const struct capos_open_call *call)
{
	uint32_t offset = call->span_offset + call->completion.length;

	return (const void *)(capos_client.arena + offset);
}

uint64_t capos_open_call_take(struct capos_open_call *call, struct capability_index field,
			      uint64_t interface_id)
{
	const struct ring_transfer_result *record;

	if (!field.present || field.index >= call->completion.transfer_count)
		return 0;
	record = records_of(call) + field.index;
	if ((call->taken_mask >> field.index & 1) != 0 ||
	    (interface_id != 0 && record->interface_id != interface_id))
		return 0;
	call->taken_mask |= (uint8_t)(1U << field.index);
	return record->capability;
}

void capos_loop_release_received(struct capos_open_call *call)
{
	const struct ring_transfer_result *records = records_of(call);

	for (uint32_t i = 0; i < call->completion.transfer_count; i++)
		if ((call->taken_mask >> i & 1) == 0)
			capos_release(records[i].capability);
	call->completion.transfer_count = 0;
}

static struct ring_transfer *transfers_of(const struct capos_open_call *call)
{
	return (void *)(capos_client.arena + call->entry.transfer_offset);
}

/* The list of what goes along with the answer; begun with nulls.  False without room. */
static bool begin_transfers(struct capos_open_call *call)
{
	uint32_t offset;

	if (call->entry.transfer_count != 0)
		return true;
	if (call->endpoint == nullptr)
		return false;
	offset = span_take(&capos_client.spans, TRANSFER_LIST_BYTES);
	if (offset == SPAN_NONE)
		return false;
	call->entry.transfer_offset = offset;
	memset(transfers_of(call), 0, TRANSFER_LIST_BYTES);
	return true;
}

/* What an answer was to give, and does not, is released. */
static void release_given(struct ring_transfer *transfer)
{
	if (transfer->mode == CAP_GRANT_MODE_MOVE)
		capos_release(transfer->capability);
	*transfer = (struct ring_transfer){};
}

void capos_loop_end_transfers(struct capos_open_call *call, bool delivered)
{
	if (call->entry.transfer_count == 0)
		return;
	for (uint32_t i = 0; i < MAX_TRANSFERS && !delivered; i++)
		release_given(&transfers_of(call)[i]);
	span_give(&capos_client.spans, call->entry.transfer_offset, TRANSFER_LIST_BYTES);
	call->entry.transfer_offset = 0;
	call->entry.transfer_count = 0;
}

static uint32_t attach(struct capos_open_call *call, uint8_t ordinal, uint64_t capability,
		       enum cap_grant_mode mode)
{
	struct ring_transfer transfer = { .capability = capability, .mode = (uint8_t)mode };

	if (capability == 0)
		return 0;
	if (ordinal >= MAX_TRANSFERS || !begin_transfers(call)) {
		call->results.failed = true;
		release_given(&transfer);
		return 0;
	}
	release_given(&transfers_of(call)[ordinal]);
	transfers_of(call)[ordinal] = transfer;
	if (call->entry.transfer_count <= ordinal)
		call->entry.transfer_count = (uint8_t)(ordinal + 1);
	return ordinal;
}

uint32_t capos_open_call_give(struct capos_open_call *call, uint8_t ordinal,
			      uint64_t capability)
{
	return attach(call, ordinal, capability, CAP_GRANT_MODE_MOVE);
}

uint32_t capos_open_call_copy(struct capos_open_call *call, uint8_t ordinal,
			      uint64_t capability)
{
	return attach(call, ordinal, capability, CAP_GRANT_MODE_COPY);
}

bool capos_open_call_is_wanted(const struct capos_open_call *call)
{
	struct capos_call question = { .state = CAPOS_CALL_PENDING };
	struct ring_submission submission = {
		.opcode = OPERATION_CODE_CALL_QUERY,
		.target = call->header->call_id,
		.user_data = (uintptr_t)&question,
	};

	if (capos_client.free_tags == 0)
		return true; /* the answer will tell */
	question.tag = (uint16_t)__builtin_ctzll(capos_client.free_tags);
	capos_client.free_tags &= capos_client.free_tags - 1;
	submission.tag = question.tag;
	capos_client_post(&submission);
	return capos_client_wait(&question) == STATUS_OK && question.status == STATUS_OK;
}
