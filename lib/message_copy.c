// SPDX-License-Identifier: MIT
/* Deep copies: where each begins.  See message_copy.h for the model, message_copier.h. */
#include "lib/message_copy.h"

#include "lib/message_copier.h"

enum message_fault message_frame_copy(const struct message_frame *frame,
				      struct message_builder *to, enum message_form form)
{
	struct copier c = { .frame = frame,
			    .to = to,
			    .budget_words = frame->budget_words,
			    .nesting = frame->nesting,
			    .form = form };
	enum message_fault fault = MESSAGE_FAULT_EMPTY;
	uint32_t at = 0;

	to->used_words = 0;
	if (message_frame_segment(frame, 0, &c.segment) && c.segment.words != 0)
		fault = copier_allocate(&c, 1, &at);
	if (fault == MESSAGE_FAULT_NONE && message_load_uint64(c.segment.bytes) == 0)
		copier_store(&c, at, form == MESSAGE_FORM_CANONICAL ? COPIER_EMPTY_STRUCT : 0);
	else if (fault == MESSAGE_FAULT_NONE)
		fault = copier_follow(&c, 0, at);
	return copier_finish(&c, fault);
}

/* Begin a copy out of a reader's message. */
static void begin_from(struct copier *c, const struct message_reader *from,
		       struct message_builder *to, uint8_t nesting)
{
	c->frame = nullptr;
	c->to = to;
	c->segment = (struct message_segment){ from->bytes, from->words, 0 };
	c->budget_words = from->budget_words;
	c->nesting = nesting;
	c->depth = 0;
	c->form = MESSAGE_FORM_PLAIN;
}

/* Finish a copy of what a reader found, and tell the reader. */
static bool finish_from(struct copier *c, struct message_reader *from, enum message_fault fault)
{
	fault = copier_finish(c, fault);
	from->budget_words = c->budget_words;
	if (fault != MESSAGE_FAULT_NONE && fault != MESSAGE_FAULT_ROOM &&
	    fault != MESSAGE_FAULT_CAPABILITY)
		from->malformed = true;
	return fault == MESSAGE_FAULT_NONE;
}

/* The word of a message at which `data` is; any word will do for what is empty. */
static uint32_t word_of(const struct copier *c, const uint8_t *data, bool is_empty)
{
	return is_empty ? 0 : (uint32_t)((data - c->segment.bytes) / MESSAGE_WORD_BYTES);
}

/* The word of the pointer at `offset`; false when there is nothing to set. */
static bool place_of(struct struct_builder s, uint32_t offset, uint32_t *out)
{
	if (s.data == nullptr || s.message->failed) {
		s.message->failed = true;
		return false;
	}
	*out = (uint32_t)((s.data + offset - s.message->bytes) / MESSAGE_WORD_BYTES);
	return true;
}

/* Widen what is less than a word: an element of a list of scalars, read as a struct. */
static void copy_scalar(struct copier *c, struct struct_reader from, uint32_t word)
{
	uint64_t value = 0;

	__builtin_memcpy(&value, from.data, from.data_bytes);
	copier_store(c, word, value);
}

/* Copy `from` for the pointer at word `at`; `shape` is what the copy has at least. */
static struct struct_builder copy_struct(struct message_builder *to, uint32_t at,
					 struct struct_reader from, struct copier_shape shape)
{
	struct copier c;
	struct copier_run run = { .count = 1, .copied = shape };
	bool is_scalar = from.data_bytes % MESSAGE_WORD_BYTES != 0;
	enum message_fault fault;

	begin_from(&c, from.message, to, from.nesting);
	run.segment = c.segment;
	run.shape.data_words = (uint16_t)(from.data_bytes / MESSAGE_WORD_BYTES);
	run.shape.pointers = from.pointers;
	run.from = word_of(&c, from.data, from.data_bytes == 0 && from.pointers == 0);
	if (is_scalar && shape.data_words == 0)
		run.copied.data_words = 1;
	fault = copier_struct(&c, &run, at);
	if (is_scalar && fault == MESSAGE_FAULT_NONE)
		copy_scalar(&c, from, run.to);
	if (!finish_from(&c, from.message, fault))
		return (struct struct_builder){ .message = to };
	return (struct struct_builder){ to, to->bytes + (uint64_t)run.to * MESSAGE_WORD_BYTES };
}

struct struct_builder struct_builder_copy_struct(struct struct_builder s, uint32_t offset,
						 struct struct_reader from, uint16_t data_words,
						 uint16_t pointers)
{
	uint32_t at;

	if (!place_of(s, offset, &at))
		return (struct struct_builder){ .message = s.message };
	return copy_struct(s.message, at, from, (struct copier_shape){ data_words, pointers });
}

struct struct_builder message_builder_copy_root(struct message_builder *m,
						struct struct_reader from, uint16_t data_words,
						uint16_t pointers)
{
	struct struct_builder root = message_builder_root(m, 0, 0);

	if (root.data == nullptr)
		return root;
	return copy_struct(m, 0, from, (struct copier_shape){ data_words, pointers });
}

bool struct_builder_copy_list(struct struct_builder s, uint32_t offset, struct list_reader from)
{
	struct copier c;
	struct copier_run run = { .count = from.count };
	enum message_fault fault;
	uint32_t at;

	if (!place_of(s, offset, &at))
		return false;
	begin_from(&c, from.message, s.message, from.nesting);
	run.segment = c.segment;
	run.from = word_of(&c, from.data, from.count == 0);
	run.shape = (struct copier_shape){ (uint16_t)(from.data_bytes / MESSAGE_WORD_BYTES),
					   from.pointers };
	if (from.element == MESSAGE_ELEMENT_STRUCT)
		fault = copier_structs(&c, &run, at);
	else if (from.element == MESSAGE_ELEMENT_POINTER)
		fault = copier_pointers(&c, &run, at);
	else
		fault = copier_scalars(&c, from.data, from.element, from.count, at);
	return finish_from(&c, from.message, fault);
}

bool struct_builder_copy_pointer(struct struct_builder s, uint32_t offset,
				 struct struct_reader from, uint32_t index)
{
	struct copier c;
	uint32_t at, pointers;

	if (!place_of(s, offset, &at))
		return false;
	begin_from(&c, from.message, s.message, from.nesting);
	if (!struct_reader_has(from, index)) {
		copier_store(&c, at, 0);
		return true;
	}
	c.nesting--;
	pointers = word_of(&c, from.data + from.data_bytes, false);
	return finish_from(&c, from.message, copier_follow(&c, pointers + index, at));
}
