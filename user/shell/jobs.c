// SPDX-License-Identifier: MIT
/* Programs in the background.  See jobs.h. */
#include "user/shell/jobs.h"

#include "lib/require.h"
#include "lib/string.h"

/* Index of a free slot; JOBS_MAX when there is none. */
static uint32_t free_slot(const struct job_table *table)
{
	uint32_t i = 0;

	while (i < JOBS_MAX && table->jobs[i].process.id != 0)
		i++;
	return i;
}

bool job_table_has_room(const struct job_table *table)
{
	return free_slot(table) != JOBS_MAX;
}

uint32_t job_add(struct job_table *table, struct process_handle_client process,
		 const char *name, uint32_t name_size)
{
	uint32_t slot = free_slot(table);

	require(slot != JOBS_MAX && name_size <= MAX_NAME_BYTES);
	struct job *job = &table->jobs[slot];

	job->process = process;
	job->name_size = name_size;
	memcpy(job->name, name, name_size);
	return slot + 1;
}

struct job *job_find(struct job_table *table, uint32_t number)
{
	if (number == 0 || number > JOBS_MAX || table->jobs[number - 1].process.id == 0)
		return nullptr;
	return &table->jobs[number - 1];
}

uint32_t job_last(const struct job_table *table)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < JOBS_MAX; i++)
		if (table->jobs[i].process.id != 0)
			last = i + 1;
	return last;
}

void job_forget(struct job *job)
{
	capos_release(job->process.id);
	job->process.id = 0;
}
