// SPDX-License-Identifier: MIT
#pragma once
/* The encodings of whole messages, and reading and writing them as files. */
#include "lib/message_copy.h"

#include <stdio.h>

struct format {
	const char *name;
	bool is_framed; /* with a table of segments */
	bool is_packed;
	enum message_form form; /* what is written */
};

/* The caller frees data. */
struct bytes {
	uint8_t *data;
	size_t size;
};

/* The format of that name, or null. */
const struct format *format_find(const char *name);

/* Read and unpack all of `file`: null, or what is wrong. */
const char *format_read(const struct format *format, FILE *file, struct bytes *out);

/* Write bytes to stdout, packed if the format is; a table and a segment each by themselves. */
bool format_write(const struct format *format, const uint8_t *bytes, size_t size);
