// SPDX-License-Identifier: MIT
/* Timer: monotonic time.  Interface: schema/timer.capnp. */
#include "kernel/core/call.h"
#include "kernel/core/singletons.h"
#include "kernel/core/time.h"
#include "schema/timer.capnp.h"

static void now(struct object *, void *results)
{
	uint64_t now_ns = time_now_ns();
	struct message_builder message;

	message_builder_init(&message, results, TIMER_NOW_RESULTS_MESSAGE_BYTES);
	timer_now_results_set_now_ns(timer_now_results_init_root(&message), now_ns);
}

/* A wait is a parked operation in no queue: only its deadline, or CANCEL, ends it. */
static enum status wait(struct call *call)
{
	struct timer_wait_params_flat flat;
	struct message_reader message;
	struct timer_wait_params_reader params;
	struct list_link nobody;
	struct operation *op;
	uint64_t until_ns;
	enum status status;

	if (!call_read_flat(call, timer_wait_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = timer_wait_params_from_flat(&flat, &message);
	until_ns = timer_wait_params_get_until_ns(params);
	if (until_ns <= time_now_ns())
		return STATUS_OK;
	list_init(&nobody);
	status = call_park(call, &nobody, until_ns, 0, &op);
	if (status == STATUS_OK)
		list_remove(&op->link);
	return status;
}

static const struct method methods[] = {
	[TIMER_NOW_METHOD] = { .max_param_bytes = 64,
			       .result_bytes = TIMER_NOW_RESULTS_MESSAGE_BYTES,
			       .tell = now },
	[TIMER_WAIT_METHOD] = { .max_param_bytes = 64, .handler = wait },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == TIMER_METHOD_COUNT);

static const struct object_type timer_type = {
	.interface_id = TIMER_INTERFACE_ID,
	.methods = methods,
	.method_count = TIMER_METHOD_COUNT,
};

struct object timer_object = { .type = &timer_type, .references = 1 };
