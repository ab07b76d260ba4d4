// SPDX-License-Identifier: MIT
/* The kernel's log, and its last words.  See log.h. */
#include "kernel/core/log.h"

#include "kernel/core/serial.h"
#include "kernel/hal/boot.h"
#include "kernel/hal/cpu.h"
#include "lib/format.h"
#include "lib/require.h"

constexpr size_t LOG_LINE_BYTES = 480;
/* What a machine that we cannot start on reports. */
constexpr uint8_t VERDICT_REFUSED = 63;

void log_line(const char *pattern, ...)
{
	char line[LOG_LINE_BYTES];
	va_list arguments;
	size_t length;

	va_start(arguments, pattern);
	length = vformat(line, sizeof(line) - 2, pattern, arguments);
	va_end(arguments);
	line[length++] = '\r';
	line[length++] = '\n';
	serial_write_all((const uint8_t *)line, length);
}

void log_end(void)
{
	if (BUILD_DEBUG) {
		struct stack_use use = hal_stack_used();

		if (use.size_bytes != 0)
			log_line("stack: used %u of %u bytes", use.used_bytes, use.size_bytes);
	}
	serial_flush();
}

void kernel_panic(const char *file, int line, const char *what)
{
	log_line("panic: %s:%d: %s", file, line, what);
	serial_flush();
	hal_stop();
}

void kernel_boot_refuse(const char *what)
{
	log_line("boot: refused: %s", what);
	log_end();
	hal_power_off(VERDICT_REFUSED);
}

void require_failed(const char *file, int line, const char *what)
{
	kernel_panic(file, line, what);
}
