// SPDX-License-Identifier: MIT
#pragma once
/* More programs for a system that is built already. */
#include <stddef.h>
#include <stdint.h>

struct program {
	const char *name; /* closed by a zero byte */
	const void *image;
	size_t image_bytes;
};

/* Whether the manifest has a binary of that name. */
bool manifest_has_program(const void *flat, size_t size, const char *name);

/* Bytes that manifest_extend() makes of a manifest of `size` bytes; 0: too many for a system.
 */
size_t manifest_extended_bytes(const void *flat, size_t size, const struct program programs[],
			       uint32_t count);

/*
 * Write to `out`, of manifest_extended_bytes() bytes, the manifest `flat`, which passed
 * manifest_check(), with `count` more binaries after its own.  All else stays as it is, what
 * this program does not know too.  The result is to be checked again.
 */
void manifest_extend(const void *flat, size_t size, const struct program programs[],
		     uint32_t count, void *out);

/*
 * Why the kernel would not run this file, as the end of a sentence that begins with its name;
 * nullptr when it would.
 */
const char *program_refusal(const void *image, size_t size);
