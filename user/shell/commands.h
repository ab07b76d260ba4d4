// SPDX-License-Identifier: MIT
#pragma once
/* The commands: one table, one function each.  The tokens of the line are in the shell. */
#include "user/shell/shell.h"

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *help;
	void (*run)(struct shell *shell);
};

/* Run the command that the shell's tokens begin with; says so when there is none. */
void command_run(struct shell *shell);

/* Tell of jobs that have ended since it was last asked, and forget them. */
void command_report_jobs(struct shell *shell);

/* command_system.c */
void command_caps(struct shell *shell);
void command_programs(struct shell *shell);
void command_uptime(struct shell *shell);
void command_audit(struct shell *shell);
void command_echo(struct shell *shell);
void command_clear(struct shell *shell);
void command_exit(struct shell *shell);
void command_shutdown(struct shell *shell);

/* command_process.c */
void command_program(struct shell *shell);
void command_spawn(struct shell *shell);
void command_jobs(struct shell *shell);
void command_wait(struct shell *shell);
void command_kill(struct shell *shell);
