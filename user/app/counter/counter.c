// SPDX-License-Identifier: MIT
/*
 * A service: counters by name, each holder with an object of its own.
 *
 * Needs "console" and "spawner".  Starts the programs that its arguments name, each with the
 * capability "counters" and its number as argument, and ends when all of them have ended: with
 * 0, or the code of one that did not end with 0.
 */
#include "user/app/counter/counter.server.h"

#include "lib/string.h"
#include "user/app/counter/children.h"
#include "user/rt/capos.h"
#include "user/rt/objects.h"
#include "user/rt/server.h"

#include <stdckdint.h>

constexpr uint32_t COUNTERS_MAX = 32;
constexpr uint32_t NAME_BYTES = 16;

/* A call of Counter.await that is not answered yet. */
struct waiter {
	struct waiter *next;
	struct capos_open_call *call;
	int64_t at_least;
};

struct counter {
	char name[NAME_BYTES];
	uint32_t name_size; /* 0: not in use */
	int64_t value;
	struct waiter *waiters;
};

/* One holder's object. */
struct holder {
	struct counter *counter;
	int64_t added;
};

/* A call of Counter.addTo, and the call to the other counter that it waits for. */
struct transfer {
	struct capos_call call;
	struct capos_open_call *open;
	struct counter_client other;
};

static struct counter counters[COUNTERS_MAX];
static struct capos_endpoint door;
static struct capos_object_table objects;

static void answer_waiter(const struct waiter *waiter, int64_t value)
{
	struct message_builder *results = &waiter->call->results;
	enum status status =
		capos_open_call_resume(waiter->call, COUNTER_AWAIT_RESULTS_MESSAGE_BYTES);

	if (status == STATUS_OK)
		counter_await_results_set_value(counter_await_results_init_root(results),
						value);
	capos_open_call_answer(waiter->call, status);
}

/* Answer everybody whose value has been reached. */
static void wake(struct counter *counter)
{
	struct waiter **link = &counter->waiters;

	while (*link != nullptr) {
		struct waiter *waiter = *link;

		if (waiter->at_least > counter->value) {
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		answer_waiter(waiter, counter->value);
		capos_free(waiter);
	}
}

static enum status serve_add(struct capos_open_call *call,
			     struct counter_add_params_reader params,
			     struct counter_add_results_builder results)
{
	struct holder *holder = call->context;
	int64_t amount = counter_add_params_get_amount(params);
	int64_t value;

	if (ckd_add(&value, holder->counter->value, amount))
		return capos_refuse(call, CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
				    "the counter would overflow");
	holder->counter->value = value;
	holder->added += amount;
	counter_add_results_set_value(results, value);
	wake(holder->counter);
	return STATUS_OK;
}

static enum status serve_await(struct capos_open_call *call,
			       struct counter_await_params_reader params,
			       struct counter_await_results_builder results)
{
	struct holder *holder = call->context;
	int64_t at_least = counter_await_params_get_at_least(params);
	struct waiter *waiter;

	counter_await_results_set_value(results, holder->counter->value);
	if (holder->counter->value >= at_least)
		return STATUS_OK;
	waiter = capos_allocate(sizeof(*waiter));
	if (waiter == nullptr)
		return STATUS_OUT_OF_MEMORY;
	*waiter = (struct waiter){ holder->counter->waiters, call, at_least };
	holder->counter->waiters = waiter;
	/* There may be many, and they may wait for long: they must not hold the arena. */
	capos_open_call_set_aside(call);
	return STATUS_OK;
}

/* The other counter has answered. */
static void transfer_done(struct capos_call *call, void *context)
{
	struct transfer *transfer = context;
	struct capos_exception exception;
	struct counter_add_results_reader added;
	enum status status = counter_add_wait(call, &added);

	if (capos_call_exception(call, &exception))
		status = capos_refuse(transfer->open, exception.type, exception.reason);
	else if (status == STATUS_OK)
		counter_add_to_results_set_value(
			counter_add_to_results_init_root(&transfer->open->results),
			counter_add_results_get_value(added));
	capos_call_end(call);
	capos_open_call_answer(transfer->open, status);
	capos_release(transfer->other.id);
	capos_free(transfer);
}

/* Begin the call to the other counter, which answers later, and may be served here. */
static enum status begin_transfer(struct transfer *transfer, int64_t amount)
{
	struct counter_add_params_builder params;
	enum status status = counter_add_begin(&transfer->call, transfer->other,
					       (struct capos_call_size){}, &params);

	if (status != STATUS_OK)
		return status;
	counter_add_params_set_amount(params, amount);
	capos_call_set_done(&transfer->call, transfer_done, transfer);
	status = capos_call_submit(&transfer->call);
	if (status != STATUS_OK)
		capos_call_end(&transfer->call);
	return status;
}

static enum status serve_add_to(struct capos_open_call *call,
				struct counter_add_to_params_reader params,
				struct counter_add_to_results_builder results)
{
	struct holder *holder = call->context;
	struct counter_client other = counter_add_to_take_other(call, params);
	struct transfer *transfer;
	enum status status;

	(void)results;
	if (other.id == 0)
		return STATUS_INVALID_ARGUMENT;
	transfer = capos_allocate(sizeof(*transfer));
	if (transfer == nullptr) {
		capos_release(other.id);
		return STATUS_OUT_OF_MEMORY;
	}
	*transfer = (struct transfer){ .open = call, .other = other };
	status = begin_transfer(transfer, holder->counter->value);
	if (status == STATUS_OK) {
		capos_open_call_keep(call);
		return STATUS_OK;
	}
	capos_release(other.id);
	capos_free(transfer);
	return status;
}

static enum status serve_added(struct capos_open_call *call,
			       struct counter_added_params_reader params,
			       struct counter_added_results_builder results)
{
	struct holder *holder = call->context;

	(void)params;
	counter_added_results_set_total(results, holder->added);
	return STATUS_OK;
}

static const struct counter_server counter_handlers = {
	.add = serve_add, .await = serve_await, .add_to = serve_add_to, .added = serve_added
};

/* The counter of that name, or a free one; null if there is neither. */
static struct counter *find_counter(struct text_reader name)
{
	struct counter *unused = nullptr;

	for (uint32_t i = 0; i < COUNTERS_MAX; i++) {
		struct counter *counter = &counters[i];

		if (counter->name_size == 0)
			unused = unused == nullptr ? counter : unused;
		else if (counter->name_size == name.size &&
			 memcmp(counter->name, name.data, name.size) == 0)
			return counter;
	}
	if (unused != nullptr) {
		memcpy(unused->name, name.data, name.size);
		unused->name_size = name.size;
	}
	return unused;
}

static enum status serve_open(struct capos_open_call *call,
			      struct counters_open_params_reader params,
			      struct counters_open_results_builder results)
{
	struct text_reader name = counters_open_params_get_name(params);
	struct capos_object_options options = { .service = counter_service(&counter_handlers),
						.destroy = capos_free };
	struct capos_object *object;
	struct holder *holder;
	uint64_t facet;
	enum status status;

	if (call->params.malformed || name.size == 0 || name.size > NAME_BYTES)
		return STATUS_INVALID_ARGUMENT;
	options.context = holder = capos_allocate(sizeof(*holder));
	if (holder == nullptr)
		return STATUS_OUT_OF_MEMORY;
	*holder = (struct holder){ .counter = find_counter(name) };
	status = holder->counter == nullptr
			 ? STATUS_OUT_OF_SLOTS
			 : capos_object_create(&objects, &options, &facet, &object);
	if (status != STATUS_OK) {
		capos_free(holder);
		return status;
	}
	counters_open_give_counter(call, results, (struct counter_client){ facet });
	return STATUS_OK;
}

static enum status serve_holders(struct capos_open_call *call,
				 struct counters_holders_params_reader params,
				 struct counters_holders_results_builder results)
{
	(void)call, (void)params;
	counters_holders_results_set_count(results, objects.count);
	return STATUS_OK;
}

static const struct counters_server counters_handlers = { .open = serve_open,
							  .holders = serve_holders };

/* Those who wait are told that nothing will come any more. */
static void refuse_waiters(struct counter *counter)
{
	while (counter->waiters != nullptr) {
		struct waiter *waiter = counter->waiters;

		counter->waiters = waiter->next;
		capos_open_call_answer(waiter->call, STATUS_DISCONNECTED);
		capos_free(waiter);
	}
}

/* The last program has ended. */
static void end_service(void)
{
	for (uint32_t i = 0; i < COUNTERS_MAX; i++)
		refuse_waiters(&counters[i]);
	capos_server_stop();
}

int capos_main(void)
{
	struct capos_endpoint_options options = {
		.service = counters_service(&counters_handlers),
		.objects = &objects,
		.max_message_bytes = 64,
		.max_caps = 1,
		.receives = 4,
	};
	uint64_t facet = 0;
	enum status status = capos_endpoint_serve(&door, &options);

	if (status == STATUS_OK)
		status = capos_endpoint_client(&door, &facet);
	if (status == STATUS_OK)
		status = children_start(facet, end_service);
	if (status == STATUS_OK)
		status = capos_server_run();
	if (status != STATUS_OK)
		capos_print("counter: %s\n", status_name((uint16_t)status));
	return status == STATUS_OK ? children_code() : 1;
}
