// SPDX-License-Identifier: MIT
/* CALL on a kernel object.  See call.h for the model. */
#include "kernel/core/call.h"

#include "kernel/core/cpu.h"
#include "kernel/core/facet.h"
#include "kernel/core/ipc.h"
#include "kernel/core/process.h"
#include "kernel/core/ring_operation.h"
#include "kernel/core/schedule.h"
#include "kernel/core/thread.h"
#include "kernel/core/transfer.h"
#include "lib/index.h"
#include "lib/require.h"

/* Fields that CALL does not use in this version: reserved byte, flags, pipelining, answers. */
constexpr uint64_t CALL_UNUSED_WORD0 = UINT64_C(0x00000000ffffff00);
constexpr uint64_t CALL_UNUSED_WORD5 = UINT64_C(0xffff000000000000);
/* In word 5: offset and count of the transfer list. */
constexpr uint64_t CALL_TRANSFERS = UINT64_C(0x000000ffffffffff);
/* An entry of that list: capability, mode. */
constexpr uint32_t TRANSFER_WORDS = sizeof(struct ring_transfer) / sizeof(uint64_t);

/* Whether the target is a kernel object that has the method. */
static inline bool has_method(const struct object *target, struct ring_entry entry)
{
	return entry_method(entry) < target->type->method_count;
}

/* The method, which it has. */
static inline const struct method *find_method(const struct object *target,
					       struct ring_entry entry)
{
	const struct object_type *type = target->type;

	return &type->methods[index_clamp(entry_method(entry), type->method_count)];
}

/* Where the entry says that parameters and results stand. */
struct call_spans {
	struct ring_span params;
	struct ring_span results;
};

static inline struct call_spans read_spans(struct ring_entry entry)
{
	return (struct call_spans){
		.params = ring_span_of(entry_word(entry, 3)),
		.results = ring_span_of(entry_word(entry, 4)),
	};
}

/* Whether check_spans() has nothing against them. */
static inline bool spans_fit(const struct ring *ring, struct call_spans spans,
			     const struct method *method)
{
	return ring_check_spans(ring, spans.params, spans.results) &&
	       spans.params.length <= method->max_param_bytes &&
	       spans.results.length >= method->result_bytes;
}

/* Which of the spans breaks which rule. */
[[gnu::cold, gnu::noinline]] static enum status span_status(const struct call *call)
{
	return ring_span_status(call->ring, call->param_span, call->result_span);
}

static inline enum status check_spans(const struct call *call, const struct method *method)
{
	if (!ring_check_spans(call->ring, call->param_span, call->result_span))
		return span_status(call);
	if (call->param_span.length > method->max_param_bytes)
		return STATUS_MESSAGE_TOO_LARGE;
	if (call->result_span.length < method->result_bytes)
		return STATUS_RESULT_TOO_SMALL;
	return STATUS_OK;
}

/* Look up one entry of the transfer list. */
static enum status take_transfer(struct call *call, uint32_t offset, uint32_t i)
{
	volatile uint64_t *list = (volatile void *)ring_arena_at(call->ring, offset);
	struct cap_id id = { fetch_word(&list[TRANSFER_WORDS * i]) };
	/* The mode is the lowest of the second word's eight bytes. */
	uint64_t rest = fetch_word(&list[TRANSFER_WORDS * i + 1]);

	if (rest > UINT8_MAX)
		return STATUS_RESERVED_NOT_ZERO;
	if (rest != CAP_GRANT_MODE_COPY)
		return STATUS_TRANSFER_MODE;
	call->transfers[i] = cap_table_lookup(&call_process(call)->table, id);
	call->transfer_ids[i] = id;
	if (call->transfers[i] == nullptr)
		return transfer_missing(call_process(call), id);
	return object_is_facet(call->transfers[i]) ? facet_status(facet_of(call->transfers[i]))
						   : STATUS_OK;
}

/* offset and count as word 5 holds them. */
static enum status take_transfers(struct call *call, const struct method *method, uint64_t word)
{
	uint32_t count = (uint8_t)(word >> 32);
	struct ring_span list = { (uint32_t)word,
				  count * (uint32_t)sizeof(struct ring_transfer) };
	enum status status;

	if (count == 0)
		return STATUS_RESERVED_NOT_ZERO;
	if (count > method->max_transfers || count > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	status = ring_check_span(call->ring, list);
	for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
		status = take_transfer(call, list.offset, i);
	call->transfer_count = (uint8_t)count;
	return status;
}

/* All checks of a call that carries capabilities, or may get some, or breaks a rule. */
[[gnu::always_inline]] static inline enum status check_carrier(struct call *call,
							       const struct method *method)
{
	uint64_t word5 = call->word5;
	enum status status;

	if ((call->unused | (word5 & CALL_UNUSED_WORD5)) != 0)
		return entry_has_flags(call->entry) ? STATUS_FLAG_UNSUPPORTED
						    : STATUS_RESERVED_NOT_ZERO;
	status = check_spans(call, method);
	if (status != STATUS_OK)
		return status;
	if ((uint8_t)(word5 >> 40) < method->result_caps)
		return STATUS_RESULT_TOO_SMALL;
	return (word5 & CALL_TRANSFERS) == 0 ? STATUS_OK : take_transfers(call, method, word5);
}

void call_again(struct call *call)
{
	ring_repeat(call->ring);
	call->is_silent = true;
}

struct message_reader *call_params(struct call *call)
{
	struct cpu *cpu = hal_cpu();
	uint32_t length = call->param_span.length;

	if (!call->has_params) {
		ring_poll_after(call->ring);
		fetch_span(cpu->params, ring_arena_at(call->ring, call->param_span.offset),
			   length);
		/* check_spans() has seen to this; it makes what follows shorter. */
		__builtin_assume(length <= DEFAULT_RING_BYTES && length % 8 == 0);
		message_reader_init(&call->params, cpu->params, length);
		call->has_params = true;
	}
	return &call->params;
}

bool call_take_flat(struct call *call, struct message_flat to, uint64_t root)
{
	uint64_t *copy = (uint64_t *)hal_cpu()->params;
	uint32_t length = call->param_span.length;

	if (length != 0) {
		copy[0] = root;
		fetch_span(copy + 1,
			   ring_arena_at(call->ring, call->param_span.offset) + sizeof(root),
			   length - sizeof(root));
	}
	message_reader_init(&call->params, copy, length);
	return message_flat_take(&call->params, to);
}

/* Run the handler, with table slots reserved for what it may return. */
static inline enum status invoke(struct call *call, const struct method *method)
{
	enum status status;

	message_builder_init(&call->results, call->ring->arena + call->result_span.offset,
			     call->result_span.length);
	status = method->handler(call);
	if (status == STATUS_OK && call->results.failed) {
		require(method->result_bytes == 0);
		status = STATUS_RESULT_TOO_SMALL;
	}
	return status;
}

/* The results stand in the result span, count capabilities behind the message: post the
 * completion. */
static inline void complete(struct ring *ring, struct ring_entry entry, uint32_t length,
			    uint8_t count)
{
	ring_post(ring, entry_word(entry, 2),
		  completion_word_of(entry, STATUS_OK) | (uint64_t)count << 40, length);
}

static inline uint32_t result_length(const struct call *call)
{
	return call->results.used_words * MESSAGE_WORD_BYTES;
}

/* Append the result capabilities behind the message; their slots have been reserved. */
static void deliver_capabilities(struct call *call, uint32_t count, uint8_t *after_message)
{
	struct ring_transfer_result *records = (void *)after_message;

	for (uint32_t i = 0; i < count; i++) {
		struct object *object = call->result_caps[i];

		records[i] = (struct ring_transfer_result){
			.capability = process_insert_reserved(call_process(call), object).raw,
			.interface_id = object_interface(object),
		};
	}
}

/*
 * The call has failed and changed nothing.  Memory that has been given up but not yet taken
 * apart must not be missing: while there is such work, some of it is done and the call is run
 * again, for the last time once there is none; a call that fails can itself leave such work.
 */
[[gnu::cold, gnu::noinline]] static void fail(struct call *call, enum status status)
{
	struct ring *ring = call->ring;
	struct work_queue *work = &hal_cpu()->work;

	if (status != STATUS_OUT_OF_MEMORY || !work_is_waiting(work) ||
	    ring->last_try == ring_index(ring, call->entry)) {
		ring_refuse(ring, call->entry, status);
		return;
	}
	schedule_work_turn();
	if (!work_is_waiting(work))
		ring->last_try = ring_index(ring, call->entry);
	call_again(call);
}

/* With room for a result capability. */
[[gnu::noinline]] static void run_granting(struct call *call, const struct method *method)
{
	enum status status = process_reserve_slots(call_process(call), method->result_caps);

	if (status == STATUS_OK) {
		status = invoke(call, method);
		if (status != STATUS_OK)
			process_unreserve_slots(call_process(call), method->result_caps);
	}
	if (status != STATUS_OK) {
		fail(call, status);
		return;
	}
	/* Reserved slots wait for nothing. */
	require(!call->is_silent);
	deliver_capabilities(call, method->result_caps,
			     call->results.bytes + result_length(call));
	complete(call->ring, call->entry, result_length(call), method->result_caps);
}

/* With no capability to come back. */
static inline void run_plain(struct ring *ring, struct ring_entry entry, struct call *call,
			     const struct method *method)
{
	enum status status = invoke(call, method);

	if (status != STATUS_OK)
		fail(call, status);
	else if (!call->is_silent)
		complete(ring, entry, result_length(call), 0);
}

/* A method that only tells; its results go to offset. */
static inline void run_telling(struct ring *ring, struct ring_entry entry,
			       struct object *target, const struct method *method,
			       uint32_t offset)
{
	method->tell(target, ring->arena + offset);
	complete(ring, entry, method->result_bytes, 0);
}

/* A call begins: what everyone who runs it needs, */
static inline void start(struct call *call, struct ring *ring, struct ring_entry entry,
			 struct object *target, struct call_spans spans)
{
	call->ring = ring;
	call->target = target;
	call->entry = entry;
	call->param_span = spans.params;
	call->result_span = spans.results;
	call->transfer_count = 0;
	call->has_params = false;
	call->is_silent = false;
	call->is_through_facet = false;
}

/* and what run_carrier() and run_elsewhere() need besides. */
static inline void carry(struct call *call, uint64_t word5, uint64_t unused)
{
	call->word5 = word5;
	call->unused = unused;
}

/* A method of a kernel object, with everything that a call may have. */
[[gnu::always_inline]] static inline void run_method(struct ring *ring, struct ring_entry entry,
						     struct call *call,
						     const struct method *method)
{
	enum status status = check_carrier(call, method);

	if (status != STATUS_OK)
		fail(call, status);
	else if (method->tell != nullptr)
		run_telling(ring, entry, call->target, method, call->result_span.offset);
	else if (method->result_caps == 0)
		run_plain(ring, entry, call, method);
	else
		run_granting(call, method);
}

/* Through a facet of a kernel object. */
static void run_behind(struct call *call, struct facet *facet)
{
	enum status status = facet_status(facet);

	if (status != STATUS_OK) {
		fail(call, status);
		return;
	}
	call->is_through_facet = true;
	call->facet = facet;
	call->target = facet->target;
	if (!has_method(facet->target, call->entry))
		fail(call, STATUS_UNKNOWN_METHOD);
	else
		run_method(call->ring, call->entry, call,
			   find_method(facet->target, call->entry));
}

/* The target has no such method, or is a facet of a kernel object. */
[[gnu::noinline]] static void run_odd(struct ring *ring, struct ring_entry entry,
				      struct call *call)
{
	start(call, ring, entry, call->target, read_spans(entry));
	if (object_is_facet(call->target))
		run_behind(call, facet_of(call->target));
	else
		fail(call, STATUS_UNKNOWN_METHOD);
}

/* This CPU's call, its target and what carry() notes: the target is no kernel object that has
 * the method. */
[[gnu::noinline]] __attribute__((preserve_none)) static volatile uint64_t *
run_elsewhere(struct ring *ring, struct ring_entry entry)
{
	struct call *call = &hal_cpu()->call;
	struct object *target = call->target;

	if (object_is_facet(target) && facet_of(target)->endpoint != nullptr)
		ipc_call(ring, entry, facet_of(target), call->word5, call->unused);
	else
		run_odd(ring, entry, call);
	[[clang::musttail]] return ring_next(ring, entry);
}

/* This CPU's call: capabilities come or go, or a rule is broken. */
[[gnu::noinline]] __attribute__((preserve_none)) static volatile uint64_t *
run_carrier(struct ring *ring, struct ring_entry entry)
{
	struct call *call = &hal_cpu()->call;

	run_method(ring, entry, call, call->method);
	[[clang::musttail]] return ring_next(ring, entry);
}

[[gnu::cold, gnu::noinline]] static void refuse_id(struct ring *ring, struct ring_entry entry,
						   struct cap_id id)
{
	ring_refuse(ring, entry, transfer_missing(ring->process, id));
}

/* A method of a kernel object.  As most calls are: no capability comes or goes, no rule is
 * broken. */
static inline bool is_plain(const struct ring *ring, const struct method *method,
			    struct call_spans spans, uint64_t word5, uint64_t unused)
{
	return (word5 | unused) == 0 && spans_fit(ring, spans, method) &&
	       method->result_caps == 0;
}

__attribute__((preserve_none)) volatile uint64_t *call_run(struct ring *ring,
							   struct ring_entry entry)
{
	uint64_t word5 = entry_word(entry, 5);
	uint64_t unused = (entry.first & CALL_UNUSED_WORD0) | entry_word(entry, 6);
	struct cap_id id = { entry_word(entry, 1) };
	struct object *target = cap_table_lookup(&ring->process->table, id);
	const struct method *method;
	struct call_spans spans;
	struct call *call;

	if (target == nullptr) {
		refuse_id(ring, entry, id);
		[[clang::musttail]] return ring_next(ring, entry);
	}
	if (!has_method(target, entry)) {
		call = &hal_cpu()->call;
		call->target = target;
		carry(call, word5, unused);
		[[clang::musttail]] return run_elsewhere(ring, entry);
	}
	method = find_method(target, entry);
	spans = read_spans(entry);
	if (!is_plain(ring, method, spans, word5, unused)) {
		call = &hal_cpu()->call;
		start(call, ring, entry, target, spans);
		call->method = method;
		carry(call, word5, unused);
		[[clang::musttail]] return run_carrier(ring, entry);
	}
	if (method->tell != nullptr) {
		run_telling(ring, entry, target, method, spans.results.offset);
		[[clang::musttail]] return ring_next(ring, entry);
	}
	call = &hal_cpu()->call;
	start(call, ring, entry, target, spans);
	run_plain(ring, entry, call, method);
	[[clang::musttail]] return ring_next(ring, entry);
}

struct object *call_transfer(const struct call *call, struct capability_index field)
{
	if (!field.present || field.index >= call->transfer_count)
		return nullptr;
	return call->transfers[index_clamp(field.index, MAX_TRANSFERS)];
}

struct object *call_transfer_target(const struct call *call, struct capability_index field)
{
	struct object *object = call_transfer(call, field);

	return object != nullptr ? object_behind(object) : nullptr;
}

/* The earlier of the wait's own end and the submission's deadline. */
static void set_deadline(struct operation *op, uint64_t until_ns, uint64_t deadline_ns)
{
	uint64_t limit_ns = deadline_ns != 0 ? deadline_ns : UINT64_MAX;
	uint64_t first_ns = until_ns <= limit_ns ? until_ns : limit_ns;

	op->deadline_is_success = until_ns <= limit_ns;
	if (first_ns != UINT64_MAX)
		operation_set_deadline(op, first_ns);
}

enum status call_park(struct call *call, struct list_link *queue, uint64_t until_ns,
		      uint32_t result_bytes, struct operation **out_op)
{
	struct facet *facet = call->is_through_facet ? call->facet : nullptr;
	struct operation *op;

	if (result_bytes > call->result_span.length)
		return STATUS_RESULT_TOO_SMALL;
	if (!ring_can_wait(call->ring))
		return STATUS_WAIT_SLOTS_FULL;
	op = operation_park(call->ring, call->entry, OPERATION_OBJECT);
	op->target = object_get(facet != nullptr ? &facet->object : call->target);
	op->result_offset = call->result_span.offset;
	op->result_capacity = call->result_span.length;
	list_append(queue, &op->link);
	if (facet != nullptr)
		list_append(&facet->pending, &op->facet_link);
	set_deadline(op, until_ns, entry_word(call->entry, 7));
	call->is_silent = true;
	*out_op = op;
	return STATUS_OK;
}
