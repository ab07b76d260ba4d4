// SPDX-License-Identifier: MIT
/*
 * What needs somebody at the serial port, driven by tests/system/test_hostile.py: it waits for
 * the word that a case prints, types, and looks at what comes back.
 */
#include "tests/program/child.h"
#include "tests/program/submit.h"

#include "schema/console.client.h"
#include "schema/uart.client.h"

constexpr uint32_t READ_SPAN = 96;
constexpr uint32_t WRITES = 12;

static struct uart_client uart(void)
{
	return (struct uart_client){ test_capability("uart", UART_INTERFACE_ID) };
}

/* Every byte there is, through the filter of the console. */
static void console_filters(void)
{
	struct console_client console = { test_capability("console", CONSOLE_INTERFACE_ID) };
	char bytes[256];

	for (uint32_t i = 0; i < 256; i++)
		bytes[i] = (char)i;
	CHECK_STATUS(console_write(console, "console begins\n", 15), STATUS_OK);
	CHECK_STATUS(console_write(console, bytes, 256), STATUS_OK);
	CHECK_STATUS(console_write(console, "\nconsole ends\n", 14), STATUS_OK);
}

/* As many writes in flight as fit, of different lengths: they come out whole and in order. */
static void uart_writes_in_order(void)
{
	static struct capos_call calls[WRITES];
	static char text[WRITES][512];
	struct capos_call_size size = { .param_bytes = 600 };
	struct uart_write_params_builder params;
	struct uart_write_results_reader results;

	CHECK_EQUAL(capos_write("writes begin\n", 13), STATUS_OK);
	for (uint32_t i = 0; i < WRITES; i++) {
		memset(text[i], 'a' + (int)i, 512);
		CHECK_STATUS(uart_write_begin(&calls[i], uart(), size, &params), STATUS_OK);
		CHECK(uart_write_params_set_data(params, text[i], 100 + 30 * i));
		CHECK_STATUS(capos_call_submit(&calls[i]), STATUS_OK);
	}
	for (uint32_t i = 0; i < WRITES; i++) {
		CHECK_STATUS(uart_write_wait(&calls[i], &results), STATUS_OK);
		CHECK_EQUAL(uart_write_results_get_written(results), 100 + 30 * i);
		capos_call_end(&calls[i]);
	}
	CHECK_EQUAL(capos_write("\nwrites end\n", 12), STATUS_OK);
}

static void read_begin(uint16_t tag, uint32_t max_bytes)
{
	struct message_builder m;
	struct ring_submission read;
	uint32_t offset = 4096 + tag * READ_SPAN;

	message_builder_init(&m, submit_arena(offset), 32);
	uart_read_params_set_max_bytes(uart_read_params_init_root(&m), max_bytes);
	read = submit_call(uart().id, UART_READ_METHOD, (uint32_t)message_builder_finish(&m));
	read.param_offset = offset;
	read.result_offset = offset + 32;
	read.result_capacity = READ_SPAN - 32;
	read.tag = tag;
	submit_put(&read);
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
}

/* Take completions until that of `tag`, which must bring exactly this byte. */
static void read_end(uint16_t tag, char expected)
{
	struct uart_read_results_reader results;
	struct ring_completion completion;
	struct message_reader m;
	struct data_reader data;

	while (submit_available() == 0)
		CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	CHECK(submit_take(&completion));
	test_note("tag %u status %d", completion.tag, completion.status);
	CHECK_EQUAL(completion.tag, tag);
	CHECK_EQUAL(completion.status, 0);
	message_reader_init(&m, submit_arena(4096 + tag * READ_SPAN + 32), completion.length);
	CHECK(uart_read_results_read_root(&m, &results));
	data = uart_read_results_get_data(results);
	CHECK_EQUAL(data.size, 1);
	CHECK_EQUAL(data.data[0], expected);
}

/* Three readers, the second withdraws: the first and the third get what comes, in order. */
static void readers_in_order(void)
{
	struct ring_submission cancel = submit_cancel(2, 9);
	struct ring_completion completion;

	for (uint16_t tag = 1; tag <= 3; tag++)
		read_begin(tag, 1);
	submit_put(&cancel);
	CHECK_STATUS(submit_enter(2, RING_NO_DEADLINE), STATUS_OK);
	CHECK(submit_take(&completion) && submit_take(&completion));
	CHECK_EQUAL(capos_write("type xy\n", 8), STATUS_OK);
	read_end(1, 'x');
	read_end(3, 'y');
}

/* Input that comes when nobody reads is kept for the next reader. */
static void input_waits(void)
{
	CHECK_EQUAL(capos_write("type early\n", 11), STATUS_OK);
	child_sleep_ms(submit_timer(), 400);
	for (uint32_t i = 0; i < 5; i++) {
		read_begin(1, 1);
		read_end(1, "early"[i]);
	}
}

/*
 * One process reads and is killed; the next reader gets the input that it did not.  Its tag is
 * one that the runtime, which makes calls meanwhile, does not reach.
 */
static void reader_child(void)
{
	read_begin(1, 8);
	(void)submit_enter(1, RING_NO_DEADLINE);
}

static void killed_reader(void)
{
	struct child_request request = {
		.binary = "terminal",
		.arguments = { "reader_child" },
		.grants = { { "report", child_report() }, { "uart", uart().id } },
		.memory_bytes = 1 << 20,
		.slots = 16,
		.threads = 1,
	};
	struct process_handle_client process = child_start(&request);

	child_sleep_ms(submit_timer(), 20);
	read_begin(60, 1);
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	(void)child_wait(process);
	CHECK_EQUAL(capos_write("type z\n", 7), STATUS_OK);
	read_end(60, 'z');
}

#define ALL (TEST_CONSOLE | TEST_TIMER | TEST_UART | TEST_SPAWNER)
#define PASSES(name)       \
	{ #name,           \
	  name,            \
	  { .grants = ALL, \
	    .once = true,  \
	    .threads = 4,  \
	    .slots = 128,  \
	    .memory_bytes = 4 << 20 } }

static const struct test_case cases[] = {
	PASSES(console_filters),  PASSES(uart_writes_in_order),
	PASSES(readers_in_order), PASSES(input_waits),
	PASSES(killed_reader),    { "reader_child", reader_child, { .end = TEST_HELPER } },
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
