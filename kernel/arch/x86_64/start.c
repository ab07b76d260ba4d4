// SPDX-License-Identifier: MIT
/* Boot, from the first C function to kernel_main(): first on the boot stack and page tables,
 * then on the kernel's own.  Whatever is missing ends the boot with one line. */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/com1.h"
#include "kernel/arch/x86_64/cpu_features.h"
#include "kernel/arch/x86_64/cpu_local.h"
#include "kernel/arch/x86_64/entry.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/power.h"
#include "kernel/arch/x86_64/pvh.h"
#include "kernel/arch/x86_64/timer.h"

static struct cpu_local boot_cpu_local;
static struct pvh_result loader;

static void refuse_if(const char *wrong)
{
	if (wrong != nullptr)
		kernel_boot_refuse(wrong);
}

[[noreturn]] static void start_on_kernel_stack(void)
{
	refuse_if(apic_init());
	refuse_if(timer_init());
	ioapic_route(COM1_IRQ, VECTOR_SERIAL);
	loader.info.free_count = loader.free.count;
	for (uint32_t i = 0; i < loader.free.count; i++)
		loader.info.free[i] = loader.free.range[i];
	kernel_main(&loader.info);
}

void start(uint32_t start_info)
{
	struct pvh_window window = { (const uint8_t *)KERNEL_BASE, BOOT_WINDOW_BYTES };

	com1_init();
	cpu_local_init(&boot_cpu_local, 0);
	refuse_if(pvh_parse(&window, start_info, kernel_map_image(), &loader));
	refuse_if(power_init(loader.info.command_line));
	refuse_if(cpu_features_init());
	kernel_map_init(&loader.free, &loader.ram, &boot_cpu_local);
	hal_address_space_leave();
	boot_continue(boot_cpu_local.stack_top, start_on_kernel_stack);
}
