// SPDX-License-Identifier: MIT
#pragma once
/*
 * The schemas of one request as plain C data: what the emitters read.
 *
 * Everything is allocated once and lives until the process ends.  Nodes are linked by pointers;
 * an id that the request does not explain is an error when the model is loaded.
 */
#include "tools/capnpc-capos/request.h"

#include <stdint.h>

/* Numbers of schema.capnp: Type and Value have the same. */
enum type_kind : uint16_t {
	TYPE_VOID = 0,
	TYPE_BOOL,
	TYPE_INT8,
	TYPE_INT16,
	TYPE_INT32,
	TYPE_INT64,
	TYPE_UINT8,
	TYPE_UINT16,
	TYPE_UINT32,
	TYPE_UINT64,
	TYPE_FLOAT32,
	TYPE_FLOAT64,
	TYPE_TEXT,
	TYPE_DATA,
	TYPE_LIST,
	TYPE_ENUM,
	TYPE_STRUCT,
	TYPE_INTERFACE,
	TYPE_ANY_POINTER,
};

enum node_kind : uint16_t {
	NODE_FILE = 0,
	NODE_STRUCT,
	NODE_ENUM,
	NODE_INTERFACE,
	NODE_CONST,
	NODE_ANNOTATION,
};

struct node;

struct type {
	enum type_kind kind;
	bool is_capability;         /* TYPE_ANY_POINTER: declared as Capability */
	bool has_brand;             /* parameters of a generic were given */
	uint64_t id;                /* of the enum, struct or interface */
	const struct node *node;    /* the same; null for the others */
	const struct type *element; /* TYPE_LIST */
};

constexpr uint16_t NO_DISCRIMINANT = 0xffff;

struct field {
	const char *name;
	const char *doc;
	uint16_t discriminant; /* NO_DISCRIMINANT outside unions */
	bool is_group;
	bool has_default; /* one was written */
	uint32_t offset;  /* in units of the type's size */
	struct type type;
	struct object value; /* the default */
	struct node *group;
};

struct enumerant {
	const char *name;
	const char *doc;
};

struct method {
	const char *name;
	const char *doc;
	struct node *params;
	struct node *results;
	bool is_generic;
};

struct node {
	uint64_t id;
	enum node_kind kind;
	const char *name; /* as declared; for a file, its path */
	const char *doc;
	const char *prefix;  /* snake_case with the parents' names before it */
	const char *upper;   /* the same in capitals */
	struct node *parent; /* null for files, and for what was not reached */
	const struct node *file;
	struct node **nested; /* in the order of declaration */
	uint32_t nested_count;
	struct object source; /* the Node itself */
	bool is_generic;

	/* NODE_STRUCT */
	bool is_group;
	bool is_of_method; /* parameters or results in parentheses */
	uint16_t data_words;
	uint16_t pointers;
	uint16_t union_members;
	uint32_t discriminant_offset; /* in bytes */
	struct field *fields;
	uint32_t field_count;

	/* NODE_ENUM */
	struct enumerant *enumerants;
	uint32_t enumerant_count;

	/* NODE_INTERFACE */
	struct method *methods;
	uint32_t method_count;
	bool has_superclass;

	/* NODE_CONST */
	struct type type;
	struct object value;
};

struct schema {
	struct request request;
	struct node *nodes;
	uint32_t node_count;
	const struct node **files; /* those named on the command line */
	uint32_t file_count;
};

/* Load the request from `file`.  False, with a message on stderr, when it makes no sense. */
bool schema_load(struct schema *schema, FILE *file);

/* The node of that id, or null. */
struct node *schema_node(const struct schema *schema, uint64_t id);

/* Call `visit` once for each declaration in `file`, outer before inner, in order. */
typedef void node_visitor(void *context, const struct node *node);
void schema_visit(const struct node *file, node_visitor *visit, void *context);

/* The member of a union, and whether a node holds one. */
static inline bool field_is_in_union(const struct field *f)
{
	return f->discriminant != NO_DISCRIMINANT;
}
