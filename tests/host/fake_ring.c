// SPDX-License-Identifier: MIT
/* A ring and a kernel for the runtime of a service.  See fake_ring.h. */
#include "tests/host/fake_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

constexpr uint32_t ENTRIES = 32;
constexpr uint32_t COMPLETIONS = 64;
constexpr uint32_t ARENA_OFFSET = RING_HEADER_BYTES + ENTRIES * 64 + COMPLETIONS * 32;

struct fake_kernel fake_kernel;
alignas(4096) static uint8_t block[16384];

struct ring_header *fake_ring(void)
{
	return (struct ring_header *)(void *)block;
}

void *fake_arena(uint32_t offset)
{
	return block + ARENA_OFFSET + offset;
}

void fake_kernel_reset(void)
{
	memset(block, 0, sizeof(block));
	memset(&fake_kernel, 0, sizeof(fake_kernel));
	fake_kernel.receive_limit = 64;
	*fake_ring() = (struct ring_header){ .sq_entries = ENTRIES,
					     .cq_entries = COMPLETIONS,
					     .sq_offset = RING_HEADER_BYTES,
					     .cq_offset = RING_HEADER_BYTES + ENTRIES * 64,
					     .arena_offset = ARENA_OFFSET,
					     .arena_bytes = sizeof(block) - ARENA_OFFSET };
}

static void post(const struct ring_submission *s, enum status status,
		 struct ring_completion completion)
{
	struct ring_header *ring = fake_ring();
	struct ring_completion *queue = (void *)(block + ring->cq_offset);

	assert_true(ring->cq_tail - ring->cq_head < COMPLETIONS);
	completion.user_data = s->user_data;
	completion.tag = s->tag;
	completion.status = -(int32_t)status;
	queue[ring->cq_tail++ % COMPLETIONS] = completion;
}

struct fake_call *fake_call(uint64_t interface_id, uint16_t method, uint64_t cookie,
			    uint32_t param_length)
{
	struct fake_call *call = &fake_kernel.calls[fake_kernel.call_count];

	assert_true(fake_kernel.call_count < FAKE_CALLS);
	call->header = (struct ring_call_header){
		.call_id = 0x100000000 + fake_kernel.call_count++,
		.interface_id = interface_id,
		.cookie = cookie,
		.method = method,
		.caller_live = 1,
		.result_caps_max = MAX_TRANSFERS,
		.result_capacity = FAKE_ANSWER_BYTES,
		.param_length = param_length,
	};
	return call;
}

static struct fake_wait *place_in(struct fake_wait waits[64], const struct ring_submission *s)
{
	for (uint32_t i = 0; i < 64; i++) {
		if (waits[i].is_used) {
			assert_int_not_equal(waits[i].submission.tag, s->tag);
			continue;
		}
		waits[i] = (struct fake_wait){ *s, true };
		return &waits[i];
	}
	fail();
	return nullptr;
}

uint32_t fake_receives(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < 64; i++)
		count += fake_kernel.receives[i].is_used;
	return count;
}

/* Give a call to a receive. */
static void deliver(struct fake_wait *wait, struct fake_call *call)
{
	const struct ring_submission *s = &wait->submission;
	uint8_t *to = fake_arena(s->result_offset);
	uint32_t caps = call->brought_count * (uint32_t)sizeof(call->brought[0]);
	uint32_t length = (uint32_t)sizeof(call->header) + call->header.param_length;

	assert_true(s->result_capacity >= length + caps);
	memcpy(to, &call->header, sizeof(call->header));
	memcpy(to + sizeof(call->header), call->params, call->header.param_length);
	memcpy(to + length, call->brought, caps);
	call->is_open = true;
	post(s, STATUS_OK,
	     (struct ring_completion){ .word = call->header.call_id,
				       .length = length,
				       .transfer_count = call->brought_count });
	wait->is_used = false;
}

static void close_receives(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		if (!fake_kernel.receives[i].is_used)
			continue;
		post(&fake_kernel.receives[i].submission, STATUS_DISCONNECTED,
		     (struct ring_completion){ .kind = COMPLETION_KIND_PEER_GONE });
		fake_kernel.receives[i].is_used = false;
	}
}

static void match(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		struct fake_wait *wait = &fake_kernel.receives[i];

		if (!wait->is_used)
			continue;
		if (fake_kernel.dropped != 0) {
			post(&wait->submission, STATUS_OK,
			     (struct ring_completion){ .kind = COMPLETION_KIND_DROPPED,
						       .word = fake_kernel.dropped });
			fake_kernel.dropped = 0;
			wait->is_used = false;
		} else if (fake_kernel.delivered < fake_kernel.call_count) {
			deliver(wait, &fake_kernel.calls[fake_kernel.delivered++]);
		}
	}
	if (fake_kernel.is_closed)
		close_receives();
}

static enum status check_receive(void)
{
	if (fake_kernel.is_closed)
		return STATUS_DISCONNECTED;
	return fake_receives() >= fake_kernel.receive_limit ? STATUS_WAIT_SLOTS_FULL
							    : STATUS_OK;
}

static struct fake_call *find_open(uint64_t id)
{
	for (uint32_t i = 0; i < fake_kernel.call_count; i++)
		if (fake_kernel.calls[i].header.call_id == id && fake_kernel.calls[i].is_open)
			return &fake_kernel.calls[i];
	return nullptr;
}

static enum status take_answer(const struct ring_submission *s)
{
	struct fake_call *call = find_open(s->target);

	if (call == nullptr)
		return STATUS_UNKNOWN_CALL;
	if (call->is_gone) {
		call->is_open = false;
		return STATUS_CALLER_GONE;
	}
	if ((s->flags & OPERATION_FLAG_EXCEPTION) != 0 && s->transfer_count != 0)
		return STATUS_RESERVED_NOT_ZERO;
	if (s->param_length > call->header.result_capacity)
		return STATUS_RESULT_TOO_LARGE;
	if (call->refuse != STATUS_OK && (s->flags & OPERATION_FLAG_EXCEPTION) == 0)
		return call->refuse;
	assert_true(s->param_length <= FAKE_ANSWER_BYTES);
	memcpy(call->answer, fake_arena(s->param_offset), s->param_length);
	memcpy(call->sent, fake_arena(s->transfer_offset),
	       s->transfer_count * sizeof(struct ring_transfer));
	call->answer_length = s->param_length;
	call->answer_flags = s->flags & OPERATION_FLAG_EXCEPTION;
	call->sent_count = s->transfer_count;
	call->answers++;
	call->is_open = false;
	return STATUS_OK;
}

static enum status cancel(const struct ring_submission *s)
{
	for (uint32_t i = 0; i < 64; i++) {
		struct fake_wait *wait = &fake_kernel.receives[i];

		if (!wait->is_used || wait->submission.tag != s->target)
			continue;
		wait->is_used = false;
		post(&wait->submission, STATUS_CANCELLED,
		     (struct ring_completion){ .kind = COMPLETION_KIND_CANCELLED });
		return STATUS_OK;
	}
	return STATUS_UNKNOWN_TAG;
}

static void run_receive(const struct ring_submission *s)
{
	enum status status = check_receive();

	if (status == STATUS_OK)
		(void)place_in(fake_kernel.receives, s);
	else
		post(s, status, (struct ring_completion){});
}

/* All or nothing, but for a caller that is gone. */
static void run_return_receive(const struct ring_submission *s)
{
	enum status status = check_receive();

	if (status == STATUS_OK)
		status = take_answer(s);
	if (status == STATUS_OK)
		(void)place_in(fake_kernel.receives, s);
	else
		post(s, status, (struct ring_completion){});
}

static void run_call(const struct ring_submission *s)
{
	struct ring_completion completion = {};

	if (fake_kernel.own_call != nullptr && fake_kernel.own_call(s, &completion))
		post(s, (enum status) - completion.status, completion);
	else
		(void)place_in(fake_kernel.own_calls, s);
}

void fake_complete_own(uint32_t index, enum status status, uint32_t length)
{
	struct fake_wait *wait = &fake_kernel.own_calls[index];

	assert_true(wait->is_used);
	wait->is_used = false;
	post(&wait->submission, status, (struct ring_completion){ .length = length });
}

static void run_query(const struct ring_submission *s)
{
	const struct fake_call *call = find_open(s->target);
	enum status status = STATUS_UNKNOWN_CALL;

	if (call != nullptr)
		status = call->is_gone ? STATUS_CALLER_GONE : STATUS_OK;
	post(s, status, (struct ring_completion){});
}

static void run(const struct ring_submission *s)
{
	fake_kernel.taken[s->opcode]++;
	switch ((enum operation_code)s->opcode) {
	case OPERATION_CODE_RECV:
		run_receive(s);
		return;
	case OPERATION_CODE_RETURN:
		post(s, take_answer(s), (struct ring_completion){});
		return;
	case OPERATION_CODE_RETURN_RECV:
		run_return_receive(s);
		return;
	case OPERATION_CODE_CALL:
		run_call(s);
		return;
	case OPERATION_CODE_CALL_QUERY:
		run_query(s);
		return;
	case OPERATION_CODE_CANCEL:
		post(s, cancel(s), (struct ring_completion){});
		return;
	case OPERATION_CODE_RELEASE:
		assert_true(fake_kernel.released_count < 64);
		fake_kernel.released[fake_kernel.released_count++] = s->target;
		post(s, STATUS_OK, (struct ring_completion){});
		return;
	case OPERATION_CODE_NOP:
		break;
	}
	fail();
}

enum status fake_cap_enter(uint32_t min_complete, uint64_t deadline_ns, uint32_t *out_available)
{
	struct ring_header *ring = fake_ring();
	struct ring_submission *queue = (void *)(block + ring->sq_offset);

	(void)deadline_ns, (void)out_available;
	fake_kernel.entries++;
	assert_true(ring->sq_tail - ring->sq_head <= ENTRIES);
	while (ring->sq_head != ring->sq_tail)
		run(&queue[ring->sq_head++ % ENTRIES]);
	match();
	while (ring->cq_tail - ring->cq_head < min_complete) {
		if (fake_kernel.idle == nullptr || !fake_kernel.idle())
			return STATUS_NOTHING_PENDING;
		match();
	}
	return STATUS_OK;
}
