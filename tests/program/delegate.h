// SPDX-License-Identifier: MIT
#pragma once
/*
 * Spawns whose grants say everything that a grant can say, by raw ring entries; and what a
 * holder of a facet does to give it another identity.
 */
#include "tests/program/ipc.h"

#include "schema/process.client.h"

constexpr uint32_t DELEGATE_GRANTS = 5;

struct delegate_grant {
	const char *name;
	uint64_t id;
	uint64_t interface_id; /* to be taken as; 0: nothing is said */
	uint16_t mode;         /* enum cap_grant_mode */
	uint16_t scope;
	bool has_badge;
	uint64_t badge;
};

struct delegate_request {
	const char *binary;
	const char *argument[3];                       /* up to the first null */
	struct delegate_grant grants[DELEGATE_GRANTS]; /* up to the first without a name */
	uint64_t memory_bytes;
	uint32_t threads;
};

struct delegate_child {
	uint64_t process;
	uint64_t cookies[DELEGATE_GRANTS];
};

static inline void delegate_put_grant(struct ipc_method *m, struct grant_builder grant,
				      const struct delegate_grant *from)
{
	CHECK(grant_set_name(grant, from->name, (uint32_t)strlen(from->name)));
	grant_set_capability(grant, ipc_method_attach(m, from->id));
	grant_set_mode(grant, (enum cap_grant_mode)from->mode);
	grant_set_scope(grant, (enum transfer_scope)from->scope);
	if (from->interface_id != 0)
		capability_as_set_interface_id(grant_init_as(grant), from->interface_id);
	if (from->has_badge)
		grant_legacy_badge_set_badge(grant_init_legacy_badge(grant), from->badge);
}

static inline void delegate_put(struct ipc_method *m, const struct delegate_request *request,
				struct process_spawner_spawn_params_builder params)
{
	struct resource_limits_builder limits =
		process_spawner_spawn_params_init_limits(params);
	struct grant_list_builder grants;
	struct list_builder arguments;
	uint32_t count = 0;

	resource_limits_set_memory_bytes(limits, request->memory_bytes);
	resource_limits_set_slots(limits, 32 * request->threads);
	resource_limits_set_threads(limits, request->threads);
	CHECK(process_spawner_spawn_params_set_binary(params, request->binary,
						      (uint32_t)strlen(request->binary)));
	while (count < DELEGATE_GRANTS && request->grants[count].name != nullptr)
		count++;
	grants = process_spawner_spawn_params_init_grants(params, count);
	for (uint32_t i = 0; i < count; i++)
		delegate_put_grant(m, grant_list_builder_get(grants, i), &request->grants[i]);
	for (count = 0; count < 3 && request->argument[count] != nullptr;)
		count++;
	arguments = process_spawner_spawn_params_init_arguments(params, count);
	for (uint32_t i = 0; i < count; i++)
		CHECK(list_builder_set_text(arguments, i, request->argument[i],
					    (uint32_t)strlen(request->argument[i])));
}

/* Statuses: those of ProcessSpawner.spawn. */
[[gnu::noinline]] static inline enum status
delegate_spawn(const struct delegate_request *request, struct delegate_child *out)
{
	struct process_spawner_spawn_results_reader results;
	struct list_reader cookies;
	struct ipc_method m;
	enum status status;

	*out = (struct delegate_child){};
	ipc_method_begin(&m, child_spawner().id, PROCESS_SPAWNER_SPAWN_METHOD);
	delegate_put(&m, request, process_spawner_spawn_params_init_root(&m.params));
	status = ipc_method_run(&m, 1);
	if (status != STATUS_OK)
		return status;
	CHECK(process_spawner_spawn_results_read_root(&m.results, &results));
	cookies = process_spawner_spawn_results_get_cookies(results);
	for (uint32_t i = 0; i < cookies.count && i < DELEGATE_GRANTS; i++)
		out->cookies[i] = list_reader_get_uint64(cookies, i);
	out->process = m.got[0].capability;
	return STATUS_OK;
}

/* The child must pass; if it fails it has said why in the report. */
[[gnu::noinline]] static inline void delegate_must_pass(struct delegate_child child)
{
	struct process_handle_wait_results_reader results;
	struct ipc_method m;
	struct child_end end;

	ipc_method_begin(&m, child.process, PROCESS_HANDLE_WAIT_METHOD);
	(void)message_builder_root(&m.params, 0, 0);
	CHECK_STATUS(ipc_method_run(&m, 0), STATUS_OK);
	CHECK(process_handle_wait_results_read_root(&m.results, &results));
	child_read(process_handle_wait_results_get_record(results), &end);
	if (end.which != EXIT_RECORD_EXITED || end.code != 0)
		test_fail("child", "end %u code %d vector %u at %lx", end.which, end.code,
			  end.vector, end.instruction_pointer);
	CHECK_STATUS(ipc_release(child.process), STATUS_OK);
}

/* The word that a call of one word brings back. */
static inline uint64_t delegate_call(uint64_t facet, uint64_t word)
{
	uint64_t answer;

	ipc_check_end(__LINE__, ipc_do(ipc_call(facet, word, 3)), STATUS_OK);
	memcpy(&answer, submit_arena(ipc_got_at(3)), sizeof(answer));
	return answer;
}

/* What an entry must be refused as; a grant of that kind starts nothing. */
static inline void delegate_refused(struct delegate_request request,
				    struct delegate_grant grant, enum status status)
{
	struct delegate_child child;

	grant.name = "facet";
	request.grants[0] = grant;
	request.grants[1].name = nullptr;
	test_note("mode %u as %lx badge %u %lx", grant.mode, grant.interface_id,
		  grant.has_badge, grant.badge);
	CHECK_STATUS(delegate_spawn(&request, &child), status);
}
