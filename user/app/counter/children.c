// SPDX-License-Identifier: MIT
/* Programs that a service starts.  See children.h. */
#include "user/app/counter/children.h"

#include "lib/format.h"
#include "lib/string.h"
#include "user/rt/capos.h"

#include "schema/console.client.h"
#include "schema/process.client.h"

constexpr int32_t EXIT_OTHERWISE = 99;

/* A program that was started, and the call that waits for its end. */
struct child {
	struct capos_call end;
	struct process_handle_client process;
};

static struct child children[MAX_ARGUMENTS];
static uint32_t running;
static int32_t worst_code;
static void (*all_ended)(void);

static void child_ended(struct capos_call *call, void *context)
{
	struct process_handle_wait_results_reader results;
	struct child *child = context;
	int32_t code = EXIT_OTHERWISE;

	if (process_handle_wait_wait(call, &results) == STATUS_OK) {
		struct exit_record_reader record =
			process_handle_wait_results_get_record(results);

		if (exit_record_which(record) == EXIT_RECORD_EXITED)
			code = exit_record_get_exited(record);
	}
	capos_call_end(call);
	capos_release(child->process.id);
	worst_code = code != 0 ? code : worst_code;
	if (--running == 0)
		all_ended();
}

static void grant(struct capos_call *call, struct grant_builder builder, const char *name,
		  uint64_t capability)
{
	(void)grant_set_name(builder, name, (uint32_t)strlen(name));
	grant_set_capability(builder, capos_call_attach(call, capability));
}

static enum status start(struct child *child, struct capos_text program, uint32_t number,
			 uint64_t facet)
{
	struct process_spawner_client spawner = { capos_require("spawner",
								PROCESS_SPAWNER_INTERFACE_ID) };
	struct process_spawner_spawn_params_builder params;
	struct process_spawner_spawn_results_reader results;
	struct grant_list_builder grants;
	struct capos_call call;
	char digits[12];
	uint32_t size = (uint32_t)format(digits, sizeof(digits), "%u", number);
	enum status status = process_spawner_spawn_begin(
		&call, spawner, (struct capos_call_size){ .param_bytes = 512 }, &params);

	if (status != STATUS_OK)
		return status;
	(void)process_spawner_spawn_params_set_binary(params, program.data, program.size);
	grants = process_spawner_spawn_params_init_grants(params, 2);
	grant(&call, grant_list_builder_get(grants, 0), "counters", facet);
	grant(&call, grant_list_builder_get(grants, 1), "console",
	      capos_require("console", CONSOLE_INTERFACE_ID));
	(void)list_builder_set_text(process_spawner_spawn_params_init_arguments(params, 1), 0,
				    digits, size);
	status = process_spawner_spawn_wait(&call, &results);
	if (status == STATUS_OK)
		child->process.id = capos_call_take_capability(
			&call, PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP,
			PROCESS_HANDLE_INTERFACE_ID);
	capos_call_end(&call);
	return status;
}

/* Wait for its end without waiting. */
static enum status watch(struct child *child)
{
	struct process_handle_wait_params_builder params;
	struct capos_call_size size = { .result_bytes = 512 };
	enum status status =
		process_handle_wait_begin(&child->end, child->process, size, &params);

	if (status != STATUS_OK)
		return status;
	capos_call_set_done(&child->end, child_ended, child);
	return capos_call_submit(&child->end);
}

enum status children_start(uint64_t facet, void (*ended)(void))
{
	uint32_t count = capos_argument_count();
	enum status status = count == 0 ? STATUS_INVALID_ARGUMENT : STATUS_OK;

	all_ended = ended;
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		status = start(&children[i], capos_argument(i), i, facet);
		if (status == STATUS_OK)
			status = watch(&children[i]);
		running += status == STATUS_OK;
	}
	return status;
}

int32_t children_code(void)
{
	return worst_code;
}
