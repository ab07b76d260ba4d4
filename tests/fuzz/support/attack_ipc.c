// SPDX-License-Identifier: MIT
/* Endpoints, facets, and calls between processes, as an input describes them.  See attack.h. */
#include "schema/account.capnp.h"
#include "schema/endpoint.capnp.h"
#include "tests/fuzz/support/attack.h"

constexpr uint32_t SLOTS = 4;
constexpr uint32_t SLOT_BYTES = 1024;
constexpr uint32_t PARAM_BYTES = 832;
constexpr uint64_t INTERFACES = 0x1234567800000000; /* that facets here claim to be */

/* An entry being made up, of a process; parameters of a kernel object's method in words. */
struct entry {
	const struct attackers *all;
	struct attacker *attacker;
	struct fuzz_input *input;
	struct ring_submission entry;
	struct message_builder params;
	alignas(8) uint8_t words[128];
};

static uint64_t cap_of(struct entry *t, uint64_t interface_id)
{
	return attack_cap(t->all, t->attacker, t->input, interface_id);
}

/* Add to the transfer list: mostly one that is there, copied or moved. */
static uint32_t attach(struct entry *t, uint64_t interface_id, uint8_t mode)
{
	struct ring_transfer transfer = { .capability = cap_of(t, interface_id), .mode = mode };
	uint32_t index = t->entry.transfer_count++;

	t->entry.transfer_offset = t->entry.param_offset + PARAM_BYTES;
	memcpy(t->attacker->program.arena + t->entry.transfer_offset + index * sizeof(transfer),
	       &transfer, sizeof(transfer));
	return index;
}

/* What a message brings: some of anything, and now and then of a mode that there is not. */
static void attach_some(struct entry *t)
{
	uint32_t choices = fuzz_take_byte(t->input);
	uint32_t count = choices % 16 < 12 ? choices % 4 : choices % 9;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t how = fuzz_take_byte(t->input);
		uint64_t interface_id = how % 4 == 0 ? ENDPOINT_INTERFACE_ID : 0;
		uint8_t mode = how < 240 ? how / 8 % 2 : (uint8_t)(how % 5);

		(void)attach(t, interface_id, mode);
	}
}

static enum transfer_scope take_scope(struct entry *t)
{
	return (enum transfer_scope)(fuzz_take_byte(t->input) % 16 % 4);
}

/* --- Methods ---------------------------------------------------------------------------- */

static void create_endpoint(struct entry *t)
{
	uint32_t choices = fuzz_take_byte(t->input);
	struct endpoint_limits_builder limits = account_create_endpoint_params_init_limits(
		account_create_endpoint_params_init_root(&t->params));

	endpoint_limits_set_max_message_bytes(limits,
					      choices < 250 ? choices % 16 * 16 : 16384);
	endpoint_limits_set_max_caps(limits, (uint8_t)(choices < 250 ? choices % 9 : 9));
	endpoint_limits_set_max_open_calls(limits, fuzz_take_byte(t->input) % 8);
}

static void derive(struct entry *t)
{
	struct account_derive_params_builder params =
		account_derive_params_init_root(&t->params);

	account_derive_params_set_capability(params, attach(t, 0, CAP_GRANT_MODE_COPY));
	account_derive_params_set_scope(params, take_scope(t));
}

static void make_client(struct entry *t)
{
	struct endpoint_client_params_builder params =
		endpoint_client_params_init_root(&t->params);

	endpoint_client_params_set_interface_id(params, INTERFACES);
	endpoint_client_params_set_scope(params, take_scope(t));
}

static void mint(struct entry *t)
{
	struct endpoint_mint_params_builder params = endpoint_mint_params_init_root(&t->params);

	endpoint_mint_params_set_interface_id(params, INTERFACES);
	endpoint_mint_params_set_scope(params, take_scope(t));
}

/* The low halves of cookies are small, and so are the first generations. */
static void close_object(struct entry *t)
{
	uint64_t index = fuzz_take_byte(t->input) % 4;
	uint64_t generation = fuzz_take_byte(t->input) % 4;

	endpoint_close_object_params_set_cookie(
		endpoint_close_object_params_init_root(&t->params), generation << 32 | index);
}

static void revoke(struct entry *t)
{
	endpoint_revoke_params_set_facet(endpoint_revoke_params_init_root(&t->params),
					 attach(t, INTERFACES, CAP_GRANT_MODE_COPY));
}

static void empty(struct entry *t)
{
	(void)message_builder_root(&t->params, 0, 0);
}

struct ipc_method {
	uint64_t interface_id;
	uint16_t method;
	void (*write_params)(struct entry *t);
};

static const struct ipc_method methods[] = {
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_CREATE_ENDPOINT_METHOD, create_endpoint },
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_DERIVE_METHOD, derive },
	{ ENDPOINT_INTERFACE_ID, ENDPOINT_CLIENT_METHOD, make_client },
	{ ENDPOINT_INTERFACE_ID, ENDPOINT_MINT_METHOD, mint },
	{ ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE_OBJECT_METHOD, close_object },
	{ ENDPOINT_INTERFACE_ID, ENDPOINT_REVOKE_METHOD, revoke },
	{ ENDPOINT_INTERFACE_ID, ENDPOINT_CLOSE_METHOD, empty },
	{ ENDPOINT_INTERFACE_ID, ENDPOINT_INFO_METHOD, empty },
	{ FACET_CONTROL_INTERFACE_ID, FACET_CONTROL_REVOKE_METHOD, empty },
	{ FACET_CONTROL_INTERFACE_ID, FACET_CONTROL_STATUS_METHOD, empty },
};

constexpr uint32_t METHODS = sizeof(methods) / sizeof(methods[0]);

static void call_object(struct entry *t)
{
	const struct ipc_method *method = &methods[fuzz_take_below(t->input, METHODS)];

	t->entry.opcode = OPERATION_CODE_CALL;
	t->entry.method = method->method;
	t->entry.target = cap_of(t, method->interface_id);
	t->entry.result_caps_max = 2;
	message_builder_init(&t->params, t->words, sizeof(t->words));
	method->write_params(t);
	t->entry.param_length = (uint32_t)message_builder_finish(&t->params);
	memcpy(t->attacker->program.arena + t->entry.param_offset, t->words,
	       t->entry.param_length);
}

/* --- Operations ------------------------------------------------------------------------- */

static void call_facet(struct entry *t)
{
	uint32_t choices = fuzz_take_byte(t->input);

	t->entry.opcode = OPERATION_CODE_CALL;
	t->entry.target = cap_of(t, INTERFACES);
	t->entry.method = (uint16_t)choices;
	t->entry.param_length = choices % 8 * 8;
	t->entry.result_caps_max = (uint8_t)(choices / 8 % 10);
	attach_some(t);
}

static void receive(struct entry *t)
{
	t->entry.opcode = OPERATION_CODE_RECV;
	t->entry.target = cap_of(t, ENDPOINT_INTERFACE_ID);
	if (fuzz_take_byte(t->input) % 4 == 0)
		t->entry.flags = OPERATION_FLAG_POLL;
}

/* A call id: learned, another's, or near one. */
static uint64_t take_call(struct entry *t)
{
	uint32_t choice = fuzz_take_byte(t->input);
	const struct attacker *from = t->attacker;

	if (choice >= 240)
		from = &t->all->attacker[choice % t->all->count];
	return from->calls[choice % ATTACKER_CALLS] + (choice / 8 % 16 == 15 ? 1ULL << 32 : 0);
}

static void answer(struct entry *t)
{
	uint32_t choices = fuzz_take_byte(t->input);

	t->entry.opcode = OPERATION_CODE_RETURN;
	t->entry.target = take_call(t);
	t->entry.param_length = choices % 8 * 8;
	t->entry.flags = (choices & 64) != 0 ? OPERATION_FLAG_EXCEPTION : 0;
	t->entry.result_offset = 0;
	t->entry.result_capacity = 0;
	attach_some(t);
	if ((choices & 128) != 0)
		t->entry.flags |= OPERATION_FLAG_SKIP_SUCCESS;
}

static void answer_and_receive(struct entry *t)
{
	uint32_t result_offset = t->entry.result_offset;

	answer(t);
	t->entry.opcode = OPERATION_CODE_RETURN_RECV;
	t->entry.flags &= OPERATION_FLAG_EXCEPTION;
	t->entry.result_offset = result_offset;
	t->entry.result_capacity = ATTACKER_SPAN_BYTES;
	t->entry.endpoint = cap_of(t, ENDPOINT_INTERFACE_ID);
}

static void query(struct entry *t)
{
	t->entry.opcode = OPERATION_CODE_CALL_QUERY;
	t->entry.target = take_call(t);
	t->entry.result_offset = t->entry.result_capacity = 0;
	t->entry.param_offset = 0;
}

void attack_ipc(struct attackers *all, struct attacker *a, struct fuzz_input *input)
{
	static void (*const makers[])(struct entry *t) = {
		call_object, call_object, call_facet,         call_facet,
		receive,     answer,      answer_and_receive, query,
	};
	struct entry t = { .all = all, .attacker = a, .input = input };
	uint32_t choices = fuzz_take_byte(input);

	t.entry = (struct ring_submission){
		.tag = (uint16_t)(a->submitted % DEFAULT_CQ_ENTRIES),
		.param_offset = a->submitted % SLOTS * SLOT_BYTES,
		.result_offset = attacker_result_offset(a->submitted),
		.result_capacity = ATTACKER_SPAN_BYTES,
	};
	makers[choices % 8](&t);
	if (t.entry.opcode == OPERATION_CODE_RECV)
		t.entry.param_offset = 0;
	if (choices >= 192 &&
	    (t.entry.opcode == OPERATION_CODE_CALL || t.entry.opcode == OPERATION_CODE_RECV))
		t.entry.deadline_ns = attack_number(a, input);
	(void)attacker_submit(a, &t.entry);
}
