// SPDX-License-Identifier: MIT
/* Says hello on its console, by name to each argument. */
#include "user/rt/capos.h"

int capos_main(void)
{
	uint32_t count = capos_argument_count();

	if (capos_write("", 0) != STATUS_OK)
		return 1;
	if (count == 0)
		capos_print("Hello from capOS!\n");
	for (uint32_t i = 0; i < count; i++) {
		struct capos_text name = capos_argument(i);

		capos_print("Hello, %.*s!\n", (int)name.size, name.data);
	}
	return 0;
}
