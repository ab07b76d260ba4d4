// SPDX-License-Identifier: MIT
#pragma once
/* How the schema's types look in C. */
#include "tools/capnpc-capos/schema.h"

/* Number, Bool, enum or Float: lives in the data section. */
bool type_is_scalar(const struct type *type);

/* Interface or Capability. */
bool type_is_capability(const struct type *type);

/* Text, Data, list, struct, capability or AnyPointer: lives in the pointer section. */
bool type_is_pointer(const struct type *type);

bool type_is_float(const struct type *type);

/* Bits in the data section; 0 for Void and pointers. */
uint32_t type_bits(const struct type *type);

/* "uint32_t", "bool", "enum status": of a scalar, also where it is a parameter. */
const char *type_c(const struct type *type);

/* The scalar's C expression for the number `bits`, as the value of a constant or a default. */
const char *type_literal(const struct type *type, struct object value);

/* The bits of a scalar value; 0 for anything else. */
uint64_t type_value_bits(const struct type *type, struct object value);

/* "MESSAGE_ELEMENT_BYTE" for the elements of a list. */
const char *type_element(const struct type *element);

/* As written in a schema: "UInt32", "List(Text)", "FaultRecord". */
const char *type_name(const struct type *type);
