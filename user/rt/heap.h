// SPDX-License-Identifier: MIT
#pragma once
/*
 * The program's heap, on its own VirtualMemory (capability "memory").
 *
 * A range of CAPOS_HEAP_BYTES is reserved at the first allocation and committed from the bottom
 * in steps that double, at least 64 KiB each.  The blocks themselves are kept by the pure
 * allocator of user/rt/allocator.h.  Freeing twice, freeing what was not allocated and a
 * damaged block header end the program with a panic.
 */
#include <stddef.h>

/* Most that a program can have allocated at a time, headers included. */
constexpr size_t CAPOS_HEAP_BYTES = 64 * 1024 * 1024;

/* `size` bytes at a multiple of 16, not zeroed; nullptr when there is no more.  0
 * counts as 1. */
[[nodiscard]] void *capos_allocate(size_t size);

/* Give a block back; nullptr is allowed. */
void capos_free(void *block);

/*
 * The block with its content in `size` bytes, moved if need be; nullptr leaves it as it was.  A
 * null block is allocated, size 0 counts as 1.
 */
[[nodiscard]] void *capos_resize(void *block, size_t size);
