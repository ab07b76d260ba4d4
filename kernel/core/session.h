// SPDX-License-Identifier: MIT
#pragma once
/*
 * Session: on whose behalf a process acts.  Each process has exactly one, its spawner's.  In
 * this version there is one, the system's, which never ends; whether a facet may change hands
 * (transfer.h) already depends on it.
 */
#include <stdint.h>

struct session {
	uint64_t id[2]; /* 0, 0: the system's */
};

extern struct session session_system;
