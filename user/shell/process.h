// SPDX-License-Identifier: MIT
#pragma once
/* Starting programs and waiting for them, on behalf of `run`, `spawn`, `wait` and `jobs`. */
#include "user/shell/outcome.h"
#include "user/shell/parser.h"
#include "user/shell/shell.h"

#include "schema/process.client.h"

enum wait_end : uint8_t {
	WAIT_ENDED,       /* *out_outcome says how */
	WAIT_INTERRUPTED, /* Ctrl-C came first */
	WAIT_FAILED,      /* said on the terminal */
};

/*
 * Start what was asked for.  False, after saying why and where, when that cannot be.  The
 * handle is the caller's.
 */
bool process_start(struct shell *shell, const struct run_request *request,
		   struct process_handle_client *out_process);

/*
 * Wait for the end of a process.  With `watch` the terminal is read meanwhile: Ctrl-C ends the
 * wait, all other input is kept for later.
 */
enum wait_end process_wait(struct shell *shell, struct process_handle_client process,
			   bool watch, struct outcome *out_outcome);

/* How a process is now. */
enum status process_status(struct process_handle_client process, struct outcome *out_outcome);
