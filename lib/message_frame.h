// SPDX-License-Identifier: MIT
#pragma once
/*
 * Messages from outside: framed, of several segments, with far pointers.
 *
 * Inside the system a message is one segment without a table, and its length is known; files
 *and networks bring frames:
 *
 *   number of segments, less one (32 bits) | size of each in words (32 bits each) | zeros up to
 *   a multiple of 8 | the segments
 *
 * Nothing reads a frame in place.  message_frame_copy() (lib/message_copy.h) copies what the
 * root leads to into one segment in the caller's buffer, which is then read like any message:
 *
 *	message_frame_init(&frame, bytes, size, &used);     is there a whole frame?
 *	message_builder_init(&flat, buffer, sizeof(buffer));
 *	message_frame_copy(&frame, &flat, MESSAGE_FORM_PLAIN);
 *	message_reader_init(&m, buffer, message_builder_finish(&flat));
 *
 * A buffer as large as the frame is enough for whatever a builder wrote; only a message in
 *which pointers share an object needs more.  Each function that can fail says what was wrong.
 */
#include "lib/message_fault.h"

#include <stddef.h>
#include <stdint.h>

/* As many as the official library takes from a stream. */
constexpr uint32_t MESSAGE_MAX_SEGMENTS = 511;

/* A frame found in memory, which must stay as it is.  Its members are this module's. */
struct message_frame {
	const uint8_t *sizes; /* of the segments, in words; null: one segment, of `words` */
	const uint8_t *bytes; /* of the first segment; the others follow */
	uint64_t words;       /* of all segments */
	uint32_t segments;
	uint32_t budget_words; /* what a copy may traverse */
	uint8_t nesting; /* pointers below the root's object that may be followed in a row */
};

/* One segment of a frame, in words of 8 bytes. */
struct message_segment {
	const uint8_t *bytes;
	uint32_t words;
	uint32_t index;
};

/*
 * Find the frame that starts at `bytes`.  *out_used is how many bytes it has; the next message
 * of a stream may follow.  When the fault is MESSAGE_FAULT_CUT, it is how many bytes are known
 * to be needed, so that a caller who reads a stream knows how much more to fetch.
 * The budget is 16 times the segments and 1024 words, the nesting limit the reader's.
 */
enum message_fault message_frame_init(struct message_frame *frame, const void *bytes,
				      size_t size_bytes, size_t *out_used);

/* The same for one segment without a table; `size_bytes` is a multiple of 8. */
enum message_fault message_frame_init_flat(struct message_frame *frame, const void *bytes,
					   size_t size_bytes);

/* Segment `index`; false when the frame has no such segment. */
bool message_frame_segment(const struct message_frame *frame, uint32_t index,
			   struct message_segment *out);

/* The table that stands before a message of one segment, `size_bytes` long. */
void message_frame_table(size_t size_bytes, uint8_t out_table[8]);
