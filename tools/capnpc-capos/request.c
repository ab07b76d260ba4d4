// SPDX-License-Identifier: MIT
/* Reader of the CodeGeneratorRequest.  See request.h. */
#include "tools/capnpc-capos/request.h"

#include "tools/capnpc-capos/memory.h"

#include <string.h>

constexpr uint64_t MAX_REQUEST_BYTES = 256ull << 20;
constexpr uint32_t MAX_SEGMENTS = 512;
constexpr uint32_t MAX_NESTING = 64;

enum pointer_kind : uint8_t {
	POINTER_STRUCT,
	POINTER_LIST,
	POINTER_FAR,
	POINTER_OTHER,
};

/* A pointer word, where its object starts, and the segment that both are in. */
struct place {
	uint64_t pointer;
	int64_t start; /* in words */
	uint32_t segment;
};

static uint64_t load64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static uint32_t load32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

/* The whole file; null when it is too long or cannot be read. */
static uint8_t *read_all(FILE *file, uint64_t *out_bytes)
{
	uint64_t capacity = 1 << 16, used = 0;
	uint8_t *bytes = memory_take(capacity, 1);

	while (!feof(file) && !ferror(file) && used < MAX_REQUEST_BYTES) {
		if (used == capacity) {
			uint8_t *larger = memory_take(capacity *= 2, 1);

			memcpy(larger, bytes, used);
			bytes = larger;
		}
		used += fread(bytes + used, 1, capacity - used, file);
	}
	*out_bytes = used;
	return feof(file) ? bytes : nullptr;
}

/* Fill in the segments from the table at the start of the bytes. */
static bool split_segments(struct request *r, const uint8_t *bytes, uint64_t size)
{
	uint64_t at = 4 + 4ull * r->segment_count;

	at = (at + 7) & ~7ull;
	if (at > size)
		return false;
	for (uint32_t i = 0; i < r->segment_count; i++) {
		uint64_t words = load32(bytes + 4 + 4ull * i);

		if (words > (size - at) / 8)
			return false;
		r->segments[i] = (struct segment){ bytes + at, words };
		at += words * 8;
	}
	return true;
}

bool request_parse(struct request *request, const uint8_t *bytes, uint64_t size)
{
	*request = (struct request){ .budget_words = size * 2 };
	if (size < 16 || load32(bytes) >= MAX_SEGMENTS)
		return false;
	request->segment_count = load32(bytes) + 1;
	request->segments = memory_take(request->segment_count, sizeof(*request->segments));
	return split_segments(request, bytes, size);
}

bool request_load(struct request *request, FILE *file)
{
	uint64_t size = 0;
	const uint8_t *bytes = read_all(file, &size);

	return bytes != nullptr && request_parse(request, bytes, size);
}

/* Whether the words lie in the segment and the budget; spends them. */
static bool take(struct request *r, uint32_t segment, int64_t start, uint64_t words)
{
	if (segment >= r->segment_count || start < 0 ||
	    (uint64_t)start + words > r->segments[segment].words)
		return false;
	if (words > r->budget_words)
		return false;
	r->budget_words -= words;
	return true;
}

static struct place near(uint64_t pointer, int64_t at, uint32_t segment)
{
	return (struct place){ pointer, at + 1 + ((int32_t)(uint32_t)pointer >> 2), segment };
}

/* Follow a far pointer, single or double, to the pointer it stands for. */
static bool follow_far(struct request *r, struct place *p)
{
	bool is_double = (p->pointer & 4) != 0;
	int64_t at = (uint32_t)p->pointer >> 3;
	uint32_t segment = (uint32_t)(p->pointer >> 32);
	const uint8_t *pad;

	if (!take(r, segment, at, is_double ? 2 : 1))
		return false;
	pad = r->segments[segment].bytes + at * 8;
	*p = near(load64(pad), at, segment);
	if (!is_double)
		return (p->pointer & 3) != POINTER_FAR;
	if ((p->pointer & 7) != POINTER_FAR)
		return false;
	at = (uint32_t)p->pointer >> 3;
	segment = (uint32_t)(p->pointer >> 32);
	*p = (struct place){ load64(pad + 8), at, segment };
	return (p->pointer & 3) != POINTER_FAR;
}

static bool read_object(struct request *r, struct place p, struct object *o)
{
	uint32_t data_words = (p.pointer >> 32) & 0xffff;

	o->pointers = (uint32_t)(p.pointer >> 48);
	o->data_bytes = data_words * 8;
	o->segment = p.segment;
	if (!take(r, p.segment, p.start, (uint64_t)data_words + o->pointers))
		return false;
	o->data = r->segments[p.segment].bytes + p.start * 8;
	return true;
}

/* Spend one word for each element that takes no room: counts cannot multiply work. */
static bool charge_empty(struct request *r, const struct array *a)
{
	if (a->step_bits != 0)
		return true;
	if (a->count > r->budget_words)
		return false;
	r->budget_words -= a->count;
	return true;
}

/* A list of structs, described by the tag word before the first. */
static bool read_tagged(struct request *r, struct array *a, uint64_t words)
{
	uint64_t tag = load64(a->data);
	uint32_t data_words = (tag >> 32) & 0xffff;

	a->count = (uint32_t)tag >> 2;
	a->pointers = (uint32_t)(tag >> 48);
	a->data_bytes = data_words * 8;
	a->step_bits = (data_words + a->pointers) * 64;
	a->data += 8;
	return (tag & 3) == POINTER_STRUCT &&
	       (uint64_t)a->count * (a->step_bits / 64) <= words && charge_empty(r, a);
}

static bool read_array(struct request *r, struct place p, struct array *a)
{
	static const uint8_t bits[] = { 0, 1, 8, 16, 32, 64, 64, 0 };
	uint32_t count = (uint32_t)(p.pointer >> 35);
	uint64_t words;

	a->element = (p.pointer >> 32) & 7;
	a->step_bits = bits[a->element];
	words = a->element == 7 ? count + 1ull : ((uint64_t)count * a->step_bits + 63) / 64;
	if (!take(r, p.segment, p.start, words))
		return false;
	a->data = r->segments[p.segment].bytes + p.start * 8;
	a->segment = p.segment;
	if (a->element == 7)
		return read_tagged(r, a, count);
	a->count = count;
	a->pointers = a->element == 6;
	a->data_bytes = a->element == 6 ? 0 : a->step_bits / 8;
	return charge_empty(r, a);
}

/* What the pointer at word `at` of a segment leads to. */
static struct target read_target(struct request *r, uint32_t segment, int64_t at,
				 uint32_t nesting)
{
	struct target t = { .kind = TARGET_NULL };
	struct place p = near(load64(r->segments[segment].bytes + at * 8), at, segment);
	bool good = true;

	t.object = (struct object){ .request = r, .nesting = nesting + 1 };
	t.array = (struct array){ .request = r, .nesting = nesting + 1 };
	if (p.pointer == 0)
		return t;
	if ((p.pointer & 3) == POINTER_FAR)
		good = follow_far(r, &p);
	if (good && (p.pointer & 3) == POINTER_STRUCT) {
		t.kind = TARGET_OBJECT;
		good = read_object(r, p, &t.object);
	} else if (good && (p.pointer & 3) == POINTER_LIST) {
		t.kind = TARGET_ARRAY;
		good = read_array(r, p, &t.array);
	} else {
		good = false;
	}
	if (good && nesting < MAX_NESTING)
		return t;
	r->malformed = true;
	return (struct target){ .object.request = r, .array.request = r };
}

struct object request_root(struct request *request)
{
	if (request->segments[0].words == 0) {
		request->malformed = true;
		return (struct object){ .request = request };
	}
	return read_target(request, 0, 0, 0).object;
}

bool object_bool(struct object o, uint32_t bit)
{
	return bit / 8 < o.data_bytes && (o.data[bit / 8] >> bit % 8 & 1) != 0;
}

uint8_t object_uint8(struct object o, uint32_t offset)
{
	return offset < o.data_bytes ? o.data[offset] : 0;
}

uint16_t object_uint16(struct object o, uint32_t offset)
{
	return (uint16_t)(object_uint8(o, offset) | object_uint8(o, offset + 1) << 8);
}

uint32_t object_uint32(struct object o, uint32_t offset)
{
	return object_uint16(o, offset) | (uint32_t)object_uint16(o, offset + 2) << 16;
}

uint64_t object_uint64(struct object o, uint32_t offset)
{
	return object_uint32(o, offset) | (uint64_t)object_uint32(o, offset + 4) << 32;
}

bool object_has(struct object o, uint32_t index)
{
	return object_target(o, index).kind != TARGET_NULL;
}

struct target object_target(struct object o, uint32_t index)
{
	const uint8_t *at;

	if (index >= o.pointers)
		return (struct target){ .object.request = o.request,
					.array.request = o.request };
	at = o.data + o.data_bytes + index * 8ull;
	return read_target(o.request, o.segment,
			   (at - o.request->segments[o.segment].bytes) / 8, o.nesting);
}

struct object object_object(struct object o, uint32_t index)
{
	return object_target(o, index).object;
}

struct array object_array(struct object o, uint32_t index)
{
	struct target t = object_target(o, index);

	if (t.kind == TARGET_NULL || t.array.element == 7)
		return t.array;
	o.request->malformed = true;
	return (struct array){ .request = o.request };
}

const uint8_t *object_data(struct object o, uint32_t index, uint32_t *out_size)
{
	struct array a = object_target(o, index).array;

	*out_size = a.element == 2 ? a.count : 0;
	return a.element == 2 ? a.data : nullptr;
}

const char *object_text(struct object o, uint32_t index)
{
	uint32_t size;
	const uint8_t *bytes = object_data(o, index, &size);

	if (size == 0)
		return "";
	if (bytes[size - 1] != 0) {
		o.request->malformed = true;
		return "";
	}
	return (const char *)bytes;
}

struct object array_object(struct array a, uint32_t i)
{
	struct object o = { .request = a.request, .segment = a.segment, .nesting = a.nesting };

	if (i >= a.count || a.step_bits % 8 != 0)
		return o;
	o.data = a.data + (uint64_t)i * (a.step_bits / 8);
	o.data_bytes = a.data_bytes;
	o.pointers = a.pointers;
	return o;
}
