// SPDX-License-Identifier: MIT
#pragma once
/*
 * Time: the time stamp counter tells it, the local APIC's timer says when it has come.
 */
#include <stdint.h>

/* The time stamp counter at the kernel's first instructions (boot.S): where time starts. */
extern const uint64_t boot_timestamp;

/* Measure both.  Returns nullptr, or what is wrong. */
const char *timer_init(void);

/* At a timer interrupt: whether what was armed has passed.  If it was more than the counter
 * holds, starts the next part. */
bool timer_has_expired(void);
