// SPDX-License-Identifier: MIT
#pragma once
/* Monotonic time, counted from the kernel's first instructions. */
#include <stdint.h>

struct ring_header;

/* Take over the calibrated clock; once, before the first time_now_ns(). */
void time_init(void);

uint64_t time_now_ns(void);

/* Publish what a program needs to compute the same time without a system call. */
void time_publish(struct ring_header *header);
