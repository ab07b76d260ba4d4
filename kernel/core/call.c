// SPDX-License-Identifier: MIT
/* CALL on a kernel object.  See call.h for the model. */
#include "kernel/core/call.h"

#include "kernel/core/cpu.h"
#include "kernel/core/process.h"
#include "kernel/core/ring.h"
#include "kernel/core/thread.h"
#include "lib/index.h"
#include "lib/require.h"
#include "lib/string.h"
#include "lib/words.h"

/* Fields that CALL does not use in this version: reserved byte, flags, pipelining, answers. */
constexpr uint64_t CALL_UNUSED_WORD0 = UINT64_C(0x00000000ffffff00);
constexpr uint64_t CALL_UNUSED_WORD5 = UINT64_C(0xffff000000000000);
/* In word 5: offset and count of the transfer list. */
constexpr uint64_t CALL_TRANSFERS = UINT64_C(0x000000ffffffffff);

static const struct ring_submission *fields(const struct call *call)
{
	return &call->submission.fields;
}

[[gnu::cold, gnu::noinline]] static enum status unused_status(const union submission *submission)
{
	return submission->fields.flags != 0 ? STATUS_FLAG_UNSUPPORTED : STATUS_RESERVED_NOT_ZERO;
}

static enum status check_unused(const union submission *submission)
{
	const uint64_t *w = submission->words;

	if (((w[0] & CALL_UNUSED_WORD0) | (w[5] & CALL_UNUSED_WORD5) | w[6]) != 0)
		return unused_status(submission);
	return STATUS_OK;
}

static enum status find_method(struct call *call, const struct method **out_method)
{
	const struct object_type *type;
	uint32_t method = fields(call)->method;

	call->target = cap_table_lookup(&call->process->table,
					(struct cap_id){ fields(call)->target });
	if (call->target == nullptr)
		return STATUS_BAD_CAPABILITY;
	type = call->target->type;
	if (method >= type->method_count)
		return STATUS_UNKNOWN_METHOD;
	*out_method = &type->methods[index_clamp(method, type->method_count)];
	return STATUS_OK;
}

static enum status check_spans(const struct call *call, const struct method *method)
{
	const struct ring_submission *s = fields(call);
	enum status status = ring_check_span(call->ring, s->param_offset, s->param_length);

	if (status != STATUS_OK)
		return status;
	if (s->param_length > method->max_param_bytes)
		return STATUS_MESSAGE_TOO_LARGE;
	status = ring_check_span(call->ring, s->result_offset, s->result_capacity);
	if (status != STATUS_OK)
		return status;
	if (s->result_capacity < method->result_bytes || s->result_caps_max < method->result_caps)
		return STATUS_RESULT_TOO_SMALL;
	return STATUS_OK;
}

/* Look up one entry of the transfer list. */
static enum status take_transfer(struct call *call, uint32_t i)
{
	struct ring_transfer entry;

	memcpy(&entry, call->ring->arena + fields(call)->transfer_offset + i * sizeof(entry),
	       sizeof(entry));
	for (size_t r = 0; r < sizeof(entry.reserved); r++)
		if (entry.reserved[r] != 0)
			return STATUS_RESERVED_NOT_ZERO;
	if (entry.mode != CAP_GRANT_MODE_COPY)
		return STATUS_TRANSFER_MODE;
	call->transfers[i] = cap_table_lookup(&call->process->table,
					      (struct cap_id){ entry.capability });
	return call->transfers[i] != nullptr ? STATUS_OK : STATUS_BAD_CAPABILITY;
}

static enum status take_transfers(struct call *call, const struct method *method)
{
	uint32_t count = fields(call)->transfer_count;
	enum status status;

	if ((call->submission.words[5] & CALL_TRANSFERS) == 0)
		return STATUS_OK;
	if (count == 0)
		return STATUS_RESERVED_NOT_ZERO;
	if (count > method->max_transfers || count > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	status = ring_check_span(call->ring, fields(call)->transfer_offset,
				 count * (uint32_t)sizeof(struct ring_transfer));
	for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
		status = take_transfer(call, i);
	return status;
}

struct message_reader *call_params(struct call *call)
{
	struct cpu *cpu = hal_cpu();
	uint32_t length = fields(call)->param_length;

	if (!call->has_params) {
		words_copy(cpu->params, call->ring->arena + fields(call)->param_offset, length);
		message_reader_init(&call->params, cpu->params, length);
		call->has_params = true;
	}
	return &call->params;
}

/* Append the result capability behind the message; its slot has been reserved. */
static void deliver_capability(struct call *call, uint8_t *after_message)
{
	struct ring_transfer_result record = {
		.capability = process_insert_reserved(call->process, call->result_cap).raw,
		.interface_id = call->result_cap->type->interface_id,
	};

	memcpy(after_message, &record, sizeof(record));
}

/* The results stand in the result span: post the completion. */
static void complete(struct call *call, const struct method *method)
{
	uint32_t length = (uint32_t)message_builder_finish(&call->results);

	if (method->result_caps != 0)
		deliver_capability(call, call->results.bytes + length);
	ring_post(call->ring, fields(call)->user_data,
		  completion_word(STATUS_OK, COMPLETION_KIND_DONE, method->result_caps,
				  fields(call)->tag),
		  length);
}

/* Run the handler with table slots reserved for what it may return. */
static enum status invoke(struct call *call, const struct method *method)
{
	enum status status;

	if (method->result_caps != 0) {
		status = process_reserve_slots(call->process, method->result_caps);
		if (status != STATUS_OK)
			return status;
	}
	status = method->handler(call);
	if (status == STATUS_OK && call->results.failed) {
		require(method->result_bytes == 0);
		status = STATUS_RESULT_TOO_SMALL;
	}
	if (status != STATUS_OK && method->result_caps != 0)
		process_unreserve_slots(call->process, method->result_caps);
	return status;
}

/* All checks; on STATUS_OK the handler may run. */
static enum status prepare(struct call *call, const struct method **out_method)
{
	enum status status = check_unused(&call->submission);

	if (status == STATUS_OK)
		status = find_method(call, out_method);
	if (status == STATUS_OK)
		status = check_spans(call, *out_method);
	if (status == STATUS_OK)
		status = take_transfers(call, *out_method);
	return status;
}

void call_run(struct ring *ring, struct ring_entry entry)
{
	const struct method *method = nullptr;
	struct call call;
	enum status status;

	call.ring = ring;
	call.process = ring->thread->process;
	submission_copy(entry, &call.submission);
	call.has_params = false;
	call.parked = false;
	status = prepare(&call, &method);
	if (status == STATUS_OK) {
		message_builder_init(&call.results,
				     ring->arena + call.submission.fields.result_offset,
				     call.submission.fields.result_capacity);
		status = invoke(&call, method);
	}
	if (call.parked || ring->ended)
		return;
	if (status == STATUS_OK)
		complete(&call, method);
	else
		ring_post(ring, call.submission.fields.user_data, completion_word_of(entry, status),
			  0);
}

struct object *call_transfer(const struct call *call, struct capability_index field)
{
	if (!field.present || field.index >= fields(call)->transfer_count)
		return nullptr;
	return call->transfers[index_clamp(field.index, MAX_TRANSFERS)];
}

static void operation_deadline_passed(struct deadline *deadline)
{
	struct operation *op = LIST_OWNER(deadline, struct operation, deadline);

	if (op->deadline_is_success)
		operation_finish(op, STATUS_OK, COMPLETION_KIND_DONE, nullptr);
	else
		operation_finish(op, STATUS_TIMED_OUT, COMPLETION_KIND_TIMED_OUT, nullptr);
}

/* The earlier of the wait's own end and the submission's deadline. */
static void set_deadline(struct operation *op, uint64_t until_ns, uint64_t deadline_ns)
{
	uint64_t limit_ns = deadline_ns != 0 ? deadline_ns : UINT64_MAX;
	uint64_t first_ns = until_ns <= limit_ns ? until_ns : limit_ns;

	op->deadline_is_success = until_ns <= limit_ns;
	if (first_ns != UINT64_MAX)
		deadline_set(hal_cpu(), &op->deadline, first_ns);
}

enum status call_park(struct call *call, struct list_link *queue, uint64_t until_ns,
		      uint32_t result_bytes, struct operation **out_op)
{
	struct ring *ring = call->ring;
	struct operation *op;

	if (result_bytes > fields(call)->result_capacity)
		return STATUS_RESULT_TOO_SMALL;
	if (ring->waiting >= ring->cq_entries - ring->sq_entries)
		return STATUS_WAIT_SLOTS_FULL;
	op = &ring->records[index_clamp(fields(call)->tag, ring->cq_entries)];
	*op = (struct operation){
		.ring = ring,
		.target = object_get(call->target),
		.user_data = fields(call)->user_data,
		.result_offset = fields(call)->result_offset,
		.result_capacity = fields(call)->result_capacity,
		.tag = fields(call)->tag,
	};
	list_append(queue, &op->link);
	deadline_init(&op->deadline, operation_deadline_passed);
	ring->busy |= UINT64_C(1) << op->tag;
	ring->waiting++;
	set_deadline(op, until_ns, fields(call)->deadline_ns);
	call->parked = true;
	*out_op = op;
	return STATUS_OK;
}
