// SPDX-License-Identifier: MIT
#pragma once
/*
 * The schemas of one request as plain C data: what the emitters read.
 *
 * Everything lives as long as memory.h says.  Nodes are linked by pointers; an id that the
 * request does not explain is an error when the model is loaded, as is anything that `capnp`
 * would not have let through: a field outside its struct, a name that is none.
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

/* What an AnyPointer may lead to. */
enum any_kind : uint16_t {
	ANY_POINTER,
	ANY_STRUCT,
	ANY_LIST,
	ANY_CAPABILITY,
	ANY_PARAMETER, /* a type parameter of a generic declaration */
};

struct node;

struct type {
	enum type_kind kind;
	enum any_kind any;          /* TYPE_ANY_POINTER */
	bool has_brand;             /* parameters of a generic were given */
	const struct node *node;    /* the enum, struct or interface; null for the others */
	const struct type *element; /* TYPE_LIST */
};

constexpr uint16_t NO_DISCRIMINANT = 0xffff;

/* How a declaration is called. */
struct label {
	const char *name;  /* as declared */
	const char *snake; /* in C: the name in snake_case, or what $C.name says */
	const char *upper; /* the same in capitals */
	const char *doc;
};

struct field {
	struct label label;
	uint16_t discriminant; /* NO_DISCRIMINANT outside unions */
	bool is_group;
	bool has_default; /* one was written */
	uint32_t offset;  /* in units of the type's size */
	struct type type;
	struct object value; /* the default */
	struct node *group;
};

struct method {
	struct label label;
	struct node *params;
	struct node *results;
	bool is_generic;
};

struct node {
	uint64_t id;
	enum node_kind kind;
	struct label label;  /* of a file, its path */
	const char *prefix;  /* label.snake with the parents' before it */
	const char *upper;   /* the same in capitals */
	struct node *parent; /* null for files, and for what was not reached */
	const struct node *file;
	struct node **nested; /* in the order of declaration */
	uint32_t nested_count;
	uint32_t depth;       /* how many declarations it is in */
	struct object source; /* the Node itself */
	struct node *same_bucket;
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
	struct label *enumerants;
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
	struct node **buckets;     /* of the nodes by their ids */
	bool lacking;              /* a node refers to one that is not in the request */
	const struct node **files; /* those named on the command line */
	uint32_t file_count;
};

/*
 * Build the model of a request that has been loaded, schema->request.  False, with a message on
 * stderr, when it makes no sense.
 */
bool schema_load(struct schema *schema);

/* The node of that id, or null. */
struct node *schema_node(const struct schema *schema, uint64_t id);

/* Give every declaration its place, and its comment (place.c). */
void schema_place(const struct schema *schema);
void schema_document(const struct schema *schema, struct array infos);

/* Whether everything is what `capnp` would have let through (sound.c). */
bool schema_is_sound(const struct schema *schema);

/* What annotation $C.name of schema/c.capnp says in a list of annotations, or null. */
const char *schema_name_given(struct array annotations);

/* Fill in how something is called. */
void schema_label(struct label *label, const char *name, struct array annotations);

/* Call `visit` once for each declaration in `file`, outer before inner, in order. */
typedef void node_visitor(void *context, const struct node *node);
void schema_visit(const struct node *file, node_visitor *visit, void *context);

/* The member of a union, and whether a node holds one. */
static inline bool field_is_in_union(const struct field *f)
{
	return f->discriminant != NO_DISCRIMINANT;
}
