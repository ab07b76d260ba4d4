// SPDX-License-Identifier: MIT
#pragma once
/*
 * Invariants.  A breach of one is a defect of the code that states it, never of its input: bad
 * input gets a status.
 *
 *   require(condition)        always checked; for what would be a security hole when broken
 *   debug_require(condition)  checked in debug builds; its operands must have no side effects
 *
 * The environment supplies require_failed(): the kernel stops the machine, a program ends
 * itself, a host test aborts.  Which build this is comes from the build_config.h on the include
 * path.
 */
#include "build_config.h"

/* The environment's: says what is broken and where, and does not return. */
[[noreturn, gnu::cold]] void require_failed(const char *file, int line, const char *what);

/* The two checks of above: an expression of type void that evaluates the condition once. */
#define require(condition) \
	((condition) ? (void)0 : require_failed(__FILE__, __LINE__, #condition))
#define debug_require(condition) require(!BUILD_DEBUG || (condition))
