// SPDX-License-Identifier: MIT
#pragma once
/*
 * The kernel's own words, a line each, on the serial port.  Lines that tools read:
 *
 *   boot: ...     how the machine came up, or why it did not
 *   fault: ...    a program's fault record (kernel/core/fault.c); tools/symbolize adds names
 *   stack: ...    how deep the kernel stack has been, in builds that check themselves
 *   panic: ...    a broken kernel invariant; the machine has stopped
 */

/* One line, at most LOG_LINE_BYTES bytes, the newline added. */
[[gnu::format(printf, 1, 2)]] void log_line(const char *pattern, ...);

/* Before the machine ends: in builds that check themselves, how deep the kernel stack has been.
 * Then push everything through the port. */
void log_end(void);
