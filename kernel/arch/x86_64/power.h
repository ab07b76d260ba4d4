// SPDX-License-Identifier: MIT
#pragma once
/*
 * Ending the machine; the functions are in kernel/hal/cpu.h.
 *
 * "debug_exit=0xf4" on the command line names the I/O port of an emulator's exit device (QEMU's
 * isa-debug-exit), which takes DEBUG_EXIT_VERDICT + verdict, or DEBUG_EXIT_STOPPED.
 */
#include <stdint.h>

constexpr uint32_t DEBUG_EXIT_VERDICT = 0x10;
constexpr uint32_t DEBUG_EXIT_STOPPED = 0x7f;

/* Read the command line.  Returns nullptr, or what is wrong. */
const char *power_init(const char *command_line);
