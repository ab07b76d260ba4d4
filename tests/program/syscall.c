// SPDX-License-Identifier: MIT
/*
 * The system call instruction: numbers that name nothing, registers full of garbage, odd flags,
 * and what comes back.  abi/entry.h is the contract.
 */
#include "tests/program/submit.h"

#include "schema/entropy.capnp.h"

struct registers {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
};

/* Loads all registers from `in`, makes the system call, stores them to `out`. */
void syscall_probe(const struct registers *in, struct registers *out);

__asm__(".text\n"
	"syscall_probe:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rsi\n"
	"mov 0(%rdi), %rax; mov 8(%rdi), %rbx; mov 16(%rdi), %rcx; mov 24(%rdi), %rdx\n"
	"mov 32(%rdi), %rsi; mov 48(%rdi), %rbp; mov 56(%rdi), %r8; mov 64(%rdi), %r9\n"
	"mov 72(%rdi), %r10; mov 80(%rdi), %r11; mov 88(%rdi), %r12; mov 96(%rdi), %r13\n"
	"mov 104(%rdi), %r14; mov 112(%rdi), %r15; mov 40(%rdi), %rdi\n"
	"syscall\n"
	"push %rdi; mov 8(%rsp), %rdi\n"
	"mov %rax, 0(%rdi); mov %rbx, 8(%rdi); mov %rcx, 16(%rdi); mov %rdx, 24(%rdi)\n"
	"mov %rsi, 32(%rdi); mov %rbp, 48(%rdi); mov %r8, 56(%rdi); mov %r9, 64(%rdi)\n"
	"mov %r10, 72(%rdi); mov %r11, 80(%rdi); mov %r12, 88(%rdi); mov %r13, 96(%rdi)\n"
	"mov %r14, 104(%rdi); mov %r15, 112(%rdi); pop %rax; mov %rax, 40(%rdi)\n"
	"pop %rsi; pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n");

constexpr uint64_t LAST_USER_ADDRESS = 0x00007fffffffffff;
constexpr uint64_t UNKNOWN = -(uint64_t)STATUS_UNKNOWN_SYSCALL;

static struct registers garbage(uint64_t *random)
{
	struct registers r;
	uint64_t *words = (uint64_t *)&r;

	for (uint32_t i = 0; i < sizeof(r) / 8; i++)
		words[i] = test_random(random);
	return r;
}

/* What must be kept is, what must be cleared is, and nothing of the kernel is seen. */
static void check_after(const struct registers *in, const struct registers *out)
{
	CHECK_EQUAL(out->rbx, in->rbx);
	CHECK_EQUAL(out->rbp, in->rbp);
	CHECK_EQUAL(out->r12, in->r12);
	CHECK_EQUAL(out->r13, in->r13);
	CHECK_EQUAL(out->r14, in->r14);
	CHECK_EQUAL(out->r15, in->r15);
	CHECK_EQUAL(out->rdi, 0);
	CHECK_EQUAL(out->rsi, 0);
	CHECK_EQUAL(out->r8, 0);
	CHECK_EQUAL(out->r9, 0);
	CHECK_EQUAL(out->r10, 0);
	CHECK(out->rcx <= LAST_USER_ADDRESS);
	CHECK(out->r11 <= UINT32_MAX);
}

static void check_unknown(uint64_t number, uint64_t *random)
{
	struct registers in = garbage(random);
	struct registers out;

	in.rax = number;
	test_note("number %lx", number);
	syscall_probe(&in, &out);
	CHECK_EQUAL(out.rax, UNKNOWN);
	CHECK_EQUAL(out.rdx, 0);
	check_after(&in, &out);
}

/* No number but the two is a system call, however it is cut. */
static void numbers(void)
{
	static const uint64_t wrong[] = {
		2,
		3,
		60,
		231,
		255,
		256,
		257,
		0x7fffffff,
		0x80000000,
		0x80000001,
		0xffffffff,
		0x100000000,
		0x100000001,
		0x10000,
		0x10001,
		1ULL << 63,
		(1ULL << 63) + 1,
		UINT64_MAX,
		UINT64_MAX - 1,
	};
	uint64_t random = 0x5eed0004;

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_unknown(wrong[i], &random);
	for (uint32_t bit = 1; bit < 64; bit++) {
		check_unknown(1ULL << bit, &random);
		check_unknown(1ULL << bit | 1, &random);
	}
	for (uint32_t i = 0; i < 3000; i++)
		check_unknown(test_random(&random) | 2, &random);
	CHECK_EQUAL(submit_ring()->header->sq_head, submit_ring()->header->sq_tail);
}

/* cap_enter itself, among garbage. */
static void enter_registers(void)
{
	uint64_t random = 0x5eed0005;

	for (uint32_t i = 0; i < 1000; i++) {
		struct registers in = garbage(&random);
		struct registers out;
		struct ring_completion completion;

		in.rax = SYSCALL_CAP_ENTER;
		in.rdi = i & 1;
		in.rsi = RING_NO_DEADLINE;
		submit_put(&(struct ring_submission){});
		syscall_probe(&in, &out);
		CHECK_EQUAL(out.rax, 0);
		CHECK_EQUAL(out.rdx, 1);
		check_after(&in, &out);
		CHECK(submit_take(&completion));
	}
}

/* The registers after a call that slept while others ran. */
static void blocked_registers(void)
{
	uint64_t random = 0x5eed0006;
	uint64_t timer = submit_timer();

	for (uint32_t i = 0; i < 10; i++) {
		struct ring_submission wait = submit_wait(timer, capos_now_ns() + 1000000, 1);
		struct registers in = garbage(&random);
		struct registers out;
		struct ring_completion completion;

		in.rax = SYSCALL_CAP_ENTER;
		in.rdi = 1;
		in.rsi = RING_NO_DEADLINE;
		submit_put(&wait);
		syscall_probe(&in, &out);
		CHECK_EQUAL(out.rax, 0);
		CHECK_EQUAL(out.rdx, 1);
		check_after(&in, &out);
		CHECK(submit_take(&completion));
	}
}

/* Errors tell the completions that are there. */
static void error_registers(void)
{
	uint64_t available;
	uint64_t result;

	submit_put(&(struct ring_submission){});
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	result = capos_raw_syscall(SYSCALL_CAP_ENTER, 65, RING_NO_DEADLINE, &available);
	CHECK_EQUAL(result, -(uint64_t)STATUS_MIN_COMPLETE_TOO_LARGE);
	CHECK_EQUAL(available, 1);
	result = capos_raw_syscall(SYSCALL_CAP_ENTER, 2, RING_NO_DEADLINE, &available);
	CHECK_EQUAL(result, -(uint64_t)STATUS_NOTHING_PENDING);
	CHECK_EQUAL(available, 1);
}

/* Single step over the instruction: the trap comes in the program, after it. */
static void with_trap_flag(void)
{
	__asm__ volatile("mov $99, %%eax; pushfq; orq $0x100, (%%rsp); popfq; syscall; nop"
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
			   "memory", "cc");
}

/* Flags that a kernel must not run with, and that must not stick: one each. */
static void with_flag(uint64_t flag)
{
	for (uint32_t i = 0; i < 200; i++) {
		uint64_t number = i % 2 == 0 ? 99 : SYSCALL_CAP_ENTER;

		submit_put(&(struct ring_submission){});
		__asm__ volatile("pushfq; or %1, (%%rsp); popfq; syscall;"
				 "pushfq; andq $~0x44400, (%%rsp); popfq"
				 : "+a"(number)
				 : "r"(flag), "D"(0), "S"(0)
				 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
		CHECK_EQUAL(number, i % 2 == 0 ? UNKNOWN : 0);
		if (i % 2 == 1) {
			struct ring_completion completion;

			while (submit_take(&completion))
				CHECK_EQUAL(completion.status, 0);
		}
	}
}

static void with_direction_flag(void)
{
	with_flag(1 << 10);
}

/* Long results are copied the right way round whatever the program's direction flag. */
static void direction_flag_and_results(void)
{
	struct message_builder m;
	struct ring_completion completion;
	struct ring_submission call;
	const uint64_t *words = submit_arena(SUBMIT_RESULTS);
	uint64_t result = SYSCALL_CAP_ENTER;

	memset(submit_arena(0), 0, SUBMIT_TRANSFERS);
	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 64);
	entropy_source_read_params_set_length_bytes(entropy_source_read_params_init_root(&m),
						    ENTROPY_MAX_BYTES);
	call = submit_call(test_capability("entropy", ENTROPY_SOURCE_INTERFACE_ID),
			   ENTROPY_SOURCE_READ_METHOD, (uint32_t)message_builder_finish(&m));
	submit_put(&call);
	__asm__ volatile("std; syscall; cld"
			 : "+a"(result)
			 : "D"(1), "S"(RING_NO_DEADLINE)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	CHECK_EQUAL(result, 0);
	CHECK(submit_take(&completion));
	CHECK_EQUAL(completion.status, 0);
	/* Random words: behind the two pointers none is zero but by a chance of 2^-59. */
	for (uint32_t i = 2; i < completion.length / 8; i++)
		CHECK(words[i] != 0);
	for (uint32_t i = 64; i < SUBMIT_RESULTS; i++)
		CHECK_EQUAL(*(const uint8_t *)submit_arena(i), 0);
}

static void with_alignment_flag(void)
{
	with_flag(1 << 18);
}

static void with_nested_task_flag(void)
{
	with_flag(1 << 14);
}

/* Privileged flags are not to be had by POPF. */
static void popf_keeps_interrupts(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; andq $~0x200, (%%rsp); orq $0x3000, (%%rsp); popfq;"
			 "pushfq; pop %0"
			 : "=r"(flags)
			 :
			 : "memory", "cc");
	CHECK_EQUAL(flags & 0x3200, 0x200);
}

/* SYSCALL with a stack pointer that is none: the kernel does not use it. */
static void with_bad_stack(void)
{
	static const uint64_t stacks[] = { 0,          8,          0xffffffff80000000,
					   1ULL << 63, UINT64_MAX, 0x0000800000000000 };

	for (uint32_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		uint64_t number = 99;

		__asm__ volatile("mov %%rsp, %%rbx; mov %1, %%rsp; syscall; mov %%rbx, %%rsp"
				 : "+a"(number)
				 : "r"(stacks[i])
				 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
				   "memory");
		CHECK_EQUAL(number, UNKNOWN);
	}
}

static void exit_minimum(void)
{
	capos_exit(INT32_MIN);
}

static void exit_maximum(void)
{
	capos_exit(INT32_MAX);
}

static void exit_minus_one(void)
{
	capos_exit(-1);
}

/* The low 32 bits count. */
static void exit_wide(void)
{
	__asm__ volatile("syscall" : : "a"(SYSCALL_EXIT), "D"(0xdeadbeef00000007) : "memory");
}

#define PASSES(name)                                        \
	{                                                   \
		#name, name,                                \
		{                                           \
			.grants = TEST_TIMER | TEST_ENTROPY \
		}                                           \
	}
#define EXITS(name, value)                                 \
	{                                                  \
		#name, name,                               \
		{                                          \
			.end = TEST_EXITS, .code = (value) \
		}                                          \
	}

static const struct test_case cases[] = {
	PASSES(numbers),
	PASSES(enter_registers),
	PASSES(blocked_registers),
	PASSES(error_registers),
	{ "with_trap_flag",
	  with_trap_flag,
	  { .end = TEST_FAULTS, .cause = FAULT_CAUSE_DEBUG, .vector = 1 } },
	PASSES(with_direction_flag),
	PASSES(direction_flag_and_results),
	PASSES(with_alignment_flag),
	PASSES(with_nested_task_flag),
	PASSES(popf_keeps_interrupts),
	PASSES(with_bad_stack),
	EXITS(exit_minimum, INT32_MIN),
	EXITS(exit_maximum, INT32_MAX),
	EXITS(exit_minus_one, -1),
	EXITS(exit_wide, 7),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
