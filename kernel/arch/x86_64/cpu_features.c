// SPDX-License-Identifier: MIT
/* Processor features.  Bit numbers: Intel SDM 2A, CPUID; 3A, 2.5 (control registers). */
#include "kernel/arch/x86_64/cpu_features.h"

#include <stddef.h>
#include <stdint.h>

#include "kernel/arch/x86_64/instruction.h"
#include "kernel/arch/x86_64/layout.h"

enum cpuid_word : uint8_t {
	LEAF1_ECX,
	LEAF1_EDX,
	LEAF7_EBX,
	LEAF7_ECX,
	LEAFD_EAX, /* subleaf 1 */
	LEAF81_EDX,
	CPUID_WORDS,
};

struct cpuid_bit {
	enum cpuid_word word;
	uint8_t bit;
};

static const struct {
	struct cpuid_bit bit;
	const char *missing;
} required[] = {
	{ { LEAF81_EDX, 20 }, "this processor cannot protect pages from execution (NX)" },
	{ { LEAF81_EDX, 11 }, "this processor has no SYSCALL" },
	{ { LEAF1_EDX, 0 }, "this processor has no x87 unit" },
	{ { LEAF1_EDX, 4 }, "this processor has no time stamp counter" },
	{ { LEAF1_EDX, 5 }, "this processor has no model-specific registers" },
	{ { LEAF1_EDX, 9 }, "this processor has no local APIC" },
	{ { LEAF1_EDX, 24 }, "this processor has no FXSAVE" },
	{ { LEAF1_EDX, 26 }, "this processor has no SSE2" },
};

static const struct {
	struct cpuid_bit bit;
	bool *has;
	uint64_t cr4;
} optional[] = {
	{ { LEAF1_EDX, 7 }, &cpu_features.machine_check, UINT64_C(1) << 6 },
	{ { LEAF1_EDX, 13 }, &cpu_features.global_pages, UINT64_C(1) << 7 },
	{ { LEAF7_ECX, 2 }, &cpu_features.umip, UINT64_C(1) << 11 },
	{ { LEAF7_EBX, 0 }, &cpu_features.fsgsbase, UINT64_C(1) << 16 },
	{ { LEAF1_ECX, 26 }, &cpu_features.xsave, UINT64_C(1) << 18 },
	{ { LEAF7_EBX, 7 }, &cpu_features.smep, UINT64_C(1) << 20 },
	{ { LEAF7_EBX, 20 }, &cpu_features.smap, UINT64_C(1) << 21 },
	{ { LEAF1_ECX, 28 }, &cpu_features.avx, 0 },
	{ { LEAF1_ECX, 30 }, &cpu_features.rdrand, 0 },
	{ { LEAFD_EAX, 0 }, &cpu_features.xsaveopt, 0 },
};

constexpr uint64_t CR4_BASE = 0x620;   /* OSXMMEXCPT, OSFXSR, PAE */
constexpr uint64_t EFER_VALUE = 0xd01; /* NXE, LMA, LME, SCE */

constexpr uint32_t XCR0_X87_SSE = 3;
constexpr uint32_t XCR0_AVX = 4;

struct cpu_features cpu_features;

struct cpuid_result {
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

static struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static void read_words(uint32_t words[static CPUID_WORDS])
{
	uint32_t last = cpuid(0, 0).eax;
	struct cpuid_result r = cpuid(1, 0);

	words[LEAF1_ECX] = r.ecx;
	words[LEAF1_EDX] = r.edx;
	r = last >= 7 ? cpuid(7, 0) : (struct cpuid_result){};
	words[LEAF7_EBX] = r.ebx;
	words[LEAF7_ECX] = r.ecx;
	words[LEAFD_EAX] = last >= 0xd ? cpuid(0xd, 1).eax : 0;
	words[LEAF81_EDX] = cpuid(0x80000001, 0).edx;
}

static bool has_bit(const uint32_t words[static CPUID_WORDS], struct cpuid_bit bit)
{
	return (words[bit.word] >> bit.bit & 1) != 0;
}

/* Choose what XSAVE keeps: no more than our area holds.  CPUID then reports the size. */
static const char *xcr0_init(void)
{
	uint32_t mask = XCR0_X87_SSE | (cpu_features.avx ? XCR0_AVX : 0);

	__asm__ volatile("xsetbv" : : "a"(mask), "d"(0), "c"(0));
	if (cpuid(0xd, 0).ebx > FPU_AREA_BYTES)
		return "this processor's vector state is larger than expected";
	return nullptr;
}

const char *cpu_features_init(void)
{
	uint32_t words[CPUID_WORDS];
	uint64_t cr4 = CR4_BASE;

	read_words(words);
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (!has_bit(words, required[i].bit))
			return required[i].missing;
	for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
		*optional[i].has = has_bit(words, optional[i].bit);
		if (*optional[i].has)
			cr4 |= optional[i].cr4;
	}
	msr_write(MSR_EFER, EFER_VALUE);
	__asm__ volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
	if (!cpu_features.xsave) {
		cpu_features.xsaveopt = false;
		cpu_features.avx = false;
		return nullptr;
	}
	return xcr0_init();
}

uint32_t cpu_features_apic_id(void)
{
	return cpuid(1, 0).ebx >> 24;
}
