// SPDX-License-Identifier: MIT
/* Commands about programs: run, spawn, jobs, wait, kill. */
#include "user/rt/capset.h"
#include "user/shell/commands.h"
#include "user/shell/process.h"

/* Whether a grant gives the shell's own terminal away. */
static bool grants_terminal(const struct shell *shell, const struct run_request *request)
{
	for (uint32_t i = 0; i < request->grant_count; i++) {
		const struct token *capability = request->grants[i].capability;
		uint64_t id;
		uint64_t interface_id;

		if (capos_find_any(capability->text, capability->size, &id, &interface_id) ==
			    STATUS_OK &&
		    id == shell->terminal.uart.id)
			return true;
	}
	return false;
}

static bool read_request(struct shell *shell, struct run_request *request)
{
	struct parse_error error;

	if (run_request_read(request, &shell->tokens, &error))
		return true;
	shell_error_at(shell, error.column, error.what);
	return false;
}

/* Kill a process in the foreground and wait until it has ended. */
static enum wait_end end_foreground(struct shell *shell, struct process_handle_client process,
				    struct outcome *outcome)
{
	enum status status;

	terminal_print(&shell->terminal, "^C\n");
	status = process_handle_kill(process);
	if (status != STATUS_OK && status != STATUS_PROCESS_ENDED)
		shell_failed(shell, "kill", status);
	return process_wait(shell, process, false, outcome);
}

void command_program(struct shell *shell)
{
	struct process_handle_client process;
	struct run_request request;
	struct outcome outcome;
	enum wait_end end;
	bool watch;

	if (!read_request(shell, &request))
		return;
	watch = !grants_terminal(shell, &request);
	if (!watch)
		terminal_stop_read(&shell->terminal);
	if (!process_start(shell, &request, &process))
		return;
	end = process_wait(shell, process, watch, &outcome);
	if (end == WAIT_INTERRUPTED)
		end = end_foreground(shell, process, &outcome);
	/* A program that cannot be waited for must not go on unseen. */
	if (end == WAIT_FAILED)
		(void)!process_handle_kill(process);
	if (end == WAIT_ENDED)
		outcome_print(&shell->terminal, request.program->text, request.program->size,
			      &outcome);
	capos_release(process.id);
}

void command_spawn(struct shell *shell)
{
	struct process_handle_client process;
	struct run_request request;
	uint32_t number;

	if (!read_request(shell, &request))
		return;
	if (!job_table_has_room(&shell->jobs)) {
		terminal_print(&shell->terminal, "error: there are %u jobs already\n",
			       JOBS_MAX);
		return;
	}
	if (!process_start(shell, &request, &process))
		return;
	number = job_add(&shell->jobs, process, request.program->text, request.program->size);
	terminal_print(&shell->terminal, "[%u] ", number);
	terminal_quote(&shell->terminal, request.program->text, request.program->size);
	terminal_print(&shell->terminal, "\n");
}

/* Say how a job is; one that has ended is forgotten. */
static void report(struct shell *shell, uint32_t number, bool also_running)
{
	struct job *job = job_find(&shell->jobs, number);
	struct outcome outcome;
	enum status status;

	if (job == nullptr)
		return;
	status = process_status(job->process, &outcome);
	if (status != STATUS_OK) {
		shell_failed(shell, "jobs", status);
		return;
	}
	if (outcome.which == EXIT_RECORD_RUNNING && !also_running)
		return;
	terminal_print(&shell->terminal, "[%u] ", number);
	outcome_print(&shell->terminal, job->name, job->name_size, &outcome);
	if (outcome.which != EXIT_RECORD_RUNNING)
		job_forget(job);
}

void command_jobs(struct shell *shell)
{
	if (!shell_no_arguments(shell))
		return;
	for (uint32_t number = 1; number <= JOBS_MAX; number++)
		report(shell, number, true);
}

void command_report_jobs(struct shell *shell)
{
	for (uint32_t number = 1; number <= JOBS_MAX; number++)
		report(shell, number, false);
}

/* The job that the second word names; says what is wrong when there is none. */
static struct job *read_job(struct shell *shell, uint32_t *out_number)
{
	const struct token *token = &shell->tokens.tokens[1];
	struct job *job;

	if (shell->tokens.count != 2 || !token_number(token, out_number)) {
		shell_error_at(shell, shell->tokens.count > 2 ? token[1].column : token->column,
			       "here the number of one job is due");
		return nullptr;
	}
	job = job_find(&shell->jobs, *out_number);
	if (job == nullptr)
		shell_error_at(shell, token->column, "there is no job of that number");
	return job;
}

/* Wait for a job and say how it ended; Ctrl-C leaves it alone. */
static void wait_for_job(struct shell *shell, struct job *job, uint32_t number)
{
	struct outcome outcome;

	switch (process_wait(shell, job->process, true, &outcome)) {
	case WAIT_ENDED:
		terminal_print(&shell->terminal, "[%u] ", number);
		outcome_print(&shell->terminal, job->name, job->name_size, &outcome);
		job_forget(job);
		break;
	case WAIT_INTERRUPTED:
		terminal_print(&shell->terminal, "^C\n[%u] goes on\n", number);
		break;
	case WAIT_FAILED:
		break;
	}
}

void command_wait(struct shell *shell)
{
	uint32_t number = job_last(&shell->jobs);
	struct job *job = job_find(&shell->jobs, number);

	if (shell->tokens.count > 1) {
		job = read_job(shell, &number);
		if (job == nullptr)
			return;
	}
	if (job == nullptr)
		terminal_print(&shell->terminal, "error: there are no jobs\n");
	else
		wait_for_job(shell, job, number);
}

void command_kill(struct shell *shell)
{
	uint32_t number;
	struct job *job = read_job(shell, &number);
	enum status status;

	if (job == nullptr)
		return;
	status = process_handle_kill(job->process);
	if (status != STATUS_OK && status != STATUS_PROCESS_ENDED)
		shell_failed(shell, "kill", status);
	else
		wait_for_job(shell, job, number);
}
