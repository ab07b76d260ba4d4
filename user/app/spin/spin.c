// SPDX-License-Identifier: MIT
/* A program that never stops and never enters the kernel. */
#include "user/rt/start.h"

int capos_main(void)
{
	for (;;)
		__asm__ volatile("pause");
}
