// SPDX-License-Identifier: MIT
/* A process's exit record as a message.  Part of process.h. */
#include "kernel/core/process.h"

static void write_fault(const struct exit_record *record, struct fault_record_builder out)
{
	struct list_builder registers = fault_record_init_registers(out, HAL_REGISTER_COUNT);

	fault_record_set_cause(out, (enum fault_cause)record->fault.cause);
	fault_record_set_vector(out, record->fault.vector);
	fault_record_set_error_code(out, record->fault.error_code);
	fault_record_set_address(out, record->fault.address);
	fault_record_set_instruction_pointer(out, record->registers.instruction_pointer);
	fault_record_set_stack_pointer(out, record->registers.stack_pointer);
	fault_record_set_flags(out, record->registers.flags);
	for (uint32_t i = 0; i < HAL_REGISTER_COUNT; i++)
		list_builder_set_uint64(registers, i, record->registers.general[i]);
	fault_record_set_stack(out, record->stack, record->stack_bytes);
}

void process_write_record(const struct process *process, struct exit_record_builder out)
{
	if (process->state != PROCESS_ENDED) {
		exit_record_set_running(out);
		return;
	}
	switch (process->exit.cause) {
	case EXIT_EXITED:
		exit_record_set_exited(out, process->exit.code);
		break;
	case EXIT_KILLED:
		exit_record_set_killed(out);
		break;
	case EXIT_FAULTED:
		write_fault(&process->exit, exit_record_init_faulted(out));
		break;
	}
}
