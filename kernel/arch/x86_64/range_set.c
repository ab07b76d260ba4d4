// SPDX-License-Identifier: MIT
/* Sets of physical pages.  See range_set.h. */
#include "kernel/arch/x86_64/range_set.h"

constexpr uint64_t PAGE_MASK = PAGE_SIZE - 1;

static uint64_t page_down(uint64_t address)
{
	return address & ~PAGE_MASK;
}

/* The last page boundary stands for everything above it. */
static uint64_t page_up(uint64_t address)
{
	return address > ~PAGE_MASK ? ~PAGE_MASK : (address + PAGE_MASK) & ~PAGE_MASK;
}

/* Replace the ranges [first, last) by new_count of them, which fit. */
static void splice(struct range_set *set, uint32_t first, uint32_t last,
		   const struct boot_range *new_ranges, uint32_t new_count)
{
	uint32_t tail = set->count - last;

	if (first + new_count > last)
		for (uint32_t i = tail; i-- > 0;)
			set->range[first + new_count + i] = set->range[last + i];
	else
		for (uint32_t i = 0; i < tail; i++)
			set->range[first + new_count + i] = set->range[last + i];
	for (uint32_t i = 0; i < new_count; i++)
		set->range[first + i] = new_ranges[i];
	set->count = first + new_count + tail;
}

void range_set_add(struct range_set *set, uint64_t start, uint64_t end)
{
	struct boot_range merged = { page_up(start), page_down(end) };
	uint32_t first = 0;
	uint32_t last;

	if (merged.start >= merged.end)
		return;
	while (first < set->count && set->range[first].end < merged.start)
		first++;
	for (last = first; last < set->count && set->range[last].start <= merged.end; last++) {
		if (set->range[last].start < merged.start)
			merged.start = set->range[last].start;
		if (set->range[last].end > merged.end)
			merged.end = set->range[last].end;
	}
	if (first == last && set->count == BOOT_MAX_RANGES)
		return;
	splice(set, first, last, &merged, 1);
}

/* What is left of one range without [start, end): 0, 1 or 2 ranges. */
static uint32_t subtract(struct boot_range from, uint64_t start, uint64_t end,
			 struct boot_range out_left[static 2])
{
	uint32_t count = 0;

	if (from.start < start)
		out_left[count++] = (struct boot_range){ from.start, start };
	if (end < from.end)
		out_left[count++] = (struct boot_range){ end, from.end };
	return count;
}

void range_set_remove(struct range_set *set, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	start = page_down(start);
	end = page_up(end);
	for (uint32_t i = 0; i < set->count;) {
		struct boot_range left[2];
		uint32_t count;

		if (set->range[i].end <= start || set->range[i].start >= end) {
			i++;
			continue;
		}
		count = subtract(set->range[i], start, end, left);
		if (count == 2 && set->count == BOOT_MAX_RANGES)
			count = 1;
		splice(set, i, i + 1, left, count);
		i += count;
	}
}

bool range_set_contains(const struct range_set *set, uint64_t start, uint64_t end)
{
	if (start >= end)
		return start == end;
	for (uint32_t i = 0; i < set->count; i++)
		if (set->range[i].start <= start && end <= set->range[i].end)
			return true;
	return false;
}

struct paddr range_set_take_page(struct range_set *set, uint64_t limit)
{
	struct paddr page = { PADDR_NONE };

	if (set->count == 0 || set->range[0].start + PAGE_SIZE > limit)
		return page;
	page.raw = set->range[0].start;
	range_set_remove(set, page.raw, page.raw + PAGE_SIZE);
	return page;
}

uint64_t range_set_bytes(const struct range_set *set)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < set->count; i++)
		bytes += set->range[i].end - set->range[i].start;
	return bytes;
}

bool range_set_check(const struct range_set *set)
{
	if (set->count > BOOT_MAX_RANGES)
		return false;
	for (uint32_t i = 0; i < set->count; i++) {
		const struct boot_range *r = &set->range[i];

		if (r->start >= r->end || ((r->start | r->end) & PAGE_MASK) != 0)
			return false;
		if (i > 0 && set->range[i - 1].end >= r->start)
			return false;
	}
	return true;
}
