// SPDX-License-Identifier: MIT
/*
 * Host test of serial.c, log.c and the objects on them, Uart and Console: order, full queues,
 * what reaches a terminal, and the kernel's last words.
 */
#include "tests/host/kernel_calls.h"
#include "tests/host/sequence.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/core/log.h"
#include "kernel/core/serial.h"
#include "lib/require.h"
#include "schema/console.capnp.h"
#include "schema/uart.capnp.h"

static struct request request;
static struct reply reply;

/* Queues are the kernel's statics: leave them empty for the next machine. */
static int teardown(void **state)
{
	uint8_t byte;

	fake_hal_serial_set_room(SIZE_MAX);
	serial_flush();
	while (serial_read(&byte, 1) != 0)
		;
	return kernel_teardown(state);
}

/* Bytes go in at random and come out at random: the same, in the same order. */
static void output_keeps_its_order(void **)
{
	static uint8_t expected[60000];
	struct sequence sequence = { 17 };
	size_t size = 0;

	fake_hal_serial_set_room(0);
	while (size < 50000) {
		uint8_t bytes[300];
		uint32_t count = sequence_below(&sequence, sizeof(bytes));
		size_t taken;

		for (uint32_t i = 0; i < count; i++)
			bytes[i] = (uint8_t)(1 + sequence_below(&sequence, 255));
		taken = serial_write(bytes, count);
		assert_in_range(taken, 0, count);
		memcpy(expected + size, bytes, taken);
		size += taken;
		assert_true(fake_hal_serial_wants_output() || size == 0);
		if (sequence_below(&sequence, 2) == 0) {
			fake_hal_serial_set_room(sequence_below(&sequence, 400));
			serial_interrupt();
			fake_hal_serial_set_room(0);
		}
	}
	serial_flush();
	assert_int_equal(strlen(fake_hal_serial_output()), size);
	assert_memory_equal(fake_hal_serial_output(), expected, size);
}

static void full_output_queue_takes_no_more(void **)
{
	static uint8_t bytes[SERIAL_OUTPUT_BYTES + 10];

	memset(bytes, 'x', sizeof(bytes));
	fake_hal_serial_set_room(0);
	assert_int_equal(serial_write(bytes, sizeof(bytes)), SERIAL_OUTPUT_BYTES);
	assert_int_equal(serial_write(bytes, 1), 0);
	/* Emergency text pushes older text out. */
	serial_write_all((const uint8_t *)"!!", 2);
	assert_int_equal(strlen(fake_hal_serial_output()), 2);
	serial_flush();
	assert_int_equal(strlen(fake_hal_serial_output()), SERIAL_OUTPUT_BYTES + 2);
}

static void full_input_queue_drops_the_rest(void **)
{
	static uint8_t bytes[3000];
	static uint8_t got[3000];

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 251);
	fake_hal_serial_input(bytes, sizeof(bytes));
	for (uint32_t i = 0; i < 100; i++)
		serial_interrupt();
	assert_true(serial_has_input());
	assert_int_equal(serial_read(got, sizeof(got)), SERIAL_INPUT_BYTES);
	assert_memory_equal(got, bytes, SERIAL_INPUT_BYTES);
	assert_false(serial_has_input());
	fake_hal_serial_input("after", 5);
	serial_interrupt();
	assert_int_equal(serial_read(got, sizeof(got)), 5);
	assert_memory_equal(got, "after", 5);
}

/* --- Uart ------------------------------------------------------------------------------- */

static void submit_write(const void *bytes, uint32_t size, uint16_t tag)
{
	request_init(&request, program_capability(&first, "uart"), UART_WRITE_METHOD, tag);
	uart_write_params_set_data(uart_write_params_init_root(&request.params), bytes, size);
	request_submit(&first, &request);
}

static uint32_t next_written(uint16_t tag)
{
	struct ring_submission entry = { .result_offset = CALL_SPAN_BYTES * (2u * tag + 1),
					 .result_capacity = CALL_SPAN_BYTES };
	struct uart_write_results_reader results;
	struct ring_completion completion;

	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.tag, tag);
	assert_int_equal(completion.status, STATUS_OK);
	reply_read(&first, &entry, &completion, &reply);
	assert_true(uart_write_results_read_root(&reply.message, &results));
	return uart_write_results_get_written(results);
}

/* Writers wait for room in the order in which they came; a cancelled one writes nothing. */
static void writers_wait_for_room(void **)
{
	static uint8_t filler[SERIAL_OUTPUT_BYTES];
	struct ring_completion completion;

	memset(filler, '.', sizeof(filler));
	fake_hal_serial_set_room(0);
	assert_int_equal(serial_write(filler, sizeof(filler)), sizeof(filler));
	submit_write("one", 3, 0);
	submit_write("two", 3, 1);
	submit_write("three", 5, 2);
	submit_cancel(&first, 1, 9);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 2);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.tag, 1);
	assert_int_equal(completion.status, -STATUS_CANCELLED);
	assert_true(program_read(&first, &completion));
	fake_hal_serial_set_room(3);
	assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
	assert_int_equal(next_written(0), 3);
	fake_hal_serial_set_room(2);
	assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
	/* A part is enough. */
	assert_int_equal(next_written(2), 2);
	serial_flush();
	assert_string_equal(fake_hal_serial_output() + sizeof(filler), "oneth");
}

/* Nor does a write overtake those that wait, though there is room again before they know. */
static void a_write_does_not_overtake(void **)
{
	static uint8_t filler[SERIAL_OUTPUT_BYTES];

	memset(filler, '.', sizeof(filler));
	fake_hal_serial_set_room(0);
	assert_int_equal(serial_write(filler, sizeof(filler)), sizeof(filler));
	submit_write("one", 3, 0);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	serial_flush();
	submit_write("two", 3, 1);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).available, 0);
	assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
	assert_int_equal(next_written(0), 3);
	assert_int_equal(next_written(1), 3);
	serial_flush();
	assert_string_equal(fake_hal_serial_output() + sizeof(filler), "onetwo");
}

static void empty_write_needs_no_room(void **)
{
	static uint8_t filler[SERIAL_OUTPUT_BYTES];

	fake_hal_serial_set_room(0);
	memset(filler, '.', sizeof(filler));
	(void)serial_write(filler, sizeof(filler));
	submit_write("", 0, 0);
	(void)program_enter(&first, 0, RING_NO_WAIT);
	assert_int_equal(next_written(0), 0);
}

/* A program that dies while it reads or writes keeps nobody else from it. */
static void dead_readers_get_no_input(void **)
{
	struct program child;
	uint64_t handle;
	struct ring_completion completion;

	assert_int_equal(spawn_child(&first, 0, program_capability(&first, "uart"), &handle),
			 STATUS_OK);
	program_attach(&child, process_behind(&first, handle));
	program_run(&child);
	request_init(&request, program_capability(&child, "given"), UART_READ_METHOD, 1);
	uart_read_params_set_max_bytes(uart_read_params_init_root(&request.params), 10);
	request_submit(&child, &request);
	assert_int_equal(program_enter(&child, 0, RING_NO_WAIT).available, 0);
	program_run(&first);
	submit_uart_read(&first, 10, 4);
	assert_int_equal(kill_process(&first, handle), STATUS_OK);
	fake_hal_serial_input("xyz", 3);
	assert_int_equal(kernel_take_serial(), FAKE_HAL_RETURNED);
	assert_true(program_read(&first, &completion));
	assert_int_equal(completion.tag, 4);
	assert_int_equal(completion.length, 24);
	assert_int_equal(release(&first, handle), STATUS_OK);
}

static void uart_arguments_are_checked(void **)
{
	submit_uart_read(&first, 0, 0);
	(void)program_enter(&first, 0, RING_NO_WAIT);
	assert_true(program_read(&first, &reply.completion));
	assert_int_equal(reply.completion.status, -STATUS_INVALID_ARGUMENT);
	request_init_big(&request, program_capability(&first, "uart"), UART_READ_METHOD);
	uart_read_params_set_max_bytes(uart_read_params_init_root(&request.params), UINT32_MAX);
	assert_int_equal(call_now(&first, &request, &reply), STATUS_RESULT_TOO_SMALL);
	request_init_big(&request, program_capability(&first, "uart"), UART_WRITE_METHOD);
	request.entry.result_capacity = 8;
	(void)uart_write_params_set_data(uart_write_params_init_root(&request.params), "x", 1);
	assert_int_equal(call_now(&first, &request, &reply), STATUS_RESULT_TOO_SMALL);
	assert_string_equal(fake_hal_serial_output(), "");
}

/* --- Console and log -------------------------------------------------------------------- */

static enum status console_write(const void *bytes, uint32_t size)
{
	request_init_big(&request, program_capability(&first, "console"), CONSOLE_WRITE_METHOD);
	console_write_params_set_text(console_write_params_init_root(&request.params), bytes,
				      size);
	return call_now(&first, &request, &reply);
}

static void console_drives_no_terminal(void **)
{
	static const char escaped[] = "a\tb\r\n\\x1b[2J\\x00\\x7f\\xff~ ";
	static const char text[] = "a\tb\n\x1b[2J\0\x7f\xff~ ";
	uint8_t all[257] = { 0 };

	assert_int_equal(console_write(text, sizeof(text) - 1), STATUS_OK);
	assert_string_equal(fake_hal_serial_output(), escaped);
	for (uint32_t i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	fake_hal_serial_clear();
	assert_int_equal(console_write(all, 256), STATUS_OK);
	serial_flush();
	for (const char *c = fake_hal_serial_output(); *c != '\0'; c++)
		assert_true((*c >= ' ' && *c <= '~') || *c == '\t' || *c == '\r' || *c == '\n');
	assert_int_equal(console_write(all, 257), STATUS_MESSAGE_TOO_LARGE);
}

static void long_lines_are_cut(void **)
{
	char longest[2000];
	const char *output = fake_hal_serial_output();

	memset(longest, 'l', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	log_line("%s", longest);
	/* What a port takes at once is bounded: the rest comes with its interrupts. */
	assert_in_range(strlen(output), 1, 64);
	serial_flush();
	assert_in_range(strlen(output), 100, 480);
	assert_string_equal(output + strlen(output) - 3, "l\r\n");
	fake_hal_serial_clear();
	log_line("%u %s", 5, "x");
	assert_string_equal(output, "5 x\r\n");
}

static void panic_now(void *)
{
	kernel_panic("file.c", 12, "what broke");
}

/* The last words come after all that was said before, although the port takes nothing. */
static void panic_is_heard(void **)
{
	fake_hal_serial_set_room(0);
	log_line("before");
	assert_int_equal(fake_hal_run(panic_now, nullptr), FAKE_HAL_STOPPED);
	assert_string_equal(fake_hal_serial_output(),
			    "before\r\npanic: file.c:12: what broke\r\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(output_keeps_its_order),
		TEST(full_output_queue_takes_no_more),
		TEST(full_input_queue_drops_the_rest),
		TEST(writers_wait_for_room),
		TEST(a_write_does_not_overtake),
		TEST(empty_write_needs_no_room),
		TEST(dead_readers_get_no_input),
		TEST(uart_arguments_are_checked),
		TEST(console_drives_no_terminal),
		TEST(long_lines_are_cut),
		TEST(panic_is_heard),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
