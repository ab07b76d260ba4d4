// SPDX-License-Identifier: MIT
/*
 * The server of the bench program's endpoint rows: answers each call with the bytes it brought,
 * the first word of its payload one more.
 *
 * It sends a facet of its endpoint to whoever started it, by a call on the capability "ready",
 * and then serves for ever, its ring written by hand.  The answer is sent from where the call
 * arrived, and the next call arrives there: what is answered has been copied out before.
 *
 * Arguments: longest message, 0 or a multiple of 8; receives; capabilities that a call brings.
 */
#include "abi/ring.h"
#include "lib/require.h"
#include "schema/account.client.h"
#include "schema/endpoint.client.h"
#include "user/rt/capos.h"
#include "user/rt/ring.h"

constexpr uint64_t INTERFACE = 0xb3f1a9d2c4e50617;

struct server {
	struct ring_header *ring;
	uint64_t endpoint;
	uint32_t span_bytes;
};

static uint32_t number_argument(uint32_t i)
{
	struct capos_text text = capos_argument(i);
	uint32_t number = 0;

	for (uint32_t at = 0; at < text.size; at++)
		number = number * 10 + (uint32_t)(text.data[at] - '0');
	return number;
}

static uint64_t create(uint32_t message_bytes, uint32_t receives, uint32_t caps)
{
	struct account_client account = { capos_require("account", ACCOUNT_INTERFACE_ID) };
	struct account_create_endpoint_params_builder params;
	struct account_create_endpoint_results_reader results;
	struct capos_call_size size = { 0 };
	struct endpoint_limits_builder limits;
	struct capos_call call;
	uint64_t id;

	require(account_create_endpoint_begin(&call, account, size, &params) == STATUS_OK);
	limits = account_create_endpoint_params_init_limits(params);
	endpoint_limits_set_max_message_bytes(limits, message_bytes != 0 ? message_bytes : 8);
	endpoint_limits_set_max_caps(limits, (uint8_t)caps);
	endpoint_limits_set_max_open_calls(limits, receives + 1);
	require(account_create_endpoint_wait(&call, &results) == STATUS_OK);
	id = capos_call_take_capability(&call, ACCOUNT_CREATE_ENDPOINT_RESULTS_ENDPOINT_CAP,
					ENDPOINT_INTERFACE_ID);
	capos_call_end(&call);
	return id;
}

/* Give whoever started this program a facet of the endpoint. */
static void announce(uint64_t endpoint)
{
	uint64_t ready = 0;
	uint64_t interface_id = 0;
	struct message_builder *params;
	struct message_reader *results;
	struct capos_call_size size = { 16, 16, 0 };
	struct facet_control_client control;
	struct capos_call call;
	uint64_t facet;

	require(capos_find_any("ready", 5, &ready, &interface_id) == STATUS_OK);
	require(endpoint_client((struct endpoint_client){ endpoint }, INTERFACE,
				TRANSFER_SCOPE_SAME_SESSION, &facet, &control) == STATUS_OK);
	require(capos_call_begin(&call, ready, 0, size, &params) == STATUS_OK);
	(void)message_builder_root(params, 1, 0);
	(void)capos_call_attach_move(&call, facet);
	require(capos_call_wait(&call, &results) == STATUS_OK);
	capos_call_end(&call);
}

/* The first receive of a span, under its number as tag. */
static void offer(const struct server *server, uint32_t number)
{
	struct ring_header *ring = server->ring;

	*capos_submission_at(ring, ring->sq_tail) = (struct ring_submission){
		.opcode = OPERATION_CODE_RECV,
		.tag = (uint16_t)number,
		.target = server->endpoint,
		.user_data = number,
		.result_offset = number * server->span_bytes,
		.result_capacity = server->span_bytes,
	};
	__atomic_store_n(&ring->sq_tail, ring->sq_tail + 1, __ATOMIC_RELEASE);
}

/* Drop the capability that came along, if one did. */
static uint32_t drop(const struct server *server, const struct ring_completion *received,
		     const struct ring_call_header *header, uint32_t tail)
{
	const struct ring_transfer_result *record =
		(const void *)((const char *)(header + 1) + header->param_length);

	if (received->transfer_count == 0)
		return tail;
	*capos_submission_at(server->ring, tail) = (struct ring_submission){
		.opcode = OPERATION_CODE_RELEASE,
		.tag = 63,
		.target = record->capability,
		.user_data = UINT64_MAX,
	};
	return tail + 1;
}

/* Answer a call and offer its span again. */
static uint32_t answer(const struct server *server, const struct ring_completion *received,
		       uint32_t tail)
{
	struct ring_header *ring = server->ring;
	uint32_t number = (uint32_t)received->user_data;
	uint32_t offset = number * server->span_bytes;
	struct ring_call_header *header = capos_arena_at(ring, offset);
	uint64_t *payload = (uint64_t *)(header + 1);

	if (header->param_length != 0)
		payload[0]++;
	tail = drop(server, received, header, tail);
	*capos_submission_at(ring, tail) = (struct ring_submission){
		.opcode = OPERATION_CODE_RETURN_RECV,
		.tag = (uint16_t)number,
		.target = received->word,
		.user_data = number,
		.param_offset = offset + (uint32_t)sizeof(*header),
		.param_length = header->param_length,
		.result_offset = offset,
		.result_capacity = server->span_bytes,
		.endpoint = server->endpoint,
	};
	return tail + 1;
}

/* Take every completion there is, answer the calls among them. */
static void serve(const struct server *server)
{
	struct ring_header *ring = server->ring;
	uint32_t tail = ring->sq_tail;
	uint32_t head = ring->cq_head;
	uint32_t end = __atomic_load_n(&ring->cq_tail, __ATOMIC_ACQUIRE);

	for (; head != end; head++) {
		const struct ring_completion *completion = capos_completion_at(ring, head);

		require(completion->status == 0);
		if (completion->user_data != UINT64_MAX)
			tail = answer(server, completion, tail);
	}
	__atomic_store_n(&ring->cq_head, head, __ATOMIC_RELEASE);
	__atomic_store_n(&ring->sq_tail, tail, __ATOMIC_RELEASE);
}

int capos_main(void)
{
	uint32_t message_bytes = number_argument(0);
	uint32_t receives = number_argument(1);
	uint32_t caps = number_argument(2);
	struct server server = { .ring = capos_ring(),
				 .endpoint = create(message_bytes, receives, caps) };

	server.span_bytes = (uint32_t)sizeof(struct ring_call_header) +
			    (message_bytes != 0 ? message_bytes : 8) +
			    caps * (uint32_t)sizeof(struct ring_transfer_result);
	announce(server.endpoint);
	for (uint32_t i = 0; i < receives; i++)
		offer(&server, i);
	while (capos_cap_enter(1, RING_NO_DEADLINE, nullptr) == STATUS_OK)
		serve(&server);
	return 1;
}
