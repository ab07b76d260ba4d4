// SPDX-License-Identifier: MIT
/* Encodings of whole messages.  See format.h. */
#include "tools/capos-message/format.h"

#include "lib/message_packed.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t MAX_BYTES = (size_t)256 << 20;
constexpr size_t STEP_BYTES = (size_t)1 << 16;

static const struct format formats[] = {
	{ .name = "binary", .is_framed = true },
	{ .name = "packed", .is_framed = true, .is_packed = true },
	{ .name = "flat" },
	{ .name = "flat-packed", .is_packed = true },
	{ .name = "canonical", .form = MESSAGE_FORM_CANONICAL },
};

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return nullptr;
}

/* The whole file: null, or what is wrong. */
static const char *read_all(FILE *file, struct bytes *out)
{
	size_t capacity = 0, got = 1;

	while (got != 0 && out->size <= MAX_BYTES) {
		if (capacity - out->size < STEP_BYTES) {
			uint8_t *larger =
				realloc(out->data, capacity += out->size + STEP_BYTES);

			if (larger == nullptr)
				return "out of memory";
			out->data = larger;
		}
		got = fread(out->data + out->size, 1, STEP_BYTES, file);
		out->size += got;
	}
	if (ferror(file))
		return "cannot read";
	return out->size > MAX_BYTES ? "the input is too long" : nullptr;
}

static const char *unpack(struct bytes *bytes)
{
	struct bytes packed = *bytes;
	enum message_fault fault =
		message_unpack(packed.data, packed.size, nullptr, MAX_BYTES, &bytes->size);

	if (fault != MESSAGE_FAULT_NONE)
		return fault == MESSAGE_FAULT_ROOM ? "the input is too long"
						   : message_fault_text(fault);
	bytes->data = malloc(bytes->size + 1);
	if (bytes->data == nullptr) {
		bytes->data = packed.data;
		return "out of memory";
	}
	fault = message_unpack(packed.data, packed.size, bytes->data, bytes->size,
			       &bytes->size);
	free(packed.data);
	return fault != MESSAGE_FAULT_NONE ? message_fault_text(fault) : nullptr;
}

const char *format_read(const struct format *format, FILE *file, struct bytes *out)
{
	const char *wrong = read_all(file, out);

	return wrong == nullptr && format->is_packed ? unpack(out) : wrong;
}

bool format_write(const struct format *format, const uint8_t *bytes, size_t size)
{
	uint8_t *packed;
	bool good;

	if (!format->is_packed)
		return fwrite(bytes, 1, size, stdout) == size;
	packed = malloc(message_packed_bound(size));
	if (packed == nullptr)
		return false;
	size = message_pack(bytes, size, packed);
	good = fwrite(packed, 1, size, stdout) == size;
	free(packed);
	return good;
}
