// SPDX-License-Identifier: MIT
/* Deadlines.  See deadline.h for the model. */
#include "kernel/core/deadline.h"

#include "kernel/core/cpu.h"
#include "kernel/core/time.h"

/* How many deadlines one timer interrupt serves before it looks for other interrupts. */
constexpr uint32_t EXPIRE_BATCH = 16;
/* The timer counts no further; when it comes early it is armed anew. */
constexpr uint64_t TIMER_MAX_NS = UINT64_C(1) << 40;

void deadline_set(struct cpu *cpu, struct deadline *deadline, uint64_t at_ns)
{
	heap_insert(&cpu->deadlines, &deadline->node, at_ns);
	if (at_ns < cpu->timer_deadline_ns)
		deadline_arm_timer(cpu);
}

void deadline_take_back(struct cpu *cpu, struct deadline *deadline)
{
	/* The timer stays armed: an early interrupt finds nothing due and arms anew. */
	heap_remove(&cpu->deadlines, &deadline->node);
}

void deadline_expire_due(struct cpu *cpu, uint64_t now_ns)
{
	for (uint32_t i = 0; i < EXPIRE_BATCH; i++) {
		struct heap_node *first = heap_first(&cpu->deadlines);
		struct deadline *deadline;

		if (first == nullptr || first->key > now_ns)
			break;
		heap_pop(&cpu->deadlines);
		deadline = HEAP_OWNER(first, struct deadline, node);
		deadline->expire(deadline);
	}
}

void deadline_arm_timer(struct cpu *cpu)
{
	struct heap_node *first = heap_first(&cpu->deadlines);
	uint64_t next_ns = first != nullptr ? first->key : UINT64_MAX;
	uint64_t now_ns, delta_ns;

	if (cpu->slice_end_ns < next_ns)
		next_ns = cpu->slice_end_ns;
	if (next_ns == cpu->timer_deadline_ns)
		return;
	cpu->timer_deadline_ns = next_ns;
	if (next_ns == UINT64_MAX) {
		hal_timer_disarm();
		return;
	}
	now_ns = time_now_ns();
	delta_ns = next_ns > now_ns ? next_ns - now_ns : 0;
	hal_timer_arm(delta_ns < TIMER_MAX_NS ? delta_ns : TIMER_MAX_NS);
}
