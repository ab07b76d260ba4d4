// SPDX-License-Identifier: MIT
/*
 * From the request to the model.  See schema.h.
 *
 * Offsets are those of capnp's schema.capnp, as `capnp compile -ocapnp` prints them: data in
 * bytes (flags in bits), pointers by index.
 */
#include "tools/capnpc-capos/schema.h"

#include "tools/capnpc-capos/memory.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>
#include <string.h>

/* CodeGeneratorRequest */
constexpr uint32_t REQUEST_NODES = 0;
constexpr uint32_t REQUEST_FILES = 1;
constexpr uint32_t REQUEST_SOURCE_INFO = 3;

/* Annotation `name` of schema/c.capnp. */
constexpr uint64_t NAME_ANNOTATION_ID = 0xe5a1c0de0000011c;

constexpr uint32_t NODE_BUCKETS = 4096;

static struct node **bucket_of(const struct schema *schema, uint64_t id)
{
	return &schema->buckets[(id ^ id >> 32) % NODE_BUCKETS];
}

struct node *schema_node(const struct schema *schema, uint64_t id)
{
	struct node *node = *bucket_of(schema, id);

	while (node != nullptr && node->id != id)
		node = node->same_bucket;
	return node;
}

const char *schema_name_given(struct array annotations)
{
	for (uint32_t i = 0; i < annotations.count; i++) {
		struct object annotation = array_object(annotations, i);
		struct object value = object_object(annotation, 0);

		if (object_uint64(annotation, 0) == NAME_ANNOTATION_ID &&
		    object_uint16(value, 0) == TYPE_TEXT)
			return object_text(value, 0);
	}
	return nullptr;
}

void schema_label(struct label *label, const char *name, struct array annotations)
{
	const char *given = schema_name_given(annotations);

	label->name = name;
	label->snake = given != nullptr ? given : name_snake(name);
	label->upper = name_upper(label->snake);
	if (label->doc == nullptr)
		label->doc = "";
}

/* The node that another one refers to, which must be there and of that kind. */
static struct node *referred(struct schema *schema, const struct node *from, uint64_t id,
			     enum node_kind kind)
{
	struct node *found = schema_node(schema, id);

	if (found != nullptr && found->kind == kind)
		return found;
	report_request("%s: refers to @0x%016" PRIx64 ", not in the request",
		       object_text(from->source, 0), id);
	schema->lacking = true;
	return nullptr;
}

static enum any_kind load_any(struct object source)
{
	uint16_t kind = object_uint16(source, 10);

	if (object_uint16(source, 8) != 0 || kind > ANY_CAPABILITY)
		return ANY_PARAMETER;
	return (enum any_kind)kind;
}

static struct type load_type(struct schema *schema, const struct node *owner,
			     struct object source)
{
	static const enum node_kind kinds[] = { NODE_ENUM, NODE_STRUCT, NODE_INTERFACE };
	struct type type = { .kind = object_uint16(source, 0) };

	if (type.kind == TYPE_LIST) {
		struct type *element = memory_take(1, sizeof(*element));

		*element = load_type(schema, owner, object_object(source, 0));
		type.element = element;
	} else if (type.kind >= TYPE_ENUM && type.kind <= TYPE_INTERFACE) {
		type.node = referred(schema, owner, object_uint64(source, 8),
				     kinds[type.kind - TYPE_ENUM]);
		type.has_brand = object_has(source, 0);
	} else if (type.kind == TYPE_ANY_POINTER) {
		type.any = load_any(source);
	}
	return type;
}

static void load_field(struct schema *schema, struct node *node, struct field *f,
		       struct object source)
{
	schema_label(&f->label, object_text(source, 0), object_array(source, 1));
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

/* From units of 16 bits; what lies outside every struct still does. */
static uint32_t discriminant_bytes(uint32_t units)
{
	return units < UINT32_MAX / 2 ? units * 2 : UINT32_MAX;
}

static void load_struct(struct schema *schema, struct node *node)
{
	struct array fields = object_array(node->source, 3);

	node->data_words = object_uint16(node->source, 14);
	node->pointers = object_uint16(node->source, 24);
	node->is_group = object_bool(node->source, 224);
	node->union_members = object_uint16(node->source, 30);
	node->discriminant_offset = discriminant_bytes(object_uint32(node->source, 32));
	node->fields = memory_take(fields.count, sizeof(*node->fields));
	node->field_count = fields.count;
	for (uint32_t i = 0; i < fields.count; i++)
		load_field(schema, node, &node->fields[i], array_object(fields, i));
}

static void load_enum(struct node *node)
{
	struct array enumerants = object_array(node->source, 3);

	node->enumerants = memory_take(enumerants.count, sizeof(*node->enumerants));
	node->enumerant_count = enumerants.count;
	for (uint32_t i = 0; i < enumerants.count; i++) {
		struct object source = array_object(enumerants, i);

		schema_label(&node->enumerants[i], object_text(source, 0),
			     object_array(source, 1));
	}
}

static void load_interface(struct schema *schema, struct node *node)
{
	struct array methods = object_array(node->source, 3);

	node->has_superclass = object_array(node->source, 4).count != 0;
	node->methods = memory_take(methods.count, sizeof(*node->methods));
	node->method_count = methods.count;
	for (uint32_t i = 0; i < methods.count; i++) {
		struct object source = array_object(methods, i);
		struct method *m = &node->methods[i];

		schema_label(&m->label, object_text(source, 0), object_array(source, 1));
		m->params = referred(schema, node, object_uint64(source, 8), NODE_STRUCT);
		m->results = referred(schema, node, object_uint64(source, 16), NODE_STRUCT);
		m->is_generic = object_array(source, 4).count != 0 || object_has(source, 2) ||
				object_has(source, 3);
	}
}

/* The body of a node; the ids of all nodes are known. */
static void load_body(struct schema *schema, struct node *node)
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

static void load_nodes(struct schema *schema, struct array nodes)
{
	schema->nodes = memory_take(nodes.count, sizeof(*schema->nodes));
	schema->node_count = nodes.count;
	schema->buckets = memory_take(NODE_BUCKETS, sizeof(*schema->buckets));
	for (uint32_t i = 0; i < nodes.count; i++) {
		struct object source = array_object(nodes, i);
		struct node *node = &schema->nodes[i];
		struct node **bucket;

		node->id = object_uint64(source, 0);
		node->kind = object_uint16(source, 12);
		node->source = source;
		node->prefix = node->upper = "";
		schema_label(&node->label, object_text(source, 0), (struct array){});
		node->is_generic =
			object_array(source, 5).count != 0 || object_bool(source, 288);
		bucket = bucket_of(schema, node->id);
		node->same_bucket = *bucket;
		*bucket = node;
	}
	for (uint32_t i = 0; i < nodes.count; i++)
		load_body(schema, &schema->nodes[i]);
}

static void load_files(struct schema *schema, struct array files)
{
	schema->files = memory_take(files.count, sizeof(*schema->files));
	for (uint32_t i = 0; i < files.count; i++) {
		struct object file = array_object(files, i);
		struct node *node = schema_node(schema, object_uint64(file, 0));

		if (node == nullptr || node->kind != NODE_FILE) {
			schema->request.malformed = true;
			continue;
		}
		node->label.name = object_text(file, 0);
		schema->files[schema->file_count++] = node;
	}
}

bool schema_load(struct schema *schema)
{
	struct object root = request_root(&schema->request);

	load_nodes(schema, object_array(root, REQUEST_NODES));
	schema_place(schema);
	schema_document(schema, object_array(root, REQUEST_SOURCE_INFO));
	load_files(schema, object_array(root, REQUEST_FILES));
	if (!schema->lacking && !schema->request.malformed && !schema_is_sound(schema))
		schema->request.malformed = true;
	if (schema->request.malformed)
		report_request("the CodeGeneratorRequest is malformed");
	return !schema->request.malformed && !schema->lacking;
}
