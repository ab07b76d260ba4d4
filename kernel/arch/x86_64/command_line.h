// SPDX-License-Identifier: MIT
#pragma once
/*
 * The kernel's command line: words between blanks.  Those that the kernel knows are NAME=VALUE.
 */
#include "kernel/arch/x86_64/range_set.h"

/* What follows name where a word starts with it, or nullptr. */
const char *command_line_find(const char *line, const char *name);

/*
 * The devices that virtio_mmio.device=SIZE@ADDRESS:LINE words tell of, one a word, as Linux
 * has them: decimal or 0x numbers, SIZE may end in K or M, a further :ID is passed over.  One
 * that is malformed, wraps around, is empty or longer than 1 MiB, lies in ram, or is one too
 * many is counted in info->devices_refused.
 */
void command_line_devices(const char *line, const struct range_set *ram,
			  struct boot_info *info);
