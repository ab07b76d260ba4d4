// SPDX-License-Identifier: MIT
/* MemoryObject's methods.  Interface: schema/memory.capnp; the object: kernel/core. */
#include "kernel/core/memory_object.h"

#include "kernel/core/call.h"
#include "schema/memory.capnp.h"

static struct memory_object *target(const struct call *call)
{
	return LIST_OWNER(call->target, struct memory_object, object);
}

static enum status info(struct call *call)
{
	struct memory_object_info_results_builder results =
		memory_object_info_results_init_root(&call->results);

	memory_object_info_results_set_size_bytes(results,
						  target(call)->page_count * PAGE_SIZE);
	memory_object_info_results_set_sealed(results, target(call)->sealed);
	return STATUS_OK;
}

static enum status seal(struct call *call)
{
	return memory_object_seal(target(call));
}

static const struct method methods[] = {
	[MEMORY_OBJECT_INFO_METHOD] = { .max_param_bytes = 64, .handler = info },
	[MEMORY_OBJECT_SEAL_METHOD] = { .max_param_bytes = 64, .handler = seal },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == MEMORY_OBJECT_METHOD_COUNT);

const struct object_type memory_object_type = {
	.interface_id = MEMORY_OBJECT_INTERFACE_ID,
	.methods = methods,
	.method_count = MEMORY_OBJECT_METHOD_COUNT,
	.destroy = memory_object_destroy,
};
