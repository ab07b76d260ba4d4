// SPDX-License-Identifier: MIT
/* The kernel's single objects by their number in the manifest. */
#include "kernel/core/singletons.h"

static struct object *const singletons[KERNEL_OBJECT_COUNT] = {
	[KERNEL_OBJECT_CONSOLE] = &console_object,
	[KERNEL_OBJECT_UART] = &uart_object,
	[KERNEL_OBJECT_TIMER] = &timer_object,
	[KERNEL_OBJECT_ENTROPY_SOURCE] = &entropy_source_object,
	[KERNEL_OBJECT_BOOT_PACKAGE] = &boot_package_object,
	[KERNEL_OBJECT_PROCESS_SPAWNER] = &process_spawner_object,
	[KERNEL_OBJECT_POWER] = &power_object,
	[KERNEL_OBJECT_AUDIT] = &audit_object,
};

struct object *singleton_find(enum kernel_object which)
{
	return (uint32_t)which < KERNEL_OBJECT_COUNT ? singletons[which] : nullptr;
}
