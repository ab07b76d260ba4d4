// SPDX-License-Identifier: MIT
#pragma once
/*
 * Transfer scopes: to whom a facet may be passed on.  The table is here only: transfer_test.c
 * tries each of its cells, by CALL, by RETURN and in chains of derived facets, and compares
 * docs/reference/transfer-scopes.md with what transfer_scopes_write() makes of it.
 */
#include "schema/endpoint.capnp.h"

#include <stddef.h>

constexpr uint32_t SCOPE_COUNT = 3; /* of enum transfer_scope */

/* Who sends the facet, and to whom. */
enum scope_case : uint8_t {
	SCOPE_BY_OWNER,
	SCOPE_BY_MAKER,
	SCOPE_TO_OWNER,
	SCOPE_TO_ITS_SESSION,
	SCOPE_TO_OTHER_SESSION,
	SCOPE_UNBOUND_TO_SENDERS,
	SCOPE_UNBOUND_TO_OTHER,
	SCOPE_CASE_COUNT,
};

bool transfer_scopes_allow(enum scope_case scope_case, enum transfer_scope scope);

/* The page's table; returns its length, at most size. */
size_t transfer_scopes_write(char *out, size_t size);
