// SPDX-License-Identifier: MIT
/*
 * Host test of transfer.c: the table of scopes, cell by cell as CALL and RETURN decide it, and
 * every chain of up to three facets against the table taken for each of them alone.  Sessions
 * are set in the processes directly.
 */
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "kernel/core/transfer.h"
#include "tests/host/ipc_parties.h"
#include "tests/host/transfer_scopes.h"

#include <stdio.h>
#include <string.h>

enum role : uint8_t { OWNER, MAKER, HOLDER, RECEIVER, ROLE_COUNT };

constexpr size_t TEXT_BYTES = 8192;

static struct supply_report before;
static struct session sessions[2];
static struct party parties[ROLE_COUNT];
static uint64_t own[ROLE_COUNT];                  /* each has an endpoint */
static uint64_t callable[ROLE_COUNT][ROLE_COUNT]; /* and each a facet of each other's */
static uint64_t tested[ROLE_COUNT];               /* the facet in question, of the owner's */
static struct facet *facet;                       /* the same */

static struct process *process_of(enum role role)
{
	return parties[role].program.process;
}

static void make_endpoint(enum role role)
{
	struct program *program = &parties[role].program;
	struct made_facet made;

	program_run(program);
	assert_int_equal(create_endpoint(program, 4, &own[role]), STATUS_OK);
	assert_int_equal(
		make_client(program, own[role], TRANSFER_SCOPE_SERVICE_REGRANT_ONLY, &made),
		STATUS_OK);
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		callable[i][role] = party_share(&parties[i], program, made.facet);
}

static int four_parties(void **state)
{
	struct made_facet made;

	(void)kernel_setup(state);
	before = kernel_balance();
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		party_start(&parties[i]);
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		make_endpoint((enum role)i);
	program_run(&parties[OWNER].program);
	assert_int_equal(make_client(&parties[OWNER].program, own[OWNER],
				     TRANSFER_SCOPE_SAME_SESSION, &made),
			 STATUS_OK);
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		tested[i] = party_share(&parties[i], &parties[OWNER].program, made.facet);
	facet = facet_of(party_object(&parties[OWNER], made.facet));
	facet->maker = process_of(MAKER)->number;
	return 0;
}

static int all_gone(void **state)
{
	(void)kernel_settle();
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		party_check(&parties[i]);
	for (uint32_t i = 0; i < ROLE_COUNT; i++)
		party_end(&parties[i]);
	assert_balance(before);
	return kernel_teardown(state);
}

/* --- By CALL and by RETURN -----------------------------------------------------------------
 */

static void receive(enum role role)
{
	program_run(&parties[role].program);
	submit_receive(&parties[role].program, own[role], 2);
	party_enter(&parties[role]);
}

static void answer(enum role role, const struct sent *sent)
{
	submit_return(&parties[role].program, parties[role].completion[2].word, 1, sent, 3);
	party_enter(&parties[role]);
}

/* A copy of what the sender holds goes along with a call of the receiver. */
static enum status send_by_call(enum role from, uint64_t capability, enum role to)
{
	struct sent sent = { .capability = { capability }, .count = 1 };
	enum status status = STATUS_OK;

	party_forget(&parties[from]);
	party_forget(&parties[to]);
	receive(to);
	program_run(&parties[from].program);
	submit_call(&parties[from].program, callable[from][to], 1, &sent, 1);
	party_enter(&parties[from]);
	party_settle(&parties[to]);
	program_run(&parties[to].program);
	if (parties[from].count[1] != 0) {
		status = party_status(&parties[from], 1);
		/* The receive does not hear of it. */
		assert_int_equal(parties[to].count[2], 0);
		submit_cancel(&parties[to].program, 2, 4);
		party_enter(&parties[to]);
		return status;
	}
	assert_int_equal(release(&parties[to].program,
				 received_capability(&parties[to].program, 2, 0).capability),
			 STATUS_OK);
	answer(to, nullptr);
	party_settle(&parties[from]);
	return status;
}

/* Likewise with the answer to a call. */
static enum status send_by_return(enum role from, uint64_t capability, enum role to)
{
	struct sent sent = { .capability = { capability }, .count = 1 };
	enum status status;

	party_forget(&parties[from]);
	party_forget(&parties[to]);
	program_run(&parties[to].program);
	submit_call(&parties[to].program, callable[to][from], 1, nullptr, 1);
	party_enter(&parties[to]);
	receive(from);
	answer(from, &sent);
	status = party_status(&parties[from], 3);
	party_settle(&parties[to]);
	/* Refused, the call is open still. */
	assert_int_equal(parties[to].count[1], status == STATUS_OK);
	if (status != STATUS_OK) {
		answer(from, nullptr);
		party_settle(&parties[to]);
		return status;
	}
	program_run(&parties[to].program);
	assert_int_equal(release(&parties[to].program,
				 answered_capability(&parties[to].program, 1, 0).capability),
			 STATUS_OK);
	return status;
}

/* Who sends and receives in a case, and in which sessions they are. */
struct arrangement {
	enum role from;
	enum role to;
	const struct session *from_session;
	const struct session *to_session;
	const struct session *bound;
};

static const struct session *const one = &sessions[0];
static const struct session *const two = &sessions[1];

static struct arrangement arrangement_of(enum scope_case scope_case)
{
	switch (scope_case) {
	case SCOPE_BY_OWNER:
		return (struct arrangement){ OWNER, RECEIVER, one, two, one };
	case SCOPE_BY_MAKER:
		return (struct arrangement){ MAKER, RECEIVER, one, two, one };
	case SCOPE_TO_OWNER:
		return (struct arrangement){ HOLDER, OWNER, one, two, one };
	case SCOPE_TO_ITS_SESSION:
		return (struct arrangement){ HOLDER, RECEIVER, one, two, two };
	case SCOPE_TO_OTHER_SESSION:
		return (struct arrangement){ HOLDER, RECEIVER, one, two, one };
	case SCOPE_UNBOUND_TO_SENDERS:
		return (struct arrangement){ HOLDER, RECEIVER, one, one, nullptr };
	case SCOPE_UNBOUND_TO_OTHER:
		return (struct arrangement){ HOLDER, RECEIVER, one, two, nullptr };
	case SCOPE_CASE_COUNT:
		break;
	}
	fail();
	return (struct arrangement){ 0 };
}

static void arrange(struct arrangement what, enum transfer_scope scope)
{
	process_of(what.from)->session = what.from_session;
	process_of(what.to)->session = what.to_session;
	facet->session = what.bound;
	facet->scope = scope;
}

static void call_and_return_keep_to_the_table(void **)
{
	for (uint32_t c = 0; c < SCOPE_CASE_COUNT; c++)
		for (uint32_t s = 0; s < SCOPE_COUNT; s++) {
			struct arrangement what = arrangement_of((enum scope_case)c);
			enum transfer_scope scope = (enum transfer_scope)s;
			bool allowed = transfer_scopes_allow((enum scope_case)c, scope);
			enum status expected = allowed ? STATUS_OK : STATUS_TRANSFER_SCOPE;

			arrange(what, scope);
			assert_int_equal(send_by_call(what.from, tested[what.from], what.to),
					 expected);
			assert_int_equal(send_by_return(what.from, tested[what.from], what.to),
					 expected);
			assert_ptr_equal(facet->session, what.bound);
		}
}

static void owner_and_maker_bind_what_was_unbound(void **)
{
	static const enum role senders[] = { OWNER, MAKER };

	for (uint32_t i = 0; i < 2; i++) {
		arrange((struct arrangement){ senders[i], RECEIVER, one, two, nullptr },
			TRANSFER_SCOPE_SAME_SESSION);
		assert_int_equal(send_by_call(senders[i], tested[senders[i]], RECEIVER),
				 STATUS_OK);
		assert_ptr_equal(facet->session, two);
		/* It stays so. */
		process_of(RECEIVER)->session = one;
		assert_int_equal(send_by_return(senders[i], tested[senders[i]], RECEIVER),
				 STATUS_OK);
		assert_ptr_equal(facet->session, two);
	}
}

/* --- By spawn ------------------------------------------------------------------------------
 */

/* The first process grants it to a child, which is of its session. */
static enum status send_by_spawn(uint64_t capability, const struct session *bound,
				 enum transfer_scope scope)
{
	enum status status;
	uint64_t child;

	facet->session = bound;
	facet->scope = scope;
	program_run(&first);
	status = spawn_child(&first, 0, capability, &child);
	if (status != STATUS_OK)
		return status;
	assert_ptr_equal(process_behind(&first, child)->session, one);
	assert_int_equal(kill_process(&first, child), STATUS_OK);
	(void)kernel_settle();
	program_run(&first);
	assert_int_equal(release(&first, child), STATUS_OK);
	return status;
}

static void spawn_keeps_to_the_table(void **)
{
	static const struct {
		enum scope_case scope_case;
		const struct session *bound;
	} cases[] = {
		{ SCOPE_TO_ITS_SESSION, &sessions[0] },
		{ SCOPE_TO_OTHER_SESSION, &sessions[1] },
		{ SCOPE_UNBOUND_TO_SENDERS, nullptr },
		{ SCOPE_BY_MAKER, &sessions[1] },
	};
	uint64_t capability;

	first.process->session = one;
	assert_int_equal(process_reserve_slots(first.process, 1), STATUS_OK);
	capability = process_insert_reserved(first.process, object_get(&facet->object)).raw;
	for (uint32_t i = 0; i < 4 * SCOPE_COUNT; i++) {
		enum transfer_scope scope = (enum transfer_scope)(i % SCOPE_COUNT);
		enum scope_case scope_case = cases[i / SCOPE_COUNT].scope_case;
		bool allowed = transfer_scopes_allow(scope_case, scope);

		if (scope_case == SCOPE_BY_MAKER)
			facet->maker = first.process->number;
		assert_int_equal(send_by_spawn(capability, cases[i / SCOPE_COUNT].bound, scope),
				 allowed ? STATUS_OK : STATUS_TRANSFER_SCOPE);
	}
	program_run(&first);
	assert_int_equal(release(&first, capability), STATUS_OK);
}

/* --- Chains --------------------------------------------------------------------------------
 */

constexpr uint32_t CHAIN_MAX = 3;
/* Scope; made by the maker or the holder; bound to none, one or two. */
constexpr uint32_t LEVEL_KINDS = 3 * 2 * 3;

static struct facet *chain[CHAIN_MAX]; /* [0] was derived from nothing */

static void set_level(struct facet *level, uint32_t kind)
{
	const struct session *bound[] = { nullptr, one, two };

	level->scope = (enum transfer_scope)(kind % 3);
	level->maker = process_of(kind / 3 % 2 == 0 ? MAKER : HOLDER)->number;
	level->session = bound[kind / 6];
}

/* What the table says of one facet, which counts as bound to session. */
static bool table_allows(const struct facet *level, const struct session *session,
			 enum role from, enum role to)
{
	enum scope_case scope_case;

	if (level->endpoint != nullptr && from == OWNER)
		scope_case = SCOPE_BY_OWNER;
	else if (level->maker == process_of(from)->number)
		scope_case = SCOPE_BY_MAKER;
	else if (level->endpoint != nullptr && to == OWNER)
		scope_case = SCOPE_TO_OWNER;
	else if (session == nullptr)
		scope_case = process_of(from)->session == process_of(to)->session
				     ? SCOPE_UNBOUND_TO_SENDERS
				     : SCOPE_UNBOUND_TO_OTHER;
	else
		scope_case = session == process_of(to)->session ? SCOPE_TO_ITS_SESSION
								: SCOPE_TO_OTHER_SESSION;
	return transfer_scopes_allow(scope_case, level->scope);
}

/* Every facet must allow it; one bound to nothing counts as bound to what was derived of it. */
static bool chain_allows(uint32_t count, enum role from, enum role to)
{
	const struct session *session = nullptr;

	for (uint32_t i = count; i-- > 0;) {
		if (chain[i]->session != nullptr)
			session = chain[i]->session;
		if (!table_allows(chain[i], session, from, to))
			return false;
	}
	return true;
}

static void check_pairs(uint32_t count)
{
	for (uint32_t from = 0; from < ROLE_COUNT; from++)
		for (uint32_t to = 0; to < ROLE_COUNT; to++) {
			bool allowed = from == to ||
				       chain_allows(count, (enum role)from, (enum role)to);

			assert_int_equal(transfer_check(&chain[count - 1]->object,
							process_of((enum role)from),
							process_of((enum role)to)),
					 allowed ? STATUS_OK : STATUS_TRANSFER_SCOPE);
		}
}

static void check_chain(void)
{
	uint32_t kinds = 1;

	process_of(OWNER)->session = one;
	process_of(MAKER)->session = two;
	process_of(HOLDER)->session = one;
	for (uint32_t count = 1; count <= CHAIN_MAX; count++) {
		kinds *= LEVEL_KINDS;
		for (uint32_t k = 0; k < kinds; k++) {
			for (uint32_t i = 0, rest = k; i < count; i++, rest /= LEVEL_KINDS)
				set_level(chain[i], rest % LEVEL_KINDS);
			process_of(RECEIVER)->session = one;
			check_pairs(count);
			process_of(RECEIVER)->session = two;
			check_pairs(count);
		}
	}
}

/* Derived by the holder, one of another. */
static void derive_chain(uint64_t from)
{
	struct made_facet made = { .facet = from };

	for (uint32_t i = 0; i < CHAIN_MAX; i++) {
		if (i != 0 || !object_is_facet(party_object(&parties[HOLDER], from)))
			assert_int_equal(derive(&parties[HOLDER].program, made.facet,
						TRANSFER_SCOPE_SAME_SESSION, &made),
					 STATUS_OK);
		chain[i] = facet_of(party_object(&parties[HOLDER], made.facet));
	}
}

static void every_facet_of_a_chain_must_allow_it(void **)
{
	program_run(&parties[HOLDER].program);
	derive_chain(tested[HOLDER]);
	check_chain();
	derive_chain(
		party_share(&parties[HOLDER], &first, program_capability(&first, "timer")));
	check_chain();
}

/* A holder derives a facet of every scope, and sends that. */
static void deriving_never_widens(void **)
{
	struct made_facet made;

	for (uint32_t s = 0; s < SCOPE_COUNT * SCOPE_COUNT; s++) {
		enum transfer_scope kept = (enum transfer_scope)(s % SCOPE_COUNT);
		bool allowed = transfer_scopes_allow(SCOPE_TO_OTHER_SESSION, kept);
		enum status expected = allowed ? STATUS_OK : STATUS_TRANSFER_SCOPE;

		arrange((struct arrangement){ HOLDER, RECEIVER, one, two, one }, kept);
		program_run(&parties[HOLDER].program);
		assert_int_equal(derive(&parties[HOLDER].program, tested[HOLDER],
					(enum transfer_scope)(s / SCOPE_COUNT), &made),
				 STATUS_OK);
		assert_int_equal(send_by_call(HOLDER, made.facet, RECEIVER), expected);
		assert_int_equal(send_by_return(HOLDER, made.facet, RECEIVER), expected);
		program_run(&parties[HOLDER].program);
		assert_int_equal(release(&parties[HOLDER].program, made.facet), STATUS_OK);
		assert_int_equal(release(&parties[HOLDER].program, made.control), STATUS_OK);
	}
}

/* --- The page ------------------------------------------------------------------------------
 */

static void the_page_says_what_the_table_says(void **)
{
	static const char heading[] = "\n## The table\n";
	static char page[TEXT_BYTES];
	static char expected[TEXT_BYTES];
	FILE *file = fopen("docs/reference/transfer-scopes.md", "r");
	const char *table;

	assert_non_null(file);
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	expected[transfer_scopes_write(expected, sizeof(expected) - 1)] = '\0';
	table = strstr(page, heading);
	assert_non_null(table);
	assert_string_equal(table + strlen(heading), expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, four_parties, all_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(call_and_return_keep_to_the_table),
		TEST(owner_and_maker_bind_what_was_unbound),
		TEST(spawn_keeps_to_the_table),
		TEST(every_facet_of_a_chain_must_allow_it),
		TEST(deriving_never_widens),
		cmocka_unit_test(the_page_says_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
