// SPDX-License-Identifier: MIT
#pragma once
/* Names of binaries, processes and grants: 1 to 32 bytes, each of a-z 0-9 _ - */
#include <stddef.h>

/* Longest name, without a closing zero. */
constexpr size_t NAME_BYTES_MAX = 32;

/* Whether it is such a name; data holds size bytes from anywhere; no closing zero is needed or
 * allowed. */
bool name_is_valid(const char *data, size_t size);
