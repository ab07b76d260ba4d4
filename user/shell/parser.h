// SPDX-License-Identifier: MIT
#pragma once
/*
 * What `run` and `spawn` are asked to start:
 *
 *   run PROGRAM [ARGUMENT ...] [with { NAME: @CAPABILITY, ... }]
 *
 * PROGRAM, ARGUMENT and NAME are words or strings.  NAME is what the new program looks the
 * capability up by, CAPABILITY one of the shell's own names.  `with { }` grants nothing, as
 * does leaving it out.  "with" in quotes is an argument.
 *
 * Pure.  Limits are those of schema/process.capnp; whether a program or a capability of that
 * name exists is for others to say, and `column` tells them where it stood.
 */
#include "user/shell/token.h"

#include "schema/process.capnp.h"
#include "schema/ring.capnp.h"

struct run_grant {
	const struct token *name;
	const struct token *capability;
};

/* Points into the token list. */
struct run_request {
	const struct token *program;
	uint32_t argument_count;
	uint32_t grant_count;
	const struct token *arguments[MAX_ARGUMENTS];
	struct run_grant grants[MAX_TRANSFERS];
};

/* Read the tokens after the command word.  False sets *error. */
bool run_request_read(struct run_request *request, const struct token_list *list,
		      struct parse_error *error);
