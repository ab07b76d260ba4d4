// SPDX-License-Identifier: MIT
/* Commands about the system: caps, programs, uptime, audit, echo, clear, exit, shutdown. */
#include "user/shell/commands.h"

#include "user/rt/capset.h"
#include "user/shell/interfaces.h"

#include "schema/audit.client.h"
#include "schema/power.client.h"
#include "schema/process.client.h"
#include "schema/timer.client.h"

constexpr uint32_t PROGRAM_LIST_BYTES = 1024; /* 16 names of 32 bytes */

static void print_capability(struct shell *shell, struct capos_text name, uint64_t interface_id)
{
	const struct interface *interface = interface_find(interface_id);
	struct terminal *terminal = &shell->terminal;

	terminal_quote(terminal, name.data, name.size);
	terminal_print(terminal, "%*s", name.size < 10 ? (int)(10 - name.size) : 1, "");
	if (interface == nullptr) {
		terminal_print(terminal, "interface 0x%016llx\n",
			       (unsigned long long)interface_id);
		return;
	}
	terminal_print(terminal, "%-15s", interface->name);
	for (uint16_t i = 0; i < interface->method_count; i++)
		terminal_print(terminal, " %s", interface->methods[i]);
	terminal_print(terminal, "\n");
}

void command_caps(struct shell *shell)
{
	struct capos_text name;
	uint64_t id;
	uint64_t interface_id;

	if (!shell_no_arguments(shell))
		return;
	for (uint32_t i = 0; capos_capability_at(i, &name, &id, &interface_id); i++)
		print_capability(shell, name, interface_id);
}

/* Print the names from `first` on that one call gives.  *out_next is where to go on. */
static enum status list_programs(struct shell *shell, struct process_spawner_client spawner,
				 uint32_t first, uint32_t *out_next, uint32_t *out_total)
{
	struct capos_call_size size = { .result_bytes = PROGRAM_LIST_BYTES };
	struct process_spawner_list_params_builder params;
	struct process_spawner_list_results_reader results;
	struct capos_call call;
	enum status status = process_spawner_list_begin(&call, spawner, size, &params);

	if (status != STATUS_OK)
		return status;
	process_spawner_list_params_set_first(params, first);
	status = process_spawner_list_wait(&call, &results);
	if (status == STATUS_OK) {
		struct list_reader names = process_spawner_list_results_get_names(results);

		for (uint32_t i = 0; i < names.count; i++) {
			struct text_reader name = list_reader_get_text(names, i);

			terminal_print(&shell->terminal, "  ");
			terminal_quote(&shell->terminal, name.data, name.size);
			terminal_print(&shell->terminal, "\n");
		}
		*out_next = names.count == 0 ? UINT32_MAX : first + names.count;
		*out_total = process_spawner_list_results_get_total(results);
	}
	capos_call_end(&call);
	return status;
}

void command_programs(struct shell *shell)
{
	struct process_spawner_client spawner;
	uint32_t next = 0;
	uint32_t total = 1;

	if (!shell_no_arguments(shell) ||
	    !shell_capability(shell, "spawner", PROCESS_SPAWNER_INTERFACE_ID, &spawner.id))
		return;
	while (next < total) {
		enum status status = list_programs(shell, spawner, next, &next, &total);

		if (status != STATUS_OK) {
			shell_failed(shell, "programs", status);
			return;
		}
	}
}

void command_uptime(struct shell *shell)
{
	struct timer_client timer;
	uint64_t now_ns = 0;
	enum status status;

	if (!shell_no_arguments(shell) ||
	    !shell_capability(shell, "timer", TIMER_INTERFACE_ID, &timer.id))
		return;
	status = timer_now(timer, &now_ns);
	if (status != STATUS_OK) {
		shell_failed(shell, "uptime", status);
		return;
	}
	terminal_print(&shell->terminal, "up %llu.%03llu s, first prompt after %llu ns\n",
		       (unsigned long long)(now_ns / 1000000000),
		       (unsigned long long)(now_ns / 1000000 % 1000),
		       (unsigned long long)shell->first_prompt_ns);
}

void command_audit(struct shell *shell)
{
	struct audit_client audit;
	bool balanced = false;
	uint32_t free_frames = 0;
	uint32_t total_frames = 0;
	uint64_t charged_bytes = 0;
	uint32_t processes = 0;
	uint32_t accounts = 0;
	enum status status;

	if (!shell_no_arguments(shell) ||
	    !shell_capability(shell, "audit", AUDIT_INTERFACE_ID, &audit.id))
		return;
	status = audit_audit(audit, &balanced, &free_frames, &total_frames, &charged_bytes,
			     &processes, &accounts);
	if (status != STATUS_OK) {
		shell_failed(shell, "audit", status);
		return;
	}
	terminal_print(&shell->terminal,
		       "books %s; %u of %u frames free; %llu bytes charged\n"
		       "%u processes, %u accounts\n",
		       balanced ? "balance" : "DO NOT BALANCE", free_frames, total_frames,
		       (unsigned long long)charged_bytes, processes, accounts);
}

void command_echo(struct shell *shell)
{
	const struct token_list *list = &shell->tokens;

	for (uint32_t i = 1; i < list->count; i++) {
		if (i != 1)
			terminal_write(&shell->terminal, " ", 1);
		terminal_quote(&shell->terminal, list->tokens[i].text, list->tokens[i].size);
	}
	terminal_write(&shell->terminal, "\n", 1);
}

void command_clear(struct shell *shell)
{
	if (shell_no_arguments(shell))
		terminal_print(&shell->terminal, "\x1b[H\x1b[2J");
}

void command_shutdown(struct shell *shell)
{
	struct power_client power;
	enum status status;

	if (!shell_no_arguments(shell) ||
	    !shell_capability(shell, "power", POWER_INTERFACE_ID, &power.id))
		return;
	(void)!terminal_flush(&shell->terminal);
	status = power_off(power, 0);
	shell_failed(shell, "shutdown", status);
}

void command_exit(struct shell *shell)
{
	struct power_client power;

	if (!shell_no_arguments(shell))
		return;
	if (capos_find("power", POWER_INTERFACE_ID, &power.id) == STATUS_OK)
		command_shutdown(shell);
	shell->ending = true;
}
