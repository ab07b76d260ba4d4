// SPDX-License-Identifier: MIT
/* The kernel's command line.  See command_line.h. */
#include "kernel/arch/x86_64/command_line.h"

#include <stdckdint.h>

#include "lib/string.h"

static const char device_name[] = "virtio_mmio.device=";
constexpr uint64_t DEVICE_MAX_BYTES = 0x100000;
/* Far more than any interrupt controller has. */
constexpr uint64_t LINE_MAX = 0xffff;

const char *command_line_find(const char *line, const char *name)
{
	size_t size = strlen(name);
	bool at_word = true;

	for (const char *c = line; *c != '\0'; c++) {
		size_t i = 0;

		while (at_word && i < size && c[i] == name[i])
			i++;
		if (i == size)
			return c + size;
		at_word = *c == ' ';
	}
	return nullptr;
}

/* The value of a digit, or 16. */
static uint64_t digit(char c)
{
	if (c >= '0' && c <= '9')
		return (uint64_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint64_t)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (uint64_t)(c - 'A') + 10;
	return 16;
}

/* A number at *at, which is moved behind it; false if there is none, or it is too large. */
static bool read_number(const char **at, uint64_t *out)
{
	bool is_hexadecimal = (*at)[0] == '0' && (*at)[1] == 'x';
	uint64_t base = is_hexadecimal ? 16 : 10;
	const char *c = *at + (is_hexadecimal ? 2 : 0);

	if (digit(*c) >= base)
		return false;
	for (*out = 0; digit(*c) < base; c++)
		if (ckd_mul(out, *out, base) || ckd_add(out, *out, digit(*c)))
			return false;
	*at = c;
	return true;
}

/* Move *at behind c; false if something else is there. */
static bool skip(const char **at, char c)
{
	if (**at != c)
		return false;
	*at += 1;
	return true;
}

static bool read_size(const char **at, uint64_t *out)
{
	uint64_t unit = 1;

	if (!read_number(at, out))
		return false;
	if (skip(at, 'K'))
		unit = 1 << 10;
	else if (skip(at, 'M'))
		unit = 1 << 20;
	return !ckd_mul(out, *out, unit) && *out != 0 && *out <= DEVICE_MAX_BYTES;
}

/* Whether a page of [start, end) is in ram. */
static bool touches_ram(const struct range_set *ram, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < ram->count; i++)
		if (start < ram->range[i].end && end > ram->range[i].start)
			return true;
	return false;
}

static bool read_device(const char *at, const struct range_set *ram, struct boot_device *out)
{
	uint64_t line;
	uint64_t id;
	uint64_t end;

	if (!read_size(&at, &out->size) || !skip(&at, '@') ||
	    !read_number(&at, &out->address) || !skip(&at, ':') || !read_number(&at, &line) ||
	    line > LINE_MAX)
		return false;
	if (skip(&at, ':') && !read_number(&at, &id))
		return false;
	out->interrupt_line = (uint32_t)line;
	return (*at == ' ' || *at == '\0') && !ckd_add(&end, out->address, out->size) &&
	       !touches_ram(ram, out->address, end);
}

void command_line_devices(const char *line, const struct range_set *ram, struct boot_info *info)
{
	info->device_count = 0;
	info->devices_refused = 0;
	while ((line = command_line_find(line, device_name)) != nullptr) {
		struct boot_device device;

		if (info->device_count < BOOT_MAX_DEVICES && read_device(line, ram, &device))
			info->device[info->device_count++] = device;
		else
			info->devices_refused++;
		while (*line != '\0' && *line != ' ')
			line++;
	}
}
