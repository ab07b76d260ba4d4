// SPDX-License-Identifier: MIT
#pragma once
/* How a process ended, copied out of the message that said so. */
#include "user/rt/terminal.h"

#include "schema/process.capnp.h"

constexpr uint32_t FAULT_REGISTERS = 15; /* rax to r15 without rsp, as schema/process.capnp */

/* Room for the results of ProcessHandle.wait and status. */
constexpr uint32_t EXIT_RECORD_BYTES_MAX = 768;

struct outcome {
	enum exit_record_which which;
	int32_t code;           /* exited */
	enum fault_cause cause; /* faulted, as everything below */
	uint8_t vector;
	uint64_t error_code;
	uint64_t address;
	uint64_t instruction_pointer;
	uint64_t stack_pointer;
	uint64_t flags;
	uint64_t registers[FAULT_REGISTERS];
};

void outcome_read(struct outcome *outcome, struct exit_record_reader record);

/* "NAME: exited with code 0", or what a fault was with its registers. */
void outcome_print(struct terminal *terminal, const char *name, uint32_t name_size,
		   const struct outcome *outcome);
