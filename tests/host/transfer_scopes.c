// SPDX-License-Identifier: MIT
/* Transfer scopes.  See transfer_scopes.h. */
#include "tests/host/transfer_scopes.h"

#include <stdio.h>

static const struct {
	const char *name;
	bool allowed[SCOPE_COUNT];
} rows[SCOPE_CASE_COUNT] = {
	[SCOPE_BY_OWNER] = { "the endpoint's owner, to anybody", { true, true, true } },
	[SCOPE_BY_MAKER] = { "who made the facet, to anybody", { true, true, true } },
	[SCOPE_TO_OWNER] = { "a holder, to the endpoint's owner", { true, true, true } },
	[SCOPE_TO_ITS_SESSION] = { "a holder, to the session that the facet is bound to",
				   { true, true, false } },
	[SCOPE_TO_OTHER_SESSION] = { "a holder, to another session", { false, true, false } },
	[SCOPE_UNBOUND_TO_SENDERS] = { "a holder of an unbound facet, to its own session",
				       { true, true, false } },
	[SCOPE_UNBOUND_TO_OTHER] = { "a holder of an unbound facet, to another session",
				     { false, true, false } },
};

bool transfer_scopes_allow(enum scope_case scope_case, enum transfer_scope scope)
{
	return rows[scope_case].allowed[scope];
}

size_t transfer_scopes_write(char *out, size_t size)
{
	FILE *file = fmemopen(out, size, "w");
	long written;

	fprintf(file, "\n| Who sends it, to whom | `sameSession` | `crossSessionShareable` | "
		      "`serviceRegrantOnly` |\n|---|---|---|---|\n");
	for (uint32_t r = 0; r < SCOPE_CASE_COUNT; r++) {
		fprintf(file, "| %s |", rows[r].name);
		for (uint32_t s = 0; s < SCOPE_COUNT; s++)
			fprintf(file, " %s |", rows[r].allowed[s] ? "yes" : "no");
		fprintf(file, "\n");
	}
	written = ftell(file);
	fclose(file);
	return (size_t)written;
}
