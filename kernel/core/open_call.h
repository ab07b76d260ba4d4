// SPDX-License-Identifier: MIT
#pragma once
/*
 * Open calls: what a process has received and not answered.
 *
 *   call id   63           12 11      0
 *             | generation   |  index  |     generation >= 1, never repeats
 *
 * A receive reserves an entry before it waits, so delivering cannot fail; answering frees it.
 * The entry outlives its caller: when the caller goes (death, deadline, cancel, revoke) it only
 * forgets it, and the answer finds nobody.  An id is worth something in its own process only,
 * and tells nothing about the caller.
 *
 * Entries are in pages that the process pays for and keeps to its end; each entry in use is
 * also charged as an open call.
 */
#include "kernel/core/account.h"
#include "schema/endpoint.capnp.h"

#include <stdint.h>

struct endpoint;
struct operation;
struct process;

enum open_call_state : uint8_t {
	OPEN_CALL_FREE,
	OPEN_CALL_RESERVED, /* for a receive */
	OPEN_CALL_OPEN,
};

struct open_call {
	struct operation *caller;  /* nullptr: nobody waits for the answer */
	struct endpoint *endpoint; /* held while reserved or open */
	uint64_t generation;
	uint16_t next_free;
	uint16_t index;
	enum open_call_state state;
};

constexpr uint32_t OPEN_CALL_CHUNK = 128; /* that fit in a page */
constexpr uint32_t OPEN_CALL_CHUNKS_MAX = MAX_OPEN_CALLS / OPEN_CALL_CHUNK;

static_assert(sizeof(struct open_call) * OPEN_CALL_CHUNK <= 4096);

struct open_call_table {
	struct open_call *chunks[OPEN_CALL_CHUNKS_MAX];
	uint16_t room_count;
	uint16_t used_before; /* of those, the first ones, which have been used before */
	uint16_t first_free;
	uint16_t taken_count; /* reserved or open */
};

void open_call_table_init(struct open_call_table *table);

/* An entry for a receive on endpoint.  STATUS_OUT_OF_OPEN_CALLS, STATUS_OUT_OF_MEMORY. */
[[nodiscard]] enum status open_call_reserve(struct process *process, struct endpoint *endpoint,
					    struct open_call **out_call);

/* Free an entry, and let a caller that is still there know nothing of it any more. */
void open_call_free(struct process *process, struct open_call *call);

/* A call that has ended: its entry, under a new id, is reserved for a receive on the same
 * endpoint. */
static inline void open_call_renew(struct open_call *call)
{
	call->generation++;
	call->state = OPEN_CALL_RESERVED;
}

/* The open call of that id; nullptr if there is none. */
struct open_call *open_call_find(const struct open_call_table *table, uint64_t id);

static inline uint64_t open_call_id(const struct open_call *call)
{
	return call->generation << 12 | call->index;
}

static_assert(MAX_OPEN_CALLS <= 1 << 12);

/* The process has ended: fail some of its callers and free pages.  False: nothing is left. */
bool open_call_teardown_step(struct process *process);

/* Counts, free list and states agree.  For tests. */
bool open_call_table_check(const struct open_call_table *table);
