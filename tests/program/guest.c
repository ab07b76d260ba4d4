// SPDX-License-Identifier: MIT
/*
 * What tests/program/process.c and ending.c start: programs that run, sleep, spin, end in every
 * way.  The case is the first argument; none is run by the runner itself.
 */
#include "tests/program/guest.h"

#include "schema/uart.client.h"

/* exit HEX */
static void exit_code(void)
{
	capos_exit((int32_t)test_argument_number(1));
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("pause");
}

static void sleep(void)
{
	for (;;)
		child_sleep_ms(submit_timer(), 1000);
}

/* Fill the ring for ever. */
static void busy_ring(void)
{
	struct ring_completion completion;

	for (;;) {
		for (uint32_t i = 0; i < 32; i++)
			submit_put(&(struct ring_submission){});
		(void)submit_enter(32, RING_NO_DEADLINE);
		while (submit_take(&completion))
			;
	}
}

/* Blocked in cap_enter with nothing that could end it before its deadline. */
static void block(void)
{
	for (;;)
		(void)submit_enter(1, UINT64_MAX - 1);
}

static void park_all(void)
{
	for (uint16_t tag = 0; tag < 30; tag++) {
		struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX, tag);

		wait.deadline_ns = (tag & 1) != 0 ? UINT64_MAX - tag : 0;
		submit_put(&wait);
	}
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	CHECK_EQUAL(submit_available(), 0);
}

static void park_read(void)
{
	struct message_builder m;
	struct ring_submission read;

	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), 64);
	uart_read_params_set_max_bytes(uart_read_params_init_root(&m), 8);
	read = submit_call(test_capability("uart", UART_INTERFACE_ID), UART_READ_METHOD,
			   (uint32_t)message_builder_finish(&m));
	read.tag = 50;
	submit_put(&read);
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	CHECK_EQUAL(submit_available(), 0);
}

static void parked(void)
{
	park_all();
	for (;;)
		(void)submit_enter(1, RING_NO_DEADLINE);
}

static void exit_parked(void)
{
	park_all();
	park_read();
}

static void fault_parked(void)
{
	park_all();
	park_read();
	__asm__ volatile("ud2");
}

/* Completions that nobody reads. */
static void exit_unread(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		submit_put(&(struct ring_submission){ .opcode = (uint8_t)(i & 7) });
		(void)submit_enter(0, RING_NO_WAIT);
	}
}

/* Submissions that the kernel never sees. */
static void exit_unsubmitted(void)
{
	park_all();
	for (uint16_t i = 0; i < 32; i++) {
		struct ring_submission wait = submit_wait(submit_timer(), UINT64_MAX, i);

		submit_put(&wait);
	}
}

static void brief(void)
{
	child_sleep_ms(submit_timer(), 15);
	capos_exit(5);
}

static void brief_note(void)
{
	child_sleep_ms(submit_timer(), 15);
	test_report->note[0] = '!';
}

static struct process_handle_client victim(void)
{
	return (struct process_handle_client){
		test_capability("victim", PROCESS_HANDLE_INTERFACE_ID),
	};
}

static void kill_victim(void)
{
	struct child_end end;

	CHECK_STATUS(process_handle_kill(victim()), STATUS_OK);
	end = child_wait(victim());
	CHECK_EQUAL(end.which, EXIT_RECORD_KILLED);
}

/* End with waits for another process parked. */
static void exit_waiting(void)
{
	static struct capos_call calls[10];
	struct capos_call_size size = { .result_bytes = 640 };
	struct process_handle_wait_params_builder params;

	for (uint32_t i = 0; i < 10; i++) {
		CHECK_STATUS(process_handle_wait_begin(&calls[i], victim(), size, &params),
			     STATUS_OK);
		CHECK_STATUS(capos_call_submit(&calls[i]), STATUS_OK);
	}
	CHECK_STATUS(capos_flush(), STATUS_OK);
}

static void fault_waiting(void)
{
	exit_waiting();
	__asm__ volatile("ud2");
}

static void find_long_name(void)
{
	uint64_t now;
	uint64_t id = test_capability("abcdefghijklmnopqrstuvwxyz_-0123", TIMER_INTERFACE_ID);

	CHECK_STATUS(timer_now((struct timer_client){ id }, &now), STATUS_OK);
}

/* Another one, that can start more. */
static struct child_request descendant(const char *name)
{
	struct child_request request = guest(name);

	request.grants[2] = (struct child_grant){ "spawner", child_spawner().id };
	return request;
}

/* Start itself with half of what it has until it cannot, then wait for all. */
static void bomb(void)
{
	struct child_request request = descendant("bomb");
	static struct process_handle_client processes[64];
	uint32_t count = 0;

	request.memory_bytes = 3 << 20;
	request.slots = 64;
	request.threads = 4;
	if (capos_argument_count() > 1) {
		request.memory_bytes = 1 << 20;
		request.slots = 16;
		request.threads = 1;
	}
	request.arguments[1] = "deeper";
	while (count < 64 && child_spawn(&request, &processes[count]) == STATUS_OK)
		count++;
	for (uint32_t i = 0; i < count; i++) {
		struct child_end end = child_wait(processes[i]);

		CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
		CHECK_EQUAL(end.code, 0);
	}
}

static void leave_orphan(void)
{
	struct child_request request = descendant("brief");

	for (uint32_t i = 0; i < 2; i++)
		(void)child_start(&request);
}

/* ud2 with every register and 128 bytes of stack known; it tells rip and rsp in the report. */
[[noreturn, gnu::noinline]] static void known_registers(uint8_t *stack, uint64_t *rip,
							uint64_t *rsp)
{
	__asm__ volatile("lea 1f(%%rip), %%rax; mov %%rax, (%1); mov %0, (%2); mov %0, %%rsp;"
			 "mov $0x1111111111111111, %%rax;"
			 "lea (%%rax, %%rax), %%rbx; lea (%%rax, %%rbx), %%rcx;"
			 "lea (%%rax, %%rcx), %%rdx; lea (%%rax, %%rdx), %%rsi;"
			 "lea (%%rax, %%rsi), %%rdi; lea (%%rax, %%rdi), %%rbp;"
			 "lea (%%rax, %%rbp), %%r8; lea (%%rax, %%r8), %%r9;"
			 "lea (%%rax, %%r9), %%r10; lea (%%rax, %%r10), %%r11;"
			 "lea (%%rax, %%r11), %%r12; lea (%%rax, %%r12), %%r13;"
			 "lea (%%rax, %%r13), %%r14; lea (%%rax, %%r14), %%r15;"
			 "1: ud2"
			 :
			 : "r"(stack), "r"(rip), "r"(rsp)
			 : "memory", "rax");
	__builtin_unreachable();
}

static void known_fault(void)
{
	static uint8_t stack[256];

	for (uint32_t i = 0; i < 128; i++)
		stack[i] = (uint8_t)(i + 1);
	known_registers(stack, &test_report->address, &test_report->error_code);
}

/* fault_with_stack HEX, or "top": eight bytes below the end of the stack. */
static void fault_with_stack(void)
{
	uint64_t top = (uint64_t)capos_thread_block() + sizeof(struct entry_thread_block);
	uint64_t rsp = test_is(capos_argument(1), "top") ? ((top + 4095) & ~4095ULL) - 8
							 : test_argument_number(1);

	__asm__ volatile("mov %0, %%rsp; ud2" : : "r"(rsp) : "memory");
}

static const struct test_case cases[] = {
	{ "exit", exit_code, { .end = TEST_HELPER } },
	HELPER(spin),
	HELPER(sleep),
	HELPER(busy_ring),
	HELPER(block),
	HELPER(parked),
	HELPER(exit_parked),
	HELPER(fault_parked),
	HELPER(exit_unread),
	HELPER(exit_unsubmitted),
	HELPER(brief),
	HELPER(brief_note),
	HELPER(find_long_name),
	HELPER(bomb),
	HELPER(leave_orphan),
	HELPER(known_fault),
	HELPER(fault_with_stack),
	HELPER(kill_victim),
	HELPER(exit_waiting),
	HELPER(fault_waiting),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
