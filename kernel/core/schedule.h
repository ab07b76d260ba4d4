// SPDX-License-Identifier: MIT
#pragma once
/*
 * Scheduling: round robin, one level, a fixed slice, on one CPU.
 *
 * The running thread is not in the ready queue.  The slice timer is armed only while others are
 * ready; a thread alone runs without a tick.  Deferred work (work.h) gets a bounded turn each
 * time a thread is chosen, and all the time that no thread wants.
 *
 * Direct switch: the first thread that the running one wakes gets the CPU as soon as that one
 * blocks, with what is left of the slice, past those that are ready: a call and its answer are
 * one piece of work.  When the slice ends others have their turn.
 *
 * cpu->current is the thread whose context the CPU holds; it stays when that thread blocks and
 * nobody else runs, so that coming back to it costs no switch.
 */
#include <stdint.h>

struct hal_context;
struct thread;
struct work;

/* How long a thread runs while others are ready. */
constexpr uint64_t SLICE_NS = 10'000'000;

/* Add thread, which is in no queue, behind the other ready ones. */
void schedule_ready(struct thread *thread);

/*
 * Add thread, which is in no queue, as the one to which the CPU goes straight when the running
 * thread blocks; if there is one already, behind the other ready ones.
 */
void schedule_hand_over(struct thread *thread);

/* The running thread goes back to its program although cpu->attention is set: who was to follow
 * it waits, and a bounded part of the deferred work is done. */
void schedule_settle(void);

/* Have deferred work done. */
void schedule_work(struct work *work);

/* Do a bounded part of the deferred work there is; for a thread that stays on the CPU. */
void schedule_work_turn(void);

/* thread has ended: the CPU must not hold its context or its address space any longer. */
void schedule_forget(struct thread *thread);

/* Choose what runs next and return its context; without any, halt until an interrupt. */
__attribute__((preserve_none)) struct hal_context *schedule(void);

/* The context to go back to after an interrupt: the running thread's, unless its slice is over.
 */
struct hal_context *schedule_after_interrupt(uint64_t now_ns);
