// SPDX-License-Identifier: MIT
/* Costs through the generated clients, as a program sees them. */
#include "user/app/bench/rows.h"

#include "user/rt/capos.h"

void rows_stub_call(struct measure *measure, struct timer_client timer)
{
	uint64_t before_ns = 0;

	measure_begin(measure, "kcall.stub", 1);
	while (measure_wants(measure)) {
		uint64_t now_ns = 0;
		uint64_t start = measure_counter();
		enum status status = timer_now(timer, &now_ns);

		measure_add(measure, start, measure_counter(),
			    status == STATUS_OK && now_ns > before_ns);
		before_ns = now_ns;
	}
	measure_report(measure);
}

/* Start a program that only exits, wait for its end, drop its handle. */
static bool spawn_and_wait(struct process_spawner_client spawner)
{
	struct process_spawner_spawn_params_builder params;
	struct process_spawner_spawn_results_reader results;
	struct process_handle_wait_params_builder wait_params;
	struct process_handle_wait_results_reader wait_results;
	struct process_handle_client child = { .id = 0 };
	struct capos_call_size size = {};
	struct capos_call call;
	bool exited = false;

	if (process_spawner_spawn_begin(&call, spawner, size, &params) != STATUS_OK)
		return false;
	(void)process_spawner_spawn_params_set_binary(params, "tiny", 4);
	if (process_spawner_spawn_wait(&call, &results) == STATUS_OK)
		child.id = capos_call_take_capability(&call,
						      PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP,
						      PROCESS_HANDLE_INTERFACE_ID);
	capos_call_end(&call);
	size.result_bytes = 512;
	if (child.id == 0 ||
	    process_handle_wait_begin(&call, child, size, &wait_params) != STATUS_OK)
		return false;
	if (process_handle_wait_wait(&call, &wait_results) == STATUS_OK) {
		struct exit_record_reader record =
			process_handle_wait_results_get_record(wait_results);

		exited = exit_record_which(record) == EXIT_RECORD_EXITED &&
			 exit_record_get_exited(record) == 0;
	}
	capos_call_end(&call);
	capos_release(child.id);
	return exited;
}

void rows_spawn(struct measure *measure, struct process_spawner_client spawner)
{
	measure_begin(measure, "spawn.tiny", 1);
	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = spawn_and_wait(spawner);

		measure_add(measure, start, measure_counter(), right);
	}
	measure_report(measure);
}
