// SPDX-License-Identifier: MIT
#pragma once
/*
 * Calls between processes, by raw ring entries: both sides of a call may be one process.  What
 * a case used it must have given back: see ipc_settled().
 */
#include "tests/program/ipc_objects.h"

/* A call of one word, whose results bring no capability. */
static inline struct ring_submission ipc_call(uint64_t facet, uint64_t word, uint16_t tag)
{
	memcpy(submit_arena(ipc_sent_at(tag)), &word, sizeof(word));
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.target = facet,
		.method = 7,
		.tag = tag,
		.user_data = 0xca0000 + tag,
		.param_offset = ipc_sent_at(tag),
		.param_length = sizeof(word),
		.result_offset = ipc_got_at(tag),
		.result_capacity = IPC_GET_BYTES,
	};
}

static inline struct ring_submission ipc_receive(uint64_t endpoint, uint16_t tag)
{
	return (struct ring_submission){
		.opcode = OPERATION_CODE_RECV,
		.target = endpoint,
		.tag = tag,
		.user_data = 0x4ec0000 + tag,
		.result_offset = ipc_got_at(tag),
		.result_capacity = IPC_GET_BYTES,
	};
}

static inline struct ring_submission ipc_return(uint64_t call_id, uint64_t word, uint16_t tag)
{
	memcpy(submit_arena(ipc_sent_at(tag)), &word, sizeof(word));
	return (struct ring_submission){
		.opcode = OPERATION_CODE_RETURN,
		.target = call_id,
		.tag = tag,
		.user_data = 0x4e70000 + tag,
		.param_offset = ipc_sent_at(tag),
		.param_length = sizeof(word),
	};
}

static inline struct ring_submission ipc_query(uint64_t call_id, uint16_t tag)
{
	return (struct ring_submission){
		.opcode = OPERATION_CODE_CALL_QUERY,
		.target = call_id,
		.tag = tag,
	};
}

/* Add to the transfer list of an entry. */
static inline void ipc_attach(struct ring_submission *entry, uint64_t capability, uint8_t mode)
{
	struct ring_transfer transfer = { .capability = capability, .mode = mode };
	uint32_t index = entry->transfer_count++;

	entry->transfer_offset = ipc_list_at(entry->tag);
	memcpy(submit_arena(entry->transfer_offset + index * (uint32_t)sizeof(transfer)),
	       &transfer, sizeof(transfer));
}

static inline struct ring_call_header ipc_header(uint16_t tag)
{
	struct ring_call_header header;

	memcpy(&header, submit_arena(ipc_got_at(tag)), sizeof(header));
	return header;
}

/* The n-th capability that a receive with this tag got. */
static inline struct ring_transfer_result ipc_received(uint16_t tag, uint32_t n)
{
	struct ring_transfer_result record;
	uint32_t at = ipc_got_at(tag) + (uint32_t)sizeof(struct ring_call_header) +
		      ipc_header(tag).param_length + n * (uint32_t)sizeof(record);

	memcpy(&record, submit_arena(at), sizeof(record));
	return record;
}

/* Receive the call that is there; its id. */
static inline uint64_t ipc_take_call(uint64_t endpoint, uint16_t tag)
{
	struct ring_submission receive = ipc_receive(endpoint, tag);

	receive.flags = OPERATION_FLAG_POLL;
	ipc_check_end(__LINE__, ipc_do(receive), STATUS_OK);
	return ipc_header(tag).call_id;
}

/* Call through a facet (tag 0), received by the same process (tag 1): the open call's id.
 * Its results may bring as many capabilities as there may be. */
static inline uint64_t ipc_open(uint64_t facet, uint64_t endpoint)
{
	struct ring_submission call = ipc_call(facet, 0x1234, 0);

	call.result_caps_max = MAX_TRANSFERS;
	submit_put(&call);
	ipc_enter();
	return ipc_take_call(endpoint, 1);
}

/* What this process was granted under a name, whatever it says it is. */
static inline uint64_t ipc_granted(const char *name)
{
	uint64_t interface_id;
	uint64_t id = 0;

	CHECK_STATUS(capos_find_any(name, strlen(name), &id, &interface_id), STATUS_OK);
	return id;
}

/* --- Books -----------------------------------------------------------------------------------
 */

/* What the own account uses for itself and its parts. */
struct ipc_books {
	uint64_t memory;
	uint64_t slots;
	uint64_t endpoints;
	uint64_t facets;
	uint64_t open_calls;
	uint64_t waits;
};

[[gnu::noinline]] static inline struct ipc_books ipc_usage(struct account_client account)
{
	struct account_usage_results_reader results;
	struct resource_limits_reader used;
	struct ipc_method m;

	ipc_method_begin(&m, account.id, ACCOUNT_USAGE_METHOD);
	(void)message_builder_root(&m.params, 0, 0);
	CHECK_STATUS(ipc_method_run(&m, 0), STATUS_OK);
	CHECK(account_usage_results_read_root(&m.results, &results));
	used = account_usage_results_get_used(results);
	return (struct ipc_books){
		.memory = resource_limits_get_memory_bytes(used),
		.slots = resource_limits_get_slots(used),
		.endpoints = resource_limits_get_endpoints(used),
		.facets = resource_limits_get_facets(used),
		.open_calls = resource_limits_get_open_calls(used),
		.waits = resource_limits_get_waits(used),
	};
}

/* What is in use now that all that is kept for the next time is there: chunks of tables. */
static inline struct ipc_books ipc_books(void)
{
	uint64_t endpoint = ipc_endpoint();
	struct ipc_facet facet = ipc_client(endpoint);
	uint64_t call_id = ipc_open(facet.id, endpoint);

	ipc_check_end(__LINE__, ipc_do(ipc_return(call_id, 0, 2)), STATUS_OK);
	ipc_check_end(__LINE__, ipc_wait(0), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.id), STATUS_OK);
	CHECK_STATUS(ipc_release(facet.control), STATUS_OK);
	CHECK_STATUS(ipc_release(endpoint), STATUS_OK);
	return ipc_usage(ipc_account());
}

[[gnu::noinline]] static inline bool ipc_balanced(void)
{
	struct audit_audit_results_reader results;
	struct ipc_method m;

	ipc_method_begin(&m, test_capability("audit", AUDIT_INTERFACE_ID), AUDIT_AUDIT_METHOD);
	(void)message_builder_root(&m.params, 0, 0);
	CHECK_STATUS(ipc_method_run(&m, 0), STATUS_OK);
	CHECK(audit_audit_results_read_root(&m.results, &results));
	return audit_audit_results_get_balanced(results);
}

/*
 * Nothing of what was used since `before` is in use.  What is given up is taken apart in steps
 * beside other work, so it is looked at more than once.
 */
static inline void ipc_settled(struct ipc_books before)
{
	struct ipc_books after = {};

	for (uint32_t i = 0; i < 2000; i++) {
		after = ipc_usage(ipc_account());
		if (memcmp(&after, &before, sizeof(after)) == 0)
			break;
	}
	CHECK_EQUAL(after.slots, before.slots);
	CHECK_EQUAL(after.endpoints, before.endpoints);
	CHECK_EQUAL(after.facets, before.facets);
	CHECK_EQUAL(after.open_calls, before.open_calls);
	CHECK_EQUAL(after.waits, before.waits);
	CHECK_EQUAL(after.memory, before.memory);
	CHECK(ipc_balanced());
}
