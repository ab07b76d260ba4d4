// SPDX-License-Identifier: MIT
#pragma once
/* Which other files a schema file needs: for #include, and to refuse circles of them. */
#include "tools/capnpc-capos/schema.h"

struct uses {
	const struct node *file;
	enum type_kind first, last;
	const struct node **files; /* sorted by name */
	uint32_t count;
	uint32_t capacity;
};

/*
 * The files that declare the types, of kinds `first` to `last`, of what `file` declares; with
 * structs also those of its methods' parameters and results.
 */
struct uses uses_of(const struct node *file, enum type_kind first, enum type_kind last);

/* The files whose generated headers those of `file` include, directly or not; `file` itself is
 * among them when there is a circle. */
struct uses uses_reached(const struct node *file);

/* Whether a file is among them; add it.  True when it was not. */
bool uses_contain(const struct uses *uses, const struct node *file);
bool uses_add(struct uses *uses, const struct node *file);
