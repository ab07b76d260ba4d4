// SPDX-License-Identifier: MIT
/* The serial port's queues.  See serial.h. */
#include "kernel/core/serial.h"

#include "kernel/hal/cpu.h"

/* Bytes that one interrupt moves in each direction: the port's own queue holds 16. */
constexpr uint32_t INTERRUPT_BATCH = 64;

static struct {
	uint8_t output[SERIAL_OUTPUT_BYTES];
	uint8_t input[SERIAL_INPUT_BYTES];
	uint32_t output_head; /* free-running counters; size = tail - head */
	uint32_t output_tail;
	uint32_t input_head;
	uint32_t input_tail;
	void (*on_input)(void);
	void (*on_room)(void);
} serial;

static uint32_t output_size(void)
{
	return serial.output_tail - serial.output_head;
}

/* Hand queued bytes to the port while it takes them, at most limit. */
static void push_output(uint32_t limit)
{
	for (uint32_t i = 0; i < limit && output_size() != 0; i++) {
		if (!hal_serial_try_write(
			    serial.output[serial.output_head % SERIAL_OUTPUT_BYTES]))
			return;
		serial.output_head++;
	}
}

/* Ask for an interrupt when there is something that it could do. */
static void update_interrupts(void)
{
	hal_serial_interrupts(true, output_size() != 0);
}

void serial_init(void (*on_input)(void), void (*on_room)(void))
{
	serial.on_input = on_input;
	serial.on_room = on_room;
	update_interrupts();
}

static void queue_output(uint8_t byte)
{
	serial.output[serial.output_tail % SERIAL_OUTPUT_BYTES] = byte;
	serial.output_tail++;
}

size_t serial_write(const uint8_t *bytes, size_t size)
{
	size_t taken = 0;

	push_output(INTERRUPT_BATCH);
	while (taken < size && taken < INTERRUPT_BATCH && output_size() == 0 &&
	       hal_serial_try_write(bytes[taken]))
		taken++;
	while (taken < size && output_size() < SERIAL_OUTPUT_BYTES)
		queue_output(bytes[taken++]);
	update_interrupts();
	return taken;
}

static void push_one_polled(void)
{
	hal_serial_write_polled(serial.output[serial.output_head % SERIAL_OUTPUT_BYTES]);
	serial.output_head++;
}

void serial_write_all(const uint8_t *bytes, size_t size)
{
	size_t taken = serial_write(bytes, size);

	while (taken < size) {
		push_one_polled();
		queue_output(bytes[taken++]);
	}
	update_interrupts();
}

size_t serial_read(uint8_t *buffer, size_t size)
{
	size_t taken = 0;

	while (taken < size && serial.input_head != serial.input_tail) {
		buffer[taken++] = serial.input[serial.input_head % SERIAL_INPUT_BYTES];
		serial.input_head++;
	}
	return taken;
}

bool serial_has_input(void)
{
	return serial.input_head != serial.input_tail;
}

static void pull_input(void)
{
	uint8_t byte;

	for (uint32_t i = 0; i < INTERRUPT_BATCH && hal_serial_try_read(&byte); i++) {
		if (serial.input_tail - serial.input_head >= SERIAL_INPUT_BYTES)
			continue;
		serial.input[serial.input_tail % SERIAL_INPUT_BYTES] = byte;
		serial.input_tail++;
	}
}

void serial_interrupt(void)
{
	pull_input();
	push_output(INTERRUPT_BATCH);
	update_interrupts();
	if (serial_has_input() && serial.on_input != nullptr)
		serial.on_input();
	if (output_size() < SERIAL_OUTPUT_BYTES && serial.on_room != nullptr)
		serial.on_room();
}

void serial_flush(void)
{
	while (output_size() != 0)
		push_one_polled();
}
