// SPDX-License-Identifier: MIT
/* Scheduling.  See schedule.h for the model. */
#include "kernel/core/schedule.h"

#include "kernel/core/cpu.h"
#include "kernel/core/process.h"
#include "kernel/core/thread.h"
#include "kernel/core/time.h"
#include "kernel/hal/cpu.h"

/* Steps of deferred work between two threads. */
constexpr uint32_t WORK_TURN_STEPS = 64;

void cpu_init(struct cpu *cpu)
{
	cpu->current = nullptr;
	cpu->handoff = nullptr;
	cpu->attention = false;
	cpu->sweeps = 0;
	list_init(&cpu->ready);
	heap_init(&cpu->deadlines);
	work_queue_init(&cpu->work);
	cpu->slice_end_ns = UINT64_MAX;
	cpu->timer_deadline_ns = UINT64_MAX;
}

static bool is_running(const struct thread *thread)
{
	return thread != nullptr && thread->state == THREAD_RUNNING;
}

/* Whether anything but the running thread wants the CPU. */
static bool others_wait(const struct cpu *cpu)
{
	return !list_is_empty(&cpu->ready) || work_is_waiting(&cpu->work);
}

/* Something else wants the CPU: the running thread's time is limited from now on. */
static void limit_running(struct cpu *cpu)
{
	if (is_running(cpu->current) && cpu->slice_end_ns == UINT64_MAX) {
		cpu->slice_end_ns = time_now_ns() + SLICE_NS;
		deadline_arm_timer(cpu);
	}
}

void schedule_ready(struct thread *thread)
{
	struct cpu *cpu = hal_cpu();

	thread->state = THREAD_READY;
	list_append(&cpu->ready, &thread->ready_link);
	limit_running(cpu);
}

void schedule_hand_over(struct thread *thread)
{
	struct cpu *cpu = hal_cpu();

	if (cpu->handoff != nullptr) {
		schedule_ready(thread);
		return;
	}
	thread->state = THREAD_READY;
	cpu->handoff = thread;
	cpu->attention = true;
}

/* The running thread goes on: whoever was to follow it waits its turn. */
static void queue_handoff(struct cpu *cpu)
{
	struct thread *thread = cpu->handoff;

	cpu->handoff = nullptr;
	if (thread != nullptr)
		schedule_ready(thread);
}

void schedule_settle(void)
{
	struct cpu *cpu = hal_cpu();

	queue_handoff(cpu);
	if (work_is_waiting(&cpu->work))
		schedule_work_turn();
	/* Work may have made another ready. */
	queue_handoff(cpu);
	cpu->attention = work_is_waiting(&cpu->work);
}

void schedule_work(struct work *work)
{
	struct cpu *cpu = hal_cpu();

	work_submit(&cpu->work, work);
	cpu->attention = true;
	limit_running(cpu);
}

void schedule_forget(struct thread *thread)
{
	struct cpu *cpu = hal_cpu();

	if (cpu->handoff == thread)
		cpu->handoff = nullptr;
	if (cpu->current != thread)
		return;
	cpu->current = nullptr;
	hal_address_space_leave();
}

void schedule_work_turn(void)
{
	struct cpu *cpu = hal_cpu();

	for (uint32_t i = 0; i < WORK_TURN_STEPS; i++) {
		if (!work_is_waiting(&cpu->work) || hal_interrupt_pending())
			return;
		work_run_step(&cpu->work);
	}
}

/* Make thread's context the CPU's. */
static void switch_to(struct cpu *cpu, struct thread *thread)
{
	if (cpu->current == thread)
		return;
	if (cpu->current != nullptr)
		hal_context_save(&cpu->current->context);
	cpu->current = thread;
	hal_address_space_activate(thread->process->space.root);
	hal_context_load(&thread->context);
}

static struct hal_context *run_first_ready(struct cpu *cpu)
{
	struct thread *thread = LIST_OWNER(cpu->ready.next, struct thread, ready_link);

	list_remove(&thread->ready_link);
	thread->state = THREAD_RUNNING;
	switch_to(cpu, thread);
	cpu->slice_end_ns = others_wait(cpu) ? time_now_ns() + SLICE_NS : UINT64_MAX;
	deadline_arm_timer(cpu);
	return &thread->context;
}

/* The rest of the slice goes with the CPU. */
static struct hal_context *run_handoff(struct cpu *cpu)
{
	struct thread *thread = cpu->handoff;

	cpu->handoff = nullptr;
	thread->state = THREAD_RUNNING;
	switch_to(cpu, thread);
	return &thread->context;
}

__attribute__((preserve_none)) struct hal_context *schedule(void)
{
	struct cpu *cpu = hal_cpu();

	for (;;) {
		if (work_is_waiting(&cpu->work))
			schedule_work_turn();
		if (cpu->handoff != nullptr)
			return run_handoff(cpu);
		if (!list_is_empty(&cpu->ready))
			return run_first_ready(cpu);
		if (!work_is_waiting(&cpu->work) || hal_interrupt_pending()) {
			cpu->slice_end_ns = UINT64_MAX;
			deadline_arm_timer(cpu);
			hal_idle();
		}
	}
}

struct hal_context *schedule_after_interrupt(uint64_t now_ns)
{
	struct cpu *cpu = hal_cpu();
	struct thread *current = cpu->current;

	/* Whoever an interrupt woke is no better than others that are ready. */
	queue_handoff(cpu);
	if (!is_running(current))
		return schedule();
	if (!others_wait(cpu))
		cpu->slice_end_ns = UINT64_MAX;
	if (now_ns < cpu->slice_end_ns) {
		deadline_arm_timer(cpu);
		return &current->context;
	}
	current->state = THREAD_READY;
	list_append(&cpu->ready, &current->ready_link);
	return schedule();
}
