// SPDX-License-Identifier: MIT
/* EntropySource: random bytes.  Interface: schema/entropy.capnp. */
#include "kernel/core/call.h"
#include "kernel/core/random.h"
#include "kernel/core/singletons.h"
#include "schema/entropy.capnp.h"

static_assert(ENTROPY_MAX_BYTES <= RANDOM_REQUEST_BYTES_MAX);

static enum status read(struct call *call)
{
	struct entropy_source_read_params_flat flat;
	struct message_reader message;
	struct entropy_source_read_params_reader params;
	struct entropy_source_read_results_builder results;
	uint8_t bytes[ENTROPY_MAX_BYTES];
	enum status status;
	uint32_t length;

	if (!call_read_flat(call, entropy_source_read_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = entropy_source_read_params_from_flat(&flat, &message);
	length = entropy_source_read_params_get_length_bytes(params);
	if (length == 0 || length > ENTROPY_MAX_BYTES)
		return STATUS_INVALID_ARGUMENT;
	status = random_bytes(bytes, length);
	if (status != STATUS_OK)
		return status;
	results = entropy_source_read_results_init_root(&call->results);
	(void)entropy_source_read_results_set_data(results, bytes, length);
	return STATUS_OK;
}

static const struct method methods[] = {
	[ENTROPY_SOURCE_READ_METHOD] = { .max_param_bytes = 64, .handler = read },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == ENTROPY_SOURCE_METHOD_COUNT);

static const struct object_type entropy_source_type = {
	.interface_id = ENTROPY_SOURCE_INTERFACE_ID,
	.methods = methods,
	.method_count = ENTROPY_SOURCE_METHOD_COUNT,
};

struct object entropy_source_object = { .type = &entropy_source_type, .references = 1 };
