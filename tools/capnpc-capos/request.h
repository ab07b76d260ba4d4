// SPDX-License-Identifier: MIT
#pragma once
/*
 * The message that `capnp compile` writes to a plug-in: framed, several segments, far pointers.
 *
 * A bounded reader for this one use, on the host.  The plug-in cannot stand on generated code,
 * since it makes it, and lib/message.h refuses segments; so fields are fetched by their offsets
 * in /usr/include/capnp/schema.capnp.  As in lib/message.h, what cannot be followed reads as
 * empty and sets `malformed`.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct segment {
	const uint8_t *bytes;
	uint64_t words;
};

struct request {
	struct segment *segments;
	uint32_t segment_count;
	uint64_t budget_words;
	bool malformed;
};

/* A struct in the request; empty where the message has none. */
struct object {
	struct request *request;
	const uint8_t *data;
	uint32_t segment;
	uint32_t data_bytes;
	uint32_t pointers;
	uint32_t nesting;
};

/* A list in the request. */
struct array {
	struct request *request;
	const uint8_t *data;
	uint32_t segment;
	uint32_t count;
	uint32_t step_bits;
	uint32_t data_bytes; /* of an element, if it can be read as a struct */
	uint32_t pointers;   /* of an element */
	uint32_t nesting;
	uint8_t element; /* element size as encoded, 0 to 7 */
};

/* What a pointer leads to; the constants' values are copied without knowing their types. */
enum target_kind : uint8_t {
	TARGET_NULL,
	TARGET_OBJECT,
	TARGET_ARRAY,
};

struct target {
	enum target_kind kind;
	struct object object;
	struct array array;
};

/* Read all of `file`.  False when it is no framed message. */
bool request_load(struct request *request, FILE *file);

/* The same for bytes in memory, which outlive the request. */
bool request_parse(struct request *request, const uint8_t *bytes, uint64_t size);

/* The root, a CodeGeneratorRequest. */
struct object request_root(struct request *request);

/* Scalars; offsets in bytes, in bits for Bool. */
bool object_bool(struct object o, uint32_t bit);
uint8_t object_uint8(struct object o, uint32_t offset);
uint16_t object_uint16(struct object o, uint32_t offset);
uint32_t object_uint32(struct object o, uint32_t offset);
uint64_t object_uint64(struct object o, uint32_t offset);

/* Pointers, by index. */
bool object_has(struct object o, uint32_t index);
struct target object_target(struct object o, uint32_t index);
struct object object_object(struct object o, uint32_t index);
/* Only a list of structs, which all lists of a request are but for constants. */
struct array object_array(struct object o, uint32_t index);

/* A Text, NUL-terminated; a Data. */
const char *object_text(struct object o, uint32_t index);
const uint8_t *object_data(struct object o, uint32_t index, uint32_t *out_size);

/* Element i of a list, as a struct. */
struct object array_object(struct array a, uint32_t i);
