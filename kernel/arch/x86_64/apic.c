// SPDX-License-Identifier: MIT
/* Interrupt controllers.  See apic.h. */
#include "kernel/arch/x86_64/apic.h"

#include "kernel/arch/x86_64/instruction.h"
#include "kernel/arch/x86_64/kernel_map.h"
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

/* Offsets of the two registers that lead to all others. */
constexpr uint64_t IOAPIC_SELECT = 0;
constexpr uint64_t IOAPIC_WINDOW = 0x10;
constexpr uint32_t IOAPIC_ABSENT = UINT32_MAX;
constexpr uint32_t REDIRECTION_LOW = UINT32_C(1) << 13;
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

/* Each has a page of its own, in the order of the table. */
static uint64_t ioapic_registers(const struct madt *madt, uint32_t index)
{
	return IOAPIC_BASE + index * PAGE_SIZE + madt->ioapic[index].address % PAGE_SIZE;
}

static uint32_t ioapic_read(uint64_t registers, uint32_t index)
{
	mmio_write(registers + IOAPIC_SELECT, index);
	return mmio_read(registers + IOAPIC_WINDOW);
}

static void ioapic_write(uint64_t registers, uint32_t index, uint32_t value)
{
	mmio_write(registers + IOAPIC_SELECT, index);
	mmio_write(registers + IOAPIC_WINDOW, value);
}

/* 0 if nothing answers. */
static uint32_t ioapic_lines(uint64_t registers)
{
	uint32_t version = ioapic_read(registers, IOAPIC_VERSION);

	if (version == IOAPIC_ABSENT || version == 0)
		return 0;
	return (version >> 16 & 0xff) + 1;
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

static const char *ioapic_init(uint64_t registers)
{
	uint32_t lines = ioapic_lines(registers);

	for (uint32_t line = 0; line < lines; line++) {
		ioapic_write(registers, IOAPIC_REDIRECTION + 2 * line, REDIRECTION_MASKED);
		ioapic_write(registers, IOAPIC_REDIRECTION + 2 * line + 1, 0);
	}
	return lines == 0 ? "no I/O APIC found" : nullptr;
}

void apic_map(struct range_set *free, const struct madt *madt)
{
	static_assert(IOAPIC_BASE + MADT_MAX_IOAPICS * PAGE_SIZE <= POWER_BASE);
	for (uint32_t i = 0; i < madt->ioapic_count; i++)
		kernel_map_device(free, IOAPIC_BASE + i * PAGE_SIZE,
				  madt->ioapic[i].address & ~(PAGE_SIZE - 1));
}

const char *apic_init(const struct madt *madt)
{
	const char *wrong = lapic_init();

	port_write8(PIC1_MASK, 0xff);
	port_write8(PIC2_MASK, 0xff);
	for (uint32_t i = 0; wrong == nullptr && i < madt->ioapic_count; i++)
		wrong = ioapic_init(ioapic_registers(madt, i));
	return wrong;
}

const char *ioapic_route(const struct madt *madt, uint8_t irq, uint8_t vector)
{
	uint32_t destination = mmio_read(LAPIC_BASE + LAPIC_ID) & 0xff000000;
	const struct madt_isa_line *to = &madt->isa[irq];
	uint32_t index = madt_ioapic_of(madt, to->line);
	uint64_t registers = ioapic_registers(madt, index);
	uint32_t line = to->line - madt->ioapic[index].first_line;
	uint32_t how = (to->is_active_low ? REDIRECTION_LOW : 0) |
		       (to->is_edge_triggered ? 0 : REDIRECTION_LEVEL);

	if (line >= ioapic_lines(registers))
		return "no I/O APIC has the serial port's interrupt line";
	ioapic_write(registers, IOAPIC_REDIRECTION + 2 * line + 1, destination);
	ioapic_write(registers, IOAPIC_REDIRECTION + 2 * line, how | vector);
	return nullptr;
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
