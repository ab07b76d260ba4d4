// SPDX-License-Identifier: MIT
/*
 * Ids of interfaces and methods, and ordinals of result capabilities.
 *
 * The ordinal of a result capability is its place in the depth-first order of the capability
 * fields of the result struct: pointers in order of their position, a struct's fields where the
 * struct stands, groups by the positions of their fields.  Members of unions and elements of
 * lists have no ordinal, nor has a struct inside one of its own type.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <inttypes.h>

constexpr uint32_t MAX_STEPS = 4096;

/* A walk over a result struct. */
struct walk {
	struct capability_field *fields;
	uint32_t count;
	uint32_t steps; /* structs walked through: a few nested twice each would be many */
};

/* A struct that the walk is in, and what it is in itself. */
struct level {
	const struct level *outer;
	const struct node *node;
};

/* The field of a struct, or of a group in it outside unions, whose pointer has that index. */
static const struct field *field_at(const struct node *node, uint32_t pointer,
				    const char **upper)
{
	for (uint32_t i = 0; i < node->field_count; i++) {
		const struct field *f = &node->fields[i];
		const char *name = name_format("%s_%s", *upper, f->label.upper);
		const struct field *found = nullptr;

		if (field_is_in_union(f))
			continue;
		if (f->is_group)
			found = field_at(f->group, pointer, &name);
		else if (f->offset == pointer && f->type.kind >= TYPE_TEXT &&
			 !type_is_scalar(&f->type))
			found = f;
		if (found != nullptr) {
			*upper = name;
			return found;
		}
	}
	return nullptr;
}

/* Whether the walk is inside that struct already, so that there is no end to its fields. */
static bool is_inside(const struct level *level, const struct node *node)
{
	for (; level != nullptr; level = level->outer)
		if (level->node == node)
			return true;
	return false;
}

static void walk_struct(struct walk *walk, const struct level *level, const char *upper)
{
	if (walk->steps++ >= MAX_STEPS)
		return;
	for (uint32_t i = 0; i < level->node->pointers; i++) {
		const char *name = upper;
		const struct field *f = field_at(level->node, i, &name);

		if (f == nullptr || walk->count == MAX_CAPABILITY_FIELDS)
			continue;
		if (f->type.kind == TYPE_STRUCT && !is_inside(level, f->type.node)) {
			struct level inner = { level, f->type.node };

			walk_struct(walk, &inner, name);
		} else if (type_is_capability(&f->type)) {
			walk->fields[walk->count++] = (struct capability_field){ name, f };
		}
	}
}

uint32_t emit_capabilities(const struct node *results,
			   struct capability_field fields[MAX_CAPABILITY_FIELDS])
{
	struct walk walk = { .fields = fields };
	struct level top = { nullptr, results };

	walk_struct(&walk, &top, results->upper);
	if (walk.count == MAX_CAPABILITY_FIELDS || walk.steps > MAX_STEPS)
		report_error(
			results, nullptr,
			"results with %u capabilities, or nested as deep, are not supported",
			MAX_CAPABILITY_FIELDS);
	return walk.count;
}

static void emit_method(struct output *o, const struct node *node, uint32_t i)
{
	const struct method *m = &node->methods[i];
	const char *name = name_format("%s_%s", node->upper, m->label.upper);
	struct capability_field fields[MAX_CAPABILITY_FIELDS];
	uint32_t count = emit_capabilities(m->results, fields);

	report_claim(node, m->label.name, name_format("%s_METHOD", name));
	out(o, "\n");
	out_comment(o, 0, m->label.doc);
	out(o, "constexpr uint16_t %s_METHOD = %u;\n", name, i);
	for (uint32_t c = 0; c < count; c++)
		out(o, "constexpr uint8_t %s_CAP = %u;\n",
		    name_format("%s_RESULTS%s", name,
				fields[c].upper + __builtin_strlen(m->results->upper)),
		    c);
	out(o, "constexpr uint8_t %s_RESULTS_CAPS = %u;\n", name, count);
}

static void emit_names(struct output *o, const struct node *node)
{
	out(o, "static const char %s_interface_name[] = \"%s\";\n", node->prefix,
	    node->label.name);
	out(o, "/* By ordinal; a null ends them. */\n");
	out(o, "static const char *const %s_method_names[] = {\n", node->prefix);
	for (uint32_t i = 0; i < node->method_count; i++)
		out(o, "\t\"%s\",\n", node->methods[i].label.name);
	out(o, "\tnullptr,\n};\n");
}

void emit_interface(struct output *o, const struct node *node)
{
	report_claim(node, nullptr, name_format("%s_INTERFACE_ID", node->upper));
	report_claim(node, nullptr, name_format("%s_METHOD_COUNT", node->upper));
	report_claim(node, nullptr, name_format("%s_interface_name", node->prefix));
	report_claim(node, nullptr, name_format("%s_method_names", node->prefix));
	out(o, "\n");
	out_comment(o, 0, node->label.doc);
	out(o, "constexpr uint64_t %s_INTERFACE_ID = 0x%016" PRIx64 ";\n", node->upper,
	    node->id);
	out(o, "constexpr uint16_t %s_METHOD_COUNT = %u;\n", node->upper, node->method_count);
	emit_names(o, node);
	for (uint32_t i = 0; i < node->method_count; i++)
		emit_method(o, node, i);
}
