// SPDX-License-Identifier: MIT
/*
 * First instruction of every program; the registers are those of abi/entry.h.
 *
 * Saves them in the thread block (user/rt/ring.h: capos_runtime_slot), copies the canary to where
 * the compiler's stack protector looks for it on a bare target, if any function of the program
 * has one, and runs capos_main().  The stack page is the only memory that this touches in a program
 * without protected functions.
 */
	.section .text.start, "ax", @progbits
	.globl	_start
	.weak	__stack_chk_guard
	.type	_start, @function
_start:
	mov	%rdi, %fs:0x30
	mov	%rsi, %fs:0x38
	mov	%rdx, %fs:0x40
	mov	$__stack_chk_guard, %eax	/* programs lie in the low 2 GiB */
	test	%eax, %eax
	jz	1f
	mov	%fs:0x28, %rcx
	mov	%rcx, (%rax)
	xor	%ecx, %ecx
1:	xor	%ebp, %ebp			/* the end of every backtrace */
	call	capos_main
	mov	%eax, %edi
	mov	$1, %eax			/* SYSCALL_EXIT */
	syscall
	ud2
	.size	_start, . - _start

	.section .note.GNU-stack, "", @progbits
