// SPDX-License-Identifier: MIT
/*
 * From the request to the model.  See schema.h.
 *
 * Offsets are those of capnp's schema.capnp, as `capnp compile -ocapnp` prints them: data in
 * bytes (flags in bits), pointers by index.
 */
#include "tools/capnpc-capos/schema.h"

#include "tools/capnpc-capos/name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* CodeGeneratorRequest */
constexpr uint32_t REQUEST_NODES = 0;
constexpr uint32_t REQUEST_FILES = 1;
constexpr uint32_t REQUEST_SOURCE_INFO = 3;

static bool lacking;

struct node *schema_node(const struct schema *schema, uint64_t id)
{
	for (uint32_t i = 0; i < schema->node_count; i++)
		if (schema->nodes[i].id == id)
			return &schema->nodes[i];
	return nullptr;
}

/* The node that another one refers to, which must be there and of that kind. */
static struct node *referred(const struct schema *schema, const struct node *from, uint64_t id,
			     enum node_kind kind)
{
	struct node *found = schema_node(schema, id);

	if (found != nullptr && found->kind == kind)
		return found;
	fprintf(stderr, "capnpc-capos: %s: refers to @0x%016" PRIx64 ", not in the request\n",
		object_text(from->source, 0), id);
	lacking = true;
	return nullptr;
}

/* Zeroed, and not null even for no elements. */
static void *allocate(uint32_t count, size_t size)
{
	void *memory = calloc(count + 1ull, size);

	if (memory == nullptr) {
		fputs("capnpc-capos: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

static struct type load_type(const struct schema *schema, const struct node *owner,
			     struct object source)
{
	static const enum node_kind kinds[] = { NODE_ENUM, NODE_STRUCT, NODE_INTERFACE };
	struct type type = { .kind = object_uint16(source, 0) };

	if (type.kind == TYPE_LIST) {
		struct type *element = allocate(1, sizeof(*element));

		*element = load_type(schema, owner, object_object(source, 0));
		type.element = element;
	} else if (type.kind >= TYPE_ENUM && type.kind <= TYPE_INTERFACE) {
		type.id = object_uint64(source, 8);
		type.node = referred(schema, owner, type.id, kinds[type.kind - TYPE_ENUM]);
		type.has_brand = object_has(source, 0);
	} else if (type.kind == TYPE_ANY_POINTER) {
		type.is_capability =
			object_uint16(source, 8) == 0 && object_uint16(source, 10) == 3;
	}
	return type;
}

static void load_field(const struct schema *schema, struct node *node, struct field *f,
		       struct object source)
{
	f->name = object_text(source, 0);
	f->doc = "";
	f->discriminant = object_uint16(source, 2) ^ NO_DISCRIMINANT;
	f->is_group = object_uint16(source, 8) == 1;
	if (f->is_group) {
		f->group = referred(schema, node, object_uint64(source, 16), NODE_STRUCT);
		return;
	}
	f->offset = object_uint32(source, 4);
	f->type = load_type(schema, node, object_object(source, 2));
	f->value = object_object(source, 3);
	f->has_default = object_bool(source, 128);
}

static void load_struct(const struct schema *schema, struct node *node)
{
	struct array fields = object_array(node->source, 3);

	node->data_words = object_uint16(node->source, 14);
	node->pointers = object_uint16(node->source, 24);
	node->is_group = object_bool(node->source, 224);
	node->union_members = object_uint16(node->source, 30);
	node->discriminant_offset = object_uint32(node->source, 32) * 2;
	node->fields = allocate(fields.count, sizeof(*node->fields));
	node->field_count = fields.count;
	for (uint32_t i = 0; i < fields.count; i++)
		load_field(schema, node, &node->fields[i], array_object(fields, i));
}

static void load_enum(struct node *node)
{
	struct array enumerants = object_array(node->source, 3);

	node->enumerants = allocate(enumerants.count, sizeof(*node->enumerants));
	node->enumerant_count = enumerants.count;
	for (uint32_t i = 0; i < enumerants.count; i++) {
		node->enumerants[i].name = object_text(array_object(enumerants, i), 0);
		node->enumerants[i].doc = "";
	}
}

static void load_interface(const struct schema *schema, struct node *node)
{
	struct array methods = object_array(node->source, 3);

	node->has_superclass = object_array(node->source, 4).count != 0;
	node->methods = allocate(methods.count, sizeof(*node->methods));
	node->method_count = methods.count;
	for (uint32_t i = 0; i < methods.count; i++) {
		struct object source = array_object(methods, i);
		struct method *m = &node->methods[i];

		m->name = object_text(source, 0);
		m->doc = "";
		m->params = referred(schema, node, object_uint64(source, 8), NODE_STRUCT);
		m->results = referred(schema, node, object_uint64(source, 16), NODE_STRUCT);
		m->is_generic = object_array(source, 4).count != 0 || object_has(source, 2) ||
				object_has(source, 3);
	}
}

/* The body of a node; the ids of all nodes are known. */
static void load_node(const struct schema *schema, struct node *node)
{
	switch (node->kind) {
	case NODE_STRUCT:
		load_struct(schema, node);
		break;
	case NODE_ENUM:
		load_enum(node);
		break;
	case NODE_INTERFACE:
		load_interface(schema, node);
		break;
	case NODE_CONST:
		node->type = load_type(schema, node, object_object(node->source, 3));
		node->value = object_object(node->source, 4);
		break;
	case NODE_FILE:
	case NODE_ANNOTATION:
		break;
	}
}

/* Where the doc comment of member i of a node belongs. */
static const char **member_doc(struct node *node, uint32_t i)
{
	if (node->kind == NODE_STRUCT && i < node->field_count)
		return &node->fields[i].doc;
	if (node->kind == NODE_ENUM && i < node->enumerant_count)
		return &node->enumerants[i].doc;
	if (node->kind == NODE_INTERFACE && i < node->method_count)
		return &node->methods[i].doc;
	return nullptr;
}

static void load_docs(const struct schema *schema, struct array infos)
{
	for (uint32_t i = 0; i < infos.count; i++) {
		struct object info = array_object(infos, i);
		struct node *node = schema_node(schema, object_uint64(info, 0));
		struct array members = object_array(info, 1);

		if (node == nullptr)
			continue;
		node->doc = object_text(info, 0);
		for (uint32_t j = 0; j < members.count; j++) {
			const char **doc = member_doc(node, j);

			if (doc != nullptr)
				*doc = object_text(array_object(members, j), 0);
		}
	}
}

/* Give `node` its place below `parent`; a node has one place, the first that is found. */
static void place_node(struct node *node, struct node *parent, const char *name)
{
	bool is_top = parent->kind == NODE_FILE;

	if (node == nullptr || node->parent != nullptr || node->kind == NODE_FILE)
		return;
	node->parent = parent;
	node->file = parent->file;
	node->name = name;
	node->prefix = is_top ? name_snake(name)
			      : name_format("%s_%s", parent->prefix, name_snake(name));
	node->upper = is_top ? name_upper(name)
			     : name_format("%s_%s", parent->upper, name_upper(name));
	parent->nested[parent->nested_count++] = node;
}

/* Everything that is declared directly inside `node`. */
static void place_children(const struct schema *schema, struct node *node)
{
	struct array nested = object_array(node->source, 1);

	node->nested = allocate(nested.count + node->field_count + 2 * node->method_count,
				sizeof(struct node *));
	for (uint32_t i = 0; i < nested.count; i++) {
		struct object declared = array_object(nested, i);

		place_node(schema_node(schema, object_uint64(declared, 0)), node,
			   object_text(declared, 0));
	}
	for (uint32_t i = 0; i < node->field_count; i++)
		place_node(node->fields[i].group, node, node->fields[i].name);
	for (uint32_t i = 0; i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		/* Parameters in parentheses are nodes without a scope. */
		if (m->params != nullptr && object_uint64(m->params->source, 16) == 0)
			place_node(m->params, node, name_format("%sParams", m->name));
		if (m->results != nullptr && object_uint64(m->results->source, 16) == 0)
			place_node(m->results, node, name_format("%sResults", m->name));
	}
}

static void place_below(const struct schema *schema, struct node *node)
{
	place_children(schema, node);
	for (uint32_t i = 0; i < node->nested_count; i++) {
		struct node *child = node->nested[i];

		child->is_of_method =
			node->kind == NODE_INTERFACE && object_uint64(child->source, 16) == 0;
		place_below(schema, child);
	}
}

static void load_nodes(struct schema *schema, struct array nodes)
{
	schema->nodes = allocate(nodes.count, sizeof(*schema->nodes));
	schema->node_count = nodes.count;
	for (uint32_t i = 0; i < nodes.count; i++) {
		struct object source = array_object(nodes, i);
		struct node *node = &schema->nodes[i];

		node->id = object_uint64(source, 0);
		node->kind = object_uint16(source, 12);
		node->source = source;
		node->doc = node->prefix = node->upper = "";
		node->name = object_text(source, 0);
		node->is_generic =
			object_array(source, 5).count != 0 || object_bool(source, 288);
	}
	for (uint32_t i = 0; i < nodes.count; i++)
		load_node(schema, &schema->nodes[i]);
	for (uint32_t i = 0; i < nodes.count; i++) {
		struct node *node = &schema->nodes[i];

		if (node->kind == NODE_FILE) {
			node->file = node;
			place_below(schema, node);
		}
	}
}

static void load_files(struct schema *schema, struct array files)
{
	schema->files = allocate(files.count, sizeof(*schema->files));
	for (uint32_t i = 0; i < files.count; i++) {
		struct object file = array_object(files, i);
		struct node *node = schema_node(schema, object_uint64(file, 0));

		if (node == nullptr)
			continue;
		node->name = object_text(file, 0);
		schema->files[schema->file_count++] = node;
	}
}

/* Whether a type is known, and what it names is declared in some file. */
static bool is_sound_type(const struct type *type)
{
	if (type->kind == TYPE_LIST && type->element->kind != TYPE_LIST)
		type = type->element;
	return type->kind <= TYPE_ANY_POINTER &&
	       (type->node == nullptr || type->node->file != nullptr);
}

/* Whether everything that a declaration refers to has its place in the tree. */
static bool is_sound(const struct node *node)
{
	bool good = node->kind <= NODE_ANNOTATION && is_sound_type(&node->type);

	for (uint32_t i = 0; good && i < node->field_count; i++) {
		const struct field *f = &node->fields[i];

		if (f->is_group)
			good = f->group != nullptr && f->group->parent == node;
		else
			good = is_sound_type(&f->type);
	}
	for (uint32_t i = 0; good && i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		good = m->params != nullptr && m->params->file != nullptr &&
		       m->results != nullptr && m->results->file != nullptr;
	}
	return good;
}

bool schema_load(struct schema *schema, FILE *file)
{
	struct object root;

	*schema = (struct schema){};
	if (!request_load(&schema->request, file)) {
		fputs("capnpc-capos: stdin is no CodeGeneratorRequest of `capnp compile`\n",
		      stderr);
		return false;
	}
	root = request_root(&schema->request);
	load_nodes(schema, object_array(root, REQUEST_NODES));
	load_docs(schema, object_array(root, REQUEST_SOURCE_INFO));
	load_files(schema, object_array(root, REQUEST_FILES));
	for (uint32_t i = 0; i < schema->node_count; i++)
		if (!is_sound(&schema->nodes[i]))
			schema->request.malformed = true;
	if (schema->request.malformed)
		fputs("capnpc-capos: the CodeGeneratorRequest is malformed\n", stderr);
	return !schema->request.malformed && !lacking;
}

void schema_visit(const struct node *file, node_visitor *visit, void *context)
{
	for (uint32_t i = 0; i < file->nested_count; i++) {
		visit(context, file->nested[i]);
		schema_visit(file->nested[i], visit, context);
	}
}
