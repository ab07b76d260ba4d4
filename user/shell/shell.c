// SPDX-License-Identifier: MIT
/* What every command of the shell needs: capabilities and errors.  See shell.h. */
#include "user/shell/shell.h"

#include "user/rt/capset.h"
#include "user/shell/interfaces.h"

bool shell_capability(struct shell *shell, const char *name, uint64_t interface_id,
		      uint64_t *out_id)
{
	enum status status = capos_find(name, interface_id, out_id);
	const struct interface *interface = interface_find(interface_id);

	if (status == STATUS_OK)
		return true;
	terminal_print(&shell->terminal, "error: this needs the capability \"%s\" (%s): %s\n",
		       name, interface == nullptr ? "?" : interface->name, status_name(status));
	return false;
}

void shell_failed(struct shell *shell, const char *what, enum status status)
{
	terminal_print(&shell->terminal, "error: %s: %s\n", what, status_name(status));
}

void shell_error_at(struct shell *shell, uint32_t column, const char *what)
{
	terminal_print(&shell->terminal, "error at column %u: %s\n", column, what);
}

void shell_failed_at(struct shell *shell, const struct token *token, enum status status)
{
	terminal_print(&shell->terminal, "error at column %u: ", token->column);
	terminal_quote(&shell->terminal, token->text, token->size);
	terminal_print(&shell->terminal, ": %s\n", status_name(status));
}

bool shell_no_arguments(struct shell *shell)
{
	const struct token *second = &shell->tokens.tokens[1];

	if (shell->tokens.count == 1)
		return true;
	shell_error_at(shell, second->column, "this command takes no arguments");
	return false;
}
