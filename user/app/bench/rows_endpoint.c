// SPDX-License-Identifier: MIT
/* Round trips to a server in an address space of its own (user/app/answerer), by hand. */
#include "user/app/bench/rows.h"

#include "lib/string.h"
#include "schema/account.client.h"
#include "schema/endpoint.client.h"
#include "user/app/bench/queues.h"
#include "user/rt/capos.h"

/* The calls' part of the arena, behind what stubs use: parameters, results, a transfer list. */
constexpr uint32_t PART_OFFSET = 2048;
constexpr uint32_t TRANSFERS_BYTES = sizeof(struct ring_transfer);

struct row {
	const char *name;
	uint32_t message_bytes; /* each way */
	uint32_t batch;
	bool with_capability;
};

/* A server, and the facet it sent. */
struct peer {
	struct process_handle_client process;
	uint64_t facet;
};

static void check(bool right, const char *what)
{
	if (!right)
		capos_panic(__FILE__, __LINE__, what);
}

/* Where servers announce themselves. */
static uint64_t create_ready(struct account_client account)
{
	struct account_create_endpoint_params_builder params;
	struct account_create_endpoint_results_reader results;
	struct capos_call_size size = { 0 };
	struct endpoint_limits_builder limits;
	struct capos_call call;
	uint64_t id;

	check(account_create_endpoint_begin(&call, account, size, &params) == STATUS_OK,
	      "no room for a call");
	limits = account_create_endpoint_params_init_limits(params);
	endpoint_limits_set_max_message_bytes(limits, 64);
	endpoint_limits_set_max_caps(limits, 1);
	check(account_create_endpoint_wait(&call, &results) == STATUS_OK, "no endpoint");
	id = capos_call_take_capability(&call, ACCOUNT_CREATE_ENDPOINT_RESULTS_ENDPOINT_CAP,
					ENDPOINT_INTERFACE_ID);
	capos_call_end(&call);
	return id;
}

/* number in decimal, its last digit at the end of text. */
static uint32_t write_number(char *text, uint32_t size, uint32_t number)
{
	uint32_t at = size;

	do {
		text[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	return at;
}

static void write_arguments(struct process_spawner_spawn_params_builder params,
			    const struct row *row)
{
	uint32_t numbers[] = { row->message_bytes, row->batch, row->with_capability };
	struct list_builder list = process_spawner_spawn_params_init_arguments(params, 3);
	char text[12];

	for (uint32_t i = 0; i < 3; i++) {
		uint32_t at = write_number(text, sizeof(text), numbers[i]);

		(void)list_builder_set_text(list, i, text + at, sizeof(text) - at);
	}
}

/* Start a server that announces itself through the facet `ready`. */
static struct process_handle_client start_server(struct process_spawner_client spawner,
						 const struct row *row, uint64_t ready)
{
	struct process_spawner_spawn_params_builder params;
	struct process_spawner_spawn_results_reader results;
	struct process_handle_client process;
	struct capos_call_size size = { 0 };
	struct grant_builder grant;
	struct capos_call call;

	check(process_spawner_spawn_begin(&call, spawner, size, &params) == STATUS_OK,
	      "no room for a call");
	(void)process_spawner_spawn_params_set_binary(params, "answerer", 8);
	write_arguments(params, row);
	grant = grant_list_builder_get(process_spawner_spawn_params_init_grants(params, 1), 0);
	(void)grant_set_name(grant, "ready", 5);
	grant_set_capability(grant, capos_call_attach(&call, ready));
	check(process_spawner_spawn_wait(&call, &results) == STATUS_OK, "no server");
	process.id = capos_call_take_capability(
		&call, PROCESS_SPAWNER_SPAWN_RESULTS_PROCESS_CAP, PROCESS_HANDLE_INTERFACE_ID);
	capos_call_end(&call);
	return process;
}

/* Let the runtime see the ends of its releases, so that what comes next is ours. */
static void settle(struct timer_client timer)
{
	uint64_t now_ns;

	check(timer_now(timer, &now_ns) == STATUS_OK, "no time");
}

/* One operation by hand, waited for: its completion. */
static struct ring_completion run_one(const struct ring_submission *submission)
{
	struct ring_header *ring = capos_ring();
	struct ring_completion completion;

	*capos_submission_at(ring, ring->sq_tail) = *submission;
	__atomic_store_n(&ring->sq_tail, ring->sq_tail + 1, __ATOMIC_RELEASE);
	(void)!capos_cap_enter(1, RING_NO_DEADLINE, nullptr);
	completion = *capos_completion_at(ring, ring->cq_head);
	__atomic_store_n(&ring->cq_head, ring->cq_head + 1, __ATOMIC_RELEASE);
	check(completion.status == 0, "the server's announcement failed");
	return completion;
}

/* Take a server's announcement: the facet that it sent. */
static uint64_t take_announcement(uint64_t endpoint)
{
	struct ring_header *ring = capos_ring();
	const struct ring_call_header *header = capos_arena_at(ring, PART_OFFSET);
	struct ring_transfer_result record;
	struct ring_completion received = run_one(&(struct ring_submission){
		.opcode = OPERATION_CODE_RECV,
		.tag = 2,
		.target = endpoint,
		.result_offset = PART_OFFSET,
		.result_capacity = sizeof(*header) + 64 + sizeof(record),
	});

	memcpy(&record, (const char *)(header + 1) + header->param_length, sizeof(record));
	(void)run_one(&(struct ring_submission){
		.opcode = OPERATION_CODE_RETURN, .tag = 2, .target = received.word });
	return record.capability;
}

static struct peer start_peer(struct process_spawner_client spawner, struct timer_client timer,
			      const struct row *row)
{
	struct account_client account = { capos_require("account", ACCOUNT_INTERFACE_ID) };
	struct endpoint_client endpoint = { create_ready(account) };
	struct facet_control_client control;
	struct peer peer;
	uint64_t ready;

	check(endpoint_client(endpoint, ENDPOINT_INTERFACE_ID, TRANSFER_SCOPE_SAME_SESSION,
			      &ready, &control) == STATUS_OK,
	      "no facet");
	peer.process = start_server(spawner, row, ready);
	settle(timer);
	peer.facet = take_announcement(endpoint.id);
	capos_release(ready);
	capos_release(control.id);
	capos_release(endpoint.id);
	settle(timer);
	return peer;
}

/* Spans of the calls of a batch: parameters, results, side by side. */
static void prepare_calls(const struct queues *queues, const struct row *row, uint64_t facet,
			  uint64_t capability)
{
	uint32_t pair = 2 * row->message_bytes + TRANSFERS_BYTES;

	for (uint32_t i = 0; i <= queues->submission_mask; i++) {
		uint32_t at = PART_OFFSET + i % row->batch * pair;
		struct ring_transfer *transfer =
			capos_arena_at(queues->ring, at + 2 * row->message_bytes);

		queues->submissions[i] = (struct ring_submission){
			.opcode = OPERATION_CODE_CALL,
			.tag = (uint16_t)(i % row->batch),
			.target = facet,
			.param_offset = at,
			.param_length = row->message_bytes,
			.result_offset = at + row->message_bytes,
			.result_capacity = row->message_bytes,
		};
		if (!row->with_capability)
			continue;
		*transfer = (struct ring_transfer){ .capability = capability };
		queues->submissions[i].transfer_offset = at + 2 * row->message_bytes;
		queues->submissions[i].transfer_count = 1;
	}
}

/* The payloads of the calls: words that count up; the first is written anew for each sample. */
static void fill_payloads(const struct queues *queues, const struct row *row)
{
	for (uint32_t i = 0; i < row->batch; i++) {
		uint64_t *words =
			capos_arena_at(queues->ring, queues->submissions[i].param_offset);

		for (uint32_t k = 0; k < row->message_bytes / 8; k++)
			words[k] = i + k;
	}
}

/* Whether every answer holds the bytes that were sent, the first word one more than seed + i.
 */
static bool answers_are_right(const struct queues *queues, const struct row *row, uint64_t seed)
{
	bool right = true;

	for (uint32_t i = 0; i < row->batch && row->message_bytes != 0; i++) {
		uint64_t *words =
			capos_arena_at(queues->ring, queues->submissions[i].result_offset);

		right = right && words[0] == seed + i + 1;
		for (uint32_t k = 1; k < row->message_bytes / 8; k++)
			right = right && words[k] == i + k;
		/* What the next sample finds here it must have got itself. */
		memset(words, 0, row->message_bytes);
	}
	return right;
}

/* Words of the calls' payloads: the first of each call sent, and of each answer. */
struct payloads {
	uint64_t *sent;
	const uint64_t *got;
	uint32_t stride; /* in words, from call to call */
};

/* One sample: write each call's first word, call, look at each answer's first word. */
static inline bool round_trip(const struct queues *queues, struct payloads payloads,
			      uint32_t batch, uint64_t seed)
{
	uint64_t wrong = 0;

	for (uint32_t i = 0; i < batch; i++)
		payloads.sent[i * payloads.stride] = seed + i;
	if (!queues_run(queues, batch))
		return false;
	for (uint32_t i = 0; i < batch; i++)
		wrong |= payloads.got[i * payloads.stride] ^ (seed + i + 1);
	return wrong == 0;
}

/* Apart, so that what is constant can stay in registers. */
[[gnu::noinline]] static void measure_one(struct measure *measure,
					  const struct queues *prepared,
					  struct payloads payloads, const struct row *row)
{
	const struct queues queues = *prepared;

	for (uint64_t seed = 1; measure_wants(measure); seed += 1000) {
		uint64_t start = measure_counter();
		bool right = round_trip(&queues, payloads, 1, seed);
		uint64_t end = measure_counter();

		right = right && answers_are_right(&queues, row, seed);
		measure_add(measure, start, end, right);
	}
}

[[gnu::noinline]] static void measure_many(struct measure *measure,
					   const struct queues *prepared,
					   struct payloads payloads, const struct row *row)
{
	const struct queues queues = *prepared;
	const uint32_t part = row->batch;

	for (uint64_t seed = 1; measure_wants(measure); seed += 1000) {
		uint64_t start = measure_counter();
		bool right = round_trip(&queues, payloads, part, seed);
		uint64_t end = measure_counter();

		right = right && answers_are_right(&queues, row, seed);
		measure_add(measure, start, end, right);
	}
}

/* A call without payload: only its end can be looked at. */
[[gnu::noinline]] static void measure_empty(struct measure *measure,
					    const struct queues *prepared)
{
	const struct queues queues = *prepared;

	while (measure_wants(measure)) {
		uint64_t start = measure_counter();
		bool right = queues_run(&queues, 1);

		measure_add(measure, start, measure_counter(), right);
	}
}

static void measure_row(struct measure *measure, const struct queues *queues,
			const struct row *row)
{
	struct payloads payloads = {
		.sent = capos_arena_at(queues->ring, PART_OFFSET),
		.got = capos_arena_at(queues->ring, PART_OFFSET + row->message_bytes),
		.stride = (2 * row->message_bytes + TRANSFERS_BYTES) / 8,
	};

	fill_payloads(queues, row);
	measure_begin(measure, row->name, row->batch);
	if (row->message_bytes == 0)
		measure_empty(measure, queues);
	else if (row->batch == 1)
		measure_one(measure, queues, payloads, row);
	else
		measure_many(measure, queues, payloads, row);
	measure_report(measure);
}

void rows_endpoint(struct measure *measure, struct process_spawner_client spawner,
		   struct timer_client timer)
{
	static const struct row rows[] = {
		{ "endpoint.rt0", 0, 1, false },
		{ "endpoint.rt64.batch1", 64, 1, false },
		{ "endpoint.rt64.batch16", 64, 16, false },
		{ "endpoint.rt64.batch64", 64, 32, false },
		{ "endpoint.rt512", 512, 1, false },
		{ "endpoint.rt4096", 4096, 1, false },
		{ "endpoint.rtcap", 64, 1, true },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peer peer = start_peer(spawner, timer, &rows[i]);
		struct ring_submission nop = { .opcode = OPERATION_CODE_NOP };
		struct queues queues = queues_prepare(&nop);

		prepare_calls(&queues, &rows[i], peer.facet, timer.id);
		measure_row(measure, &queues, &rows[i]);
		capos_release(peer.facet);
		check(process_handle_kill(peer.process) == STATUS_OK, "the server has gone");
		capos_release(peer.process.id);
	}
}
