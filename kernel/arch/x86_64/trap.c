// SPDX-License-Identifier: MIT
/* Exceptions and interrupts: which kernel door each one leads to.  An exception in the kernel,
 * or on an interrupt stack, is the end. */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/entry.h"
#include "kernel/arch/x86_64/instruction.h"
#include "kernel/arch/x86_64/timer.h"
#include "kernel/hal/boot.h"
#include "kernel/hal/cpu.h"
#include "lib/format.h"

constexpr uint64_t VECTOR_PAGE_FAULT = 14;
constexpr size_t LINE_BYTES = 160;

/* Error code of a page fault (Intel SDM 3A, 4.7). */
constexpr uint64_t PAGE_FAULT_WRITE = UINT64_C(1) << 1;
constexpr uint64_t PAGE_FAULT_USER_BIT = UINT64_C(1) << 2;
constexpr uint64_t PAGE_FAULT_RESERVED_BIT = UINT64_C(1) << 3;
constexpr uint64_t PAGE_FAULT_EXECUTE = UINT64_C(1) << 4;

/* The vectors not listed are HAL_FAULT_OTHER. */
static const struct {
	uint8_t first;
	uint8_t last;
	enum hal_fault_cause cause;
} causes[] = {
	{ 0, 0, HAL_FAULT_DIVIDE },
	{ 1, 1, HAL_FAULT_DEBUG },
	{ 3, 3, HAL_FAULT_DEBUG },
	{ 6, 6, HAL_FAULT_INVALID_INSTRUCTION },
	{ 10, 13, HAL_FAULT_PROTECTION },
	{ VECTOR_PAGE_FAULT, VECTOR_PAGE_FAULT, HAL_FAULT_PAGE },
	{ 16, 16, HAL_FAULT_FLOATING_POINT },
	{ 17, 17, HAL_FAULT_ALIGNMENT },
	{ 19, 19, HAL_FAULT_FLOATING_POINT },
};

/* Say what happened and stop.  Should that fault too, just stop. */
[[noreturn]] static void stop(const struct trap_frame *frame, const char *what)
{
	static bool stopping;
	char line[LINE_BYTES];
	size_t size;

	if (stopping)
		hal_stop();
	stopping = true;
	size = format(line, sizeof(line),
		      "\r\ntrap: vector %lu error 0x%lx rip %p rsp %p cr2 %p flags 0x%lx\r\n",
		      frame->vector, frame->error_code, (void *)frame->instruction_pointer,
		      (void *)frame->stack_pointer, (void *)cr2_read(), frame->flags);
	for (size_t i = 0; i < size; i++)
		hal_serial_write_polled((uint8_t)line[i]);
	kernel_panic(__FILE__, __LINE__, what);
}

static const struct trap_frame *frame_of(const struct hal_context *context)
{
	return (const struct trap_frame *)&context->vector;
}

static enum hal_fault_cause cause_of(uint64_t vector)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (vector >= causes[i].first && vector <= causes[i].last)
			return causes[i].cause;
	return HAL_FAULT_OTHER;
}

static enum hal_access access_tried(uint64_t error_code)
{
	if ((error_code & PAGE_FAULT_EXECUTE) != 0)
		return HAL_ACCESS_EXECUTE;
	return (error_code & PAGE_FAULT_WRITE) != 0 ? HAL_ACCESS_WRITE : HAL_ACCESS_READ;
}

static struct hal_context *take_exception(const struct hal_context *context)
{
	struct hal_fault fault = {
		.cause = cause_of(context->vector),
		.vector = (uint8_t)context->vector,
		.access = HAL_ACCESS_NONE,
		.error_code = context->error_code,
	};

	if (context->vector == VECTOR_PAGE_FAULT) {
		if ((context->error_code & PAGE_FAULT_RESERVED_BIT) != 0)
			stop(frame_of(context), "corrupt page table");
		fault.address = cr2_read();
		/* A program's own instruction that reaches memory as the supervisor would, such
		 * as a segment load, is not helped by mapping a page: no access. */
		if ((context->error_code & PAGE_FAULT_USER_BIT) != 0)
			fault.access = access_tried(context->error_code);
	}
	return kernel_fault(&fault);
}

static struct hal_context *take_interrupt(uint64_t vector)
{
	switch (vector) {
	case VECTOR_TIMER:
		lapic_end_interrupt();
		return timer_has_expired() ? kernel_timer_interrupt()
					   : kernel_spurious_interrupt();
	case VECTOR_SERIAL:
		lapic_end_interrupt();
		return kernel_serial_interrupt();
	default:
		if (lapic_is_in_service(vector))
			lapic_end_interrupt();
		return kernel_spurious_interrupt();
	}
}

struct hal_context *trap_from_user(struct hal_context *context)
{
	if (context->vector < EXCEPTION_COUNT)
		return take_exception(context);
	return take_interrupt(context->vector);
}

static bool was_idle(const struct trap_frame *frame)
{
	return frame->instruction_pointer >= (uint64_t)entry_idle_start &&
	       frame->instruction_pointer < (uint64_t)entry_idle_end;
}

struct hal_context *trap_from_kernel(const struct trap_frame *frame)
{
	if (frame->vector < EXCEPTION_COUNT)
		stop(frame, "exception in the kernel");
	if (!was_idle(frame))
		stop(frame, "interrupt in the kernel");
	return take_interrupt(frame->vector);
}

void trap_fatal(const struct trap_frame *frame)
{
	stop(frame, "NMI, double fault or machine check");
}
