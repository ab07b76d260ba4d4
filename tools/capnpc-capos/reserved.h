// SPDX-License-Identifier: MIT
#pragma once
/* Identifiers that generated code cannot define, because others do. */

/*
 * Who keeps `identifier` ("foo", or "struct foo" for a tag), for an error message; null when it
 * is free.  Kept are C's keywords and fixed-width types, what the lib/message*.h define (their
 * text is built in, so that this cannot fall behind), and the prefix of the runtime.
 */
const char *reserved_keeper(const char *identifier);

/* Whether a parameter cannot have that name: a keyword, or a name that wrappers use. */
bool reserved_parameter(const char *name);
