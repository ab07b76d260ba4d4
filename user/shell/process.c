// SPDX-License-Identifier: MIT
/* Starting programs and waiting for them.  See process.h. */
#include "user/shell/process.h"

#include "user/rt/capset.h"

/* All a spawn can say: 8 arguments, 8 grants, names; twice as much as they take. */
constexpr uint32_t SPAWN_PARAM_BYTES = 2048;
constexpr uint8_t INTERRUPT = 0x03; /* Ctrl-C */

/* Look up what a grant names and send a copy of it along. */
static bool add_grant(struct shell *shell, struct capos_call *call,
		      const struct run_grant *grant, struct grant_builder builder)
{
	uint64_t id;
	uint64_t interface_id;
	enum status status = capos_find_any(grant->capability->text, grant->capability->size,
					    &id, &interface_id);

	if (status != STATUS_OK) {
		shell_failed_at(shell, grant->capability, status);
		return false;
	}
	(void)grant_set_name(builder, grant->name->text, grant->name->size);
	grant_set_capability(builder, capos_call_attach(call, id));
	return true;
}

static bool fill_spawn(struct shell *shell, struct capos_call *call,
		       const struct run_request *request,
		       struct process_spawner_spawn_params_builder params)
{
	struct grant_list_builder grants;
	struct list_builder arguments;

	(void)process_spawner_spawn_params_set_binary(params, request->program->text,
						      request->program->size);
	grants = process_spawner_spawn_params_init_grants(params, request->grant_count);
	for (uint32_t i = 0; i < request->grant_count; i++)
		if (!add_grant(shell, call, &request->grants[i],
			       grant_list_builder_get(grants, i)))
			return false;
	arguments =
		process_spawner_spawn_params_init_arguments(params, request->argument_count);
	for (uint32_t i = 0; i < request->argument_count; i++)
		(void)list_builder_set_text(arguments, i, request->arguments[i]->text,
					    request->arguments[i]->size);
	return true;
}

/* Make the call that was filled in. */
static bool finish_spawn(struct shell *shell, struct capos_call *call,
			 const struct run_request *request,
			 struct process_handle_client *out_process)
{
	struct process_spawner_spawn_results_reader results;
	enum status status = process_spawner_spawn_wait(call, &results);

	if (status == STATUS_OK) {
		out_process->id = capos_call_take_capability(
			call, PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP,
			PROCESS_HANDLE_INTERFACE_ID);
		if (out_process->id == 0)
			status = STATUS_WRONG_INTERFACE;
	}
	if (status != STATUS_OK)
		shell_failed_at(shell, request->program, status);
	return status == STATUS_OK;
}

bool process_start(struct shell *shell, const struct run_request *request,
		   struct process_handle_client *out_process)
{
	struct process_spawner_client spawner;
	struct process_spawner_spawn_params_builder params;
	struct capos_call_size size = { .param_bytes = SPAWN_PARAM_BYTES };
	struct capos_call call;
	enum status status;
	bool started;

	if (!shell_capability(shell, "spawner", PROCESS_SPAWNER_INTERFACE_ID, &spawner.id))
		return false;
	status = process_spawner_spawn_begin(&call, spawner, size, &params);
	if (status != STATUS_OK) {
		shell_failed(shell, "spawn", status);
		return false;
	}
	/* The program may run, and print, before the shell does again. */
	(void)!terminal_flush(&shell->terminal);
	started = fill_spawn(shell, &call, request, params) &&
		  finish_spawn(shell, &call, request, out_process);
	capos_call_end(&call);
	return started;
}

/* Have a read in flight, so that Ctrl-C is seen even behind more type-ahead than is kept. */
static enum status watch_terminal(struct terminal *terminal)
{
	if (terminal_input_is_full(terminal))
		terminal_drop_input(terminal);
	return terminal_start_read(terminal);
}

/* Wait for the end or, with `watch`, for Ctrl-C. */
static enum status wait_or_interrupt(struct shell *shell, struct capos_call *wait, bool watch,
				     bool *out_interrupted)
{
	struct terminal *terminal = &shell->terminal;
	struct capos_call *calls[] = { wait, watch ? &terminal->read : nullptr };
	enum status status = STATUS_OK;
	uint32_t index;

	for (;;) {
		*out_interrupted = watch && terminal_take_until(terminal, INTERRUPT);
		if (status != STATUS_OK || *out_interrupted || capos_call_is_done(wait))
			return status;
		if (watch)
			status = watch_terminal(terminal);
		if (status == STATUS_OK)
			status = capos_wait_any(calls, 2, RING_NO_DEADLINE, &index);
		if (status == STATUS_OK && watch)
			status = terminal_collect(terminal);
	}
}

static enum wait_end finish_wait(struct shell *shell, struct capos_call *call, bool watch,
				 struct outcome *out_outcome)
{
	struct process_handle_wait_results_reader results;
	bool interrupted = false;
	enum status status = capos_call_submit(call);

	if (status == STATUS_OK)
		status = wait_or_interrupt(shell, call, watch, &interrupted);
	if (status == STATUS_OK && interrupted)
		return WAIT_INTERRUPTED;
	if (status == STATUS_OK)
		status = process_handle_wait_wait(call, &results);
	if (status != STATUS_OK) {
		shell_failed(shell, "wait", status);
		return WAIT_FAILED;
	}
	outcome_read(out_outcome, process_handle_wait_results_get_record(results));
	return WAIT_ENDED;
}

enum wait_end process_wait(struct shell *shell, struct process_handle_client process,
			   bool watch, struct outcome *out_outcome)
{
	struct process_handle_wait_params_builder params;
	struct capos_call_size size = { .result_bytes = EXIT_RECORD_BYTES_MAX };
	struct capos_call call;
	enum status status = process_handle_wait_begin(&call, process, size, &params);
	enum wait_end end;

	if (status != STATUS_OK) {
		shell_failed(shell, "wait", status);
		return WAIT_FAILED;
	}
	(void)!terminal_flush(&shell->terminal);
	end = finish_wait(shell, &call, watch, out_outcome);
	capos_call_end(&call);
	return end;
}

enum status process_status(struct process_handle_client process, struct outcome *out_outcome)
{
	struct process_handle_status_params_builder params;
	struct process_handle_status_results_reader results;
	struct capos_call_size size = { .result_bytes = EXIT_RECORD_BYTES_MAX };
	struct capos_call call;
	enum status status = process_handle_status_begin(&call, process, size, &params);

	if (status != STATUS_OK)
		return status;
	status = process_handle_status_wait(&call, &results);
	if (status == STATUS_OK)
		outcome_read(out_outcome, process_handle_status_results_get_record(results));
	capos_call_end(&call);
	return status;
}
