// SPDX-License-Identifier: MIT
#pragma once
/*
 * Cap'n Proto messages of one segment and no segment table: a bounded reader, a builder, and
 * deep copies from the one to the other.
 *
 * No allocation, no recursion, no globals; the kernel runs the reader on hostile bytes.  People
 * use the generated code of tools/capnpc-capos, which stands on these functions; by hand one
 * needs the life cycle below, the lists, and the two result structs text_reader, data_reader.
 *
 * Reading.  message_reader_init(), then foo_read_root(), then getters.  Every pointer is
 * checked when it is followed: bounds, kind, element size (with the upgrades that the encoding
 * allows: a list of scalars or pointers read as a list of structs and back), the NUL of a text,
 * nesting, and a budget of words that may be traversed, so that pointers to the same object,
 * cycles and lists of empty elements cannot multiply work.  Far pointers are refused: there is
 * one segment.
 *
 *   A getter never fails visibly: a pointer that cannot be followed reads as its default (empty
 *   text, data, list or struct) and sets message_reader.malformed.  Fetch everything, then test
 *   `malformed` once, then act.  Once set it stays set.
 *
 * The bytes must not change while a reader is in use: copy shared memory first.  Fields beyond
 * the end of a shorter (older) struct read as their defaults.  Enumerants and discriminants are
 * what the message says: a value unknown to the schema is possible and not malformed.
 *
 * A root of scalars and capabilities only can be read as a whole, which makes its getters
 * cheaper: foo_read_flat() in place of foo_read_root(); lib/message_flat.h.
 *
 * Building.  message_builder_init() over a buffer, foo_init_root(), setters, then
 * message_builder_finish().  When the room is used up, or an index is past the end of a list,
 * `failed` is set and stays set; every later call is harmless, and finish returns 0.  Objects
 * are handed out zeroed.  Initialising a pointer field twice leaves the first object in the
 * message, unreachable.  The builder decides nothing by what it reads back from the buffer, so
 * the buffer may be shared memory (only the seven neighbours of a Bool are read and kept).
 *
 * Copying.  lib/message_copy.h: whole structs and lists, with what a newer maker put into them.
 * Messages from outside (framed, several segments) are copied into one segment and then read:
 * lib/message_frame.h.  The packed encoding is in lib/message_packed.h.
 */
#include "lib/message_builder.h"
#include "lib/message_copy.h"
#include "lib/message_flat.h"
#include "lib/message_pointer.h"
#include "lib/message_reader.h"
