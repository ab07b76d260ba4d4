// SPDX-License-Identifier: MIT
#pragma once
/* Messages for tests of lib/message*: one with one of everything, and pointers written by hand.
 */
#include "lib/message.h"

/* Words that the sample takes. */
constexpr uint32_t SAMPLE_WORDS = 32;

/* Kinds of pointer, as their low bits. */
constexpr uint64_t SAMPLE_LIST = 1;
constexpr uint64_t SAMPLE_FAR = 2;
constexpr uint64_t SAMPLE_OTHER = 3;

/* Build a message with one of everything; false when there was no room. */
bool sample_build(struct message_builder *b);

/* Check that what was read is that message, except its capability; fails the test if not. */
void sample_check(struct struct_reader root);

/* Offsets are in words, from the word after the pointer. */
static inline uint64_t struct_pointer(int32_t offset, uint16_t data_words, uint16_t pointers)
{
	return (uint64_t)pointers << 48 | (uint64_t)data_words << 32 |
	       (uint32_t)((uint64_t)offset << 2);
}

static inline uint64_t list_pointer(int32_t offset, enum message_element element,
				    uint32_t count)
{
	return (uint64_t)count << 35 | (uint64_t)element << 32 |
	       (uint32_t)((uint64_t)offset << 2) | SAMPLE_LIST;
}

/* To the landing pad at `word` of a segment. */
static inline uint64_t far_pointer(uint32_t segment, uint32_t word, bool is_double)
{
	return (uint64_t)segment << 32 | (uint64_t)word << 3 | (is_double ? 4 : 0) | SAMPLE_FAR;
}

static inline uint64_t capability_pointer(uint32_t index)
{
	return (uint64_t)index << 32 | SAMPLE_OTHER;
}
