// SPDX-License-Identifier: MIT
#pragma once
/*
 * The packed encoding: messages for files and networks without most of their zeros.
 *
 * A word becomes a tag, a byte with a bit for each byte of the word that is not zero, and those
 * bytes.  After tag 0 comes a count of further zero words; after tag 255 and its word a count
 * of words that follow as they are.  Counts are 0 to 255.
 *
 * Two bytes can stand for two kilobytes: unpack into a buffer of the size that you accept.
 */
#include "lib/message_fault.h"

#include <stddef.h>
#include <stdint.h>

/* No packed form of `size_bytes` bytes is longer: ten bytes for the worst word. */
static inline size_t message_packed_bound(size_t size_bytes)
{
	return size_bytes / 8 * 10;
}

/*
 * Pack `size_bytes` bytes, a multiple of 8, into `out`, which has message_packed_bound() bytes;
 * returns how many were used.  The same bytes as the official tool, if the table of a frame and
 * each segment are packed each by itself, as it does.
 */
size_t message_pack(const void *bytes, size_t size_bytes, uint8_t *out);

/*
 * Unpack into `out`; *out_size is the length.  If `out` is null nothing is stored, and
 * *out_size is the length that is needed, no more than `capacity`.  MESSAGE_FAULT_CUT when the
 * bytes end in the middle, MESSAGE_FAULT_ROOM when the result is longer than `capacity`.
 */
enum message_fault message_unpack(const void *packed, size_t size_bytes, uint8_t *out,
				  size_t capacity, size_t *out_size);
