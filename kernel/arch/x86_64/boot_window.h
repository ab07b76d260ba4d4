// SPDX-License-Identifier: MIT
#pragma once
/*
 * Physical memory as the parsers of boot structures read it.  They get no pointers: an address
 * that a loader or the firmware gave is good for nothing until it was checked against the
 * window.
 */
#include <stdint.h>

#include "lib/string.h"

/* Physical memory [0, size). */
struct boot_window {
	const uint8_t *memory;
	uint64_t size;
};

/* The bytes [address, address + size), or nullptr if they are not all in the window. */
static inline const uint8_t *boot_window_at(const struct boot_window *window, uint64_t address,
					    uint64_t size)
{
	if (address > window->size || size > window->size - address)
		return nullptr;
	return window->memory + address;
}

/* Copy them; false if they are not all in the window. */
[[nodiscard]] static inline bool boot_window_copy(const struct boot_window *window,
						  uint64_t address, void *out, uint64_t size)
{
	const uint8_t *from = boot_window_at(window, address, size);

	if (from != nullptr)
		memcpy(out, from, size);
	return from != nullptr;
}
