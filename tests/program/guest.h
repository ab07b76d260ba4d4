// SPDX-License-Identifier: MIT
#pragma once
/* How the cases about processes start tests/program/guest.c. */
#include "tests/program/child.h"
#include "tests/program/submit.h"

/* A small child of this name, with the report and a timer. */
static inline struct child_request guest(const char *name)
{
	return (struct child_request){
		.binary = "guest",
		.arguments = { name },
		.grants = { { "report", child_report() }, { "timer", submit_timer() } },
		.memory_bytes = 1 << 20,
		.slots = 16,
		.threads = 1,
	};
}
