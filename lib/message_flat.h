// SPDX-License-Identifier: MIT
#pragma once
/*
 * Flat structs: those whose fields are scalars and capabilities, so that their words mean the
 * same wherever they stand.  lib/message.h has the model.
 *
 * A flat struct that is the root of a message can be read as a whole, into words of the size
 * that the schema has: what a shorter struct lacks is zero, what a longer one has beyond that
 * is left out.  As the size is then known to the compiler, a getter is one load.  A message as
 * the schema's own builder makes it is recognised by its first word and taken word by word.
 *
 * The generated foo_read_flat() does so; foo_flat() is for those who fetch the words
 * themselves.
 */
#include "lib/message_reader.h"

/* The most words that such a struct has. */
constexpr uint32_t MESSAGE_FLAT_WORDS_MAX = 16;

/* Where the words of a flat struct go: its data section, then its capability pointers. */
struct message_flat {
	uint64_t *words;
	uint16_t data_words;
	uint16_t pointers;
};

/* Words of the struct. */
static inline uint32_t message_flat_words(struct message_flat to)
{
	return (uint32_t)to.data_words + to.pointers;
}

/* What a message begins with whose second word begins the struct in the schema's size. */
static inline uint64_t message_flat_root(struct message_flat to)
{
	return (uint64_t)to.pointers << 48 | (uint64_t)to.data_words << 32;
}

/* Fill `to` from a root of any size, at any place.  False, with the message malformed and only
 * zeros in `to`, when it is not a struct inside the message. */
[[nodiscard]] bool message_flat_take(struct message_reader *m, struct message_flat to);

/* The same; `to` is not handed on, so that the compiler can keep it in registers. */
[[nodiscard]] static inline bool message_flat_take_other(struct message_reader *m,
							 struct message_flat to)
{
	uint64_t words[MESSAGE_FLAT_WORDS_MAX];
	bool is_taken = message_flat_take(
		m, (struct message_flat){ words, to.data_words, to.pointers });

	for (uint32_t i = 0; i < message_flat_words(to); i++)
		to.words[i] = words[i];
	return is_taken;
}

/* The same, short where the message is as the schema's builder makes it. */
[[nodiscard]] static inline bool message_flat_read(struct message_reader *m,
						   struct message_flat to)
{
	uint32_t count = message_flat_words(to);

	if (m->words <= count || m->budget_words < count ||
	    message_load_uint64(m->bytes) != message_flat_root(to))
		return message_flat_take_other(m, to);
	if (m->budget_words != MESSAGE_NO_BUDGET)
		m->budget_words -= count;
	for (uint32_t i = 0; i < count; i++)
		to.words[i] =
			message_load_uint64(m->bytes + (uint64_t)(1 + i) * MESSAGE_WORD_BYTES);
	return true;
}

/* A reader of words that have been filled; *m becomes the message that they are. */
static inline struct struct_reader message_flat_reader(struct message_flat from,
						       struct message_reader *m)
{
	message_reader_init(m, from.words, message_flat_words(from) * MESSAGE_WORD_BYTES);
	return (struct struct_reader){
		.message = m,
		.data = (const uint8_t *)from.words,
		.data_bytes = from.data_words * MESSAGE_WORD_BYTES,
		.pointers = from.pointers,
		.nesting = MESSAGE_DEFAULT_NESTING,
	};
}
