// SPDX-License-Identifier: MIT
#pragma once
/*
 * Pointers whose target has no type of its own in the schema: AnyPointer fields, the elements
 * of lists of lists, and the roots of constants.  lib/message.h has the model.
 *
 * A pointer_reader or pointer_builder stands for one pointer word; it is a struct without data
 * whose only pointer is the one meant.  The generated foo_from_pointer() and foo_into_pointer()
 * give it the type of struct Foo.
 */
#include "lib/message_builder.h"
#include "lib/message_reader.h"

/* A pointer to read. */
struct pointer_reader {
	struct struct_reader s;
};

/* A pointer to set. */
struct pointer_builder {
	struct struct_builder s;
};

/*
 * Storage for a reader of a constant: an array of words that is known to be a good message.
 * Such a reader has no budget, so it is never written and any number of readers may share it.
 */
#define MESSAGE_OF_WORDS(array)                              \
	{                                                    \
		.bytes = (const uint8_t *)(array),           \
		.words = sizeof(array) / sizeof((array)[0]), \
		.budget_words = MESSAGE_NO_BUDGET,           \
		.nesting = UINT8_MAX,                        \
	}

/* The root pointer of a message that is not malformed. */
static inline struct pointer_reader message_reader_pointer(struct message_reader *m)
{
	return (struct pointer_reader){
		{ .message = m, .data = m->bytes, .pointers = 1, .nesting = m->nesting },
	};
}

/* Pointer `index` of a struct; null when the struct is too short to have it. */
static inline struct pointer_reader struct_reader_get_pointer(struct struct_reader s,
							      uint32_t index)
{
	bool is_there = index < s.pointers;

	if (is_there)
		s.data += s.data_bytes + (uint64_t)index * MESSAGE_WORD_BYTES;
	s.data_bytes = 0;
	s.pointers = is_there;
	return (struct pointer_reader){ s };
}

/* Element i of a list of pointers; null past the end. */
static inline struct pointer_reader list_reader_get_pointer(struct list_reader l, uint32_t i)
{
	return struct_reader_get_pointer(list_reader_get_struct(l, i), 0);
}

/* Whether it is not null. */
static inline bool pointer_reader_has(struct pointer_reader p)
{
	return struct_reader_has(p.s, 0);
}

/* What it leads to; as with fields, null reads as empty and the wrong kind is malformed. */
static inline struct struct_reader pointer_reader_get_struct(struct pointer_reader p)
{
	return struct_reader_get_struct(p.s, 0);
}

static inline struct list_reader pointer_reader_get_list(struct pointer_reader p,
							 enum message_element element)
{
	return struct_reader_get_list(p.s, 0, element);
}

static inline struct text_reader pointer_reader_get_text(struct pointer_reader p)
{
	return struct_reader_get_text(p.s, 0);
}

static inline struct data_reader pointer_reader_get_data(struct pointer_reader p)
{
	return struct_reader_get_data(p.s, 0);
}

static inline struct capability_index pointer_reader_get_capability(struct pointer_reader p)
{
	return struct_reader_get_capability(p.s, 0);
}

/* The pointer at `offset`, in bytes from the start of the struct. */
static inline struct pointer_builder struct_builder_get_pointer(struct struct_builder s,
								uint32_t offset)
{
	if (s.data != nullptr)
		s.data += offset;
	return (struct pointer_builder){ s };
}

/* Element i of a list of pointers. */
static inline struct pointer_builder list_builder_get_pointer(struct list_builder l, uint32_t i)
{
	return (struct pointer_builder){
		{ l.message, list_builder_at(l, i, MESSAGE_WORD_BYTES) },
	};
}

/* Point it to something new. */
static inline bool pointer_builder_set_text(struct pointer_builder p, const char *text,
					    uint32_t size)
{
	return struct_builder_set_text(p.s, 0, text, size);
}

static inline bool pointer_builder_set_data(struct pointer_builder p, const void *data,
					    uint32_t size)
{
	return struct_builder_set_data(p.s, 0, data, size);
}

static inline void pointer_builder_set_capability(struct pointer_builder p, uint32_t capability)
{
	struct_builder_set_capability(p.s, 0, capability);
}

/* Make the pointer lead to a new zeroed object, as the struct_builder function of that name. */
static inline struct struct_builder
pointer_builder_init_struct(struct pointer_builder p, uint16_t data_words, uint16_t pointers)
{
	return struct_builder_init_struct(p.s, 0, data_words, pointers);
}

/* As struct_builder_init_list(). */
static inline struct list_builder pointer_builder_init_list(struct pointer_builder p,
							    enum message_element element,
							    uint32_t count)
{
	return struct_builder_init_list(p.s, 0, element, count);
}

/* As struct_builder_init_struct_list(). */
static inline struct list_builder pointer_builder_init_struct_list(struct pointer_builder p,
								   uint32_t count,
								   uint16_t data_words,
								   uint16_t pointers)
{
	return struct_builder_init_struct_list(p.s, 0, count, data_words, pointers);
}
