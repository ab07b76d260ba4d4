// SPDX-License-Identifier: MIT
/*
 * Memory that is lent by a facet: a reader loses it when the facet is revoked, wherever it runs
 * and however it has cut its mapping up; a sealed object stays with it.
 */
#include "tests/program/child.h"
#include "tests/program/pages.h"

#include "schema/account.client.h"

constexpr uint64_t BYTES = 4 * PAGE_BYTES;
constexpr uint64_t BLOCK = 2 << 20;
constexpr uint8_t MARK = 77;

/* A page fault by a read of a page that is not there. */
constexpr uint64_t PRESENT_WRITE_FETCH = 1 | 2 | 16;
constexpr uint64_t USER = 4;

struct loan {
	struct memory_object_client object; /* the own one */
	struct memory_object_client facet;  /* what others get */
	struct facet_control_client control;
};

static void lend_of(uint64_t capability, struct loan *loan)
{
	struct account_client account = { test_capability("account", ACCOUNT_INTERFACE_ID) };

	CHECK_STATUS(account_derive(account, capability, TRANSFER_SCOPE_SAME_SESSION,
				    &loan->facet.id, &loan->control),
		     STATUS_OK);
}

static struct loan lend(void)
{
	struct loan loan = { .object = pages_create(BYTES) };

	lend_of(loan.object.id, &loan);
	return loan;
}

/* Read where nothing is any more. */
[[noreturn]] static void fault_at(uint64_t address)
{
	test_expect_address(address);
	test_expect_error(USER, USER | PRESENT_WRITE_FETCH);
	__asm__ volatile("movb (%0), %%al" : : "r"(address) : "rax", "memory");
	test_fail("lend", "%lx could still be read", address);
}

/* What the processor may remember of this address space is forgotten. */
static void read_after_revoke(void)
{
	struct loan loan = lend();
	uint64_t address = pages_map(loan.facet, BYTES, PROTECTION_READ_WRITE);

	*pages_at(address + PAGE_BYTES) = MARK;
	CHECK_EQUAL(*pages_at(address + PAGE_BYTES), MARK);
	CHECK_STATUS(facet_control_revoke(loan.control), STATUS_OK);
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, BYTES), STATUS_NOT_MAPPED);
	fault_at(address + PAGE_BYTES);
}

static void read_piece_after_revoke(void)
{
	struct loan loan = lend();
	uint64_t address = pages_map(loan.facet, BYTES, PROTECTION_READ_WRITE);

	pages_unmap(address + PAGE_BYTES, PAGE_BYTES);
	CHECK_STATUS(virtual_memory_protect(test_memory(), address + 3 * PAGE_BYTES, PAGE_BYTES,
					    PROTECTION_READ),
		     STATUS_OK);
	CHECK_EQUAL(*pages_at(address + 3 * PAGE_BYTES), 0);
	CHECK_STATUS(facet_control_revoke(loan.control), STATUS_OK);
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, BYTES), STATUS_NOT_MAPPED);
	fault_at(address + 3 * PAGE_BYTES);
}

static void read_after_parents_revoke(void)
{
	struct loan loan = lend();
	struct loan child;
	uint64_t address;

	lend_of(loan.facet.id, &child);
	address = pages_map(child.facet, BYTES, PROTECTION_READ);
	CHECK_EQUAL(*pages_at(address), 0);
	CHECK_STATUS(facet_control_revoke(loan.control), STATUS_OK);
	fault_at(address);
}

/* The own capability is as good as ever. */
static void own_mapping_stays(void)
{
	struct loan loan = lend();
	uint64_t own = pages_map(loan.object, BYTES, PROTECTION_READ_WRITE);
	uint64_t lent = pages_map(loan.facet, BYTES, PROTECTION_READ);
	uint64_t address;

	*pages_at(own) = MARK;
	CHECK_EQUAL(*pages_at(lent), MARK);
	CHECK_STATUS(facet_control_revoke(loan.control), STATUS_OK);
	CHECK_EQUAL(*pages_at(own), MARK);
	CHECK_STATUS(pages_try_map(loan.facet, BYTES, PROTECTION_READ, &address),
		     STATUS_REVOKED);
	CHECK_STATUS(memory_object_seal(loan.facet), STATUS_REVOKED);
	CHECK_STATUS(pages_try_map(loan.object, BYTES, PROTECTION_READ, &address), STATUS_OK);
}

static void sealed_mapping_stays(void)
{
	struct loan loan = lend();
	uint64_t address = pages_map(loan.object, BYTES, PROTECTION_READ_WRITE);

	*pages_at(address) = MARK;
	pages_unmap(address, BYTES);
	CHECK_STATUS(memory_object_seal(loan.facet), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), loan.facet, 0, BYTES, PROTECTION_READ, 0,
					false, &address),
		     STATUS_OK);
	CHECK_STATUS(facet_control_revoke(loan.control), STATUS_OK);
	capos_release(loan.object.id);
	CHECK_EQUAL(*pages_at(address), MARK);
	CHECK_EQUAL(*pages_at(address + 3 * PAGE_BYTES), 0);
}

/* --- In another process ------------------------------------------------------------------- */

/* Answer, then read on until it is over. */
static void child_reads(void)
{
	struct memory_object_client shared = { test_capability("shared",
							       MEMORY_OBJECT_INTERFACE_ID) };
	uint64_t address = pages_map(shared, BYTES, PROTECTION_READ_WRITE);

	test_expect_address(address);
	*pages_at(address) = MARK;
	for (;;)
		(void)*pages_at(address);
}

/* The reader never enters the kernel: its time is up, and then its memory is gone. */
static void reader_elsewhere(void)
{
	struct loan loan = lend();
	uint64_t address = pages_map(loan.object, BYTES, PROTECTION_READ);
	struct child_request child = {
		.binary = "lend",
		.arguments = { "child_reads" },
		.grants = { { "report", child_report() }, { "shared", loan.facet.id } },
		.memory_bytes = 1 << 20,
		.slots = 32,
		.threads = 1,
	};
	struct process_handle_client process = child_start(&child);
	struct child_end end;

	while (*pages_at(address) == 0)
		(void)capos_flush();
	CHECK_STATUS(facet_control_revoke(loan.control), STATUS_OK);
	end = child_wait(process);
	CHECK_EQUAL(end.which, EXIT_RECORD_FAULTED);
	CHECK_EQUAL(end.cause, FAULT_CAUSE_PAGE_FAULT);
	CHECK_EQUAL(end.address % PAGE_BYTES, 0);
	CHECK_EQUAL(*pages_at(address), MARK);
}

#define FAULTS(name)                         \
	{ #name,                             \
	  name,                              \
	  { .end = TEST_FAULTS,              \
	    .cause = FAULT_CAUSE_PAGE_FAULT, \
	    .vector = 14,                    \
	    .timeout_s = 5 } }

static const struct test_case cases[] = {
	FAULTS(read_after_revoke),
	FAULTS(read_piece_after_revoke),
	FAULTS(read_after_parents_revoke),
	{ "own_mapping_stays", own_mapping_stays, {} },
	{ "sealed_mapping_stays", sealed_mapping_stays, {} },
	{ "reader_elsewhere",
	  reader_elsewhere,
	  { .grants = TEST_SPAWNER, .threads = 4, .memory_bytes = BLOCK } },
	HELPER(child_reads),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
