// SPDX-License-Identifier: MIT
#pragma once
/*
 * The shell's state: one of it, made in main.c, handed to every command.
 *
 * The shell is an unprivileged program.  All it can do it does through capabilities that it was
 * given by name; a command whose capability is missing says so.
 */
#include "user/rt/line_editor.h"
#include "user/rt/terminal.h"
#include "user/shell/jobs.h"
#include "user/shell/token.h"

struct shell {
	struct terminal terminal;
	struct line_editor editor;
	struct token_list tokens; /* of the line being run */
	struct job_table jobs;
	uint64_t first_prompt_ns; /* when the first prompt was written */
	bool ending;
};

/*
 * One of the shell's own capabilities.  False, after saying on the terminal what is missing,
 * when there is none of that name and interface.
 */
bool shell_capability(struct shell *shell, const char *name, uint64_t interface_id,
		      uint64_t *out_id);

/* "error: WHAT: STATUS" */
void shell_failed(struct shell *shell, const char *what, enum status status);

/* "error at column N: WHAT" */
void shell_error_at(struct shell *shell, uint32_t column, const char *what);

/* As shell_error_at for a status of the kernel about a text of the line. */
void shell_failed_at(struct shell *shell, const struct token *token, enum status status);

/* Whether nothing follows the command word; otherwise says where something does. */
bool shell_no_arguments(struct shell *shell);
