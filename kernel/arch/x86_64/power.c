// SPDX-License-Identifier: MIT
/* Ending the machine.  See power.h. */
#include "kernel/arch/x86_64/power.h"

#include "kernel/arch/x86_64/command_line.h"
#include "kernel/arch/x86_64/instruction.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/hal/cpu.h"
#include "lib/string.h"

constexpr uint8_t VERDICT_MAX = 63;

/* Reset control register of the chipset; keyboard controller (ICH9, 13.7.5 and 13.4). */
constexpr uint16_t RESET_CONTROL = 0xcf9;
constexpr uint8_t RESET_PREPARE = 0x02;
constexpr uint8_t RESET_NOW = 0x06;
constexpr uint16_t KEYBOARD_COMMAND = 0x64;
constexpr uint8_t KEYBOARD_RESET = 0xfe;

static uint16_t debug_exit_port; /* 0 = none */
static struct fadt switches;
/* Before anybody has looked for switches, none missing is no reason to reset. */
static bool reset_is_off;

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
	const char *word = command_line_find(command_line, "debug_exit=");

	if (word == nullptr)
		return nullptr;
	debug_exit_port = read_port(word);
	return debug_exit_port == 0 ? "debug_exit is not a port, as in debug_exit=0xf4"
				    : nullptr;
}

void power_set_switches(const struct fadt *fadt)
{
	switches = *fadt;
	reset_is_off = fadt->sleep.space == FADT_SPACE_NONE && fadt->control_port[0] == 0;
}

/* The page of a register, if it needs one. */
static bool map_register(struct range_set *free, const struct fadt_register *place,
			 uint64_t page)
{
	if (place->space != FADT_SPACE_MEMORY)
		return false;
	kernel_map_device(free, page, place->address & ~(PAGE_SIZE - 1));
	return true;
}

/* The addresses change last: until then nobody writes to them. */
void power_map(struct range_set *free)
{
	bool sleep = map_register(free, &switches.sleep, POWER_BASE);
	bool reset = map_register(free, &switches.reset, POWER_BASE + PAGE_SIZE);

	if (sleep)
		switches.sleep.address = POWER_BASE + switches.sleep.address % PAGE_SIZE;
	if (reset)
		switches.reset.address =
			POWER_BASE + PAGE_SIZE + switches.reset.address % PAGE_SIZE;
}

static void register_write(const struct fadt_register *place, uint8_t value)
{
	if (place->space == FADT_SPACE_PORT)
		port_write8((uint16_t)place->address, value);
	else if (place->space == FADT_SPACE_MEMORY && place->address >= POWER_BASE)
		*(volatile uint8_t *)place->address = value;
}

/* With an empty vector table the next exception cannot be delivered, nor can the double fault
 * that follows. */
[[noreturn]] static void triple_fault(void)
{
	struct [[gnu::packed]] {
		uint16_t limit;
		uint64_t base;
	} none = { 0 };

	__asm__ volatile("lidt %0\n\t"
			 "ud2"
			 :
			 : "m"(none));
	halt_for_ever();
}

void hal_power_off(uint8_t verdict)
{
	uint32_t value = DEBUG_EXIT_VERDICT + (verdict < VERDICT_MAX ? verdict : VERDICT_MAX);

	if (debug_exit_port != 0)
		port_write32(debug_exit_port, value);
	register_write(&switches.sleep, switches.sleep_value);
	for (uint32_t i = 0; i < 2; i++)
		if (switches.control_port[i] != 0)
			port_write16(switches.control_port[i], switches.control_value[i]);
	if (reset_is_off)
		hal_reset();
	halt_for_ever();
}

void hal_reset(void)
{
	register_write(&switches.reset, switches.reset_value);
	port_write8(RESET_CONTROL, RESET_PREPARE);
	port_write8(RESET_CONTROL, RESET_NOW);
	port_write8(KEYBOARD_COMMAND, KEYBOARD_RESET);
	triple_fault();
}

void hal_stop(void)
{
	if (debug_exit_port != 0)
		port_write32(debug_exit_port, DEBUG_EXIT_STOPPED);
	halt_for_ever();
}
