// SPDX-License-Identifier: MIT
#pragma once
/*
 * Ending the machine; the functions are in kernel/hal/cpu.h.  The ways are tried in this order:
 * the emulator's exit device, ACPI's switches, reset by the old means, a triple fault.
 *
 * "debug_exit=0xf4" on the command line names the I/O port of an emulator's exit device (QEMU's
 * isa-debug-exit), which takes DEBUG_EXIT_VERDICT + verdict, or DEBUG_EXIT_STOPPED.
 */
#include "kernel/arch/x86_64/fadt.h"

constexpr uint32_t DEBUG_EXIT_VERDICT = 0x10;
constexpr uint32_t DEBUG_EXIT_STOPPED = 0x7f;

/* Read the command line.  Returns nullptr, or what is wrong.  The exit device works from here
 * on. */
const char *power_init(const char *command_line);

/* Remember the machine's own switches.  A machine without them is a small virtual one, which is
 * ended by a reset: that is then what switching it off does. */
void power_set_switches(const struct fadt *fadt);

/* Map those that lie in memory, before the kernel's page tables are used (kernel_map.h). */
void power_map(struct range_set *free);
