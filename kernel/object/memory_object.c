// SPDX-License-Identifier: MIT
/* MemoryObject's methods.  Interface: schema/memory.capnp; the object: kernel/core. */
#include "kernel/core/memory_object.h"

#include "kernel/core/call.h"
#include "schema/memory.capnp.h"

static struct memory_object *memory_of(struct object *object)
{
	return LIST_OWNER(object, struct memory_object, object);
}

static void info(struct object *target, void *to)
{
	const struct memory_object *memory = memory_of(target);
	struct memory_object_info_results_builder results;
	struct message_builder message;

	message_builder_init(&message, to, MEMORY_OBJECT_INFO_RESULTS_MESSAGE_BYTES);
	results = memory_object_info_results_init_root(&message);
	memory_object_info_results_set_size_bytes(results, memory->page_count * PAGE_SIZE);
	memory_object_info_results_set_sealed(results, memory->sealed);
}

static enum status seal(struct call *call)
{
	return memory_object_seal(memory_of(call->target));
}

static const struct method methods[] = {
	[MEMORY_OBJECT_INFO_METHOD] = { .max_param_bytes = 64,
					.result_bytes =
						MEMORY_OBJECT_INFO_RESULTS_MESSAGE_BYTES,
					.tell = info },
	[MEMORY_OBJECT_SEAL_METHOD] = { .max_param_bytes = 64, .handler = seal },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == MEMORY_OBJECT_METHOD_COUNT);

const struct object_type memory_object_type = {
	.interface_id = MEMORY_OBJECT_INTERFACE_ID,
	.methods = methods,
	.method_count = MEMORY_OBJECT_METHOD_COUNT,
	.destroy = memory_object_destroy,
};
