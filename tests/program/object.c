// SPDX-License-Identifier: MIT
/*
 * The kernel's small objects: Console, EntropySource, Uart.write, Timer, Audit.  What needs a
 * person at the serial port is in tests/program/terminal.c.
 */
#include "tests/program/submit.h"

#include "schema/audit.client.h"
#include "schema/console.client.h"
#include "schema/entropy.client.h"
#include "schema/uart.client.h"

static struct entropy_source_client entropy(void)
{
	return (struct entropy_source_client){
		test_capability("entropy", ENTROPY_SOURCE_INTERFACE_ID),
	};
}

/* Read random bytes into `out`, which holds ENTROPY_MAX_BYTES. */
static enum status read_entropy(uint32_t length, uint8_t *out, uint32_t *out_size)
{
	struct capos_call call;
	struct capos_call_size size = { .result_bytes = 512 };
	struct entropy_source_read_params_builder params;
	struct entropy_source_read_results_reader results;
	struct data_reader data;
	enum status status;

	CHECK_STATUS(entropy_source_read_begin(&call, entropy(), size, &params), STATUS_OK);
	entropy_source_read_params_set_length_bytes(params, length);
	status = entropy_source_read_wait(&call, &results);
	if (status == STATUS_OK) {
		data = entropy_source_read_results_get_data(results);
		CHECK(data.size <= ENTROPY_MAX_BYTES);
		memcpy(out, data.data, data.size);
		*out_size = data.size;
	}
	capos_call_end(&call);
	return status;
}

static void entropy_lengths(void)
{
	static const uint32_t wrong[] = { 0, 257, 512, 4096, 0x80000000, UINT32_MAX };
	uint8_t data[ENTROPY_MAX_BYTES];
	uint32_t size = 0;

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		test_note("%u bytes", wrong[i]);
		CHECK_STATUS(read_entropy(wrong[i], data, &size), STATUS_INVALID_ARGUMENT);
	}
	for (uint32_t length = 1; length <= ENTROPY_MAX_BYTES; length++) {
		test_note("%u bytes", length);
		CHECK_STATUS(read_entropy(length, data, &size), STATUS_OK);
		CHECK_EQUAL(size, length);
	}
}

/* No two blocks of 16 bytes are the same, and about half of the bits are set. */
static void entropy_differs(void)
{
	static uint8_t all[64][ENTROPY_MAX_BYTES];
	uint32_t size = 0;
	uint32_t ones = 0;

	for (uint32_t i = 0; i < 64; i++) {
		CHECK_STATUS(read_entropy(ENTROPY_MAX_BYTES, all[i], &size), STATUS_OK);
		for (uint32_t j = 0; j < ENTROPY_MAX_BYTES; j++)
			ones += (uint32_t)__builtin_popcount(all[i][j]);
	}
	for (uint32_t i = 0; i < sizeof(all) / 16; i++)
		for (uint32_t j = 0; j < i; j++)
			CHECK(memcmp(all[i / 16] + i % 16 * 16, all[j / 16] + j % 16 * 16,
				     16) != 0);
	test_note("%u bits", ones);
	CHECK(ones > 65536 - 2000 && ones < 65536 + 2000);
}

/* Without room for the bytes there are none. */
static void entropy_small_result(void)
{
	struct message_builder m;
	struct ring_submission call;

	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 64);
	entropy_source_read_params_set_length_bytes(entropy_source_read_params_init_root(&m),
						    64);
	call = submit_call(entropy().id, ENTROPY_SOURCE_READ_METHOD,
			   (uint32_t)message_builder_finish(&m));
	call.result_capacity = 64;
	CHECK_STATUS(submit_do_status(call), STATUS_RESULT_TOO_SMALL);
	call.result_capacity = 96;
	CHECK_STATUS(submit_do_status(call), STATUS_OK);
}

static void console_lengths(void)
{
	static char text[1024];
	struct console_client console = { test_capability("console", CONSOLE_INTERFACE_ID) };

	memset(text, '.', sizeof(text));
	CHECK_STATUS(console_write(console, text, CONSOLE_MAX_BYTES + 1),
		     STATUS_MESSAGE_TOO_LARGE);
	CHECK_STATUS(console_write(console, text, 1024), STATUS_MESSAGE_TOO_LARGE);
	CHECK_STATUS(console_write(console, text, 0), STATUS_OK);
	CHECK_STATUS(console_write(console, text, CONSOLE_MAX_BYTES), STATUS_OK);
	CHECK_STATUS(console_write(console, "\n", 1), STATUS_OK);
}

/* All that is offered is taken in the end, by as many writes as it needs. */
static void uart_lengths(void)
{
	static char text[UART_MAX_BYTES + 1];
	struct uart_client uart = { test_capability("uart", UART_INTERFACE_ID) };
	uint32_t written = 77;

	memset(text, '.', sizeof(text));
	CHECK_STATUS(uart_write(uart, text, UART_MAX_BYTES + 1, &written),
		     STATUS_MESSAGE_TOO_LARGE);
	for (uint32_t total = 0; total < UART_MAX_BYTES; total += written) {
		CHECK_STATUS(uart_write(uart, text, UART_MAX_BYTES - total, &written),
			     STATUS_OK);
		CHECK(written > 0 && written <= UART_MAX_BYTES - total);
	}
	CHECK_STATUS(uart_write(uart, "\r\n", 2, &written), STATUS_OK);
}

/* A read of nothing is refused, and so is one whose result has no room for what was asked. */
static void uart_read_arguments(void)
{
	struct message_builder m;
	struct ring_submission call;

	for (uint32_t i = 0; i < 2; i++) {
		message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 64);
		uart_read_params_set_max_bytes(uart_read_params_init_root(&m), i * 256);
		call = submit_call(test_capability("uart", UART_INTERFACE_ID), UART_READ_METHOD,
				   (uint32_t)message_builder_finish(&m));
		call.result_capacity = 64;
		CHECK_STATUS(submit_do_status(call),
			     i == 0 ? STATUS_INVALID_ARGUMENT : STATUS_RESULT_TOO_SMALL);
	}
}

/* Time goes forward, in the kernel and in the header, and both tell the same. */
static void timer_agrees(void)
{
	struct timer_client timer = { submit_timer() };
	uint64_t last = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t before = capos_now_ns();
		uint64_t now = 0;

		CHECK_STATUS(timer_now(timer, &now), STATUS_OK);
		CHECK(now >= last && now >= before && now <= capos_now_ns());
		last = now;
	}
}

static void timer_past(void)
{
	static const uint64_t past[] = { 0, 1, 1000 };

	for (uint32_t i = 0; i < sizeof(past) / sizeof(past[0]); i++)
		CHECK_STATUS(submit_do_status(submit_wait(submit_timer(), past[i], 1)),
			     STATUS_OK);
	for (uint32_t i = 0; i < 50; i++) {
		uint64_t until = capos_now_ns() + i * 20000;

		CHECK_STATUS(submit_do_status(submit_wait(submit_timer(), until, 1)),
			     STATUS_OK);
		CHECK(capos_now_ns() >= until);
	}
}

/* The books see memory come and go. */
static void audit_sees(void)
{
	struct audit_client audit = { test_capability("audit", AUDIT_INTERFACE_ID) };
	struct memory_object_client object;
	uint64_t charged[3];
	uint32_t processes;
	uint32_t accounts;
	uint32_t free_frames;
	uint32_t total;
	bool balanced;

	for (uint32_t i = 0; i < 3; i++) {
		CHECK_STATUS(audit_audit(audit, &balanced, &free_frames, &total, &charged[i],
					 &processes, &accounts),
			     STATUS_OK);
		CHECK(balanced && free_frames < total && processes == 2 && accounts >= 2);
		if (i == 0)
			CHECK_STATUS(
				virtual_memory_create_object(test_memory(), 1 << 16, &object),
				STATUS_OK);
		if (i == 1)
			CHECK_STATUS(submit_do_status(submit_release(object.id)), STATUS_OK);
	}
	CHECK(charged[1] >= charged[0] + (1 << 16));
	CHECK_EQUAL(charged[2], charged[0]);
}

#define ALL (TEST_CONSOLE | TEST_TIMER | TEST_UART | TEST_ENTROPY | TEST_AUDIT)
#define PASSES(name)                  \
	{                             \
		#name, name,          \
		{                     \
			.grants = ALL \
		}                     \
	}

static const struct test_case cases[] = {
	PASSES(entropy_lengths), PASSES(entropy_differs), PASSES(entropy_small_result),
	PASSES(console_lengths), PASSES(uart_lengths),    PASSES(uart_read_arguments),
	PASSES(timer_agrees),    PASSES(timer_past),      PASSES(audit_sees),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
