// SPDX-License-Identifier: MIT
/*
 * The machine of deep copies.  See message_copier.h for the model, message_reader.c for
 * pointers.
 *
 * A far pointer's bits are: kind 2 | double 1 | word 29 | segment 32.  It leads to a landing
 * pad: a pointer to the object, or if double a far pointer to the object's start and then a
 * tag.
 */
#include "lib/message_copier.h"

enum pointer_kind : uint8_t {
	POINTER_STRUCT = 0,
	POINTER_LIST = 1,
	POINTER_FAR = 2,
	POINTER_OTHER = 3,
};

/* A pointer of the source, and where its object is. */
struct target {
	uint64_t pointer;
	int64_t start; /* in words */
	struct message_segment segment;
};

static uint64_t load_word(struct message_segment segment, uint64_t word)
{
	return message_load_uint64(segment.bytes + word * MESSAGE_WORD_BYTES);
}

void copier_store(struct copier *c, uint32_t word, uint64_t value)
{
	__builtin_memcpy(c->to->bytes + (uint64_t)word * MESSAGE_WORD_BYTES, &value,
			 sizeof(value));
}

static struct copier_shape shape_of(uint64_t pointer)
{
	return (struct copier_shape){ (uint16_t)(pointer >> 32), (uint16_t)(pointer >> 48) };
}

static uint32_t shape_words(struct copier_shape shape)
{
	return (uint32_t)shape.data_words + shape.pointers;
}

static uint64_t pointer_to(uint32_t from, uint32_t to, uint64_t rest)
{
	return rest | (uint32_t)(((uint64_t)to - from - 1) << 2);
}

static uint64_t struct_pointer(uint32_t from, uint32_t to, struct copier_shape shape)
{
	uint64_t rest = (uint64_t)shape.pointers << 48 | (uint64_t)shape.data_words << 32;

	return rest != 0 ? pointer_to(from, to, rest) : COPIER_EMPTY_STRUCT;
}

static uint64_t list_pointer(uint32_t from, uint32_t to, enum message_element element,
			     uint64_t count)
{
	return pointer_to(from, to, count << 35 | (uint64_t)element << 32 | POINTER_LIST);
}

static enum message_fault charge(struct copier *c, uint64_t words)
{
	if (words > c->budget_words)
		return MESSAGE_FAULT_BUDGET;
	if (c->budget_words != MESSAGE_NO_BUDGET)
		c->budget_words -= (uint32_t)words;
	return MESSAGE_FAULT_NONE;
}

enum message_fault copier_allocate(struct copier *c, uint64_t words, uint32_t *out)
{
	*out = c->to->used_words;
	return message_builder_allocate(c->to, words) != nullptr ? MESSAGE_FAULT_NONE
								 : MESSAGE_FAULT_ROOM;
}

/* Whether the first `words` words of an object are in its segment and paid for. */
static enum message_fault take(struct copier *c, const struct target *t, uint64_t words)
{
	if (t->start < 0 || (uint64_t)t->start + words > t->segment.words)
		return MESSAGE_FAULT_OUTSIDE;
	return charge(c, words);
}

static int64_t offset_of(uint64_t pointer)
{
	return (int32_t)(uint32_t)pointer >> 2;
}

static bool is_far(uint64_t pointer)
{
	return (pointer & 3) == POINTER_FAR;
}

/* Turn a far pointer into what it stands for: the object's pointer, and where the object is. */
static enum message_fault follow_far(struct copier *c, struct target *t)
{
	bool is_double = (t->pointer & 4) != 0;
	uint64_t far = t->pointer;
	enum message_fault fault;

	t->start = (uint32_t)far >> 3;
	if (!message_frame_segment(c->frame, (uint32_t)(far >> 32), &t->segment))
		return MESSAGE_FAULT_NO_SEGMENT;
	fault = take(c, t, is_double ? 2 : 1);
	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	t->pointer = load_word(t->segment, (uint64_t)t->start);
	if (!is_double) {
		t->start += 1 + offset_of(t->pointer);
		return is_far(t->pointer) ? MESSAGE_FAULT_LANDING_PAD : MESSAGE_FAULT_NONE;
	}
	far = t->pointer;
	t->pointer = load_word(t->segment, (uint64_t)t->start + 1);
	if (!is_far(far) || is_far(t->pointer))
		return MESSAGE_FAULT_LANDING_PAD;
	t->start = (uint32_t)far >> 3;
	return message_frame_segment(c->frame, (uint32_t)(far >> 32), &t->segment)
		       ? MESSAGE_FAULT_NONE
		       : MESSAGE_FAULT_NO_SEGMENT;
}

static uint16_t larger(uint16_t a, uint16_t b)
{
	return a > b ? a : b;
}

static uint16_t smaller(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* Widen `*shape` to what the struct at `word`, of shape `found`, holds besides zeros. */
static void widen(struct copier_shape *shape, struct message_segment segment, uint32_t word,
		  struct copier_shape found)
{
	uint32_t pointers_at = word + found.data_words;

	while (found.data_words > shape->data_words &&
	       load_word(segment, word + found.data_words - 1) == 0)
		found.data_words--;
	while (found.pointers > shape->pointers &&
	       load_word(segment, pointers_at + found.pointers - 1) == 0)
		found.pointers--;
	shape->data_words = larger(shape->data_words, found.data_words);
	shape->pointers = larger(shape->pointers, found.pointers);
}

/* Decide the shape that a run is copied with: `copied` is what it has at least. */
static void choose_shape(const struct copier *c, struct copier_run *r)
{
	uint32_t step = shape_words(r->shape);

	if (c->form != MESSAGE_FORM_CANONICAL) {
		r->copied.data_words = larger(r->copied.data_words, r->shape.data_words);
		r->copied.pointers = larger(r->copied.pointers, r->shape.pointers);
		return;
	}
	for (uint32_t i = 0; step != 0 && i < r->count; i++)
		widen(&r->copied, r->segment, r->from + i * step, r->shape);
}

/* Copy the data of a run whose room is taken; its pointers become the level on top. */
static void copy_run(struct copier *c, const struct copier_run *r)
{
	uint32_t step_from = shape_words(r->shape), step_to = shape_words(r->copied);
	uint16_t data_words = smaller(r->shape.data_words, r->copied.data_words);
	uint16_t pointers = smaller(r->shape.pointers, r->copied.pointers);

	for (uint32_t i = 0; data_words != 0 && i < r->count; i++)
		__builtin_memcpy(c->to->bytes + (r->to + (uint64_t)i * step_to) * 8,
				 r->segment.bytes + (r->from + (uint64_t)i * step_from) * 8,
				 data_words * 8u);
	if (r->count == 0 || pointers == 0)
		return;
	c->level[c->depth++] = (struct copier_level){
		.from = r->from + r->shape.data_words,
		.to = r->to + r->copied.data_words,
		.elements = r->count - 1,
		.segment = (uint16_t)r->segment.index,
		.left = pointers,
		.pointers = pointers,
		.gap_to = (uint16_t)(step_to - pointers),
		.gap_from = step_from - pointers,
	};
	c->segment = r->segment;
}

enum message_fault copier_struct(struct copier *c, struct copier_run *r, uint32_t at)
{
	enum message_fault fault;

	choose_shape(c, r);
	fault = copier_allocate(c, shape_words(r->copied), &r->to);
	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	copier_store(c, at, struct_pointer(at, r->to, r->copied));
	if (shape_words(r->copied) > shape_words(r->shape))
		__builtin_memset(c->to->bytes + (uint64_t)r->to * MESSAGE_WORD_BYTES, 0,
				 (size_t)shape_words(r->copied) * MESSAGE_WORD_BYTES);
	copy_run(c, r);
	return MESSAGE_FAULT_NONE;
}

enum message_fault copier_structs(struct copier *c, struct copier_run *r, uint32_t at)
{
	enum message_fault fault;
	uint64_t words;
	uint32_t tag;

	choose_shape(c, r);
	words = (uint64_t)r->count * shape_words(r->copied);
	fault = copier_allocate(c, words + 1, &tag);
	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	copier_store(c, at, list_pointer(at, tag, MESSAGE_ELEMENT_STRUCT, words));
	copier_store(c, tag,
		     (uint64_t)r->copied.pointers << 48 | (uint64_t)r->copied.data_words << 32 |
			     (uint64_t)r->count << 2);
	r->to = tag + 1;
	copy_run(c, r);
	return MESSAGE_FAULT_NONE;
}

/* A list of pointers: a run of structs that hold one pointer each, without a tag. */
enum message_fault copier_pointers(struct copier *c, struct copier_run *r, uint32_t at)
{
	enum message_fault fault = copier_allocate(c, r->count, &r->to);

	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	r->shape = r->copied = (struct copier_shape){ .pointers = 1 };
	copier_store(c, at, list_pointer(at, r->to, MESSAGE_ELEMENT_POINTER, r->count));
	copy_run(c, r);
	return MESSAGE_FAULT_NONE;
}

/* A list of scalars; what follows the last in its word becomes zero. */
enum message_fault copier_scalars(struct copier *c, const uint8_t *from,
				  enum message_element element, uint32_t count, uint32_t at)
{
	uint64_t bits = (uint64_t)count * message_element_bits(element);
	uint64_t words = (bits + 63) / 64;
	uint32_t to;
	enum message_fault fault = copier_allocate(c, words, &to);
	uint8_t *bytes = c->to->bytes + (uint64_t)to * MESSAGE_WORD_BYTES;

	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	copier_store(c, at, list_pointer(at, to, element, count));
	if (words == 0)
		return MESSAGE_FAULT_NONE;
	copier_store(c, to + (uint32_t)words - 1, 0);
	__builtin_memcpy(bytes, from, bits / 8);
	if (bits % 8 != 0)
		bytes[bits / 8] = from[bits / 8] & (uint8_t)((1u << bits % 8) - 1);
	return MESSAGE_FAULT_NONE;
}

static enum message_fault follow_struct(struct copier *c, const struct target *t, uint32_t at)
{
	struct copier_run run = { .segment = t->segment,
				  .from = (uint32_t)t->start,
				  .count = 1,
				  .shape = shape_of(t->pointer) };
	enum message_fault fault = take(c, t, shape_words(run.shape));

	return fault != MESSAGE_FAULT_NONE ? fault : copier_struct(c, &run, at);
}

/* A list of structs: check that they fit their tag. */
static enum message_fault follow_structs(struct copier *c, const struct target *t, uint32_t at)
{
	uint64_t words = t->pointer >> 35;
	enum message_fault fault = take(c, t, words + 1);
	struct copier_run run = { .segment = t->segment, .from = (uint32_t)t->start + 1 };
	uint64_t tag;

	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	tag = load_word(t->segment, (uint64_t)t->start);
	run.count = (uint32_t)tag >> 2;
	run.shape = shape_of(tag);
	if ((tag & 3) != POINTER_STRUCT || (uint64_t)run.count * shape_words(run.shape) > words)
		return MESSAGE_FAULT_TAG;
	if (shape_words(run.shape) == 0)
		fault = charge(c, run.count);
	return fault != MESSAGE_FAULT_NONE ? fault : copier_structs(c, &run, at);
}

static enum message_fault follow_list(struct copier *c, const struct target *t, uint32_t at)
{
	enum message_element element = (t->pointer >> 32) & 7;
	uint32_t count = (uint32_t)(t->pointer >> 35);
	uint32_t bits = message_element_bits(element);
	struct copier_run run = { .segment = t->segment,
				  .from = (uint32_t)t->start,
				  .count = count };
	enum message_fault fault;

	if (c->form == MESSAGE_FORM_CANONICAL && c->depth == 0)
		return MESSAGE_FAULT_KIND;
	if (element == MESSAGE_ELEMENT_STRUCT)
		return follow_structs(c, t, at);
	fault = take(c, t, ((uint64_t)count * bits + 63) / 64);
	if (fault == MESSAGE_FAULT_NONE && bits == 0)
		fault = charge(c, count);
	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	if (element == MESSAGE_ELEMENT_POINTER)
		return copier_pointers(c, &run, at);
	return copier_scalars(c, t->segment.bytes + t->start * MESSAGE_WORD_BYTES, element,
			      count, at);
}

static enum message_fault follow_capability(struct copier *c, uint64_t pointer, uint32_t at)
{
	uint32_t index = (uint32_t)(pointer >> 32);

	if ((uint32_t)pointer != POINTER_OTHER)
		return MESSAGE_FAULT_KIND;
	if (c->form == MESSAGE_FORM_CANONICAL ||
	    c->to->capabilities == MESSAGE_CAPABILITIES_REFUSED)
		return MESSAGE_FAULT_CAPABILITY;
	if (c->to->capabilities == MESSAGE_CAPABILITIES_DROPPED)
		copier_store(c, at, 0);
	else
		copier_store(c, at,
			     (uint64_t)(index + c->to->capability_base) << 32 | POINTER_OTHER);
	return MESSAGE_FAULT_NONE;
}

/* A message of one segment without a table has no far pointers. */
static bool is_far_allowed(const struct copier *c)
{
	return c->frame != nullptr && c->frame->sizes != nullptr;
}

enum message_fault copier_follow(struct copier *c, uint32_t from, uint32_t at)
{
	struct target t = { .pointer = load_word(c->segment, from), .segment = c->segment };
	enum message_fault fault = MESSAGE_FAULT_NONE;

	copier_store(c, at, 0);
	if (t.pointer == 0)
		return MESSAGE_FAULT_NONE;
	t.start = (int64_t)from + 1 + offset_of(t.pointer);
	if (is_far(t.pointer))
		fault = is_far_allowed(c) ? follow_far(c, &t) : MESSAGE_FAULT_KIND;
	if (fault != MESSAGE_FAULT_NONE)
		return fault;
	if ((t.pointer & 3) == POINTER_OTHER)
		return follow_capability(c, t.pointer, at);
	if (c->depth > c->nesting || c->depth > MESSAGE_COPY_NESTING)
		return MESSAGE_FAULT_NESTING;
	return (t.pointer & 3) == POINTER_STRUCT ? follow_struct(c, &t, at)
						 : follow_list(c, &t, at);
}

/* The level's next pointer; false when it has no more. */
static bool next_pointer(struct copier_level *level, uint32_t *out_from, uint32_t *out_to)
{
	if (level->left == 0) {
		if (level->elements == 0)
			return false;
		level->elements--;
		level->left = level->pointers;
		level->from += level->gap_from;
		level->to += level->gap_to;
	}
	level->left--;
	*out_from = level->from++;
	*out_to = level->to++;
	return true;
}

enum message_fault copier_finish(struct copier *c, enum message_fault fault)
{
	while (fault == MESSAGE_FAULT_NONE && c->depth != 0) {
		struct copier_level *level = &c->level[c->depth - 1];
		uint32_t from, to;

		if (!next_pointer(level, &from, &to)) {
			c->depth--;
			continue;
		}
		if (level->segment != c->segment.index)
			message_frame_segment(c->frame, level->segment, &c->segment);
		fault = copier_follow(c, from, to);
	}
	if (fault != MESSAGE_FAULT_NONE)
		c->to->failed = true;
	return fault;
}
