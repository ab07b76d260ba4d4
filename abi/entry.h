// SPDX-License-Identifier: MIT
#pragma once
/*
 * How a program enters the kernel, and how the kernel starts a program.
 *
 * System call: `syscall` with the number in rax.
 *
 *   cap_enter  rax = 0, rdi = min_complete, rsi = deadline_ns (RING_NO_WAIT, RING_NO_DEADLINE
 *              or absolute monotonic time).  Returns rax = 0 or a negated enum status, rdx =
 *              completions available (cq_tail - cq_head as the kernel sees it).
 *   exit       rax = 1, rdi = exit code (low 32 bits).  Does not return.
 *   any other  rax = -STATUS_UNKNOWN_SYSCALL, rdx = 0; nothing happened.
 *
 * Every system call destroys rcx, r11, rdi, rsi, r8, r9 and r10 (they come back zero); rbx,
 * rbp, rsp, r12-r15 and all floating-point and vector state are kept.
 *
 * First instruction of a program: rip = the ELF entry point, and
 *
 *   rdi  address of the main thread's ring block
 *   rsi  address of the CapSet message (schema/capset.capnp; one segment, no table, read-only)
 *   rdx  its length in bytes
 *   rsp  16-byte aligned top of the stack (as at a call, minus the return address)
 *   FS   base of a struct entry_thread_block at the top of the stack mapping
 *
 * All other general registers are zero, MXCSR and x87 control have their reset values.
 */
#include <stddef.h>
#include <stdint.h>

/* Numbers for rax, as above. */
constexpr uint64_t SYSCALL_CAP_ENTER = 0;
constexpr uint64_t SYSCALL_EXIT = 1;

/* The thread block that FS points to; the layout that compilers' stack protectors expect. */
struct entry_thread_block {
	uint64_t self; /* its own address */
	uint64_t reserved[4];
	uint64_t canary;      /* at 0x28: random, lowest byte zero */
	uint64_t runtime[10]; /* the runtime's own */
};

static_assert(sizeof(struct entry_thread_block) == 128);
static_assert(offsetof(struct entry_thread_block, canary) == 0x28);
