// SPDX-License-Identifier: MIT
#pragma once
/*
 * Errors about a declaration, as "schema/foo.capnp:12: Foo.bar: what is wrong".
 *
 * The request has no line numbers, so the schema file is searched for the declaration.  `capnp`
 * starts the plug-in in the output folder, but its path is relative to where `capnp` itself
 * runs. Without the file the line is left out.
 */
#include "tools/capnpc-capos/schema.h"

/* Print an error about `node`, or about its member or parameter of that name (may be null). */
[[gnu::format(printf, 3, 4)]] void report_error(const struct node *node, const char *member,
						const char *format, ...);

/* Print an error about the whole request; it does not count. */
[[gnu::format(printf, 1, 2)]] void report_request(const char *format, ...);

/* Where errors go from now on, instead of to stderr; null: nowhere. */
void report_to(FILE *file);

/* Errors so far, and back to none. */
uint32_t report_count(void);
void report_reset(void);

/* "Foo.bar" for a node and a member of it (may be null); in fresh memory. */
const char *report_name(const struct node *node, const char *member);

/*
 * Record that a node, or a member of it, defines a C identifier; an error, with both places, if
 * another one has it already, or it is kept (reserved.h).
 */
void report_claim(const struct node *node, const char *member, const char *identifier);
