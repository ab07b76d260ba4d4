// SPDX-License-Identifier: MIT
/* The death matrix.  See death_matrix.h. */
#include "tests/host/death_matrix.h"

#include <stdio.h>

static const char *const waiting_names[WAITING_COUNT] = {
	[WAITING_CALL_QUEUED] = "CALL of an endpoint, not yet received",
	[WAITING_CALL_IN_SERVICE] = "CALL of an endpoint, in service",
	[WAITING_RECEIVE] = "RECV",
	[WAITING_PROCESS] = "ProcessHandle.wait",
	[WAITING_PROCESS_FACET] = "ProcessHandle.wait through a facet",
	[WAITING_TIMER] = "Timer.wait",
	[WAITING_TIMER_FACET] = "Timer.wait through a facet",
	[WAITING_UART] = "Uart.read",
	[WAITING_UART_FACET] = "Uart.read through a facet",
};

static const char *const event_names[EVENT_COUNT] = {
	[EVENT_SERVED] = "what it waits for comes",
	[EVENT_SLOT_RELEASED] = "its process releases the slot that it names",
	[EVENT_FACET_REVOKED] = "the facet is revoked",
	[EVENT_PARENT_REVOKED] = "the facet's parent is revoked",
	[EVENT_OBJECT_CLOSED] = "the service closes the object",
	[EVENT_ENDPOINT_CLOSED] = "the endpoint is closed",
	[EVENT_OWNER_RELEASED] = "the owner releases the endpoint",
	[EVENT_OWNER_MOVED] = "the owner moves the endpoint away",
	[EVENT_SERVER_ENDS] = "the server ends",
	[EVENT_CLIENT_ENDS] = "the client ends",
	[EVENT_PROCESS_ENDS] = "the process that is waited for ends",
	[EVENT_DEADLINE] = "its deadline passes",
	[EVENT_CANCEL] = "CANCEL names it",
	[EVENT_ACCOUNT_CLOSED] = "its process's account is closed",
	[EVENT_PEER_ACCOUNT_CLOSED] = "the other side's account is closed",
};

static const char *const keeper_names[] = {
	[KEEPER_NONE] = "",
	[KEEPER_LOCKED] = "locked in the caller's slot",
	[KEEPER_CALLER] = "the caller, again",
	[KEEPER_SERVER] = "the server",
	[KEEPER_NOBODY] = "nobody: released",
};

static const char *const kind_names[] = {
	[COMPLETION_KIND_DONE] = "done",           [COMPLETION_KIND_TIMED_OUT] = "timedOut",
	[COMPLETION_KIND_CANCELLED] = "cancelled", [COMPLETION_KIND_REVOKED] = "revoked",
	[COMPLETION_KIND_PEER_GONE] = "peerGone",  [COMPLETION_KIND_DROPPED] = "dropped",
};

static const char *const mapped_names[MAPPED_COUNT] = {
	[MAPPED_OBJECT] = "by the object's own capability",
	[MAPPED_FACET] = "through a facet",
	[MAPPED_SEALED_FACET] = "sealed, through a facet",
};

static const char *const mapped_event_names[MAPPED_EVENT_COUNT] = {
	[MAPPED_EVENT_SLOT_RELEASED] = "its process releases the slot that it mapped",
	[MAPPED_EVENT_FACET_REVOKED] = "the facet is revoked",
	[MAPPED_EVENT_PARENT_REVOKED] = "the facet's parent is revoked",
	[MAPPED_EVENT_SEALED_THEN_REVOKED] = "the object is sealed, then the facet revoked",
	[MAPPED_EVENT_LENDER_RELEASES] = "whoever made the object releases it",
	[MAPPED_EVENT_LENDER_ENDS] = "whoever made the object ends",
	[MAPPED_EVENT_PROCESS_ENDS] = "its process ends",
	[MAPPED_EVENT_ACCOUNT_CLOSED] = "its process's account is closed",
	[MAPPED_EVENT_LENDER_ACCOUNT_CLOSED] = "the account that pays for the object is closed",
};

/* Where nothing stands the mapping stays. */
static const bool mapping_ends[MAPPED_COUNT][MAPPED_EVENT_COUNT] = {
	[MAPPED_OBJECT] = { [MAPPED_EVENT_PROCESS_ENDS] = true },
	[MAPPED_FACET] = { [MAPPED_EVENT_FACET_REVOKED] = true,
			   [MAPPED_EVENT_PARENT_REVOKED] = true,
			   [MAPPED_EVENT_PROCESS_ENDS] = true },
	[MAPPED_SEALED_FACET] = { [MAPPED_EVENT_PROCESS_ENDS] = true },
};

/* Shorthand of the table below: status and kind, then who keeps what was to move. */
#define ENDS(s, k, ...)            \
	{ .outcome = OUTCOME_ENDS, \
	  .status = STATUS_##s,    \
	  .kind = COMPLETION_KIND_##k __VA_OPT__(, .keeper = KEEPER_##__VA_ARGS__) }
#define GONE(...) { .outcome = OUTCOME_GONE __VA_OPT__(, .keeper = KEEPER_##__VA_ARGS__) }

/* Where nothing stands the operation waits on. */
static const struct cell cells[WAITING_COUNT][EVENT_COUNT] = {
	[WAITING_CALL_QUEUED] = {
		/* It is in service then. */
		[EVENT_SERVED] = { .keeper = KEEPER_SERVER },
		[EVENT_FACET_REVOKED] = ENDS(REVOKED, REVOKED, CALLER),
		[EVENT_PARENT_REVOKED] = ENDS(REVOKED, REVOKED, CALLER),
		[EVENT_OBJECT_CLOSED] = ENDS(OBJECT_CLOSED, REVOKED, CALLER),
		[EVENT_ENDPOINT_CLOSED] = ENDS(DISCONNECTED, PEER_GONE, CALLER),
		[EVENT_OWNER_RELEASED] = ENDS(DISCONNECTED, PEER_GONE, CALLER),
		[EVENT_SERVER_ENDS] = ENDS(DISCONNECTED, PEER_GONE, CALLER),
		[EVENT_CLIENT_ENDS] = GONE(NOBODY),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT, CALLER),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED, CALLER),
	},
	[WAITING_CALL_IN_SERVICE] = {
		[EVENT_SERVED] = ENDS(OK, DONE, SERVER),
		[EVENT_FACET_REVOKED] = ENDS(REVOKED, REVOKED, SERVER),
		[EVENT_PARENT_REVOKED] = ENDS(REVOKED, REVOKED, SERVER),
		[EVENT_OBJECT_CLOSED] = ENDS(OBJECT_CLOSED, REVOKED, SERVER),
		[EVENT_SERVER_ENDS] = ENDS(DISCONNECTED, PEER_GONE, NOBODY),
		[EVENT_CLIENT_ENDS] = GONE(SERVER),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT, SERVER),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED, SERVER),
	},
	[WAITING_RECEIVE] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_SLOT_RELEASED] = ENDS(DISCONNECTED, PEER_GONE),
		[EVENT_ENDPOINT_CLOSED] = ENDS(DISCONNECTED, PEER_GONE),
		[EVENT_OWNER_RELEASED] = ENDS(DISCONNECTED, PEER_GONE),
		[EVENT_OWNER_MOVED] = ENDS(BAD_CAPABILITY, REVOKED),
		[EVENT_SERVER_ENDS] = GONE(),
		/* The last holder of the service object. */
		[EVENT_CLIENT_ENDS] = ENDS(OK, DROPPED),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
	[WAITING_PROCESS] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_CLIENT_ENDS] = GONE(),
		[EVENT_PROCESS_ENDS] = ENDS(OK, DONE),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
	[WAITING_PROCESS_FACET] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_FACET_REVOKED] = ENDS(REVOKED, REVOKED),
		[EVENT_PARENT_REVOKED] = ENDS(REVOKED, REVOKED),
		[EVENT_CLIENT_ENDS] = GONE(),
		[EVENT_PROCESS_ENDS] = ENDS(OK, DONE),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
	[WAITING_TIMER] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_CLIENT_ENDS] = GONE(),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
	[WAITING_TIMER_FACET] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_FACET_REVOKED] = ENDS(REVOKED, REVOKED),
		[EVENT_PARENT_REVOKED] = ENDS(REVOKED, REVOKED),
		[EVENT_CLIENT_ENDS] = GONE(),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
	[WAITING_UART] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_CLIENT_ENDS] = GONE(),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
	[WAITING_UART_FACET] = {
		[EVENT_SERVED] = ENDS(OK, DONE),
		[EVENT_FACET_REVOKED] = ENDS(REVOKED, REVOKED),
		[EVENT_PARENT_REVOKED] = ENDS(REVOKED, REVOKED),
		[EVENT_CLIENT_ENDS] = GONE(),
		[EVENT_DEADLINE] = ENDS(TIMED_OUT, TIMED_OUT),
		[EVENT_CANCEL] = ENDS(CANCELLED, CANCELLED),
	},
};

/* Before the event. */
static const enum keeper keepers[WAITING_COUNT] = {
	[WAITING_CALL_QUEUED] = KEEPER_LOCKED,
	[WAITING_CALL_IN_SERVICE] = KEEPER_SERVER,
};

struct cell death_matrix_cell(enum waiting waiting, enum event event)
{
	struct cell cell = cells[waiting][event];

	if (cell.outcome == OUTCOME_WAITS && cell.keeper == KEEPER_NONE)
		cell.keeper = keepers[waiting];
	return cell;
}

bool death_matrix_mapping_stays(enum mapped mapped, enum mapped_event event)
{
	return !mapping_ends[mapped][event];
}

const char *death_matrix_mapped(enum mapped mapped)
{
	return mapped_names[mapped];
}

const char *death_matrix_mapped_event(enum mapped_event event)
{
	return mapped_event_names[event];
}

const char *death_matrix_waiting(enum waiting waiting)
{
	return waiting_names[waiting];
}

const char *death_matrix_event(enum event event)
{
	return event_names[event];
}

static int write_outcome(FILE *out, struct cell cell)
{
	if (cell.outcome == OUTCOME_WAITS)
		return fprintf(out, "waits on");
	if (cell.outcome == OUTCOME_GONE)
		return fprintf(out, "no completion");
	return fprintf(out, "`%s`, kind `%s`", status_name(cell.status), kind_names[cell.kind]);
}

static void write_table(FILE *out, enum waiting waiting)
{
	bool moves = keepers[waiting] != KEEPER_NONE;

	fprintf(out, "\n### %s\n\n", waiting_names[waiting]);
	fprintf(out,
		moves ? "| Event | Completion | What it moves is kept by |\n|---|---|---|\n"
		      : "| Event | Completion |\n|---|---|\n");
	for (uint32_t e = 0; e < EVENT_COUNT; e++) {
		struct cell cell = death_matrix_cell(waiting, (enum event)e);

		fprintf(out, "| %s | ", event_names[e]);
		(void)write_outcome(out, cell);
		if (moves)
			fprintf(out, " | %s", keeper_names[cell.keeper]);
		fprintf(out, " |\n");
	}
}

static void write_mappings(FILE *out)
{
	fprintf(out, "\n### A mapping of a memory object\n\n| Event |");
	for (uint32_t m = 0; m < MAPPED_COUNT; m++)
		fprintf(out, " %s |", mapped_names[m]);
	fprintf(out, "\n|---|---|---|---|\n");
	for (uint32_t e = 0; e < MAPPED_EVENT_COUNT; e++) {
		fprintf(out, "| %s |", mapped_event_names[e]);
		for (uint32_t m = 0; m < MAPPED_COUNT; m++)
			fprintf(out, " %s |", mapping_ends[m][e] ? "ends" : "stays");
		fprintf(out, "\n");
	}
}

size_t death_matrix_write(char *out, size_t size)
{
	FILE *file = fmemopen(out, size, "w");
	long written;

	for (uint32_t w = 0; w < WAITING_COUNT; w++)
		write_table(file, (enum waiting)w);
	write_mappings(file);
	written = ftell(file);
	fclose(file);
	return (size_t)written;
}
