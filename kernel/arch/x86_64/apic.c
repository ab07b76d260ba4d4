// SPDX-License-Identifier: MIT
/* Interrupt controllers.  See apic.h. */
#include "kernel/arch/x86_64/apic.h"

#include "kernel/arch/x86_64/instruction.h"
#include "kernel/arch/x86_64/layout.h"

constexpr uint32_t MSR_APIC_BASE = 0x1b;
constexpr uint64_t APIC_BASE_X2APIC = UINT64_C(1) << 10;
constexpr uint64_t APIC_BASE_ENABLE = UINT64_C(1) << 11;
constexpr uint64_t APIC_BASE_BSP = UINT64_C(1) << 8;

enum lapic_register : uint32_t {
	LAPIC_ID = 0x20,
	LAPIC_TASK_PRIORITY = 0x80,
	LAPIC_EOI = 0xb0,
	LAPIC_SPURIOUS = 0xf0,
	LAPIC_IN_SERVICE = 0x100,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INITIAL = 0x380,
	LAPIC_TIMER_CURRENT = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
};

constexpr uint32_t LVT_MASKED = UINT32_C(1) << 16;
constexpr uint32_t LVT_NMI = UINT32_C(4) << 8;
constexpr uint32_t SPURIOUS_ENABLE = UINT32_C(1) << 8;
constexpr uint32_t TIMER_DIVIDE_BY_16 = 3;

enum ioapic_register : uint32_t {
	IOAPIC_VERSION = 1,
	IOAPIC_REDIRECTION = 0x10, /* two words for each line */
};

constexpr uint64_t IOAPIC_SELECT = IOAPIC_BASE;
constexpr uint64_t IOAPIC_WINDOW = IOAPIC_BASE + 0x10;
constexpr uint32_t IOAPIC_ABSENT = UINT32_MAX;
constexpr uint32_t REDIRECTION_LEVEL = UINT32_C(1) << 15;
constexpr uint32_t REDIRECTION_MASKED = UINT32_C(1) << 16;

constexpr uint16_t PIC1_MASK = 0x21;
constexpr uint16_t PIC2_MASK = 0xa1;

static uint32_t mmio_read(uint64_t address)
{
	return *(volatile const uint32_t *)address;
}

static void mmio_write(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

static uint32_t ioapic_read(uint32_t index)
{
	mmio_write(IOAPIC_SELECT, index);
	return mmio_read(IOAPIC_WINDOW);
}

static void ioapic_write(uint32_t index, uint32_t value)
{
	mmio_write(IOAPIC_SELECT, index);
	mmio_write(IOAPIC_WINDOW, value);
}

static const char *lapic_init(void)
{
	uint64_t base = msr_read(MSR_APIC_BASE);

	if ((base & APIC_BASE_X2APIC) != 0)
		return "the local APIC is in x2APIC mode";
	msr_write(MSR_APIC_BASE, LAPIC_ADDRESS | APIC_BASE_ENABLE | (base & APIC_BASE_BSP));
	mmio_write(LAPIC_BASE + LAPIC_LVT_TIMER, LVT_MASKED);
	mmio_write(LAPIC_BASE + LAPIC_LVT_LINT0, LVT_MASKED);
	mmio_write(LAPIC_BASE + LAPIC_LVT_LINT1, LVT_NMI);
	mmio_write(LAPIC_BASE + LAPIC_LVT_ERROR, LVT_MASKED);
	mmio_write(LAPIC_BASE + LAPIC_TASK_PRIORITY, 0);
	mmio_write(LAPIC_BASE + LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	mmio_write(LAPIC_BASE + LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_16);
	mmio_write(LAPIC_BASE + LAPIC_LVT_TIMER, VECTOR_TIMER);
	return nullptr;
}

static const char *ioapic_init(void)
{
	uint32_t version = ioapic_read(IOAPIC_VERSION);
	uint32_t lines = (version >> 16 & 0xff) + 1;

	if (version == IOAPIC_ABSENT || version == 0)
		return "no I/O APIC found";
	for (uint32_t line = 0; line < lines; line++) {
		ioapic_write(IOAPIC_REDIRECTION + 2 * line, REDIRECTION_MASKED);
		ioapic_write(IOAPIC_REDIRECTION + 2 * line + 1, 0);
	}
	return nullptr;
}

const char *apic_init(void)
{
	const char *wrong = lapic_init();

	port_write8(PIC1_MASK, 0xff);
	port_write8(PIC2_MASK, 0xff);
	return wrong != nullptr ? wrong : ioapic_init();
}

void ioapic_route(uint8_t irq, uint8_t vector)
{
	uint32_t destination = mmio_read(LAPIC_BASE + LAPIC_ID) & 0xff000000;

	ioapic_write(IOAPIC_REDIRECTION + 2U * irq + 1, destination);
	ioapic_write(IOAPIC_REDIRECTION + 2U * irq, REDIRECTION_LEVEL | vector);
}

void lapic_end_interrupt(void)
{
	mmio_write(LAPIC_BASE + LAPIC_EOI, 0);
}

bool lapic_is_in_service(uint64_t vector)
{
	uint64_t group = LAPIC_BASE + LAPIC_IN_SERVICE + vector / 32 * 16;

	return (mmio_read(group) >> vector % 32 & 1) != 0;
}

void lapic_timer_start(uint32_t ticks)
{
	mmio_write(LAPIC_BASE + LAPIC_TIMER_INITIAL, ticks);
}

uint32_t lapic_timer_ticks_left(void)
{
	return mmio_read(LAPIC_BASE + LAPIC_TIMER_CURRENT);
}
