// SPDX-License-Identifier: MIT
#pragma once
/* A constant's value, out of the request's segments, as a message of one segment. */
#include "tools/capnpc-capos/request.h"

struct words {
	uint64_t *word;
	uint32_t count;
	uint32_t capacity;
};

/*
 * Copy what pointer `index` of `o` leads to into a message of which it is the root.
 * Capabilities become null.  The words are never freed.
 */
struct words flatten(struct object o, uint32_t index);
