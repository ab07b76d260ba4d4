// SPDX-License-Identifier: MIT
#pragma once
/* Reading messages.  lib/message.h has the model; include that. */
#include <stddef.h>
#include <stdint.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "messages are little-endian");

/* The encoding's unit of length, the longest message that it can express, and how many
 * pointers may be followed in a row unless another limit is set. */
constexpr uint32_t MESSAGE_WORD_BYTES = 8;
constexpr uint32_t MESSAGE_MAX_WORDS = (1u << 29) - 1;
constexpr uint8_t MESSAGE_DEFAULT_NESTING = 32;

/* The budget of a constant: nothing is spent, so the message_reader is never written. */
constexpr uint32_t MESSAGE_NO_BUDGET = UINT32_MAX;

/* An offset or index past every section: a field that reads as its default. */
constexpr uint32_t MESSAGE_NO_FIELD = 0x7fffffff;

/* The lower half of a pointer that is a capability; the upper half is its index. */
constexpr uint32_t MESSAGE_CAPABILITY = 3;

/* Element sizes of lists, as the encoding numbers them. */
enum message_element : uint8_t {
	MESSAGE_ELEMENT_VOID = 0,
	MESSAGE_ELEMENT_BIT = 1,
	MESSAGE_ELEMENT_BYTE = 2,
	MESSAGE_ELEMENT_TWO_BYTES = 3,
	MESSAGE_ELEMENT_FOUR_BYTES = 4,
	MESSAGE_ELEMENT_EIGHT_BYTES = 5,
	MESSAGE_ELEMENT_POINTER = 6,
	MESSAGE_ELEMENT_STRUCT = 7,
};

/* Bits that one element takes; 0 for structs, whose size their list states. */
static inline uint32_t message_element_bits(enum message_element element)
{
	static const uint8_t bits[] = { 0, 1, 8, 16, 32, 64, 64, 0 };

	return bits[element & 7];
}

/* One message being read.  The caller's storage; outlives every reader taken from it. */
struct message_reader {
	const uint8_t *bytes;
	uint32_t words;        /* length of the segment */
	uint32_t budget_words; /* what may still be traversed */
	uint8_t nesting; /* pointers below the root's struct that may be followed in a row */
	bool malformed;  /* a pointer could not be followed */
};

/* A struct found in a message.  Valid as long as the message_reader and its bytes. */
struct struct_reader {
	struct message_reader *message;
	const uint8_t *data; /* data section; the pointers follow it */
	uint32_t data_bytes;
	uint16_t pointers;
	uint8_t nesting; /* pointers that may still be followed in a row */
};

/* A list found in a message, with the same life. */
struct list_reader {
	struct message_reader *message;
	const uint8_t *data; /* first element */
	uint32_t count;
	uint32_t step_bytes; /* from one element to the next */
	uint32_t data_bytes; /* of an element's data section */
	uint16_t pointers;   /* of an element */
	uint8_t nesting;
	enum message_element element; /* as found; of bits the other sizes are 0 */
};

/* Text of `size` bytes, a NUL after them.  Never null; may hold any bytes, NUL too. */
struct text_reader {
	const char *data;
	uint32_t size;
};

/* Data of `size` bytes, any bytes. */
struct data_reader {
	const uint8_t *data; /* never null */
	uint32_t size;
};

/* A capability field: an index into the transfer list that came with the message. */
struct capability_index {
	uint32_t index;
	bool present; /* false: null */
};

/* Out of line parts of the getters; `index` counts pointers from the start of the section. */
bool struct_reader_has(struct struct_reader s, uint32_t index);
struct struct_reader struct_reader_get_struct(struct struct_reader s, uint32_t index);
struct list_reader struct_reader_get_list(struct struct_reader s, uint32_t index,
					  enum message_element element);
struct text_reader struct_reader_get_text(struct struct_reader s, uint32_t index);
struct data_reader struct_reader_get_data(struct struct_reader s, uint32_t index);

/*
 * Elements of lists.  Past the end, or where the elements are too small for the type, the
 * result is zero, empty or null.
 */
struct struct_reader list_reader_get_struct(struct list_reader l, uint32_t i);
struct text_reader list_reader_get_text(struct list_reader l, uint32_t i);
struct data_reader list_reader_get_data(struct list_reader l, uint32_t i);
struct capability_index list_reader_get_capability(struct list_reader l, uint32_t i);

/* A little-endian number at any address. */
static inline uint16_t message_load_uint16(const uint8_t *from)
{
	uint16_t value;

	__builtin_memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint32_t message_load_uint32(const uint8_t *from)
{
	uint32_t value;

	__builtin_memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint64_t message_load_uint64(const uint8_t *from)
{
	uint64_t value;

	__builtin_memcpy(&value, from, sizeof(value));
	return value;
}

/* The budget unless another is set: 16 times the message and 1024 words. */
static inline uint32_t message_default_budget(uint64_t words)
{
	uint64_t budget = words * 16 + 1024;

	return budget < MESSAGE_NO_BUDGET ? (uint32_t)budget : MESSAGE_NO_BUDGET - 1;
}

/*
 * Read `size_bytes` bytes (a multiple of 8, at least 8) as a message.  Anything else makes it
 * malformed from the start.
 */
static inline void message_reader_init(struct message_reader *m, const void *bytes,
				       size_t size_bytes)
{
	size_t words = size_bytes / MESSAGE_WORD_BYTES;
	bool malformed = words - 1 >= MESSAGE_MAX_WORDS || size_bytes % MESSAGE_WORD_BYTES != 0;

	*m = (struct message_reader){
		.bytes = (const uint8_t *)bytes,
		.words = malformed ? 0 : (uint32_t)words,
		.budget_words = message_default_budget(words),
		.nesting = MESSAGE_DEFAULT_NESTING,
		.malformed = malformed,
	};
}

/* Replace the budget and the nesting limit.  Before the root is read. */
static inline void message_reader_limit(struct message_reader *m, uint32_t budget_words,
					uint8_t nesting)
{
	m->budget_words = budget_words;
	m->nesting = nesting;
}

/*
 * Read the root as a struct.  False, with the message malformed, when it is not a struct inside
 * the message; *out is then an empty struct, of which every field is its default.
 */
static inline bool message_reader_root(struct message_reader *m, struct struct_reader *out)
{
	uint64_t pointer = m->malformed ? 3 : message_load_uint64(m->bytes);
	int64_t start = 1 + ((int32_t)(uint32_t)pointer >> 2);
	uint32_t data_words = (pointer >> 32) & 0xffff;
	uint32_t pointers = (uint32_t)(pointer >> 48);
	uint32_t size_words = data_words + pointers;

	if ((pointer & 3) != 0 || start < 0 || start + size_words > m->words ||
	    size_words > m->budget_words) {
		*out = (struct struct_reader){ .message = m,
					       .data = m->bytes,
					       .nesting = m->nesting };
		m->malformed = true;
		return false;
	}
	if (m->budget_words != MESSAGE_NO_BUDGET)
		m->budget_words -= size_words;
	*out = (struct struct_reader){ .message = m,
				       .data = m->bytes + start * MESSAGE_WORD_BYTES,
				       .data_bytes = data_words * MESSAGE_WORD_BYTES,
				       .pointers = (uint16_t)pointers,
				       .nesting = m->nesting };
	return true;
}

/* A group of a union: the struct it lives in if the member is set, else an empty struct. */
static inline struct struct_reader struct_reader_member(struct struct_reader s, bool is_set)
{
	if (!is_set)
		s.data_bytes = s.pointers = 0;
	return s;
}

/* Scalars of a struct's data section; offsets in bytes, for Bool in bits. */
static inline bool struct_reader_get_bool(struct struct_reader s, uint32_t bit)
{
	return bit / 8 < s.data_bytes && (s.data[bit / 8] >> bit % 8 & 1) != 0;
}

static inline uint8_t struct_reader_get_uint8(struct struct_reader s, uint32_t offset)
{
	return offset < s.data_bytes ? s.data[offset] : 0;
}

static inline uint16_t struct_reader_get_uint16(struct struct_reader s, uint32_t offset)
{
	return offset + 2 <= s.data_bytes ? message_load_uint16(s.data + offset) : 0;
}

static inline uint32_t struct_reader_get_uint32(struct struct_reader s, uint32_t offset)
{
	return offset + 4 <= s.data_bytes ? message_load_uint32(s.data + offset) : 0;
}

static inline uint64_t struct_reader_get_uint64(struct struct_reader s, uint32_t offset)
{
	return offset + 8 <= s.data_bytes ? message_load_uint64(s.data + offset) : 0;
}

/* Pointer `index`, which is a capability; null when the struct is too short to have it. */
static inline struct capability_index struct_reader_get_capability(struct struct_reader s,
								   uint32_t index)
{
	const uint8_t *at = s.data + s.data_bytes + (uint64_t)index * MESSAGE_WORD_BYTES;
	uint64_t pointer = index < s.pointers ? message_load_uint64(at) : 0;

	if (pointer == 0)
		return (struct capability_index){};
	if ((uint32_t)pointer != MESSAGE_CAPABILITY) {
		s.message->malformed = true;
		return (struct capability_index){};
	}
	return (struct capability_index){ (uint32_t)(pointer >> 32), true };
}

/* Where element i starts; i must be less than l.count. */
static inline const uint8_t *list_reader_at(struct list_reader l, uint32_t i)
{
	return l.data + (uint64_t)i * l.step_bytes;
}

/* Element i of a list of that type; 0 or false past the end, or of smaller elements. */
static inline bool list_reader_get_bool(struct list_reader l, uint32_t i)
{
	return i < l.count && l.element == MESSAGE_ELEMENT_BIT &&
	       (l.data[i / 8] >> i % 8 & 1) != 0;
}

static inline uint8_t list_reader_get_uint8(struct list_reader l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 1 ? *list_reader_at(l, i) : 0;
}

static inline uint16_t list_reader_get_uint16(struct list_reader l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 2 ? message_load_uint16(list_reader_at(l, i)) : 0;
}

static inline uint32_t list_reader_get_uint32(struct list_reader l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 4 ? message_load_uint32(list_reader_at(l, i)) : 0;
}

static inline uint64_t list_reader_get_uint64(struct list_reader l, uint32_t i)
{
	return i < l.count && l.data_bytes >= 8 ? message_load_uint64(list_reader_at(l, i)) : 0;
}
