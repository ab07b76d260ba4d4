// SPDX-License-Identifier: MIT
/* Endpoints and calls as programs use them.  See ipc_calls.h. */
#include "tests/host/ipc_calls.h"

#include "schema/account.capnp.h"

#include <string.h>

constexpr uint32_t TRANSFERS_AT = 128; /* in the part that a tag sends */

static uint32_t sent_at(uint16_t tag)
{
	return tag % IPC_TAGS * 2 * IPC_SPAN_BYTES;
}

static uint32_t got_at(uint16_t tag)
{
	return sent_at(tag) + IPC_SPAN_BYTES;
}

/* --- Methods ------------------------------------------------------------------------------ */

enum status create_endpoint(struct program *program, uint32_t max_open_calls,
			    uint64_t *out_endpoint)
{
	struct endpoint_limits_builder limits;
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "account"),
			 ACCOUNT_CREATE_ENDPOINT_METHOD);
	limits = account_create_endpoint_params_init_limits(
		account_create_endpoint_params_init_root(&request.params));
	endpoint_limits_set_max_message_bytes(limits, IPC_MESSAGE_BYTES);
	endpoint_limits_set_max_caps(limits, IPC_CAPS);
	endpoint_limits_set_max_open_calls(limits, max_open_calls);
	*out_endpoint = 0;
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	assert_int_equal(reply.capability.interface_id, ENDPOINT_INTERFACE_ID);
	*out_endpoint = reply.capability.capability;
	return STATUS_OK;
}

static enum status take_facet(struct program *program, struct request *request,
			      struct made_facet *out)
{
	struct reply reply;

	*out = (struct made_facet){ 0 };
	if (call_now(program, request, &reply) != STATUS_OK)
		return reply.status;
	assert_int_equal(reply.completion.transfer_count, 2);
	assert_int_equal(reply.capabilities[1].interface_id, FACET_CONTROL_INTERFACE_ID);
	out->facet = reply.capabilities[0].capability;
	out->control = reply.capabilities[1].capability;
	if (request->entry.method == ENDPOINT_MINT_METHOD) {
		struct endpoint_mint_results_reader results;

		if (endpoint_mint_results_read_root(&reply.message, &results))
			out->cookie = endpoint_mint_results_get_cookie(results);
	}
	return STATUS_OK;
}

enum status make_client(struct program *program, uint64_t endpoint, enum transfer_scope scope,
			struct made_facet *out)
{
	struct endpoint_client_params_builder params;
	struct request request;

	request_init_big(&request, endpoint, ENDPOINT_CLIENT_METHOD);
	params = endpoint_client_params_init_root(&request.params);
	endpoint_client_params_set_interface_id(params, IPC_INTERFACE);
	endpoint_client_params_set_scope(params, scope);
	return take_facet(program, &request, out);
}

enum status mint(struct program *program, uint64_t endpoint, enum transfer_scope scope,
		 struct made_facet *out)
{
	struct endpoint_mint_params_builder params;
	struct request request;

	request_init_big(&request, endpoint, ENDPOINT_MINT_METHOD);
	params = endpoint_mint_params_init_root(&request.params);
	endpoint_mint_params_set_interface_id(params, IPC_INTERFACE);
	endpoint_mint_params_set_scope(params, scope);
	return take_facet(program, &request, out);
}

enum status derive(struct program *program, uint64_t capability, enum transfer_scope scope,
		   struct made_facet *out)
{
	struct account_derive_params_builder params;
	struct request request;

	request_init_big(&request, program_capability(program, "account"),
			 ACCOUNT_DERIVE_METHOD);
	params = account_derive_params_init_root(&request.params);
	account_derive_params_set_capability(params, request_attach(&request, capability));
	account_derive_params_set_scope(params, scope);
	return take_facet(program, &request, out);
}

enum status revoke(struct program *program, uint64_t control)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, control, FACET_CONTROL_REVOKE_METHOD);
	(void)facet_control_revoke_params_init_root(&request.params);
	return call_now(program, &request, &reply);
}

enum facet_state facet_control_state(struct program *program, uint64_t control)
{
	struct facet_control_status_results_reader results;
	struct request request;
	struct reply reply;

	request_init_big(&request, control, FACET_CONTROL_STATUS_METHOD);
	(void)facet_control_status_params_init_root(&request.params);
	assert_int_equal(call_now(program, &request, &reply), STATUS_OK);
	assert_true(facet_control_status_results_read_root(&reply.message, &results));
	return facet_control_status_results_get_state(results);
}

enum status close_object(struct program *program, uint64_t endpoint, uint64_t cookie)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, endpoint, ENDPOINT_CLOSE_OBJECT_METHOD);
	endpoint_close_object_params_set_cookie(
		endpoint_close_object_params_init_root(&request.params), cookie);
	return call_now(program, &request, &reply);
}

enum status close_endpoint(struct program *program, uint64_t endpoint)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, endpoint, ENDPOINT_CLOSE_METHOD);
	(void)endpoint_close_params_init_root(&request.params);
	return call_now(program, &request, &reply);
}

/* --- Operations --------------------------------------------------------------------------- */

/* The word, and the list of what goes along, in the tag's part of the arena. */
static void put_message(struct program *program, struct ring_submission *entry, uint64_t value,
			const struct sent *sent)
{
	uint32_t at = sent_at(entry->tag);

	memcpy(program->arena + at, &value, sizeof(value));
	entry->param_offset = at;
	entry->param_length = sizeof(value);
	if (sent == nullptr || sent->count == 0)
		return;
	entry->transfer_offset = at + TRANSFERS_AT;
	entry->transfer_count = (uint8_t)sent->count;
	for (uint32_t i = 0; i < sent->count; i++) {
		struct ring_transfer transfer = { .capability = sent->capability[i],
						  .mode = (uint8_t)sent->mode[i] };

		memcpy(program->arena + at + TRANSFERS_AT + i * sizeof(transfer), &transfer,
		       sizeof(transfer));
	}
}

void submit_call(struct program *program, uint64_t facet, uint64_t value,
		 const struct sent *sent, uint16_t tag)
{
	struct ring_submission entry = { .opcode = OPERATION_CODE_CALL,
					 .method = 3,
					 .tag = tag,
					 .target = facet,
					 .user_data = tag,
					 .result_offset = got_at(tag),
					 .result_capacity = IPC_SPAN_BYTES,
					 .result_caps_max = IPC_CAPS };

	put_message(program, &entry, value, sent);
	program_submit(program, &entry);
}

void submit_receive(struct program *program, uint64_t endpoint, uint16_t tag)
{
	program_submit(program, &(struct ring_submission){ .opcode = OPERATION_CODE_RECV,
							   .tag = tag,
							   .target = endpoint,
							   .user_data = tag,
							   .result_offset = got_at(tag),
							   .result_capacity = IPC_SPAN_BYTES });
}

void submit_return(struct program *program, uint64_t call_id, uint64_t value,
		   const struct sent *sent, uint16_t tag)
{
	struct ring_submission entry = {
		.opcode = OPERATION_CODE_RETURN, .tag = tag, .target = call_id, .user_data = tag
	};

	put_message(program, &entry, value, sent);
	program_submit(program, &entry);
}

struct ring_submission *last_entry(struct program *program)
{
	return &program->sq[(program->sq_tail - 1) & (DEFAULT_SQ_ENTRIES - 1)];
}

void enter(struct program *program)
{
	struct entered entered = program_enter(program, 0, RING_NO_WAIT);

	assert_true(entered.returned);
	assert_int_equal(entered.status, STATUS_OK);
}

struct ring_completion completion_of(struct program *program, uint16_t tag)
{
	struct ring_completion completion = { 0 };

	assert_true(program_read(program, &completion));
	assert_int_equal(completion.tag, tag);
	assert_int_equal(completion.user_data, tag);
	return completion;
}

/* What a status that ends an accepted operation says of its kind. */
static enum completion_kind kind_of(enum status status)
{
	if (status == STATUS_TIMED_OUT)
		return COMPLETION_KIND_TIMED_OUT;
	return status == STATUS_CANCELLED ? COMPLETION_KIND_CANCELLED : COMPLETION_KIND_DONE;
}

void assert_ended(struct program *program, uint16_t tag, enum status status)
{
	struct ring_completion completion = completion_of(program, tag);

	assert_int_equal(-completion.status, status);
	if (status == STATUS_OK || status == STATUS_TIMED_OUT || status == STATUS_CANCELLED)
		assert_int_equal(completion.kind, kind_of(status));
	if (status != STATUS_OK)
		assert_int_equal(completion.length | completion.transfer_count, 0);
}

void assert_nothing(struct program *program)
{
	struct ring_completion completion;

	assert_false(program_read(program, &completion));
}

struct ring_call_header received_header(const struct program *program, uint16_t tag)
{
	struct ring_call_header header;

	memcpy(&header, program->arena + got_at(tag), sizeof(header));
	return header;
}

static uint64_t word_at(const struct program *program, uint32_t at)
{
	uint64_t word;

	memcpy(&word, program->arena + at, sizeof(word));
	return word;
}

uint64_t received_word(const struct program *program, uint16_t tag)
{
	return word_at(program, got_at(tag) + sizeof(struct ring_call_header));
}

uint64_t answered_word(const struct program *program, uint16_t tag)
{
	return word_at(program, got_at(tag));
}

static struct ring_transfer_result record_at(const struct program *program, uint32_t at)
{
	struct ring_transfer_result record;

	memcpy(&record, program->arena + at, sizeof(record));
	return record;
}

struct ring_transfer_result received_capability(const struct program *program, uint16_t tag,
						uint32_t i)
{
	return record_at(program, got_at(tag) + (uint32_t)sizeof(struct ring_call_header) + 8 +
					  i * (uint32_t)sizeof(struct ring_transfer_result));
}

struct ring_transfer_result answered_capability(const struct program *program, uint16_t tag,
						uint32_t i)
{
	return record_at(program,
			 got_at(tag) + 8 + i * (uint32_t)sizeof(struct ring_transfer_result));
}
