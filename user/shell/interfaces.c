// SPDX-License-Identifier: MIT
/* Interfaces by their ids.  See interfaces.h. */
#include "user/shell/interfaces.h"

#include "schema/account.capnp.h"
#include "schema/audit.capnp.h"
#include "schema/boot_package.capnp.h"
#include "schema/console.capnp.h"
#include "schema/entropy.capnp.h"
#include "schema/memory.capnp.h"
#include "schema/power.capnp.h"
#include "schema/process.capnp.h"
#include "schema/timer.capnp.h"
#include "schema/uart.capnp.h"

static const struct interface interfaces[] = {
	{ ACCOUNT_INTERFACE_ID, account_interface_name, account_method_names,
	  ACCOUNT_METHOD_COUNT },
	{ AUDIT_INTERFACE_ID, audit_interface_name, audit_method_names, AUDIT_METHOD_COUNT },
	{ BOOT_PACKAGE_INTERFACE_ID, boot_package_interface_name, boot_package_method_names,
	  BOOT_PACKAGE_METHOD_COUNT },
	{ CONSOLE_INTERFACE_ID, console_interface_name, console_method_names,
	  CONSOLE_METHOD_COUNT },
	{ ENTROPY_SOURCE_INTERFACE_ID, entropy_source_interface_name,
	  entropy_source_method_names, ENTROPY_SOURCE_METHOD_COUNT },
	{ MEMORY_OBJECT_INTERFACE_ID, memory_object_interface_name, memory_object_method_names,
	  MEMORY_OBJECT_METHOD_COUNT },
	{ POWER_INTERFACE_ID, power_interface_name, power_method_names, POWER_METHOD_COUNT },
	{ PROCESS_HANDLE_INTERFACE_ID, process_handle_interface_name,
	  process_handle_method_names, PROCESS_HANDLE_METHOD_COUNT },
	{ PROCESS_SPAWNER_INTERFACE_ID, process_spawner_interface_name,
	  process_spawner_method_names, PROCESS_SPAWNER_METHOD_COUNT },
	{ TIMER_INTERFACE_ID, timer_interface_name, timer_method_names, TIMER_METHOD_COUNT },
	{ UART_INTERFACE_ID, uart_interface_name, uart_method_names, UART_METHOD_COUNT },
	{ VIRTUAL_MEMORY_INTERFACE_ID, virtual_memory_interface_name,
	  virtual_memory_method_names, VIRTUAL_MEMORY_METHOD_COUNT },
};

const struct interface *interface_find(uint64_t id)
{
	for (uint32_t i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++)
		if (interfaces[i].id == id)
			return &interfaces[i];
	return nullptr;
}
