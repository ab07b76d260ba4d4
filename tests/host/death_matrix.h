// SPDX-License-Identifier: MIT
#pragma once
/*
 * The death matrix: what becomes of every operation that waits, and of every mapping, when
 * something that it depends on goes.  The table is here only: death_matrix_test.c and, for
 * mappings, death_mapping_test.c play each of its cells, and the former compares
 * docs/reference/death-matrix.md with what death_matrix_write() makes of it.
 */
#include "schema/status.capnp.h"

#include <stddef.h>
#include <stdint.h>

enum waiting : uint8_t {
	WAITING_CALL_QUEUED,
	WAITING_CALL_IN_SERVICE,
	WAITING_RECEIVE,
	WAITING_PROCESS,
	WAITING_PROCESS_FACET, /* the same through a facet, as below */
	WAITING_TIMER,
	WAITING_TIMER_FACET,
	WAITING_UART,
	WAITING_UART_FACET,
	WAITING_COUNT,
};

enum event : uint8_t {
	EVENT_SERVED,
	EVENT_SLOT_RELEASED,
	EVENT_FACET_REVOKED,
	EVENT_PARENT_REVOKED,
	EVENT_OBJECT_CLOSED,
	EVENT_ENDPOINT_CLOSED,
	EVENT_OWNER_RELEASED,
	EVENT_OWNER_MOVED,
	EVENT_SERVER_ENDS,
	EVENT_CLIENT_ENDS,
	EVENT_PROCESS_ENDS,
	EVENT_DEADLINE,
	EVENT_CANCEL,
	EVENT_ACCOUNT_CLOSED,
	EVENT_PEER_ACCOUNT_CLOSED,
	EVENT_COUNT,
};

enum outcome : uint8_t {
	OUTCOME_WAITS, /* as before */
	OUTCOME_ENDS,  /* one completion, with status and kind */
	OUTCOME_GONE,  /* with its process: nobody is left to be told */
};

/* Who has the capability that a call moves.  What it copies its sender keeps in any case. */
enum keeper : uint8_t {
	KEEPER_NONE, /* no call, no capability */
	KEEPER_LOCKED,
	KEEPER_CALLER,
	KEEPER_SERVER,
	KEEPER_NOBODY,
};

struct cell {
	enum outcome outcome;
	enum status status;
	enum completion_kind kind;
	enum keeper keeper;
};

/* Of an operation that waits on, the keeper is the same as before. */
struct cell death_matrix_cell(enum waiting waiting, enum event event);

/* What was mapped, and through what. */
enum mapped : uint8_t {
	MAPPED_OBJECT, /* by its own capability */
	MAPPED_FACET,
	MAPPED_SEALED_FACET, /* the object is sealed */
	MAPPED_COUNT,
};

enum mapped_event : uint8_t {
	MAPPED_EVENT_SLOT_RELEASED,
	MAPPED_EVENT_FACET_REVOKED,
	MAPPED_EVENT_PARENT_REVOKED,
	MAPPED_EVENT_SEALED_THEN_REVOKED,
	MAPPED_EVENT_LENDER_RELEASES,
	MAPPED_EVENT_LENDER_ENDS,
	MAPPED_EVENT_PROCESS_ENDS,
	MAPPED_EVENT_ACCOUNT_CLOSED,
	MAPPED_EVENT_LENDER_ACCOUNT_CLOSED,
	MAPPED_EVENT_COUNT,
};

/* Whether it can still be touched. */
bool death_matrix_mapping_stays(enum mapped mapped, enum mapped_event event);

const char *death_matrix_mapped(enum mapped mapped);
const char *death_matrix_mapped_event(enum mapped_event event);
const char *death_matrix_waiting(enum waiting waiting);
const char *death_matrix_event(enum event event);

/* The page's tables; returns their length, at most size. */
size_t death_matrix_write(char *out, size_t size);
