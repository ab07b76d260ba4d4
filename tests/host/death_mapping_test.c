// SPDX-License-Identifier: MIT
/*
 * Host test of the death matrix's mappings (death_matrix.c): each cell is played by a lender
 * and a borrower, who has mapped what the lender made.  When both have gone every account has
 * everything back.
 */
#include "tests/host/death_matrix.h"
#include "tests/host/ipc_parties.h"

#include <stdio.h>

constexpr uint64_t BYTES = 2 * PAGE_SIZE;

static struct party lender;
static struct party borrower;
static uint64_t memory;          /* the lender's */
static struct made_facet parent; /* of it */
static struct made_facet facet;  /* of that */
static uint64_t slot;            /* the borrower's, that it maps */
static uint64_t place;

static void lend(enum mapped mapped)
{
	struct program *program = &lender.program;

	party_start(&lender);
	party_start(&borrower);
	program_run(program);
	assert_int_equal(create_object(program, BYTES, &memory), STATUS_OK);
	assert_int_equal(derive(program, memory, TRANSFER_SCOPE_SAME_SESSION, &parent),
			 STATUS_OK);
	assert_int_equal(derive(program, parent.facet, TRANSFER_SCOPE_SAME_SESSION, &facet),
			 STATUS_OK);
	if (mapped == MAPPED_SEALED_FACET)
		assert_int_equal(seal_object(program, memory), STATUS_OK);
	slot = party_share(&borrower, program, mapped == MAPPED_OBJECT ? memory : facet.facet);
}

static bool can_touch(void)
{
	struct process *process = borrower.program.process;

	return process->has_space &&
	       address_space_fault(&process->space, place, HAL_ACCESS_READ);
}

static void borrow(void)
{
	program_run(&borrower.program);
	assert_int_equal(map_object(&borrower.program,
				    (struct mapping_request){ .memory = slot,
							      .length_bytes = BYTES,
							      .protection = PROTECTION_READ },
				    &place),
			 STATUS_OK);
	assert_true(can_touch());
}

static void revoke_by_lender(const struct made_facet *made)
{
	program_run(&lender.program);
	assert_int_equal(revoke(&lender.program, made->control), STATUS_OK);
}

static void release_by(struct party *party, uint64_t capability)
{
	program_run(&party->program);
	assert_int_equal(release(&party->program, capability), STATUS_OK);
}

static void close_account_of(struct party *party)
{
	program_run(&party->program);
	assert_int_equal(
		close_account(&party->program, program_capability(&party->program, "account")),
		STATUS_OK);
}

static void kill(const struct party *party)
{
	program_run(&first);
	assert_int_equal(kill_process(&first, party->handle), STATUS_OK);
}

static void happen(enum mapped_event event)
{
	switch (event) {
	case MAPPED_EVENT_SLOT_RELEASED:
		release_by(&borrower, slot);
		return;
	case MAPPED_EVENT_SEALED_THEN_REVOKED:
		program_run(&lender.program);
		assert_int_equal(seal_object(&lender.program, memory), STATUS_OK);
		[[fallthrough]];
	case MAPPED_EVENT_FACET_REVOKED:
		revoke_by_lender(&facet);
		return;
	case MAPPED_EVENT_PARENT_REVOKED:
		revoke_by_lender(&parent);
		return;
	case MAPPED_EVENT_LENDER_RELEASES:
		release_by(&lender, memory);
		return;
	case MAPPED_EVENT_LENDER_ENDS:
		kill(&lender);
		return;
	case MAPPED_EVENT_PROCESS_ENDS:
		kill(&borrower);
		return;
	case MAPPED_EVENT_ACCOUNT_CLOSED:
		close_account_of(&borrower);
		return;
	case MAPPED_EVENT_LENDER_ACCOUNT_CLOSED:
		close_account_of(&lender);
		return;
	case MAPPED_EVENT_COUNT:
		break;
	}
	fail();
}

static void play(enum mapped mapped, enum mapped_event event)
{
	struct supply_report before = kernel_balance();

	fprintf(stderr, "%s; %s\n", death_matrix_mapped(mapped),
		death_matrix_mapped_event(event));
	lend(mapped);
	borrow();
	happen(event);
	(void)kernel_settle();
	kernel_check();
	assert_int_equal(can_touch(), death_matrix_mapping_stays(mapped, event));
	party_end(&lender);
	party_end(&borrower);
	assert_balance(before);
}

static void each_cell_is_as_the_table_says(void **)
{
	for (uint32_t m = 0; m < MAPPED_COUNT; m++)
		for (uint32_t e = 0; e < MAPPED_EVENT_COUNT; e++) {
			(void)kernel_setup(nullptr);
			play((enum mapped)m, (enum mapped_event)e);
			(void)kernel_teardown(nullptr);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_is_as_the_table_says),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
