// SPDX-License-Identifier: MIT
#pragma once
/*
 * The neutral kernel, booted on the fake machine, and programs that a test plays.
 *
 * The machine boots a manifest with two binaries, "first" (which is running when a test starts)
 * and "child".  Both are the same tiny ELF image, of which nothing is ever executed: the test
 * is the program.  It writes the ring block as a program would, and enters the kernel's doors.
 *
 * A group of tests uses kernel_setup() and kernel_teardown(); the latter demands that the books
 * balance.
 */
#include "abi/entry.h"
#include "abi/ring.h"
#include "kernel/core/cpu.h"
#include "kernel/core/process.h"
#include "kernel/core/ring.h"
#include "kernel/core/schedule.h"
#include "kernel/core/supply.h"
#include "kernel/core/thread.h"
#include "tests/host/fake_hal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

constexpr size_t FIXTURE_RAM_BYTES = 16 << 20;
constexpr uint32_t FIXTURE_ELF_BYTES = 216;
constexpr uint32_t FIXTURE_MANIFEST_BYTES = 4096;
constexpr uint64_t FIXTURE_TEXT = 0x240000;    /* one page, read and execute */
constexpr uint64_t FIXTURE_DATA = 0x2410c0;    /* 24 bytes of file, 0x2000 of memory */
constexpr uint32_t FIXTURE_DATA_OFFSET = 0xc0; /* in the image */
constexpr uint64_t FIXTURE_RING = 0x200000;
constexpr uint64_t FIXTURE_CAPSET = 0x208000;
constexpr uint64_t FIXTURE_STACK = 0x220000;
constexpr uint64_t FIXTURE_STACK_TOP = 0x230000;

/* A thread as its program sees it: the block's addresses come from the block's header. */
struct program {
	struct process *process;
	struct ring_header *header;
	struct ring_submission *sq;
	struct ring_completion *cq;
	uint8_t *arena;
	uint32_t arena_bytes;
	uint32_t sq_tail; /* the program's own */
	uint32_t cq_head;
};

/* What a system call came to.  `returned` is false when the thread waits, or has ended. */
struct entered {
	enum status status;
	uint64_t available;
	enum fake_hal_end end; /* of the machine's run in the kernel */
	bool returned;
};

/* The first process. */
extern struct program first;

/* --- Boot --- */

/* The image, FIXTURE_ELF_BYTES of it. */
void fixture_elf(uint8_t *out);

/* Build the manifest; returns its length. */
size_t fixture_manifest(void *out, size_t capacity_bytes);

/* Boot a machine whose RAM is full of rubbish with this module. */
enum fake_hal_end fixture_boot(size_t ram_bytes, const void *module, size_t module_bytes);

int kernel_setup(void **state);
int kernel_teardown(void **state);

/* Boot the ordinary manifest on so much RAM, in place of kernel_setup(). */
void kernel_boot(size_t ram_bytes);

/* --- The kernel --- */

/* Do deferred work until there is none. */
enum fake_hal_end kernel_settle(void);

/* Take a timer interrupt now. */
enum fake_hal_end kernel_take_timer(void);

/* Let time pass; the timer interrupts when it is due. */
void kernel_advance(uint64_t delta_ns);

/* Take a serial interrupt. */
enum fake_hal_end kernel_take_serial(void);

/* Take a fault of the running thread. */
enum fake_hal_end kernel_take_fault(const struct hal_fault *fault);

/* Everything that can be checked is in order. */
void kernel_check(void);

/* Give the first process's account another limit, out of the root's. */
void kernel_set_limit(enum account_resource resource, uint64_t limit);

/* Give the first process's account so much more than there is: then it is frames that run out.
 * A negative amount takes it back. */
void kernel_overpromise(int64_t bytes);

/* What the machine has left; equal before and after, when nothing was kept. */
struct supply_report kernel_balance(void);
void assert_balance(struct supply_report before);

/* --- Programs --- */

void program_attach(struct program *program, struct process *process);

/* Whether the CPU runs it now. */
bool program_is_running(const struct program *program);

/* Let slices pass until the CPU runs it. */
void program_run(struct program *program);

/* Put an entry into the ring and move the tail. */
void program_submit(struct program *program, const struct ring_submission *entry);

/* A system call; the CPU must be running the program. */
struct entered program_syscall(struct program *program, uint64_t number, uint64_t argument0,
			       uint64_t argument1);
struct entered program_enter(struct program *program, uint64_t min_complete,
			     uint64_t deadline_ns);

/* Take the next completion; false: there is none. */
bool program_read(struct program *program, struct ring_completion *out);

/* Submit one entry, enter, and return the status of the one completion that comes. */
enum status program_one(struct program *program, const struct ring_submission *entry);

/* The CapId of that name in the CapSet; 0 if there is none. */
uint64_t program_capability(const struct program *program, const char *name);
