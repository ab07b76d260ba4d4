// SPDX-License-Identifier: MIT
/*
 * FOO.client.h: for each method bar of interface Foo, foo_bar_begin() and foo_bar_wait() over
 * user/rt/call.h, and foo_bar() for methods that a flat list of C values can express.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

#include <string.h>

/* Room for what the pointers of a message lead to, when the caller does not say. */
constexpr uint32_t DEFAULT_POINTED_BYTES = 256;

/* Words of a short call's message: CAPOS_SHORT_BYTES of user/rt/short_call.h. */
constexpr uint32_t SHORT_CALL_WORDS = 16;

/* What the functions of one method have in common. */
struct emission {
	struct output *o;
	const struct node *interface;
	const struct method *method;
	const char *prefix; /* foo_bar */
	const char *upper;  /* FOO_BAR */
};

static const char *default_room(const struct node *node)
{
	if (!emit_has_contents(node))
		return name_format("%s_MESSAGE_BYTES", node->upper);
	return name_format("%s_MESSAGE_BYTES + %u", node->upper, DEFAULT_POINTED_BYTES);
}

/* As default_room(), and an exception fits in their place. */
static const char *default_result_room(const struct node *node)
{
	if (emit_has_contents(node))
		return default_room(node);
	return name_format("capos_result_room(%s)", default_room(node));
}

static void emit_begin(struct emission *e)
{
	const struct node *params = e->method->params;

	report_claim(e->interface, e->method->label.name, name_format("%s_begin", e->prefix));
	out(e->o, "\n");
	out_comment(e->o, 0, e->method->label.doc);
	out(e->o,
	    "static inline enum status %s_begin(struct capos_call *call, struct %s_client "
	    "target, "
	    "struct capos_call_size size, struct %s_builder *out_params)\n{\n",
	    e->prefix, e->interface->prefix, params->prefix);
	out(e->o, "\tstruct message_builder *params = nullptr;\n\tenum status status;\n\n");
	out(e->o, "\tif (size.param_bytes == 0)\n\t\tsize.param_bytes = %s;\n",
	    default_room(params));
	out(e->o, "\tif (size.result_bytes == 0)\n\t\tsize.result_bytes = %s;\n",
	    default_result_room(e->method->results));
	out(e->o, "\tsize.result_capabilities = %s_RESULTS_CAPS;\n", e->upper);
	out(e->o, "\tstatus = capos_call_begin(call, target.id, %s_METHOD, size, &params);\n",
	    e->upper);
	out(e->o, "\tif (status == STATUS_OK)\n\t\t*out_params = %s_init_root(params);\n",
	    params->prefix);
	out(e->o, "\treturn status;\n}\n");
}

static void emit_wait(struct emission *e)
{
	const char *results = e->method->results->prefix;

	report_claim(e->interface, e->method->label.name, name_format("%s_wait", e->prefix));
	out(e->o,
	    "\nstatic inline enum status %s_wait(struct capos_call *call, "
	    "struct %s_reader *out_results)\n{\n",
	    e->prefix, results);
	out(e->o, "\tstruct message_reader *results = nullptr;\n");
	out(e->o, "\tenum status status = capos_call_wait(call, &results);\n\n");
	out(e->o, "\tif (status == STATUS_OK && !%s_read_root(results, out_results))\n",
	    results);
	out(e->o, "\t\tstatus = STATUS_MALFORMED_MESSAGE;\n\treturn status;\n}\n");
}

/* Whether every field is a plain C value; Text and Data only where `with_bytes` says so. */
static bool is_flat(const struct node *node, bool with_bytes)
{
	for (uint32_t i = 0; i < node->field_count; i++) {
		const struct field *f = &node->fields[i];
		bool is_bytes = f->type.kind == TYPE_TEXT || f->type.kind == TYPE_DATA;

		if (f->is_group || field_is_in_union(f))
			return false;
		if (f->type.kind == TYPE_VOID || type_is_scalar(&f->type) ||
		    type_is_capability(&f->type) || (is_bytes && with_bytes))
			continue;
		return false;
	}
	return true;
}

/* "struct memory_object_client", or the bare CapId of a Capability. */
static const char *client_type(const struct type *type)
{
	if (type->kind == TYPE_INTERFACE)
		return name_format("struct %s_client", type->node->prefix);
	return "uint64_t";
}

static const char *client_id(const struct type *type, const char *name)
{
	return type->kind == TYPE_INTERFACE ? name_format("%s.id", name) : name;
}

/* Two parameters of a wrapper may meet: "key" has a "key_size", and keywords are set apart. */
static void claim_parameter(struct emission *e, const struct node *node, const struct field *f,
			    const char *name)
{
	report_claim(node, f->label.name, name_format("%s(%s)", e->prefix, name));
}

/* ", uint32_t max_bytes" or ", const void *data, uint32_t data_size" */
static void emit_argument(struct emission *e, const struct field *f)
{
	const struct node *params = e->method->params;
	const char *name = name_parameter(f->label.snake);
	bool is_bytes = f->type.kind == TYPE_TEXT || f->type.kind == TYPE_DATA;

	if (f->type.kind == TYPE_VOID)
		return;
	claim_parameter(e, params, f, name);
	if (is_bytes)
		claim_parameter(e, params, f, name_format("%s_size", name));
	if (is_bytes)
		out(e->o, ", const %s *%s, uint32_t %s_size",
		    f->type.kind == TYPE_TEXT ? "char" : "void", name, name);
	else if (type_is_capability(&f->type))
		out(e->o, ", %s %s", client_type(&f->type), name);
	else
		out(e->o, ", %s %s", type_c(&f->type), name);
}

/* ", uint64_t *out_now_ns" */
static void emit_out_argument(struct emission *e, const struct field *f)
{
	const char *type =
		type_is_capability(&f->type) ? client_type(&f->type) : type_c(&f->type);

	if (f->type.kind == TYPE_VOID)
		return;
	claim_parameter(e, e->method->results, f, name_format("out_%s", f->label.snake));
	out(e->o, ", %s *out_%s", type, f->label.snake);
}

static void emit_signature(struct emission *e)
{
	const struct node *params = e->method->params;
	const struct node *results = e->method->results;

	out(e->o, "static inline enum status %s(struct %s_client target", e->prefix,
	    e->interface->prefix);
	for (uint32_t i = 0; i < params->field_count; i++)
		emit_argument(e, &params->fields[i]);
	for (uint32_t i = 0; i < results->field_count; i++)
		emit_out_argument(e, &results->fields[i]);
	out(e->o, ")\n{\n");
}

/* How long the parameters are, when Text or Data are among them. */
static bool emit_room(struct emission *e)
{
	const struct node *params = e->method->params;

	if (!emit_has_contents(params))
		return false;
	out(e->o, "\tuint64_t param_bytes = %s_MESSAGE_BYTES", params->upper);
	for (uint32_t i = 0; i < params->field_count; i++) {
		const struct field *f = &params->fields[i];
		bool is_text = f->type.kind == TYPE_TEXT;

		if (is_text || f->type.kind == TYPE_DATA)
			out(e->o, " + message_%s_bytes(%s_size)", is_text ? "text" : "data",
			    name_parameter(f->label.snake));
	}
	out(e->o, ";\n");
	return true;
}

static void emit_set(struct emission *e, const struct field *f)
{
	const char *setter =
		name_format("%s_set_%s", e->method->params->prefix, f->label.snake);
	const char *name = name_parameter(f->label.snake);

	if (f->type.kind == TYPE_TEXT || f->type.kind == TYPE_DATA) {
		out(e->o, "\t%s(params, %s, %s_size);\n", setter, name, name);
	} else if (type_is_capability(&f->type)) {
		out(e->o, "\tif (%s != 0)\n", client_id(&f->type, name));
		out(e->o, "\t\t%s(params, capos_call_attach(&call, %s));\n", setter,
		    client_id(&f->type, name));
	} else if (f->type.kind != TYPE_VOID) {
		out(e->o, "\t%s(params, %s);\n", setter, name);
	}
}

static void emit_get(struct emission *e, const struct field *f)
{
	const char *name = f->label.snake;
	const char *id = "0";

	if (f->type.kind == TYPE_INTERFACE)
		id = name_format("%s_INTERFACE_ID", f->type.node->upper);
	if (type_is_capability(&f->type))
		out(e->o,
		    "\t\t%s = capos_call_take_capability(&call, %s_RESULTS_%s_CAP, %s);\n",
		    f->type.kind == TYPE_INTERFACE ? name_format("out_%s->id", name)
						   : name_format("*out_%s", name),
		    e->upper, f->label.upper, id);
	else if (f->type.kind != TYPE_VOID)
		out(e->o, "\t\t*out_%s = %s_get_%s(results);\n", name,
		    e->method->results->prefix, name);
}

/* Hand the results out, if there are any and the call succeeded. */
static void emit_results(struct emission *e)
{
	const struct node *results = e->method->results;
	uint32_t values = 0;

	for (uint32_t i = 0; i < results->field_count; i++)
		values += results->fields[i].type.kind != TYPE_VOID;
	if (values == 0)
		return;
	out(e->o, "\tif (status == STATUS_OK)%s\n", values > 1 ? " {" : "");
	for (uint32_t i = 0; i < results->field_count; i++)
		emit_get(e, &results->fields[i]);
	if (values > 1)
		out(e->o, "\t}\n");
}

/* A message of scalars that a short call carries (user/rt/short_call.h). */
static bool is_short(const struct node *node)
{
	for (uint32_t i = 0; i < node->field_count; i++)
		if (node->fields[i].type.kind != TYPE_VOID &&
		    !type_is_scalar(&node->fields[i].type))
			return false;
	return node->data_words < SHORT_CALL_WORDS;
}

static void emit_setters(struct emission *e)
{
	const struct node *params = e->method->params;

	for (uint32_t i = 0; i < params->field_count; i++)
		emit_set(e, &params->fields[i]);
}

/* One call over user/rt/short_call.h: nothing to allocate, nothing to end. */
static void emit_short_call(struct emission *e)
{
	const struct node *params = e->method->params;
	const struct node *results = e->method->results;
	bool flat = emit_has_flat(results);

	emit_signature(e);
	if (flat)
		out(e->o, "\tstruct %s_flat flat;\n", results->prefix);
	out(e->o,
	    "\tstruct message_builder message;\n\tstruct message_reader reader;\n"
	    "\tstruct %s_builder params;\n\tstruct %s_reader results;\n\tenum status "
	    "status;\n\n",
	    params->prefix, results->prefix);
	out(e->o, "\tcapos_short_begin(&message);\n\tparams = %s_init_root(&message);\n",
	    params->prefix);
	if (params->field_count == 0)
		out(e->o, "\t(void)params;\n");
	emit_setters(e);
	out(e->o, "\tstatus = capos_short_call(target.id, %s_METHOD, &message, &reader);\n",
	    e->upper);
	out(e->o, "\tif (status == STATUS_OK && !%s_read_%s(&reader, %s&results))\n",
	    results->prefix, flat ? "flat" : "root", flat ? "&flat, " : "");
	out(e->o, "\t\tstatus = STATUS_MALFORMED_MESSAGE;\n");
	emit_results(e);
	out(e->o, "\treturn status;\n}\n");
}

/* One call over user/rt/call.h. */
static void emit_long_call(struct emission *e)
{
	const struct node *params = e->method->params;
	const struct node *results = e->method->results;
	bool has_room;

	emit_signature(e);
	has_room = emit_room(e);
	out(e->o, "\tstruct capos_call_size size = {};\n\tstruct capos_call call;\n");
	out(e->o,
	    "\tstruct %s_builder params;\n\tstruct %s_reader results;\n\tenum status "
	    "status;\n\n",
	    params->prefix, results->prefix);
	if (has_room)
		out(e->o,
		    "\tif (param_bytes > UINT32_MAX)\n\t\treturn STATUS_MESSAGE_TOO_LARGE;\n"
		    "\tsize.param_bytes = (uint32_t)param_bytes;\n");
	out(e->o, "\tstatus = %s_begin(&call, target, size, &params);\n", e->prefix);
	out(e->o, "\tif (status != STATUS_OK)\n\t\treturn status;\n");
	emit_setters(e);
	out(e->o, "\tstatus = %s_wait(&call, &results);\n", e->prefix);
	emit_results(e);
	out(e->o, "\tcapos_call_end(&call);\n\treturn status;\n}\n");
}

static void emit_call(struct emission *e)
{
	report_claim(e->interface, e->method->label.name, e->prefix);
	out(e->o, "\n/* The same as one call that waits. */\n");
	if (is_short(e->method->params) && is_short(e->method->results))
		emit_short_call(e);
	else
		emit_long_call(e);
}

static void emit_methods(void *context, const struct node *node)
{
	struct output *o = context;

	if (node->kind != NODE_INTERFACE)
		return;
	for (uint32_t i = 0; i < node->method_count; i++) {
		const struct method *m = &node->methods[i];
		struct emission e = { o, node, m,
				      name_format("%s_%s", node->prefix, m->label.snake),
				      name_format("%s_%s", node->upper, m->label.upper) };

		emit_begin(&e);
		emit_wait(&e);
		if (is_flat(m->params, true) && is_flat(m->results, false))
			emit_call(&e);
	}
}

static void emit_handle(void *context, const struct node *node)
{
	struct output *o = context;

	if (node->kind != NODE_INTERFACE)
		return;
	report_claim(node, nullptr, name_format("struct %s_client", node->prefix));
	out(o, "\n/* A capability of interface %s; 0 is none. */\n", node->label.name);
	out(o, "struct %s_client {\n\tuint64_t id; /* CapId */\n};\n", node->prefix);
}

void emit_client(const struct node *file)
{
	struct output *o;

	if (!emit_has_interface(file))
		return;
	o = output_open(emit_path(file, ".client.h"));
	emit_head(o, file, true, "Clients");
	out(o, "#include \"%s\"\n", emit_path(file, ".capnp.h"));
	emit_includes(o, file, TYPE_INTERFACE, TYPE_INTERFACE, ".client.h");
	out(o, "#include \"user/rt/call.h\"\n\n#include <stdint.h>\n");
	schema_visit(file, emit_handle, o);
	schema_visit(file, emit_methods, o);
}
