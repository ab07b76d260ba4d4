// SPDX-License-Identifier: MIT
#pragma once
/*
 * A terminal at the other end of a Uart.
 *
 * Output is gathered and goes out with terminal_flush(), and whenever a program waits for
 * input;
 * "\n" is sent as CR LF.  Text from elsewhere goes through terminal_quote(), so that no name
 * or argument can drive the terminal.
 *
 * Input comes through at most one read in flight, which a program may leave in flight while it
 * waits for something else too (terminal_start_read, capos_wait_any on terminal.read,
 * terminal_collect) and withdraw (terminal_stop_read) without losing a byte.
 */
#include "abi/ring.h"
#include "user/rt/call.h"

#include "schema/uart.client.h"

#include <stddef.h>

/* Room for input not yet taken, and for output not yet sent. */
constexpr uint32_t TERMINAL_INPUT_BYTES = 256;
constexpr uint32_t TERMINAL_OUTPUT_BYTES = 512;

/* The caller's storage; must stay where it is while a read is in flight. */
struct terminal {
	struct uart_client uart;
	struct capos_call read; /* in flight while `reading` */
	bool reading;
	uint32_t input_start; /* input[input_start, input_end): not yet taken */
	uint32_t input_end;
	uint32_t output_size;
	uint8_t input[TERMINAL_INPUT_BYTES];
	char output[TERMINAL_OUTPUT_BYTES];
};

/* Start with empty buffers on a capability that stays the caller's. */
void terminal_init(struct terminal *t, struct uart_client uart);

/* Text as it is, but for newlines. */
void terminal_write(struct terminal *t, const char *text, size_t size);

/* Text of which every byte but printable ASCII and well-placed UTF-8 is shown as \xNN. */
void terminal_quote(struct terminal *t, const char *text, size_t size);

/* As terminal_write; at most 256 bytes. */
[[gnu::format(printf, 2, 3)]] void terminal_print(struct terminal *t, const char *format, ...);

/* Send what was gathered.  Statuses: those of Uart.write. */
enum status terminal_flush(struct terminal *t);

/* The next byte of input, waiting for it; output is flushed first.  Statuses: of Uart.read. */
enum status terminal_read_byte(struct terminal *t, uint8_t *out_byte);

/* Whether there is no room for more input, so that no read can be in flight. */
bool terminal_input_is_full(const struct terminal *t);

/* Forget the input that was not yet taken. */
void terminal_drop_input(struct terminal *t);

/* Have a read in flight, if there is room for its input.  Statuses: of capos_call_submit(). */
enum status terminal_start_read(struct terminal *t);

/*
 * Move the input of a completed read to the buffer.  Does nothing while it is in flight.
 * Statuses: ok, or how the read ended: those of Uart.read.
 */
enum status terminal_collect(struct terminal *t);

/* Withdraw the read in flight; what it brought after all is kept. */
void terminal_stop_read(struct terminal *t);

/*
 * Look for a byte in the input not yet taken; when it is there, drop it and everything before.
 */
bool terminal_take_until(struct terminal *t, uint8_t byte);
