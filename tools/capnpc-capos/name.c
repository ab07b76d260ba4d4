// SPDX-License-Identifier: MIT
/* C identifiers for the schema's names.  See name.h. */
#include "tools/capnpc-capos/name.h"

#include "tools/capnpc-capos/memory.h"
#include "tools/capnpc-capos/reserved.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

constexpr uint32_t CLAIM_BUCKETS = 4096;

struct claim {
	struct claim *next;
	const char *identifier;
	struct claim_owner owner;
};

static struct claim *claims[CLAIM_BUCKETS];

const char *name_format(const char *format, ...)
{
	va_list args, again;
	char *text;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(nullptr, 0, format, args);
	va_end(args);
	if (length < 0)
		memory_fail("a name is too long");
	text = memory_take((uint64_t)length + 1, 1);
	vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
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
	char *out = memory_take(2 * strlen(camel) + 1, 1);
	size_t used = 0;

	for (size_t i = 0; camel[i] != '\0'; i++) {
		if (starts_word(camel, i))
			out[used++] = '_';
		out[used++] = (char)letter((unsigned char)camel[i]);
	}
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

static bool consists_of(const char *name, bool with_capitals)
{
	for (const char *c = name; *c != '\0'; c++) {
		bool letter = islower((unsigned char)*c) ||
			      (with_capitals && isupper((unsigned char)*c));

		if (!letter && (c == name || (*c != '_' && !isdigit((unsigned char)*c))))
			return false;
	}
	return name[0] != '\0';
}

bool name_is_sound(const char *name)
{
	return consists_of(name, true);
}

bool name_is_snake(const char *name)
{
	return consists_of(name, false);
}

const char *name_parameter(const char *snake)
{
	return reserved_parameter(snake) ? name_format("%s_value", snake) : snake;
}

static struct claim **bucket_of(const char *identifier)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = identifier; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return &claims[hash % CLAIM_BUCKETS];
}

const struct claim_owner *name_claim(const char *identifier, struct claim_owner owner)
{
	struct claim **bucket = bucket_of(identifier);
	const char *keeper = reserved_keeper(identifier);
	struct claim *fresh;

	for (const struct claim *c = *bucket; c != nullptr; c = c->next)
		if (strcmp(c->identifier, identifier) == 0)
			return &c->owner;
	fresh = memory_take(1, sizeof(*fresh));
	*fresh = (struct claim){ *bucket, identifier, owner };
	*bucket = fresh;
	if (keeper == nullptr)
		return nullptr;
	fresh->owner = (struct claim_owner){ .keeper = keeper };
	return &fresh->owner;
}

void name_reset(void)
{
	memset(claims, 0, sizeof(claims));
}
