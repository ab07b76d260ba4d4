// SPDX-License-Identifier: MIT
/* Ending the machine.  See power.h. */
#include "kernel/arch/x86_64/power.h"

#include "kernel/arch/x86_64/instruction.h"
#include "kernel/hal/cpu.h"
#include "lib/string.h"

constexpr uint8_t VERDICT_MAX = 63;

/* ACPI PM1a control of QEMU's machines: sleep enable, soft off (ACPI 6.4, 4.8.3.2.1). */
constexpr uint16_t ACPI_CONTROL = 0x604;
constexpr uint16_t ACPI_SOFT_OFF = 0x2000;

/* Reset control register of the chipset; keyboard controller (ICH9, 13.7.5 and 13.4). */
constexpr uint16_t RESET_CONTROL = 0xcf9;
constexpr uint8_t RESET_PREPARE = 0x02;
constexpr uint8_t RESET_NOW = 0x06;
constexpr uint16_t KEYBOARD_COMMAND = 0x64;
constexpr uint8_t KEYBOARD_RESET = 0xfe;

static uint16_t debug_exit_port; /* 0 = none */

/* What follows name on the command line where a word starts with it, or nullptr. */
static const char *find_option(const char *command_line, const char *name)
{
	size_t size = strlen(name);
	bool at_word = true;

	for (const char *c = command_line; *c != '\0'; c++) {
		size_t i = 0;

		while (at_word && i < size && c[i] == name[i])
			i++;
		if (i == size)
			return c + size;
		at_word = *c == ' ';
	}
	return nullptr;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* A word of "0x" and one to four digits; 0 if it is anything else. */
static uint16_t read_port(const char *word)
{
	unsigned value = 0;
	size_t i = 2;

	if (word[0] != '0' || word[1] != 'x')
		return 0;
	for (; i < 6 && hex_digit(word[i]) >= 0; i++)
		value = value * 16 + (unsigned)hex_digit(word[i]);
	return word[i] == '\0' || word[i] == ' ' ? (uint16_t)value : 0;
}

const char *power_init(const char *command_line)
{
	const char *word = find_option(command_line, "debug_exit=");

	if (word == nullptr)
		return nullptr;
	debug_exit_port = read_port(word);
	return debug_exit_port == 0 ? "debug_exit is not a port, as in debug_exit=0xf4"
				    : nullptr;
}

void hal_power_off(uint8_t verdict)
{
	uint32_t value = DEBUG_EXIT_VERDICT + (verdict < VERDICT_MAX ? verdict : VERDICT_MAX);

	if (debug_exit_port != 0)
		port_write32(debug_exit_port, value);
	port_write16(ACPI_CONTROL, ACPI_SOFT_OFF);
	halt_for_ever();
}

void hal_reset(void)
{
	port_write8(RESET_CONTROL, RESET_PREPARE);
	port_write8(RESET_CONTROL, RESET_NOW);
	port_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
	halt_for_ever();
}

void hal_stop(void)
{
	if (debug_exit_port != 0)
		port_write32(debug_exit_port, DEBUG_EXIT_STOPPED);
	halt_for_ever();
}
