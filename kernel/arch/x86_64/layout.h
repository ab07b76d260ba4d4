// SPDX-License-Identifier: MIT
/*
 * Numbers that the C code, the assembly and the linker script must agree on.  Only macros, so
 * that every one of them can read it; the C headers assert the offsets.
 *
 * The kernel's half of every address space:
 *
 *   0xffff800000000000  direct map of RAM, 512 GiB at most
 *   0xffffffff80000000  kernel image, at its physical address plus this
 *   0xffffffffc0000000  stacks, 16 pages per CPU, each stack with an unmapped page below
 *   0xffffffffc0100000  local APIC, then 8 I/O APICs, then two power registers, uncached; a
 *                       page each
 */
#pragma once

#define DIRECT_MAP_BASE  0xffff800000000000
#define DIRECT_MAP_BYTES 0x8000000000
#define KERNEL_BASE      0xffffffff80000000
#define STACKS_BASE      0xffffffffc0000000
#define LAPIC_BASE       0xffffffffc0100000
#define IOAPIC_BASE      0xffffffffc0101000
#define POWER_BASE       0xffffffffc0109000

/* The boot page tables map this much, from physical 0, where the direct map will be. */
#define BOOT_WINDOW_BYTES 0x100000000

/* Of a CPU's 16 pages 1, 3 and 5 are interrupt stacks, the last four the kernel stack; the
 * others stay unmapped. */
#define STACKS_PER_CPU_BYTES 0x10000
#define STACK_BYTES          0x4000
#define IST_STACK_BYTES      0x1000

/* Global descriptor table.  SYSRET takes SS at 8 and CS at 16 above STAR's upper selector. */
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x1b
#define SELECTOR_USER_CODE   0x23
#define SELECTOR_TSS         0x28

#define EXCEPTION_COUNT 32
#define VECTOR_COUNT    256
/* Device interrupts, all in the same group of 32 (see hal_interrupt_pending()). */
#define VECTOR_TIMER    0x50
#define VECTOR_SERIAL   0x51
#define VECTOR_SPURIOUS 0xff
/* In struct hal_context's vector: the thread is in a system call. */
#define VECTOR_SYSCALL 0x100
/* It left one to be entered again. */
#define VECTOR_RESTARTED 0x101

/* struct hal_context */
#define CONTEXT_RAX    0
#define CONTEXT_RBX    8
#define CONTEXT_RDX    24
#define CONTEXT_RSI    32
#define CONTEXT_RDI    40
#define CONTEXT_RBP    48
#define CONTEXT_R12    88
#define CONTEXT_R13    96
#define CONTEXT_R14    104
#define CONTEXT_R15    112
#define CONTEXT_VECTOR 120
#define CONTEXT_RIP    136
#define CONTEXT_FLAGS  152
#define CONTEXT_RSP    160
#define CONTEXT_END    176
#define CONTEXT_ALIGN  64
#define FPU_AREA_BYTES 832

/* struct cpu_local, at the GS base while in the kernel */
#define CPU_LOCAL_CONTEXT   0
#define CPU_LOCAL_STACK_TOP 8
#define CPU_LOCAL_CPU       16
#define CPU_LOCAL_SELF      24

/* struct trap_frame, below which the stubs find the interrupted code's segment */
#define TRAP_FRAME_CS 24

#define MSR_EFER    0xc0000080
#define MSR_GS_BASE 0xc0000101

/* FLAGS: the bit that is always set; what a program starts with (interrupts on). */
#define FLAGS_CLEAR 0x002
#define FLAGS_USER  0x202
