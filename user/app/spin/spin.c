// SPDX-License-Identifier: MIT
/* A program that never stops and never enters the kernel; without `pause`, to be as greedy as
 * can be. */
#include "user/rt/start.h"

int capos_main(void)
{
	for (;;)
		__asm__ volatile("");
}
