// SPDX-License-Identifier: MIT
#pragma once
/*
 * CALLs as a program of kernel_fixture.h makes them.
 *
 * A request is filled in, then submitted.  By default its spans are those of its tag: each tag
 * has its own part of the arena, so up to CALL_TAGS requests with small messages may be pending
 * at once.  call_now() is for one at a time, submits, enters and reads the reply.
 */
#include "lib/message.h"
#include "schema/account.capnp.h"
#include "schema/memory.capnp.h"
#include "schema/process.capnp.h"
#include "schema/ring.capnp.h"
#include "tests/host/kernel_fixture.h"

constexpr uint32_t CALL_TAGS = 64;
constexpr uint32_t CALL_SPAN_BYTES = 88; /* of parameters, and of results, for each tag */
constexpr uint32_t CALL_BIG_BYTES = 4096;

struct request {
	struct ring_submission entry;
	struct message_builder params; /* over words */
	alignas(8) uint8_t words[CALL_BIG_BYTES];
	struct ring_transfer transfers[MAX_TRANSFERS];
};

struct reply {
	struct ring_completion completion;
	enum status status;
	struct message_reader message; /* over words */
	alignas(8) uint8_t words[CALL_BIG_BYTES];
	struct ring_transfer_result capability; /* the first, if the completion counts one */
	struct ring_transfer_result capabilities[MAX_TRANSFERS];
};

/* A CALL with spans of CALL_SPAN_BYTES, for calls that may be pending. */
void request_init(struct request *request, uint64_t target, uint16_t method, uint16_t tag);

/* A CALL with spans of CALL_BIG_BYTES, which are the same for all. */
void request_init_big(struct request *request, uint64_t target, uint16_t method);

/* Add to the transfer list; returns the index. */
uint32_t request_attach(struct request *request, uint64_t capability);

/* Copy parameters and transfer list into the arena and submit the entry. */
void request_submit(struct program *program, struct request *request);

/* Submit, enter, and read the completion, which must be there. */
enum status call_now(struct program *program, struct request *request, struct reply *reply);

/* Take the reply that the arena holds for a completion. */
void reply_read(const struct program *program, const struct ring_submission *entry,
		const struct ring_completion *completion, struct reply *reply);

/* --- Operations in one line each; all but the submit_* wait for the completion --- */

enum status release(struct program *program, uint64_t capability);
void submit_cancel(struct program *program, uint64_t target_tag, uint16_t tag);
void submit_timer_wait(struct program *program, uint64_t until_ns, uint64_t deadline_ns,
		       uint16_t tag);
void submit_process_wait(struct program *program, uint64_t handle, uint64_t deadline_ns,
			 uint16_t tag);
void submit_uart_read(struct program *program, uint32_t max_bytes, uint16_t tag);

/* What a process is started with; 0: the default, or none. */
struct spawning {
	uint64_t memory_bytes;
	uint32_t slots;
	uint32_t threads;
	uint64_t given;     /* a capability of which it gets a copy, under the name "given" */
	uint64_t account;   /* a capability to what its account is split from */
	uint64_t image;     /* a capability to what it is loaded from */
	const char *binary; /* default: "child" if there is no image */
};

/* A program without a "spawner" uses what it was given. */
enum status spawn_process(struct program *program, struct spawning what, uint64_t *out_handle);

/* Spawn "child" with so much memory (0: the default) and a copy of one capability, under the
 * name "given", unless it is 0. */
enum status spawn_child(struct program *program, uint64_t memory_bytes, uint64_t given,
			uint64_t *out_handle);
/* The process behind a handle. */
struct process *process_behind(const struct program *program, uint64_t handle);
enum status kill_process(struct program *program, uint64_t handle);
/* ProcessHandle.status; a member of the record's union. */
uint16_t process_status(struct program *program, uint64_t handle);

/* The account behind a capability. */
struct account *account_behind(const struct program *program, uint64_t capability);
enum status split_account(struct program *program, uint64_t account,
			  const uint64_t limits[ACCOUNT_RESOURCES], uint64_t *out_account);
enum status close_account(struct program *program, uint64_t account);

enum status create_object(struct program *program, uint64_t size_bytes, uint64_t *out_memory);
enum status seal_object(struct program *program, uint64_t memory);

struct mapping_request {
	uint64_t memory;
	uint64_t offset_bytes;
	uint64_t length_bytes;
	uint64_t address;
	enum protection protection;
	bool sealed_only;
};

enum status map_object(struct program *program, struct mapping_request what,
		       uint64_t *out_address);
enum status unmap(struct program *program, uint64_t address, uint64_t length_bytes);
enum status protect(struct program *program, uint64_t address, uint64_t length_bytes,
		    enum protection protection);
enum status reserve(struct program *program, uint64_t length_bytes, uint64_t *out_address);
enum status commit(struct program *program, uint64_t address, uint64_t length_bytes);
