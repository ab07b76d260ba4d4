// SPDX-License-Identifier: MIT
#pragma once
/*
 * The generated files of one schema file.
 *
 *   FOO.capnp.h    constants, enums, ids of interfaces, readers and builders of structs
 *   FOO.client.h   typed calls on the interfaces, over user/rt/call.h
 *   FOO.server.h   tables of handlers and their dispatch functions
 *   FOO.server.c   the same, out of line
 *
 * and, for the whole request, abi.txt: every number that other programs depend on.
 */
#include "tools/capnpc-capos/output.h"
#include "tools/capnpc-capos/schema.h"

/* FOO.capnp.h */
void emit_header(const struct node *file);

/* FOO.client.h, FOO.server.h and FOO.server.c; nothing for a file without interfaces. */
void emit_client(const struct node *file);
void emit_server(const struct node *file);

/* abi.txt */
void emit_abi(const struct schema *schema);

/* Parts of the header; each emits what one declaration needs. */
void emit_const(struct output *o, const struct node *node);
void emit_const_message(struct output *o, const struct node *node);
void emit_enum(struct output *o, const struct node *node);
void emit_interface(struct output *o, const struct node *node);
void emit_struct_types(struct output *o, const struct node *node);
void emit_struct_functions(struct output *o, const struct node *node);

/* "static const uint64_t NAME[] = {...};": a value of pointer type as a message. */
void emit_words(struct output *o, unsigned int depth, const char *name, struct object value);

void emit_field(struct output *o, const struct node *node, const struct field *f);

/* "schema/foo.client.h" for schema/foo.capnp and ".client.h". */
const char *emit_path(const struct node *file, const char *suffix);

/* The first lines of a generated file. */
void emit_head(struct output *o, const struct node *file, bool is_header, const char *what);

/* "#include "other.SUFFIX"" for every file of which `file` uses types of that kind. */
void emit_includes(struct output *o, const struct node *file, enum type_kind first,
		   enum type_kind last, const char *suffix);

/* Whether the pointers of a struct can lead to anything that takes room. */
bool emit_has_contents(const struct node *node);

/* Whether a struct can be read as a whole, and what is generated for it (lib/message_flat.h).
 */
bool emit_has_flat(const struct node *node);
void emit_flat_type(struct output *o, const struct node *node);
void emit_flat_functions(struct output *o, const struct node *node);

/* Whether the file declares an interface. */
bool emit_has_interface(const struct node *file);

/* The capability fields of a result struct, depth first; see emit_interface.c. */
struct capability_field {
	const char *upper; /* name, with those of the structs it is in */
	const struct field *field;
};

constexpr uint32_t MAX_CAPABILITY_FIELDS = 32;

uint32_t emit_capabilities(const struct node *results,
			   struct capability_field fields[MAX_CAPABILITY_FIELDS]);
