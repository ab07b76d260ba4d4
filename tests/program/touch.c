// SPDX-License-Identifier: MIT
/*
 * Memory that a program may not touch in one way or another: each touch ends its process with a
 * page fault at that very address.  Which rule it broke shows in the error code.
 */
#include "tests/program/pages.h"

constexpr uint64_t PRESENT = 1;
constexpr uint64_t WRITE = 2;
constexpr uint64_t USER = 4;
constexpr uint64_t FETCH = 16;

static const uint64_t constant = 0x1122334455667788;
static uint64_t variable = 0xc3c3c3c3c3c3c3c3; /* RET, eight times */

static void read_at(uint64_t address)
{
	test_expect_address(address);
	test_expect_error(USER, USER | WRITE | FETCH);
	__asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
}

static void write_at(uint64_t address)
{
	test_expect_address(address);
	test_expect_error(USER | WRITE, USER | WRITE | FETCH);
	__asm__ volatile("movb $0, (%0)" : : "r"(address) : "memory");
}

static void jump_to(uint64_t address)
{
	test_expect_address(address);
	test_expect_error(USER | FETCH, USER | WRITE | FETCH);
	__asm__ volatile("call *%0" : : "r"(address) : "memory", "rax");
}

/* As write_at and jump_to, of a page that is there. */
static void write_present(uint64_t address)
{
	(void)*(volatile uint8_t *)address;
	test_expect_address(address);
	test_expect_error(PRESENT | USER | WRITE, PRESENT | USER | WRITE | FETCH);
	__asm__ volatile("movb $0, (%0)" : : "r"(address) : "memory");
}

static void jump_present(uint64_t address)
{
	(void)*(volatile uint8_t *)address;
	test_expect_address(address);
	test_expect_error(PRESENT | USER | FETCH, PRESENT | USER | WRITE | FETCH);
	__asm__ volatile("call *%0" : : "r"(address) : "memory", "rax");
}

static void read_null(void)
{
	read_at(0);
}

static void write_null(void)
{
	write_at(0);
}

static void jump_null(void)
{
	jump_to(0);
}

static void read_below_code(void)
{
	read_at(0x3ff000);
}

/* "address HEX" of another case's choice. */
static void read_argument(void)
{
	read_at(test_argument_number(1));
}

static void read_kernel_text(void)
{
	read_at(0xffffffff80100000);
}

static void write_kernel_text(void)
{
	write_at(0xffffffff80100000);
}

static void jump_kernel_text(void)
{
	jump_to(0xffffffff80100000);
}

static void read_kernel_half(void)
{
	read_at(0xffff800000000000);
}

static void write_kernel_half(void)
{
	write_at(0xffff800000001000);
}

static void jump_kernel_half(void)
{
	jump_to(0xffff800000001000);
}

static void read_last_byte(void)
{
	read_at(UINT64_MAX);
}

static void read_last_user_page(void)
{
	read_at(0x00007ffffffff000);
}

static void jump_last_user_page(void)
{
	jump_to(0x00007fffffffffff);
}

static void read_past_512_gib(void)
{
	read_at(0x8000000000);
}

static void write_text(void)
{
	write_present((uint64_t)write_text);
}

static void write_constant(void)
{
	write_present((uint64_t)&constant);
}

static void jump_constant(void)
{
	jump_present((uint64_t)&constant);
}

static void jump_data(void)
{
	jump_present((uint64_t)&variable);
}

static void jump_stack(void)
{
	volatile uint8_t code[8] = { 0xc3 };

	jump_present((uint64_t)code);
}

static void jump_heap(void)
{
	uint8_t *code = capos_allocate(64);

	CHECK(code != nullptr);
	code[0] = 0xc3;
	jump_present((uint64_t)code);
}

static void jump_ring(void)
{
	uint8_t *code = capos_arena_at(capos_ring(), 64);

	code[0] = 0xc3;
	jump_present((uint64_t)code);
}

static void jump_report(void)
{
	test_report->note[0] = (char)0xc3;
	jump_present((uint64_t)test_report->note);
}

static uint64_t capset(void)
{
	return capos_thread_block()->runtime[CAPOS_RUNTIME_CAPSET];
}

static void write_capset(void)
{
	write_present(capset());
}

static void write_capset_tail(void)
{
	write_present(capset() + capos_thread_block()->runtime[CAPOS_RUNTIME_CAPSET_BYTES] - 1);
}

static void jump_capset(void)
{
	jump_present(capset());
}

static void past_ring(void)
{
	read_at((uint64_t)capos_ring() + capos_ring()->block_bytes);
}

/* Push until the stack ends; nothing but a guard may lie there. */
static void stack_overflow(void)
{
	__asm__ volatile("1: push %%rax; jmp 1b" : : : "memory");
}

/* The page under the lowest page of the stack, found by walking down. */
static void stack_guard_jump(void)
{
	__asm__ volatile("1: sub $4096, %%rsp; testb $0, (%%rsp); jmp 1b" : : : "memory");
}

static void past_stack_top(void)
{
	uint64_t top = (uint64_t)capos_thread_block() + sizeof(struct entry_thread_block);

	read_at((top + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1));
}

static void write_read_only(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);

	write_present(pages_map(object, PAGE_BYTES, PROTECTION_READ));
}

static void write_after_protect(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);

	*pages_at(address) = 1;
	CHECK_STATUS(
		virtual_memory_protect(test_memory(), address, PAGE_BYTES, PROTECTION_READ),
		STATUS_OK);
	write_present(address);
}

static void read_after_protect_none(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);

	*pages_at(address) = 1;
	CHECK_STATUS(
		virtual_memory_protect(test_memory(), address, PAGE_BYTES, PROTECTION_NONE),
		STATUS_OK);
	read_at(address);
}

static void read_after_unmap(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);

	*pages_at(address) = 1;
	pages_unmap(address, PAGE_BYTES);
	read_at(address);
}

static void read_reserved(void)
{
	uint64_t address = 0;

	CHECK_STATUS(virtual_memory_reserve(test_memory(), PAGE_BYTES, &address), STATUS_OK);
	read_at(address);
}

static void jump_committed(void)
{
	uint64_t address = 0;

	CHECK_STATUS(virtual_memory_reserve(test_memory(), PAGE_BYTES, &address), STATUS_OK);
	CHECK_STATUS(virtual_memory_commit(test_memory(), address, PAGE_BYTES), STATUS_OK);
	*pages_at(address) = 0xc3;
	jump_present(address);
}

static void write_code_page(void)
{
	static const uint8_t code[] = { 0xc3 };
	struct memory_object_client object = pages_code(code, sizeof(code), 0);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_EXECUTE);

	__asm__ volatile("call *%0" : : "r"(address) : "memory");
	write_present(address);
}

static void jump_sealed_data(void)
{
	static const uint8_t code[] = { 0xc3 };
	struct memory_object_client object = pages_code(code, sizeof(code), 0);

	jump_present(pages_map(object, PAGE_BYTES, PROTECTION_READ));
}

/* The last two bytes of a page are SYSCALL; it comes back to the page after, which is not
 * there.
 */
static void syscall_at(uint64_t wanted)
{
	static const uint8_t code[] = { 0x0f, 0x05 };
	struct memory_object_client object =
		pages_code(code, sizeof(code), PAGE_BYTES - sizeof(code));
	uint64_t address = 0;
	enum status status =
		virtual_memory_map(test_memory(), object, 0, PAGE_BYTES,
				   PROTECTION_READ_EXECUTE, wanted, true, &address);

	CHECK_STATUS(status, STATUS_OK);
	test_expect_address(address + PAGE_BYTES);
	test_expect_error(USER | FETCH, USER | WRITE | FETCH);
	__asm__ volatile("call *%0"
			 :
			 : "r"(address + PAGE_BYTES - sizeof(code)), "a"(77)
			 : "memory", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
}

static void syscall_before_hole(void)
{
	syscall_at(0);
}

/* The highest page that can be had: where SYSRET to a non-canonical address would be. */
static void syscall_at_top(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = 0;
	uint64_t top = 0x0000800000000000;

	for (uint32_t shift = 46; shift >= 12; shift--) {
		uint64_t step = 1ULL << shift;
		enum status status =
			virtual_memory_map(test_memory(), object, 0, PAGE_BYTES,
					   PROTECTION_READ, top - step, true, &address);

		if (status == STATUS_OK)
			pages_unmap(address, PAGE_BYTES);
		else
			top -= step;
	}
	test_note("top %lx", top);
	CHECK(top <= 0x00007ffffffff000);
	syscall_at(top - PAGE_BYTES);
}

#define PAGE_FAULT \
	{ .end = TEST_FAULTS, .cause = FAULT_CAUSE_PAGE_FAULT, .vector = 14, .timeout_s = 5 }
#define CASE(name) { #name, name, PAGE_FAULT }

static const struct test_case cases[] = {
	{ "read_argument", read_argument, { .end = TEST_HELPER } },
	CASE(read_null),
	CASE(write_null),
	CASE(jump_null),
	CASE(read_below_code),
	CASE(read_kernel_text),
	CASE(write_kernel_text),
	CASE(jump_kernel_text),
	CASE(read_kernel_half),
	CASE(write_kernel_half),
	CASE(jump_kernel_half),
	CASE(read_last_byte),
	CASE(read_last_user_page),
	CASE(jump_last_user_page),
	CASE(read_past_512_gib),
	CASE(write_text),
	CASE(write_constant),
	CASE(jump_constant),
	CASE(jump_data),
	CASE(jump_stack),
	CASE(jump_heap),
	CASE(jump_ring),
	CASE(jump_report),
	CASE(write_capset),
	CASE(write_capset_tail),
	CASE(jump_capset),
	CASE(past_ring),
	CASE(stack_overflow),
	CASE(stack_guard_jump),
	CASE(past_stack_top),
	CASE(write_read_only),
	CASE(write_after_protect),
	CASE(read_after_protect_none),
	CASE(read_after_unmap),
	CASE(read_reserved),
	CASE(jump_committed),
	CASE(write_code_page),
	CASE(jump_sealed_data),
	CASE(syscall_before_hole),
	CASE(syscall_at_top),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
