// SPDX-License-Identifier: MIT
#pragma once
/*
 * A small set of physical pages, as sorted, disjoint, page-aligned ranges that do not touch.
 * It has a fixed capacity: where a change would need more ranges than it has, the set keeps
 * fewer pages than it could, never more.
 */
#include "kernel/hal/boot.h"

struct range_set {
	struct boot_range range[BOOT_MAX_RANGES];
	uint32_t count;
};

/* Add the whole pages inside [start, end).  Nothing happens if there are none. */
void range_set_add(struct range_set *set, uint64_t start, uint64_t end);

/* Remove every page that [start, end) touches. */
void range_set_remove(struct range_set *set, uint64_t start, uint64_t end);

/* Whether every byte of [start, end) is in the set; true for none. */
bool range_set_contains(const struct range_set *set, uint64_t start, uint64_t end);

/* Take the lowest page below limit out of the set: its address, or PADDR_NONE. */
struct paddr range_set_take_page(struct range_set *set, uint64_t limit);

uint64_t range_set_bytes(const struct range_set *set);

/* The invariant: order, alignment, gaps, count.  For tests. */
bool range_set_check(const struct range_set *set);
