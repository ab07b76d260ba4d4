// SPDX-License-Identifier: MIT
/* Copies an object tree into one segment.  See flatten.h; request.h bounds the depth. */
#include "tools/capnpc-capos/flatten.h"

#include "tools/capnpc-capos/memory.h"

#include <string.h>

/* The index of `count` more words, zeroed. */
static uint32_t grow(struct words *w, uint64_t count)
{
	uint32_t at = w->count;

	if (at + count > w->capacity) {
		uint64_t capacity = (at + count) * 2;
		uint64_t *larger;

		if (capacity > UINT32_MAX)
			memory_fail("a constant is too large");
		larger = memory_take(capacity, sizeof(uint64_t));
		if (at != 0)
			memcpy(larger, w->word, at * sizeof(uint64_t));
		w->word = larger;
		w->capacity = (uint32_t)capacity;
	}
	memset(w->word + at, 0, count * sizeof(uint64_t));
	w->count += (uint32_t)count;
	return at;
}

static uint64_t pointer_to(uint32_t from, uint32_t to, uint64_t rest)
{
	return rest | (uint32_t)(((uint64_t)to - from - 1) << 2);
}

static void copy_pointer(struct words *w, struct object o, uint32_t index, uint32_t at);

/* Data and pointers of `o` into the words from `at` on. */
static void copy_body(struct words *w, struct object o, uint32_t at)
{
	if (o.data_bytes != 0)
		memcpy(w->word + at, o.data, o.data_bytes);
	for (uint32_t i = 0; i < o.pointers; i++)
		copy_pointer(w, o, i, at + o.data_bytes / 8 + i);
}

static uint64_t copy_object(struct words *w, struct object o, uint32_t at)
{
	uint32_t to = grow(w, o.data_bytes / 8 + o.pointers);
	uint64_t rest = (uint64_t)o.pointers << 48 | (uint64_t)(o.data_bytes / 8) << 32;

	copy_body(w, o, to);
	/* An empty struct has offset -1, lest its pointer read as null. */
	return pointer_to(at, rest != 0 ? to : at, rest);
}

static uint64_t copy_structs(struct words *w, struct array a, uint32_t at)
{
	uint32_t step = a.step_bits / 64;
	uint64_t words = (uint64_t)a.count * step;
	uint32_t to = grow(w, words + 1);

	w->word[to] = (uint64_t)a.pointers << 48 | (uint64_t)(a.data_bytes / 8) << 32 |
		      (uint64_t)a.count << 2;
	for (uint32_t i = 0; i < a.count; i++)
		copy_body(w, array_object(a, i), to + 1 + i * step);
	return pointer_to(at, to, words << 35 | 7ull << 32 | 1);
}

static uint64_t copy_array(struct words *w, struct array a, uint32_t at)
{
	uint64_t bits = (uint64_t)a.count * a.step_bits;
	uint32_t to;

	if (a.element == 7)
		return copy_structs(w, a, at);
	to = grow(w, (bits + 63) / 64);
	if (a.element == 6)
		for (uint32_t i = 0; i < a.count; i++)
			copy_pointer(w, array_object(a, i), 0, to + i);
	else if (bits != 0)
		memcpy(w->word + to, a.data, (bits + 7) / 8);
	return pointer_to(at, to, (uint64_t)a.count << 35 | (uint64_t)a.element << 32 | 1);
}

static void copy_pointer(struct words *w, struct object o, uint32_t index, uint32_t at)
{
	struct target t = object_target(o, index);
	uint64_t pointer = 0;

	if (t.kind == TARGET_OBJECT)
		pointer = copy_object(w, t.object, at);
	else if (t.kind == TARGET_ARRAY)
		pointer = copy_array(w, t.array, at);
	w->word[at] = pointer;
}

struct words flatten(struct object o, uint32_t index)
{
	struct words w = {};

	copy_pointer(&w, o, index, grow(&w, 1));
	return w;
}
