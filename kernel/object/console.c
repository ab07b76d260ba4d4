// SPDX-License-Identifier: MIT
/* Console: bounded emergency text.  Interface: schema/console.capnp. */
#include "kernel/core/call.h"
#include "kernel/core/serial.h"
#include "kernel/core/singletons.h"
#include "schema/console.capnp.h"

/* Longest form of one byte: \xNN, or a newline's \r\n. */
constexpr uint32_t ESCAPED_BYTES = 4;
/* Bytes that are put into that form at a time. */
constexpr uint32_t PART_BYTES = 64;

static const char hex_digits[] = "0123456789abcdef";

/* Append one byte in the form that cannot drive a terminal; returns the new length. */
static size_t append(uint8_t *out, size_t length, uint8_t byte)
{
	if (byte == '\n') {
		out[length++] = '\r';
		out[length++] = '\n';
	} else if (byte == '\t' || (byte >= ' ' && byte <= '~')) {
		out[length++] = byte;
	} else {
		out[length++] = '\\';
		out[length++] = 'x';
		out[length++] = (uint8_t)hex_digits[byte >> 4];
		out[length++] = (uint8_t)hex_digits[byte & 15];
	}
	return length;
}

static void write_part(const uint8_t *bytes, uint32_t size)
{
	uint8_t out[PART_BYTES * ESCAPED_BYTES];
	size_t length = 0;

	for (uint32_t i = 0; i < size; i++)
		length = append(out, length, bytes[i]);
	serial_write_all(out, length);
}

static enum status write(struct call *call)
{
	struct console_write_params_reader params;
	struct data_reader text;

	if (!console_write_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	text = console_write_params_get_text(params);
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (text.size > CONSOLE_MAX_BYTES)
		return STATUS_MESSAGE_TOO_LARGE;
	for (uint32_t at = 0; at < text.size; at += PART_BYTES)
		write_part(text.data + at,
			   text.size - at < PART_BYTES ? text.size - at : PART_BYTES);
	return STATUS_OK;
}

static const struct method methods[] = {
	[CONSOLE_WRITE_METHOD] = { .max_param_bytes = CONSOLE_MAX_BYTES + 64,
				   .handler = write },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == CONSOLE_METHOD_COUNT);

static const struct object_type console_type = {
	.interface_id = CONSOLE_INTERFACE_ID,
	.methods = methods,
	.method_count = CONSOLE_METHOD_COUNT,
};

struct object console_object = { .type = &console_type, .references = 1 };
