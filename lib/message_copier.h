// SPDX-License-Identifier: MIT
#pragma once
/*
 * The machine behind lib/message_copy.h, for the files that implement it.
 *
 * An object is copied when its pointer is met: room is taken, its data are copied, and if it
 * has pointers it becomes the level on top of a stack, which hands them out one by one.  So the
 * copy is in preorder, which is what the canonical form asks for.  Nothing is read back from
 * the copy: it may be in shared memory.
 *
 * Set the copier's fields, call one of the functions that copy an object, whatever it returned
 * call copier_finish().
 */
#include "lib/message_copy.h"

/* A pointer to a struct without sections; its offset is -1, lest it read as null. */
constexpr uint64_t COPIER_EMPTY_STRUCT = 0xfffffffc;

/* An object whose pointers are being copied.  Places are words of a segment, and of the copy.
 */
struct copier_level {
	uint32_t from;     /* the next pointer */
	uint32_t to;       /* where its copy goes */
	uint32_t elements; /* after this one; a struct is its own only element */
	uint16_t segment;
	uint16_t left;     /* pointers of this element */
	uint16_t pointers; /* of each copied element */
	uint16_t gap_to;   /* words between the pointers of two elements */
	uint32_t gap_from;
};

struct copier {
	const struct message_frame *frame; /* null: one segment, a reader's */
	struct message_builder *to;
	struct message_segment segment; /* that the level on top lies in */
	uint32_t budget_words;
	int16_t nesting; /* -1: not even the first pointer may be followed */
	uint8_t depth;   /* levels in use; 0 at first */
	enum message_form form;
	struct copier_level level[MESSAGE_COPY_NESTING + 1];
};

/* The sections of a struct, or of each element of a list. */
struct copier_shape {
	uint16_t data_words;
	uint16_t pointers;
};

/* Structs in a row: `from` a word of the source's segment, `to` one of the copy. */
struct copier_run {
	struct message_segment segment;
	uint32_t from;
	uint32_t to;
	uint32_t count;
	struct copier_shape shape;
	struct copier_shape copied; /* at least this, zeros added; for one struct only */
};

/*
 * Copy one object; its pointer goes to word `at` of the copy.  The object is known to be in its
 * segment, and paid for.  `run->to` is set by these.
 */
enum message_fault copier_struct(struct copier *c, struct copier_run *run, uint32_t at);
enum message_fault copier_structs(struct copier *c, struct copier_run *run, uint32_t at);
enum message_fault copier_pointers(struct copier *c, struct copier_run *run, uint32_t at);
enum message_fault copier_scalars(struct copier *c, const uint8_t *from,
				  enum message_element element, uint32_t count, uint32_t at);

/* Copy what the pointer at word `from` of the current segment leads to, checking everything. */
enum message_fault copier_follow(struct copier *c, uint32_t from, uint32_t at);

/* Copy all that is below, unless `fault` is one; the builder fails with the copy. */
enum message_fault copier_finish(struct copier *c, enum message_fault fault);

/* Room for `words` words of the copy. */
enum message_fault copier_allocate(struct copier *c, uint64_t words, uint32_t *out);

void copier_store(struct copier *c, uint32_t word, uint64_t value);
