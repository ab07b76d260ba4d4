// SPDX-License-Identifier: MIT
/* Fault records.  See fault.h; the line formats are what tools/symbolize reads. */
#include "kernel/core/fault.h"

#include "kernel/core/log.h"
#include "kernel/core/process.h"
#include "kernel/core/thread.h"
#include "lib/format.h"
#include "lib/string.h"

constexpr uint32_t WORDS_PER_LINE = 4;

static const char *const cause_names[] = {
	[HAL_FAULT_PAGE] = "page",
	[HAL_FAULT_PROTECTION] = "protection",
	[HAL_FAULT_INVALID_INSTRUCTION] = "invalid-instruction",
	[HAL_FAULT_DIVIDE] = "divide",
	[HAL_FAULT_DEBUG] = "debug",
	[HAL_FAULT_FLOATING_POINT] = "floating-point",
	[HAL_FAULT_ALIGNMENT] = "alignment",
	[HAL_FAULT_OTHER] = "other",
};

static const char *const register_names[HAL_REGISTER_COUNT] = {
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
	"r9",  "r10", "r11", "r12", "r13", "r14", "r15",
};

static void log_registers(const struct hal_registers *registers)
{
	char line[160];

	for (uint32_t i = 0; i < HAL_REGISTER_COUNT; i += WORDS_PER_LINE) {
		size_t length = 0;

		for (uint32_t j = i; j < i + WORDS_PER_LINE && j < HAL_REGISTER_COUNT; j++)
			length += format(line + length, sizeof(line) - length, " %s=0x%lx",
					 register_names[j], registers->general[j]);
		log_line("fault: registers%s", line);
	}
}

static void log_stack(const struct exit_record *record)
{
	char line[160];

	for (uint32_t at = 0; at + 8 <= record->stack_bytes; at += 8 * WORDS_PER_LINE) {
		size_t length = 0;

		for (uint32_t i = at;
		     i < at + 8 * WORDS_PER_LINE && i + 8 <= record->stack_bytes; i += 8) {
			uint64_t word;

			memcpy(&word, record->stack + i, sizeof(word));
			length += format(line + length, sizeof(line) - length, " 0x%lx", word);
		}
		log_line("fault: stack%s", line);
	}
}

void fault_end_process(struct thread *thread, const struct hal_fault *fault)
{
	struct process *process = thread->process;
	struct exit_record record = { .cause = EXIT_FAULTED, .fault = *fault };

	hal_context_registers(&thread->context, &record.registers);
	record.stack_bytes =
		(uint32_t)address_space_read(&process->space, record.registers.stack_pointer,
					     record.stack, sizeof(record.stack));
	log_line("fault: process=%s pid=%lu cause=%s vector=%u error=0x%lx address=0x%lx "
		 "rip=0x%lx "
		 "rsp=0x%lx flags=0x%lx",
		 process->name, process->number, cause_names[fault->cause], fault->vector,
		 fault->error_code, fault->address, record.registers.instruction_pointer,
		 record.registers.stack_pointer, record.registers.flags);
	log_registers(&record.registers);
	log_stack(&record);
	process_fault(process, &record);
}
