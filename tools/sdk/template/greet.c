// SPDX-License-Identifier: MIT
/*
 * Greets each argument on the console, by way of an interface of its own (greeting.capnp).
 *
 * Needs the capability "console" (Console).  The program is client and server in one: it builds
 * the message of a call, hands it to the generated dispatch, and reads the message of the
 * results.  Ends with 0, or with the number of the status that a greeting ended with.
 */
#include "greeting.capnp.h"
#include "greeting.server.h"

#include "lib/format.h"
#include "user/rt/capos.h"

constexpr size_t TEXT_BYTES = 256;
constexpr size_t MESSAGE_BYTES = 512;

/* Greeter.greet; greeting.capnp has the contract. */
static enum status greet(struct capos_open_call *call,
			 struct greeter_greet_params_reader params,
			 struct greeter_greet_results_builder results)
{
	struct greeting_reader greeting = greeter_greet_params_get_greeting(params);
	struct text_reader to = greeting_get_to(greeting);
	uint8_t times = greeting_get_times(greeting);
	char text[TEXT_BYTES];
	size_t size = 0;

	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (to.size == 0 || times == 0 || times > MAX_TIMES)
		return STATUS_INVALID_ARGUMENT;
	for (uint8_t i = 0; i < times; i++)
		size += format(text + size, sizeof(text) - size, "Greetings, %.*s!\n",
			       (int)to.size, to.data);
	greeter_greet_results_set_text(results, text, (uint32_t)size);
	return STATUS_OK;
}

static const struct greeter_server greeter = { .greet = greet };

/* Call Greeter.greet of `greeter` with messages in memory, and print what it answers. */
static enum status call_greet(struct capos_text to, uint8_t times)
{
	alignas(8) uint8_t params_bytes[MESSAGE_BYTES];
	alignas(8) uint8_t results_bytes[MESSAGE_BYTES];
	struct ring_call_header header = { .method = GREETER_GREET_METHOD };
	struct capos_open_call call = { .header = &header };
	struct message_builder params;
	struct message_reader answer;
	struct greeter_greet_results_reader greeted;
	struct greeting_builder greeting;
	struct text_reader text;
	enum status status;

	message_builder_init(&params, params_bytes, sizeof(params_bytes));
	greeting = greeter_greet_params_init_greeting(greeter_greet_params_init_root(&params));
	greeting_set_to(greeting, to.data, to.size);
	greeting_set_times(greeting, times);

	message_reader_init(&call.params, params_bytes, message_builder_finish(&params));
	message_builder_init(&call.results, results_bytes, sizeof(results_bytes));
	status = greeter_dispatch(&greeter, &call);
	if (status != STATUS_OK)
		return status;

	message_reader_init(&answer, results_bytes, message_builder_finish(&call.results));
	if (!greeter_greet_results_read_root(&answer, &greeted))
		return STATUS_MALFORMED_MESSAGE;
	text = greeter_greet_results_get_text(greeted);
	return capos_write(text.data, text.size);
}

int capos_main(void)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; i < capos_argument_count() && status == STATUS_OK; i++)
		status = call_greet(capos_argument(i), i == 0 ? 1 : 2);
	return status;
}
