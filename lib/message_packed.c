// SPDX-License-Identifier: MIT
/* The packed encoding.  See message_packed.h. */
#include "lib/message_packed.h"

#include "lib/message_reader.h"

constexpr size_t MAX_RUN = 255;
constexpr uint32_t TAG_ZEROS = 0;
constexpr uint32_t TAG_FULL = 255;

/* How many bytes of a word are zero. */
static uint32_t zeros_of(const uint8_t *word)
{
	uint32_t zeros = 0;

	for (uint32_t i = 0; i < MESSAGE_WORD_BYTES; i++)
		zeros += word[i] == 0;
	return zeros;
}

/* Store the tag of a word and its bytes that are not zero; returns the end. */
static uint8_t *pack_word(const uint8_t *word, uint8_t *out)
{
	uint8_t *tag = out++;

	*tag = 0;
	for (uint32_t i = 0; i < MESSAGE_WORD_BYTES; i++) {
		if (word[i] == 0)
			continue;
		*tag |= (uint8_t)(1u << i);
		*out++ = word[i];
	}
	return out;
}

static size_t zero_words(const uint8_t *words, size_t limit)
{
	size_t count = 0;

	while (count < limit && message_load_uint64(words + count * MESSAGE_WORD_BYTES) == 0)
		count++;
	return count;
}

/* Words that packing would not make shorter: at most one zero byte. */
static size_t full_words(const uint8_t *words, size_t limit)
{
	size_t count = 0;

	while (count < limit && zeros_of(words + count * MESSAGE_WORD_BYTES) < 2)
		count++;
	return count;
}

size_t message_pack(const void *bytes, size_t size_bytes, uint8_t *out)
{
	const uint8_t *word = bytes;
	const uint8_t *start = out;
	size_t left = size_bytes / MESSAGE_WORD_BYTES;

	while (left != 0) {
		size_t limit = left - 1 < MAX_RUN ? left - 1 : MAX_RUN;
		uint8_t *tag = out;
		size_t run = 0;

		out = pack_word(word, out);
		word += MESSAGE_WORD_BYTES;
		left--;
		if (*tag != TAG_ZEROS && *tag != TAG_FULL)
			continue;
		run = *tag == TAG_ZEROS ? zero_words(word, limit) : full_words(word, limit);
		*out++ = (uint8_t)run;
		if (*tag == TAG_FULL) {
			__builtin_memcpy(out, word, run * MESSAGE_WORD_BYTES);
			out += run * MESSAGE_WORD_BYTES;
		}
		word += run * MESSAGE_WORD_BYTES;
		left -= run;
	}
	return (size_t)(out - start);
}

/* What is left to unpack, and where it goes. */
struct unpacking {
	const uint8_t *in;
	size_t in_left;
	uint8_t *out; /* null: only the length is wanted */
	size_t out_left;
};

/* Take `size` bytes as they are, or zeros if `from_input` is false. */
static enum message_fault take_bytes(struct unpacking *u, size_t size, bool from_input)
{
	if (from_input && u->in_left < size)
		return MESSAGE_FAULT_CUT;
	if (u->out_left < size)
		return MESSAGE_FAULT_ROOM;
	if (u->out != nullptr) {
		if (from_input)
			__builtin_memcpy(u->out, u->in, size);
		else
			__builtin_memset(u->out, 0, size);
		u->out += size;
	}
	u->out_left -= size;
	if (from_input) {
		u->in += size;
		u->in_left -= size;
	}
	return MESSAGE_FAULT_NONE;
}

static enum message_fault unpack_word(struct unpacking *u, uint32_t tag)
{
	enum message_fault fault = MESSAGE_FAULT_NONE;

	for (uint32_t i = 0; i < MESSAGE_WORD_BYTES && fault == MESSAGE_FAULT_NONE; i++)
		fault = take_bytes(u, 1, (tag >> i & 1) != 0);
	return fault;
}

/* The words that a count after the tag announces. */
static enum message_fault unpack_run(struct unpacking *u, uint32_t tag)
{
	size_t count;

	if (u->in_left == 0)
		return MESSAGE_FAULT_CUT;
	count = *u->in++;
	u->in_left--;
	return take_bytes(u, count * MESSAGE_WORD_BYTES, tag == TAG_FULL);
}

enum message_fault message_unpack(const void *packed, size_t size_bytes, uint8_t *out,
				  size_t capacity, size_t *out_size)
{
	struct unpacking u = { packed, size_bytes, out, capacity };
	enum message_fault fault = MESSAGE_FAULT_NONE;

	while (fault == MESSAGE_FAULT_NONE && u.in_left != 0) {
		uint32_t tag = *u.in++;

		u.in_left--;
		fault = unpack_word(&u, tag);
		if (fault == MESSAGE_FAULT_NONE && (tag == TAG_ZEROS || tag == TAG_FULL))
			fault = unpack_run(&u, tag);
	}
	*out_size = capacity - u.out_left;
	return fault;
}
