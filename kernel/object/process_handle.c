// SPDX-License-Identifier: MIT
/* ProcessHandle's methods.  Interface: schema/process.capnp; the process: kernel/core/process.
 */
#include "kernel/core/call.h"
#include "kernel/core/process.h"
#include "schema/process.capnp.h"

static enum status wait(struct call *call)
{
	struct process *process = process_of_handle(call->target);
	struct process_handle_wait_results_builder results;
	struct operation *op;

	if (process->state != PROCESS_ENDED)
		return call_park(call, &process->waiters, UINT64_MAX, EXIT_RECORD_BYTES_MAX,
				 &op);
	results = process_handle_wait_results_init_root(&call->results);
	process_write_record(process, process_handle_wait_results_init_record(results));
	return STATUS_OK;
}

static enum status kill(struct call *call)
{
	struct process *process = process_of_handle(call->target);

	if (process->state != PROCESS_RUNNING)
		return STATUS_PROCESS_ENDED;
	process_kill(process);
	call->is_silent = process == call_process(call);
	return STATUS_OK;
}

static enum status status(struct call *call)
{
	struct process_handle_status_results_builder results =
		process_handle_status_results_init_root(&call->results);

	process_write_record(process_of_handle(call->target),
			     process_handle_status_results_init_record(results));
	return STATUS_OK;
}

static const struct method methods[] = {
	[PROCESS_HANDLE_WAIT_METHOD] = { .max_param_bytes = 64, .handler = wait },
	[PROCESS_HANDLE_KILL_METHOD] = { .max_param_bytes = 64, .handler = kill },
	[PROCESS_HANDLE_STATUS_METHOD] = { .max_param_bytes = 64, .handler = status },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == PROCESS_HANDLE_METHOD_COUNT);

const struct object_type process_handle_type = {
	.interface_id = PROCESS_HANDLE_INTERFACE_ID,
	.methods = methods,
	.method_count = PROCESS_HANDLE_METHOD_COUNT,
	.destroy = process_handle_destroy,
};
