// SPDX-License-Identifier: MIT
/* The schema's types in C.  See ctype.h. */
#include "tools/capnpc-capos/ctype.h"

#include "tools/capnpc-capos/name.h"

#include <inttypes.h>

static const struct {
	const char *name;
	const char *c;
	const char *element;
	uint8_t bits;
} kinds[] = {
	[TYPE_VOID] = { "Void", "", "MESSAGE_ELEMENT_VOID", 0 },
	[TYPE_BOOL] = { "Bool", "bool", "MESSAGE_ELEMENT_BIT", 1 },
	[TYPE_INT8] = { "Int8", "int8_t", "MESSAGE_ELEMENT_BYTE", 8 },
	[TYPE_INT16] = { "Int16", "int16_t", "MESSAGE_ELEMENT_TWO_BYTES", 16 },
	[TYPE_INT32] = { "Int32", "int32_t", "MESSAGE_ELEMENT_FOUR_BYTES", 32 },
	[TYPE_INT64] = { "Int64", "int64_t", "MESSAGE_ELEMENT_EIGHT_BYTES", 64 },
	[TYPE_UINT8] = { "UInt8", "uint8_t", "MESSAGE_ELEMENT_BYTE", 8 },
	[TYPE_UINT16] = { "UInt16", "uint16_t", "MESSAGE_ELEMENT_TWO_BYTES", 16 },
	[TYPE_UINT32] = { "UInt32", "uint32_t", "MESSAGE_ELEMENT_FOUR_BYTES", 32 },
	[TYPE_UINT64] = { "UInt64", "uint64_t", "MESSAGE_ELEMENT_EIGHT_BYTES", 64 },
	[TYPE_FLOAT32] = { "Float32", "float", "MESSAGE_ELEMENT_FOUR_BYTES", 32 },
	[TYPE_FLOAT64] = { "Float64", "double", "MESSAGE_ELEMENT_EIGHT_BYTES", 64 },
	[TYPE_TEXT] = { "Text", "", "MESSAGE_ELEMENT_POINTER", 0 },
	[TYPE_DATA] = { "Data", "", "MESSAGE_ELEMENT_POINTER", 0 },
	[TYPE_LIST] = { "List", "", "MESSAGE_ELEMENT_POINTER", 0 },
	[TYPE_ENUM] = { "", "", "MESSAGE_ELEMENT_TWO_BYTES", 16 },
	[TYPE_STRUCT] = { "", "", "MESSAGE_ELEMENT_STRUCT", 0 },
	[TYPE_INTERFACE] = { "", "", "MESSAGE_ELEMENT_POINTER", 0 },
	[TYPE_ANY_POINTER] = { "", "", "MESSAGE_ELEMENT_POINTER", 0 },
};

bool type_is_scalar(const struct type *type)
{
	return kinds[type->kind].bits != 0;
}

bool type_is_capability(const struct type *type)
{
	return type->kind == TYPE_INTERFACE ||
	       (type->kind == TYPE_ANY_POINTER && type->any == ANY_CAPABILITY);
}

bool type_is_pointer(const struct type *type)
{
	return type->kind != TYPE_VOID && !type_is_scalar(type);
}

bool type_is_float(const struct type *type)
{
	return type->kind == TYPE_FLOAT32 || type->kind == TYPE_FLOAT64;
}

uint32_t type_bits(const struct type *type)
{
	return kinds[type->kind].bits;
}

const char *type_c(const struct type *type)
{
	if (type->kind == TYPE_ENUM)
		return name_format("enum %s", type->node->prefix);
	return kinds[type->kind].c;
}

const char *type_element(const struct type *element)
{
	return kinds[element->kind].element;
}

const char *type_name(const struct type *type)
{
	static const char *const any[] = { "AnyPointer", "AnyStruct", "AnyList", "Capability",
					   "AnyPointer" };

	if (type->kind == TYPE_LIST)
		return name_format("List(%s)", type_name(type->element));
	if (type->kind == TYPE_ANY_POINTER)
		return any[type->any];
	return type->node != nullptr ? type->node->label.name : kinds[type->kind].name;
}

uint64_t type_value_bits(const struct type *type, struct object value)
{
	switch (type_bits(type)) {
	case 1:
		return object_bool(value, 16);
	case 8:
		return object_uint8(value, 2);
	case 16:
		return object_uint16(value, 2);
	case 32:
		return object_uint32(value, 4);
	case 64:
		return object_uint64(value, 8);
	default:
		return 0;
	}
}

static const char *signed_literal(uint64_t bits, uint32_t width)
{
	int64_t value = (int64_t)(bits << (64 - width)) >> (64 - width);

	/* The smallest number has no literal: -9223372036854775808 is a negated overflow. */
	if (value == INT64_MIN)
		return "INT64_MIN";
	return name_format("%" PRId64, value);
}

static const char *float_literal(const struct type *type, uint64_t bits)
{
	union {
		uint64_t bits;
		double value;
	} wide = { .bits = bits };
	union {
		uint32_t bits;
		float value;
	} narrow = { .bits = (uint32_t)bits };
	bool is_wide = type->kind == TYPE_FLOAT64;
	double value = is_wide ? wide.value : (double)narrow.value;

	if (value != value)
		return is_wide ? "__builtin_nan(\"\")" : "__builtin_nanf(\"\")";
	if (value - value != 0)
		return name_format("%s__builtin_inf%s()", value < 0 ? "-" : "",
				   is_wide ? "" : "f");
	return name_format("%a%s", value, is_wide ? "" : "f");
}

const char *type_literal(const struct type *type, struct object value)
{
	uint64_t bits = type_value_bits(type, value);

	if (type->kind == TYPE_BOOL)
		return bits != 0 ? "true" : "false";
	if (type->kind >= TYPE_INT8 && type->kind <= TYPE_INT64)
		return signed_literal(bits, type_bits(type));
	if (type_is_float(type))
		return float_literal(type, bits);
	if (type->kind == TYPE_ENUM && bits < type->node->enumerant_count)
		return name_format("%s_%s", type->node->upper,
				   type->node->enumerants[bits].upper);
	return name_format("%" PRIu64 "%s", bits, type->kind == TYPE_UINT64 ? "ull" : "");
}
