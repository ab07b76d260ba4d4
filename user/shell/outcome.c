// SPDX-License-Identifier: MIT
/* How a process ended.  See outcome.h. */
#include "user/shell/outcome.h"

void outcome_read(struct outcome *outcome, struct exit_record_reader record)
{
	struct fault_record_reader fault = exit_record_get_faulted(record);
	struct list_reader registers = fault_record_get_registers(fault);

	*outcome = (struct outcome){
		.which = exit_record_which(record),
		.code = exit_record_get_exited(record),
		.cause = fault_record_get_cause(fault),
		.vector = fault_record_get_vector(fault),
		.error_code = fault_record_get_error_code(fault),
		.address = fault_record_get_address(fault),
		.instruction_pointer = fault_record_get_instruction_pointer(fault),
		.stack_pointer = fault_record_get_stack_pointer(fault),
		.flags = fault_record_get_flags(fault),
	};
	for (uint32_t i = 0; i < FAULT_REGISTERS; i++)
		outcome->registers[i] = list_reader_get_uint64(registers, i);
}

static void print_registers(struct terminal *terminal, const struct outcome *outcome)
{
	static const char *const names[FAULT_REGISTERS] = {
		"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
		"r9",  "r10", "r11", "r12", "r13", "r14", "r15",
	};

	terminal_print(terminal, "  rip %016llx  rsp %016llx  flags %llx\n",
		       (unsigned long long)outcome->instruction_pointer,
		       (unsigned long long)outcome->stack_pointer,
		       (unsigned long long)outcome->flags);
	for (uint32_t i = 0; i < FAULT_REGISTERS; i++)
		terminal_print(terminal, "  %-3s %016llx%s", names[i],
			       (unsigned long long)outcome->registers[i],
			       i % 3 == 2 ? "\n" : "");
}

static void print_fault(struct terminal *terminal, const struct outcome *outcome)
{
	const char *cause = fault_cause_name(outcome->cause);

	terminal_print(terminal, "faulted: %s (vector %u, error 0x%llx)",
		       cause == nullptr ? "unknown" : cause, outcome->vector,
		       (unsigned long long)outcome->error_code);
	if (outcome->cause == FAULT_CAUSE_PAGE_FAULT)
		terminal_print(terminal, " at address 0x%llx",
			       (unsigned long long)outcome->address);
	terminal_write(terminal, "\n", 1);
	print_registers(terminal, outcome);
}

void outcome_print(struct terminal *terminal, const char *name, uint32_t name_size,
		   const struct outcome *outcome)
{
	terminal_quote(terminal, name, name_size);
	terminal_write(terminal, ": ", 2);
	switch (outcome->which) {
	case EXIT_RECORD_RUNNING:
		terminal_print(terminal, "running\n");
		return;
	case EXIT_RECORD_EXITED:
		terminal_print(terminal, "exited with code %d\n", outcome->code);
		return;
	case EXIT_RECORD_KILLED:
		terminal_print(terminal, "killed\n");
		return;
	case EXIT_RECORD_FAULTED:
		print_fault(terminal, outcome);
		return;
	}
	terminal_print(terminal, "ended in a way that this shell does not know\n");
}
