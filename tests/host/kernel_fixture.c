// SPDX-License-Identifier: MIT
/* The kernel on the fake machine, and programs that a test plays.  See kernel_fixture.h. */
#include "tests/host/kernel_fixture.h"

#include <string.h>

#include "schema/capset.capnp.h"
#include "schema/manifest.capnp.h"

struct program first;

/* --- Boot ------------------------------------------------------------------------------- */

static void store(uint8_t *out, uint32_t at, uint64_t value, uint32_t size)
{
	memcpy(out + at, &value, size);
}

static void store_segment(uint8_t *out, uint32_t at, uint32_t flags, const uint64_t *values)
{
	store(out, at, 1, 4); /* PT_LOAD */
	store(out, at + 4, flags, 4);
	store(out, at + 8, values[0], 8);  /* offset */
	store(out, at + 16, values[1], 8); /* address */
	store(out, at + 32, values[2], 8); /* bytes in the file */
	store(out, at + 40, values[3], 8); /* bytes in memory */
	store(out, at + 48, PAGE_SIZE, 8);
}

void fixture_elf(uint8_t *out)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
	static const uint64_t text[] = { 0, FIXTURE_TEXT, FIXTURE_DATA_OFFSET,
					 FIXTURE_DATA_OFFSET };
	static const uint64_t data[] = { FIXTURE_DATA_OFFSET, FIXTURE_DATA, 24, 0x2000 };

	memset(out, 0, FIXTURE_ELF_BYTES);
	memcpy(out, ident, sizeof(ident));
	store(out, 16, 2, 2);  /* ET_EXEC */
	store(out, 18, 62, 2); /* x86-64 */
	store(out, 20, 1, 4);
	store(out, 24, FIXTURE_TEXT + 0xb0, 8); /* entry */
	store(out, 32, 64, 8);                  /* program headers */
	store(out, 52, 64, 2);
	store(out, 54, 56, 2);
	store(out, 56, 2, 2);
	store_segment(out, 64, 5, text);
	store_segment(out, 120, 6, data);
	memset(out + 0xb0, 0xcc, 16);
	memcpy(out + FIXTURE_DATA_OFFSET, "data of the tiny image..", 24);
}

static void write_grants(struct init_config_init_builder init)
{
	static const char *const names[KERNEL_OBJECT_COUNT] = {
		[KERNEL_OBJECT_CONSOLE] = "console",
		[KERNEL_OBJECT_UART] = "uart",
		[KERNEL_OBJECT_TIMER] = "timer",
		[KERNEL_OBJECT_ENTROPY_SOURCE] = "entropy",
		[KERNEL_OBJECT_BOOT_PACKAGE] = "package",
		[KERNEL_OBJECT_PROCESS_SPAWNER] = "spawner",
		[KERNEL_OBJECT_POWER] = "power",
		[KERNEL_OBJECT_AUDIT] = "audit",
	};
	struct kernel_grant_list_builder grants =
		init_config_init_init_grants(init, KERNEL_OBJECT_COUNT - 1);

	for (uint32_t i = 1; i < KERNEL_OBJECT_COUNT; i++) {
		struct kernel_grant_builder grant =
			kernel_grant_list_builder_get(grants, i - 1);

		assert_non_null(names[i]);
		kernel_grant_set_name(grant, names[i], (uint32_t)strlen(names[i]));
		kernel_grant_set_object(grant, (enum kernel_object)i);
	}
}

size_t fixture_manifest(void *out, size_t capacity_bytes)
{
	uint8_t image[FIXTURE_ELF_BYTES];
	struct message_builder message;
	struct system_manifest_builder root;
	struct binary_list_builder binaries;
	struct init_config_init_builder init;
	struct list_builder arguments;

	fixture_elf(image);
	message_builder_init(&message, out, capacity_bytes);
	root = system_manifest_init_root(&message);
	system_manifest_set_schema_version(root, MANIFEST_VERSION);
	binaries = system_manifest_init_binaries(root, 2);
	binary_set_name(binary_list_builder_get(binaries, 0), "first", 5);
	binary_set_image(binary_list_builder_get(binaries, 0), image, sizeof(image));
	binary_set_name(binary_list_builder_get(binaries, 1), "child", 5);
	binary_set_image(binary_list_builder_get(binaries, 1), image, sizeof(image));
	init = init_config_init_init(system_manifest_init_init_config(root));
	init_config_init_set_binary(init, "first", 5);
	write_grants(init);
	arguments = init_config_init_init_arguments(init, 1);
	list_builder_set_text(arguments, 0, "argument", 8);
	assert_false(message.failed);
	return message_builder_finish(&message);
}

static void enter_main(void *argument)
{
	const struct boot_info *info = argument;

	kernel_main(info);
}

enum fake_hal_end fixture_boot(size_t ram_bytes, const void *module, size_t module_bytes)
{
	struct boot_info info;

	fake_hal_init(ram_bytes);
	memset(fake_hal_memory((struct paddr){ FAKE_HAL_RAM_START + PAGE_SIZE }), 0xa5,
	       ram_bytes - PAGE_SIZE);
	fake_hal_boot_info(&info, module, module_bytes);
	return fake_hal_run(enter_main, &info);
}

void kernel_boot(size_t ram_bytes)
{
	alignas(8) uint8_t manifest[FIXTURE_MANIFEST_BYTES];
	size_t size = fixture_manifest(manifest, sizeof(manifest));

	assert_int_equal(fixture_boot(ram_bytes, manifest, size), FAKE_HAL_RESUMED);
	program_attach(&first, hal_cpu()->current->process);
	fake_hal_serial_clear();
}

int kernel_setup(void **)
{
	kernel_boot(FIXTURE_RAM_BYTES);
	return 0;
}

int kernel_teardown(void **)
{
	kernel_check();
	fake_hal_fini();
	return 0;
}

/* --- The kernel ------------------------------------------------------------------------- */

/* One of the kernel's doors, to be called under fake_hal_run(). */
struct door {
	struct hal_context *(*call)(const struct door *door);
	uint64_t argument[3];
	const struct hal_fault *fault;
};

static void enter_door(void *argument)
{
	const struct door *door = argument;
	struct hal_context *context = door->call(door);

	assert_ptr_equal(context, fake_hal_loaded());
	assert_ptr_equal(context, &hal_cpu()->current->context);
	assert_int_equal(hal_cpu()->current->state, THREAD_RUNNING);
	assert_int_equal(fake_hal_root().raw, hal_cpu()->current->process->space.root.raw);
}

static struct hal_context *timer_door(const struct door *)
{
	return kernel_timer_interrupt();
}

static struct hal_context *serial_door(const struct door *)
{
	return kernel_serial_interrupt();
}

static struct hal_context *fault_door(const struct door *door)
{
	return kernel_fault(door->fault);
}

static struct hal_context *syscall_door(const struct door *door)
{
	struct hal_context *context = &hal_cpu()->current->context;

	context->argument[0] = door->argument[1];
	context->argument[1] = door->argument[2];
	return kernel_syscall(door->argument[0]);
}

enum fake_hal_end kernel_take_timer(void)
{
	return fake_hal_run(enter_door, &(struct door){ .call = timer_door });
}

enum fake_hal_end kernel_take_serial(void)
{
	return fake_hal_run(enter_door, &(struct door){ .call = serial_door });
}

enum fake_hal_end kernel_take_fault(const struct hal_fault *fault)
{
	return fake_hal_run(enter_door, &(struct door){ .call = fault_door, .fault = fault });
}

void kernel_advance(uint64_t delta_ns)
{
	uint64_t end = hal_timestamp() + delta_ns;

	while (fake_hal_timer_due() <= end) {
		assert_true(fake_hal_fire_timer());
		(void)kernel_take_timer();
	}
	fake_hal_advance(end - hal_timestamp());
}

static void settle(void *)
{
	while (work_is_waiting(&hal_cpu()->work))
		work_run_step(&hal_cpu()->work);
}

enum fake_hal_end kernel_settle(void)
{
	return fake_hal_run(settle, nullptr);
}

void kernel_check(void)
{
	struct supply_report report = supply_audit();

	assert_true(report.balanced);
	assert_true(heap_check(&hal_cpu()->deadlines));
	if (first.process->thread == nullptr || !first.process->has_space)
		return;
	assert_true(ring_check(&first.process->thread->ring));
	assert_true(address_space_check(&first.process->space));
	assert_true(cap_table_check(&first.process->table));
	assert_true(open_call_table_check(&first.process->open_calls));
}

void kernel_set_limit(enum account_resource resource, uint64_t limit)
{
	struct account *account = first.process->account;
	struct account *root = supply_root_account();
	uint64_t more = limit - account->limit[resource];

	root->used[resource] += more;
	root->split[resource] += more;
	account->granted[resource] += more;
	account->limit[resource] += more;
}

void kernel_overpromise(int64_t bytes)
{
	struct account *root = supply_root_account();

	root->limit[ACCOUNT_MEMORY] += (uint64_t)bytes;
	root->granted[ACCOUNT_MEMORY] += (uint64_t)bytes;
	/* A closed account has given it back. */
	if (first.process->account->open)
		kernel_set_limit(ACCOUNT_MEMORY, first.process->account->limit[ACCOUNT_MEMORY] +
							 (uint64_t)bytes);
}

struct supply_report kernel_balance(void)
{
	struct supply_report report;

	(void)kernel_settle();
	kernel_check();
	report = supply_audit();
	/* The spare mapping that a space keeps is of no account. */
	if (first.process->space.spare != nullptr)
		report.charged_bytes -= sizeof(struct mapping);
	return report;
}

void assert_balance(struct supply_report before)
{
	struct supply_report after = kernel_balance();

	assert_int_equal(after.charged_bytes, before.charged_bytes);
	assert_int_equal(after.accounts, before.accounts);
	assert_int_equal(after.processes, before.processes);
}

/* --- Programs --------------------------------------------------------------------------- */

void program_attach(struct program *program, struct process *process)
{
	struct ring_header *header = hal_direct_map(process->thread->ring_block);
	uint8_t *block = (uint8_t *)header;

	*program = (struct program){
		.process = process,
		.header = header,
		.sq = (void *)(block + header->sq_offset),
		.cq = (void *)(block + header->cq_offset),
		.arena = block + header->arena_offset,
		.arena_bytes = header->arena_bytes,
		.sq_tail = header->sq_tail,
		.cq_head = header->cq_head,
	};
}

bool program_is_running(const struct program *program)
{
	const struct thread *current = hal_cpu()->current;

	return current != nullptr && current->state == THREAD_RUNNING &&
	       current->process == program->process;
}

void program_run(struct program *program)
{
	for (uint32_t i = 0; i < 100 && !program_is_running(program); i++) {
		fake_hal_advance(SLICE_NS);
		assert_int_equal(kernel_take_timer(), FAKE_HAL_RETURNED);
	}
	assert_true(program_is_running(program));
}

void program_submit(struct program *program, const struct ring_submission *entry)
{
	program->sq[program->sq_tail++ % program->header->sq_entries] = *entry;
	program->header->sq_tail = program->sq_tail;
}

struct entered program_syscall(struct program *program, uint64_t number, uint64_t argument0,
			       uint64_t argument1)
{
	struct door door = { .call = syscall_door,
			     .argument = { number, argument0, argument1 } };
	struct thread *thread = program->process->thread;
	struct hal_context *context = &thread->context;
	uint32_t results = context->results;
	struct entered entered = { .status = STATUS_OK };

	assert_true(program_is_running(program));
	entered.end = fake_hal_run(enter_door, &door);
	if (hal_cpu()->current != thread || thread->state != THREAD_RUNNING)
		return entered;
	entered.returned = context->results != results;
	if (entered.returned) {
		assert_in_range(-context->status, STATUS_OK, STATUS_COUNT - 1);
		entered.status = (enum status) - context->status;
		entered.available = context->word;
	}
	return entered;
}

/* More often than any call has reason to be run again. */
constexpr uint32_t RESTARTS_MAX = 1000;

struct entered program_enter(struct program *program, uint64_t min_complete,
			     uint64_t deadline_ns)
{
	const struct hal_context *context = &program->process->thread->context;
	struct entered entered;
	uint32_t first_restarts = context->restarts;
	uint32_t restarts;

	/* A processor repeats a restarted system call by itself, after the interrupt. */
	do {
		restarts = context->restarts;
		assert_in_range(restarts - first_restarts, 0, RESTARTS_MAX);
		entered =
			program_syscall(program, SYSCALL_CAP_ENTER, min_complete, deadline_ns);
	} while (!entered.returned && program_is_running(program) &&
		 context->restarts != restarts && !hal_interrupt_pending());
	return entered;
}

bool program_read(struct program *program, struct ring_completion *out)
{
	if (program->cq_head == program->header->cq_tail)
		return false;
	*out = program->cq[program->cq_head++ % program->header->cq_entries];
	program->header->cq_head = program->cq_head;
	assert_int_equal(out->reserved, 0);
	assert_in_range(-out->status, STATUS_OK, STATUS_COUNT - 1);
	return true;
}

enum status program_one(struct program *program, const struct ring_submission *entry)
{
	struct ring_completion completion;
	struct entered entered;

	program_submit(program, entry);
	entered = program_enter(program, 0, RING_NO_WAIT);
	assert_true(entered.returned);
	assert_int_equal(entered.status, STATUS_OK);
	assert_int_equal(entered.available, 1);
	assert_true(program_read(program, &completion));
	assert_int_equal(completion.user_data, entry->user_data);
	assert_int_equal(completion.tag, entry->tag);
	return (enum status) - completion.status;
}

uint64_t program_capability(const struct program *program, const char *name)
{
	alignas(8) uint8_t bytes[PAGE_SIZE];
	struct message_reader message;
	struct cap_set_reader root;
	struct cap_set_entry_list_reader entries;
	uint64_t found = 0;

	assert_int_equal(address_space_read(&program->process->space, FIXTURE_CAPSET, bytes,
					    sizeof(bytes)),
			 sizeof(bytes));
	message_reader_init(&message, bytes, sizeof(bytes));
	assert_true(cap_set_read_root(&message, &root));
	entries = cap_set_get_entries(root);
	for (uint32_t i = 0; i < entries.l.count; i++) {
		struct cap_set_entry_reader entry = cap_set_entry_list_get(entries, i);

		if (strcmp(cap_set_entry_get_name(entry).data, name) == 0)
			found = cap_set_entry_get_capability(entry);
	}
	assert_false(message.malformed);
	return found;
}
