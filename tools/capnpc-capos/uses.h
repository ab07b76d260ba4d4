// SPDX-License-Identifier: MIT
#pragma once
/* Which other files a schema file needs: for #include, and to refuse circles of them. */
#include "tools/capnpc-capos/schema.h"

constexpr uint32_t MAX_USES = 32;

struct uses {
	const struct node *file;
	enum type_kind first, last;
	const struct node *files[MAX_USES]; /* sorted by name */
	uint32_t count;
};

/*
 * The files that declare the types, of kinds `first` to `last`, of what `file` declares; with
 * structs also those of its methods' parameters and results.  At most MAX_USES.
 */
struct uses uses_of(const struct node *file, enum type_kind first, enum type_kind last);

/* Whether the generated headers of `file` would include themselves. */
bool uses_itself(const struct node *file);
