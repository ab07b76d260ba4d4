// SPDX-License-Identifier: MIT
#pragma once
/*
 * Processes that a test starts: what they are given, and how they ended.
 */
#include "tests/program/test.h"

#include "schema/audit.client.h"
#include "schema/process.client.h"
#include "schema/timer.client.h"

constexpr uint32_t CHILD_WORDS = 4;
constexpr uint64_t CHILD_SECONDS = 1000000000;

struct child_grant {
	const char *name;
	uint64_t id;
};

struct child_request {
	const char *binary;
	const char *arguments[CHILD_WORDS];       /* up to the first null */
	struct child_grant grants[MAX_TRANSFERS]; /* up to the first without a name */
	uint64_t memory_bytes;
	uint32_t slots;
	uint32_t threads;
	uint64_t account; /* what its account is split from; 0: the own one */
	uint64_t image;   /* instead of a binary */
};

/* How a process ended; the fault fields are valid when which is EXIT_RECORD_FAULTED. */
struct child_end {
	enum exit_record_which which;
	int32_t code;
	enum fault_cause cause;
	uint8_t vector;
	uint64_t error_code;
	uint64_t address;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t flags;
	uint64_t registers[15];
	uint8_t stack[128];
	uint32_t register_count;
	uint32_t stack_bytes;
};

static inline struct process_spawner_client child_spawner(void)
{
	return (struct process_spawner_client){
		test_capability("spawner", PROCESS_SPAWNER_INTERFACE_ID),
	};
}

[[gnu::noinline]] static inline void
child_fill(struct capos_call *call, const struct child_request *request,
	   struct process_spawner_spawn_params_builder params)
{
	struct resource_limits_builder limits =
		process_spawner_spawn_params_init_limits(params);
	struct grant_list_builder grants;
	struct list_builder arguments;
	uint32_t count = 0;

	resource_limits_set_memory_bytes(limits, request->memory_bytes);
	resource_limits_set_slots(limits, request->slots);
	resource_limits_set_threads(limits, request->threads);
	if (request->binary != nullptr)
		CHECK(process_spawner_spawn_params_set_binary(
			params, request->binary, (uint32_t)strlen(request->binary)));
	while (count < MAX_TRANSFERS && request->grants[count].name != nullptr)
		count++;
	grants = process_spawner_spawn_params_init_grants(params, count);
	for (uint32_t i = 0; i < count; i++) {
		struct grant_builder grant = grant_list_builder_get(grants, i);
		const char *name = request->grants[i].name;

		CHECK(grant_set_name(grant, name, (uint32_t)strlen(name)));
		grant_set_capability(grant, capos_call_attach(call, request->grants[i].id));
	}
	if (request->account != 0)
		process_spawner_spawn_params_set_account(
			params, capos_call_attach(call, request->account));
	if (request->image != 0)
		process_spawner_spawn_params_set_image(params,
						       capos_call_attach(call, request->image));
	for (count = 0; count < CHILD_WORDS && request->arguments[count] != nullptr;)
		count++;
	arguments = process_spawner_spawn_params_init_arguments(params, count);
	for (uint32_t i = 0; i < count; i++)
		CHECK(list_builder_set_text(arguments, i, request->arguments[i],
					    (uint32_t)strlen(request->arguments[i])));
}

/* Start a process.  Statuses: those of ProcessSpawner.spawn. */
[[gnu::noinline]] static inline enum status
child_spawn(const struct child_request *request, struct process_handle_client *out_process)
{
	struct process_spawner_spawn_params_builder params;
	struct process_spawner_spawn_results_reader results;
	struct capos_call_size size = { .param_bytes = 2048 };
	struct capos_call call;
	enum status status;

	CHECK_STATUS(process_spawner_spawn_begin(&call, child_spawner(), size, &params),
		     STATUS_OK);
	child_fill(&call, request, params);
	status = process_spawner_spawn_wait(&call, &results);
	if (status == STATUS_OK)
		out_process->id = capos_call_take_capability(
			&call, PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP,
			PROCESS_HANDLE_INTERFACE_ID);
	capos_call_end(&call);
	return status;
}

static inline void child_read_fault(struct fault_record_reader fault, struct child_end *out)
{
	struct list_reader registers = fault_record_get_registers(fault);
	struct data_reader stack = fault_record_get_stack(fault);

	out->cause = fault_record_get_cause(fault);
	out->vector = fault_record_get_vector(fault);
	out->error_code = fault_record_get_error_code(fault);
	out->address = fault_record_get_address(fault);
	out->instruction_pointer = fault_record_get_instruction_pointer(fault);
	out->stack_pointer = fault_record_get_stack_pointer(fault);
	out->flags = fault_record_get_flags(fault);
	out->register_count = registers.count;
	for (uint32_t i = 0; i < 15; i++)
		out->registers[i] = list_reader_get_uint64(registers, i);
	out->stack_bytes = stack.size;
	memcpy(out->stack, stack.data, stack.size < 128 ? stack.size : 128);
}

static inline void child_read(struct exit_record_reader record, struct child_end *out)
{
	*out = (struct child_end){ .which = exit_record_which(record) };
	if (out->which == EXIT_RECORD_EXITED)
		out->code = exit_record_get_exited(record);
	if (out->which == EXIT_RECORD_FAULTED)
		child_read_fault(exit_record_get_faulted(record), out);
}

/* Wait for the end, at most until deadline_ns (0: for ever).  Statuses: ok, timedOut. */
[[gnu::noinline]] static inline enum status
child_wait_until(struct process_handle_client process, uint64_t deadline_ns,
		 struct child_end *out)
{
	struct process_handle_wait_params_builder params;
	struct process_handle_wait_results_reader results;
	struct capos_call_size size = { .result_bytes = 640 };
	struct capos_call call;
	enum status status;

	CHECK_STATUS(process_handle_wait_begin(&call, process, size, &params), STATUS_OK);
	capos_call_set_deadline(&call, deadline_ns);
	status = process_handle_wait_wait(&call, &results);
	if (status == STATUS_OK)
		child_read(process_handle_wait_results_get_record(results), out);
	capos_call_end(&call);
	return status;
}

[[gnu::noinline]] static inline struct child_end
child_wait(struct process_handle_client process)
{
	struct child_end end;

	CHECK_STATUS(child_wait_until(process, 0, &end), STATUS_OK);
	return end;
}

[[gnu::noinline]] static inline struct child_end
child_status(struct process_handle_client process)
{
	struct process_handle_status_params_builder params;
	struct process_handle_status_results_reader results;
	struct capos_call_size size = { .result_bytes = 640 };
	struct capos_call call;
	struct child_end end;

	CHECK_STATUS(process_handle_status_begin(&call, process, size, &params), STATUS_OK);
	CHECK_STATUS(process_handle_status_wait(&call, &results), STATUS_OK);
	child_read(process_handle_status_results_get_record(results), &end);
	capos_call_end(&call);
	return end;
}

/* Start, or fail the case. */
static inline struct process_handle_client child_start(const struct child_request *request)
{
	struct process_handle_client process = {};

	CHECK_STATUS(child_spawn(request, &process), STATUS_OK);
	CHECK(process.id != 0);
	return process;
}

/* Start, wait, drop the handle. */
[[gnu::noinline]] static inline struct child_end child_run(const struct child_request *request)
{
	struct process_handle_client process = child_start(request);
	struct child_end end = child_wait(process);

	capos_release(process.id);
	return end;
}

/* Run a child that must pass; if it fails it has said why in the report. */
static inline void child_must_pass(const struct child_request *request)
{
	struct child_end end = child_run(request);

	if (end.which != EXIT_RECORD_EXITED || end.code != 0)
		test_fail("child", "%s %s: end %u code %d vector %u at %lx", request->binary,
			  request->arguments[0], end.which, end.code, end.vector,
			  end.instruction_pointer);
}

static inline uint64_t child_report(void)
{
	return test_capability("report", MEMORY_OBJECT_INTERFACE_ID);
}

/* Wait without spinning. */
[[gnu::noinline]] static inline void child_sleep_ms(uint64_t timer, uint64_t ms)
{
	struct capos_call call;
	struct timer_wait_params_builder params;
	struct timer_wait_results_reader results;
	struct timer_client client = { timer };

	CHECK_STATUS(timer_wait_begin(&call, client, (struct capos_call_size){}, &params),
		     STATUS_OK);
	timer_wait_params_set_until_ns(params, capos_now_ns() + ms * 1000000);
	CHECK_STATUS(timer_wait_wait(&call, &results), STATUS_OK);
	capos_call_end(&call);
}

/* How many processes there are in the system; needs "audit". */
static inline uint32_t child_count(void)
{
	struct audit_client audit = { test_capability("audit", AUDIT_INTERFACE_ID) };
	uint32_t processes = 0;
	uint32_t ignored;
	uint64_t charged;
	bool balanced;

	CHECK_STATUS(audit_audit(audit, &balanced, &ignored, &ignored, &charged, &processes,
				 &ignored),
		     STATUS_OK);
	return processes;
}

/* Until there are no more than this many: for processes to which nobody holds a handle. */
static inline void child_wait_for_count(uint64_t timer, uint32_t count)
{
	while (child_count() > count)
		child_sleep_ms(timer, 1);
}
