// SPDX-License-Identifier: MIT
#pragma once
/* What the emitters of a field's getters and setters share. */
#include "tools/capnpc-capos/emit.h"

/* What the functions of one field have in common. */
struct field_emission {
	struct output *o;
	const struct node *node;
	const struct field *field;
	const char *prefix; /* of the struct */
	const char *name;   /* of the field */
	const char *doc;    /* for the first function */
};

/* "int32_t foo_get_bar(struct foo_reader r)" and the opening brace. */
void emit_open_getter(struct field_emission *e, const char *type, const char *verb);

/* "void foo_set_bar(struct foo_builder b, ARGS)", the opening brace, and the discriminant. */
void emit_open_setter(struct field_emission *e, const char *type, const char *verb,
		      const char *arguments);

/* An offset or index to read at, for the getter's body; declares `at` for members of unions. */
const char *emit_place(struct field_emission *e, uint32_t offset);

/* The functions of a field in the pointer section. */
void emit_pointer(struct field_emission *e);
