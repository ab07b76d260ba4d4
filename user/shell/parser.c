// SPDX-License-Identifier: MIT
/* The arguments of `run` and `spawn`.  See parser.h for the grammar. */
#include "user/shell/parser.h"

#include "lib/name.h"
#include "lib/string.h"

/* The next token, and where to say what is wrong with it. */
struct reader {
	const struct token *next;
	struct parse_error *error;
};

static bool fail(struct reader *r, const struct token *at, const char *what)
{
	*r->error = (struct parse_error){ at->column, what };
	return false;
}

static bool expect(struct reader *r, enum token_kind kind, const char *what)
{
	if (r->next->kind != kind)
		return fail(r, r->next, what);
	r->next++;
	return true;
}

static bool read_name(struct reader *r, const struct token **out_name, const char *missing)
{
	if (!token_is_text(r->next))
		return fail(r, r->next, missing);
	if (!name_is_valid(r->next->text, r->next->size))
		return fail(r, r->next, "a name is 1 to 32 of a-z 0-9 _ -");
	*out_name = r->next++;
	return true;
}

static bool read_arguments(struct run_request *request, struct reader *r)
{
	for (; token_is_text(r->next) && !token_is(r->next, "with"); r->next++) {
		if (request->argument_count == MAX_ARGUMENTS)
			return fail(r, r->next, "a program takes at most 8 arguments");
		if (r->next->size > MAX_ARGUMENT_BYTES)
			return fail(r, r->next, "an argument has at most 64 bytes");
		request->arguments[request->argument_count++] = r->next;
	}
	return true;
}

static bool same_text(const struct token *a, const struct token *b)
{
	return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
}

static bool is_granted(const struct run_request *request, const struct token *name)
{
	for (uint32_t i = 0; i < request->grant_count; i++)
		if (same_text(request->grants[i].name, name))
			return true;
	return false;
}

/* NAME: @CAPABILITY */
static bool read_grant(struct run_request *request, struct reader *r)
{
	const struct token *start = r->next;
	struct run_grant grant;

	if (request->grant_count == MAX_TRANSFERS)
		return fail(r, start, "at most 8 capabilities can be granted");
	if (!read_name(r, &grant.name, "here the name of a grant is missing") ||
	    !expect(r, TOKEN_COLON, "after the name of a grant comes ':'") ||
	    !expect(r, TOKEN_AT, "a capability is written @NAME") ||
	    !read_name(r, &grant.capability, "after '@' comes the name of a capability"))
		return false;
	if (token_is(grant.name, "memory"))
		return fail(r, start, "every program has its own \"memory\"");
	if (token_is(grant.name, "account"))
		return fail(r, start, "every program has its own \"account\"");
	if (is_granted(request, grant.name))
		return fail(r, start, "this name is granted twice");
	request->grants[request->grant_count++] = grant;
	return true;
}

static bool read_grants(struct run_request *request, struct reader *r)
{
	if (!expect(r, TOKEN_OPEN, "after 'with' comes '{'"))
		return false;
	while (r->next->kind != TOKEN_CLOSE) {
		if (!read_grant(request, r))
			return false;
		if (r->next->kind != TOKEN_CLOSE &&
		    !expect(r, TOKEN_COMMA, "after a grant comes ',' or '}'"))
			return false;
	}
	r->next++;
	return true;
}

bool run_request_read(struct run_request *request, const struct token_list *list,
		      struct parse_error *error)
{
	struct reader r = { .next = &list->tokens[1], .error = error };

	request->argument_count = 0;
	request->grant_count = 0;
	if (!read_name(&r, &request->program, "here the name of a program is missing") ||
	    !read_arguments(request, &r))
		return false;
	if (token_is(r.next, "with")) {
		r.next++;
		if (!read_grants(request, &r))
			return false;
	}
	return expect(&r, TOKEN_END, "unexpected; text with { } : , @ must stand in quotes");
}
