// SPDX-License-Identifier: MIT
/* Points at which the kernel can be refused something.  See fault_points.h. */
#include "tests/host/fault_points.h"

#include "kernel/core/call.h"
#include "kernel/core/pool.h"
#include "kernel/core/process.h"
#include "kernel/core/supply.h"
#include "kernel/core/thread.h"

static const enum status point_status[POINTS] = {
	[POINT_ACCOUNT_SPLIT] = STATUS_OUT_OF_MEMORY,
	[POINT_SUPPLY_FRAMES] = STATUS_OUT_OF_MEMORY,
	[POINT_SUPPLY_OBJECT] = STATUS_OUT_OF_MEMORY,
	[POINT_SUPPLY_RESERVE] = STATUS_OUT_OF_MEMORY,
	[POINT_FRAMES_ALLOC] = STATUS_OUT_OF_MEMORY,
	[POINT_POOL_ALLOC] = STATUS_OUT_OF_MEMORY,
	[POINT_RESERVE_SLOTS] = STATUS_OUT_OF_SLOTS,
	[POINT_TABLE_RESERVE] = STATUS_OUT_OF_SLOTS,
	[POINT_THREAD_CREATE] = STATUS_OUT_OF_THREADS,
	[POINT_PARK] = STATUS_WAIT_SLOTS_FULL,
};

struct faults faults;

void faults_arm(uint32_t fail_at)
{
	faults.fail_at = fail_at;
	faults.passed = 0;
	faults.runs = 0;
	faults.cause = STATUS_OK;
}

void faults_disarm(void)
{
	faults.fail_at = 0;
}

static bool fails(enum point point)
{
	if (faults.fail_at == 0 || faults.exempt)
		return false;
	faults.passed++;
	if (faults.fail_at != FAULTS_ALL && faults.passed != faults.fail_at)
		return false;
	faults.failures[point]++;
	faults.cause = point_status[point];
	return true;
}

/* Weak: where nothing is wrapped there is no such function. */
#define WRAPPED(name, ...)                                    \
	[[gnu::weak]] enum status __real_##name(__VA_ARGS__); \
	enum status __wrap_##name(__VA_ARGS__)

WRAPPED(account_split, struct account *parent, struct account *child,
	struct account_limits limits, account_release *release);
WRAPPED(supply_frames, struct account *account, uint32_t order, struct paddr *out_block);
WRAPPED(supply_object, struct account *account, enum supply_kind kind, void **out_object);
WRAPPED(supply_reserve, struct account *account, uint64_t count);
WRAPPED(frames_alloc, struct frames *frames, uint32_t order, struct paddr *out_block);
WRAPPED(pool_alloc, struct pool *pool, void **out_object);
WRAPPED(process_reserve_slots, struct process *process, uint32_t count);
WRAPPED(cap_table_reserve, struct cap_table *table, uint32_t count);
WRAPPED(thread_create, struct process *process, struct thread **out_thread);
WRAPPED(call_park, struct call *call, struct list_link *queue, uint64_t until_ns,
	uint32_t result_bytes, struct operation **out_op);

[[gnu::weak]] struct paddr __real_supply_take_reserved(void);
struct paddr __wrap_supply_take_reserved(void);
__attribute__((preserve_none, weak)) volatile uint64_t *
__real_call_run(struct ring *ring, struct ring_entry entry);
__attribute__((preserve_none)) volatile uint64_t *__wrap_call_run(struct ring *ring,
								  struct ring_entry entry);

enum status __wrap_account_split(struct account *parent, struct account *child,
				 struct account_limits limits, account_release *release)
{
	return fails(POINT_ACCOUNT_SPLIT)
		       ? point_status[POINT_ACCOUNT_SPLIT]
		       : __real_account_split(parent, child, limits, release);
}

enum status __wrap_supply_frames(struct account *account, uint32_t order,
				 struct paddr *out_block)
{
	return fails(POINT_SUPPLY_FRAMES) ? point_status[POINT_SUPPLY_FRAMES]
					  : __real_supply_frames(account, order, out_block);
}

enum status __wrap_supply_object(struct account *account, enum supply_kind kind,
				 void **out_object)
{
	return fails(POINT_SUPPLY_OBJECT) ? point_status[POINT_SUPPLY_OBJECT]
					  : __real_supply_object(account, kind, out_object);
}

enum status __wrap_supply_reserve(struct account *account, uint64_t count)
{
	return fails(POINT_SUPPLY_RESERVE) ? point_status[POINT_SUPPLY_RESERVE]
					   : __real_supply_reserve(account, count);
}

enum status __wrap_frames_alloc(struct frames *frames, uint32_t order, struct paddr *out_block)
{
	return fails(POINT_FRAMES_ALLOC) ? point_status[POINT_FRAMES_ALLOC]
					 : __real_frames_alloc(frames, order, out_block);
}

enum status __wrap_pool_alloc(struct pool *pool, void **out_object)
{
	return fails(POINT_POOL_ALLOC) ? point_status[POINT_POOL_ALLOC]
				       : __real_pool_alloc(pool, out_object);
}

enum status __wrap_process_reserve_slots(struct process *process, uint32_t count)
{
	return fails(POINT_RESERVE_SLOTS) ? point_status[POINT_RESERVE_SLOTS]
					  : __real_process_reserve_slots(process, count);
}

enum status __wrap_cap_table_reserve(struct cap_table *table, uint32_t count)
{
	return fails(POINT_TABLE_RESERVE) ? point_status[POINT_TABLE_RESERVE]
					  : __real_cap_table_reserve(table, count);
}

enum status __wrap_thread_create(struct process *process, struct thread **out_thread)
{
	return fails(POINT_THREAD_CREATE) ? point_status[POINT_THREAD_CREATE]
					  : __real_thread_create(process, out_thread);
}

enum status __wrap_call_park(struct call *call, struct list_link *queue, uint64_t until_ns,
			     uint32_t result_bytes, struct operation **out_op)
{
	return fails(POINT_PARK)
		       ? point_status[POINT_PARK]
		       : __real_call_park(call, queue, until_ns, result_bytes, out_op);
}

/* What has been promised is there. */
struct paddr __wrap_supply_take_reserved(void)
{
	struct paddr frame;

	faults.exempt = true;
	frame = __real_supply_take_reserved();
	faults.exempt = false;
	return frame;
}

/* A call that is run again meets the same fault again. */
__attribute__((preserve_none)) volatile uint64_t *__wrap_call_run(struct ring *ring,
								  struct ring_entry entry)
{
	faults.passed = 0;
	faults.runs++;
	[[clang::musttail]] return __real_call_run(ring, entry);
}
