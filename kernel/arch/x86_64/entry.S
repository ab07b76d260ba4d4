// SPDX-License-Identifier: MIT
/*
 * Ways into the kernel and back to a program.
 *
 * Interrupts are off from the first instruction on.  The kernel stack is empty at every entry,
 * as nothing of earlier kernel work is ever continued.  GS: SWAPGS runs exactly once on the way
 * in from a program and once on the way out; the exceptions on interrupt stacks do not rely
 * on it and never come back.
 */
#include "kernel/arch/x86_64/layout.h"

.text
.code64

/*
 * SYSCALL: RCX = return address, R11 = flags, stack still the program's.  R8 to R10 and RDX are
 * free.  FMASK has cleared IF, TF, DF and AC.  Stored is what survives a system call, and its
 * arguments.
 */
.balign 64
.globl entry_syscall
entry_syscall:
	swapgs
	movq %gs:CPU_LOCAL_CONTEXT, %r8
	movq %rsp, CONTEXT_RSP(%r8)
	movq %gs:CPU_LOCAL_STACK_TOP, %rsp
	movq %rcx, CONTEXT_RIP(%r8)
	movq %r11, CONTEXT_FLAGS(%r8)
	movq %rbx, CONTEXT_RBX(%r8)
	movq %rsi, CONTEXT_RSI(%r8)
	movq %rdi, CONTEXT_RDI(%r8)
	movq %rbp, CONTEXT_RBP(%r8)
	movq %r12, CONTEXT_R12(%r8)
	movq %r13, CONTEXT_R13(%r8)
	movq %r14, CONTEXT_R14(%r8)
	movq %r15, CONTEXT_R15(%r8)
	movq $VECTOR_SYSCALL, CONTEXT_VECTOR(%r8)
	/* preserve_none passes its first argument in R12. */
	movq %rax, %r12
	call kernel_syscall
	/* Falls through. */

/* RAX = the context to resume. */
resume:
	cmpq $VECTOR_SYSCALL, CONTEXT_VECTOR(%rax)
	jne resume_trap
	/*
	 * SYSRET to an address that is not canonical would fault here, with the program's stack.
	 * None gets here: a context with VECTOR_SYSCALL has the address that SYSCALL left, which
	 * is at most where programs end (context.c), and nothing changes it but what also
	 * changes the vector.
	 */
	movq CONTEXT_RIP(%rax), %rcx
	movq CONTEXT_FLAGS(%rax), %r11
	movq CONTEXT_RBX(%rax), %rbx
	movq CONTEXT_RBP(%rax), %rbp
	movq CONTEXT_R12(%rax), %r12
	movq CONTEXT_R13(%rax), %r13
	movq CONTEXT_R14(%rax), %r14
	movq CONTEXT_R15(%rax), %r15
	movq CONTEXT_RDX(%rax), %rdx
	movq CONTEXT_RSP(%rax), %rsp
	movq CONTEXT_RAX(%rax), %rax
	xorl %edi, %edi
	xorl %esi, %esi
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	swapgs
	sysretq

/* Everything back as it was; the context is the stack. */
resume_trap:
	movq %rax, %rsp
	popq %rax
	popq %rbx
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	popq %rbp
	popq %r8
	popq %r9
	popq %r10
	popq %r11
	popq %r12
	popq %r13
	popq %r14
	popq %r15
	addq $16, %rsp /* vector, error code */
	swapgs
	iretq

.globl hal_resume
hal_resume:
	movq %rdi, %rax
	jmp resume

/* Exceptions for which the processor pushes an error code (Intel SDM 3A, table 6-1). */
#define PUSHES_ERROR_CODE(n) \
	((n) == 8 || ((n) >= 10 && (n) <= 14) || (n) == 17 || (n) == 21 || (n) == 29 || (n) == 30)
/* Those that have an interrupt stack: NMI, double fault, machine check. */
#define IS_FATAL(n) ((n) == 2 || (n) == 8 || (n) == 18)

.balign 64
.globl entry_stubs
entry_stubs:
.set vector, 0
.rept VECTOR_COUNT
	.balign 16
	.if !PUSHES_ERROR_CODE(vector)
	pushq $0
	.endif
	pushq $vector
	.if IS_FATAL(vector)
	jmp fatal
	.else
	jmp trap
	.endif
	.set vector, vector + 1
.endr

/*
 * From a program the stack is the loaded context, where the processor has pushed its frame;
 * from the kernel it is the kernel's own.
 */
.balign 16
trap:
	testb $3, TRAP_FRAME_CS(%rsp)
	jz trap_in_kernel
	swapgs
	pushq %r15
	pushq %r14
	pushq %r13
	pushq %r12
	pushq %r11
	pushq %r10
	pushq %r9
	pushq %r8
	pushq %rbp
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rbx
	pushq %rax
	movq %rsp, %rdi
	movq %gs:CPU_LOCAL_STACK_TOP, %rsp
	pushq $FLAGS_CLEAR /* DF and AC are still the program's */
	popfq
	call trap_from_user
	jmp resume

trap_in_kernel:
	movq %rsp, %rdi
	andq $-16, %rsp
	cld
	call trap_from_kernel
	jmp resume

/* The last word of an interrupt stack's page points to its CPU's structure. */
fatal:
	cld
	movq %rsp, %rbx
	movq %rsp, %rsi
	orq $(IST_STACK_BYTES - 1), %rsi
	movl (-7)(%rsi), %eax
	movl (-3)(%rsi), %edx
	movl $MSR_GS_BASE, %ecx
	wrmsr
	movq %rbx, %rdi
	andq $-16, %rsp
	call trap_fatal
	ud2

/* The one place where the kernel can be interrupted.  STI takes effect after HLT has begun. */
.globl hal_idle
hal_idle:
	movq %gs:CPU_LOCAL_STACK_TOP, %rsp
	sti
.globl entry_idle_start
entry_idle_start:
	hlt
	jmp entry_idle_start
.globl entry_idle_end
entry_idle_end:

.section .note.GNU-stack, "", @progbits
