// SPDX-License-Identifier: MIT
/* The smallest program: starts and ends.  What it costs is what a process costs. */
#include "user/rt/start.h"

int capos_main(void)
{
	return 0;
}
