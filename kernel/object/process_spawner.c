// SPDX-License-Identifier: MIT
/* ProcessSpawner: starts programs of the boot image.  Interface: schema/process.capnp. */
#include "kernel/core/account_object.h"
#include "kernel/core/call.h"
#include "kernel/core/limits.h"
#include "kernel/core/manifest.h"
#include "kernel/core/singletons.h"
#include "kernel/core/spawn.h"
#include "schema/process.capnp.h"

constexpr uint32_t LIST_NAMES = 16;
constexpr uint32_t SPAWN_PARAM_BYTES = 4096;

static enum status read_grants(struct call *call, struct grant_list_reader list,
			       struct spawn_grant *out_grants)
{
	uint32_t count = list.l.count;

	if (count > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	for (uint32_t i = 0; i < count; i++) {
		struct grant_reader grant = grant_list_get(list, i);

		out_grants[i].name = grant_get_name(grant);
		out_grants[i].object = call_transfer(call, grant_get_capability(grant));
		if (out_grants[i].object == nullptr)
			return STATUS_WRONG_INTERFACE;
	}
	return STATUS_OK;
}

/* Whose account the new one is split from. */
static enum status read_payer(struct call *call, struct capability_index field,
			      struct account **out_payer)
{
	struct object *object = call_transfer_target(call, field);

	*out_payer = call_process(call)->account;
	if (!field.present)
		return STATUS_OK;
	if (object == nullptr || !object_is(object, &account_type))
		return STATUS_WRONG_INTERFACE;
	*out_payer = account_of_object(object);
	return STATUS_OK;
}

/* The program: a binary by name or a sealed image, one of the two. */
static enum status read_program(struct call *call,
				struct process_spawner_spawn_params_reader params,
				struct spawn_request *request)
{
	static const struct text_reader image_name = { "image", 5 };
	struct capability_index field = process_spawner_spawn_params_get_image(params);
	struct object *object = call_transfer_target(call, field);

	request->name = process_spawner_spawn_params_get_binary(params);
	if (field.present == (request->name.size != 0))
		return STATUS_INVALID_ARGUMENT;
	if (!field.present)
		return manifest_find_binary(request->name, &request->image)
			       ? STATUS_OK
			       : STATUS_UNKNOWN_BINARY;
	if (object == nullptr || !object_is(object, &memory_object_type))
		return STATUS_WRONG_INTERFACE;
	request->name = image_name;
	request->image_object = LIST_OWNER(object, struct memory_object, object);
	return request->image_object->sealed ? STATUS_OK : STATUS_NOT_SEALED;
}

static enum status start(struct call *call, const struct spawn_request *request)
{
	struct process_spawner_spawn_results_builder results;
	struct process *process;
	enum status status;

	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	status = process_spawn(request, &process);
	if (status != STATUS_OK)
		return status;
	results = process_spawner_spawn_results_init_root(&call->results);
	process_spawner_spawn_results_set_process(results,
						  PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP);
	call->result_caps[0] = &process->handle;
	return STATUS_OK;
}

static enum status spawn(struct call *call)
{
	struct process_spawner_spawn_params_reader params;
	struct spawn_grant grants[MAX_TRANSFERS];
	struct spawn_request request = { .grants = grants };
	struct grant_list_reader grant_list;
	enum status status;

	if (!process_spawner_spawn_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	request.arguments = process_spawner_spawn_params_get_arguments(params);
	request.limits =
		limits_read_or_default(process_spawner_spawn_params_get_limits(params));
	grant_list = process_spawner_spawn_params_get_grants(params);
	status = read_grants(call, grant_list, grants);
	if (status == STATUS_OK)
		status = read_payer(call, process_spawner_spawn_params_get_account(params),
				    &request.payer);
	if (status != STATUS_OK)
		return status;
	request.grant_count = grant_list.l.count;
	status = read_program(call, params, &request);
	return status == STATUS_OK ? start(call, &request) : status;
}

static enum status list(struct call *call)
{
	struct process_spawner_list_params_flat flat;
	struct message_reader message;
	struct process_spawner_list_params_reader params;
	struct process_spawner_list_results_builder results;
	struct list_builder names;
	uint32_t total = manifest_binary_count();
	uint32_t count = 0;
	uint32_t first;

	if (!call_read_flat(call, process_spawner_list_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = process_spawner_list_params_from_flat(&flat, &message);
	first = process_spawner_list_params_get_first(params);
	if (first < total)
		count = total - first < LIST_NAMES ? total - first : LIST_NAMES;
	results = process_spawner_list_results_init_root(&call->results);
	names = process_spawner_list_results_init_names(results, count);
	for (uint32_t i = 0; i < count; i++) {
		struct text_reader name = manifest_binary_name(first + i);

		(void)list_builder_set_text(names, i, name.data, name.size);
	}
	process_spawner_list_results_set_total(results, total);
	return STATUS_OK;
}

static const struct method methods[] = {
	[PROCESS_SPAWNER_SPAWN_METHOD] = { .max_param_bytes = SPAWN_PARAM_BYTES,
					   .max_transfers = MAX_TRANSFERS,
					   .result_caps = 1,
					   .result_bytes =
						   PROCESS_SPAWNER_SPAWN_RESULTS_MESSAGE_BYTES +
						   sizeof(struct ring_transfer_result),
					   .handler = spawn },
	[PROCESS_SPAWNER_LIST_METHOD] = { .max_param_bytes = 64, .handler = list },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == PROCESS_SPAWNER_METHOD_COUNT);

static const struct object_type process_spawner_type = {
	.interface_id = PROCESS_SPAWNER_INTERFACE_ID,
	.methods = methods,
	.method_count = PROCESS_SPAWNER_METHOD_COUNT,
};

struct object process_spawner_object = { .type = &process_spawner_type, .references = 1 };
