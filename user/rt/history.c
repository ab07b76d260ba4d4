// SPDX-License-Identifier: MIT
/* The last lines that were entered.  See history.h. */
#include "user/rt/history.h"

#include "lib/string.h"

void history_add(struct history *h, const char *line, uint32_t size)
{
	const struct history_line *newest = history_get(h, 0);

	if (size == 0 || size > HISTORY_LINE_BYTES)
		return;
	if (newest != nullptr && newest->size == size && memcmp(newest->data, line, size) == 0)
		return;
	struct history_line *slot = &h->lines[h->added % HISTORY_LINES];

	slot->size = size;
	memcpy(slot->data, line, size);
	h->added++;
}

const struct history_line *history_get(const struct history *h, uint32_t age)
{
	uint32_t known = h->added < HISTORY_LINES ? h->added : HISTORY_LINES;

	return age < known ? &h->lines[(h->added - 1 - age) % HISTORY_LINES] : nullptr;
}
