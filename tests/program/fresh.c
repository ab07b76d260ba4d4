// SPDX-License-Identifier: MIT
/*
 * What a program finds in its registers at its first instruction, against abi/entry.h.  It has
 * an entry of its own that stores everything before anything runs.
 */
#include "tests/program/test.h"

constexpr uint32_t FXSAVE_MXCSR = 24;
constexpr uint32_t FXSAVE_X87 = 32;
constexpr uint32_t FXSAVE_XMM = 160;
constexpr uint32_t MXCSR_RESET = 0x1f80;
constexpr uint16_t X87_INITIAL = 0x037f; /* after FNINIT */
constexpr uint16_t X87_RESET = 0x0040;

struct first_registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t flags;
};

[[gnu::used]] static struct first_registers fresh_registers;
[[gnu::used]] alignas(64) static uint8_t fresh_vectors[512];

/* As user/rt/entry.S, after storing. */
__asm__(".section .text.start, \"ax\", @progbits\n"
	".globl _start\n"
	"_start:\n"
	"mov %rax, fresh_registers; mov %rbx, fresh_registers+8; mov %rcx, fresh_registers+16\n"
	"mov %rdx, fresh_registers+24; mov %rsi, fresh_registers+32\n"
	"mov %rdi, fresh_registers+40; mov %rbp, fresh_registers+48\n"
	"mov %rsp, fresh_registers+56; mov %r8, fresh_registers+64\n"
	"mov %r9, fresh_registers+72; mov %r10, fresh_registers+80\n"
	"mov %r11, fresh_registers+88; mov %r12, fresh_registers+96\n"
	"mov %r13, fresh_registers+104; mov %r14, fresh_registers+112\n"
	"mov %r15, fresh_registers+120\n"
	"pushfq; pop %rax; mov %rax, fresh_registers+128\n"
	"fxsave64 fresh_vectors\n"
	"mov %rdi, %fs:0x30; mov %rsi, %fs:0x38; mov %rdx, %fs:0x40\n"
	"mov %fs:0x28, %rcx; mov %rcx, __stack_chk_guard; xor %ecx, %ecx\n"
	"call capos_main\n"
	"mov %eax, %edi; mov $1, %eax; syscall; ud2\n"
	".text\n");

static void general(void)
{
	const struct first_registers *r = &fresh_registers;
	const uint64_t zero[] = { r->rax, r->rbx, r->rcx, r->rbp, r->r8,  r->r9,
				  r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };

	for (uint32_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++) {
		test_note("register %u of rax rbx rcx rbp r8...", i);
		CHECK_EQUAL(zero[i], 0);
	}
	CHECK_EQUAL(r->rsp % 16, 0);
	CHECK_EQUAL(r->rdi % PAGE_BYTES, 0);
	CHECK_EQUAL(((const struct ring_header *)r->rdi)->magic, RING_MAGIC);
	CHECK(r->rdx >= 16 && r->rdx % 8 == 0);
	CHECK(r->rsp <= (uint64_t)capos_thread_block());
	/* Interrupts on; trap, direction, nested task, alignment check, I/O level off. */
	CHECK_EQUAL(r->flags & 0x47700, 0x200);
}

static void vectors(void)
{
	uint32_t mxcsr;
	uint16_t control;

	memcpy(&mxcsr, fresh_vectors + FXSAVE_MXCSR, sizeof(mxcsr));
	memcpy(&control, fresh_vectors, sizeof(control));
	CHECK_EQUAL(mxcsr, MXCSR_RESET);
	CHECK(control == X87_INITIAL || control == X87_RESET);
	for (uint32_t i = FXSAVE_XMM; i < FXSAVE_XMM + 256; i++) {
		test_note("byte %u", i);
		CHECK_EQUAL(fresh_vectors[i], 0);
	}
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t j = 0; j < 10; j++)
			CHECK_EQUAL(fresh_vectors[FXSAVE_X87 + i * 16 + j], 0);
}

static bool has_avx(void)
{
	uint32_t a = 1;
	uint32_t b;
	uint32_t c = 0;
	uint32_t d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if ((c >> 27 & 1) == 0)
		return false;
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (a & 6) == 6;
}

/* The upper halves, which no code before this has used. */
static void upper_halves(void)
{
	alignas(32) static uint8_t wide[4][32];

	if (!has_avx())
		test_skip("no AVX");
	__asm__ volatile(
		"vmovdqu %%ymm0, 0(%0); vmovdqu %%ymm7, 32(%0); vmovdqu %%ymm8, 64(%0);"
		"vmovdqu %%ymm15, 96(%0)"
		:
		: "r"(wide)
		: "memory");
	for (uint32_t i = 0; i < 4; i++)
		for (uint32_t j = 16; j < 32; j++)
			CHECK_EQUAL(wide[i][j], 0);
}

/* The base of GS, where the processor lets a program read it. */
static void gs_base(void)
{
	uint64_t base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	CHECK_EQUAL(base, 0);
}

#define PASSES(name)         \
	{                    \
		#name, name, \
		{            \
		}            \
	}

static const struct test_case cases[] = {
	PASSES(general),
	PASSES(vectors),
	PASSES(upper_halves),
	/* Without FSGSBASE it is an invalid instruction, which state/fresh_processes allows. */
	{ "gs_base", gs_base, { .end = TEST_HELPER } },
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
