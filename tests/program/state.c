// SPDX-License-Identifier: MIT
/*
 * One process's registers are its own: a witness keeps patterns in every register while others
 * run, spoil theirs and fault; a fresh process finds nothing of a dead one.  And from user code
 * nothing of the kernel's half of the address space can be read.
 */
#include "tests/program/child.h"
#include "tests/program/submit.h"

constexpr uint64_t MS = 1000000;
constexpr uint32_t FXSAVE_BYTES = 512;
constexpr uint32_t FXSAVE_USED = 416;                 /* the rest is the program's */
constexpr uint64_t WITNESS_FLAGS = 1 << 18 | 1 << 21; /* AC, ID: kept by a switch */

struct vectors {
	alignas(64) uint8_t bytes[FXSAVE_BYTES];
};

static struct vectors expected;
static struct vectors seen;

/* Patterns in x87, SSE, MXCSR and the x87 control word. */
static void make_pattern(uint8_t seed)
{
	static const uint32_t mxcsr = 0x7fa0; /* round to zero, flush, one sticky flag */
	static const uint16_t control = 0x0f7f;

	__asm__ volatile("fninit; fxsave64 %0" : "=m"(expected));
	for (uint32_t i = 0; i < 16 * 16; i++)
		expected.bytes[160 + i] = (uint8_t)(seed + i * 7);
	for (uint32_t i = 0; i < 8; i++)
		for (uint32_t j = 0; j < 10; j++)
			expected.bytes[32 + i * 16 + j] = (uint8_t)(seed ^ (i * 16 + j));
	memcpy(expected.bytes + 24, &mxcsr, sizeof(mxcsr));
	memcpy(expected.bytes, &control, sizeof(control));
	expected.bytes[4] = 0xff; /* all eight x87 registers in use */
}

static void compare(void)
{
	for (uint32_t i = 0; i < FXSAVE_USED; i++) {
		if (i >= 6 && i < 24) /* last x87 instruction and operand, MXCSR's mask */
			continue;
		if (i >= 28 && i < 32)
			continue;
		if (seen.bytes[i] != expected.bytes[i])
			test_fail("fxsave", "byte %u is %x, not %x", i, seen.bytes[i],
				  expected.bytes[i]);
	}
}

/* Hold the patterns over a stretch of the program's own time in which it is preempted. */
static void hold_spinning(uint64_t ticks)
{
	uint64_t flags;

	__asm__ volatile("fxrstor64 %[in];"
			 "pushfq; or %[set], (%%rsp); popfq;"
			 "rdtsc; shl $32, %%rdx; or %%rdx, %%rax; lea (%%rax, %[ticks]), %%rcx;"
			 "mov $0x3333333333333333, %%rbx; mov %%rbx, %%r12; mov %%rbx, %%r13;"
			 "1: rdtsc; shl $32, %%rdx; or %%rdx, %%rax; cmp %%rcx, %%rax; jb 1b;"
			 "pushfq; pop %[flags]; fxsave64 %[out];"
			 "pushfq; andq $~0x40000, (%%rsp); popfq; fninit;"
			 "cmp %%rbx, %%r12; jne 2f; cmp %%rbx, %%r13; je 3f; 2: ud2; 3:"
			 : [out] "=m"(seen), [flags] "=&r"(flags)
			 : [in] "m"(expected), [ticks] "r"(ticks), [set] "r"(WITNESS_FLAGS)
			 : "rax", "rbx", "rcx", "rdx", "r12", "r13", "memory", "cc");
	CHECK_EQUAL(flags & WITNESS_FLAGS, WITNESS_FLAGS);
}

/* Hold them over a system call that sleeps. */
static void hold_sleeping(uint64_t timer)
{
	struct ring_submission wait = submit_wait(timer, capos_now_ns() + 2 * MS, 1);
	struct ring_completion completion;
	uint64_t result = SYSCALL_CAP_ENTER;

	submit_put(&wait);
	__asm__ volatile("fxrstor64 %[in]; syscall; fxsave64 %[out]; fninit"
			 : [out] "=m"(seen), "+a"(result)
			 : [in] "m"(expected), "D"(1), "S"(RING_NO_DEADLINE)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
	__asm__ volatile("ldmxcsr %0" : : "m"((uint32_t){ 0x1f80 }));
	CHECK_EQUAL(result, 0);
	CHECK(submit_take(&completion));
}

/* Witness until there have been this many rounds; its argument is its seed. */
static void witness(void)
{
	uint64_t timer = submit_timer();
	uint64_t start = __builtin_ia32_rdtsc();
	uint64_t start_ns = capos_now_ns();
	uint64_t ticks;

	while (capos_now_ns() < start_ns + 5 * MS)
		;
	ticks = (__builtin_ia32_rdtsc() - start) * 3; /* about 15 ms */
	make_pattern((uint8_t)test_argument_number(1));
	for (uint32_t round = 0; round < 10; round++) {
		test_note("witness %lx round %u", test_argument_number(1), round);
		hold_spinning(ticks);
		__asm__ volatile("ldmxcsr %0" : : "m"((uint32_t){ 0x1f80 }));
		compare();
		hold_sleeping(timer);
		compare();
	}
}

static struct child_request child(const char *binary, const char *name)
{
	return (struct child_request){
		.binary = binary,
		.arguments = { name },
		.grants = { { "report", child_report() }, { "timer", submit_timer() } },
		.memory_bytes = 1 << 20,
		.slots = 16,
		.threads = 1,
	};
}

static void must_pass(struct process_handle_client process)
{
	struct child_end end = child_wait(process);

	if (end.which != EXIT_RECORD_EXITED || end.code != 0)
		test_fail("witness", "end %u code %d vector %u", end.which, end.code,
			  end.vector);
	capos_release(process.id);
}

/* Three witnesses with different patterns, at once. */
static void witnesses(void)
{
	static const char *const seeds[] = { "11", "5a", "c7" };
	struct process_handle_client processes[3];

	for (uint32_t i = 0; i < 3; i++) {
		struct child_request request = child("state", "witness");

		request.arguments[1] = seeds[i];
		processes[i] = child_start(&request);
	}
	for (uint32_t i = 0; i < 3; i++)
		must_pass(processes[i]);
}

/* A witness beside programs that fault in every way that touches such state. */
static void beside_faults(void)
{
	static const char *const faults[] = {
		"divide_zero", "single_step", "breakpoint",          "x87",
		"simd",        "alignment",   "undefined",           "write_dr7",
		"swapgs",      "load_ds",     "non_canonical_stack", "xsetbv",
		"int_2",       "cli",         "write_cr4",           "wrmsr_lstar",
	};
	struct child_request request = child("state", "witness");
	struct process_handle_client process;

	request.arguments[1] = "39";
	process = child_start(&request);
	for (uint32_t round = 0; round < 4; round++)
		for (uint32_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
			struct child_request fault = child("trap", faults[i]);

			/* Not the report: that is the witness's. */
			fault.grants[0].name = "timer";
			fault.grants[1].name = nullptr;
			fault.grants[0].id = submit_timer();
			(void)child_run(&fault);
		}
	must_pass(process);
}

/* Fill every vector register, the flags, and GS, and end. */
static void pollute(void)
{
	make_pattern(0xe1);
	for (uint32_t i = 0; i < 16 * 16; i++)
		expected.bytes[160 + i] |= 0x11;
	__asm__ volatile(
		"fxrstor64 %0; pushfq; orq $0x244000, (%%rsp); popfq;"
		"mov $-1, %%rbx; mov $-1, %%rbp; mov $-1, %%r12; mov $-1, %%r13;"
		"mov $-1, %%r14; mov $-1, %%r15; mov $1, %%eax; xor %%edi, %%edi; syscall"
		:
		: "m"(expected)
		: "memory", "rax", "rbx", "rdi", "r12", "r13", "r14", "r15");
}

/* As above with the upper halves, where there are any; ends by a fault. */
static void pollute_wide(void)
{
	make_pattern(0xb7);
	__asm__ volatile("fxrstor64 %0; vperm2f128 $0, %%ymm0, %%ymm0, %%ymm0;"
			 "vperm2f128 $0, %%ymm7, %%ymm7, %%ymm7;"
			 "vperm2f128 $0, %%ymm8, %%ymm8, %%ymm8;"
			 "vperm2f128 $0, %%ymm15, %%ymm15, %%ymm15; ud2"
			 :
			 : "m"(expected)
			 : "memory");
}

static void pollute_gs(void)
{
	__asm__ volatile("wrgsbase %0" : : "r"(0x123456789000));
}

/* After each kind of polluter a fresh process is fresh. */
static void fresh_after(const char *polluter)
{
	static const char *const checks[] = { "general", "vectors", "upper_halves", "gs_base" };

	for (uint32_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct child_request dirty = child("state", polluter);
		struct child_request clean = child("fresh", checks[i]);
		struct child_end end;

		test_note("%s after %s", checks[i], polluter);
		(void)child_run(&dirty);
		end = child_run(&clean);
		/* No AVX, or no instruction to read the base of GS. */
		if (end.which == EXIT_RECORD_EXITED && end.code == REPORT_SKIP)
			continue;
		if (i == 3 && end.which == EXIT_RECORD_FAULTED && end.vector == 6)
			continue;
		if (end.which != EXIT_RECORD_EXITED || end.code != 0)
			test_fail("fresh", "%s: end %u code %d vector %u", checks[i], end.which,
				  end.code, end.vector);
	}
}

static void fresh_processes(void)
{
	fresh_after("pollute");
	fresh_after("pollute_wide");
	fresh_after("pollute_gs");
}

/* Sleep with this flag set while others run: the kernel does not switch with it. */
static void sleep_with_flag(uint64_t flag)
{
	uint64_t timer = submit_timer();

	for (uint32_t i = 0; i < 10; i++) {
		struct ring_submission wait = submit_wait(timer, capos_now_ns() + MS, 1);
		struct ring_completion completion;
		uint64_t result = SYSCALL_CAP_ENTER;

		submit_put(&wait);
		__asm__ volatile("pushfq; or %1, (%%rsp); popfq; syscall;"
				 "pushfq; andq $~0x44400, (%%rsp); popfq"
				 : "+a"(result)
				 : "r"(flag), "D"(1), "S"(RING_NO_DEADLINE)
				 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
		CHECK_EQUAL(result, 0);
		CHECK(submit_take(&completion));
	}
}

static void spin(void)
{
	for (;;)
		;
}

/* Direction, nested task, alignment check. */
static void flags_and_switches(void)
{
	struct child_request request = child("state", "spin");
	struct process_handle_client process = child_start(&request);

	sleep_with_flag(1 << 10);
	sleep_with_flag(1 << 14);
	sleep_with_flag(1 << 18);
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	CHECK_EQUAL(child_wait(process).which, EXIT_RECORD_KILLED);
}

/* A spawn clears and copies a lot: with the direction flag set it does so all the same. */
static void direction_flag_and_spawn(void)
{
	struct process_spawner_spawn_params_builder params;
	struct resource_limits_builder limits;
	struct ring_transfer_result record;
	struct ring_completion completion;
	struct ring_submission call;
	struct message_builder m;
	struct child_end end;
	uint64_t result = SYSCALL_CAP_ENTER;

	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), SUBMIT_RESULTS);
	params = process_spawner_spawn_params_init_root(&m);
	(void)process_spawner_spawn_params_set_binary(params, "fresh", 5);
	CHECK(list_builder_set_text(process_spawner_spawn_params_init_arguments(params, 1), 0,
				    "vectors", 7));
	limits = process_spawner_spawn_params_init_limits(params);
	resource_limits_set_memory_bytes(limits, 1 << 20);
	resource_limits_set_slots(limits, 16);
	resource_limits_set_threads(limits, 1);
	call = submit_call(child_spawner().id, PROCESS_SPAWNER_SPAWN_METHOD,
			   (uint32_t)message_builder_finish(&m));
	call.result_caps_max = 1;
	submit_put(&call);
	__asm__ volatile("std; syscall; cld"
			 : "+a"(result)
			 : "D"(1), "S"(RING_NO_DEADLINE)
			 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
	CHECK_EQUAL(result, 0);
	CHECK(submit_take(&completion));
	CHECK_EQUAL(completion.status, 0);
	CHECK_EQUAL(completion.transfer_count, 1);
	memcpy(&record, submit_arena(SUBMIT_RESULTS + ((completion.length + 7) & ~7U)),
	       sizeof(record));
	CHECK_EQUAL(record.interface_id, PROCESS_HANDLE_INTERFACE_ID);
	end = child_wait((struct process_handle_client){ record.capability });
	CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
	CHECK_EQUAL(end.code, 0);
}

/* Pages that the kernel fills while the program's direction flag is set, on an interrupt too.
 */
static void flags_and_faults(void)
{
	struct memory_object_client object = {};
	uint64_t address;
	const uint64_t *words;

	CHECK_STATUS(virtual_memory_create_object(test_memory(), 1 << 20, &object), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, 1 << 20,
					PROTECTION_READ_WRITE, 0, true, &address),
		     STATUS_OK);
	words = (const uint64_t *)address;
	for (uint32_t page = 0; page < 256; page++)
		__asm__ volatile("pushfq; orq $0x44400, (%%rsp); popfq; movb $1, 4095(%0);"
				 "pushfq; andq $~0x44400, (%%rsp); popfq"
				 :
				 : "r"(address + page * PAGE_BYTES)
				 : "memory", "cc");
	for (uint32_t i = 0; i < (1 << 20) / 8; i++)
		if (words[i] != (i % 512 == 511 ? 1ULL << 56 : 0))
			test_fail("page", "word %u is %lx", i, words[i]);
}

/* GS and the other segments are the program's toys: the kernel does not depend on them. */
static void gs_toys(void)
{
	uint64_t timer = submit_timer();

	__asm__ volatile("xor %%eax, %%eax; mov %%eax, %%ds; mov %%eax, %%es; mov %%eax, %%gs"
			 :
			 :
			 : "rax");
	for (uint32_t i = 0; i < 5; i++)
		child_sleep_ms(timer, 1);
	CHECK_STATUS(submit_do_status(submit_now(timer)), STATUS_OK);
}

/* The base of GS survives calls and switches, and points the kernel nowhere. */
static void gs_held(void)
{
	uint64_t timer = submit_timer();
	uint64_t value = 0xffff800000001000 & 0x00007fffffffffff;
	uint64_t base;

	__asm__ volatile("wrgsbase %0" : : "r"(value));
	for (uint32_t i = 0; i < 20; i++) {
		child_sleep_ms(timer, 1);
		__asm__ volatile("rdgsbase %0" : "=r"(base));
		CHECK_EQUAL(base, value);
	}
}

static void gs_base(void)
{
	struct child_request request = child("state", "gs_held");
	struct child_request other = child("state", "pollute_gs");
	struct process_handle_client process = child_start(&request);
	struct child_end end;

	for (uint32_t i = 0; i < 10; i++)
		(void)child_run(&other);
	end = child_wait(process);
	if (end.which == EXIT_RECORD_FAULTED && end.vector == 6)
		test_skip("no FSGSBASE");
	CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
	CHECK_EQUAL(end.code, 0);
}

/* Read one word of every 512 GiB of the kernel's half, and closely where a kernel would be. */
static void kernel_half(void)
{
	char text[24];
	struct child_request request = child("touch", "read_argument");

	request.arguments[1] = text;
	for (uint32_t i = 0; i < 256 + 64; i++) {
		uint64_t address = i < 256 ? 0xffff800000000000 + ((uint64_t)i << 39)
					   : 0xffffffff80000000 + ((uint64_t)(i - 256) << 18);
		struct child_end end;

		(void)format(text, sizeof(text), "%lx", address);
		test_note("%s", text);
		end = child_run(&request);
		CHECK_EQUAL(end.which, EXIT_RECORD_FAULTED);
		CHECK_EQUAL(end.cause, FAULT_CAUSE_PAGE_FAULT);
		CHECK_EQUAL(end.address, address);
	}
	test_report->check_address = 0;
}

#define PASSES(name)                             \
	{ #name,                                 \
	  name,                                  \
	  { .grants = TEST_SPAWNER | TEST_TIMER, \
	    .memory_bytes = 8 << 20,             \
	    .slots = 256,                        \
	    .threads = 8 } }

static const struct test_case cases[] = {
	PASSES(witnesses),
	PASSES(beside_faults),
	PASSES(fresh_processes),
	PASSES(flags_and_switches),
	PASSES(flags_and_faults),
	PASSES(direction_flag_and_spawn),
	PASSES(gs_toys),
	PASSES(gs_base),
	PASSES(kernel_half),
	HELPER(witness),
	HELPER(spin),
	HELPER(pollute),
	HELPER(pollute_wide),
	HELPER(pollute_gs),
	HELPER(gs_held),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
