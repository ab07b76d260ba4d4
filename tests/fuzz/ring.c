// SPDX-License-Identifier: MIT
/*
 * The kernel core through its doors: programs that submit, wait, lie, share, spawn and die.
 *
 * An input is a program for the fake machine: steps, a byte for what to do and some for how.
 * Each is done by whichever process the CPU runs.  After every step all structures must be in
 * order and every completion must answer an entry; now and then the books are audited and the
 * page tables compared with the mappings.  In the end everybody dies, and what is left must be
 * what a machine has that only booted.
 */
#include "kernel/core/singletons.h"
#include "tests/fuzz/support/attack.h"

constexpr size_t RAM_BYTES = 9 << 18; /* little more than the smallest machine */
constexpr uint32_t STEPS_MAX = 400;
constexpr uint32_t STEPS_PER_AUDIT = 16;

static struct {
	struct attackers attackers;
	struct fuzz_input input;
	uint64_t overpromised;
	uint32_t steps;
	bool has_ended; /* the machine */
} world;

/* --- The machine ------------------------------------------------------------------------ */

static struct attacker *running(void)
{
	return world.has_ended ? nullptr : attackers_running(&world.attackers);
}

/* The kernel came out of a door, in one way or another. */
static void came_out(enum fake_hal_end end)
{
	require(end != FAKE_HAL_STOPPED);
	if (end == FAKE_HAL_POWER_OFF || end == FAKE_HAL_RESET)
		world.has_ended = true;
	fake_hal_serial_clear();
}

/* An interrupt that was pending is taken as soon as the kernel is left. */
static void take_pending(void)
{
	if (world.has_ended || !hal_interrupt_pending())
		return;
	fake_hal_set_interrupt_pending(false);
	came_out(kernel_take_timer());
}

static void pass_time(uint64_t delta_ns)
{
	uint64_t end = hal_timestamp() + delta_ns;

	while (!world.has_ended && fake_hal_timer_due() <= end) {
		(void)fake_hal_fire_timer();
		came_out(kernel_take_timer());
	}
	if (hal_timestamp() < end)
		fake_hal_advance(end - hal_timestamp());
}

static void run_under_hal(void (*function)(void *argument), void *argument)
{
	if (!world.has_ended)
		came_out(fake_hal_run(function, argument));
}

static void forget_ended(void *argument)
{
	attackers_forget_ended(argument);
}

/* --- Steps ------------------------------------------------------------------------------ */

static void step_call(struct attacker *a)
{
	attack_call(&world.attackers, a, &world.input);
}

static void step_small(struct attacker *a)
{
	attack_small(&world.attackers, a, &world.input);
}

static void step_raw(struct attacker *a)
{
	attack_raw(&world.attackers, a, &world.input);
}

static void step_ipc(struct attacker *a)
{
	attack_ipc(&world.attackers, a, &world.input);
}

static uint64_t take_deadline(const struct attacker *a)
{
	uint32_t choice = fuzz_take_byte(&world.input);

	if (choice < 128)
		return RING_NO_WAIT;
	return choice < 192 ? RING_NO_DEADLINE : attack_number(a, &world.input);
}

static void step_enter(struct attacker *a)
{
	uint32_t min_complete = fuzz_take_below(&world.input, DEFAULT_CQ_ENTRIES + 2);
	uint64_t deadline_ns = take_deadline(a);
	struct entered entered =
		program_syscall(&a->program, SYSCALL_CAP_ENTER, min_complete, deadline_ns);

	came_out(entered.end);
}

static void read_completions(struct attacker *a, uint32_t count)
{
	for (uint32_t i = 0; i < count && attacker_read(a); i++)
		;
}

static void step_read(struct attacker *a)
{
	read_completions(a, 1 + fuzz_take_below(&world.input, DEFAULT_CQ_ENTRIES));
}

/* Call, enter, read all: the usual way to get anything. */
static void step_call_now(struct attacker *a)
{
	attack_call(&world.attackers, a, &world.input);
	came_out(program_syscall(&a->program, SYSCALL_CAP_ENTER, 0, RING_NO_WAIT).end);
	if (running() == a)
		read_completions(a, DEFAULT_CQ_ENTRIES);
}

static void step_ipc_now(struct attacker *a)
{
	attack_ipc(&world.attackers, a, &world.input);
	came_out(program_syscall(&a->program, SYSCALL_CAP_ENTER, 0, RING_NO_WAIT).end);
	if (running() == a)
		read_completions(a, DEFAULT_CQ_ENTRIES);
}

static void step_exit(struct attacker *a)
{
	uint32_t code = fuzz_take_byte(&world.input);

	/* The first process's end is the machine's: not by accident. */
	if (a->program.process->is_first && code != 255)
		return;
	came_out(program_syscall(&a->program, SYSCALL_EXIT, code, 0).end);
}

static void step_unknown_syscall(struct attacker *a)
{
	uint64_t number = attack_number(a, &world.input);
	struct entered entered;

	if (number == SYSCALL_CAP_ENTER || number == SYSCALL_EXIT)
		return;
	entered = program_syscall(&a->program, number, attack_number(a, &world.input), 0);
	require(entered.returned && entered.status == STATUS_UNKNOWN_SYSCALL);
}

/* A program touches memory: what it may touch it then can, otherwise it dies. */
static void step_touch(struct attacker *a)
{
	struct hal_fault fault = { .cause = HAL_FAULT_PAGE, .vector = 14 };
	const struct process *process = a->program.process;
	enum hal_access access;

	fault.address = attack_number(a, &world.input);
	fault.access = (enum hal_access)(1 + fuzz_take_below(&world.input, 3));
	if (fault.address >= HAL_USER_END ||
	    (process->is_first && fuzz_take_byte(&world.input) < 250 &&
	     fake_hal_translate(process->space.root, fault.address, &access) == nullptr))
		return;
	came_out(kernel_take_fault(&fault));
	if (running() != a)
		return;
	require(fake_hal_translate(process->space.root, fault.address, &access) != nullptr);
	require(access == fault.access || fault.access == HAL_ACCESS_READ);
}

/* Any other fault ends the process. */
static void step_fault(struct attacker *a)
{
	struct hal_fault fault = { .vector = fuzz_take_byte(&world.input) };

	if (a->program.process->is_first && fault.vector != 255)
		return;
	fault.cause = (enum hal_fault_cause)(1 + fault.vector % HAL_FAULT_OTHER);
	came_out(kernel_take_fault(&fault));
}

/* Write over the own ring block, header and queues and all. */
static void step_scribble(struct attacker *a)
{
	uint8_t *block = (uint8_t *)a->program.header;
	uint32_t offset = (uint32_t)fuzz_take(&world.input, 2) % DEFAULT_RING_BYTES;
	uint32_t size = fuzz_take_byte(&world.input);

	if (size > DEFAULT_RING_BYTES - offset)
		size = DEFAULT_RING_BYTES - offset;
	memset(block + offset, fuzz_take_byte(&world.input), size);
	/* In the arena one may write. */
	if (block + offset < a->program.arena)
		a->is_honest = false;
}

/* Counters that are not where they were. */
static void step_lie(struct attacker *a)
{
	uint32_t lie = (uint32_t)attack_number(a, &world.input);

	a->is_honest = false;
	if (fuzz_take_below(&world.input, 2) == 0) {
		a->program.sq_tail += lie;
		a->program.header->sq_tail = a->program.sq_tail;
	} else {
		a->program.cq_head += lie;
		a->program.header->cq_head = a->program.cq_head;
	}
}

/* Back to where the kernel is. */
static void step_repent(struct attacker *a)
{
	const struct ring *ring = &a->program.process->thread->ring;

	a->program.sq_tail = ring->sq_head;
	a->program.cq_head = ring->cq_tail;
	a->program.header->sq_tail = a->program.sq_tail;
	a->program.header->cq_head = a->program.cq_head;
}

/* --- Steps of the world ----------------------------------------------------------------- */

static void step_time(struct attacker *)
{
	pass_time(UINT64_C(1) << fuzz_take_below(&world.input, 28));
}

static void step_timer(struct attacker *)
{
	if (fake_hal_fire_timer())
		came_out(kernel_take_timer());
}

static void step_input(struct attacker *)
{
	uint8_t bytes[32];
	uint32_t size = 1 + fuzz_take_below(&world.input, sizeof(bytes));

	memset(bytes, fuzz_take_byte(&world.input), size);
	fake_hal_serial_input(bytes, size);
	came_out(kernel_take_serial());
}

static void step_output(struct attacker *)
{
	uint32_t room = fuzz_take_byte(&world.input);

	fake_hal_serial_set_room(room == 255 ? SIZE_MAX : room);
	came_out(kernel_take_serial());
}

static void step_interrupt(struct attacker *)
{
	fake_hal_set_interrupt_pending(true);
}

static void step_random(struct attacker *)
{
	fake_hal_set_random(fuzz_take_below(&world.input, 2) != 0);
}

struct step {
	void (*run)(struct attacker *a);
	bool needs_process;
};

static const struct step steps[] = {
	{ step_call_now, true }, { step_call_now, true },   { step_call_now, true },
	{ step_call, true },     { step_call, true },       { step_enter, true },
	{ step_enter, true },    { step_read, true },       { step_small, true },
	{ step_raw, true },      { step_exit, true },       { step_unknown_syscall, true },
	{ step_touch, true },    { step_fault, true },      { step_scribble, true },
	{ step_lie, true },      { step_repent, true },     { step_time, false },
	{ step_time, false },    { step_timer, false },     { step_input, false },
	{ step_output, false },  { step_interrupt, false }, { step_random, false },
};

constexpr uint32_t STEPS = sizeof(steps) / sizeof(steps[0]);

/* Those of calls between processes have the last numbers: older cases mean what they meant. */
constexpr uint32_t IPC_STEPS_FROM = 208;

static const struct step *take_step(void)
{
	static const struct step ipc = { step_ipc, true };
	static const struct step ipc_now = { step_ipc_now, true };
	uint32_t choice = fuzz_take_byte(&world.input);

	if (choice < IPC_STEPS_FROM)
		return &steps[choice % STEPS];
	return choice % 4 == 0 ? &ipc : &ipc_now;
}

static void check(bool whole)
{
	require(heap_check(&hal_cpu()->deadlines));
	for (uint32_t i = 0; i < world.attackers.count; i++) {
		const struct attacker *a = &world.attackers.attacker[i];

		if (!attacker_is_alive(a))
			continue;
		attacker_check(a);
		if (whole)
			attacker_check_pages(a);
	}
	if (whole)
		require(supply_audit().balanced);
}

static void do_step(void)
{
	const struct step *step = take_step();
	struct attacker *a = running();
	bool was_pending = hal_interrupt_pending();

	if (step->needs_process && a == nullptr)
		return;
	step->run(a);
	if (was_pending)
		take_pending();
	run_under_hal(forget_ended, &world.attackers);
	world.steps++;
	if (!world.has_ended)
		check(world.steps % STEPS_PER_AUDIT == 0);
}

/* --- Beginning and end ------------------------------------------------------------------ */

/* A machine that ended in the middle of something leaves references behind. */
static void reset_singletons(void)
{
	for (uint16_t i = 1; i < KERNEL_OBJECT_COUNT; i++)
		singleton_find((enum kernel_object)i)->references = 1;
}

static void boot(void)
{
	static alignas(8) uint8_t manifest[FIXTURE_MANIFEST_BYTES];
	static size_t manifest_bytes;

	if (manifest_bytes == 0)
		manifest_bytes = fixture_manifest(manifest, sizeof(manifest));
	memset(&world, 0, sizeof(world));
	reset_singletons();
	require(fixture_boot(RAM_BYTES, manifest, manifest_bytes) == FAKE_HAL_RESUMED);
	program_attach(&first, hal_cpu()->current->process);
}

/* What a machine has left that only booted and ended. */
static const struct supply_report *reference(void)
{
	static struct supply_report known;

	if (known.accounts != 0)
		return &known;
	boot();
	came_out(program_syscall(&first, SYSCALL_EXIT, 0, 0).end);
	require(world.has_ended);
	known = supply_audit();
	return &known;
}

static void kill_others(void *)
{
	for (uint32_t i = 0; i < world.attackers.count; i++) {
		struct process *process = world.attackers.attacker[i].program.process;

		if (!process->is_first && process->state == PROCESS_RUNNING)
			process_kill(process);
	}
	while (work_is_waiting(&hal_cpu()->work))
		work_run_step(&hal_cpu()->work);
	attackers_forget_ended(&world.attackers);
}

/* Everybody but the first process dies; those not met yet as soon as they run.  Where nobody
 * else runs slice after slice, there is nobody else. */
static void end_others(void)
{
	uint32_t alone = 0;

	while (alone < 3 && !world.has_ended) {
		const struct attacker *a;

		run_under_hal(kill_others, nullptr);
		if (!world.has_ended)
			came_out(kernel_take_timer());
		pass_time(SLICE_NS);
		a = running();
		alone = a == nullptr || a->program.process->is_first ? alone + 1 : 0;
	}
}

static void end_first(void *)
{
	if (first.process->state == PROCESS_RUNNING)
		process_kill(first.process);
	while (work_is_waiting(&hal_cpu()->work))
		work_run_step(&hal_cpu()->work);
}

static void check_end(const struct supply_report *expected)
{
	struct supply_report report = supply_audit();

	require(report.balanced);
	require(report.charged_bytes == expected->charged_bytes);
	require(report.accounts == expected->accounts);
	require(report.processes == expected->processes);
	/* Each pool may keep one empty page. */
	require(report.free_frames + SUPPLY_KINDS >= expected->free_frames);
	for (uint16_t i = 1; i < KERNEL_OBJECT_COUNT; i++)
		require(singleton_find((enum kernel_object)i)->references == 1);
}

/* Everybody dies, in an order that leaves the first process for last. */
static void end_machine(const struct supply_report *expected)
{
	fake_hal_set_interrupt_pending(false);
	fake_hal_set_random(true);
	fake_hal_serial_set_room(SIZE_MAX);
	end_others();
	if (world.has_ended)
		return;
	check(true);
	kernel_overpromise(-(int64_t)world.overpromised);
	run_under_hal(end_first, nullptr);
	require(world.has_ended);
	check_end(expected);
}

/* First byte: whether the accounts have more memory than the machine. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	const struct supply_report *expected = reference();

	boot();
	if ((fuzz_take_byte(&input) & 1) != 0)
		world.overpromised = RAM_BYTES;
	kernel_overpromise((int64_t)world.overpromised);
	world.input = input;
	while (!fuzz_input_is_empty(&world.input) && !world.has_ended &&
	       world.steps < STEPS_MAX)
		do_step();
	if (!world.has_ended)
		end_machine(expected);
	require(supply_audit().balanced);
	return 0;
}
