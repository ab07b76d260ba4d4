// SPDX-License-Identifier: MIT
#pragma once
/*
 * The memory functions that a compiler may call behind our back, and strlen; as ISO C has them.
 * The bare target gets them from lib/arch/CPU/string.c, the host from its C library.
 */
#include <stddef.h>

/* As in ISO C, 7.26: sizes in bytes, no checks; only memmove may be given buffers that meet. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
