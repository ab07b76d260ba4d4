// SPDX-License-Identifier: MIT
/* C identifiers for the schema's names.  See name.h. */
#include "tools/capnpc-capos/name.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr uint32_t CLAIM_BUCKETS = 4096;

struct claim {
	struct claim *next;
	const char *identifier;
	const char *owner;
};

static struct claim *claims[CLAIM_BUCKETS];

static const char *const reserved[] = {
	"alignas",     "alignof",      "asm",
	"auto",        "bool",         "break",
	"call",        "case",         "char",
	"const",       "constexpr",    "continue",
	"default",     "do",           "double",
	"else",        "enum",         "extern",
	"false",       "float",        "for",
	"goto",        "if",           "inline",
	"int",         "long",         "nullptr",
	"param_bytes", "params",       "register",
	"restrict",    "results",      "return",
	"short",       "signed",       "size",
	"sizeof",      "static",       "static_assert",
	"status",      "struct",       "switch",
	"target",      "thread_local", "true",
	"typedef",     "typeof",       "typeof_unqual",
	"union",       "unsigned",     "void",
	"volatile",    "while",
};

static void *must(void *memory)
{
	if (memory == nullptr) {
		fputs("capnpc-capos: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

const char *name_format(const char *format, ...)
{
	char *text = nullptr;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	return must(length < 0 ? nullptr : text);
}

/* Whether a word starts at camel[i]: after a small letter or digit, or before a
 * small letter. */
static bool starts_word(const char *camel, size_t i)
{
	if (i == 0 || !isupper((unsigned char)camel[i]) || camel[i - 1] == '_')
		return false;
	return !isupper((unsigned char)camel[i - 1]) || islower((unsigned char)camel[i + 1]);
}

static const char *convert(const char *camel, int (*letter)(int))
{
	char *out = must(malloc(2 * strlen(camel) + 1));
	size_t used = 0;

	for (size_t i = 0; camel[i] != '\0'; i++) {
		if (starts_word(camel, i))
			out[used++] = '_';
		out[used++] = (char)letter((unsigned char)camel[i]);
	}
	out[used] = '\0';
	return out;
}

const char *name_snake(const char *camel)
{
	return convert(camel, tolower);
}

const char *name_upper(const char *camel)
{
	return convert(camel, toupper);
}

const char *name_parameter(const char *camel)
{
	const char *snake = name_snake(camel);

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(snake, reserved[i]) == 0)
			return name_format("%s_value", snake);
	return snake;
}

static struct claim **bucket_of(const char *identifier)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = identifier; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return &claims[hash % CLAIM_BUCKETS];
}

const char *name_claim(const char *identifier, const char *owner)
{
	struct claim **bucket = bucket_of(identifier);
	struct claim *fresh;

	for (const struct claim *c = *bucket; c != nullptr; c = c->next)
		if (strcmp(c->identifier, identifier) == 0)
			return c->owner;
	fresh = must(malloc(sizeof(*fresh)));
	*fresh = (struct claim){ *bucket, identifier, owner };
	*bucket = fresh;
	return nullptr;
}
