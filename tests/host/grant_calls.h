// SPDX-License-Identifier: MIT
#pragma once
/* Spawns whose grants say everything that a grant can say. */
#include "tests/host/ipc_calls.h"

struct granting {
	const char *name;
	uint64_t capability;
	uint16_t mode; /* enum cap_grant_mode, or any number */
	uint16_t scope;
	uint64_t interface_id; /* to be taken as; 0: nothing is said */
	bool has_badge;
	uint64_t badge;
	bool again; /* the transfer list's last entry once more */
};

struct grant_spawn {
	struct granting grants[MAX_TRANSFERS]; /* up to the first without a name */
	const char *binary;                    /* default: "child" */
	uint64_t image;                        /* instead, if not 0 */
	bool account_again;    /* the account is the transfer list's last entry */
	uint32_t result_bytes; /* room for results; 0: more than enough */
};

struct grant_result {
	uint64_t handle;
	uint64_t cookies[MAX_TRANSFERS];
	uint32_t cookie_count;
};

/* ProcessSpawner.spawn, by the capability "spawner", or else "given". */
enum status grant_spawn(struct program *program, struct grant_spawn what,
			struct grant_result *out);

/* A spawn of one grant, named "given". */
enum status grant_one(struct program *program, struct granting grant, struct grant_result *out);
