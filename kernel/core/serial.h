// SPDX-License-Identifier: MIT
#pragma once
/*
 * The serial port: two byte queues between its interrupt and everybody who reads or writes it
 * (the Uart and Console objects, and the kernel's own log).
 *
 * Output that the port does not take at once waits in the queue, in order.  Input that nobody
 * has read waits too; when the queue is full, further input is dropped.
 */
#include <stddef.h>
#include <stdint.h>

constexpr uint32_t SERIAL_OUTPUT_BYTES = 1024; /* powers of two */
constexpr uint32_t SERIAL_INPUT_BYTES = 1024;

/* Who wants to know: input has come, output has room.  Either may be nullptr. */
void serial_init(void (*on_input)(void), void (*on_room)(void));

/* Queue bytes for output; returns how many there was room for. */
size_t serial_write(const uint8_t *bytes, size_t size);

/* Queue all the bytes, pushing older output through the port by polling if there is no room:
 * for emergency text, at most SERIAL_OUTPUT_BYTES. */
void serial_write_all(const uint8_t *bytes, size_t size);

/* Take at most size bytes of input; returns how many there were. */
size_t serial_read(uint8_t *buffer, size_t size);

bool serial_has_input(void);

/* The port's interrupt. */
void serial_interrupt(void);

/* Push everything through the port by polling: before the machine ends. */
void serial_flush(void);
