// SPDX-License-Identifier: MIT
#pragma once
/*
 * The serial port, a 16550 at the address of COM1; the rest is in kernel/hal/cpu.h.
 */
#include <stdint.h>

constexpr uint8_t COM1_IRQ = 4;

/* 115200 baud, 8N1, FIFOs on, interrupts off.  Without a port, output vanishes. */
void com1_init(void);
