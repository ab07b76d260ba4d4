// SPDX-License-Identifier: MIT
#pragma once
/*
 * Text on the capability "console", for programs without a terminal.
 *
 * Long text goes out in pieces of CONSOLE_MAX_BYTES.  A program without a console prints
 * nothing and is told so by the status.
 */
#include "schema/status.capnp.h"

#include <stddef.h>

/* Statuses: badCapability (no console), wrongInterface, and those of Console.write. */
enum status capos_write(const char *text, size_t size);

/*
 * Formatted as lib/format.h does; cut after CAPOS_PRINT_BYTES.  Failures are silent: who must
 * know uses capos_write().
 */
[[gnu::format(printf, 1, 2)]] void capos_print(const char *format, ...);

/* Longest text of one capos_print(). */
constexpr size_t CAPOS_PRINT_BYTES = 512;
