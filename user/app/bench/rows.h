// SPDX-License-Identifier: MIT
#pragma once
/* The rows that the bench program measures; names and budgets are in bench/budgets. */
#include "schema/memory.client.h"
#include "schema/process.client.h"
#include "schema/timer.client.h"
#include "user/app/bench/measure.h"

/* NOP, and Timer.now, through the ring by hand. */
void rows_nop(struct measure *measure);
void rows_kernel_call(struct measure *measure, struct timer_client timer);

/* Through generated stubs. */
void rows_stub_call(struct measure *measure, struct timer_client timer);
void rows_map(struct measure *measure, struct virtual_memory_client memory);
/* Round trips to another process. */
void rows_endpoint(struct measure *measure, struct process_spawner_client spawner,
		   struct timer_client timer);

void rows_spawn(struct measure *measure, struct process_spawner_client spawner);
