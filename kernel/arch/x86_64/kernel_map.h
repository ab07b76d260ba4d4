// SPDX-License-Identifier: MIT
#pragma once
/*
 * The kernel's own mappings (layout.h draws them), built once at boot.  No page is writable and
 * executable, nor has a page of the kernel's code or constants a writable alias.
 */
#include "kernel/arch/x86_64/cpu_local.h"
#include "kernel/arch/x86_64/range_set.h"

/* The physical pages of the kernel image. */
struct boot_range kernel_map_image(void);

/*
 * Build the mappings, with a direct map of ram and the stacks of the boot CPU, out of pages
 * taken from free; needs the boot page tables.  Ends the boot if there are too few.
 */
void kernel_map_init(struct range_set *free, const struct range_set *ram,
		     struct cpu_local *boot_cpu);

/* Further map one page of a device, uncached, before the mappings are used. */
void kernel_map_device(struct range_set *free, uint64_t page, uint64_t to);

/* An address space with nothing but the kernel's half. */
struct paddr kernel_map_root(void);
