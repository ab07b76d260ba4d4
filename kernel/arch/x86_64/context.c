// SPDX-License-Identifier: MIT
/* Switching between threads' processor states.  See kernel/hal/context.h. */
#include "kernel/hal/context.h"

#include "kernel/arch/x86_64/cpu_features.h"
#include "kernel/arch/x86_64/cpu_local.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/instruction.h"
#include "lib/require.h"

constexpr uint32_t MSR_FS_BASE = 0xc0000100;
constexpr uint32_t MSR_KERNEL_GS_BASE = 0xc0000102;

/* Places in hal_context.general and hal_registers.general. */
enum general : uint8_t { RAX = 0, RCX = 2, RDX = 3, RSI = 4, RDI = 5, R8 = 7, R11 = 10 };

static_assert(HAL_REGISTER_COUNT * 8 == CONTEXT_VECTOR);
static_assert(offsetof(struct hal_context, vector) == CONTEXT_VECTOR);
static_assert(offsetof(struct hal_context, instruction_pointer) == CONTEXT_RIP);
static_assert(offsetof(struct hal_context, flags) == CONTEXT_FLAGS);
static_assert(offsetof(struct hal_context, stack_pointer) == CONTEXT_RSP);
static_assert(offsetof(struct hal_context, fs_base) == CONTEXT_END);
static_assert(CONTEXT_END % 16 == 0, "the processor aligns its frame");
static_assert(RDX * 8 == CONTEXT_RDX && RSI * 8 == CONTEXT_RSI && RDI * 8 == CONTEXT_RDI);
/* SYSCALL leaves at most the end of the program's half, so SYSRET finds it canonical. */
static_assert(HAL_USER_END < UINT64_C(1) << 47);

void hal_context_init(struct hal_context *context, const struct hal_start *start)
{
	require((uint64_t)context % CONTEXT_ALIGN == 0);
	require(start->instruction_pointer < HAL_USER_END &&
		start->thread_block < HAL_USER_END);
	*context = (struct hal_context){
		.instruction_pointer = start->instruction_pointer,
		.code_segment = SELECTOR_USER_CODE,
		.flags = FLAGS_USER,
		.stack_pointer = start->stack_pointer,
		.stack_segment = SELECTOR_USER_DATA,
		.fs_base = start->thread_block,
	};
	context->general[RDI] = start->argument[0];
	context->general[RSI] = start->argument[1];
	context->general[RDX] = start->argument[2];
	fpu_reset(context->fpu);
}

/* SYSCALL is two bytes long; everything that it destroys comes back zero. */
void hal_context_restart_syscall(struct hal_context *context, uint64_t number)
{
	context->general[RAX] = number;
	context->general[RCX] = 0;
	context->general[RDX] = 0;
	for (uint32_t i = R8; i <= R11; i++)
		context->general[i] = 0;
	context->instruction_pointer -= 2;
	context->code_segment = SELECTOR_USER_CODE;
	context->stack_segment = SELECTOR_USER_DATA;
	context->vector = VECTOR_RESTARTED;
}

/* While we are in the kernel the program's GS base is the other one of the pair. */
static void bases_save(struct hal_context *context)
{
	__asm__ volatile("rdfsbase %0\n\t"
			 "swapgs\n\t"
			 "rdgsbase %1\n\t"
			 "swapgs"
			 : "=r"(context->fs_base), "=r"(context->gs_base));
}

/* Segment registers are not part of a thread's state, but must not carry anything over. */
static void segments_clear(void)
{
	__asm__ volatile("movl %0, %%ds\n\t"
			 "movl %0, %%es\n\t"
			 "movl %0, %%fs\n\t"
			 "swapgs\n\t"
			 "movl %0, %%gs\n\t"
			 "swapgs"
			 :
			 : "r"(0));
}

static void bases_load(const struct hal_context *context)
{
	segments_clear();
	if (cpu_features.fsgsbase) {
		__asm__ volatile("wrfsbase %0\n\t"
				 "swapgs\n\t"
				 "wrgsbase %1\n\t"
				 "swapgs"
				 :
				 : "r"(context->fs_base), "r"(context->gs_base));
	} else {
		msr_write(MSR_FS_BASE, context->fs_base);
		msr_write(MSR_KERNEL_GS_BASE, context->gs_base);
	}
}

/* Without FSGSBASE a program cannot choose its bases, so those it started with are right. */
void hal_context_save(struct hal_context *context)
{
	fpu_save(context->fpu);
	if (cpu_features.fsgsbase)
		bases_save(context);
}

void hal_context_load(struct hal_context *context)
{
	struct cpu_local *local = cpu_local();

	local->context = context;
	local->task_state.stack[0] = (uint64_t)context + CONTEXT_END;
	fpu_load(context->fpu);
	bases_load(context);
}

void hal_context_registers(const struct hal_context *context, struct hal_registers *out)
{
	for (uint32_t i = 0; i < HAL_REGISTER_COUNT; i++)
		out->general[i] = context->general[i];
	out->instruction_pointer = context->instruction_pointer;
	out->stack_pointer = context->stack_pointer;
	out->flags = context->flags;
	if (context->vector != VECTOR_SYSCALL)
		return;
	/* As the system call leaves them. */
	out->general[RCX] = context->instruction_pointer;
	out->general[RSI] = 0;
	out->general[RDI] = 0;
	for (uint32_t i = R8; i < R11; i++)
		out->general[i] = 0;
	out->general[R11] = context->flags;
}
