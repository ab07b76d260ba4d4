// SPDX-License-Identifier: MIT
/*
 * Every exception that a program can raise by an instruction, and every instruction that is the
 * kernel's alone.  Each ends its process, with the cause and the vector that the table gives.
 *
 * What this emulator does not raise (unmasked SSE exceptions, alignment checks) skips its case;
 * so does UMIP where the processor lacks it.
 */
#include "tests/program/test.h"

constexpr uint64_t FLAG_TRAP = 1 << 8;
constexpr uint64_t FLAG_ALIGNMENT = 1 << 18;

/* Selectors that a kernel may have: the call must fail whatever they are. */
constexpr uint16_t SELECTOR_FIRST = 0x08;
constexpr uint16_t SELECTOR_FAR = 0xfff8;

static void set_flags(uint64_t flags)
{
	__asm__ volatile("pushfq; or %0, (%%rsp); popfq" : : "r"(flags) : "memory", "cc");
}

static void divide_zero(void)
{
	__asm__ volatile("xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax; div %%ecx"
			 :
			 :
			 : "rax", "rcx", "rdx", "cc");
}

static void divide_overflow(void)
{
	__asm__ volatile("mov $1, %%edx; xor %%eax, %%eax; mov $1, %%ecx; div %%ecx"
			 :
			 :
			 : "rax", "rcx", "rdx", "cc");
}

static void divide_minimum(void)
{
	__asm__ volatile("mov $0x80000000, %%eax; cdq; mov $-1, %%ecx; idiv %%ecx"
			 :
			 :
			 : "rax", "rcx", "rdx", "cc");
}

static void single_step(void)
{
	set_flags(FLAG_TRAP);
	__asm__ volatile("nop");
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

/* int $4, the gate of the overflow exception, from user code. */
static void overflow(void)
{
	__asm__ volatile("int $4");
}

/* INTO and BOUND do not exist in 64-bit code. */
static void into(void)
{
	__asm__ volatile(".byte 0xce");
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void lock_register(void)
{
	__asm__ volatile(".byte 0xf0, 0x01, 0xc0"); /* lock add %eax, %eax */
}

static void far_call_immediate(void)
{
	__asm__ volatile(".byte 0x9a, 0, 0, 0, 0, 8, 0");
}

static void x87(void)
{
	uint16_t control = 0x0360; /* every exception unmasked */

	__asm__ volatile("fninit; fldcw %0; fldz; fld1; fdivp; fwait" : : "m"(control));
}

static void simd(void)
{
	uint32_t control = 0; /* every exception unmasked */
	float one = 1;
	float zero = 0;

	__asm__ volatile("ldmxcsr %0; movss %1, %%xmm0; divss %2, %%xmm0"
			 :
			 : "m"(control), "m"(one), "m"(zero)
			 : "xmm0");
	test_skip("the emulator raises no SIMD exception");
}

static void alignment(void)
{
	alignas(8) volatile char bytes[16] = {};

	set_flags(FLAG_ALIGNMENT);
	__asm__ volatile("mov 1(%0), %%eax" : : "r"(bytes) : "rax", "memory");
	test_skip("alignment is not checked here");
}

static void movaps(void)
{
	alignas(16) char bytes[32] = {};

	__asm__ volatile("movaps 1(%0), %%xmm0" : : "r"(bytes) : "xmm0", "memory");
}

/* One privileged instruction a case.  The assertion is there for the semicolon. */
#define PRIVILEGED(name, text)                                           \
	static void name(void)                                           \
	{                                                                \
		__asm__ volatile(text                                    \
				 :                                       \
				 : "a"(0), "c"(0x174), "d"(0x60)         \
				 : "memory", "rbx", "rsi", "rdi", "cc"); \
	}                                                                \
	static_assert(true)

static char scratch[64];

PRIVILEGED(hlt, "hlt");
PRIVILEGED(cli, "cli");
PRIVILEGED(sti, "sti");
PRIVILEGED(in_port, "in %%dx, %%al");
PRIVILEGED(out_port, "out %%al, %%dx");
PRIVILEGED(out_immediate, "out %%al, $0xf4");
PRIVILEGED(ins_port, "lea scratch, %%rdi; insb");
PRIVILEGED(outs_port, "lea scratch, %%rsi; outsb");
PRIVILEGED(lgdt, "lgdt scratch");
PRIVILEGED(lidt, "lidt scratch");
PRIVILEGED(lldt, "lldt %%ax");
PRIVILEGED(ltr, "ltr %%ax");
PRIVILEGED(rdmsr, "rdmsr");
PRIVILEGED(wrmsr, "wrmsr");
PRIVILEGED(wrmsr_lstar, "mov $0xc0000082, %%ecx; wrmsr");
PRIVILEGED(rdpmc, "xor %%ecx, %%ecx; rdpmc");
PRIVILEGED(read_cr0, "mov %%cr0, %%rax");
PRIVILEGED(write_cr0, "mov %%rax, %%cr0");
PRIVILEGED(read_cr2, "mov %%cr2, %%rax");
PRIVILEGED(read_cr3, "mov %%cr3, %%rax");
PRIVILEGED(write_cr3, "mov %%rax, %%cr3");
PRIVILEGED(read_cr4, "mov %%cr4, %%rax");
PRIVILEGED(write_cr4, "mov %%rax, %%cr4");
PRIVILEGED(read_cr8, "mov %%cr8, %%rax");
PRIVILEGED(write_cr8, "mov %%rax, %%cr8");
PRIVILEGED(read_dr7, "mov %%dr7, %%rax");
PRIVILEGED(write_dr0, "mov %%rax, %%dr0");
PRIVILEGED(write_dr7, "mov $0x401, %%eax; mov %%rax, %%dr7");
PRIVILEGED(clts, "clts");
PRIVILEGED(lmsw, "lmsw %%ax");
PRIVILEGED(invd, "invd");
PRIVILEGED(wbinvd, "wbinvd");
PRIVILEGED(invlpg, "invlpg scratch");
PRIVILEGED(swapgs, "swapgs");
PRIVILEGED(sysret, "sysretq");
PRIVILEGED(sysenter, "sysenter");
PRIVILEGED(sysexit, "sysexitq");
PRIVILEGED(xsetbv, "xor %%ecx, %%ecx; mov $7, %%eax; xor %%edx, %%edx; xsetbv");
PRIVILEGED(stac, "stac");
PRIVILEGED(clac, "clac");
PRIVILEGED(monitor, "monitor");
PRIVILEGED(vmrun, "vmrun");
PRIVILEGED(vmcall, "vmcall");

PRIVILEGED(int_0, "int $0");
PRIVILEGED(int_2, "int $2");
PRIVILEGED(int_8, "int $8");
PRIVILEGED(int_13, "int $13");
PRIVILEGED(int_14, "int $14");
PRIVILEGED(int_18, "int $18");
PRIVILEGED(int_32, "int $0x20");
PRIVILEGED(int_33, "int $0x21");
PRIVILEGED(int_64, "int $0x40");
PRIVILEGED(int_128, "int $0x80");
PRIVILEGED(int_254, "int $0xfe");
PRIVILEGED(int_255, "int $0xff");

PRIVILEGED(load_ds, "mov $0x10, %%eax; mov %%eax, %%ds");
PRIVILEGED(load_ss, "mov $0x10, %%eax; mov %%eax, %%ss");
PRIVILEGED(load_ss_null, "xor %%eax, %%eax; mov %%eax, %%ss");
PRIVILEGED(load_fs_far, "mov $0xfff8, %%eax; mov %%eax, %%fs");
PRIVILEGED(load_gs_ldt, "mov $0x0f, %%eax; mov %%eax, %%gs");
PRIVILEGED(load_es_code, "mov $0x0b, %%eax; mov %%eax, %%es");

/* Return far to a kernel code selector. */
static void far_return(void)
{
	__asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: nop"
			 :
			 : "r"((uint64_t)SELECTOR_FIRST)
			 : "rax", "memory");
}

static void far_return_outside(void)
{
	__asm__ volatile("push %0; lea 1f(%%rip), %%rax; push %%rax; lretq; 1: nop"
			 :
			 : "r"((uint64_t)SELECTOR_FAR)
			 : "rax", "memory");
}

/* iretq with a frame of the kernel's code and stack selectors, interrupts off, IOPL 3. */
static void iret_kernel(void)
{
	__asm__ volatile("mov %%rsp, %%rcx; push $0x10; push %%rcx; push $0x3002; push $0x08;"
			 "lea 1f(%%rip), %%rax; push %%rax; iretq; 1: nop"
			 :
			 :
			 : "rax", "rcx", "memory");
}

static void iret_null(void)
{
	__asm__ volatile("push $0; push $0; push $0; push $0; push $0; iretq" : : : "memory");
}

static void far_jump(void)
{
	struct {
		uint32_t offset;
		uint16_t selector;
	} target = { 0, SELECTOR_FIRST };

	__asm__ volatile("ljmp *%0" : : "m"(target));
}

static bool has_umip(void)
{
	uint32_t a = 7;
	uint32_t c = 0;

	__asm__ volatile("cpuid" : "+a"(a), "+c"(c) : : "rbx", "rdx");
	return (c >> 2 & 1) != 0;
}

/* Where the kernel's tables are is not told where the processor can keep it (UMIP). */
#define TELLS_TABLES(name, text)                                \
	static void name(void)                                  \
	{                                                       \
		__asm__ volatile(text : : : "rax", "memory");   \
		if (!has_umip())                                \
			test_skip("the processor has no UMIP"); \
	}                                                       \
	static_assert(true)

TELLS_TABLES(sgdt, "sgdt scratch");
TELLS_TABLES(sidt, "sidt scratch");
TELLS_TABLES(sldt, "sldt %%eax");
TELLS_TABLES(str, "str %%eax");
TELLS_TABLES(smsw, "smsw %%eax");

/* Addresses that are none. */
constexpr uint64_t NON_CANONICAL = 0x0000800000000000;

static void non_canonical_load(void)
{
	__asm__ volatile("mov (%0), %%rax" : : "r"(NON_CANONICAL) : "rax");
}

static void non_canonical_store(void)
{
	__asm__ volatile("mov %%rax, (%0)" : : "r"(0xffff7ffffffffff8) : "memory");
}

static void non_canonical_jump(void)
{
	__asm__ volatile("jmp *%0" : : "r"(NON_CANONICAL));
}

static void non_canonical_return(void)
{
	__asm__ volatile("push %0; ret" : : "r"(0x8000000000000000) : "memory");
}

static void non_canonical_stack(void)
{
	__asm__ volatile("mov %0, %%rsp; push %%rax" : : "r"(NON_CANONICAL + 64) : "memory");
}

#define FAULT(fault_cause, fault_vector) \
	{ .end = TEST_FAULTS, .cause = FAULT_CAUSE_##fault_cause, .vector = (fault_vector) }
#define PROTECTED(name) { #name, name, FAULT(PROTECTION, 13) }
#define INVALID(name)   { #name, name, FAULT(INVALID_INSTRUCTION, 6) }

/*
 * What differs between processors: AMD's have no SYSENTER in 64-bit mode, some have no XSETBV,
 * and the emulator reports a stack address as #GP and reads the frame of a far return with the
 * kernel's rights, which SMAP refuses.
 */
#define PROTECTED_OR(name, cause_2, vector_2)                                              \
	{                                                                                  \
		#name, name,                                                               \
		{                                                                          \
			.end = TEST_FAULTS, .cause = FAULT_CAUSE_PROTECTION, .vector = 13, \
			.timeout_s = 5, .or_cause = FAULT_CAUSE_##cause_2,                 \
			.or_vector = (vector_2)                                            \
		}                                                                          \
	}

static const struct test_case cases[] = {
	{ "divide_zero", divide_zero, FAULT(DIVIDE, 0) },
	{ "divide_overflow", divide_overflow, FAULT(DIVIDE, 0) },
	{ "divide_minimum", divide_minimum, FAULT(DIVIDE, 0) },
	{ "single_step", single_step, FAULT(DEBUG, 1) },
	{ "breakpoint", breakpoint, FAULT(DEBUG, 3) },
	{ "x87", x87, FAULT(FLOATING_POINT, 16) },
	{ "simd", simd, FAULT(FLOATING_POINT, 19) },
	{ "alignment", alignment, FAULT(ALIGNMENT, 17) },
	PROTECTED_OR(non_canonical_stack, PROTECTION, 12),
	INVALID(undefined),
	INVALID(into),
	INVALID(lock_register),
	INVALID(far_call_immediate),
	INVALID(stac),
	INVALID(clac),
	INVALID(monitor),
	INVALID(vmcall),
	PROTECTED(overflow),
	PROTECTED(movaps),
	PROTECTED(hlt),
	PROTECTED(cli),
	PROTECTED(sti),
	PROTECTED(in_port),
	PROTECTED(out_port),
	PROTECTED(out_immediate),
	PROTECTED(ins_port),
	PROTECTED(outs_port),
	PROTECTED(lgdt),
	PROTECTED(lidt),
	PROTECTED(lldt),
	PROTECTED(ltr),
	PROTECTED(rdmsr),
	PROTECTED(wrmsr),
	PROTECTED(wrmsr_lstar),
	PROTECTED(rdpmc),
	PROTECTED(read_cr0),
	PROTECTED(write_cr0),
	PROTECTED(read_cr2),
	PROTECTED(read_cr3),
	PROTECTED(write_cr3),
	PROTECTED(read_cr4),
	PROTECTED(write_cr4),
	PROTECTED(read_cr8),
	PROTECTED(write_cr8),
	PROTECTED(read_dr7),
	PROTECTED(write_dr0),
	PROTECTED(write_dr7),
	PROTECTED(clts),
	PROTECTED(lmsw),
	PROTECTED(invd),
	PROTECTED(wbinvd),
	PROTECTED(invlpg),
	PROTECTED(swapgs),
	PROTECTED(sysret),
	PROTECTED_OR(sysenter, INVALID_INSTRUCTION, 6),
	PROTECTED_OR(sysexit, INVALID_INSTRUCTION, 6),
	PROTECTED_OR(xsetbv, INVALID_INSTRUCTION, 6),
	INVALID(vmrun),
	PROTECTED(int_0),
	PROTECTED(int_2),
	PROTECTED(int_8),
	PROTECTED(int_13),
	PROTECTED(int_14),
	PROTECTED(int_18),
	PROTECTED(int_32),
	PROTECTED(int_33),
	PROTECTED(int_64),
	PROTECTED(int_128),
	PROTECTED(int_254),
	PROTECTED(int_255),
	PROTECTED(load_ds),
	PROTECTED(load_ss),
	PROTECTED(load_ss_null),
	PROTECTED(load_fs_far),
	PROTECTED(load_gs_ldt),
	PROTECTED(load_es_code),
	PROTECTED_OR(far_return, PAGE_FAULT, 14),
	PROTECTED_OR(far_return_outside, PAGE_FAULT, 14),
	PROTECTED_OR(iret_kernel, PAGE_FAULT, 14),
	PROTECTED_OR(iret_null, PAGE_FAULT, 14),
	PROTECTED(far_jump),
	PROTECTED(sgdt),
	PROTECTED(sidt),
	PROTECTED(sldt),
	PROTECTED(str),
	PROTECTED(smsw),
	PROTECTED(non_canonical_load),
	PROTECTED(non_canonical_store),
	PROTECTED(non_canonical_jump),
	PROTECTED(non_canonical_return),
};

int capos_main(void)
{
	/* Held here, so that the assembly that names it finds it. */
	__asm__ volatile("" : : "r"(scratch));
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
