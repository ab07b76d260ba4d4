// SPDX-License-Identifier: MIT
/* Text on the capability "console".  See print.h. */
#include "user/rt/print.h"

#include "lib/format.h"
#include "user/rt/capset.h"

#include "schema/console.client.h"

#include <stdarg.h>

static struct console_client console; /* 0 until it was found */

enum status capos_write(const char *text, size_t size)
{
	enum status status = STATUS_OK;

	if (console.id == 0)
		status = capos_find("console", CONSOLE_INTERFACE_ID, &console.id);
	while (status == STATUS_OK && size != 0) {
		uint32_t part = size < CONSOLE_MAX_BYTES ? (uint32_t)size : CONSOLE_MAX_BYTES;

		status = console_write(console, text, part);
		text += part;
		size -= part;
	}
	return status;
}

void capos_print(const char *pattern, ...)
{
	char text[CAPOS_PRINT_BYTES];
	va_list arguments;

	va_start(arguments, pattern);
	size_t size = vformat(text, sizeof(text), pattern, arguments);

	va_end(arguments);
	(void)!capos_write(text, size);
}
