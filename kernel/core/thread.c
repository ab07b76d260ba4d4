// SPDX-License-Identifier: MIT
/* Threads.  See thread.h for the model. */
#include "kernel/core/thread.h"

#include "kernel/core/cpu.h"
#include "kernel/core/operation.h"
#include "kernel/core/process.h"
#include "kernel/core/schedule.h"
#include "kernel/core/supply.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"

/* Blocks of 2^order frames. */
constexpr uint32_t RING_ORDER = 2;
constexpr uint32_t RECORDS_ORDER = 2;

static_assert(DEFAULT_RING_BYTES == PAGE_SIZE << RING_ORDER);
static_assert(sizeof(struct operation) * DEFAULT_CQ_ENTRIES <= PAGE_SIZE << RECORDS_ORDER);

/* End the wait in cap_enter: the program sees status and how many completions there are. */
static void wake(struct thread *thread, enum status status)
{
	deadline_clear(hal_cpu(), &thread->wait_deadline);
	hal_context_set_result(&thread->context, -(int64_t)status,
			       ring_available(&thread->ring));
	schedule_hand_over(thread);
}

static void wait_deadline_passed(struct deadline *deadline)
{
	wake(LIST_OWNER(deadline, struct thread, wait_deadline), STATUS_TIMED_OUT);
}

static enum status take_blocks(struct thread *thread, struct account *account)
{
	enum status status = supply_frames(account, RING_ORDER, &thread->ring_block);

	if (status != STATUS_OK)
		return status;
	status = supply_frames(account, RECORDS_ORDER, &thread->records_block);
	if (status != STATUS_OK)
		supply_return_frames(account, thread->ring_block, RING_ORDER);
	return status;
}

/* One thread, and its waits. */
static enum status charge_thread(struct account *account)
{
	enum status status = account_charge(account, ACCOUNT_THREADS, 1);

	if (status != STATUS_OK)
		return status;
	status = account_charge(account, ACCOUNT_WAITS, THREAD_WAITS);
	if (status != STATUS_OK)
		account_refund(account, ACCOUNT_THREADS, 1);
	return status;
}

static void refund_thread(struct account *account)
{
	account_refund(account, ACCOUNT_WAITS, THREAD_WAITS);
	account_refund(account, ACCOUNT_THREADS, 1);
}

static enum status take_thread(struct account *account, struct thread **out_thread)
{
	void *storage;
	enum status status = supply_object(account, SUPPLY_THREAD, &storage);

	if (status != STATUS_OK)
		return status;
	status = take_blocks(storage, account);
	if (status != STATUS_OK) {
		supply_return_object(account, SUPPLY_THREAD, storage);
		return status;
	}
	*out_thread = storage;
	return STATUS_OK;
}

enum status thread_create(struct process *process, struct thread **out_thread)
{
	struct thread *thread;
	enum status status = charge_thread(process->account);

	if (status != STATUS_OK)
		return status;
	status = take_thread(process->account, &thread);
	if (status != STATUS_OK) {
		refund_thread(process->account);
		return status;
	}
	for (uint64_t at = 0; at < DEFAULT_RING_BYTES; at += PAGE_SIZE)
		supply_zero_frame((struct paddr){ thread->ring_block.raw + at });
	thread->process = process;
	thread->state = THREAD_BLOCKED;
	list_init(&thread->ready_link);
	deadline_init(&thread->wait_deadline, wait_deadline_passed);
	ring_init(&thread->ring, thread, hal_direct_map(thread->ring_block),
		  hal_direct_map(thread->records_block));
	*out_thread = thread;
	return STATUS_OK;
}

void thread_start(struct thread *thread, const struct hal_start *start)
{
	hal_context_init(&thread->context, start);
	schedule_ready(thread);
}

void thread_end(struct thread *thread)
{
	list_remove(&thread->ready_link);
	deadline_clear(hal_cpu(), &thread->wait_deadline);
	thread->state = THREAD_ENDED;
	ring_end(&thread->ring);
	schedule_forget(thread);
}

void thread_destroy(struct thread *thread)
{
	struct account *account = thread->process->account;

	require(thread->state == THREAD_ENDED && thread->ring.waiting == 0);
	supply_return_frames(account, thread->ring_block, RING_ORDER);
	supply_return_frames(account, thread->records_block, RECORDS_ORDER);
	supply_return_object(account, SUPPLY_THREAD, thread);
	refund_thread(account);
}

void thread_block(struct thread *thread, uint32_t wait_min, uint64_t deadline_ns)
{
	thread->state = THREAD_BLOCKED;
	thread->wait_min = wait_min;
	if (deadline_ns != RING_NO_DEADLINE)
		deadline_set(hal_cpu(), &thread->wait_deadline, deadline_ns);
}

void thread_wake(struct thread *thread)
{
	wake(thread, STATUS_OK);
}
