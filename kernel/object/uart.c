// SPDX-License-Identifier: MIT
/*
 * Uart: the serial port as a byte stream.  Interface: schema/uart.capnp.
 *
 * Two queues of parked operations, served in order of arrival: reads wait for input, writes for
 * room in the output queue.  A write takes its bytes from the copy of its parameters.  One that
 * is parked, as that copy is gone by then, keeps the place of its bytes in the caller's arena
 * and takes them from there, once, when there is room: nothing is decided by what they are.
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
/* Bytes of a parked write that are taken at a time. */
constexpr uint32_t PART_BYTES = 256;
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

/* Queue what there is room for of a parked write; returns how much that was. */
static size_t take_parked(const struct operation *op)
{
	uint32_t size = (uint32_t)op->argument[1];
	uint64_t part[PART_BYTES / sizeof(uint64_t)];
	uint32_t taken = 0;
	uint32_t more;

	do {
		more = size - taken < PART_BYTES ? size - taken : PART_BYTES;
		/* Whole words: the last is inside the message, which pads its Data. */
		fetch_span(part, ring_arena_at(op->ring, (uint32_t)op->argument[0] + taken),
			   (uint32_t)message_data_bytes(more));
		more = (uint32_t)serial_write((const uint8_t *)part, more);
		taken += more;
	} while (more == PART_BYTES && taken < size);
	return taken;
}

static void write_results(struct message_builder *results, size_t written)
{
	uart_write_results_set_written(uart_write_results_init_root(results),
				       (uint32_t)written);
}

/* An interrupt says so: no entry is being run, and each operation is a reader of its own. */
static void output_has_room(void)
{
	while (!list_is_empty(&writers)) {
		struct operation *op = LIST_OWNER(writers.next, struct operation, link);
		struct message_builder results;
		size_t written;

		fetch_begin();
		written = take_parked(op);
		fetch_end();
		if (written == 0)
			return;
		operation_results(op, &results);
		write_results(&results, written);
		operation_finish(op, STATUS_OK, COMPLETION_KIND_DONE, &results);
	}
}

static enum status read(struct call *call)
{
	struct uart_read_params_flat flat;
	struct message_reader message;
	struct uart_read_params_reader params;
	struct operation *op;
	enum status status;
	uint32_t max_bytes;

	if (!call_read_flat(call, uart_read_params_flat(&flat)))
		return STATUS_MALFORMED_MESSAGE;
	params = uart_read_params_from_flat(&flat, &message);
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

static enum status park_write(struct call *call, struct data_reader data)
{
	struct operation *op;
	enum status status =
		call_park(call, &writers, UINT64_MAX, UART_WRITE_RESULTS_MESSAGE_BYTES, &op);

	if (status != STATUS_OK)
		return status;
	/* The same bytes in the arena: the private copy is gone when there is room. */
	op->argument[0] = call->param_span.offset +
			  (uint64_t)(data.data - (const uint8_t *)hal_cpu()->params);
	op->argument[1] = data.size;
	return STATUS_OK;
}

static enum status write(struct call *call)
{
	struct uart_write_params_reader params;
	struct data_reader data;
	size_t written = 0;

	if (!uart_write_params_read_root(call_params(call), &params))
		return STATUS_MALFORMED_MESSAGE;
	data = uart_write_params_get_data(params);
	if (call->params.malformed)
		return STATUS_MALFORMED_MESSAGE;
	if (data.size > UART_MAX_BYTES)
		return STATUS_MESSAGE_TOO_LARGE;
	/* Not before those that wait already. */
	if (list_is_empty(&writers))
		written = serial_write(data.data, data.size);
	if (written == 0 && data.size != 0)
		return park_write(call, data);
	write_results(&call->results, written);
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
	[UART_WRITE_METHOD] = { .max_param_bytes = UART_MAX_BYTES + 64,
				.result_bytes = UART_WRITE_RESULTS_MESSAGE_BYTES,
				.handler = write },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == UART_METHOD_COUNT);

static const struct object_type uart_type = {
	.interface_id = UART_INTERFACE_ID,
	.methods = methods,
	.method_count = UART_METHOD_COUNT,
};

struct object uart_object = { .type = &uart_type, .references = 1 };
