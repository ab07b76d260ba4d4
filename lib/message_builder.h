// SPDX-License-Identifier: MIT
#pragma once
/* Building messages.  lib/message.h has the model; include that. */
#include "lib/message_reader.h"

/* What becomes of the capability pointers in what is copied. */
enum message_capabilities : uint8_t {
	MESSAGE_CAPABILITIES_REFUSED, /* the copy fails */
	MESSAGE_CAPABILITIES_DROPPED, /* they become null */
	MESSAGE_CAPABILITIES_CARRIED, /* they keep their index, plus capability_base */
};

/* One message being built over the caller's buffer. */
struct message_builder {
	uint8_t *bytes;
	uint32_t used_words;
	bool failed; /* out of room, an index past the end of a list, or a bad source of a copy
		      */
	enum message_capabilities capabilities;
	uint16_t capability_base;
	uint32_t capacity_words;
};

/* data is null when there was no room; then setting does nothing. */
struct struct_builder {
	struct message_builder *message;
	uint8_t *data; /* data section; the pointers follow it */
};

/* A list being built: elements [0, count). */
struct list_builder {
	struct message_builder *message;
	uint8_t *data; /* first element; null when there was no room */
	uint32_t count;
	uint32_t step_bytes; /* from one element to the next; 0 for bits and empty elements */
	bool bits;           /* one bit an element */
};

/* Build into the first `capacity_bytes` bytes (rounded down to 8) of `buffer`. */
static inline void message_builder_init(struct message_builder *m, void *buffer,
					size_t capacity_bytes)
{
	size_t words = capacity_bytes / MESSAGE_WORD_BYTES;

	*m = (struct message_builder){
		.bytes = (uint8_t *)buffer,
		.capacity_words =
			words < MESSAGE_MAX_WORDS ? (uint32_t)words : MESSAGE_MAX_WORDS,
	};
}

/*
 * Say what copies into this message do with capability pointers.  Carried, they keep their
 * index plus `base`: right when the source's transfer list is sent along from place `base` on.
 */
static inline void message_builder_capabilities(struct message_builder *m,
						enum message_capabilities capabilities,
						uint16_t base)
{
	m->capabilities = capabilities;
	m->capability_base = base;
}

/* Length of the message in bytes; 0 if it failed or has no root. */
[[nodiscard]] static inline size_t message_builder_finish(const struct message_builder *m)
{
	return m->failed ? 0 : (size_t)m->used_words * MESSAGE_WORD_BYTES;
}

/* Bytes that a Text of `size` bytes takes in a message besides its pointer. */
static inline uint64_t message_text_bytes(uint32_t size)
{
	return ((uint64_t)size + 8) & ~7ull;
}

/* As message_text_bytes(), for a Data. */
static inline uint64_t message_data_bytes(uint32_t size)
{
	return ((uint64_t)size + 7) & ~7ull;
}

/*
 * Out of line parts of the setters; `offset` is the pointer's, in bytes from the start of the
 * struct.  False, or a builder without storage, when there is no room.
 */
bool struct_builder_set_text(struct struct_builder s, uint32_t offset, const char *text,
			     uint32_t size);
bool struct_builder_set_data(struct struct_builder s, uint32_t offset, const void *data,
			     uint32_t size);
uint8_t *struct_builder_init_data(struct struct_builder s, uint32_t offset, uint32_t size);
struct struct_builder struct_builder_init_struct(struct struct_builder s, uint32_t offset,
						 uint16_t data_words, uint16_t pointers);
struct list_builder struct_builder_init_list(struct struct_builder s, uint32_t offset,
					     enum message_element element, uint32_t count);
struct list_builder struct_builder_init_struct_list(struct struct_builder s, uint32_t offset,
						    uint32_t count, uint16_t data_words,
						    uint16_t pointers);

/* Elements of lists of pointers, and of structs. */
bool list_builder_set_text(struct list_builder l, uint32_t i, const char *text, uint32_t size);
bool list_builder_set_data(struct list_builder l, uint32_t i, const void *data, uint32_t size);
void list_builder_set_bool(struct list_builder l, uint32_t i, bool value);
void list_builder_set_capability(struct list_builder l, uint32_t i, uint32_t capability);
struct struct_builder list_builder_get_struct(struct list_builder l, uint32_t i);

/* Start the message with a zeroed root struct; whatever was built before is gone. */
static inline struct struct_builder message_builder_root(struct message_builder *m,
							 uint16_t data_words, uint16_t pointers)
{
	uint32_t size_words = (uint32_t)data_words + pointers;
	uint64_t pointer = (uint64_t)pointers << 48 | (uint64_t)data_words << 32;
	/* Not to be read again after each byte that is written. */
	uint8_t *root = m->bytes + MESSAGE_WORD_BYTES;

	if (m->capacity_words < 1 + size_words) {
		m->failed = true;
		return (struct struct_builder){ .message = m };
	}
	if (size_words == 0)
		pointer = 0xfffffffc; /* offset -1, as the encoding asks of empty structs */
	m->used_words = 1 + size_words;
	__builtin_memcpy(root - MESSAGE_WORD_BYTES, &pointer, sizeof(pointer));
	__builtin_memset(root, 0, size_words * MESSAGE_WORD_BYTES);
	return (struct struct_builder){ m, root };
}

/* For copies: the next `words` words, not zeroed; null, with the message failed, without room.
 */
uint8_t *message_builder_allocate(struct message_builder *m, uint64_t words);

/* Scalars of a struct's data section; offsets in bytes, for Bool in bits. */
static inline void struct_builder_set_bool(struct struct_builder s, uint32_t bit, bool value)
{
	uint8_t mask = (uint8_t)(1u << bit % 8);

	if (s.data == nullptr)
		return;
	if (value)
		s.data[bit / 8] |= mask;
	else
		s.data[bit / 8] &= (uint8_t)~mask;
}

static inline void struct_builder_set_uint8(struct struct_builder s, uint32_t offset,
					    uint8_t value)
{
	if (s.data != nullptr)
		s.data[offset] = value;
}

static inline void struct_builder_set_uint16(struct struct_builder s, uint32_t offset,
					     uint16_t value)
{
	if (s.data != nullptr)
		__builtin_memcpy(s.data + offset, &value, sizeof(value));
}

static inline void struct_builder_set_uint32(struct struct_builder s, uint32_t offset,
					     uint32_t value)
{
	if (s.data != nullptr)
		__builtin_memcpy(s.data + offset, &value, sizeof(value));
}

static inline void struct_builder_set_uint64(struct struct_builder s, uint32_t offset,
					     uint64_t value)
{
	if (s.data != nullptr)
		__builtin_memcpy(s.data + offset, &value, sizeof(value));
}

/* A capability pointer is the number 3 below an index; all zero is null. */
static inline void struct_builder_set_capability(struct struct_builder s, uint32_t offset,
						 uint32_t capability)
{
	struct_builder_set_uint64(s, offset, (uint64_t)capability << 32 | MESSAGE_CAPABILITY);
}

/* Where element i is stored, or null, with the message failed, when there is no
 * such element. */
static inline uint8_t *list_builder_at(struct list_builder l, uint32_t i, uint32_t size_bytes)
{
	if (i < l.count && size_bytes <= l.step_bytes)
		return l.data + (uint64_t)i * l.step_bytes;
	l.message->failed = true;
	return nullptr;
}

/* Set element i of a list of that type. */
static inline void list_builder_set_uint8(struct list_builder l, uint32_t i, uint8_t value)
{
	struct struct_builder element = { l.message, list_builder_at(l, i, sizeof(value)) };

	struct_builder_set_uint8(element, 0, value);
}

static inline void list_builder_set_uint16(struct list_builder l, uint32_t i, uint16_t value)
{
	struct struct_builder element = { l.message, list_builder_at(l, i, sizeof(value)) };

	struct_builder_set_uint16(element, 0, value);
}

static inline void list_builder_set_uint32(struct list_builder l, uint32_t i, uint32_t value)
{
	struct struct_builder element = { l.message, list_builder_at(l, i, sizeof(value)) };

	struct_builder_set_uint32(element, 0, value);
}

static inline void list_builder_set_uint64(struct list_builder l, uint32_t i, uint64_t value)
{
	struct struct_builder element = { l.message, list_builder_at(l, i, sizeof(value)) };

	struct_builder_set_uint64(element, 0, value);
}
