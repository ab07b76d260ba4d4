// SPDX-License-Identifier: MIT
/* The serial port.  See com1.h; registers: PC16550D data sheet, chapter 8. */
#include "kernel/arch/x86_64/com1.h"

#include "kernel/arch/x86_64/instruction.h"
#include "kernel/hal/cpu.h"

enum com1_register : uint16_t {
	COM1_DATA = 0x3f8,
	COM1_INTERRUPT_ENABLE = 0x3f9,
	COM1_FIFO_CONTROL = 0x3fa,
	COM1_LINE_CONTROL = 0x3fb,
	COM1_MODEM_CONTROL = 0x3fc,
	COM1_LINE_STATUS = 0x3fd,
	COM1_SCRATCH = 0x3ff,
	/* While the divisor latch is open. */
	COM1_DIVISOR_LOW = 0x3f8,
	COM1_DIVISOR_HIGH = 0x3f9,
};

constexpr uint8_t INTERRUPT_INPUT = 1;
constexpr uint8_t INTERRUPT_OUTPUT = 2;
constexpr uint8_t FIFO_ON_AND_CLEAR = 7;
constexpr uint8_t LINE_8N1 = 3;
constexpr uint8_t LINE_DIVISOR_LATCH = 0x80;
constexpr uint8_t MODEM_READY = 0x0b; /* DTR, RTS, and OUT2, which lets interrupts through */
constexpr uint8_t STATUS_INPUT = 1;
constexpr uint8_t STATUS_ROOM = 0x20;

/* Longer than a byte takes at 115200 baud on any machine. */
constexpr uint32_t POLLS_MAX = 200000;

static bool is_present;

void com1_init(void)
{
	port_write8(COM1_SCRATCH, 0x5a);
	is_present = port_read8(COM1_SCRATCH) == 0x5a;
	if (!is_present)
		return;
	port_write8(COM1_INTERRUPT_ENABLE, 0);
	port_write8(COM1_LINE_CONTROL, LINE_DIVISOR_LATCH | LINE_8N1);
	port_write8(COM1_DIVISOR_LOW, 1);
	port_write8(COM1_DIVISOR_HIGH, 0);
	port_write8(COM1_LINE_CONTROL, LINE_8N1);
	port_write8(COM1_FIFO_CONTROL, FIFO_ON_AND_CLEAR);
	port_write8(COM1_MODEM_CONTROL, MODEM_READY);
}

bool hal_serial_try_write(uint8_t byte)
{
	if (!is_present)
		return true;
	if ((port_read8(COM1_LINE_STATUS) & STATUS_ROOM) == 0)
		return false;
	port_write8(COM1_DATA, byte);
	return true;
}

bool hal_serial_try_read(uint8_t *out)
{
	if (!is_present || (port_read8(COM1_LINE_STATUS) & STATUS_INPUT) == 0)
		return false;
	*out = port_read8(COM1_DATA);
	return true;
}

void hal_serial_interrupts(bool input, bool output)
{
	uint8_t enable = (input ? INTERRUPT_INPUT : 0) | (output ? INTERRUPT_OUTPUT : 0);

	if (is_present)
		port_write8(COM1_INTERRUPT_ENABLE, enable);
}

void hal_serial_write_polled(uint8_t byte)
{
	for (uint32_t i = 0; i < POLLS_MAX; i++) {
		if (hal_serial_try_write(byte))
			return;
		spin_pause();
	}
}
