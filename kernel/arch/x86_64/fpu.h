// SPDX-License-Identifier: MIT
#pragma once
/*
 * Floating-point and vector state: x87, SSE and, where there is XSAVE, AVX.  Every thread's is
 * switched with it, never later (no state of another thread is ever in reach), and every
 * thread starts with the same.  Areas are FPU_AREA_BYTES long and CONTEXT_ALIGN aligned.
 */
#include <stdint.h>

void fpu_reset(uint8_t *area);
void fpu_save(uint8_t *area);
void fpu_load(const uint8_t *area);
