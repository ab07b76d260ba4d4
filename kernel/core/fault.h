// SPDX-License-Identifier: MIT
#pragma once
/* A program's fault: the record, the log lines, and the end of its process alone. */
#include "kernel/hal/context.h"

struct thread;

/* Record what thread did, write it to the log, and end its process with it. */
void fault_end_process(struct thread *thread, const struct hal_fault *fault);
