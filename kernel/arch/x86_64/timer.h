// SPDX-License-Identifier: MIT
#pragma once
/*
 * Time: the time stamp counter tells it, the local APIC's timer says when it has come.
 */

/* Measure both.  Returns nullptr, or what is wrong. */
const char *timer_init(void);

/* At a timer interrupt: whether what was armed has passed.  If it was more than the counter
 * holds, starts the next part. */
bool timer_has_expired(void);
