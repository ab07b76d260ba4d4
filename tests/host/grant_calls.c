// SPDX-License-Identifier: MIT
/* Spawns with grants of every kind.  See grant_calls.h. */
#include "tests/host/grant_calls.h"

#include <string.h>

constexpr uint64_t CHILD_BYTES = UINT64_C(512) << 10;

static uint32_t count_grants(const struct grant_spawn *what)
{
	uint32_t count = 0;

	while (count < MAX_TRANSFERS && what->grants[count].name != nullptr)
		count++;
	return count;
}

static void put_grant(struct request *request, struct grant_builder grant,
		      const struct granting *from)
{
	uint32_t index = request->entry.transfer_count - 1U;

	if (!from->again)
		index = request_attach(request, from->capability);
	grant_set_name(grant, from->name, (uint32_t)strlen(from->name));
	grant_set_capability(grant, index);
	grant_set_mode(grant, (enum cap_grant_mode)from->mode);
	grant_set_scope(grant, (enum transfer_scope)from->scope);
	if (from->interface_id != 0)
		capability_as_set_interface_id(grant_init_as(grant), from->interface_id);
	if (from->has_badge)
		grant_legacy_badge_set_badge(grant_init_legacy_badge(grant), from->badge);
}

static void put_limits(struct resource_limits_builder limits, const struct program *program)
{
	resource_limits_set_memory_bytes(limits,
					 program == &first ? 2 * CHILD_BYTES : CHILD_BYTES);
	resource_limits_set_slots(limits, program == &first ? 128 : 32);
	resource_limits_set_threads(limits, program == &first ? 4 : 1);
}

static uint64_t spawner_of(const struct program *program)
{
	uint64_t spawner = program_capability(program, "spawner");

	return spawner != 0 ? spawner : program_capability(program, "given");
}

static void read_result(struct reply *reply, struct grant_result *out)
{
	struct process_spawner_spawn_results_reader results;
	struct list_reader cookies;

	assert_true(process_spawner_spawn_results_read_root(&reply->message, &results));
	cookies = process_spawner_spawn_results_get_cookies(results);
	out->cookie_count = cookies.count;
	for (uint32_t i = 0; i < cookies.count && i < MAX_TRANSFERS; i++)
		out->cookies[i] = list_reader_get_uint64(cookies, i);
	out->handle = reply->capability.capability;
}

enum status grant_spawn(struct program *program, struct grant_spawn what,
			struct grant_result *out)
{
	struct process_spawner_spawn_params_builder params;
	struct grant_list_builder grants;
	struct request request;
	struct reply reply;
	uint32_t count = count_grants(&what);

	*out = (struct grant_result){ 0 };
	if (what.binary == nullptr)
		what.binary = what.image == 0 ? "child" : "";
	request_init_big(&request, spawner_of(program), PROCESS_SPAWNER_SPAWN_METHOD);
	params = process_spawner_spawn_params_init_root(&request.params);
	process_spawner_spawn_params_set_binary(params, what.binary,
						(uint32_t)strlen(what.binary));
	put_limits(process_spawner_spawn_params_init_limits(params), program);
	grants = process_spawner_spawn_params_init_grants(params, count);
	for (uint32_t i = 0; i < count; i++)
		put_grant(&request, grant_list_builder_get(grants, i), &what.grants[i]);
	if (what.account_again)
		process_spawner_spawn_params_set_account(params,
							 request.entry.transfer_count - 1U);
	if (what.image != 0)
		process_spawner_spawn_params_set_image(params,
						       request_attach(&request, what.image));
	if (what.result_bytes != 0)
		request.entry.result_capacity = what.result_bytes;
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	read_result(&reply, out);
	return STATUS_OK;
}

enum status grant_one(struct program *program, struct granting grant, struct grant_result *out)
{
	grant.name = "given";
	return grant_spawn(program, (struct grant_spawn){ .grants = { grant } }, out);
}
