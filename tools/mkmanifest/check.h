// SPDX-License-Identifier: MIT
#pragma once
/* The rules of a SystemManifest that its schema cannot express. */
#include "lib/message.h"

#include <stdint.h>

/*
 * Check the message in `m` and print one line a fault, "SOURCE: field: what is wrong", to
 * stderr. The number of faults; 0 is a manifest that the kernel takes.
 */
uint32_t manifest_check(struct message_reader *m, const char *source);
