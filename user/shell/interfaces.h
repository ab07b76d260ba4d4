// SPDX-License-Identifier: MIT
#pragma once
/* Interfaces by their ids: names and methods, from the schema. */
#include <stdint.h>

struct interface {
	uint64_t id;
	const char *name;
	const char *const *methods;
	uint16_t method_count;
};

/* nullptr when the shell was built without that schema. */
const struct interface *interface_find(uint64_t id);
