// SPDX-License-Identifier: MIT
#pragma once
/*
 * Where a program begins.
 *
 * user/rt/entry.S saves the three values of abi/entry.h into the thread block and calls
 * capos_main(); its result is the exit code.  Nothing else runs before: ring client, CapSet and
 * heap set themselves up when they are first used.
 */

/* Defined by the program. */
int capos_main(void);
