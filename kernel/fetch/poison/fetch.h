// SPDX-License-Identifier: MIT
#pragma once
/*
 * Reading memory that a program may be writing, where it counts: what has been read is
 * overwritten at once, and put back when its entry has been run.  kernel/fetch/plain/fetch.h
 * has the model.
 */
#include <stdint.h>

/* What stands in memory that has been read: no capability, no span, no length, no tag, no
 * opcode, far from every counter, and no message. */
constexpr uint64_t FETCH_POISON = UINT64_C(0xdeadf00ddeadf00d);

void fetch_begin(void);
void fetch_entry_end(void);
void fetch_end(void);
uint32_t fetch_counter(uint32_t *counter);
uint64_t fetch_word(volatile uint64_t *word);
void fetch_span(void *to, void *from, uint32_t size_bytes);
