// SPDX-License-Identifier: MIT
/*
 * From boot information to the first process.  Whatever is wrong with the machine or the module
 * ends with one line on the serial port; nothing hangs.
 */
#include "kernel/hal/boot.h"

#include "kernel/core/cpu.h"
#include "kernel/core/limits.h"
#include "kernel/core/log.h"
#include "kernel/core/manifest.h"
#include "kernel/core/random.h"
#include "kernel/core/schedule.h"
#include "kernel/core/singletons.h"
#include "kernel/core/spawn.h"
#include "kernel/core/supply.h"
#include "kernel/core/time.h"
#include "lib/require.h"

/* What the first process's account leaves to the kernel: its own structures. */
constexpr uint64_t KERNEL_SHARE_BYTES = UINT64_C(64) << 10;
constexpr uint64_t FIRST_PROCESS_SLOTS = 16384;
constexpr uint64_t FIRST_PROCESS_THREADS = 4096;

static struct cpu boot_cpu;

static void start_core(const struct boot_info *info)
{
	cpu_init(&boot_cpu);
	hal_cpu_set(&boot_cpu);
	time_init();
	uart_init();
	if (!supply_init(info))
		kernel_boot_refuse("too little memory");
	random_init();
}

static void take_module(const struct boot_info *info)
{
	const char *wrong;

	if (info->module_count == 0)
		kernel_boot_refuse("no boot module: the loader must pass one manifest");
	if (info->module_count != 1)
		kernel_boot_refuse("more than one boot module");
	wrong = manifest_init(hal_direct_map(info->module), info->module_bytes);
	if (wrong != nullptr)
		kernel_boot_refuse(wrong);
}

/* Find the kernel objects that the manifest grants; returns how many. */
static uint32_t read_grants(struct init_config_init_reader init, struct spawn_grant *out_grants)
{
	struct kernel_grant_list_reader list = init_config_init_get_grants(init);
	uint32_t count = list.l.count;

	static_assert(MANIFEST_MAX_GRANTS <= SPAWN_MAX_GRANTS);
	if (count > MANIFEST_MAX_GRANTS)
		kernel_boot_refuse("manifest: too many grants for the first process");
	for (uint32_t i = 0; i < count; i++) {
		struct kernel_grant_reader grant = kernel_grant_list_get(list, i);

		out_grants[i] = (struct spawn_grant){
			.name = kernel_grant_get_name(grant),
			.object = singleton_find(kernel_grant_get_object(grant)),
		};
		if (out_grants[i].object == nullptr)
			kernel_boot_refuse("manifest: a grant names no kernel object");
		if (kernel_grant_legacy_badge_which(kernel_grant_get_legacy_badge(grant)) !=
		    KERNEL_GRANT_LEGACY_BADGE_ABSENT)
			kernel_boot_refuse("manifest: a grant carries a badge");
	}
	return count;
}

static struct account_limits first_process_limits(void)
{
	const struct account *root = supply_root_account();
	uint64_t memory = root->limit[ACCOUNT_MEMORY] - root->used[ACCOUNT_MEMORY];
	struct account_limits limits = limits_for_threads(FIRST_PROCESS_THREADS);

	limits.amount[ACCOUNT_MEMORY] = memory - KERNEL_SHARE_BYTES;
	limits.amount[ACCOUNT_SLOTS] = FIRST_PROCESS_SLOTS;
	return limits;
}

static const char *spawn_error(enum status status)
{
	if (status == STATUS_BAD_IMAGE)
		return "manifest: the first process's image is not a loadable ELF file";
	if (status == STATUS_INVALID_ARGUMENT || status == STATUS_MALFORMED_MESSAGE)
		return "manifest: a name or an argument of the first process is malformed";
	return "too little memory for the first process";
}

static void start_first_process(void)
{
	struct message_reader message;
	struct init_config_init_reader init = manifest_init_config(&message);
	struct spawn_grant grants[SPAWN_MAX_GRANTS];
	struct spawn_request request = {
		.payer = supply_root_account(),
		.limits = first_process_limits(),
		.name = init_config_init_get_binary(init),
		.grants = grants,
		.grant_count = read_grants(init, grants),
		.arguments = init_config_init_get_arguments(init),
	};
	struct process *process;
	enum status status;

	if (message.malformed)
		kernel_boot_refuse("manifest: the message is truncated or malformed");
	if (!manifest_find_binary(request.name, &request.image))
		kernel_boot_refuse("manifest: initConfig.init.binary names no binary");
	status = process_spawn(&request, &process);
	if (status != STATUS_OK)
		kernel_boot_refuse(spawn_error(status));
	process->is_first = true;
	/* Nobody waits for it. */
	object_put(&process->handle);
}

/* Processors with neighbouring ids share a line. */
static void log_cpus(const struct boot_info *info)
{
	for (uint32_t i = 0, next; i < info->cpu_count; i = next) {
		uint32_t first = info->cpu_id[i];
		uint32_t last = first;

		for (next = i + 1; next < info->cpu_count && info->cpu_id[next] == last + 1;
		     next++)
			last++;
		if (first == last)
			log_line("boot: CPU %u", first);
		else
			log_line("boot: CPUs %u to %u", first, last);
	}
}

static void log_machine(const struct boot_info *info)
{
	log_line("boot: loaded by %s; %u CPU%s %s, CPU %u runs", info->protocol,
		 info->cpu_count, info->cpu_count == 1 ? "" : "s",
		 info->cpus_are_listed ? "listed" : "known, none listed", info->running_cpu_id);
	log_cpus(info);
	for (uint32_t i = 0; i < info->device_count; i++)
		log_line("boot: device at 0x%lx, %lu bytes, interrupt line %u",
			 (unsigned long)info->device[i].address,
			 (unsigned long)info->device[i].size, info->device[i].interrupt_line);
	if (info->devices_refused != 0)
		log_line("warning: %u devices of the command line were refused",
			 info->devices_refused);
	if (info->warning != nullptr)
		log_line("warning: %s", info->warning);
}

void kernel_main(const struct boot_info *info)
{
	start_core(info);
	take_module(info);
	start_first_process();
	log_machine(info);
	log_line("boot: %lu KiB of memory, first process started",
		 (unsigned long)(info->ram_bytes / 1024));
	hal_resume(schedule());
}
