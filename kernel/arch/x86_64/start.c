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
static struct boot_info boot_info;
static struct range_set ram;
static struct range_set free_ram;

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
	boot_info.free_count = free_ram.count;
	for (uint32_t i = 0; i < free_ram.count; i++)
		boot_info.free[i] = free_ram.range[i];
	kernel_main(&boot_info);
}

void start(uint32_t start_info)
{
	struct pvh_window window = { (const uint8_t *)KERNEL_BASE, BOOT_WINDOW_BYTES };

	com1_init();
	cpu_local_init(&boot_cpu_local, 0);
	refuse_if(pvh_parse(&window, start_info, kernel_map_image(), &boot_info, &ram,
			    &free_ram));
	refuse_if(power_init(boot_info.command_line));
	refuse_if(cpu_features_init());
	kernel_map_init(&free_ram, &ram, &boot_cpu_local);
	hal_address_space_leave();
	boot_continue(boot_cpu_local.stack_top, start_on_kernel_stack);
}
