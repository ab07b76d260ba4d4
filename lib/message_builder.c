// SPDX-License-Identifier: MIT
/* Builder of Cap'n Proto messages.  See message.h for the model, message_reader.c
 * for pointers. */
#include "lib/message_builder.h"

uint8_t *message_builder_allocate(struct message_builder *m, uint64_t words)
{
	uint8_t *found = m->bytes + (uint64_t)m->used_words * MESSAGE_WORD_BYTES;

	if (words > m->capacity_words - m->used_words) {
		m->failed = true;
		return nullptr;
	}
	m->used_words += (uint32_t)words;
	return found;
}

static void store_pointer(uint8_t *at, const uint8_t *target, uint64_t rest)
{
	int64_t offset = (target - at) / MESSAGE_WORD_BYTES - 1;
	uint64_t pointer = rest | (uint32_t)((uint64_t)offset << 2);

	__builtin_memcpy(at, &pointer, sizeof(pointer));
}

/* A list pointer's constant part; its kind is 1. */
static uint64_t list_pointer(enum message_element element, uint64_t count)
{
	return count << 35 | (uint64_t)element << 32 | 1;
}

/* Point `at` to `size` fresh bytes of which the last word, and no other, is zeroed. */
static uint8_t *init_bytes(struct message_builder *m, uint8_t *at, uint64_t size)
{
	uint64_t words = (size + 7) / MESSAGE_WORD_BYTES;
	uint8_t *found = at != nullptr && size <= MESSAGE_MAX_WORDS
				 ? message_builder_allocate(m, words)
				 : nullptr;

	if (found == nullptr) {
		m->failed = true;
		return nullptr;
	}
	if (words != 0)
		__builtin_memset(found + (words - 1) * MESSAGE_WORD_BYTES, 0,
				 MESSAGE_WORD_BYTES);
	store_pointer(at, found, list_pointer(MESSAGE_ELEMENT_BYTE, size));
	return found;
}

static bool set_bytes(struct struct_builder element, const void *bytes, uint32_t size,
		      uint32_t nul)
{
	uint8_t *found = init_bytes(element.message, element.data, (uint64_t)size + nul);

	if (found != nullptr && size != 0)
		__builtin_memcpy(found, bytes, size);
	return found != nullptr;
}

/* The pointer at `offset`, as a struct that holds nothing else. */
static struct struct_builder pointer_of(struct struct_builder s, uint32_t offset)
{
	uint8_t *at = s.data != nullptr ? s.data + offset : nullptr;

	return (struct struct_builder){ s.message, at };
}

bool struct_builder_set_text(struct struct_builder s, uint32_t offset, const char *text,
			     uint32_t size)
{
	return set_bytes(pointer_of(s, offset), text, size, 1);
}

bool struct_builder_set_data(struct struct_builder s, uint32_t offset, const void *data,
			     uint32_t size)
{
	return set_bytes(pointer_of(s, offset), data, size, 0);
}

uint8_t *struct_builder_init_data(struct struct_builder s, uint32_t offset, uint32_t size)
{
	uint8_t *found = init_bytes(s.message, pointer_of(s, offset).data, size);

	if (found != nullptr)
		__builtin_memset(found, 0, size);
	return found;
}

struct struct_builder struct_builder_init_struct(struct struct_builder s, uint32_t offset,
						 uint16_t data_words, uint16_t pointers)
{
	uint32_t words = (uint32_t)data_words + pointers;
	uint64_t rest = (uint64_t)pointers << 48 | (uint64_t)data_words << 32;
	uint8_t *at = pointer_of(s, offset).data;
	uint8_t *found = at != nullptr ? message_builder_allocate(s.message, words) : nullptr;

	if (found != nullptr) {
		__builtin_memset(found, 0, words * MESSAGE_WORD_BYTES);
		/* An empty struct has offset -1, lest its pointer read as null. */
		store_pointer(at, words != 0 ? found : at, rest);
	}
	return (struct struct_builder){ s.message, found };
}

struct list_builder struct_builder_init_list(struct struct_builder s, uint32_t offset,
					     enum message_element element, uint32_t count)
{
	uint32_t bits = message_element_bits(element);
	uint64_t words = ((uint64_t)count * bits + 63) / 64;
	uint8_t *at = pointer_of(s, offset).data;
	uint8_t *found = nullptr;

	if (at != nullptr && count <= MESSAGE_MAX_WORDS)
		found = message_builder_allocate(s.message, words);
	if (found == nullptr) {
		s.message->failed = true;
		return (struct list_builder){ .message = s.message };
	}
	__builtin_memset(found, 0, words * MESSAGE_WORD_BYTES);
	store_pointer(at, found, list_pointer(element, count));
	return (struct list_builder){ s.message, found, count, bits / 8, bits == 1 };
}

struct list_builder struct_builder_init_struct_list(struct struct_builder s, uint32_t offset,
						    uint32_t count, uint16_t data_words,
						    uint16_t pointers)
{
	uint32_t step_words = (uint32_t)data_words + pointers;
	uint64_t words = (uint64_t)count * step_words;
	uint64_t tag =
		(uint64_t)pointers << 48 | (uint64_t)data_words << 32 | (uint64_t)count << 2;
	uint8_t *at = pointer_of(s, offset).data;
	uint8_t *found = nullptr;

	if (at != nullptr && count <= MESSAGE_MAX_WORDS && words < MESSAGE_MAX_WORDS)
		found = message_builder_allocate(s.message, 1 + words);
	if (found == nullptr) {
		s.message->failed = true;
		return (struct list_builder){ .message = s.message };
	}
	__builtin_memcpy(found, &tag, sizeof(tag));
	__builtin_memset(found + sizeof(tag), 0, words * MESSAGE_WORD_BYTES);
	store_pointer(at, found, list_pointer(MESSAGE_ELEMENT_STRUCT, words));
	return (struct list_builder){ s.message, found + sizeof(tag), count, step_words * 8,
				      false };
}

/* Element i of a list of pointers. */
static struct struct_builder element_of(struct list_builder l, uint32_t i)
{
	return (struct struct_builder){ l.message, list_builder_at(l, i, MESSAGE_WORD_BYTES) };
}

bool list_builder_set_text(struct list_builder l, uint32_t i, const char *text, uint32_t size)
{
	return set_bytes(element_of(l, i), text, size, 1);
}

bool list_builder_set_data(struct list_builder l, uint32_t i, const void *data, uint32_t size)
{
	return set_bytes(element_of(l, i), data, size, 0);
}

void list_builder_set_capability(struct list_builder l, uint32_t i, uint32_t capability)
{
	struct_builder_set_capability(element_of(l, i), 0, capability);
}

struct struct_builder list_builder_get_struct(struct list_builder l, uint32_t i)
{
	return (struct struct_builder){ l.message, list_builder_at(l, i, 0) };
}

void list_builder_set_bool(struct list_builder l, uint32_t i, bool value)
{
	uint8_t *bits = l.bits ? list_builder_at(l, i, 0) : nullptr;

	if (bits == nullptr)
		l.message->failed = true;
	struct_builder_set_bool((struct struct_builder){ l.message, bits }, i, value);
}
