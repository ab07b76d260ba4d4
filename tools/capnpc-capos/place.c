// SPDX-License-Identifier: MIT
/* The tree of declarations: where each one stands, what it is called, its comment. */
#include "tools/capnpc-capos/memory.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/schema.h"

/* Deeper nesting of declarations is a request that `capnp` did not write. */
constexpr uint32_t MAX_DEPTH = 64;

/* Give `node` its place below `parent`; a node has one place, the first that is found. */
static void place_node(struct node *node, struct node *parent, const char *name)
{
	bool is_top = parent->kind == NODE_FILE;

	if (node == nullptr || node->parent != nullptr || node->kind == NODE_FILE)
		return;
	node->parent = parent;
	node->file = parent->file;
	node->depth = parent->depth + 1;
	schema_label(&node->label, name, object_array(node->source, 2));
	node->prefix = is_top ? node->label.snake
			      : name_format("%s_%s", parent->prefix, node->label.snake);
	node->upper = is_top ? node->label.upper
			     : name_format("%s_%s", parent->upper, node->label.upper);
	parent->nested[parent->nested_count++] = node;
}

/* Parameters or results in parentheses: a node without a scope. */
static void place_of_method(struct node *node, struct node *interface, const struct method *m,
			    const char *what)
{
	const char *name = name_format("%s%s", m->label.name, what);

	if (node == nullptr || object_uint64(node->source, 16) != 0 || node->parent != nullptr)
		return;
	place_node(node, interface, name);
	node->is_of_method = node->parent == interface;
	node->label.snake = name_format("%s_%s", m->label.snake, name_snake(what));
	node->label.upper = name_upper(node->label.snake);
	node->prefix = name_format("%s_%s", interface->prefix, node->label.snake);
	node->upper = name_format("%s_%s", interface->upper, node->label.upper);
}

/* A group is called what its field is. */
static void place_group(const struct field *f, struct node *parent)
{
	struct node *group = f->group;

	if (group == nullptr || group->parent != nullptr)
		return;
	place_node(group, parent, f->label.name);
	group->label.snake = f->label.snake;
	group->label.upper = f->label.upper;
	group->prefix = name_format("%s_%s", parent->prefix, f->label.snake);
	group->upper = name_format("%s_%s", parent->upper, f->label.upper);
}

/* Everything that is declared directly inside `node`. */
static void place_children(const struct schema *schema, struct node *node)
{
	struct array nested = object_array(node->source, 1);

	node->nested =
		memory_take((uint64_t)nested.count + node->field_count + 2 * node->method_count,
			    sizeof(struct node *));
	for (uint32_t i = 0; i < nested.count; i++) {
		struct object declared = array_object(nested, i);

		place_node(schema_node(schema, object_uint64(declared, 0)), node,
			   object_text(declared, 0));
	}
	for (uint32_t i = 0; i < node->field_count; i++)
		place_group(&node->fields[i], node);
	for (uint32_t i = 0; i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		place_of_method(m->params, node, m, "Params");
		place_of_method(m->results, node, m, "Results");
	}
}

static void place_below(const struct schema *schema, struct node *node)
{
	if (node->depth == MAX_DEPTH)
		return;
	place_children(schema, node);
	for (uint32_t i = 0; i < node->nested_count; i++)
		place_below(schema, node->nested[i]);
}

void schema_place(const struct schema *schema)
{
	for (uint32_t i = 0; i < schema->node_count; i++) {
		struct node *node = &schema->nodes[i];

		if (node->kind == NODE_FILE) {
			node->file = node;
			place_below(schema, node);
		}
	}
}

/* Where the doc comment of member i of a node belongs. */
static struct label *member_label(struct node *node, uint32_t i)
{
	if (node->kind == NODE_STRUCT && i < node->field_count)
		return &node->fields[i].label;
	if (node->kind == NODE_ENUM && i < node->enumerant_count)
		return &node->enumerants[i];
	if (node->kind == NODE_INTERFACE && i < node->method_count)
		return &node->methods[i].label;
	return nullptr;
}

void schema_document(const struct schema *schema, struct array infos)
{
	for (uint32_t i = 0; i < infos.count; i++) {
		struct object info = array_object(infos, i);
		struct node *node = schema_node(schema, object_uint64(info, 0));
		struct array members = object_array(info, 1);

		if (node == nullptr)
			continue;
		node->label.doc = object_text(info, 0);
		for (uint32_t j = 0; j < members.count; j++) {
			struct label *label = member_label(node, j);

			if (label != nullptr)
				label->doc = object_text(array_object(members, j), 0);
		}
	}
}

void schema_visit(const struct node *file, node_visitor *visit, void *context)
{
	for (uint32_t i = 0; i < file->nested_count; i++) {
		visit(context, file->nested[i]);
		schema_visit(file->nested[i], visit, context);
	}
}
