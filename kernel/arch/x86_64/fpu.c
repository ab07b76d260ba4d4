// SPDX-License-Identifier: MIT
/* Floating-point state.  See fpu.h.  Area layout: Intel SDM 1, 10.5.1 and 13.4. */
#include "kernel/arch/x86_64/fpu.h"

#include "kernel/arch/x86_64/cpu_features.h"
#include "kernel/arch/x86_64/layout.h"
#include "lib/string.h"

constexpr uint16_t X87_CONTROL_RESET = 0x37f;
constexpr uint32_t MXCSR_RESET = 0x1f80;
constexpr uint32_t MXCSR_OFFSET = 24;

/* All that XCR0 enables. */
constexpr uint32_t EVERYTHING = UINT32_MAX;

/* An XSAVE header of zeros says that every component is in its reset state. */
void fpu_reset(uint8_t *area)
{
	memset(area, 0, FPU_AREA_BYTES);
	memcpy(area, &X87_CONTROL_RESET, sizeof(X87_CONTROL_RESET));
	memcpy(area + MXCSR_OFFSET, &MXCSR_RESET, sizeof(MXCSR_RESET));
}

/* XSAVEOPT may skip what is unchanged since fpu_load() of the same area, which always came
 * before. */
void fpu_save(uint8_t *area)
{
	if (cpu_features.xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)"
				 :
				 : "r"(area), "a"(EVERYTHING), "d"(EVERYTHING)
				 : "memory");
	else if (cpu_features.xsave)
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(area), "a"(EVERYTHING), "d"(EVERYTHING)
				 : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void fpu_load(const uint8_t *area)
{
	if (cpu_features.xsave)
		__asm__ volatile("xrstor64 (%0)"
				 :
				 : "r"(area), "a"(EVERYTHING), "d"(EVERYTHING)
				 : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}
