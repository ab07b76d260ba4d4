// SPDX-License-Identifier: MIT
/*
 * The stack protector's two symbols.  A program gets this file only if one of its functions is
 * protected; entry.S then fills the guard with the canary of the thread block.
 */
#include "user/rt/panic.h"

#include <stdint.h>

extern uintptr_t __stack_chk_guard;
[[noreturn]] void __stack_chk_fail(void);

uintptr_t __stack_chk_guard;

[[noreturn]] void __stack_chk_fail(void)
{
	capos_panic(__FILE__, __LINE__, "stack smashed");
}
