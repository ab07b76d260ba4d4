// SPDX-License-Identifier: MIT
#pragma once
/*
 * Deep copies into a message that is being built: of what a reader found, or of a frame.
 *
 * A copy keeps what its maker did not know: data and pointers past the fields of the schema, of
 * structs at any depth.  It goes on by itself, without recursion: its place is a stack of
 * MESSAGE_COPY_NESTING levels.  What it follows is checked and paid like what a getter follows:
 * bounds, kinds, the source's nesting limit (at most MESSAGE_COPY_NESTING) and its budget.  The
 * source must not change meanwhile, nor lie in the part of the buffer that is not built yet.
 *
 * Capability pointers are numbers that mean nothing without the transfer list beside the
 * message, so a copy does not carry them unless it is told how (message_builder_capabilities).
 *
 * When there is no room, or the source is malformed, the builder's `failed` is set, so that
 * half a copy is never sent; a malformed source is also marked as such in its reader.
 */
#include "lib/message_builder.h"
#include "lib/message_fault.h"
#include "lib/message_frame.h"

/* Pointers that a copy follows in a row. */
constexpr uint8_t MESSAGE_COPY_NESTING = MESSAGE_DEFAULT_NESTING;

/* How the copy is laid out. */
enum message_form : uint8_t {
	/* As it was, in the order in which one comes upon the objects. */
	MESSAGE_FORM_PLAIN,
	/*
	 * The canonical form of the encoding: as above, and structs without the zero words and
	 * null pointers at the ends of their sections.  Equal values of one schema are then
	 * equal bytes.  The root must be a struct (null counts as an empty one), and there are
	 * no capabilities.
	 */
	MESSAGE_FORM_CANONICAL,
};

/*
 * Set the pointer at `offset`, in bytes from the start of the struct, to a copy; a struct that
 * was null in its message is copied as an empty one.  The copy has room for at least
 * `data_words` and `pointers`, so that the setters of a schema of that size may change what was
 * copied from an older, shorter struct.  No storage (data is null) when the builder failed.
 */
struct struct_builder struct_builder_copy_struct(struct struct_builder s, uint32_t offset,
						 struct struct_reader from, uint16_t data_words,
						 uint16_t pointers);

/* Start the message with a copy as its root; whatever was built before is gone. */
struct struct_builder message_builder_copy_root(struct message_builder *m,
						struct struct_reader from, uint16_t data_words,
						uint16_t pointers);

/* Lists keep the size of their elements; null is copied as empty.  False: the builder failed.
 */
bool struct_builder_copy_list(struct struct_builder s, uint32_t offset,
			      struct list_reader from);

/* Whatever pointer `index` of `from` is: struct, list, capability or null. */
bool struct_builder_copy_pointer(struct struct_builder s, uint32_t offset,
				 struct struct_reader from, uint32_t index);

/* Start the message with a copy of a frame's root. */
enum message_fault message_frame_copy(const struct message_frame *frame,
				      struct message_builder *to, enum message_form form);
