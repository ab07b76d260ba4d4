// SPDX-License-Identifier: MIT
/*
 * Uart: the serial port as a byte stream.  Interface: schema/uart.capnp.
 *
 * Two queues of parked operations, served in order of arrival: reads wait for input, writes for
 * room in the output queue.  A parked write keeps the place of its bytes in the caller's arena
 * and takes them, once, when there is room.
 */
#include "kernel/core/call.h"
#include "kernel/core/cpu.h"
#include "kernel/core/ring.h"
#include "kernel/core/serial.h"
#include "kernel/core/singletons.h"
#include "lib/require.h"
#include "schema/uart.capnp.h"

/* A message with a pointer and a Data pointer, besides the bytes. */
constexpr uint32_t READ_OVERHEAD_BYTES = 32;
constexpr uint32_t WRITE_RESULT_BYTES = 16;
/* Most that one read returns. */
constexpr uint32_t READ_MAX_BYTES = SERIAL_INPUT_BYTES / 2;

static struct list_link readers; /* struct operation; argument[0] = most bytes to return */
static struct list_link writers; /* argument[0] = offset in the arena, [1] = bytes */

/* Build the results of a read with what input there is. */
static void fill_read_results(struct message_builder *results, uint32_t max_bytes)
{
	struct uart_read_results_builder root = uart_read_results_init_root(results);
	uint8_t bytes[READ_MAX_BYTES];
	uint32_t size = max_bytes < sizeof(bytes) ? max_bytes : sizeof(bytes);

	size = (uint32_t)serial_read(bytes, size);
	require(uart_read_results_set_data(root, bytes, size));
}

static void input_has_come(void)
{
	while (serial_has_input() && !list_is_empty(&readers)) {
		struct operation *op = LIST_OWNER(readers.next, struct operation, link);
		struct message_builder results;

		operation_results(op, &results);
		fill_read_results(&results, (uint32_t)op->argument[0]);
		operation_finish(op, STATUS_OK, COMPLETION_KIND_DONE, &results);
	}
}

static void finish_write(struct operation *op, size_t written)
{
	struct message_builder results;

	operation_results(op, &results);
	uart_write_results_set_written(uart_write_results_init_root(&results),
				       (uint32_t)written);
	operation_finish(op, STATUS_OK, COMPLETION_KIND_DONE, &results);
}

static void output_has_room(void)
{
	while (!list_is_empty(&writers)) {
		struct operation *op = LIST_OWNER(writers.next, struct operation, link);
		size_t written =
			serial_write(ring_arena_at(op->ring, (uint32_t)op->argument[0]),
				     (size_t)op->argument[1]);

		if (written == 0)
			return;
		finish_write(op, written);
	}
}

static enum status read(struct call *call)
{
	struct uart_read_params_reader params;
	struct operation *op;
	enum status status;
	uint32_t max_bytes;

	if (!uart_read_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	max_bytes = uart_read_params_get_max_bytes(params);
	if (max_bytes == 0)
		return STATUS_INVALID_ARGUMENT;
	if (max_bytes > UART_MAX_BYTES)
		max_bytes = UART_MAX_BYTES;
	status = call_park(call, &readers, UINT64_MAX, READ_OVERHEAD_BYTES + max_bytes, &op);
	if (status != STATUS_OK)
		return status;
	op->argument[0] = max_bytes;
	if (serial_has_input())
		input_has_come();
	return STATUS_OK;
}

static enum status write(struct call *call)
{
	struct uart_write_params_reader params;
	struct data_reader data;
	struct operation *op;
	enum status status;

	if (!uart_write_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	data = uart_write_params_get_data(params);
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (data.size > UART_MAX_BYTES)
		return STATUS_MESSAGE_TOO_LARGE;
	status = call_park(call, &writers, UINT64_MAX, WRITE_RESULT_BYTES, &op);
	if (status != STATUS_OK)
		return status;
	/* The same bytes in the arena: the private copy is gone when there is room. */
	op->argument[0] = call->param_span.offset +
			  (uint64_t)(data.data - (const uint8_t *)hal_cpu()->params);
	op->argument[1] = data.size;
	if (data.size == 0)
		finish_write(op, 0);
	else
		output_has_room();
	return STATUS_OK;
}

void uart_init(void)
{
	list_init(&readers);
	list_init(&writers);
	serial_init(input_has_come, output_has_room);
}

static const struct method methods[] = {
	[UART_READ_METHOD] = { .max_param_bytes = 64, .handler = read },
	[UART_WRITE_METHOD] = { .max_param_bytes = UART_MAX_BYTES + 64, .handler = write },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == UART_METHOD_COUNT);

static const struct object_type uart_type = {
	.interface_id = UART_INTERFACE_ID,
	.methods = methods,
	.method_count = UART_METHOD_COUNT,
};

struct object uart_object = { .type = &uart_type, .references = 1 };
