// SPDX-License-Identifier: MIT
#pragma once
/*
 * Process: a protection domain.  An address space, a capability table, a thread, and the
 * account that pays for them.
 *
 * Two objects name it: its handle (ProcessHandle, for whoever started it) and its memory
 * (VirtualMemory).  The structure and the account's structure are paid by the spawner's
 * account, since they outlive the process; everything else by the process's own account.
 *
 * Life: RUNNING; ENDING from exit, fault or kill on, while deferred work returns what it held,
 * in bounded steps and one fixed order; ENDED when its account is closed and everything is
 * back, which is when ProcessHandle.wait completes.  A process whose making fails half way goes
 * the same way.
 *
 * References: a running process holds one to itself; capabilities hold the others.
 */
#include "kernel/core/account.h"
#include "kernel/core/address_space.h"
#include "kernel/core/object.h"
#include "kernel/core/open_call.h"
#include "kernel/core/session.h"
#include "kernel/core/work.h"
#include "kernel/hal/context.h"
#include "lib/cap_table.h"
#include "lib/list.h"
#include "schema/process.capnp.h"

struct thread;

constexpr uint32_t FAULT_STACK_BYTES = 128;

enum process_state : uint8_t {
	PROCESS_RUNNING,
	PROCESS_ENDING,
	PROCESS_ENDED,
};

enum exit_cause : uint8_t {
	EXIT_EXITED,
	EXIT_KILLED,
	EXIT_FAULTED,
};

/* How a process ended. */
struct exit_record {
	enum exit_cause cause;
	int32_t code; /* EXIT_EXITED */
	/* EXIT_FAULTED: */
	uint32_t stack_bytes;
	struct hal_fault fault;
	struct hal_registers registers;
	uint8_t stack[FAULT_STACK_BYTES]; /* from the stack pointer upwards */
};

struct process {
	struct object handle;
	struct object memory; /* while it is referenced, it holds a reference to the handle */
	struct account *account; /* a reference to its object is held */
	struct account *payer;   /* a reference is held */
	struct address_space space;
	struct cap_table table;
	struct open_call_table open_calls;
	const struct session *session;
	struct thread *thread;
	struct list_link waiters; /* struct operation: ProcessHandle.wait */
	struct work teardown;
	uint32_t teardown_cursor; /* in the table */
	uint64_t number;          /* never another's; 0 is nobody's */
	enum process_state state;
	bool has_space;
	bool is_first; /* its end is the machine's */
	char name[MAX_NAME_BYTES + 1];
	struct exit_record exit;
};

extern const struct object_type process_handle_type;
extern const struct object_type virtual_memory_type;

static inline struct process *process_of_handle(struct object *handle)
{
	return LIST_OWNER(handle, struct process, handle);
}

static inline struct process *process_of_memory(struct object *memory)
{
	return LIST_OWNER(memory, struct process, memory);
}

/*
 * A process with an account split from payer, an empty address space and table, and a thread
 * that does not run yet.  name has been checked and has at most MAX_NAME_BYTES bytes.  The
 * caller owns one reference to the handle; the process holds its own.
 */
[[nodiscard]] enum status process_create(struct account *payer, struct account_limits limits,
					 const char *name, size_t name_size,
					 struct process **out_process);

/* End it, with a record.  Nothing of the process runs or completes after this. */
void process_exit(struct process *process, int32_t code);
void process_fault(struct process *process, const struct exit_record *record);
void process_kill(struct process *process);

/* Table slots, charged to the process: reserve, then insert or give up. */
[[nodiscard]] enum status process_reserve_slots(struct process *process, uint32_t count);
void process_unreserve_slots(struct process *process, uint32_t count);
/* Takes over the caller's reference to object. */
struct cap_id process_insert_reserved(struct process *process, struct object *object);

/* Drop a slot and its reference.  STATUS_BAD_CAPABILITY. */
[[nodiscard]] enum status process_release(struct process *process, struct cap_id id);

/* Write how it is, or how it ended, into a record. */
void process_write_record(const struct process *process, struct exit_record_builder out);

/* Bytes that the longest such record takes as a message. */
constexpr uint32_t EXIT_RECORD_BYTES_MAX = 512;

/* The types' destroy functions. */
void process_handle_destroy(struct object *handle);
void process_memory_destroy(struct object *memory);
