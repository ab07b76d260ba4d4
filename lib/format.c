// SPDX-License-Identifier: MIT
/* Formatted text into a caller's buffer.  See format.h for the conversions. */
#include "lib/format.h"

#include "lib/string.h"

#include <stdint.h>

/* length counts what was asked for and fitted; the last byte of the buffer is kept for the
 * zero. */
struct output {
	char *buffer;
	size_t capacity;
	size_t length;
};

enum integer_size : uint8_t {
	SIZE_INT,
	SIZE_LONG,
	SIZE_LONG_LONG,
	SIZE_SIZE,
};

struct conversion {
	bool left;
	bool zeros;
	size_t width;
	size_t precision; /* SIZE_MAX = none given */
	enum integer_size size;
};

/* In a struct, so that it can be handed on by pointer whatever type va_list is. */
struct arguments {
	va_list list;
};

constexpr size_t DIGITS_MAX = 20; /* of UINT64_MAX */

static const char DECIMAL[] = "0123456789";
static const char LOWER_HEX[] = "0123456789abcdef";
static const char UPPER_HEX[] = "0123456789ABCDEF";

static void put_byte(struct output *out, char byte)
{
	if (out->length + 1 < out->capacity)
		out->buffer[out->length++] = byte;
}

/* Stops where the buffer ends, whatever width the pattern or an argument asks for. */
static void put_repeated(struct output *out, char byte, size_t count)
{
	for (; count != 0 && out->length + 1 < out->capacity; count--)
		put_byte(out, byte);
}

static void put_bytes(struct output *out, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put_byte(out, bytes[i]);
}

/* prefix (a sign or 0x) goes before zeros but after spaces. */
static void put_field(struct output *out, const struct conversion *c, const char *prefix,
		      const char *bytes, size_t size)
{
	size_t prefix_size = strlen(prefix);
	size_t padding = c->width > prefix_size + size ? c->width - prefix_size - size : 0;

	if (!c->left && !c->zeros)
		put_repeated(out, ' ', padding);
	put_bytes(out, prefix, prefix_size);
	if (!c->left && c->zeros)
		put_repeated(out, '0', padding);
	put_bytes(out, bytes, size);
	if (c->left)
		put_repeated(out, ' ', padding);
}

static void put_text(struct output *out, struct conversion *c, const char *text)
{
	size_t size = 0;

	if (text == nullptr)
		text = "(null)";
	while (size < c->precision && text[size] != '\0')
		size++;
	c->zeros = false;
	put_field(out, c, "", text, size);
}

/* digits: one for each value below the base. */
static void put_number(struct output *out, const struct conversion *c, const char *prefix,
		       uint64_t value, const char *digits)
{
	char text[DIGITS_MAX];
	size_t start = DIGITS_MAX, base = strlen(digits);

	do {
		text[--start] = digits[value % base];
		value /= base;
	} while (value != 0);
	put_field(out, c, prefix, text + start, DIGITS_MAX - start);
}

static uint64_t next_unsigned(struct arguments *arguments, enum integer_size size)
{
	switch (size) {
	case SIZE_INT:
		return va_arg(arguments->list, unsigned int);
	case SIZE_LONG:
		return va_arg(arguments->list, unsigned long);
	case SIZE_LONG_LONG:
		return va_arg(arguments->list, unsigned long long);
	case SIZE_SIZE:
		return va_arg(arguments->list, size_t);
	}
	return 0;
}

static void put_signed(struct output *out, const struct conversion *c,
		       struct arguments *arguments)
{
	uint64_t value = next_unsigned(arguments, c->size);

	if (c->size == SIZE_INT)
		value = (uint64_t)(int64_t)(int32_t)value;
	if ((int64_t)value < 0)
		put_number(out, c, "-", -value, DECIMAL);
	else
		put_number(out, c, "", value, DECIMAL);
}

static void put_pointer(struct output *out, struct conversion *c, const void *pointer)
{
	struct conversion digits = { .zeros = true, .width = 2 + 2 * sizeof(void *) };

	c->zeros = false;
	if (c->width > digits.width && !c->left)
		put_repeated(out, ' ', c->width - digits.width);
	put_number(out, &digits, "0x", (uintptr_t)pointer, LOWER_HEX);
	if (c->width > digits.width && c->left)
		put_repeated(out, ' ', c->width - digits.width);
}

/* A decimal number or *; a negative argument counts as `negative`. */
static size_t parse_count(const char **pattern, struct arguments *arguments, size_t negative)
{
	size_t count = 0;

	if (**pattern == '*') {
		int value = va_arg(arguments->list, int);

		(*pattern)++;
		return value < 0 ? negative : (size_t)value;
	}
	for (; **pattern >= '0' && **pattern <= '9'; (*pattern)++)
		count = count * 10 + (size_t)(**pattern - '0');
	return count;
}

static enum integer_size parse_size(const char **pattern)
{
	if (**pattern == 'z') {
		(*pattern)++;
		return SIZE_SIZE;
	}
	if (**pattern != 'l')
		return SIZE_INT;
	(*pattern)++;
	if (**pattern != 'l')
		return SIZE_LONG;
	(*pattern)++;
	return SIZE_LONG_LONG;
}

/* What stands between % and the letter. */
static struct conversion parse_conversion(const char **pattern, struct arguments *arguments)
{
	struct conversion c = { .precision = SIZE_MAX };

	for (; **pattern == '-' || **pattern == '0'; (*pattern)++) {
		c.left |= **pattern == '-';
		c.zeros |= **pattern == '0';
	}
	c.width = parse_count(pattern, arguments, 0);
	if (**pattern == '.') {
		(*pattern)++;
		c.precision = parse_count(pattern, arguments, SIZE_MAX);
	}
	c.size = parse_size(pattern);
	return c;
}

static bool put_conversion(struct output *out, struct conversion *c, char letter,
			   struct arguments *arguments)
{
	switch (letter) {
	case 's':
		put_text(out, c, va_arg(arguments->list, const char *));
		return true;
	case 'c':
		c->zeros = false;
		put_field(out, c, "", &(char){ (char)va_arg(arguments->list, int) }, 1);
		return true;
	case 'd':
	case 'i':
		put_signed(out, c, arguments);
		return true;
	case 'u':
		put_number(out, c, "", next_unsigned(arguments, c->size), DECIMAL);
		return true;
	case 'x':
		put_number(out, c, "", next_unsigned(arguments, c->size), LOWER_HEX);
		return true;
	case 'X':
		put_number(out, c, "", next_unsigned(arguments, c->size), UPPER_HEX);
		return true;
	case 'p':
		put_pointer(out, c, va_arg(arguments->list, const void *));
		return true;
	case '%':
		put_byte(out, '%');
		return true;
	}
	return false;
}

size_t vformat(char *buffer, size_t capacity, const char *pattern, va_list list)
{
	struct output out = { .buffer = buffer, .capacity = capacity };
	struct arguments arguments;

	va_copy(arguments.list, list);
	while (*pattern != '\0') {
		const char *start = pattern++;
		struct conversion c;

		if (*start != '%') {
			put_byte(&out, *start);
			continue;
		}
		c = parse_conversion(&pattern, &arguments);
		if (*pattern != '\0' && put_conversion(&out, &c, *pattern, &arguments))
			pattern++;
		else
			put_bytes(&out, start, (size_t)(pattern - start));
	}
	va_end(arguments.list);
	if (capacity != 0)
		buffer[out.length] = '\0';
	return out.length;
}

size_t format(char *buffer, size_t capacity, const char *pattern, ...)
{
	va_list list;
	size_t length;

	va_start(list, pattern);
	length = vformat(buffer, capacity, pattern, list);
	va_end(list);
	return length;
}
