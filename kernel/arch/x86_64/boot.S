// SPDX-License-Identifier: MIT
/*
 * From the loader to C.
 *
 * A loader enters in 32-bit protected mode, paging off, flat segments, EBX = physical address of
 * its structures: at boot_entry_pvh by the note, at boot_entry_multiboot2 by the header, where
 * EAX = MULTIBOOT2_MAGIC.  Everything else is undefined; after UEFI the control registers hold
 * what the firmware used.  We run at the physical address, 2 GiB below the end of the address
 * space from where we are linked; PHYS() converts.
 *
 * The boot page tables map the first 4 GiB, where 32-bit firmware and loaders leave everything,
 * at 0 for the moment of the jump, and at DIRECT_MAP_BASE; and the first GiB at KERNEL_BASE.
 * start.c replaces them.
 */
#include "kernel/arch/x86_64/layout.h"

#define PHYS(symbol) ((symbol) - KERNEL_BASE)
#define ROOT_INDEX(address) (((address) >> 39) & 511)

#define CR0_VALUE       0x80050033 /* PG AM WP NE ET MP PE */
#define CR4_VALUE       0x00000620 /* OSXMMEXCPT OSFXSR PAE; cpu_features.c adds to it */
#define EFER_SCE_LME    0x00000101
#define CPUID_LONG_MODE 29 /* leaf 0x80000001, EDX */
#define CPUID_TSC       4  /* leaf 1, EDX */

#define PVH_MAGIC                 0x336ec578 /* as in pvh.h */
#define MULTIBOOT2_HEADER         0xe85250d6
#define MULTIBOOT2_I386           0
#define MULTIBOOT2_ENTRY_ADDRESS  3
#define MULTIBOOT2_MODULE_ALIGN   6
#define MULTIBOOT2_END            0

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
	.quad PHYS(boot_entry_pvh)

/* Multiboot2 specification 2.0, chapter 3.1: in the first 32 KiB of the file.  The tag of the
 * entry address wins over the ELF header's. */
.section .multiboot2, "a", @progbits
.balign 8
multiboot2_header:
	.long MULTIBOOT2_HEADER, MULTIBOOT2_I386, multiboot2_end - multiboot2_header
	.long -(MULTIBOOT2_HEADER + MULTIBOOT2_I386 + (multiboot2_end - multiboot2_header))
	.balign 8
	.short MULTIBOOT2_ENTRY_ADDRESS, 0
	.long 12, PHYS(boot_entry_multiboot2)
	.balign 8
	.short MULTIBOOT2_MODULE_ALIGN, 0
	.long 8
	.balign 8
	.short MULTIBOOT2_END, 0
	.long 8
multiboot2_end:

.section .text.boot, "ax", @progbits
.code32
.globl boot_entry_pvh
boot_entry_pvh:
	movl $PVH_MAGIC, %esi
	jmp boot_entry
.globl boot_entry_multiboot2
boot_entry_multiboot2:
	movl %eax, %esi

/* ESI = magic number of the protocol, EBX = its structures. */
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
	/* root[0], root[256] and root[511] -> top; top[0..3] -> the directories; top[510] -> the
	 * first of them. */
	movl $PHYS(boot_top) + ENTRY_TABLE, %eax
	movl %eax, PHYS(boot_root)
	movl %eax, PHYS(boot_root) + ROOT_INDEX(DIRECT_MAP_BASE) * 8
	movl %eax, PHYS(boot_root) + ROOT_INDEX(KERNEL_BASE) * 8
	movl $PHYS(boot_directories) + ENTRY_TABLE, %eax
	movl %eax, PHYS(boot_top) + 510 * 8
	movl $PHYS(boot_top), %edi
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $4096, %eax
	cmpl $PHYS(boot_directories_end), %eax
	jb 1b
	movl $PHYS(boot_directories), %edi
	movl $ENTRY_LARGE, %eax
1:	movl %eax, (%edi)
	addl $8, %edi
	addl $0x200000, %eax
	cmpl $PHYS(boot_directories_end), %edi
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
	movl %esi, %esi /* both are 32 bits wide */
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
boot_directories:
	.skip BOOT_WINDOW_BYTES >> 30 << 12 /* one a GiB */
boot_directories_end:
	.skip 4096 /* the stack of start() */
boot_stack_top:

.section .note.GNU-stack, "", @progbits
