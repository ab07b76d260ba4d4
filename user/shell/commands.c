// SPDX-License-Identifier: MIT
/* The table of commands, and help about it.  See commands.h. */
#include "user/shell/commands.h"

static void command_help(struct shell *shell);

static const struct command commands[] = {
	{ "help", "[COMMAND]", "this list, or what one command does", command_help },
	{ "caps", "", "the shell's capabilities: name, interface, methods", command_caps },
	{ "programs", "", "the programs that can be run", command_programs },
	{ "run", "PROGRAM [ARGUMENT ...] [with { NAME: @CAPABILITY, ... }]",
	  "start a program with exactly these capabilities and wait for its end; Ctrl-C kills "
	  "it "
	  "if it was not given the terminal",
	  command_program },
	{ "spawn", "PROGRAM [ARGUMENT ...] [with { NAME: @CAPABILITY, ... }]",
	  "the same in the background, as a job", command_spawn },
	{ "jobs", "", "the programs in the background", command_jobs },
	{ "wait", "[JOB]", "wait for a job, or for the last; Ctrl-C stops waiting",
	  command_wait },
	{ "kill", "JOB", "end a job and say how it ended", command_kill },
	{ "uptime", "", "time since the kernel started, and how long it took to the prompt",
	  command_uptime },
	{ "audit", "", "whether the kernel's books balance, and free memory", command_audit },
	{ "echo", "[TEXT ...]", "print words and strings", command_echo },
	{ "clear", "", "clear the screen", command_clear },
	{ "exit", "", "end the shell, and the machine if the shell holds its switch",
	  command_exit },
	{ "shutdown", "", "turn the machine off", command_shutdown },
};

constexpr uint32_t COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]);

static const struct command *find(const struct token *token)
{
	for (uint32_t i = 0; i < COMMAND_COUNT; i++)
		if (token_is(token, commands[i].name))
			return &commands[i];
	return nullptr;
}

static void unknown(struct shell *shell, const struct token *token)
{
	terminal_print(&shell->terminal, "error at column %u: no command \"", token->column);
	terminal_quote(&shell->terminal, token->text, token->size);
	terminal_print(&shell->terminal, "\"; \"help\" lists them\n");
}

static void list_commands(struct shell *shell)
{
	for (uint32_t i = 0; i < COMMAND_COUNT; i++)
		terminal_print(&shell->terminal, "  %-9s %s\n", commands[i].name,
			       commands[i].help);
}

static void command_help(struct shell *shell)
{
	const struct token *name = &shell->tokens.tokens[1];
	const struct command *command = find(name);

	if (shell->tokens.count > 2)
		shell_error_at(shell, name[1].column, "help takes one command");
	else if (shell->tokens.count == 1)
		list_commands(shell);
	else if (command == nullptr)
		unknown(shell, name);
	else
		terminal_print(&shell->terminal, "%s %s\n  %s\n", command->name,
			       command->synopsis, command->help);
}

void command_run(struct shell *shell)
{
	const struct token *first = &shell->tokens.tokens[0];
	const struct command *command = find(first);

	if (shell->tokens.count == 0)
		return;
	if (command == nullptr)
		unknown(shell, first);
	else
		command->run(shell);
}
