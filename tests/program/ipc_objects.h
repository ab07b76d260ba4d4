// SPDX-License-Identifier: MIT
#pragma once
/*
 * Endpoints, facets and their controls, called by raw ring entries: the runtime's calls would
 * take completions that are not theirs.
 */
#include "tests/program/ipc_ring.h"

#include "schema/account.client.h"
#include "schema/audit.client.h"
#include "schema/endpoint.client.h"

/* One call being made up: its parameters, its results. */
struct ipc_method {
	struct message_builder params;
	struct message_reader results;
	struct ring_submission entry;
	struct ring_transfer_result got[2];
};

static inline void ipc_method_begin(struct ipc_method *m, uint64_t target, uint16_t method)
{
	m->entry = submit_call(target, method, 0);
	m->entry.tag = IPC_OWN_TAG;
	message_builder_init(&m->params, submit_arena(SUBMIT_PARAMS), SUBMIT_RESULTS);
}

static inline uint32_t ipc_method_attach(struct ipc_method *m, uint64_t capability)
{
	struct ring_transfer transfer = { .capability = capability };
	uint32_t index = m->entry.transfer_count++;

	m->entry.transfer_offset = SUBMIT_TRANSFERS;
	memcpy(submit_arena(SUBMIT_TRANSFERS + index * (uint32_t)sizeof(transfer)), &transfer,
	       sizeof(transfer));
	return index;
}

static inline enum status ipc_method_run(struct ipc_method *m, uint8_t caps)
{
	struct ring_completion completion;

	m->entry.param_length = (uint32_t)message_builder_finish(&m->params);
	m->entry.result_caps_max = caps;
	completion = ipc_do(m->entry);
	if (completion.status != 0)
		return submit_status(&completion);
	message_reader_init(&m->results, submit_arena(SUBMIT_RESULTS), completion.length);
	CHECK_EQUAL(completion.transfer_count, caps);
	memcpy(m->got, submit_arena(SUBMIT_RESULTS + completion.length),
	       caps * sizeof(m->got[0]));
	return STATUS_OK;
}

static inline struct account_client ipc_account(void)
{
	return (struct account_client){ test_capability("account", ACCOUNT_INTERFACE_ID) };
}

/* An endpoint of these limits, paid for by this account. */
[[gnu::noinline]] static inline enum status ipc_create_from(struct account_client account,
							    uint32_t message_bytes,
							    uint8_t caps, uint32_t open_calls,
							    uint64_t *out_endpoint)
{
	struct endpoint_limits_builder limits;
	struct ipc_method m;
	enum status status;

	ipc_method_begin(&m, account.id, ACCOUNT_CREATE_ENDPOINT_METHOD);
	limits = account_create_endpoint_params_init_limits(
		account_create_endpoint_params_init_root(&m.params));
	endpoint_limits_set_max_message_bytes(limits, message_bytes);
	endpoint_limits_set_max_caps(limits, caps);
	endpoint_limits_set_max_open_calls(limits, open_calls);
	status = ipc_method_run(&m, 1);
	if (status != STATUS_OK)
		return status;
	CHECK_EQUAL(m.got[0].interface_id, ENDPOINT_INTERFACE_ID);
	*out_endpoint = m.got[0].capability;
	return STATUS_OK;
}

/* The usual endpoint. */
static inline uint64_t ipc_endpoint(void)
{
	uint64_t endpoint = 0;

	CHECK_STATUS(
		ipc_create_from(ipc_account(), IPC_MESSAGE_BYTES, MAX_TRANSFERS, 0, &endpoint),
		STATUS_OK);
	return endpoint;
}

struct ipc_facet {
	uint64_t id;
	uint64_t control;
	uint64_t cookie;
};

static inline void ipc_take_facet(const struct ipc_method *m, struct ipc_facet *out)
{
	CHECK_EQUAL(m->got[1].interface_id, FACET_CONTROL_INTERFACE_ID);
	*out = (struct ipc_facet){ m->got[0].capability, m->got[1].capability, 0 };
}

[[gnu::noinline]] static inline enum status ipc_client_as(uint64_t endpoint,
							  uint64_t interface_id,
							  enum transfer_scope scope,
							  struct ipc_facet *out)
{
	struct endpoint_client_params_builder params;
	struct ipc_method m;
	enum status status;

	ipc_method_begin(&m, endpoint, ENDPOINT_CLIENT_METHOD);
	params = endpoint_client_params_init_root(&m.params);
	endpoint_client_params_set_interface_id(params, interface_id);
	endpoint_client_params_set_scope(params, scope);
	status = ipc_method_run(&m, 2);
	if (status == STATUS_OK)
		ipc_take_facet(&m, out);
	return status;
}

static inline struct ipc_facet ipc_client(uint64_t endpoint)
{
	struct ipc_facet facet = {};

	CHECK_STATUS(ipc_client_as(endpoint, IPC_INTERFACE,
				   TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE, &facet),
		     STATUS_OK);
	return facet;
}

[[gnu::noinline]] static inline enum status ipc_mint(uint64_t endpoint, uint64_t interface_id,
						     enum transfer_scope scope,
						     struct ipc_facet *out)
{
	struct endpoint_mint_params_builder params;
	struct endpoint_mint_results_reader results;
	struct ipc_method m;
	enum status status;

	ipc_method_begin(&m, endpoint, ENDPOINT_MINT_METHOD);
	params = endpoint_mint_params_init_root(&m.params);
	endpoint_mint_params_set_interface_id(params, interface_id);
	endpoint_mint_params_set_scope(params, scope);
	status = ipc_method_run(&m, 2);
	if (status != STATUS_OK)
		return status;
	ipc_take_facet(&m, out);
	CHECK(endpoint_mint_results_read_root(&m.results, &results));
	out->cookie = endpoint_mint_results_get_cookie(results);
	return STATUS_OK;
}

[[gnu::noinline]] static inline enum status ipc_derive_from(struct account_client account,
							    uint64_t capability,
							    enum transfer_scope scope,
							    struct ipc_facet *out)
{
	struct account_derive_params_builder params;
	struct ipc_method m;
	enum status status;

	ipc_method_begin(&m, account.id, ACCOUNT_DERIVE_METHOD);
	params = account_derive_params_init_root(&m.params);
	if (capability != 0)
		account_derive_params_set_capability(params, ipc_method_attach(&m, capability));
	account_derive_params_set_scope(params, scope);
	status = ipc_method_run(&m, 2);
	if (status == STATUS_OK)
		ipc_take_facet(&m, out);
	return status;
}

static inline enum status ipc_derive(uint64_t capability, struct ipc_facet *out)
{
	return ipc_derive_from(ipc_account(), capability,
			       TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE, out);
}

/* A method without parameters and results. */
[[gnu::noinline]] static inline enum status ipc_plain(uint64_t target, uint16_t method)
{
	struct ipc_method m;

	ipc_method_begin(&m, target, method);
	(void)message_builder_root(&m.params, 0, 0);
	return ipc_method_run(&m, 0);
}

static inline enum status ipc_revoke(uint64_t control)
{
	return ipc_plain(control, FACET_CONTROL_REVOKE_METHOD);
}

static inline enum status ipc_close(uint64_t endpoint)
{
	return ipc_plain(endpoint, ENDPOINT_CLOSE_METHOD);
}

[[gnu::noinline]] static inline enum status ipc_close_object(uint64_t endpoint, uint64_t cookie)
{
	struct ipc_method m;

	ipc_method_begin(&m, endpoint, ENDPOINT_CLOSE_OBJECT_METHOD);
	endpoint_close_object_params_set_cookie(
		endpoint_close_object_params_init_root(&m.params), cookie);
	return ipc_method_run(&m, 0);
}

/* Endpoint.revoke; a facet of 0 is a null field. */
[[gnu::noinline]] static inline enum status ipc_endpoint_revoke(uint64_t endpoint,
								uint64_t facet)
{
	struct endpoint_revoke_params_builder params;
	struct ipc_method m;

	ipc_method_begin(&m, endpoint, ENDPOINT_REVOKE_METHOD);
	params = endpoint_revoke_params_init_root(&m.params);
	if (facet != 0)
		endpoint_revoke_params_set_facet(params, ipc_method_attach(&m, facet));
	return ipc_method_run(&m, 0);
}

[[gnu::noinline]] static inline enum facet_state ipc_facet_state(uint64_t control)
{
	struct facet_control_status_results_reader results;
	struct ipc_method m;

	ipc_method_begin(&m, control, FACET_CONTROL_STATUS_METHOD);
	(void)message_builder_root(&m.params, 0, 0);
	CHECK_STATUS(ipc_method_run(&m, 0), STATUS_OK);
	CHECK(facet_control_status_results_read_root(&m.results, &results));
	return facet_control_status_results_get_state(results);
}

struct ipc_info {
	uint32_t queued;
	uint32_t open;
	uint32_t receives;
	uint32_t objects;
	bool closed;
};

[[gnu::noinline]] static inline struct ipc_info ipc_info(uint64_t endpoint)
{
	struct endpoint_info_results_reader results;
	struct ipc_method m;

	ipc_method_begin(&m, endpoint, ENDPOINT_INFO_METHOD);
	(void)message_builder_root(&m.params, 0, 0);
	CHECK_STATUS(ipc_method_run(&m, 0), STATUS_OK);
	CHECK(endpoint_info_results_read_root(&m.results, &results));
	return (struct ipc_info){
		.queued = endpoint_info_results_get_queued_calls(results),
		.open = endpoint_info_results_get_open_calls(results),
		.receives = endpoint_info_results_get_receives(results),
		.objects = endpoint_info_results_get_objects(results),
		.closed = endpoint_info_results_get_closed(results),
	};
}

static inline enum status ipc_release(uint64_t capability)
{
	struct ring_submission entry = submit_release(capability);

	entry.tag = IPC_OWN_TAG;
	return ipc_do_status(entry);
}
