// SPDX-License-Identifier: MIT
/* The end of a program that found itself broken.  See panic.h. */
#include "user/rt/panic.h"

#include "lib/format.h"
#include "lib/require.h"
#include "user/rt/capset.h"
#include "user/rt/print.h"
#include "user/rt/ring.h"

static bool panicking;

[[noreturn]] void capos_panic(const char *file, uint32_t line, const char *what)
{
	char text[192];

	if (!panicking) {
		panicking = true;
		struct capos_text name = capos_program_name();
		size_t size = format(text, sizeof(text), "%.*s: panic: %s:%u: %s\n",
				     (int)name.size, name.data, file, line, what);

		(void)!capos_write(text, size);
	}
	capos_exit(CAPOS_PANIC_CODE);
}

[[noreturn]] void require_failed(const char *file, int line, const char *what)
{
	capos_panic(file, (uint32_t)line, what);
}
