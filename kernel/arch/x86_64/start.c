// SPDX-License-Identifier: MIT
/* Boot, from the first C function to kernel_main(): first on the boot stack and page tables,
 * then on the kernel's own.  Whatever is missing ends the boot with one line. */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/com1.h"
#include "kernel/arch/x86_64/command_line.h"
#include "kernel/arch/x86_64/cpu_features.h"
#include "kernel/arch/x86_64/cpu_local.h"
#include "kernel/arch/x86_64/entry.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/multiboot2.h"
#include "kernel/arch/x86_64/power.h"
#include "kernel/arch/x86_64/pvh.h"
#include "kernel/arch/x86_64/timer.h"

static struct cpu_local boot_cpu_local;
static struct loader_result loader;
static struct madt madt;

static void refuse_if(const char *wrong)
{
	if (wrong != nullptr)
		kernel_boot_refuse(wrong);
}

[[noreturn]] static void start_on_kernel_stack(void)
{
	refuse_if(apic_init(&madt));
	refuse_if(timer_init());
	refuse_if(ioapic_route(&madt, COM1_IRQ, VECTOR_SERIAL));
	loader.info.free_count = loader.free.count;
	for (uint32_t i = 0; i < loader.free.count; i++)
		loader.info.free[i] = loader.free.range[i];
	kernel_main(&loader.info);
}

static const char *parse(const struct boot_window *window, uint32_t structures, uint32_t magic)
{
	if (magic == MULTIBOOT2_MAGIC)
		return multiboot2_parse(window, structures, kernel_map_image(), &loader);
	if (magic == PVH_MAGIC)
		return pvh_parse(window, structures, kernel_map_image(), &loader);
	return "not started by a Multiboot2 loader";
}

static bool list_has_running_cpu(void)
{
	for (uint32_t i = 0; i < madt.cpu_count; i++)
		if (madt.cpu_id[i] == loader.info.running_cpu_id)
			return true;
	return false;
}

static void set_cpus(void)
{
	struct boot_info *info = &loader.info;

	info->running_cpu_id = cpu_features_apic_id();
	info->cpus_are_listed = list_has_running_cpu();
	info->cpu_count = info->cpus_are_listed ? madt.cpu_count : 1;
	info->cpu_id[0] = info->running_cpu_id;
	for (uint32_t i = 0; info->cpus_are_listed && i < madt.cpu_count; i++)
		info->cpu_id[i] = madt.cpu_id[i];
	if (madt.cpu_count != 0 && !info->cpus_are_listed)
		info->warning = "the firmware does not list the processor that runs";
}

/* A machine without tables, or with bad ones, is taken for a plain PC. */
static void read_firmware(const struct boot_window *window)
{
	struct fadt fadt = { 0 };
	struct acpi_table table;

	if (loader.rsdp == 0)
		loader.rsdp = acpi_find_rsdp(window);
	madt_default(&madt);
	if (acpi_find_table(window, loader.rsdp, "APIC", &table) &&
	    !madt_parse(&table, &loader.ram, &madt)) {
		loader.info.warning = "the firmware's list of processors (MADT) is malformed";
		madt_default(&madt);
	}
	if (acpi_find_table(window, loader.rsdp, "FACP", &table))
		fadt_parse(window, &table, &loader.ram, &fadt);
	power_set_switches(&fadt);
	set_cpus();
}

void start(uint32_t structures, uint32_t magic)
{
	struct boot_window window = { (const uint8_t *)DIRECT_MAP_BASE, BOOT_WINDOW_BYTES };

	com1_init();
	cpu_local_init(&boot_cpu_local, 0);
	refuse_if(parse(&window, structures, magic));
	refuse_if(power_init(loader.info.command_line));
	read_firmware(&window);
	command_line_devices(loader.info.command_line, &loader.ram, &loader.info);
	refuse_if(cpu_features_init());
	kernel_map_init(&loader.free, &loader.ram, &boot_cpu_local);
	apic_map(&loader.free, &madt);
	power_map(&loader.free);
	hal_address_space_leave();
	boot_continue(boot_cpu_local.stack_top, start_on_kernel_stack);
}
