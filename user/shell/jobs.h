// SPDX-License-Identifier: MIT
#pragma once
/*
 * Programs in the background, by small numbers.
 *
 * A job owns its process handle; job_forget() releases it.  Numbers are those of the slots,
 * from 1, so they stay small and are used again.
 */
#include "user/rt/call.h"

#include "schema/process.client.h"

constexpr uint32_t JOBS_MAX = 16;

struct job {
	struct process_handle_client process; /* 0: the slot is free */
	uint32_t name_size;
	char name[MAX_NAME_BYTES];
};

/* Zeroed storage is an empty table. */
struct job_table {
	struct job jobs[JOBS_MAX];
};

/* Whether job_add() has room. */
bool job_table_has_room(const struct job_table *table);

/* Keep a process, whose handle becomes the job's, and give its number; there must be room. */
uint32_t job_add(struct job_table *table, struct process_handle_client process,
		 const char *name, uint32_t name_size);

/* A job by number; nullptr when there is none. */
struct job *job_find(struct job_table *table, uint32_t number);

/* The youngest slot that is used; 0 when there is none. */
uint32_t job_last(const struct job_table *table);

/* Release the handle and free the number.  The process goes on if it has not ended. */
void job_forget(struct job *job);
