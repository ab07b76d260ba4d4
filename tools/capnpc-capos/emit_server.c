// SPDX-License-Identifier: MIT
/*
 * FOO.server.h and FOO.server.c: a table of handlers for each interface, its dispatch, and
 * typed access to the capabilities that calls bring and answers take along.
 */
#include "tools/capnpc-capos/ctype.h"
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

static const char manual[] =
	"The handlers of one interface; one that is null answers exception unimplemented.\n"
	"A handler fetches its parameters, returns STATUS_MALFORMED_MESSAGE if the message "
	"turned\n"
	"out malformed (call->params.malformed), and only then acts.  STATUS_OK answers with "
	"the\n"
	"results, anything else with an exception; see user/rt/open_call.h.\n";

static const char dispatch_manual[] =
	"Run the handler of call->header->method: read the root of the parameters, start the\n"
	"results.  `handlers` is the interface's server.\n"
	"Statuses: unknownMethod, malformedMessage (no root), resultTooSmall (no room for "
	"the\n"
	"root), and what the handler returns.\n";

/* "struct shape_client", or the bare CapId of a Capability. */
static const char *client_type(const struct type *type)
{
	if (type->kind == TYPE_INTERFACE)
		return name_format("struct %s_client", type->node->prefix);
	return "uint64_t";
}

static const char *interface_id(const struct type *type)
{
	return type->kind == TYPE_INTERFACE ? name_format("%s_INTERFACE_ID", type->node->upper)
					    : "0";
}

static void emit_table(struct output *o, const struct node *node)
{
	report_claim(node, nullptr, name_format("struct %s_server", node->prefix));
	out(o, "\n");
	out_comment(o, 0, manual);
	out(o, "struct %s_server {\n", node->prefix);
	for (uint32_t i = 0; i < node->method_count; i++) {
		const struct method *m = &node->methods[i];

		report_claim(node, m->label.name,
			     name_format("struct %s_server.%s", node->prefix,
					 name_parameter(m->label.snake)));
		out_comment(o, 1, m->label.doc);
		out(o,
		    "\tenum status (*%s)(struct capos_open_call *call, struct %s_reader "
		    "params, "
		    "struct %s_builder results);\n",
		    name_parameter(m->label.snake), m->params->prefix, m->results->prefix);
	}
	if (node->method_count == 0)
		out(o, "\tuint8_t nothing; /* the interface has no methods */\n");
	out(o, "};\n\n");
}

static void emit_service(struct output *o, const struct node *node)
{
	const char *p = node->prefix;

	report_claim(node, nullptr, name_format("%s_dispatch", p));
	report_claim(node, nullptr, name_format("%s_service", p));
	out_comment(o, 0, dispatch_manual);
	out(o, "enum status %s_dispatch(const void *handlers, struct capos_open_call *call);\n",
	    p);
	out(o, "\n/* The interface as these handlers serve it. */\n");
	out(o,
	    "static inline struct capos_service %s_service(const struct %s_server *server)\n"
	    "{\n\treturn (struct capos_service){ %s_INTERFACE_ID, %s_dispatch, server };\n}\n",
	    p, p, node->upper, p);
}

/* The capability in a field of the parameters, which the service keeps. */
static void emit_take(struct output *o, const struct node *node, const struct method *m,
		      const struct field *f)
{
	const char *name =
		name_format("%s_%s_take_%s", node->prefix, m->label.snake, f->label.snake);

	report_claim(node, m->label.name, name);
	out(o,
	    "\n/* Take the parameter's capability; 0 if null, or of another interface. */\n");
	out(o,
	    "static inline %s %s(struct capos_open_call *call, struct %s_reader params)\n{\n",
	    client_type(&f->type), name, m->params->prefix);
	out(o, "\tuint64_t id = capos_open_call_take(call, %s_get_%s(params), %s);\n\n",
	    m->params->prefix, f->label.snake, interface_id(&f->type));
	if (f->type.kind == TYPE_INTERFACE)
		out(o, "\treturn (%s){ id };\n}\n", client_type(&f->type));
	else
		out(o, "\treturn id;\n}\n");
}

/* Both ways of putting a capability into a field of the results. */
static void emit_put(struct output *o, const struct node *node, const struct method *m,
		     const struct field *f, uint32_t ordinal)
{
	static const char *const verbs[] = { "give", "copy" };
	static const char *const docs[] = {
		"Answer with the capability, which leaves this process.",
		"Answer with a copy of the capability.",
	};
	const char *id = f->type.kind == TYPE_INTERFACE ? ".id" : "";

	for (uint32_t i = 0; i < 2; i++) {
		const char *name = name_format("%s_%s_%s_%s", node->prefix, m->label.snake,
					       verbs[i], f->label.snake);

		report_claim(node, m->label.name, name);
		out(o, "\n/* %s */\n", docs[i]);
		out(o,
		    "static inline void %s(struct capos_open_call *call, struct %s_builder "
		    "results, %s capability)\n{\n",
		    name, m->results->prefix, client_type(&f->type));
		out(o, "\tif (capability%s != 0)\n", id);
		out(o,
		    "\t\t%s_set_%s(results, capos_open_call_%s(call, %u, capability%s));\n}\n",
		    m->results->prefix, f->label.snake, verbs[i], ordinal, id);
	}
}

static void emit_capability_access(struct output *o, const struct node *node,
				   const struct method *m)
{
	struct capability_field fields[MAX_CAPABILITY_FIELDS];
	uint32_t count = emit_capabilities(m->results, fields);

	for (uint32_t i = 0; i < m->params->field_count; i++)
		if (!m->params->fields[i].is_group &&
		    type_is_capability(&m->params->fields[i].type))
			emit_take(o, node, m, &m->params->fields[i]);
	for (uint32_t c = 0; c < count; c++) {
		const struct field *f = fields[c].field;

		/* Those of nested structs go through capos_open_call_give() and _copy(). */
		if (f >= m->results->fields && f < m->results->fields + m->results->field_count)
			emit_put(o, node, m, f, c);
	}
}

static void emit_declarations(void *context, const struct node *node)
{
	struct output *o = context;

	if (node->kind != NODE_INTERFACE)
		return;
	emit_table(o, node);
	emit_service(o, node);
	for (uint32_t i = 0; i < node->method_count; i++)
		emit_capability_access(o, node, &node->methods[i]);
}

/* The function that runs one handler. */
static void emit_thunk(struct output *o, const struct node *node, const struct method *m)
{
	const char *field = name_parameter(m->label.snake);

	report_claim(node, m->label.name,
		     name_format("%s_run_%s", node->prefix, m->label.snake));
	out(o,
	    "\nstatic enum status %s_run_%s(const struct %s_server *server, "
	    "struct capos_open_call *call)\n{\n",
	    node->prefix, m->label.snake, node->prefix);
	out(o, "\tstruct %s_reader params;\n\tstruct %s_builder results;\n\n",
	    m->params->prefix, m->results->prefix);
	out(o, "\tif (server->%s == nullptr)\n\t\treturn STATUS_UNKNOWN_METHOD;\n", field);
	out(o,
	    "\tif (!%s_read_root(&call->params, &params))\n\t\treturn "
	    "STATUS_MALFORMED_MESSAGE;\n",
	    m->params->prefix);
	out(o, "\tresults = %s_init_root(&call->results);\n", m->results->prefix);
	out(o, "\tif (call->results.failed)\n\t\treturn STATUS_RESULT_TOO_SMALL;\n");
	out(o, "\treturn server->%s(call, params, results);\n}\n", field);
}

static void emit_source(void *context, const struct node *node)
{
	struct output *o = context;
	const char *p = node->prefix;

	if (node->kind != NODE_INTERFACE)
		return;
	for (uint32_t i = 0; i < node->method_count; i++)
		emit_thunk(o, node, &node->methods[i]);
	out(o,
	    "\nenum status %s_dispatch(const void *handlers, struct capos_open_call "
	    "*call)\n{\n",
	    p);
	if (node->method_count == 0) {
		out(o, "\t(void)handlers, (void)call;\n\treturn STATUS_UNKNOWN_METHOD;\n}\n");
		return;
	}
	out(o, "\tswitch (call->header->method) {\n");
	for (uint32_t i = 0; i < node->method_count; i++)
		out(o, "\tcase %s_%s_METHOD:\n\t\treturn %s_run_%s(handlers, call);\n",
		    node->upper, node->methods[i].label.upper, p, node->methods[i].label.snake);
	out(o, "\t}\n\treturn STATUS_UNKNOWN_METHOD;\n}\n");
}

void emit_server(const struct node *file)
{
	struct output *o;

	if (!emit_has_interface(file))
		return;
	o = output_open(emit_path(file, ".server.h"));
	emit_head(o, file, true, "Handlers");
	out(o, "#include \"%s\"\n", emit_path(file, ".capnp.h"));
	out(o, "#include \"%s\"\n", emit_path(file, ".client.h"));
	out(o, "#include \"schema/status.capnp.h\"\n#include \"user/rt/open_call.h\"\n");
	out(o, "\n#include <stdint.h>\n");
	schema_visit(file, emit_declarations, o);

	o = output_open(emit_path(file, ".server.c"));
	emit_head(o, file, false, "Dispatch");
	out(o, "#include \"%s\"\n", emit_path(file, ".server.h"));
	schema_visit(file, emit_source, o);
}
