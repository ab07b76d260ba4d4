// SPDX-License-Identifier: MIT
/* VirtualMemory's methods.  Interface: schema/memory.capnp; the space:
 * kernel/core/address_space. */
#include "kernel/core/call.h"
#include "kernel/core/facet.h"
#include "kernel/core/memory_object.h"
#include "kernel/core/process.h"
#include "schema/memory.capnp.h"

/* The process whose memory it is; it may have ended. */
static struct process *target(const struct call *call)
{
	return process_of_memory(call->target);
}

static bool has_ended(const struct process *process)
{
	return process->state != PROCESS_RUNNING;
}

static bool to_access(enum protection protection, enum hal_access *out_access)
{
	switch (protection) {
	case PROTECTION_NONE:
		*out_access = HAL_ACCESS_NONE;
		return true;
	case PROTECTION_READ:
		*out_access = HAL_ACCESS_READ;
		return true;
	case PROTECTION_READ_WRITE:
		*out_access = HAL_ACCESS_WRITE;
		return true;
	case PROTECTION_READ_EXECUTE:
		*out_access = HAL_ACCESS_EXECUTE;
		return true;
	}
	return false;
}

static enum status create_object(struct call *call)
{
	struct virtual_memory_create_object_params_flat flat;
	struct message_reader message;
	struct virtual_memory_create_object_params_reader params;
	struct virtual_memory_create_object_results_builder results;
	struct process *process = target(call);
	struct memory_object *object;
	uint64_t size;
	enum status status;

	if (!call_read_flat(call, virtual_memory_create_object_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = virtual_memory_create_object_params_from_flat(&flat, &message);
	if (has_ended(process))
		return STATUS_PROCESS_ENDED;
	size = virtual_memory_create_object_params_get_size_bytes(params);
	if (size == 0 || size > MAX_MEMORY_OBJECT_BYTES)
		return STATUS_INVALID_ARGUMENT;
	status = memory_object_create(process->account, (size + PAGE_SIZE - 1) / PAGE_SIZE,
				      (struct memory_source){ .bytes = nullptr }, &object);
	if (status != STATUS_OK)
		return status;
	results = virtual_memory_create_object_results_init_root(&call->results);
	virtual_memory_create_object_results_set_memory(
		results, VIRTUAL_MEMORY_CREATE_OBJECT_RESULTS_MEMORY_CAP);
	call->result_caps[0] = &object->object;
	return STATUS_OK;
}

/* Where a facet leads, if that is a memory object. */
[[gnu::noinline]] static struct object *memory_behind(struct object *object)
{
	struct object *target = object_behind(object);

	return target != nullptr && object_is(target, &memory_object_type) ? target : nullptr;
}

/* Turn the message into a request; the object has the right interface and may be mapped. */
static enum status read_map_request(struct call *call, struct map_request *out)
{
	struct virtual_memory_map_params_flat flat;
	struct message_reader message;
	struct virtual_memory_map_params_reader params;
	struct facet *facet = nullptr;
	struct object *object;

	if (!call_read_flat(call, virtual_memory_map_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = virtual_memory_map_params_from_flat(&flat, &message);
	object = call_transfer(call, virtual_memory_map_params_get_memory(params));
	if (message.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (object != nullptr && !object_is(object, &memory_object_type)) {
		facet = facet_of(object);
		object = memory_behind(object);
	}
	if (object == nullptr)
		return STATUS_WRONG_INTERFACE;
	*out = (struct map_request){
		.object = LIST_OWNER(object, struct memory_object, object),
		.facet = facet,
		.first_page = virtual_memory_map_params_get_offset_bytes(params) / PAGE_SIZE,
		.page_count = virtual_memory_map_params_get_length_bytes(params) / PAGE_SIZE,
		.address = virtual_memory_map_params_get_address(params),
	};
	if ((virtual_memory_map_params_get_offset_bytes(params) |
	     virtual_memory_map_params_get_length_bytes(params)) %
		    PAGE_SIZE !=
	    0)
		return STATUS_INVALID_ARGUMENT;
	if (!to_access(virtual_memory_map_params_get_protection(params), &out->access))
		return STATUS_INVALID_ARGUMENT;
	if (!out->object->sealed && !virtual_memory_map_params_get_allow_revocable(params))
		return STATUS_INVALID_ARGUMENT;
	return STATUS_OK;
}

static enum status map(struct call *call)
{
	struct process *process = target(call);
	struct map_request request;
	struct virtual_memory_map_results_builder results;
	uint64_t address;
	enum status status;

	if (has_ended(process))
		return STATUS_PROCESS_ENDED;
	status = read_map_request(call, &request);
	if (status == STATUS_OK)
		status = address_space_map(&process->space, &request, &address);
	if (status != STATUS_OK)
		return status;
	results = virtual_memory_map_results_init_root(&call->results);
	virtual_memory_map_results_set_address(results, address);
	return STATUS_OK;
}

static enum status unmap(struct call *call)
{
	struct virtual_memory_unmap_params_flat flat;
	struct message_reader message;
	struct virtual_memory_unmap_params_reader params;
	struct process *process = target(call);
	enum status status;
	bool more;

	if (!call_read_flat(call, virtual_memory_unmap_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = virtual_memory_unmap_params_from_flat(&flat, &message);
	if (has_ended(process))
		return STATUS_PROCESS_ENDED;
	status = address_space_unmap(
		&process->space, virtual_memory_unmap_params_get_address(params),
		virtual_memory_unmap_params_get_length_bytes(params), &more);
	if (more)
		call_again(call);
	return status;
}

static enum status protect(struct call *call)
{
	struct virtual_memory_protect_params_flat flat;
	struct message_reader message;
	struct virtual_memory_protect_params_reader params;
	struct process *process = target(call);
	enum hal_access access;

	if (!call_read_flat(call, virtual_memory_protect_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = virtual_memory_protect_params_from_flat(&flat, &message);
	if (has_ended(process))
		return STATUS_PROCESS_ENDED;
	if (!to_access(virtual_memory_protect_params_get_protection(params), &access))
		return STATUS_INVALID_ARGUMENT;
	return address_space_protect(
		&process->space, virtual_memory_protect_params_get_address(params),
		virtual_memory_protect_params_get_length_bytes(params), access);
}

static enum status reserve(struct call *call)
{
	struct virtual_memory_reserve_params_flat flat;
	struct message_reader message;
	struct virtual_memory_reserve_params_reader params;
	struct virtual_memory_reserve_results_builder results;
	struct process *process = target(call);
	uint64_t address;
	enum status status;

	if (!call_read_flat(call, virtual_memory_reserve_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = virtual_memory_reserve_params_from_flat(&flat, &message);
	if (has_ended(process))
		return STATUS_PROCESS_ENDED;
	status = address_space_reserve(&process->space,
				       virtual_memory_reserve_params_get_length_bytes(params),
				       &address);
	if (status != STATUS_OK)
		return status;
	results = virtual_memory_reserve_results_init_root(&call->results);
	virtual_memory_reserve_results_set_address(results, address);
	return STATUS_OK;
}

static enum status commit(struct call *call)
{
	struct virtual_memory_commit_params_flat flat;
	struct message_reader message;
	struct virtual_memory_commit_params_reader params;
	struct process *process = target(call);

	if (!call_read_flat(call, virtual_memory_commit_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = virtual_memory_commit_params_from_flat(&flat, &message);
	if (has_ended(process))
		return STATUS_PROCESS_ENDED;
	return address_space_commit(&process->space,
				    virtual_memory_commit_params_get_address(params),
				    virtual_memory_commit_params_get_length_bytes(params));
}

static const struct method methods[] = {
	[VIRTUAL_MEMORY_CREATE_OBJECT_METHOD] = { .max_param_bytes = 64,
						  .result_caps = 1,
						  .result_bytes =
							  VIRTUAL_MEMORY_CREATE_OBJECT_RESULTS_MESSAGE_BYTES +
							  sizeof(struct ring_transfer_result),
						  .handler = create_object },
	[VIRTUAL_MEMORY_MAP_METHOD] = { .max_param_bytes = 128,
					.max_transfers = 1,
					.result_bytes =
						VIRTUAL_MEMORY_MAP_RESULTS_MESSAGE_BYTES,
					.handler = map },
	[VIRTUAL_MEMORY_UNMAP_METHOD] = { .max_param_bytes = 64, .handler = unmap },
	[VIRTUAL_MEMORY_PROTECT_METHOD] = { .max_param_bytes = 64, .handler = protect },
	[VIRTUAL_MEMORY_RESERVE_METHOD] = { .max_param_bytes = 64,
					    .result_bytes =
						    VIRTUAL_MEMORY_RESERVE_RESULTS_MESSAGE_BYTES,
					    .handler = reserve },
	[VIRTUAL_MEMORY_COMMIT_METHOD] = { .max_param_bytes = 64, .handler = commit },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == VIRTUAL_MEMORY_METHOD_COUNT);

const struct object_type virtual_memory_type = {
	.interface_id = VIRTUAL_MEMORY_INTERFACE_ID,
	.methods = methods,
	.method_count = VIRTUAL_MEMORY_METHOD_COUNT,
	.destroy = process_memory_destroy,
};
