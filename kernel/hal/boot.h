// SPDX-License-Identifier: MIT
#pragma once
/*
 * What the loader told us, in the kernel's own words.  The architecture fills it from the boot
 * protocol, checks every bound, and passes it to kernel_main() once; it lives for ever.
 */
#include "kernel/hal/memory.h"

constexpr uint32_t BOOT_MAX_RANGES = 64;
constexpr uint32_t BOOT_MAX_CPUS = 256;
constexpr uint32_t BOOT_MAX_DEVICES = 32;
constexpr uint32_t BOOT_COMMAND_LINE_BYTES = 2048;

struct boot_range {
	uint64_t start; /* physical, page-aligned, [start, end) */
	uint64_t end;
};

/* A device that only the command line tells of: virtio_mmio.device=SIZE@ADDRESS:LINE. */
struct boot_device {
	uint64_t address; /* physical; [address, address + size) is not RAM */
	uint64_t size;
	uint32_t interrupt_line;
};

struct boot_info {
	const char *protocol; /* how the loader passed all this: a name for messages */
	/* RAM that nobody uses: loader structures, kernel image, its page tables and the module
	 * are already taken out.  Sorted, disjoint, all inside the direct map. */
	struct boot_range free[BOOT_MAX_RANGES];
	uint32_t free_count;
	/* All RAM of the machine in bytes, for messages. */
	uint64_t ram_bytes;
	/* The one boot module, in the direct map. */
	struct paddr module;
	uint64_t module_bytes;
	uint32_t module_count; /* as the loader counted; anything but 1 is an error */
	char command_line[BOOT_COMMAND_LINE_BYTES]; /* NUL-terminated, cut between words to fit
						     */
	/* The processors that can be used, as ids of their interrupt controllers, in the
	 * firmware's order.  The one that runs is among them. */
	uint32_t cpu_id[BOOT_MAX_CPUS];
	uint32_t cpu_count;
	uint32_t running_cpu_id;
	bool cpus_are_listed; /* by the firmware; else there is just the one that runs */
	struct boot_device device[BOOT_MAX_DEVICES];
	uint32_t device_count;
	const char *warning;      /* about the firmware, or nullptr */
	uint32_t devices_refused; /* words for devices that were malformed, or one too many */
};

/* Entered once, on the CPU's kernel stack, interrupts off, direct map and traps working. */
[[noreturn]] void kernel_main(const struct boot_info *info);

/* "panic: FILE:LINE: WHAT" on the serial port, then hal_stop().  For kernel errors only. */
[[noreturn]] void kernel_panic(const char *file, int line, const char *what);

/* "boot: WHAT" on the serial port, then the machine ends with verdict 63: for machines and
 * images that we cannot start on. */
[[noreturn]] void kernel_boot_refuse(const char *what);
