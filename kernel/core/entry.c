// SPDX-License-Identifier: MIT
/*
 * The kernel's doors: what happens when a program or a device enters it.  Each runs to
 * completion on the CPU's one stack, interrupts off, and returns the context to resume.
 */
#include "abi/entry.h"
#include "kernel/core/cpu.h"
#include "kernel/core/fault.h"
#include "kernel/core/process.h"
#include "kernel/core/schedule.h"
#include "kernel/core/serial.h"
#include "kernel/core/thread.h"
#include "kernel/core/time.h"
#include "kernel/hal/context.h"
#include "kernel/hal/cpu.h"

static struct hal_context *finish(struct thread *thread, enum status status)
{
	hal_context_set_result(&thread->context, -(int64_t)status,
			       ring_available(&thread->ring));
	/* A thread that never waits must not keep back others, or what was given up. */
	if (hal_cpu()->attention)
		schedule_settle();
	return &thread->context;
}

/* Everything has been taken, and less is there than the program asked for: wait, if it may. */
[[gnu::noinline]] __attribute__((preserve_none)) static struct hal_context *
wait_for_completions(struct thread *thread)
{
	uint64_t min_complete = hal_context_argument(&thread->context, 0);
	uint64_t deadline_ns = hal_context_argument(&thread->context, 1);
	uint32_t available = ring_available(&thread->ring);

	if (deadline_ns == RING_NO_WAIT)
		return finish(thread, STATUS_OK);
	if (deadline_ns == RING_NO_DEADLINE) {
		if (available + thread->ring.waiting < min_complete)
			return finish(thread, STATUS_NOTHING_PENDING);
	} else if (deadline_ns <= time_now_ns()) {
		return finish(thread, STATUS_TIMED_OUT);
	}
	thread_block(thread, (uint32_t)min_complete, deadline_ns);
	return schedule();
}

/* Not everything up to the tail was taken. */
[[gnu::cold, gnu::noinline]] static struct hal_context *stopped(struct thread *thread,
								enum ring_stop stop)
{
	switch (stop) {
	case RING_STOP_EMPTY:
		break;
	case RING_STOP_FULL:
		return finish(thread, STATUS_COMPLETIONS_FULL);
	case RING_STOP_INTERRUPTED:
		if (hal_cpu()->attention)
			schedule_settle();
		/* The interrupt is taken on the way out; then the thread enters again. */
		hal_context_restart_syscall(&thread->context, SYSCALL_CAP_ENTER);
		return &thread->context;
	case RING_STOP_ENDED:
		return schedule();
	case RING_STOP_BAD_TAIL:
		return finish(thread, STATUS_RING_TAIL);
	case RING_STOP_BAD_HEAD:
		return finish(thread, STATUS_RING_HEAD);
	}
	unreachable();
}

static inline struct hal_context *cap_enter(struct thread *thread)
{
	enum ring_stop stop;

	if (hal_context_argument(&thread->context, 0) > thread->ring.cq_entries)
		return finish(thread, STATUS_MIN_COMPLETE_TOO_LARGE);
	stop = ring_take(&thread->ring);
	if (stop != RING_STOP_EMPTY)
		return stopped(thread, stop);
	if (ring_available(&thread->ring) < hal_context_argument(&thread->context, 0))
		return wait_for_completions(thread);
	return finish(thread, STATUS_OK);
}

/* A system call other than cap_enter. */
[[gnu::cold, gnu::noinline]] static struct hal_context *other_syscall(struct thread *thread,
								      uint64_t number)
{
	if (number == SYSCALL_EXIT) {
		process_exit(thread->process,
			     (int32_t)(uint32_t)hal_context_argument(&thread->context, 0));
		return schedule();
	}
	hal_context_set_result(&thread->context, -(int64_t)STATUS_UNKNOWN_SYSCALL, 0);
	return &thread->context;
}

__attribute__((preserve_none)) struct hal_context *kernel_syscall(uint64_t number)
{
	struct thread *thread = hal_cpu()->current;

	return number == SYSCALL_CAP_ENTER ? cap_enter(thread) : other_syscall(thread, number);
}

struct hal_context *kernel_fault(const struct hal_fault *fault)
{
	struct thread *thread = hal_cpu()->current;

	if (fault->cause == HAL_FAULT_PAGE &&
	    address_space_fault(&thread->process->space, fault->address, fault->access))
		return &thread->context;
	fault_end_process(thread, fault);
	return schedule();
}

struct hal_context *kernel_timer_interrupt(void)
{
	struct cpu *cpu = hal_cpu();
	uint64_t now_ns = time_now_ns();

	cpu->timer_deadline_ns = UINT64_MAX;
	deadline_expire_due(cpu, now_ns);
	return schedule_after_interrupt(now_ns);
}

struct hal_context *kernel_serial_interrupt(void)
{
	serial_interrupt();
	return schedule_after_interrupt(time_now_ns());
}

struct hal_context *kernel_spurious_interrupt(void)
{
	return schedule_after_interrupt(time_now_ns());
}
