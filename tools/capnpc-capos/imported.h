// SPDX-License-Identifier: MIT
#pragma once
/*
 * The C names of files that the requested ones include but that are compiled elsewhere, such as
 * the schemas of an installed SDK: claimed first, so that whoever takes one again hears of it
 * here and not from the C compiler.
 */
#include "tools/capnpc-capos/schema.h"

/* Claim the names of every declaration, as far as the request tells of it. */
void imported_claim(const struct schema *schema);
