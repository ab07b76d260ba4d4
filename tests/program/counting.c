// SPDX-License-Identifier: MIT
/*
 * A client that proves the runtime of services against user/app/counter, together with others
 * of its kind: system/proof-service.  Its argument is its number; one line for each thing
 * proved.
 */
#include "lib/string.h"
#include "user/app/counter/counter.client.h"
#include "user/rt/capos.h"

constexpr int64_t CLIENTS = 4; /* in system/proof-service.capnp */
constexpr int64_t ROUNDS = 50;
constexpr uint32_t WAITERS = 6;
constexpr uint64_t PATIENCE_NS = 10'000'000'000;

static struct counters_client counters;
static uint32_t number;

/* A counter of this client's own, by the name of a case. */
static bool open_own(const char *name, struct counter_client *out_counter)
{
	char text[16];
	size_t size = strlen(name);

	memcpy(text, name, size);
	text[size] = (char)('0' + number);
	*out_counter = (struct counter_client){};
	return counters_open(counters, text, (uint32_t)size + 1, out_counter) == STATUS_OK &&
	       out_counter->id != 0;
}

static enum status begin_await(struct capos_call *call, struct counter_client counter,
			       int64_t at_least)
{
	struct counter_await_params_builder params;
	enum status status =
		counter_await_begin(call, counter, (struct capos_call_size){}, &params);

	if (status != STATUS_OK)
		return status;
	counter_await_params_set_at_least(params, at_least);
	return capos_call_submit(call);
}

/* Every client adds, and waits until all have. */
static const char *many_clients_share_a_counter(void)
{
	struct counter_await_results_reader results;
	struct counter_client shared = {};
	struct capos_call call;
	enum status status;
	int64_t value = 0;

	if (counters_open(counters, "shared", 6, &shared) != STATUS_OK)
		return "open";
	if (begin_await(&call, shared, CLIENTS * ROUNDS) != STATUS_OK)
		return "submit";
	for (int64_t i = 0; i < ROUNDS; i++)
		if (counter_add(shared, 1, &value) != STATUS_OK)
			return "add";
	status = counter_await_wait(&call, &results);
	if (status == STATUS_OK)
		value = counter_await_results_get_value(results);
	capos_call_end(&call);
	capos_release(shared.id);
	return status == STATUS_OK && value == CLIENTS * ROUNDS ? nullptr : "await";
}

/* Calls that were made later are answered earlier. */
static const char *answers_come_out_of_order(void)
{
	static struct capos_call calls[WAITERS];
	struct capos_call *left[WAITERS];
	struct counter_client own;
	const char *wrong = nullptr;
	int64_t value;

	if (!open_own("order", &own))
		return "open";
	for (uint32_t i = 0; i < WAITERS; i++) {
		left[i] = &calls[i];
		if (begin_await(&calls[i], own, WAITERS - i) != STATUS_OK)
			return "submit";
	}
	for (uint32_t i = WAITERS; i-- > 0 && wrong == nullptr;) {
		uint32_t index = 0;

		if (counter_add(own, 1, &value) != STATUS_OK ||
		    capos_wait_any(left, WAITERS, RING_NO_DEADLINE, &index) != STATUS_OK)
			wrong = "wait";
		else if (index != i)
			wrong = "order";
		left[index] = nullptr;
	}
	for (uint32_t i = 0; i < WAITERS; i++)
		capos_call_end(&calls[i]);
	capos_release(own.id);
	return wrong;
}

static bool is_refused(enum status status, enum cap_exception_type type, const char *reason)
{
	const struct capos_exception *exception = capos_last_exception();

	return status == STATUS_EXCEPTION && exception->type == type &&
	       exception->reason_size == strlen(reason) &&
	       memcmp(exception->reason, reason, exception->reason_size) == 0;
}

static const char *refusals_say_why(void)
{
	struct counter_client own, none = {};
	int64_t value = 0;

	if (!open_own("why", &own) || counter_add(own, INT64_MAX, &value) != STATUS_OK)
		return "open";
	if (!is_refused(counter_add(own, 1, &value), CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
			"the counter would overflow"))
		return "overflow";
	if (!is_refused(counter_add_to(own, none, &value), CAP_EXCEPTION_TYPE_INVALID_ARGUMENT,
			"invalidArgument"))
		return "no other";
	if (!is_refused(counters_open(counters, "", 0, &none),
			CAP_EXCEPTION_TYPE_INVALID_ARGUMENT, "invalidArgument"))
		return "no name";
	capos_release(own.id);
	return nullptr;
}

static const char *an_unknown_method_is_unimplemented(void)
{
	struct message_builder *params;
	struct message_reader *results;
	struct capos_call call;
	enum status status;

	if (capos_call_begin(&call, counters.id, COUNTERS_METHOD_COUNT,
			     (struct capos_call_size){ .result_bytes = CAPOS_EXCEPTION_BYTES },
			     &params) != STATUS_OK)
		return "begin";
	status = capos_call_wait(&call, &results);
	capos_call_end(&call);
	return is_refused(status, CAP_EXCEPTION_TYPE_UNIMPLEMENTED, "unknownMethod") ? nullptr
										     : "status";
}

/* Parameters that are no message, and pointers that lead nowhere. */
static const char *a_broken_message_is_refused(void)
{
	static const uint64_t roots[] = { UINT64_MAX, 0x0001000000000000, 0x7fff000000000000 };

	for (uint32_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		struct counters_open_params_builder params;
		struct counters_open_results_reader results;
		struct capos_call call;
		enum status status;

		if (counters_open_begin(&call, counters, (struct capos_call_size){}, &params) !=
		    STATUS_OK)
			return "begin";
		memcpy(call.params.bytes, &roots[i], sizeof(roots[i]));
		memset(call.params.bytes + sizeof(roots[i]), 0xff, 8);
		status = counters_open_wait(&call, &results);
		capos_call_end(&call);
		if (status != STATUS_EXCEPTION)
			return "accepted";
		if (capos_last_exception()->type != CAP_EXCEPTION_TYPE_INVALID_ARGUMENT)
			return "type";
	}
	return nullptr;
}

/* A capability goes to the service, which calls it, though it serves it itself. */
static const char *capabilities_go_both_ways(void)
{
	struct counter_client from, to;
	int64_t value = 0;

	if (!open_own("from", &from) || !open_own("to", &to))
		return "open";
	if (counter_add(from, 7, &value) != STATUS_OK ||
	    counter_add(to, 30, &value) != STATUS_OK)
		return "add";
	if (counter_add_to(from, to, &value) != STATUS_OK || value != 37)
		return "to another";
	if (counter_add_to(from, from, &value) != STATUS_OK || value != 14)
		return "to itself";
	capos_release(from.id);
	capos_release(to.id);
	return nullptr;
}

static const char *each_holder_has_an_object_of_its_own(void)
{
	struct counter_client first, second;
	int64_t value = 0, added = 0;

	if (!open_own("own", &first) || !open_own("own", &second))
		return "open";
	if (counter_add(first, 5, &value) != STATUS_OK ||
	    counter_add(second, 6, &value) != STATUS_OK || value != 11)
		return "add";
	if (counter_added(first, &added) != STATUS_OK || added != 5)
		return "first";
	if (counter_added(second, &added) != STATUS_OK || added != 6)
		return "second";
	capos_release(first.id);
	capos_release(second.id);
	return nullptr;
}

/* The service answers somebody who does not wait any more, and goes on. */
static const char *a_caller_may_give_up(void)
{
	struct counter_client own;
	struct capos_call call;
	int64_t value = 0;

	if (!open_own("gone", &own) || begin_await(&call, own, 1) != STATUS_OK ||
	    capos_flush() != STATUS_OK)
		return "begin";
	if (counter_added(own, &value) != STATUS_OK)
		return "it has not come";
	capos_call_end(&call);
	if (counter_add(own, 1, &value) != STATUS_OK || value != 1)
		return "add";
	if (begin_await(&call, own, 2) != STATUS_OK || capos_flush() != STATUS_OK)
		return "again";
	/* Nor does it hold anything up that the object is dropped while its call is open. */
	capos_release(own.id);
	capos_call_end(&call);
	return nullptr;
}

/* What its holders dropped, or left behind when they ended, the service forgets.  The last
 * thing proved, and by the first client alone. */
static const char *dropped_objects_are_forgotten(void)
{
	uint64_t end_ns = capos_now_ns() + PATIENCE_NS;
	uint32_t count = 0;

	do {
		if (counters_holders(counters, &count) != STATUS_OK)
			return "holders";
	} while (count != 0 && capos_now_ns() < end_ns);
	return count == 0 ? nullptr : "some are still there";
}

static const struct {
	const char *name;
	const char *(*run)(void); /* what went wrong, or nullptr */
} proofs[] = {
	{ "many_clients_share_a_counter", many_clients_share_a_counter },
	{ "answers_come_out_of_order", answers_come_out_of_order },
	{ "refusals_say_why", refusals_say_why },
	{ "an_unknown_method_is_unimplemented", an_unknown_method_is_unimplemented },
	{ "a_broken_message_is_refused", a_broken_message_is_refused },
	{ "capabilities_go_both_ways", capabilities_go_both_ways },
	{ "each_holder_has_an_object_of_its_own", each_holder_has_an_object_of_its_own },
	{ "a_caller_may_give_up", a_caller_may_give_up },
	{ "dropped_objects_are_forgotten", dropped_objects_are_forgotten },
};

constexpr uint32_t PROOFS = sizeof(proofs) / sizeof(proofs[0]);

int capos_main(void)
{
	struct capos_text argument = capos_argument(0);
	int failed = 0;

	counters.id = capos_require("counters", COUNTERS_INTERFACE_ID);
	number = argument.size == 1 ? (uint32_t)(argument.data[0] - '0') : 0;
	for (uint32_t i = 0; i < PROOFS - (number != 0); i++) {
		const char *wrong = proofs[i].run();

		if (wrong == nullptr)
			capos_print("ok counting.%u.%s\n", number, proofs[i].name);
		else
			capos_print("not ok counting.%u.%s %s\n", number, proofs[i].name,
				    wrong);
		failed |= wrong != nullptr;
	}
	return failed;
}
