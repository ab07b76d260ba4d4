// SPDX-License-Identifier: MIT
#pragma once
/*
 * Bits of page table entries, and the hooks of page_table.c, which is the part of
 * kernel/hal/memory.h that needs no processor: it also runs in the host tests.
 *
 *   root (PML4)  --[0]-->  top (PDPT)  -->  directory (1 GiB)  -->  table (2 MiB)  -->  page
 *        --[256..511]-->  the kernel's own, the same in every address space
 */
#include "kernel/hal/memory.h"

constexpr uint64_t PAGE_PRESENT = 1;
constexpr uint64_t PAGE_WRITABLE = UINT64_C(1) << 1;
constexpr uint64_t PAGE_USER = UINT64_C(1) << 2;
constexpr uint64_t PAGE_UNCACHED = UINT64_C(3) << 3; /* PCD and PWT */
constexpr uint64_t PAGE_ACCESSED = UINT64_C(1) << 5;
constexpr uint64_t PAGE_DIRTY = UINT64_C(1) << 6;
constexpr uint64_t PAGE_LARGE = UINT64_C(1) << 7;
constexpr uint64_t PAGE_GLOBAL = UINT64_C(1) << 8;
constexpr uint64_t PAGE_NO_EXECUTE = UINT64_C(1) << 63;
constexpr uint64_t PAGE_FRAME_MASK = 0x000ffffffffff000;
constexpr uint32_t PAGE_TABLE_ENTRIES = 512;

/* What hal_address_space_init() copies the kernel's half from.  Set once, at boot. */
void page_table_set_kernel_root(struct paddr root);

/* What a program may do with the page at address; its frame in *out_frame unless that is
 * HAL_ACCESS_NONE. */
enum hal_access page_table_look_up(struct paddr root, uint64_t address,
				   struct paddr *out_frame);

/* Supplied by tlb.c, or by the host tests' fake. */
bool tlb_root_is_current(struct paddr root);
void tlb_invalidate(uint64_t address);
