// SPDX-License-Identifier: MIT
/* A terminal at the other end of a Uart.  See terminal.h. */
#include "user/rt/terminal.h"

#include "lib/format.h"
#include "lib/string.h"
#include "user/rt/key_decoder.h"

#include <stdarg.h>

constexpr size_t PRINT_BYTES = 256;

void terminal_init(struct terminal *t, struct uart_client uart)
{
	t->uart = uart;
	t->reading = false;
	t->input_start = 0;
	t->input_end = 0;
	t->output_size = 0;
}

enum status terminal_flush(struct terminal *t)
{
	uint32_t sent = 0;
	enum status status = STATUS_OK;

	while (sent < t->output_size && status == STATUS_OK) {
		uint32_t written = 0;

		status = uart_write(t->uart, t->output + sent, t->output_size - sent, &written);
		sent += written;
	}
	t->output_size = 0;
	return status;
}

static void put(struct terminal *t, char c)
{
	/* A terminal that fails shows nothing: there is nobody to tell. */
	if (t->output_size == TERMINAL_OUTPUT_BYTES)
		(void)!terminal_flush(t);
	t->output[t->output_size++] = c;
}

void terminal_write(struct terminal *t, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			put(t, '\r');
		put(t, text[i]);
	}
}

/* Bytes of the character of UTF-8 (from U+00A0 on) that text begins with; 0 when it
 * does not. */
static size_t utf_8_size(const uint8_t *text, size_t size)
{
	struct key_decoder decoder = { 0 };

	for (size_t i = 0; i < size && i < sizeof(decoder.character); i++)
		if (key_decoder_feed(&decoder, text[i]) == KEY_CHARACTER)
			return decoder.size == i + 1 ? i + 1 : 0;
	return 0;
}

void terminal_quote(struct terminal *t, const char *text, size_t size)
{
	char escaped[8];

	for (size_t at = 0; at < size;) {
		size_t whole = utf_8_size((const uint8_t *)text + at, size - at);

		if (whole != 0) {
			terminal_write(t, text + at, whole);
			at += whole;
			continue;
		}
		(void)format(escaped, sizeof(escaped), "\\x%02x", (uint8_t)text[at]);
		terminal_write(t, escaped, 4);
		at++;
	}
}

void terminal_print(struct terminal *t, const char *pattern, ...)
{
	char text[PRINT_BYTES];
	va_list arguments;

	va_start(arguments, pattern);
	size_t size = vformat(text, sizeof(text), pattern, arguments);

	va_end(arguments);
	terminal_write(t, text, size);
}

static uint32_t pending_input(const struct terminal *t)
{
	return t->input_end - t->input_start;
}

bool terminal_input_is_full(const struct terminal *t)
{
	return pending_input(t) == TERMINAL_INPUT_BYTES;
}

void terminal_drop_input(struct terminal *t)
{
	t->input_start = t->input_end;
}

enum status terminal_start_read(struct terminal *t)
{
	struct uart_read_params_builder params;
	struct capos_call_size size = { .result_bytes = TERMINAL_INPUT_BYTES + 64 };
	enum status status;

	if (t->reading || terminal_input_is_full(t))
		return STATUS_OK;
	status = uart_read_begin(&t->read, t->uart, size, &params);
	if (status != STATUS_OK)
		return status;
	uart_read_params_set_max_bytes(params, TERMINAL_INPUT_BYTES - pending_input(t));
	status = capos_call_submit(&t->read);
	t->reading = status == STATUS_OK;
	if (!t->reading)
		capos_call_end(&t->read);
	return status;
}

/* Keep what the completed read brought, no more than there is room for. */
static void keep_input(struct terminal *t, struct data_reader data)
{
	uint32_t pending = pending_input(t);
	uint32_t room = TERMINAL_INPUT_BYTES - pending;
	uint32_t size = data.size < room ? data.size : room;

	memmove(t->input, t->input + t->input_start, pending);
	t->input_start = 0;
	t->input_end = pending;
	memcpy(t->input + t->input_end, data.data, size);
	t->input_end += size;
}

enum status terminal_collect(struct terminal *t)
{
	struct uart_read_results_reader results;
	enum status status;

	if (!t->reading || !capos_call_is_done(&t->read))
		return STATUS_OK;
	status = uart_read_wait(&t->read, &results);
	if (status == STATUS_OK)
		keep_input(t, uart_read_results_get_data(results));
	capos_call_end(&t->read);
	t->reading = false;
	return status;
}

void terminal_stop_read(struct terminal *t)
{
	uint32_t index;
	struct capos_call *calls[] = { &t->read };

	if (!t->reading)
		return;
	capos_call_cancel(&t->read);
	if (capos_wait_any(calls, 1, RING_NO_DEADLINE, &index) == STATUS_OK)
		(void)!terminal_collect(t);
}

enum status terminal_read_byte(struct terminal *t, uint8_t *out_byte)
{
	uint32_t index;
	struct capos_call *calls[] = { &t->read };
	enum status status = terminal_flush(t);

	while (status == STATUS_OK && t->input_start == t->input_end) {
		status = terminal_start_read(t);
		if (status == STATUS_OK)
			status = capos_wait_any(calls, 1, RING_NO_DEADLINE, &index);
		if (status == STATUS_OK)
			status = terminal_collect(t);
	}
	if (status == STATUS_OK)
		*out_byte = t->input[t->input_start++];
	return status;
}

bool terminal_take_until(struct terminal *t, uint8_t byte)
{
	for (uint32_t i = t->input_end; i > t->input_start; i--) {
		if (t->input[i - 1] == byte) {
			t->input_start = i;
			return true;
		}
	}
	return false;
}
