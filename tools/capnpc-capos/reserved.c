// SPDX-License-Identifier: MIT
/* Identifiers with an owner.  See reserved.h. */
#include "tools/capnpc-capos/reserved.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static const char *const keywords[] = {
	"_Alignas",
	"_Alignof",
	"_Atomic",
	"_BitInt",
	"_Bool",
	"_Complex",
	"_Decimal128",
	"_Decimal32",
	"_Decimal64",
	"_Generic",
	"_Imaginary",
	"_Noreturn",
	"_Static_assert",
	"_Thread_local",
	"alignas",
	"alignof",
	"asm",
	"auto",
	"bool",
	"break",
	"case",
	"char",
	"const",
	"constexpr",
	"continue",
	"default",
	"do",
	"double",
	"else",
	"enum",
	"extern",
	"false",
	"float",
	"for",
	"goto",
	"if",
	"inline",
	"int",
	"int16_t",
	"int32_t",
	"int64_t",
	"int8_t",
	"intptr_t",
	"long",
	"nullptr",
	"register",
	"restrict",
	"return",
	"short",
	"signed",
	"size_t",
	"sizeof",
	"static",
	"static_assert",
	"struct",
	"switch",
	"thread_local",
	"true",
	"typedef",
	"typeof",
	"typeof_unqual",
	"uint16_t",
	"uint32_t",
	"uint64_t",
	"uint8_t",
	"uintptr_t",
	"union",
	"unsigned",
	"void",
	"volatile",
	"while",
};

/* Macros of the headers that generated code includes. */
static const char *const macros[] = {
	"INT8_MAX",       "INT8_MIN",       "INT16_MAX",   "INT16_MIN",   "INT32_MAX",
	"INT32_MIN",      "INT64_MAX",      "INT64_MIN",   "UINT8_MAX",   "UINT16_MAX",
	"UINT32_MAX",     "UINT64_MAX",     "INTMAX_MAX",  "INTMAX_MIN",  "UINTMAX_MAX",
	"INTPTR_MAX",     "INTPTR_MIN",     "UINTPTR_MAX", "PTRDIFF_MAX", "PTRDIFF_MIN",
	"SIZE_MAX",       "WCHAR_MAX",      "WCHAR_MIN",   "WINT_MAX",    "WINT_MIN",
	"SIG_ATOMIC_MAX", "SIG_ATOMIC_MIN", "NULL",        "INT8_WIDTH",  "INT16_WIDTH",
	"INT32_WIDTH",    "INT64_WIDTH",    "SIZE_WIDTH",
};

/* Locals and parameters of the wrappers that emit_client.c writes. */
static const char *const locals[] = {
	"call",   "flat",    "message", "param_bytes", "params",
	"reader", "results", "size",    "status",      "target",
};

/* What generated code stands on, as text. */
static const char library[] = {
#embed "../../lib/message.h"
	,
#embed "../../lib/message_builder.h"
	,
#embed "../../lib/message_copy.h"
	,
#embed "../../lib/message_fault.h"
	,
#embed "../../lib/message_flat.h"
	,
#embed "../../lib/message_float.h"
	,
#embed "../../lib/message_frame.h"
	,
#embed "../../lib/message_packed.h"
	,
#embed "../../lib/message_pointer.h"
	,
#embed "../../lib/message_reader.h"
	, '\0',
};

#define IS_IN(list, name) is_in(list, sizeof(list) / sizeof((list)[0]), name)

static bool is_in(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * Whether the library's headers use it as a whole word; also in comments, where they name their
 * own.  Plain words are no claim: all that the headers define, and all that is generated, is a
 * tag, has an underscore, or is a capital.
 */
static bool is_of_library(const char *identifier)
{
	size_t length = strlen(identifier);

	for (const char *at = library; (at = strstr(at, identifier)) != nullptr; at += length)
		if ((at == library || !is_name_char(at[-1])) && !is_name_char(at[length]))
			return true;
	return false;
}

/* "foo" of "struct foo", "enum foo". */
static const char *without_tag(const char *identifier)
{
	const char *space = strrchr(identifier, ' ');

	return space != nullptr ? space + 1 : identifier;
}

const char *reserved_keeper(const char *identifier)
{
	const char *name = without_tag(identifier);

	if (IS_IN(keywords, name) || IS_IN(macros, name))
		return "the C language";
	if (strncmp(name, "capos_", 6) == 0 || strncmp(name, "CAPOS_", 6) == 0)
		return "the runtime";
	return is_of_library(identifier) ? "lib/message.h" : nullptr;
}

bool reserved_parameter(const char *name)
{
	return IS_IN(keywords, name) || IS_IN(locals, name);
}
