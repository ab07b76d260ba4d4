// SPDX-License-Identifier: MIT
/* CALLs as a program makes them.  See kernel_calls.h. */
#include "tests/host/kernel_calls.h"

#include "kernel/core/account_object.h"
#include "kernel/core/limits.h"

#include <string.h>

#include "schema/timer.capnp.h"
#include "schema/uart.capnp.h"

/*
 * Parts of the arena:
 *
 *   0                  CALL_TAGS * 2 * 88                             small spans, by tag
 *   0                  4096                4608                8704   big spans
 *   TRANSFERS (128 bytes)   WAIT_RESULTS (512 bytes)                  behind the small ones
 */
constexpr uint32_t BIG_RESULTS = 4608;
constexpr uint32_t TRANSFERS = CALL_TAGS * 2 * CALL_SPAN_BYTES;
constexpr uint32_t WAIT_RESULTS = TRANSFERS + 128;

static void init(struct request *request, uint64_t target, uint16_t method, uint16_t tag)
{
	request->entry = (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.method = method,
		.tag = tag,
		.target = target,
		.user_data = UINT64_C(0x1234567800000000) | tag,
		.result_caps_max = 2,
	};
}

void request_init(struct request *request, uint64_t target, uint16_t method, uint16_t tag)
{
	uint32_t at = tag % CALL_TAGS * 2 * CALL_SPAN_BYTES;

	init(request, target, method, tag);
	request->entry.param_offset = at;
	request->entry.result_offset = at + CALL_SPAN_BYTES;
	request->entry.result_capacity = CALL_SPAN_BYTES;
	message_builder_init(&request->params, request->words, CALL_SPAN_BYTES);
}

void request_init_big(struct request *request, uint64_t target, uint16_t method)
{
	init(request, target, method, CALL_TAGS - 1);
	request->entry.result_offset = BIG_RESULTS;
	request->entry.result_capacity = CALL_BIG_BYTES;
	message_builder_init(&request->params, request->words, CALL_BIG_BYTES);
}

uint32_t request_attach(struct request *request, uint64_t capability)
{
	uint32_t index = request->entry.transfer_count++;

	assert_in_range(index, 0, MAX_TRANSFERS - 1);
	request->transfers[index] = (struct ring_transfer){ .capability = capability };
	return index;
}

void request_submit(struct program *program, struct request *request)
{
	struct ring_submission *entry = &request->entry;

	assert_false(request->params.failed);
	entry->param_length = (uint32_t)message_builder_finish(&request->params);
	memcpy(program->arena + entry->param_offset, request->words, entry->param_length);
	if (entry->transfer_count != 0) {
		entry->transfer_offset = TRANSFERS;
		memcpy(program->arena + TRANSFERS, request->transfers,
		       entry->transfer_count * sizeof(struct ring_transfer));
	}
	program_submit(program, entry);
}

void reply_read(const struct program *program, const struct ring_submission *entry,
		const struct ring_completion *completion, struct reply *reply)
{
	const uint8_t *results = program->arena + entry->result_offset;

	assert_in_range(completion->length, 0, entry->result_capacity);
	assert_int_equal(completion->length % 8, 0);
	assert_in_range(completion->transfer_count, 0, MAX_TRANSFERS);
	reply->completion = *completion;
	reply->status = (enum status) - completion->status;
	memcpy(reply->words, results, completion->length);
	message_reader_init(&reply->message, reply->words, completion->length);
	memset(reply->capabilities, 0, sizeof(reply->capabilities));
	memcpy(reply->capabilities, results + completion->length,
	       completion->transfer_count * sizeof(reply->capabilities[0]));
	reply->capability = reply->capabilities[0];
}

enum status call_now(struct program *program, struct request *request, struct reply *reply)
{
	struct ring_completion completion;
	struct entered entered;

	request_submit(program, request);
	entered = program_enter(program, 0, RING_NO_WAIT);
	assert_true(entered.returned);
	assert_int_equal(entered.status, STATUS_OK);
	do {
		assert_true(program_read(program, &completion));
	} while (completion.user_data != request->entry.user_data);
	reply_read(program, &request->entry, &completion, reply);
	if (reply->status != STATUS_OK)
		assert_int_equal(completion.length | completion.transfer_count, 0);
	return reply->status;
}

/* --- Operations ------------------------------------------------------------------------- */

enum status release(struct program *program, uint64_t capability)
{
	return program_one(program, &(struct ring_submission){ .opcode = OPERATION_CODE_RELEASE,
							       .tag = CALL_TAGS - 1,
							       .target = capability });
}

void submit_cancel(struct program *program, uint64_t target_tag, uint16_t tag)
{
	program_submit(program, &(struct ring_submission){ .opcode = OPERATION_CODE_CANCEL,
							   .tag = tag,
							   .target = target_tag });
}

void submit_timer_wait(struct program *program, uint64_t until_ns, uint64_t deadline_ns,
		       uint16_t tag)
{
	struct request request;

	request_init(&request, program_capability(program, "timer"), TIMER_WAIT_METHOD, tag);
	timer_wait_params_set_until_ns(timer_wait_params_init_root(&request.params), until_ns);
	request.entry.deadline_ns = deadline_ns;
	request_submit(program, &request);
}

void submit_process_wait(struct program *program, uint64_t handle, uint64_t deadline_ns,
			 uint16_t tag)
{
	struct request request;

	request_init(&request, handle, PROCESS_HANDLE_WAIT_METHOD, tag);
	(void)process_handle_wait_params_init_root(&request.params);
	request.entry.result_offset = WAIT_RESULTS;
	request.entry.result_capacity = EXIT_RECORD_BYTES_MAX;
	request.entry.deadline_ns = deadline_ns;
	request_submit(program, &request);
}

void submit_uart_read(struct program *program, uint32_t max_bytes, uint16_t tag)
{
	struct request request;

	request_init(&request, program_capability(program, "uart"), UART_READ_METHOD, tag);
	uart_read_params_set_max_bytes(uart_read_params_init_root(&request.params), max_bytes);
	request_submit(program, &request);
}

/* --- Processes -------------------------------------------------------------------------- */

/* A child has its spawner, if any, as what was given to it. */
static uint64_t spawner_of(const struct program *program)
{
	uint64_t spawner = program_capability(program, "spawner");

	return spawner != 0 ? spawner : program_capability(program, "given");
}

/* Children of the first process may have children, which may not. */
static void write_limits(const struct program *program, struct resource_limits_builder limits,
			 const struct spawning *what)
{
	uint32_t slots = program == &first ? 256 : 32;
	uint32_t threads = program == &first ? 4 : 1;

	resource_limits_set_memory_bytes(limits, what->memory_bytes);
	resource_limits_set_slots(limits, what->slots != 0 ? what->slots : slots);
	resource_limits_set_threads(limits, what->threads != 0 ? what->threads : threads);
}

enum status spawn_process(struct program *program, struct spawning what, uint64_t *out_handle)
{
	struct process_spawner_spawn_params_builder params;
	struct request request;
	struct reply reply;

	if (what.binary == nullptr)
		what.binary = what.image == 0 ? "child" : "";
	request_init_big(&request, spawner_of(program), PROCESS_SPAWNER_SPAWN_METHOD);
	params = process_spawner_spawn_params_init_root(&request.params);
	process_spawner_spawn_params_set_binary(params, what.binary,
						(uint32_t)strlen(what.binary));
	write_limits(program, process_spawner_spawn_params_init_limits(params), &what);
	if (what.given != 0) {
		struct grant_builder grant = grant_list_builder_get(
			process_spawner_spawn_params_init_grants(params, 1), 0);

		grant_set_name(grant, "given", 5);
		grant_set_capability(grant, request_attach(&request, what.given));
	}
	if (what.account != 0)
		process_spawner_spawn_params_set_account(
			params, request_attach(&request, what.account));
	if (what.image != 0)
		process_spawner_spawn_params_set_image(params,
						       request_attach(&request, what.image));
	*out_handle = 0;
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	assert_int_equal(reply.capability.interface_id, PROCESS_HANDLE_INTERFACE_ID);
	*out_handle = reply.capability.capability;
	return STATUS_OK;
}

enum status spawn_child(struct program *program, uint64_t memory_bytes, uint64_t given,
			uint64_t *out_handle)
{
	return spawn_process(program,
			     (struct spawning){ .memory_bytes = memory_bytes, .given = given },
			     out_handle);
}

struct process *process_behind(const struct program *program, uint64_t handle)
{
	struct object *object =
		cap_table_lookup(&program->process->table, (struct cap_id){ handle });

	assert_non_null(object);
	assert_true(object_is(object, &process_handle_type));
	return process_of_handle(object);
}

enum status kill_process(struct program *program, uint64_t handle)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, handle, PROCESS_HANDLE_KILL_METHOD);
	(void)process_handle_kill_params_init_root(&request.params);
	return call_now(program, &request, &reply);
}

uint16_t process_status(struct program *program, uint64_t handle)
{
	struct process_handle_status_results_reader results;
	struct request request;
	struct reply reply;

	request_init_big(&request, handle, PROCESS_HANDLE_STATUS_METHOD);
	(void)process_handle_status_params_init_root(&request.params);
	assert_int_equal(call_now(program, &request, &reply), STATUS_OK);
	assert_true(process_handle_status_results_read_root(&reply.message, &results));
	return exit_record_which(process_handle_status_results_get_record(results));
}

/* --- Accounts --------------------------------------------------------------------------- */

struct account *account_behind(const struct program *program, uint64_t capability)
{
	struct object *object =
		cap_table_lookup(&program->process->table, (struct cap_id){ capability });

	assert_non_null(object);
	assert_true(object_is(object, &account_type));
	return account_of_object(object);
}

enum status split_account(struct program *program, uint64_t account,
			  const uint64_t limits[ACCOUNT_RESOURCES], uint64_t *out_account)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, account, ACCOUNT_SPLIT_METHOD);
	limits_write(limits, account_split_params_init_limits(
				     account_split_params_init_root(&request.params)));
	*out_account = 0;
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	assert_int_equal(reply.capability.interface_id, ACCOUNT_INTERFACE_ID);
	*out_account = reply.capability.capability;
	return STATUS_OK;
}

enum status close_account(struct program *program, uint64_t account)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, account, ACCOUNT_CLOSE_METHOD);
	(void)message_builder_root(&request.params, 0, 0);
	return call_now(program, &request, &reply);
}

/* --- Memory ----------------------------------------------------------------------------- */

enum status create_object(struct program *program, uint64_t size_bytes, uint64_t *out_memory)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "memory"),
			 VIRTUAL_MEMORY_CREATE_OBJECT_METHOD);
	virtual_memory_create_object_params_set_size_bytes(
		virtual_memory_create_object_params_init_root(&request.params), size_bytes);
	*out_memory = 0;
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	assert_int_equal(reply.capability.interface_id, MEMORY_OBJECT_INTERFACE_ID);
	*out_memory = reply.capability.capability;
	return STATUS_OK;
}

enum status seal_object(struct program *program, uint64_t memory)
{
	struct request request;
	struct reply reply;

	request_init_big(&request, memory, MEMORY_OBJECT_SEAL_METHOD);
	(void)memory_object_seal_params_init_root(&request.params);
	return call_now(program, &request, &reply);
}

enum status map_object(struct program *program, struct mapping_request what,
		       uint64_t *out_address)
{
	struct virtual_memory_map_params_builder params;
	struct virtual_memory_map_results_reader results;
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "memory"),
			 VIRTUAL_MEMORY_MAP_METHOD);
	params = virtual_memory_map_params_init_root(&request.params);
	virtual_memory_map_params_set_memory(params, request_attach(&request, what.memory));
	virtual_memory_map_params_set_offset_bytes(params, what.offset_bytes);
	virtual_memory_map_params_set_length_bytes(params, what.length_bytes);
	virtual_memory_map_params_set_protection(params, what.protection);
	virtual_memory_map_params_set_address(params, what.address);
	virtual_memory_map_params_set_allow_revocable(params, !what.sealed_only);
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	assert_true(virtual_memory_map_results_read_root(&reply.message, &results));
	*out_address = virtual_memory_map_results_get_address(results);
	return STATUS_OK;
}

enum status unmap(struct program *program, uint64_t address, uint64_t length_bytes)
{
	struct virtual_memory_unmap_params_builder params;
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "memory"),
			 VIRTUAL_MEMORY_UNMAP_METHOD);
	params = virtual_memory_unmap_params_init_root(&request.params);
	virtual_memory_unmap_params_set_address(params, address);
	virtual_memory_unmap_params_set_length_bytes(params, length_bytes);
	return call_now(program, &request, &reply);
}

enum status protect(struct program *program, uint64_t address, uint64_t length_bytes,
		    enum protection protection)
{
	struct virtual_memory_protect_params_builder params;
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "memory"),
			 VIRTUAL_MEMORY_PROTECT_METHOD);
	params = virtual_memory_protect_params_init_root(&request.params);
	virtual_memory_protect_params_set_address(params, address);
	virtual_memory_protect_params_set_length_bytes(params, length_bytes);
	virtual_memory_protect_params_set_protection(params, protection);
	return call_now(program, &request, &reply);
}

enum status reserve(struct program *program, uint64_t length_bytes, uint64_t *out_address)
{
	struct virtual_memory_reserve_results_reader results;
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "memory"),
			 VIRTUAL_MEMORY_RESERVE_METHOD);
	virtual_memory_reserve_params_set_length_bytes(
		virtual_memory_reserve_params_init_root(&request.params), length_bytes);
	if (call_now(program, &request, &reply) != STATUS_OK)
		return reply.status;
	assert_true(virtual_memory_reserve_results_read_root(&reply.message, &results));
	*out_address = virtual_memory_reserve_results_get_address(results);
	return STATUS_OK;
}

enum status commit(struct program *program, uint64_t address, uint64_t length_bytes)
{
	struct virtual_memory_commit_params_builder params;
	struct request request;
	struct reply reply;

	request_init_big(&request, program_capability(program, "memory"),
			 VIRTUAL_MEMORY_COMMIT_METHOD);
	params = virtual_memory_commit_params_init_root(&request.params);
	virtual_memory_commit_params_set_address(params, address);
	virtual_memory_commit_params_set_length_bytes(params, length_bytes);
	return call_now(program, &request, &reply);
}
