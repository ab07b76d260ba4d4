// SPDX-License-Identifier: MIT
#pragma once
/*
 * Interrupt controllers: the CPU's local APIC, the I/O APIC, and the old 8259 pair, which is
 * switched off.  Registers: Intel SDM 3A, chapter 11; 82093AA data sheet.
 */
#include "kernel/arch/x86_64/madt.h"

constexpr uint64_t LAPIC_ADDRESS = 0xfee00000;

/* Map the I/O APICs, before the kernel's page tables are used (kernel_map.h). */
void apic_map(struct range_set *free, const struct madt *madt);

/* Set all up with every source masked but NMI.  Returns nullptr, or what is wrong. */
const char *apic_init(const struct madt *madt);

/* Deliver ISA interrupt line irq (below MADT_ISA_LINES) to this CPU as vector: level-triggered
 * and active high, unless the firmware says otherwise.  Returns nullptr, or what is wrong. */
const char *ioapic_route(const struct madt *madt, uint8_t irq, uint8_t vector);

void lapic_end_interrupt(void);
/* Whether vector still has to be ended. */
bool lapic_is_in_service(uint64_t vector);

/* The one-shot timer, which raises VECTOR_TIMER; 0 stops it. */
void lapic_timer_start(uint32_t ticks);
uint32_t lapic_timer_ticks_left(void);
