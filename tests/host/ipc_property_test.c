// SPDX-License-Identifier: MIT
/*
 * Property test of calls between processes: three parties do random things to each other (call,
 * receive, answer, cancel, release, revoke, derive, mint, close, die), with random capabilities
 * along.  After each step, when all that follows by itself has happened:
 *
 *   every submission has completed exactly once, or waits and is named by a busy tag;
 *   every endpoint, facet, control and token has as many references as there are places that
 *   hold it: slots, parked operations, transfers on their way, derived facets;
 *   the tables of all parties are in order.
 *
 * And when all parties have died, every account has everything back.
 */
#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "kernel/core/memory_object.h"
#include "kernel/core/operation.h"
#include "tests/host/ipc_parties.h"
#include "tests/host/sequence.h"

#include <stdio.h>
#include <string.h>

constexpr uint32_t PARTIES = 3;
constexpr uint32_t SEEDS = 100;
constexpr uint32_t STEPS = 600;
constexpr uint32_t OBJECTS_MAX = 512;
constexpr uint32_t CAPS_MAX = 64;
constexpr uint32_t SLOTS = 20; /* of each: few enough to run out */

static struct sequence sequence;
static struct session stranger;
static struct party parties[PARTIES];
static uint32_t submitted[PARTIES][PARTY_TAGS];

static uint32_t below(uint32_t limit)
{
	return sequence_below(&sequence, limit);
}

/* --- Counting references -------------------------------------------------------------------
 */

static struct {
	const struct object *object;
	uint32_t places;
} counted[OBJECTS_MAX];
static uint32_t counted_count;

static bool is_counted(const struct object *object)
{
	return object_is_facet(object) || object_is(object, &facet_control_type) ||
	       object_is(object, &endpoint_type) || object_is(object, &memory_object_type);
}

/* One more place.  Whether it was the first. */
static bool count_place(const struct object *object)
{
	uint32_t i = 0;

	while (i < counted_count && counted[i].object != object)
		i++;
	assert_in_range(i, 0, OBJECTS_MAX - 1);
	if (i == counted_count) {
		counted[counted_count].object = object;
		counted[counted_count++].places = 0;
	}
	return ++counted[i].places == 1;
}

/* And of the facets that it was derived from, once for each child. */
static void count(struct object *object)
{
	if (object == nullptr || !is_counted(object))
		return;
	while (count_place(object) && object_is_facet(object) &&
	       facet_of(object)->parent != nullptr)
		object = &facet_of(object)->parent->object;
}

static void count_slots(const struct process *process)
{
	uint32_t cursor = 0;

	while (!cap_table_at_end(&process->table, cursor)) {
		struct cap_id id = cap_table_next(&process->table, &cursor);

		if (id.raw != 0)
			count(cap_table_lookup(&process->table, id));
	}
}

static void count_operations(const struct ring *ring)
{
	for (uint32_t tag = 0; tag < ring->cq_entries; tag++) {
		const struct operation *op = &ring->records[tag];

		if ((ring->busy >> tag & 1) == 0)
			continue;
		count(op->target);
		for (uint32_t i = 0; op->kind == OPERATION_CALL && i < op->transfer.count; i++)
			count(op->transfer.objects[i]);
	}
}

/* What kernel objects lie behind facets: held by each facet that is counted and not dead. */
static void count_targets(void)
{
	uint32_t facets = counted_count;

	for (uint32_t i = 0; i < facets; i++)
		if (object_is_facet(counted[i].object))
			count(LIST_OWNER(counted[i].object, struct facet, object)->target);
}

static void check_references(void)
{
	counted_count = 0;
	for (uint32_t i = 0; i < PARTIES; i++) {
		count_slots(parties[i].program.process);
		count_operations(&parties[i].program.process->thread->ring);
	}
	count_targets();
	for (uint32_t i = 0; i < counted_count; i++)
		assert_int_equal(counted[i].object->references, counted[i].places);
}

/* --- What was reached ----------------------------------------------------------------------
 */

static uint32_t ended[STATUS_COUNT]; /* completions of the tags that are not methods' */
static uint32_t of_kind[COMPLETION_KIND_DROPPED + 1];
static uint32_t with_capabilities;

/* Each tag ends at most once in a step. */
static void tally(struct party *party, const uint32_t *before)
{
	for (uint32_t tag = 0; tag < IPC_TAGS; tag++) {
		const struct ring_completion *completion = &party->completion[tag];

		if (party->count[tag] == before[tag])
			continue;
		ended[-completion->status]++;
		of_kind[completion->kind]++;
		with_capabilities += completion->transfer_count != 0;
	}
}

/* The random programs do what this test is about, or it says nothing. */
static void check_reached(void)
{
	static const enum status statuses[] = {
		STATUS_OK,
		STATUS_BAD_CAPABILITY,
		STATUS_CAPABILITY_MOVING,
		STATUS_REVOKED,
		STATUS_OBJECT_CLOSED,
		STATUS_TIMED_OUT,
		STATUS_CANCELLED,
		STATUS_DISCONNECTED,
		STATUS_CALLER_GONE,
		STATUS_UNKNOWN_CALL,
		STATUS_EXCEPTION,
		STATUS_RESULT_TOO_LARGE,
		STATUS_TRANSFER_MODE,
		STATUS_TRANSFER_SCOPE,
		STATUS_TOO_MANY_TRANSFERS,
		STATUS_OUT_OF_SLOTS,
		STATUS_OPEN_CALLS_FULL,
		STATUS_TAG_BUSY,
	};

	for (uint32_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (ended[statuses[i]] == 0)
			fail_msg("never %s", status_name(statuses[i]));
	assert_int_not_equal(of_kind[COMPLETION_KIND_DROPPED], 0);
	assert_int_not_equal(of_kind[COMPLETION_KIND_PEER_GONE], 0);
	assert_int_not_equal(with_capabilities, 0);
}

/* --- Invariants ----------------------------------------------------------------------------
 */

static uint32_t seen[PARTIES][PARTY_TAGS]; /* completions, by the last check */

static void check_all(void)
{
	for (uint32_t i = 0; i < PARTIES; i++) {
		party_settle(&parties[i]);
		tally(&parties[i], seen[i]);
		memcpy(seen[i], parties[i].count, sizeof(seen[i]));
	}
	for (uint32_t i = 0; i < PARTIES; i++) {
		uint64_t busy = parties[i].program.process->thread->ring.busy;

		for (uint32_t tag = 0; tag < PARTY_TAGS; tag++)
			assert_int_equal(parties[i].count[tag] + (busy >> tag & 1),
					 submitted[i][tag]);
		party_check(&parties[i]);
	}
	check_references();
}

/* --- What a party can do -------------------------------------------------------------------
 */

static uint32_t index_of(const struct party *party)
{
	return (uint32_t)(party - parties);
}

/* Enter with what was submitted last. */
static void run(struct party *party)
{
	submitted[index_of(party)][last_entry(&party->program)->tag]++;
	party_enter(party);
}

/* A random capability, of that type unless it is nullptr; 0: none. */
static uint64_t pick(const struct party *party, const struct object_type *type)
{
	const struct cap_table *table = &party->program.process->table;
	uint64_t found[CAPS_MAX];
	uint32_t many = 0;
	uint32_t cursor = 0;

	while (!cap_table_at_end(table, cursor) && many < CAPS_MAX) {
		struct cap_id id = cap_table_next(table, &cursor);

		if (id.raw != 0 &&
		    (type == nullptr || object_is(cap_table_lookup(table, id), type)))
			found[many++] = id.raw;
	}
	return many == 0 ? 0 : found[below(many)];
}

static uint16_t any_tag(void)
{
	return (uint16_t)below(IPC_TAGS);
}

/* Up to as many as an endpoint admits, and at times more. */
static struct sent any_sent(const struct party *party)
{
	static const struct object_type *const types[] = { &memory_object_type, &facet_type,
							   &facet_type, nullptr };
	struct sent sent = { .count = below(8) == 0 ? below(MAX_TRANSFERS)
						    : below(IPC_CAPS + 1) };

	for (uint32_t i = 0; i < sent.count; i++) {
		sent.capability[i] = pick(party, types[below(4)]);
		sent.mode[i] = below(2) == 0 ? CAP_GRANT_MODE_COPY : CAP_GRANT_MODE_MOVE;
	}
	return sent;
}

static uint64_t any_deadline(void)
{
	return below(8) == 0 ? hal_timestamp() + below(200) * UINT64_C(1'000'000) : 0;
}

static void do_call(struct party *party)
{
	struct sent sent = any_sent(party);

	submit_call(&party->program, pick(party, &facet_type), 1, &sent, any_tag());
	last_entry(&party->program)->deadline_ns = any_deadline();
	last_entry(&party->program)->result_caps_max = (uint8_t)below(IPC_CAPS + 1);
	run(party);
}

static void do_receive(struct party *party)
{
	submit_receive(&party->program, pick(party, below(8) == 0 ? nullptr : &endpoint_type),
		       any_tag());
	last_entry(&party->program)->deadline_ns = any_deadline();
	if (below(8) == 0)
		last_entry(&party->program)->flags = OPERATION_FLAG_POLL;
	run(party);
}

/* An open call of the party's, or a number. */
static uint64_t any_call(const struct party *party)
{
	const struct open_call_table *table = &party->program.process->open_calls;
	uint64_t found[CAPS_MAX] = { sequence_next(&sequence) % (1 << 16) };
	uint32_t many = 1;

	for (uint32_t i = 0; i < table->used_before && many < CAPS_MAX; i++)
		if (table->chunks[0][i].state == OPEN_CALL_OPEN)
			found[many++] = open_call_id(&table->chunks[0][i]);
	return found[many == 1 ? 0 : below(8) == 0 ? 0 : 1 + below(many - 1)];
}

static void do_return(struct party *party)
{
	struct sent sent = any_sent(party);
	uint16_t tag = any_tag();

	/* Without an open call there is seldom something to answer. */
	if (party->program.process->open_calls.taken_count == 0 && below(8) != 0) {
		do_receive(party);
		return;
	}
	submit_return(&party->program, any_call(party), 1, sent.count != 0 ? &sent : nullptr,
		      tag);
	if (sent.count == 0 && below(2) == 0)
		last_entry(&party->program)->flags = OPERATION_FLAG_EXCEPTION;
	if (below(3) == 0) {
		last_entry(&party->program)->opcode = OPERATION_CODE_RETURN_RECV;
		last_entry(&party->program)->endpoint = pick(party, &endpoint_type);
		last_entry(&party->program)->result_offset =
			tag * 2U * IPC_SPAN_BYTES + IPC_SPAN_BYTES;
		last_entry(&party->program)->result_capacity = IPC_SPAN_BYTES;
	}
	run(party);
}

/* An entry with nothing but a target. */
static void do_plain(struct party *party, enum operation_code opcode, uint64_t target)
{
	uint16_t tag = any_tag();

	program_submit(&party->program, &(struct ring_submission){ .opcode = (uint8_t)opcode,
								   .tag = tag,
								   .user_data = tag,
								   .target = target });
	run(party);
}

static void do_cancel(struct party *party)
{
	do_plain(party, OPERATION_CODE_CANCEL, any_tag());
}

static void do_query(struct party *party)
{
	do_plain(party, OPERATION_CODE_CALL_QUERY, any_call(party));
}

static void do_release(struct party *party)
{
	do_plain(party, OPERATION_CODE_RELEASE, pick(party, nullptr));
}

static void submit_request(struct party *party, struct request *request)
{
	request_submit(&party->program, request);
	run(party);
}

static void do_revoke(struct party *party)
{
	struct request request;

	request_init_big(&request, pick(party, &facet_control_type),
			 FACET_CONTROL_REVOKE_METHOD);
	(void)facet_control_revoke_params_init_root(&request.params);
	submit_request(party, &request);
}

static void do_derive(struct party *party)
{
	struct account_derive_params_builder params;
	struct request request;

	request_init_big(&request, program_capability(&party->program, "account"),
			 ACCOUNT_DERIVE_METHOD);
	params = account_derive_params_init_root(&request.params);
	account_derive_params_set_capability(
		params, request_attach(&request, pick(party, below(3) == 0 ? &memory_object_type
									   : &facet_type)));
	account_derive_params_set_scope(params, (enum transfer_scope)below(3));
	submit_request(party, &request);
}

static void do_mint(struct party *party)
{
	struct endpoint_mint_params_builder params;
	struct request request;

	request_init_big(&request, pick(party, &endpoint_type), ENDPOINT_MINT_METHOD);
	params = endpoint_mint_params_init_root(&request.params);
	endpoint_mint_params_set_interface_id(params, IPC_INTERFACE);
	endpoint_mint_params_set_scope(params, (enum transfer_scope)below(3));
	submit_request(party, &request);
}

static void do_close_object(struct party *party)
{
	struct request request;

	request_init_big(&request, pick(party, &endpoint_type), ENDPOINT_CLOSE_OBJECT_METHOD);
	endpoint_close_object_params_set_cookie(
		endpoint_close_object_params_init_root(&request.params),
		UINT64_C(1) << 32 | below(3));
	submit_request(party, &request);
}

static void do_close(struct party *party)
{
	struct request request;

	request_init_big(&request, pick(party, &endpoint_type), ENDPOINT_CLOSE_METHOD);
	(void)endpoint_close_params_init_root(&request.params);
	submit_request(party, &request);
}

static void do_create_endpoint(struct party *party)
{
	struct endpoint_limits_builder limits;
	struct request request;

	request_init_big(&request, program_capability(&party->program, "account"),
			 ACCOUNT_CREATE_ENDPOINT_METHOD);
	limits = account_create_endpoint_params_init_limits(
		account_create_endpoint_params_init_root(&request.params));
	endpoint_limits_set_max_message_bytes(limits, IPC_MESSAGE_BYTES);
	endpoint_limits_set_max_caps(limits, IPC_CAPS);
	endpoint_limits_set_max_open_calls(limits, 1 + below(4));
	submit_request(party, &request);
}

/* Another gets something that this one holds. */
static void do_share(struct party *party)
{
	struct party *to = &parties[below(PARTIES)];
	const struct cap_table *table = &to->program.process->table;
	uint64_t capability = pick(party, &facet_type);

	if (capability != 0 && table->used_count + table->reserved_count < SLOTS)
		(void)party_share(to, &party->program, capability);
}

/* A new token; the manifest's memory objects are none of these. */
static void do_token(struct party *party)
{
	struct request request;

	request_init_big(&request, program_capability(&party->program, "memory"),
			 VIRTUAL_MEMORY_CREATE_OBJECT_METHOD);
	virtual_memory_create_object_params_set_size_bytes(
		virtual_memory_create_object_params_init_root(&request.params), PAGE_SIZE);
	submit_request(party, &request);
}

static void do_wait(struct party *)
{
	kernel_advance(below(100) * UINT64_C(1'000'000));
}

static void start_party(uint32_t i)
{
	memset(submitted[i], 0, sizeof(submitted[i]));
	memset(seen[i], 0, sizeof(seen[i]));
	party_start_with_slots(&parties[i], SLOTS);
	/* The last is of another session. */
	if (i == PARTIES - 1)
		parties[i].program.process->session = &stranger;
	program_run(&parties[i].program);
	do_create_endpoint(&parties[i]);
	do_mint(&parties[i]);
	do_token(&parties[i]);
}

static void do_die(struct party *party)
{
	if (below(8) != 0)
		return;
	party_end(party);
	start_party(index_of(party));
}

static void step(void)
{
	static const struct {
		void (*act)(struct party *party);
		uint32_t weight; /* they are 100 together */
	} actions[] = {
		{ do_call, 24 },        { do_receive, 16 },
		{ do_return, 20 },      { do_cancel, 4 },
		{ do_release, 6 },      { do_revoke, 2 },
		{ do_derive, 3 },       { do_mint, 4 },
		{ do_close_object, 1 }, { do_create_endpoint, 2 },
		{ do_share, 8 },        { do_token, 4 },
		{ do_wait, 1 },         { do_query, 2 },
		{ do_close, 1 },        { do_die, 2 },
	};
	uint32_t number = below(100);
	uint32_t i = 0;
	struct party *party = &parties[below(PARTIES)];

	program_run(&party->program);
	while (number >= actions[i].weight)
		number -= actions[i++].weight;
	actions[i].act(party);
	check_all();
}

static void run_seed(uint64_t seed)
{
	struct supply_report before;

	(void)kernel_setup(nullptr);
	before = kernel_balance();
	sequence.state = seed;
	for (uint32_t i = 0; i < PARTIES; i++)
		start_party(i);
	check_all();
	for (uint32_t i = 0; i < STEPS; i++)
		step();
	for (uint32_t i = 0; i < PARTIES; i++)
		party_end(&parties[i]);
	assert_balance(before);
	(void)kernel_teardown(nullptr);
}

static void whatever_they_do_nothing_is_lost(void **)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		fprintf(stderr, "seed %lu\n", seed);
		run_seed(seed);
	}
	for (uint32_t i = 0; i < STATUS_COUNT; i++)
		if (ended[i] != 0)
			fprintf(stderr, "%s: %u\n", status_name((enum status)i), ended[i]);
	check_reached();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_they_do_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
