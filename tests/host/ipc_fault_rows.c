// SPDX-License-Identifier: MIT
/* Operations and methods of endpoints and facets, for fault_injection_test.c. */
#include "schema/account.capnp.h"
#include "tests/host/fault_rows.h"
#include "tests/host/ipc_calls.h"

constexpr uint64_t LENT_BYTES = 16 * PAGE_SIZE;

static struct request request;
static uint64_t made;            /* by the operation */
static uint64_t server;          /* an endpoint */
static struct made_facet object; /* of it, by prepare or by the operation */
static uint64_t call_id;

static void prepare_endpoint(void)
{
	assert_int_equal(create_endpoint(&first, 4, &server), STATUS_OK);
}

static void prepare_object(void)
{
	prepare_endpoint();
	assert_int_equal(mint(&first, server, TRANSFER_SCOPE_SAME_SESSION, &object), STATUS_OK);
}

/* A process may call itself. */
static void prepare_call(void)
{
	prepare_object();
	submit_call(&first, object.facet, 1, nullptr, 1);
	submit_receive(&first, server, 2);
	assert_int_equal(program_enter(&first, 0, RING_NO_WAIT).status, STATUS_OK);
	call_id = completion_of(&first, 2).word;
}

static enum status run_create_endpoint(void)
{
	return create_endpoint(&first, 4, &made);
}

static enum status run_client(void)
{
	return make_client(&first, server, TRANSFER_SCOPE_SAME_SESSION, &object);
}

static enum status run_mint(void)
{
	return mint(&first, server, TRANSFER_SCOPE_SAME_SESSION, &object);
}

static enum status run_derive(void)
{
	struct made_facet derived;

	return derive(&first, object.facet, TRANSFER_SCOPE_SAME_SESSION, &derived);
}

static enum status run_close_object(void)
{
	return close_object(&first, server, object.cookie);
}

static enum status run_endpoint_revoke(void)
{
	request_init_big(&request, server, ENDPOINT_REVOKE_METHOD);
	endpoint_revoke_params_set_facet(endpoint_revoke_params_init_root(&request.params),
					 request_attach(&request, object.facet));
	return submit_one(&request);
}

static enum status run_endpoint_close(void)
{
	return close_endpoint(&first, server);
}

static enum status run_endpoint_info(void)
{
	return call_plain(server, ENDPOINT_INFO_METHOD);
}

static enum status run_revoke(void)
{
	return revoke(&first, object.control);
}

static void prepare_lent(void)
{
	assert_int_equal(create_object(&first, LENT_BYTES, &server), STATUS_OK);
	assert_int_equal(derive(&first, server, TRANSFER_SCOPE_SAME_SESSION, &object),
			 STATUS_OK);
}

static enum status run_map_lent(void)
{
	return map_object(&first,
			  (struct mapping_request){ .memory = object.facet,
						    .length_bytes = LENT_BYTES,
						    .protection = PROTECTION_READ },
			  &made);
}

static void prepare_lent_mapping(void)
{
	prepare_lent();
	assert_int_equal(run_map_lent(), STATUS_OK);
}

static enum status run_unmap_lent_middle(void)
{
	return unmap(&first, made + PAGE_SIZE, PAGE_SIZE);
}

static enum status run_protect_lent_middle(void)
{
	return protect(&first, made + PAGE_SIZE, PAGE_SIZE, PROTECTION_READ_WRITE);
}

static enum status run_control_status(void)
{
	return call_plain(object.control, FACET_CONTROL_STATUS_METHOD);
}

static enum status run_endpoint_call(void)
{
	struct sent sent = { .capability = { object.control }, .count = 1 };

	submit_call(&first, object.facet, 1, &sent, PENDING_TAG);
	return enter_one();
}

static enum status run_receive(void)
{
	submit_receive(&first, server, PENDING_TAG);
	return enter_one();
}

static enum status run_return(void)
{
	submit_return(&first, call_id, 1, nullptr, 3);
	return enter_one();
}

static enum status run_return_receive(void)
{
	submit_return(&first, call_id, 1, nullptr, PENDING_TAG);
	last_entry(&first)->opcode = OPERATION_CODE_RETURN_RECV;
	last_entry(&first)->endpoint = server;
	last_entry(&first)->result_offset = 0;
	last_entry(&first)->result_capacity = IPC_SPAN_BYTES;
	return enter_one();
}

static enum status run_query(void)
{
	return program_one(&first,
			   &(struct ring_submission){ .opcode = OPERATION_CODE_CALL_QUERY,
						      .tag = 3,
						      .target = call_id });
}

const struct fault_row ipc_fault_rows[] = {
	{ "call of an endpoint", 0, OPERATION_CODE_CALL, prepare_object, run_endpoint_call,
	  true },
	{ "receive", 0, OPERATION_CODE_RECV, prepare_object, run_receive, true },
	{ "return", 0, OPERATION_CODE_RETURN, prepare_call, run_return, false },
	{ "returnRecv", 0, OPERATION_CODE_RETURN_RECV, prepare_call, run_return_receive, true },
	{ "callQuery", 0, OPERATION_CODE_CALL_QUERY, prepare_call, run_query, false },
	{ "createEndpoint", ACCOUNT_INTERFACE_ID, ACCOUNT_CREATE_ENDPOINT_METHOD, nullptr,
	  run_create_endpoint, true },
	{ "derive", ACCOUNT_INTERFACE_ID, ACCOUNT_DERIVE_METHOD, prepare_object, run_derive,
	  true },
	{ "Endpoint.client", ENDPOINT_INTERFACE_ID, ENDPOINT_CLIENT_METHOD, prepare_endpoint,
	  run_client, true },
	{ "mint", ENDPOINT_INTERFACE_ID, ENDPOINT_MINT_METHOD, prepare_endpoint, run_mint,
	  true },
	{ "closeObject", ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE_OBJECT_METHOD, prepare_object,
	  run_close_object, false },
	{ "Endpoint.revoke", ENDPOINT_INTERFACE_ID, ENDPOINT_REVOKE_METHOD, prepare_object,
	  run_endpoint_revoke, false },
	{ "Endpoint.close", ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE_METHOD, prepare_object,
	  run_endpoint_close, false },
	{ "Endpoint.info", ENDPOINT_INTERFACE_ID, ENDPOINT_INFO_METHOD, prepare_object,
	  run_endpoint_info, false },
	{ "FacetControl.revoke", FACET_CONTROL_INTERFACE_ID, FACET_CONTROL_REVOKE_METHOD,
	  prepare_object, run_revoke, false },
	{ "map through a facet", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_MAP_METHOD,
	  prepare_lent, run_map_lent, true },
	{ "unmap of a lent middle", VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP_METHOD,
	  prepare_lent_mapping, run_unmap_lent_middle, true },
	{ "protect of a lent middle", VIRTUAL_MEMORY_INTERFACE_ID,
	  VIRTUAL_MEMORY_PROTECT_METHOD, prepare_lent_mapping, run_protect_lent_middle, true },
	{ "revoke of what is mapped", FACET_CONTROL_INTERFACE_ID, FACET_CONTROL_REVOKE_METHOD,
	  prepare_lent_mapping, run_revoke, false },
	{ "FacetControl.status", FACET_CONTROL_INTERFACE_ID, FACET_CONTROL_STATUS_METHOD,
	  prepare_object, run_control_status, false },
};

const size_t ipc_fault_row_count = sizeof(ipc_fault_rows) / sizeof(ipc_fault_rows[0]);
