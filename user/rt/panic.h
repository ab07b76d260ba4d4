// SPDX-License-Identifier: MIT
#pragma once
/*
 * The end of a program that found itself broken.
 *
 * Prints "PROGRAM: panic: FILE:LINE: WHAT" through the capability "console", if there is one,
 * and exits with CAPOS_PANIC_CODE.  A panic while panicking exits at once.  Stack smashing
 * (__stack_chk_fail) and a failed require() (lib/require.h) end here.
 */
#include <stdint.h>

/* Exit code after a panic. */
constexpr int32_t CAPOS_PANIC_CODE = 134;

/* End the program as above; the texts are closed by zero bytes. */
[[noreturn]] void capos_panic(const char *file, uint32_t line, const char *what);
