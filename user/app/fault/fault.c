// SPDX-License-Identifier: MIT
/*
 * Faults as its argument asks, to show that only it ends.  Without an argument it lists what it
 * knows.  A fault that does not happen is told and ends it with code 1.
 */
#include "lib/string.h"
#include "user/rt/capos.h"

struct fault {
	const char *name;
	const char *what;
	void (*cause)(void);
};

static void divide(void)
{
	__asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax; div %%ecx"
			 :
			 :
			 : "rax", "rcx", "rdx", "cc");
}

static void load(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("mov (%1), %0" : "=r"(value) : "r"(address));
}

static void page(void)
{
	load(0x10);
}

static void kernel(void)
{
	load(0xffffffff80100000);
}

static void noncanonical(void)
{
	load(0x8000000000000000);
}

static void write_code(void)
{
	__asm__ volatile("movb $0, (%0)" : : "r"(capos_main) : "memory");
}

static void execute_stack(void)
{
	__asm__ volatile("mov %%rsp, %%rax; jmp *%%rax" : : : "rax");
}

static void execute_null(void)
{
	__asm__ volatile("xor %%eax, %%eax; jmp *%%rax" : : : "rax");
}

static void halt(void)
{
	__asm__ volatile("hlt");
}

static void interrupts_off(void)
{
	__asm__ volatile("cli");
}

static void port(void)
{
	__asm__ volatile("in $0x60, %%al" : : : "rax");
}

static void control_register(void)
{
	__asm__ volatile("mov %%cr3, %%rax" : : : "rax");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void single_step(void)
{
	__asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop" : : : "memory", "cc");
}

static void invalid(void)
{
	__asm__ volatile("ud2");
}

static void stack(void)
{
	__asm__ volatile("1: push %%rax; jmp 1b" : : : "memory");
}

static void interrupt(void)
{
	__asm__ volatile("int $0x20");
}

static void floating_point(void)
{
	uint16_t unmasked = 0x37b; /* x87 control word: divide-by-zero not masked */

	__asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait" : : "m"(unmasked));
}

static void alignment(void)
{
	alignas(16) char bytes[32];

	__asm__ volatile("movaps 1(%0), %%xmm0" : : "r"(bytes) : "xmm0", "memory");
}

static void smash(void)
{
	char bytes[16];
	char *start = bytes;

	/* The compiler must not see how far the loop goes past the end. */
	__asm__ volatile("" : "+r"(start));
	for (uint32_t i = 0; i < 64; i++)
		start[i] = 'x';
	__asm__ volatile("" : : "r"(start) : "memory");
}

static void panic(void)
{
	capos_panic(__FILE__, __LINE__, "as asked");
}

static const struct fault faults[] = {
	{ "divide", "divide by zero", divide },
	{ "page", "read an unmapped page", page },
	{ "kernel", "read the kernel's memory", kernel },
	{ "noncanonical", "read a non-canonical address", noncanonical },
	{ "write-code", "write into its own code", write_code },
	{ "execute-stack", "execute its stack", execute_stack },
	{ "execute-null", "jump to address 0", execute_null },
	{ "privileged", "halt the processor", halt },
	{ "cli", "turn interrupts off", interrupts_off },
	{ "port", "read an I/O port", port },
	{ "register", "read a control register", control_register },
	{ "breakpoint", "int3", breakpoint },
	{ "step", "single step", single_step },
	{ "invalid", "an instruction that is none", invalid },
	{ "stack", "push until the stack ends", stack },
	{ "interrupt", "raise a hardware interrupt", interrupt },
	{ "float", "floating-point division by zero, unmasked", floating_point },
	{ "alignment", "misaligned vector load", alignment },
	{ "smash", "overwrite a stack canary", smash },
	{ "panic", "panic of the runtime", panic },
};

constexpr uint32_t FAULT_COUNT = sizeof(faults) / sizeof(faults[0]);

static const struct fault *find(struct capos_text name)
{
	for (uint32_t i = 0; i < FAULT_COUNT; i++)
		if (strlen(faults[i].name) == name.size &&
		    memcmp(faults[i].name, name.data, name.size) == 0)
			return &faults[i];
	return nullptr;
}

static void list(void)
{
	for (uint32_t i = 0; i < FAULT_COUNT; i++)
		capos_print("%-14s %s\n", faults[i].name, faults[i].what);
}

int capos_main(void)
{
	struct capos_text name = capos_argument(0);
	const struct fault *fault = find(name);

	if (capos_argument_count() == 0) {
		list();
		return 0;
	}
	if (fault == nullptr) {
		capos_print("fault: no fault is called \"%.*s\"\n", (int)name.size, name.data);
		return 2;
	}
	fault->cause();
	capos_print("fault: %s: nothing happened\n", fault->name);
	return 1;
}
