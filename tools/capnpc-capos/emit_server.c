// SPDX-License-Identifier: MIT
/* FOO.server.h and FOO.server.c: a table of handlers for each interface, and its dispatch. */
#include "tools/capnpc-capos/emit.h"
#include "tools/capnpc-capos/name.h"
#include "tools/capnpc-capos/report.h"

static const char manual[] =
	"The handlers of one interface; one that is null answers STATUS_UNKNOWN_METHOD.\n"
	"A handler fetches its parameters, returns STATUS_MALFORMED_MESSAGE if the message "
	"turned\n"
	"out malformed (params.s.message->malformed), and only then acts.\n";

static const char dispatch_manual[] =
	"Answer one call: read the root of `params`, start `results`, run the handler.\n"
	"Statuses: unknownMethod, malformedMessage (no root, or the handler read a bad "
	"pointer),\n"
	"resultTooSmall (the results do not fit), and what the handler returns.\n";

static void emit_table(void *context, const struct node *node)
{
	struct output *o = context;

	if (node->kind != NODE_INTERFACE)
		return;
	report_claim(node, nullptr, name_format("struct %s_server", node->prefix));
	report_claim(node, nullptr, name_format("%s_dispatch", node->prefix));
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
		    "\tenum status (*%s)(void *context, struct %s_reader params, struct "
		    "%s_builder "
		    "results);\n",
		    name_parameter(m->label.snake), m->params->prefix, m->results->prefix);
	}
	if (node->method_count == 0)
		out(o, "\tuint8_t nothing; /* the interface has no methods */\n");
	out(o, "};\n\n");
	out_comment(o, 0, dispatch_manual);
	out(o,
	    "enum status %s_dispatch(const struct %s_server *server, void *context, uint16_t "
	    "method, "
	    "struct message_reader *params, struct message_builder *results);\n",
	    node->prefix, node->prefix);
}

/* The function that runs one handler. */
static void emit_thunk(struct output *o, const struct node *node, const struct method *m)
{
	const char *field = name_parameter(m->label.snake);

	report_claim(node, m->label.name,
		     name_format("%s_run_%s", node->prefix, m->label.snake));
	out(o,
	    "\nstatic enum status %s_run_%s(const struct %s_server *server, void *context, "
	    "struct message_reader *params, struct message_builder *results)\n{\n",
	    node->prefix, m->label.snake, node->prefix);
	out(o, "\tstruct %s_reader p;\n\tstruct %s_builder r;\n\n", m->params->prefix,
	    m->results->prefix);
	out(o, "\tif (server->%s == nullptr)\n\t\treturn STATUS_UNKNOWN_METHOD;\n", field);
	out(o, "\tif (!%s_read_root(params, &p))\n\t\treturn STATUS_MALFORMED_MESSAGE;\n",
	    m->params->prefix);
	out(o, "\tr = %s_init_root(results);\n", m->results->prefix);
	out(o, "\tif (results->failed)\n\t\treturn STATUS_RESULT_TOO_SMALL;\n");
	out(o, "\treturn server->%s(context, p, r);\n}\n", field);
}

static void emit_dispatch(struct output *o, const struct node *node)
{
	const char *p = node->prefix;

	out(o,
	    "\ntypedef enum status %s_runner(const struct %s_server *server, void *context, "
	    "struct message_reader *params, struct message_builder *results);\n",
	    p, p);
	out(o, "\nstatic %s_runner *const %s_runners[%s_METHOD_COUNT] = {\n", p, p,
	    node->upper);
	for (uint32_t i = 0; i < node->method_count; i++)
		out(o, "\t[%s_%s_METHOD] = %s_run_%s,\n", node->upper,
		    node->methods[i].label.upper, p, node->methods[i].label.snake);
	out(o, "};\n");
}

static void emit_source(void *context, const struct node *node)
{
	struct output *o = context;
	const char *p = node->prefix;

	if (node->kind != NODE_INTERFACE)
		return;
	for (uint32_t i = 0; i < node->method_count; i++)
		emit_thunk(o, node, &node->methods[i]);
	if (node->method_count != 0)
		emit_dispatch(o, node);
	out(o,
	    "\nenum status %s_dispatch(const struct %s_server *server, void *context, uint16_t "
	    "method, "
	    "struct message_reader *params, struct message_builder *results)\n{\n",
	    p, p);
	if (node->method_count == 0) {
		out(o, "\t(void)server, (void)context, (void)method, (void)params, "
		       "(void)results;\n");
		out(o, "\treturn STATUS_UNKNOWN_METHOD;\n}\n");
		return;
	}
	out(o, "\tenum status status;\n\n");
	out(o, "\tif (method >= %s_METHOD_COUNT)\n\t\treturn STATUS_UNKNOWN_METHOD;\n",
	    node->upper);
	out(o, "\tstatus = %s_runners[method](server, context, params, results);\n", p);
	out(o, "\tif (status == STATUS_OK && params->malformed)\n\t\treturn "
	       "STATUS_MALFORMED_MESSAGE;\n");
	out(o, "\tif (status == STATUS_OK && results->failed)\n\t\treturn "
	       "STATUS_RESULT_TOO_SMALL;\n");
	out(o, "\treturn status;\n}\n");
}

void emit_server(const struct node *file)
{
	struct output *o;

	if (!emit_has_interface(file))
		return;
	o = output_open(emit_path(file, ".server.h"));
	emit_head(o, file, true, "Handlers");
	out(o, "#include \"%s\"\n#include \"schema/status.capnp.h\"\n",
	    emit_path(file, ".capnp.h"));
	out(o, "\n#include <stdint.h>\n");
	schema_visit(file, emit_table, o);

	o = output_open(emit_path(file, ".server.c"));
	emit_head(o, file, false, "Dispatch");
	out(o, "#include \"%s\"\n", emit_path(file, ".server.h"));
	schema_visit(file, emit_source, o);
}
