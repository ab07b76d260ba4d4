// SPDX-License-Identifier: MIT
/* Frames and their segments.  See message_frame.h. */
#include "lib/message_frame.h"

#include "lib/message_reader.h"

constexpr uint32_t SIZE_BYTES = sizeof(uint32_t);

static uint64_t table_bytes(uint32_t segments)
{
	return (SIZE_BYTES + (uint64_t)segments * SIZE_BYTES + 7) & ~7ull;
}

static void set_limits(struct message_frame *frame)
{
	frame->budget_words = message_default_budget(frame->words);
	frame->nesting = MESSAGE_DEFAULT_NESTING;
}

/* Add up the sizes of the segments; false when one is longer than a segment can be. */
static bool add_sizes(struct message_frame *frame)
{
	for (uint32_t i = 0; i < frame->segments; i++) {
		uint32_t words = message_load_uint32(frame->sizes + (uint64_t)i * SIZE_BYTES);

		if (words > MESSAGE_MAX_WORDS)
			return false;
		frame->words += words;
	}
	return true;
}

enum message_fault message_frame_init(struct message_frame *frame, const void *bytes,
				      size_t size_bytes, size_t *out_used)
{
	const uint8_t *table = bytes;
	uint32_t last = size_bytes >= SIZE_BYTES ? message_load_uint32(table) : 0;

	*frame = (struct message_frame){};
	*out_used = table_bytes(1);
	if (last >= MESSAGE_MAX_SEGMENTS)
		return MESSAGE_FAULT_SEGMENTS;
	*out_used = table_bytes(last + 1);
	if (size_bytes < *out_used)
		return MESSAGE_FAULT_CUT;
	frame->segments = last + 1;
	frame->sizes = table + SIZE_BYTES;
	frame->bytes = table + *out_used;
	if (!add_sizes(frame))
		return MESSAGE_FAULT_CUT;
	*out_used += frame->words * MESSAGE_WORD_BYTES;
	if (size_bytes < *out_used)
		return MESSAGE_FAULT_CUT;
	set_limits(frame);
	return MESSAGE_FAULT_NONE;
}

enum message_fault message_frame_init_flat(struct message_frame *frame, const void *bytes,
					   size_t size_bytes)
{
	size_t words = size_bytes / MESSAGE_WORD_BYTES;

	*frame = (struct message_frame){ .bytes = bytes, .words = words, .segments = 1 };
	if (size_bytes % MESSAGE_WORD_BYTES != 0 || words > MESSAGE_MAX_WORDS)
		return MESSAGE_FAULT_CUT;
	set_limits(frame);
	return MESSAGE_FAULT_NONE;
}

bool message_frame_segment(const struct message_frame *frame, uint32_t index,
			   struct message_segment *out)
{
	const uint8_t *bytes = frame->bytes;

	if (index >= frame->segments)
		return false;
	*out = (struct message_segment){ bytes, (uint32_t)frame->words, index };
	if (frame->sizes == nullptr)
		return true;
	for (uint32_t i = 0; i < index; i++)
		bytes +=
			(uint64_t)message_load_uint32(frame->sizes + (uint64_t)i * SIZE_BYTES) *
			MESSAGE_WORD_BYTES;
	out->bytes = bytes;
	out->words = message_load_uint32(frame->sizes + (uint64_t)index * SIZE_BYTES);
	return true;
}

void message_frame_table(size_t size_bytes, uint8_t out_table[8])
{
	uint32_t table[2] = { 0, (uint32_t)(size_bytes / MESSAGE_WORD_BYTES) };

	__builtin_memcpy(out_table, table, sizeof(table));
}
