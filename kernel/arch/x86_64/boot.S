// SPDX-License-Identifier: MIT
/*
 * From the loader to C.
 *
 * A PVH loader enters boot_entry in 32-bit protected mode, paging off, EBX = physical address
 * of the start info, everything else undefined.  We run at the physical address, 2 GiB below
 * the end of the address space from where we are linked; PHYS() converts.  The boot page tables
 * map the first GiB twice, at 0 for the moment of the jump, and at KERNEL_BASE; start.c
 * replaces them.
 */
#include "kernel/arch/x86_64/layout.h"

#define PHYS(symbol) ((symbol) - KERNEL_BASE)

#define CR0_VALUE       0x80050033 /* PG AM WP NE ET MP PE */
#define CR4_VALUE       0x00000620 /* OSXMMEXCPT OSFXSR PAE; cpu_features.c adds to it */
#define EFER_SCE_LME    0x00000101
#define CPUID_LONG_MODE 29 /* leaf 0x80000001, EDX */
#define CPUID_TSC       4  /* leaf 1, EDX */

#define ENTRY_TABLE 0x003 /* present, writable */
#define ENTRY_LARGE 0x083 /* and 2 MiB */

#define COM1          0x3f8
#define COM1_LSR      0x3fd
#define LSR_THR_EMPTY 0x20
/* ACPI PM1a control on q35: sleep enable, type 0 (soft off). */
#define ACPI_CONTROL 0x604
#define ACPI_OFF     0x2000

/* Alignment 4: QEMU 7.2 misreads a note segment aligned to 8. */
.section .note.pvh, "a", @note
.balign 4
	.long 4, 8, 18 /* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad PHYS(boot_entry)

.section .text.boot, "ax", @progbits
.code32
.globl boot_entry
boot_entry:
	cli
	cld
	movl $PHYS(boot_stack_top), %esp
	movl %ebx, %ebp

	/* No long mode without the extended leaf that says so. */
	movl $0x80000000, %eax
	cpuid
	cmpl $0x80000001, %eax
	jb no_long_mode
	movl $0x80000001, %eax
	cpuid
	btl $CPUID_LONG_MODE, %edx
	jnc no_long_mode

	/* When it all began; without a counter start.c refuses the machine. */
	movl $1, %eax
	cpuid
	btl $CPUID_TSC, %edx
	jnc 1f
	rdtsc
	movl %eax, PHYS(boot_timestamp)
	movl %edx, PHYS(boot_timestamp) + 4
1:
	/* root[0] and root[511] -> top; top[0] and top[510] -> directory; the first GiB. */
	movl $PHYS(boot_top) + ENTRY_TABLE, PHYS(boot_root)
	movl $PHYS(boot_top) + ENTRY_TABLE, PHYS(boot_root) + 511 * 8
	movl $PHYS(boot_directory) + ENTRY_TABLE, PHYS(boot_top)
	movl $PHYS(boot_directory) + ENTRY_TABLE, PHYS(boot_top) + 510 * 8
	movl $PHYS(boot_directory), %edi
	movl $ENTRY_LARGE, %eax
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	cmpl $BOOT_WINDOW_BYTES, %eax
	jb 1b

	/* The control registers may hold anything: they are written whole. */
	movl $CR4_VALUE, %eax
	movl %eax, %cr4
	movl $PHYS(boot_root), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	movl $EFER_SCE_LME, %eax
	xorl %edx, %edx
	wrmsr
	movl $CR0_VALUE, %eax
	movl %eax, %cr0
	lgdt PHYS(boot_gdt_pointer)
	ljmp $SELECTOR_KERNEL_CODE, $PHYS(boot_long)

no_long_mode:
	movl $PHYS(boot_refusal), %esi
1:	movb (%esi), %bl
	testb %bl, %bl
	jz 4f
	movl $0x10000, %ecx
	movw $COM1_LSR, %dx
2:	inb %dx, %al
	testb $LSR_THR_EMPTY, %al
	jnz 3f
	loop 2b
3:	movw $COM1, %dx
	movb %bl, %al
	outb %al, %dx
	incl %esi
	jmp 1b
4:	movw $ACPI_CONTROL, %dx
	movw $ACPI_OFF, %ax
	outw %ax, %dx
5:	hlt
	jmp 5b

.code64
boot_long:
	movq $boot_high, %rax
	jmp *%rax
boot_high:
	movl $SELECTOR_KERNEL_DATA, %eax
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movq $boot_stack_top, %rsp
	movl %ebp, %edi
	xorl %ebp, %ebp
	call start
	ud2

/* void boot_continue(uint64_t stack_top, void (*function)(void)): leave this stack for ever. */
.globl boot_continue
boot_continue:
	movq %rdi, %rsp
	xorl %ebp, %ebp
	call *%rsi
	ud2

.section .data.boot, "aw", @progbits
.balign 8
.globl boot_timestamp
boot_timestamp:
	.quad 0

.section .rodata.boot, "a", @progbits
.balign 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* kernel code, 64-bit */
	.quad 0x00cf93000000ffff /* kernel data */
boot_gdt_pointer:
	.word . - boot_gdt - 1
	.long PHYS(boot_gdt)
boot_refusal:
	.asciz "boot: this processor has no 64-bit mode\r\n"

.section .bss.boot, "aw", @nobits
.balign 4096
boot_root:
	.skip 4096
boot_top:
	.skip 4096
boot_directory:
	.skip 4096
	.skip 4096 /* the stack of start() */
boot_stack_top:

.section .note.GNU-stack, "", @progbits
