// SPDX-License-Identifier: MIT
/* ProcessSpawner: starts programs of the boot image.  Interface: schema/process.capnp. */
#include "kernel/core/account_object.h"
#include "kernel/core/call.h"
#include "kernel/core/facet.h"
#include "kernel/core/limits.h"
#include "kernel/core/manifest.h"
#include "kernel/core/singletons.h"
#include "kernel/core/spawn.h"
#include "lib/index.h"
#include "schema/process.capnp.h"

constexpr uint32_t LIST_NAMES = 16;
constexpr uint32_t SPAWN_PARAM_BYTES = 4096;

/* What one spawn grants: as it was asked for, and as the process gets it. */
struct grants {
	struct grant_request asked[MAX_TRANSFERS];
	struct spawn_grant taken[MAX_TRANSFERS];
	uint32_t count;
	uint32_t held;    /* bit i: taken[i] is held */
	bool has_objects; /* a service object is made */
};

static enum status read_grant(struct call *call, struct grant_reader grant,
			      struct grant_request *out)
{
	struct capability_index field = grant_get_capability(grant);
	struct grant_legacy_badge_reader badge = grant_get_legacy_badge(grant);

	*out = (struct grant_request){
		.object = call_transfer(call, field),
		.interface_id = capability_as_get_interface_id(grant_get_as(grant)),
		.mode = grant_get_mode(grant),
		.scope = grant_get_scope(grant),
		.has_badge = grant_legacy_badge_which(badge) != GRANT_LEGACY_BADGE_ABSENT,
	};
	if (out->object == nullptr)
		return STATUS_WRONG_INTERFACE;
	out->id = call->transfer_ids[index_clamp(field.index, MAX_TRANSFERS)];
	return grant_check(out);
}

static enum status read_grants(struct call *call, struct grant_list_reader list,
			       struct grants *out)
{
	enum status status = STATUS_OK;

	out->count = list.l.count;
	out->held = 0;
	out->has_objects = false;
	if (out->count > MAX_TRANSFERS)
		return STATUS_TOO_MANY_TRANSFERS;
	for (uint32_t i = 0; status == STATUS_OK && i < out->count; i++) {
		struct grant_reader grant = grant_list_get(list, i);

		out->taken[i].name = grant_get_name(grant);
		status = read_grant(call, grant, &out->asked[i]);
		if (out->asked[i].mode == CAP_GRANT_MODE_SERVICE_OBJECT)
			out->has_objects = true;
	}
	return status;
}

/* Take hold of the grants that are moves, or of the others. */
static enum status take_some(struct call *call, struct grants *grants, bool moves)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; status == STATUS_OK && i < grants->count; i++) {
		const struct grant_request *asked = &grants->asked[i];

		if ((asked->mode == CAP_GRANT_MODE_MOVE) != moves)
			continue;
		status = grant_take(call_process(call), asked, &grants->taken[i]);
		if (status == STATUS_OK)
			grants->held |= 1U << i;
	}
	return status;
}

/* Whether something is moved that a field names too. */
static bool is_moving(const struct call *call, struct capability_index field)
{
	return field.present && field.index < call->transfer_count &&
	       cap_table_is_locked(&call_process(call)->table,
				   call->transfer_ids[index_clamp(field.index, MAX_TRANSFERS)]);
}

static enum status take_grants(struct call *call,
			       struct process_spawner_spawn_params_reader params,
			       struct grants *grants)
{
	enum status status = take_some(call, grants, true);

	if (status == STATUS_OK &&
	    (is_moving(call, process_spawner_spawn_params_get_account(params)) ||
	     is_moving(call, process_spawner_spawn_params_get_image(params))))
		status = STATUS_CAPABILITY_MOVING;
	return status == STATUS_OK ? take_some(call, grants, false) : status;
}

/* The process did not start: the spawner has everything as it was. */
static void drop_grants(struct call *call, const struct grants *grants)
{
	for (uint32_t i = 0; i < grants->count; i++)
		if ((grants->held >> i & 1) != 0)
			grant_drop(&grants->taken[i], call_process(call));
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

/* Bytes that the results take. */
static uint32_t result_bytes(const struct grants *grants)
{
	uint32_t cookies = grants->has_objects ? grants->count : 0;

	return PROCESS_SPAWNER_SPAWN_RESULTS_MESSAGE_BYTES +
	       cookies * (uint32_t)sizeof(uint64_t) +
	       (uint32_t)sizeof(struct ring_transfer_result);
}

/* Cookies are for the owner, who made the service objects, and of no other facet. */
static void write_cookies(struct process_spawner_spawn_results_builder results,
			  const struct grants *grants)
{
	struct list_builder cookies;

	if (!grants->has_objects)
		return;
	cookies = process_spawner_spawn_results_init_cookies(results, grants->count);
	for (uint32_t i = 0; i < grants->count; i++)
		if (grants->asked[i].mode == CAP_GRANT_MODE_SERVICE_OBJECT)
			list_builder_set_uint64(cookies, i, grants->taken[i].facet->cookie);
}

static enum status start(struct call *call, struct process_spawner_spawn_params_reader params,
			 struct spawn_request *request, struct grants *grants)
{
	struct process_spawner_spawn_results_builder results;
	struct process *process;
	enum status status;

	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (call->result_span.length < result_bytes(grants))
		return STATUS_RESULT_TOO_SMALL;
	status = take_grants(call, params, grants);
	if (status == STATUS_OK)
		status = process_spawn(request, &process);
	if (status != STATUS_OK) {
		drop_grants(call, grants);
		return status;
	}
	results = process_spawner_spawn_results_init_root(&call->results);
	write_cookies(results, grants);
	process_spawner_spawn_results_set_process(results,
						  PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP);
	call->result_caps[0] = &process->handle;
	return STATUS_OK;
}

static enum status spawn(struct call *call)
{
	struct process_spawner_spawn_params_reader params;
	struct grants grants;
	struct spawn_request request = { .grants = grants.taken,
					 .spawner = call_process(call) };
	enum status status;

	if (!process_spawner_spawn_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	request.arguments = process_spawner_spawn_params_get_arguments(params);
	request.limits =
		limits_read_or_default(process_spawner_spawn_params_get_limits(params));
	status = read_grants(call, process_spawner_spawn_params_get_grants(params), &grants);
	if (status == STATUS_OK)
		status = read_payer(call, process_spawner_spawn_params_get_account(params),
				    &request.payer);
	if (status != STATUS_OK)
		return status;
	request.grant_count = grants.count;
	status = read_program(call, params, &request);
	return status == STATUS_OK ? start(call, params, &request, &grants) : status;
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
