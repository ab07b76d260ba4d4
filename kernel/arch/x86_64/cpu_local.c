// SPDX-License-Identifier: MIT
/* A CPU's descriptor tables: segments, task state, interrupt vectors, system-call entry.
 * Formats: Intel SDM 3A, 3.4.5, 6.14.1 and 8.2; the SYSCALL registers: AMD APM 2, 6.1.1. */
#include "kernel/arch/x86_64/cpu_local.h"

#include "kernel/arch/x86_64/entry.h"
#include "kernel/arch/x86_64/instruction.h"
#include "kernel/hal/cpu.h"

constexpr uint32_t MSR_SYSENTER_CS = 0x174;
constexpr uint32_t MSR_STAR = 0xc0000081;
constexpr uint32_t MSR_LSTAR = 0xc0000082;
constexpr uint32_t MSR_FMASK = 0xc0000084;
constexpr uint32_t MSR_KERNEL_GS_BASE = 0xc0000102;

/* Cleared at SYSCALL: AC, RF, NT, IOPL, DF, IF, TF. */
constexpr uint64_t SYSCALL_FLAGS_CLEARED = 0x57700;

/* Present, writable or executable, already marked accessed. */
constexpr uint64_t DESCRIPTOR_KERNEL_CODE = 0x00af9b000000ffff;
constexpr uint64_t DESCRIPTOR_KERNEL_DATA = 0x00cf93000000ffff;
constexpr uint64_t DESCRIPTOR_USER_DATA = 0x00cff3000000ffff;
constexpr uint64_t DESCRIPTOR_USER_CODE = 0x00affb000000ffff;
constexpr uint64_t DESCRIPTOR_TSS_AVAILABLE = UINT64_C(0x89) << 40;

constexpr uint8_t GATE_KERNEL_ONLY = 0x8e; /* interrupt gate: IF is cleared */
constexpr uint8_t GATE_USER = 0xee;
constexpr uint8_t VECTOR_NMI = 2;
constexpr uint8_t VECTOR_BREAKPOINT = 3;
constexpr uint8_t VECTOR_DOUBLE_FAULT = 8;
constexpr uint8_t VECTOR_MACHINE_CHECK = 18;

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t attributes;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

static_assert(sizeof(struct gate) == 16);

/* Operand of LGDT and LIDT. */
struct [[gnu::packed]] table_pointer {
	uint16_t limit;
	const void *base;
};

static_assert(sizeof(struct table_pointer) == 10);

/* The same for every CPU. */
static struct gate gates[VECTOR_COUNT];

static void gate_set(uint32_t vector, enum ist ist, uint8_t attributes)
{
	uint64_t stub = (uint64_t)entry_stubs + vector * ENTRY_STUB_BYTES;

	gates[vector] = (struct gate){
		.offset_low = (uint16_t)stub,
		.selector = SELECTOR_KERNEL_CODE,
		.ist = ist,
		.attributes = attributes,
		.offset_middle = (uint16_t)(stub >> 16),
		.offset_high = (uint32_t)(stub >> 32),
	};
}

/* INT n from a program is a protection fault, but for INT3, which debuggers expect to work. */
static void gates_load(void)
{
	struct table_pointer pointer = { sizeof(gates) - 1, gates };

	for (uint32_t vector = 0; vector < VECTOR_COUNT; vector++)
		gate_set(vector, IST_NONE, GATE_KERNEL_ONLY);
	gate_set(VECTOR_BREAKPOINT, IST_NONE, GATE_USER);
	gate_set(VECTOR_NMI, IST_NMI, GATE_KERNEL_ONLY);
	gate_set(VECTOR_DOUBLE_FAULT, IST_DOUBLE_FAULT, GATE_KERNEL_ONLY);
	gate_set(VECTOR_MACHINE_CHECK, IST_MACHINE_CHECK, GATE_KERNEL_ONLY);
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

/* The last word of an interrupt stack's page is taken: it points to local (kernel_map.c). */
static void task_state_init(struct cpu_local *local, uint32_t cpu)
{
	local->task_state = (struct task_state){ .io_map = sizeof(struct task_state) };
	for (uint8_t ist = IST_NMI; ist <= IST_COUNT; ist++)
		local->task_state.interrupt_stack[ist - 1] =
			cpu_stack_top(cpu, (enum ist)ist) - 16;
}

static void segments_load(struct cpu_local *local)
{
	uint64_t base = (uint64_t)&local->task_state;
	struct table_pointer pointer = { sizeof(local->gdt) - 1, local->gdt };

	local->gdt[0] = 0;
	local->gdt[SELECTOR_KERNEL_CODE / 8] = DESCRIPTOR_KERNEL_CODE;
	local->gdt[SELECTOR_KERNEL_DATA / 8] = DESCRIPTOR_KERNEL_DATA;
	local->gdt[SELECTOR_USER_DATA / 8] = DESCRIPTOR_USER_DATA;
	local->gdt[SELECTOR_USER_CODE / 8] = DESCRIPTOR_USER_CODE;
	local->gdt[SELECTOR_TSS / 8] = DESCRIPTOR_TSS_AVAILABLE |
				       (sizeof(local->task_state) - 1) |
				       (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	local->gdt[SELECTOR_TSS / 8 + 1] = base >> 32;
	__asm__ volatile("lgdt %0\n\t"
			 "ltr %w1\n\t"
			 "lldt %w2"
			 :
			 : "m"(pointer), "r"(SELECTOR_TSS), "r"(0)
			 : "memory");
}

static void syscall_init(void)
{
	/* SYSRET's selectors, then SYSCALL's. */
	uint64_t star = (uint64_t)(SELECTOR_KERNEL_DATA | 3) << 48 |
			(uint64_t)SELECTOR_KERNEL_CODE << 32;

	static_assert(SELECTOR_USER_DATA == (SELECTOR_KERNEL_DATA | 3) + 8);
	static_assert(SELECTOR_USER_CODE == (SELECTOR_KERNEL_DATA | 3) + 16);
	static_assert(SELECTOR_KERNEL_DATA == SELECTOR_KERNEL_CODE + 8);
	msr_write(MSR_STAR, star);
	msr_write(MSR_LSTAR, (uint64_t)entry_syscall);
	msr_write(MSR_FMASK, SYSCALL_FLAGS_CLEARED);
	/* The other entry instruction is a protection fault. */
	msr_write(MSR_SYSENTER_CS, 0);
}

void cpu_local_init(struct cpu_local *local, uint32_t cpu)
{
	*local = (struct cpu_local){
		.self = local,
		.stack_top = cpu_stack_top(cpu, IST_NONE),
		.root = { PADDR_NONE },
	};
	msr_write(MSR_GS_BASE, (uint64_t)local);
	msr_write(MSR_KERNEL_GS_BASE, 0);
	task_state_init(local, cpu);
	segments_load(local);
	gates_load();
	syscall_init();
}

void hal_cpu_set(struct cpu *cpu)
{
	cpu_local()->cpu = cpu;
}
