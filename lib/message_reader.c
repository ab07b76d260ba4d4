// SPDX-License-Identifier: MIT
/*
 * Reader of Cap'n Proto messages.  See message.h for the model; the encoding is that of
 * capnproto.org/encoding.html.
 *
 * A pointer is a word.  Bits 0-1 are its kind: 0 struct, 1 list, 2 far, 3 other (capability).
 *
 *   struct  offset 30 (signed, from the word after the pointer) | data words 16 | pointers 16
 *   list    offset 30 | element size 3 | count 29 (words, for structs; a tag word stands first)
 */
#include "lib/message_reader.h"

enum pointer_kind : uint8_t {
	POINTER_STRUCT = 0,
	POINTER_LIST = 1,
	POINTER_OTHER = MESSAGE_CAPABILITY,
};

static const uint8_t *const nothing = (const uint8_t *)"";

static uint8_t kind_of(uint64_t pointer)
{
	return pointer & 3;
}

/* Spend `words` of the budget. */
static bool charge(struct message_reader *m, uint64_t words)
{
	if (words > m->budget_words)
		return false;
	if (m->budget_words != MESSAGE_NO_BUDGET)
		m->budget_words -= (uint32_t)words;
	return true;
}

/* The `size_words` words that the pointer word at `at` points to, paid for; null if outside. */
static const uint8_t *resolve(struct message_reader *m, const uint8_t *at, uint64_t pointer,
			      uint64_t size_words)
{
	int64_t after = (at - m->bytes) / MESSAGE_WORD_BYTES + 1;
	int64_t start = after + ((int32_t)(uint32_t)pointer >> 2);

	if (start < 0 || (uint64_t)start + size_words > m->words || !charge(m, size_words))
		return nullptr;
	return m->bytes + start * MESSAGE_WORD_BYTES;
}

/* Where pointer `index` of a struct is; null when the struct is too short to have it. */
static const uint8_t *pointer_at(struct struct_reader s, uint32_t index)
{
	if (index >= s.pointers)
		return nullptr;
	return s.data + s.data_bytes + (uint64_t)index * MESSAGE_WORD_BYTES;
}

/* An element of a list, as a struct. */
struct struct_reader list_reader_get_struct(struct list_reader l, uint32_t i)
{
	if (i >= l.count)
		return (struct struct_reader){ .message = l.message, .data = nothing };
	return (struct struct_reader){ .message = l.message,
				       .data = list_reader_at(l, i),
				       .data_bytes = l.data_bytes,
				       .pointers = l.pointers,
				       .nesting = l.nesting };
}

bool struct_reader_has(struct struct_reader s, uint32_t index)
{
	const uint8_t *at = pointer_at(s, index);

	return at != nullptr && message_load_uint64(at) != 0;
}

struct struct_reader struct_reader_get_struct(struct struct_reader s, uint32_t index)
{
	const uint8_t *at = pointer_at(s, index);
	uint64_t pointer = at != nullptr ? message_load_uint64(at) : 0;
	uint32_t data_words = (pointer >> 32) & 0xffff;
	uint16_t pointers = (uint16_t)(pointer >> 48);
	struct struct_reader out = { .message = s.message, .data = nothing };
	const uint8_t *found = nullptr;

	if (pointer == 0)
		return out;
	if (kind_of(pointer) == POINTER_STRUCT && s.nesting != 0)
		found = resolve(s.message, at, pointer, (uint64_t)data_words + pointers);
	if (found == nullptr) {
		s.message->malformed = true;
		return out;
	}
	out.data = found;
	out.data_bytes = data_words * MESSAGE_WORD_BYTES;
	out.pointers = pointers;
	out.nesting = s.nesting - 1;
	return out;
}

/* A list whose elements carry a tag: `words` words of structs that the tag describes. */
static bool read_struct_list(struct list_reader *l, const uint8_t *at, uint64_t pointer)
{
	uint64_t words = pointer >> 35;
	const uint8_t *found = resolve(l->message, at, pointer, words + 1);
	uint64_t tag = found != nullptr ? message_load_uint64(found) : POINTER_OTHER;
	uint32_t count = (uint32_t)tag >> 2;
	uint32_t data_words = (tag >> 32) & 0xffff;
	uint32_t pointers = (uint32_t)(tag >> 48);
	uint32_t step_words = data_words + pointers;

	if (kind_of(tag) != POINTER_STRUCT || (uint64_t)count * step_words > words)
		return false;
	if (step_words == 0 && !charge(l->message, count))
		return false;
	l->data = found + MESSAGE_WORD_BYTES;
	l->count = count;
	l->step_bytes = step_words * MESSAGE_WORD_BYTES;
	l->data_bytes = data_words * MESSAGE_WORD_BYTES;
	l->pointers = (uint16_t)pointers;
	l->element = MESSAGE_ELEMENT_STRUCT;
	return true;
}

/* A list of scalars or pointers. */
static bool read_plain_list(struct list_reader *l, const uint8_t *at, uint64_t pointer)
{
	enum message_element element = (pointer >> 32) & 7;
	uint32_t count = (uint32_t)(pointer >> 35);
	uint32_t bits = message_element_bits(element);

	l->data = resolve(l->message, at, pointer, ((uint64_t)count * bits + 63) / 64);
	if (l->data == nullptr || (bits == 0 && !charge(l->message, count)))
		return false;
	l->count = count;
	l->step_bytes = bits / 8;
	l->pointers = element == MESSAGE_ELEMENT_POINTER;
	l->data_bytes = l->pointers != 0 ? 0 : bits / 8;
	l->element = element;
	return true;
}

/* Whether the elements found can be read as the elements expected; bits mix with nothing. */
static bool elements_fit(const struct list_reader *l, enum message_element expected)
{
	if (expected == MESSAGE_ELEMENT_BIT || l->element == MESSAGE_ELEMENT_BIT)
		return expected == l->element;
	if (expected == MESSAGE_ELEMENT_VOID)
		return true;
	if (expected == MESSAGE_ELEMENT_POINTER)
		return l->pointers != 0;
	return message_element_bits(expected) / 8 <= l->data_bytes;
}

static struct list_reader read_list(struct struct_reader s, const uint8_t *at,
				    enum message_element expected)
{
	uint64_t pointer = at != nullptr ? message_load_uint64(at) : 0;
	struct list_reader out = { .message = s.message, .data = nothing, .element = expected };
	struct list_reader found = out;
	bool good = kind_of(pointer) == POINTER_LIST && s.nesting != 0;

	if (pointer == 0)
		return out;
	if (good && ((pointer >> 32) & 7) == MESSAGE_ELEMENT_STRUCT)
		good = read_struct_list(&found, at, pointer);
	else if (good)
		good = read_plain_list(&found, at, pointer);
	if (!good || !elements_fit(&found, expected)) {
		s.message->malformed = true;
		return out;
	}
	found.nesting = s.nesting - 1;
	return found;
}

struct list_reader struct_reader_get_list(struct struct_reader s, uint32_t index,
					  enum message_element element)
{
	return read_list(s, pointer_at(s, index), element);
}

/* The bytes of a Text or Data; false when the pointer is null or names something else. */
static bool read_bytes(struct struct_reader s, const uint8_t *at, struct data_reader *out)
{
	uint64_t pointer = at != nullptr ? message_load_uint64(at) : 0;
	uint32_t count = (uint32_t)(pointer >> 35);
	const uint8_t *found = nullptr;

	if (pointer == 0)
		return false;
	if (kind_of(pointer) == POINTER_LIST && s.nesting != 0 &&
	    ((pointer >> 32) & 7) == MESSAGE_ELEMENT_BYTE)
		found = resolve(s.message, at, pointer, ((uint64_t)count + 7) / 8);
	if (found == nullptr) {
		s.message->malformed = true;
		return false;
	}
	*out = (struct data_reader){ found, count };
	return true;
}

static struct text_reader read_text(struct struct_reader s, const uint8_t *at)
{
	struct text_reader empty = { "", 0 };
	struct data_reader found;

	if (!read_bytes(s, at, &found))
		return empty;
	if (found.size == 0 || found.data[found.size - 1] != 0) {
		s.message->malformed = true;
		return empty;
	}
	return (struct text_reader){ (const char *)found.data, found.size - 1 };
}

static struct data_reader read_data(struct struct_reader s, const uint8_t *at)
{
	struct data_reader found = { nothing, 0 };

	read_bytes(s, at, &found);
	return found;
}

struct text_reader struct_reader_get_text(struct struct_reader s, uint32_t index)
{
	return read_text(s, pointer_at(s, index));
}

struct data_reader struct_reader_get_data(struct struct_reader s, uint32_t index)
{
	return read_data(s, pointer_at(s, index));
}

struct text_reader list_reader_get_text(struct list_reader l, uint32_t i)
{
	return struct_reader_get_text(list_reader_get_struct(l, i), 0);
}

struct data_reader list_reader_get_data(struct list_reader l, uint32_t i)
{
	return struct_reader_get_data(list_reader_get_struct(l, i), 0);
}

struct capability_index list_reader_get_capability(struct list_reader l, uint32_t i)
{
	return struct_reader_get_capability(list_reader_get_struct(l, i), 0);
}
