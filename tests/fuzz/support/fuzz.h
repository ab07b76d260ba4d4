// SPDX-License-Identifier: MIT
#pragma once
/*
 * What a fuzz target is made of.
 *
 * A target is one file, tests/fuzz/NAME.c, whose first comment says in one line what it
 * attacks. It defines LLVMFuzzerTestOneInput(), which takes one input, does with it whatever an
 * attacker could, and returns 0.  It keeps nothing from one input to the next, reads no clock
 * and draws no numbers of its own, so that a case does the same thing wherever and whenever it
 * is run.
 *
 * A fault is anything that ends the process: a sanitizer's finding, require(), one of cmocka's
 * assert_*() (the helpers of tests/host use them), an input that takes too long.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* An input being read from its front.  Past its end it gives zeros. */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

static inline bool fuzz_input_is_empty(const struct fuzz_input *input)
{
	return input->left == 0;
}

/* An unsigned number of size bytes, at most 8. */
static inline uint64_t fuzz_take(struct fuzz_input *input, size_t size)
{
	uint64_t value = 0;
	size_t taken = size < input->left ? size : input->left;

	if (taken == 0)
		return 0;
	memcpy(&value, input->data, taken);
	input->data += taken;
	input->left -= taken;
	return value;
}

static inline uint8_t fuzz_take_byte(struct fuzz_input *input)
{
	return (uint8_t)fuzz_take(input, 1);
}

/* 0 to limit - 1; limit is 1 to 256. */
static inline uint32_t fuzz_take_below(struct fuzz_input *input, uint32_t limit)
{
	return fuzz_take_byte(input) % limit;
}
