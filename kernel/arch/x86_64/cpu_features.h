// SPDX-License-Identifier: MIT
#pragma once
/*
 * What this processor can do, from CPUID, and the control registers that follow from it.
 * Control bits are only ever set after CPUID has said that they exist.
 */

#include <stdint.h>

/* Set once at boot; all of these are optional. */
struct cpu_features {
	bool global_pages;
	bool machine_check;
	bool smep;
	bool smap;
	bool umip;
	bool fsgsbase;
	bool xsave;
	bool xsaveopt;
	bool avx;
	bool rdrand;
};

extern struct cpu_features cpu_features;

/* Find out, and switch on what there is.  Returns nullptr, or what is missing that we cannot
 * do without. */
const char *cpu_features_init(void);

/* The id of this processor's local APIC. */
uint32_t cpu_features_apic_id(void);
