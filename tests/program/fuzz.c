// SPDX-License-Identifier: MIT
/*
 * Random hostility, repeatable by its seeds: mutated messages for every method, submissions
 * made of random fields, and a ring block overwritten with garbage while operations are
 * pending.  How such a child ends is its own affair; the kernel, its parent and the books go
 * on.
 */
#include "tests/program/child.h"
#include "tests/program/submit.h"

#include "schema/audit.client.h"
#include "schema/boot_package.client.h"
#include "schema/console.client.h"
#include "schema/entropy.client.h"
#include "schema/uart.client.h"

constexpr uint32_t MESSAGE_ROUNDS = 400;
constexpr uint32_t SUBMISSION_ROUNDS = 3000;
constexpr uint32_t SCRIBBLE_ROUNDS = 600;

static uint64_t random_state;

static uint64_t roll(void)
{
	return test_random(&random_state);
}

/* Start with one of the fuzzers' seeds. */
static void seed(void)
{
	random_state = 0x9e3779b97f4a7c15 ^ (test_argument_number(1) + 1);
	(void)roll();
}

/* A number of the kind that breaks things. */
static uint64_t nasty(void)
{
	static const uint64_t values[] = {
		0,
		1,
		2,
		3,
		7,
		8,
		0xff,
		0xfff,
		0x1000,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		0x7fffffffffff,
		0x800000000000,
		1ULL << 63,
		UINT64_MAX - 7,
		UINT64_MAX,
	};
	uint64_t kind = roll() % 4;

	if (kind == 0)
		return roll();
	if (kind == 1)
		return roll() >> (roll() & 63);
	return values[roll() % (sizeof(values) / sizeof(values[0]))];
}

/* Wrong in one or a few words. */
static void mutate(uint8_t *message, uint32_t bytes)
{
	uint32_t count = (uint32_t)(roll() % 3) + 1;

	for (uint32_t i = 0; i < count && bytes >= 8; i++) {
		uint32_t word = (uint32_t)(roll() % (bytes / 8)) * 8;
		uint64_t value = nasty();

		if (roll() % 2 == 0)
			message[roll() % bytes] ^= (uint8_t)(1U << (roll() & 7));
		else
			memcpy(message + word, &value, sizeof(value));
	}
}

/* Builders of one proper message for each method; the arena span is the buffer. */
typedef void build_function(struct message_builder *m);

static void build_empty(struct message_builder *m)
{
	(void)timer_now_params_init_root(m);
}

static void build_word(struct message_builder *m)
{
	timer_wait_params_set_until_ns(timer_wait_params_init_root(m), 1);
}

static void build_map(struct message_builder *m)
{
	struct virtual_memory_map_params_builder p = virtual_memory_map_params_init_root(m);

	virtual_memory_map_params_set_memory(p, 0);
	virtual_memory_map_params_set_length_bytes(p, PAGE_BYTES);
	virtual_memory_map_params_set_protection(p, PROTECTION_READ);
	virtual_memory_map_params_set_allow_revocable(p, true);
}

static void build_range(struct message_builder *m)
{
	struct virtual_memory_protect_params_builder p =
		virtual_memory_protect_params_init_root(m);

	virtual_memory_protect_params_set_address(p, 0x10000000);
	virtual_memory_protect_params_set_length_bytes(p, PAGE_BYTES);
	virtual_memory_protect_params_set_protection(p, PROTECTION_READ);
}

static void build_text(struct message_builder *m)
{
	(void)console_write_params_set_text(console_write_params_init_root(m), ".", 1);
}

static void build_spawn(struct message_builder *m)
{
	struct process_spawner_spawn_params_builder p =
		process_spawner_spawn_params_init_root(m);
	struct grant_list_builder grants;
	struct list_builder arguments;
	struct resource_limits_builder limits;

	(void)process_spawner_spawn_params_set_binary(p, roll() % 2 == 0 ? "guest" : "nobody",
						      roll() % 2 == 0 ? 5 : 6);
	grants = process_spawner_spawn_params_init_grants(p, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct grant_builder grant = grant_list_builder_get(grants, i);

		(void)grant_set_name(grant, i == 0 ? "other" : "timer", 5);
		grant_set_capability(grant, i);
	}
	arguments = process_spawner_spawn_params_init_arguments(p, 2);
	(void)list_builder_set_text(arguments, 0, "exit", 4);
	(void)list_builder_set_text(arguments, 1, "0", 1);
	limits = process_spawner_spawn_params_init_limits(p);
	resource_limits_set_memory_bytes(limits, 1 << 20);
	resource_limits_set_slots(limits, 16);
	resource_limits_set_threads(limits, 1);
}

struct target {
	const char *capability;
	uint64_t interface_id;
	uint16_t method;
	build_function *build;
	uint8_t transfers;
};

static const struct target targets[] = {
	{ "timer", TIMER_INTERFACE_ID, TIMER_NOW_METHOD, build_empty, 0 },
	{ "timer", TIMER_INTERFACE_ID, TIMER_WAIT_METHOD, build_word, 0 },
	{ "console", CONSOLE_INTERFACE_ID, CONSOLE_WRITE_METHOD, build_text, 0 },
	{ "entropy", ENTROPY_SOURCE_INTERFACE_ID, ENTROPY_SOURCE_READ_METHOD, build_word, 0 },
	{ "boot", BOOT_PACKAGE_INTERFACE_ID, BOOT_PACKAGE_MANIFEST_METHOD, build_empty, 0 },
	{ "spawner", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD, build_spawn,
	  2 },
	{ "spawner", PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_LIST_METHOD, build_word, 0 },
	{ "audit", AUDIT_INTERFACE_ID, AUDIT_AUDIT_METHOD, build_empty, 0 },
	{ "report", MEMORY_OBJECT_INTERFACE_ID, MEMORY_OBJECT_INFO_METHOD, build_empty, 0 },
	{ "memory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_CREATE_OBJECT_METHOD,
	  build_word, 0 },
	{ "memory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_MAP_METHOD, build_map, 1 },
	{ "memory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP_METHOD, build_range, 0 },
	{ "memory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_PROTECT_METHOD, build_range,
	  0 },
	{ "memory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_RESERVE_METHOD, build_word, 0 },
	{ "memory", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_COMMIT_METHOD, build_range, 0 },
};

constexpr uint32_t TARGET_COUNT = sizeof(targets) / sizeof(targets[0]);

static uint64_t target_id(const struct target *target)
{
	return test_capability(target->capability, target->interface_id);
}

/* A call of the target with a proper message at SUBMIT_PARAMS. */
static struct ring_submission proper(const struct target *target)
{
	struct message_builder m;
	struct ring_submission call;
	struct ring_transfer *list = submit_arena(SUBMIT_TRANSFERS);

	memset(submit_arena(SUBMIT_PARAMS), 0, SUBMIT_RESULTS);
	message_builder_init(&m, submit_arena(SUBMIT_PARAMS), SUBMIT_RESULTS);
	target->build(&m);
	call = submit_call(target_id(target), target->method,
			   (uint32_t)message_builder_finish(&m));
	list[0] = (struct ring_transfer){ .capability = child_report() };
	list[1] = (struct ring_transfer){ .capability = submit_timer() };
	call.transfer_offset = target->transfers != 0 ? SUBMIT_TRANSFERS : 0;
	call.transfer_count = target->transfers;
	call.result_caps_max = 1;
	return call;
}

/* Release what a call brought; its records follow the message. */
static void drop_results(const struct ring_submission *call,
			 const struct ring_completion *completion)
{
	uint32_t offset = call->result_offset + ((completion->length + 7) & ~7U);

	CHECK(completion->transfer_count <= call->result_caps_max);
	for (uint32_t i = 0; i < completion->transfer_count; i++) {
		struct ring_transfer_result result;

		memcpy(&result, submit_arena(offset + i * (uint32_t)sizeof(result)),
		       sizeof(result));
		if (result.capability != 0)
			CHECK_STATUS(submit_do_status(submit_release(result.capability)),
				     STATUS_OK);
	}
}

/* Mutated messages of one method: each has one completion with a known status. */
static void messages_child(void)
{
	const struct target *target = &targets[test_argument_number(2) % TARGET_COUNT];

	seed();
	for (uint32_t round = 0; round < MESSAGE_ROUNDS; round++) {
		struct ring_submission call = proper(target);
		struct ring_completion completion;
		enum status status;

		test_note("%s method %u round %u", target->capability, target->method, round);
		mutate(submit_arena(SUBMIT_PARAMS), call.param_length);
		if (roll() % 8 == 0)
			call.param_length =
				(uint32_t)(roll() % (call.param_length / 8 + 1)) * 8;
		call.deadline_ns = 1;
		completion = submit_do(call);
		status = submit_status(&completion);
		CHECK(status < STATUS_COUNT);
		CHECK(completion.length <= call.result_capacity);
		if (status == STATUS_OK)
			drop_results(&call, &completion);
	}
}

static struct child_request child(const char *name, const char *first, const char *second)
{
	return (struct child_request){
		.binary = "fuzz",
		.arguments = { name, first, second },
		.grants = { { "report", child_report() },
			    { "timer", submit_timer() },
			    { "console", target_id(&targets[2]) },
			    { "entropy", target_id(&targets[3]) },
			    { "boot", target_id(&targets[4]) },
			    { "spawner", target_id(&targets[5]) },
			    { "audit", target_id(&targets[7]) } },
		.memory_bytes = 6 << 20,
		.slots = 64,
		.threads = 4,
	};
}

/* Only a failed check of the child's own is a failure; faults and odd exits are not. */
static void run_children(const char *name, uint32_t seeds, uint32_t variants)
{
	char first[12];
	char second[12];
	uint32_t whole = 0;
	uint32_t before = child_count();

	for (uint32_t i = 0; i < seeds * variants; i++) {
		struct child_request request = child(name, first, second);
		struct child_end end;

		(void)format(first, sizeof(first), "%x", i);
		(void)format(second, sizeof(second), "%x", i % variants);
		end = child_run(&request);
		child_wait_for_count(submit_timer(), before);
		if (end.which == EXIT_RECORD_EXITED && end.code == REPORT_FAIL)
			test_fail("child", "%s %s %s", name, first, second);
		whole += end.which == EXIT_RECORD_EXITED;
	}
	capos_print("\n");
	CHECK(whole > seeds * variants / 2);
	CHECK_STATUS(submit_do_status(submit_now(submit_timer())), STATUS_OK);
}

static void messages(void)
{
	run_children("messages_child", 3, TARGET_COUNT);
}

/* Any capability, method and span, with any bit wrong. */
static struct ring_submission random_submission(void)
{
	const struct target *target = &targets[roll() % TARGET_COUNT];
	struct ring_submission s = proper(target);
	uint8_t *bytes = (uint8_t *)&s;

	s.opcode = roll() % 8 == 0 ? (uint8_t)(roll() % 6) : s.opcode;
	s.tag = (uint16_t)(roll() % 66);
	if (s.opcode == OPERATION_CODE_RELEASE || s.opcode == OPERATION_CODE_CANCEL)
		s = (struct ring_submission){ .opcode = s.opcode,
					      .tag = s.tag,
					      .target =
						      roll() % 2 == 0 ? roll() % 70 : nasty() };
	if (roll() % 3 == 0)
		s.deadline_ns = roll() % 2 == 0 ? nasty() : capos_now_ns() + roll() % 100000;
	if (roll() % 3 == 0)
		bytes[roll() % sizeof(s)] ^= (uint8_t)(1U << (roll() & 7));
	if (roll() % 4 == 0) {
		uint32_t value = (uint32_t)nasty() & ~(roll() % 2 == 0 ? 7U : 0U);

		memcpy(bytes + 24 + roll() % 6 * 4, &value, sizeof(value));
	}
	if (roll() % 4 == 0)
		mutate(submit_arena(SUBMIT_PARAMS), 128);
	return s;
}

/* Submissions in batches; each taken entry completes at most once and none is invented. */
static void submissions_child(void)
{
	const struct ring_header *header = submit_ring()->header;
	uint64_t sent = 0;
	uint64_t completed = 0;

	seed();
	for (uint32_t round = 0; round < SUBMISSION_ROUNDS / 8; round++) {
		struct ring_completion completion;

		test_note("round %u", round);
		for (uint32_t i = 0; i < roll() % 12; i++) {
			struct ring_submission s = random_submission();

			if (header->sq_tail - header->sq_head == 32)
				break;
			s.user_data = ++sent;
			submit_put(&s);
		}
		(void)submit_enter(roll() % 2, capos_now_ns() + 20000);
		while (submit_take(&completion)) {
			completed++;
			CHECK(completion.user_data >= 1 && completion.user_data <= sent);
			CHECK(completion.kind < COMPLETION_KIND_COUNT);
			CHECK(submit_status(&completion) < STATUS_COUNT);
		}
		CHECK(completed <= sent);
	}
}

static void submissions(void)
{
	run_children("submissions_child", 12, 1);
}

/* Overwrite a part of the block, or all of it. */
static void scribble(uint64_t *block, uint32_t words)
{
	uint32_t start = 0;
	uint32_t end = words;

	if (roll() % 4 != 0) {
		start = (uint32_t)(roll() % words);
		end = start + (uint32_t)(roll() % (words - start)) + 1;
	}
	for (uint32_t i = start; i < end; i++)
		block[i] = roll() % 4 == 0 ? nasty() : roll();
}

/* Garbage everywhere while waits are parked; indices are sometimes in step, sometimes not. */
static void scribble_child(void)
{
	struct ring_header *header = submit_ring()->header;
	uint32_t words = DEFAULT_RING_BYTES / 8;

	seed();
	for (uint16_t tag = 0; tag < 20; tag++) {
		struct ring_submission wait =
			submit_wait(submit_timer(), capos_now_ns() + tag * 100000ULL, tag);

		submit_put(&wait);
	}
	for (uint32_t round = 0; round < SCRIBBLE_ROUNDS; round++) {
		uint32_t head = header->sq_head;
		uint32_t tail = header->cq_tail;

		test_note("round %u", round);
		scribble((uint64_t *)(void *)header, words);
		if (roll() % 8 != 0) {
			header->sq_tail = head + (uint32_t)(roll() % 33);
			header->cq_head = tail;
		}
		(void)submit_enter(roll() % 70, roll() % 2 == 0 ? RING_NO_WAIT : 1);
	}
}

static void scribbles(void)
{
	run_children("scribble_child", 12, 1);
}

static void check_still_works(uint32_t head, uint32_t tail)
{
	const struct submit_ring *ring = submit_ring();
	struct ring_completion completion;
	struct ring_submission nop = { .user_data = 4711, .tag = 30 };

	memcpy(ring->sq + (head & (ring->sq_entries - 1)) * sizeof(nop), &nop, sizeof(nop));
	ring->header->sq_tail = head + 1;
	ring->header->cq_head = tail;
	CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
	memcpy(&completion, ring->cq + (tail & (ring->cq_entries - 1)) * sizeof(completion),
	       sizeof(completion));
	CHECK_EQUAL(completion.user_data, 4711);
	CHECK_EQUAL(completion.status, 0);
}

/* What the kernel publishes it never reads back: with every other word wrong it goes on. */
static void header_is_not_read_back(void)
{
	struct ring_header *header = submit_ring()->header;
	uint32_t head = header->sq_head;
	uint32_t tail = header->cq_tail;

	for (uint32_t i = 0; i < 100; i++) {
		test_note("round %u", i);
		random_state = i + 1;
		scribble((uint64_t *)(void *)header, sizeof(*header) / 8);
		memset(header, (int)roll(), offsetof(struct ring_header, sq_tail));
		memset(header->reserved1, 0xff, sizeof(header->reserved1));
		memset(&header->sq_head, i % 2 == 0 ? 0xff : 0, 64);
		check_still_works(head++, tail++);
	}
}

/* Completions overwritten while waits are pending come right all the same. */
static void queues_are_not_read_back(void)
{
	const struct submit_ring *ring = submit_ring();
	uint64_t until = capos_now_ns() + 20000000;
	uint32_t seen = 0;
	struct ring_completion completion;

	for (uint16_t tag = 0; tag < 20; tag++) {
		struct ring_submission wait = submit_wait(submit_timer(), until, tag);

		submit_put(&wait);
	}
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	memset(ring->sq, 0xff, 64 * ring->sq_entries);
	memset(ring->cq, 0xff, 32 * ring->cq_entries);
	memset(ring->arena, 0xff, ring->arena_bytes);
	CHECK_STATUS(submit_enter(20, RING_NO_DEADLINE), STATUS_OK);
	while (submit_take(&completion)) {
		CHECK(completion.tag < 20);
		CHECK_EQUAL(completion.user_data, 0x7700 + completion.tag);
		CHECK_EQUAL(completion.status, 0);
		seen |= 1U << completion.tag;
	}
	CHECK_EQUAL(seen, (1U << 20) - 1);
}

#define ALL (TEST_CONSOLE | TEST_TIMER | TEST_ENTROPY | TEST_BOOT | TEST_SPAWNER | TEST_AUDIT)
#define PASSES(name)                  \
	{ #name,                      \
	  name,                       \
	  { .grants = ALL,            \
	    .memory_bytes = 16 << 20, \
	    .slots = 256,             \
	    .threads = 8,             \
	    .timeout_s = 60 } }

static const struct test_case cases[] = {
	PASSES(header_is_not_read_back),
	PASSES(queues_are_not_read_back),
	PASSES(messages),
	PASSES(submissions),
	PASSES(scribbles),
	HELPER(messages_child),
	HELPER(submissions_child),
	HELPER(scribble_child),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
