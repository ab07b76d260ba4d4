// SPDX-License-Identifier: MIT
#pragma once
/* Monotonic time without entering the kernel: nanoseconds since it started. */
#include <stdint.h>

/* The time now; the clock of Timer.now and of every deadline. */
uint64_t capos_now_ns(void);
