// SPDX-License-Identifier: MIT
/* The host tests' fake machine.  See fake_hal.h. */
#include "tests/host/fake_hal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/arch/x86_64/page_table.h"

constexpr size_t SERIAL_BYTES = 65536;

static struct {
	uint8_t *ram;
	size_t ram_bytes;
	struct paddr root;
	uint64_t invalidations;
	struct hal_context *loaded;
	uint64_t timer_due;
	uint64_t random_state;
	bool random_works;
	uint8_t verdict;
	bool wants_input;
	bool wants_output;
	size_t room;
	uint8_t input[SERIAL_BYTES];
	size_t input_start;
	size_t input_end;
	char output[SERIAL_BYTES + 1];
	size_t output_size;
	jmp_buf *run; /* of the innermost fake_hal_run() */
} machine;

struct cpu *fake_hal_cpu;
uint64_t fake_hal_now;
bool fake_hal_interrupt;

static void check(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fake_hal: %s\n", what);
	abort();
}

/* --- Life ------------------------------------------------------------------------------- */

/* Start over, with the arena of the machine before if it has the right size. */
static void take_arena(size_t ram_bytes)
{
	uint8_t *ram = machine.ram;

	if (ram == nullptr || machine.ram_bytes != ram_bytes) {
		free(ram);
		ram = aligned_alloc(PAGE_SIZE, ram_bytes);
		check(ram != nullptr, "no memory for the arena");
	}
	memset(&machine, 0, sizeof(machine));
	machine.ram = ram;
}

void fake_hal_init(size_t ram_bytes)
{
	check(ram_bytes >= 2 * PAGE_SIZE && ram_bytes % PAGE_SIZE == 0, "odd size of RAM");
	take_arena(ram_bytes);
	memset(machine.ram, 0, ram_bytes);
	machine.ram_bytes = ram_bytes;
	machine.root.raw = FAKE_HAL_RAM_START;
	machine.timer_due = FAKE_HAL_DISARMED;
	machine.random_state = 1;
	machine.random_works = true;
	machine.room = SIZE_MAX;
	fake_hal_cpu = nullptr;
	fake_hal_now = 0;
	fake_hal_interrupt = false;
	page_table_set_kernel_root(machine.root);
}

void fake_hal_fini(void)
{
	free(machine.ram);
	machine.ram = nullptr;
}

void *fake_hal_memory(struct paddr address)
{
	check(address.raw >= FAKE_HAL_RAM_START &&
		      address.raw - FAKE_HAL_RAM_START < machine.ram_bytes,
	      "physical address outside RAM");
	return machine.ram + (address.raw - FAKE_HAL_RAM_START);
}

struct paddr fake_hal_address(const void *memory)
{
	uintptr_t offset = (uintptr_t)memory - (uintptr_t)machine.ram;

	check(offset < machine.ram_bytes, "pointer outside RAM");
	return (struct paddr){ FAKE_HAL_RAM_START + offset };
}

void fake_hal_boot_info(struct boot_info *out, const void *module, size_t module_bytes)
{
	size_t module_pages = (module_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	uint64_t end = FAKE_HAL_RAM_START + machine.ram_bytes;
	uint64_t start = end - module_pages * PAGE_SIZE;

	check((module_pages + 2) * PAGE_SIZE <= machine.ram_bytes, "no room for the module");
	memset(out, 0, sizeof(*out));
	out->ram_bytes = machine.ram_bytes;
	out->free[0] = (struct boot_range){ FAKE_HAL_RAM_START + PAGE_SIZE, start };
	out->free_count = 1;
	if (module_bytes == 0)
		return;
	memcpy(fake_hal_memory((struct paddr){ start }), module, module_bytes);
	out->module.raw = start;
	out->module_bytes = module_bytes;
	out->module_count = 1;
}

/* --- Ends ------------------------------------------------------------------------------- */

enum fake_hal_end fake_hal_run(void (*function)(void *argument), void *argument)
{
	jmp_buf here;
	jmp_buf *volatile outer = machine.run;
	int end = setjmp(here);

	if (end == FAKE_HAL_RETURNED) {
		machine.run = &here;
		function(argument);
	}
	machine.run = outer;
	return (enum fake_hal_end)end;
}

[[noreturn]] static void leave(enum fake_hal_end end)
{
	check(machine.run != nullptr, "the machine ended outside fake_hal_run()");
	longjmp(*machine.run, end);
}

void hal_resume(struct hal_context *context)
{
	check(machine.loaded == context, "resumed a context that is not loaded");
	leave(FAKE_HAL_RESUMED);
}

void hal_idle(void)
{
	leave(FAKE_HAL_IDLE);
}

struct stack_use hal_stack_used(void)
{
	return (struct stack_use){};
}

void hal_power_off(uint8_t verdict)
{
	machine.verdict = verdict;
	leave(FAKE_HAL_POWER_OFF);
}

void hal_reset(void)
{
	leave(FAKE_HAL_RESET);
}

void hal_stop(void)
{
	leave(FAKE_HAL_STOPPED);
}

uint8_t fake_hal_verdict(void)
{
	return machine.verdict;
}

/* --- Time ------------------------------------------------------------------------------- */

struct hal_clock hal_clock(void)
{
	return (struct hal_clock){ .base_timestamp = 0, .mult = UINT64_C(1) << 32 };
}

void hal_timer_arm(uint64_t delta_ns)
{
	check(delta_ns <= UINT64_C(1) << 40, "timer armed too far ahead");
	machine.timer_due = fake_hal_now + delta_ns;
}

void hal_timer_disarm(void)
{
	machine.timer_due = FAKE_HAL_DISARMED;
}

void fake_hal_advance(uint64_t delta_ns)
{
	fake_hal_now += delta_ns;
}

uint64_t fake_hal_timer_due(void)
{
	return machine.timer_due;
}

bool fake_hal_fire_timer(void)
{
	if (machine.timer_due == FAKE_HAL_DISARMED)
		return false;
	if (fake_hal_now < machine.timer_due)
		fake_hal_now = machine.timer_due;
	machine.timer_due = FAKE_HAL_DISARMED;
	return true;
}

void fake_hal_set_interrupt_pending(bool pending)
{
	fake_hal_interrupt = pending;
}

/* --- Random numbers --------------------------------------------------------------------- */

void fake_hal_set_random(bool works)
{
	machine.random_works = works;
}

/* A weak generator is enough: the words only have to differ and repeat in every run. */
bool hal_hardware_random(uint64_t *out)
{
	if (!machine.random_works)
		return false;
	machine.random_state = machine.random_state * 6364136223846793005 + 1442695040888963407;
	*out = machine.random_state ^ machine.random_state >> 29;
	return true;
}

/* --- Serial port ------------------------------------------------------------------------ */

void fake_hal_serial_input(const void *bytes, size_t size)
{
	check(size <= SERIAL_BYTES - machine.input_end, "too much serial input");
	memcpy(machine.input + machine.input_end, bytes, size);
	machine.input_end += size;
}

void fake_hal_serial_set_room(size_t room)
{
	machine.room = room;
}

const char *fake_hal_serial_output(void)
{
	return machine.output;
}

void fake_hal_serial_clear(void)
{
	machine.output_size = 0;
	machine.output[0] = '\0';
}

bool fake_hal_serial_wants_input(void)
{
	return machine.wants_input;
}

bool fake_hal_serial_wants_output(void)
{
	return machine.wants_output;
}

void hal_serial_write_polled(uint8_t byte)
{
	check(machine.output_size < SERIAL_BYTES, "too much serial output");
	machine.output[machine.output_size++] = (char)byte;
	machine.output[machine.output_size] = '\0';
}

bool hal_serial_try_write(uint8_t byte)
{
	if (machine.room == 0)
		return false;
	if (machine.room != SIZE_MAX)
		machine.room--;
	hal_serial_write_polled(byte);
	return true;
}

bool hal_serial_try_read(uint8_t *out)
{
	if (machine.input_start == machine.input_end)
		return false;
	*out = machine.input[machine.input_start++];
	return true;
}

void hal_serial_interrupts(bool input, bool output)
{
	machine.wants_input = input;
	machine.wants_output = output;
}

/* --- Processor -------------------------------------------------------------------------- */

void hal_cpu_set(struct cpu *cpu)
{
	fake_hal_cpu = cpu;
}

void hal_context_init(struct hal_context *context, const struct hal_start *start)
{
	*context = (struct hal_context){
		.instruction_pointer = start->instruction_pointer,
		.stack_pointer = start->stack_pointer,
		.thread_block = start->thread_block,
		.argument = { start->argument[0], start->argument[1], start->argument[2] },
	};
}

void hal_context_restart_syscall(struct hal_context *context, uint64_t number)
{
	context->restart = number;
	context->restarts++;
}

void hal_context_save(struct hal_context *context)
{
	check(machine.loaded == context, "saved a context that is not loaded");
	context->saves++;
}

void hal_context_load(struct hal_context *context)
{
	machine.loaded = context;
	context->loads++;
}

void hal_context_registers(const struct hal_context *context, struct hal_registers *out)
{
	*out = (struct hal_registers){
		.instruction_pointer = context->instruction_pointer,
		.stack_pointer = context->stack_pointer,
	};
}

struct hal_context *fake_hal_loaded(void)
{
	return machine.loaded;
}

/* --- Address spaces --------------------------------------------------------------------- */

void hal_address_space_activate(struct paddr root)
{
	machine.root = root;
}

void hal_address_space_leave(void)
{
	machine.root.raw = FAKE_HAL_RAM_START;
}

void hal_tlb_flush(struct paddr root)
{
	if (tlb_root_is_current(root))
		machine.invalidations++;
}

bool tlb_root_is_current(struct paddr root)
{
	return machine.root.raw == root.raw;
}

void tlb_invalidate(uint64_t address)
{
	check(address < HAL_USER_END, "invalidated a kernel address");
	machine.invalidations++;
}

struct paddr fake_hal_root(void)
{
	return machine.root;
}

uint64_t fake_hal_invalidations(void)
{
	return machine.invalidations;
}

void *fake_hal_translate(struct paddr root, uint64_t address, enum hal_access *out_access)
{
	struct paddr frame;

	*out_access = page_table_look_up(root, address, &frame);
	if (*out_access == HAL_ACCESS_NONE)
		return nullptr;
	frame.raw += address % PAGE_SIZE;
	return fake_hal_memory(frame);
}
