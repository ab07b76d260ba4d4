// SPDX-License-Identifier: MIT
#pragma once
/*
 * Fields of the entries of calls between processes, besides those in ring.h.  Part of ipc.h.
 */
#include "kernel/core/ring.h"

/* Word 0: the reserved byte; and the method, which only CALL uses. */
constexpr uint64_t IPC_RESERVED_WORD0 = UINT64_C(0x000000000000ff00);
constexpr uint64_t IPC_UNUSED_WORD0 = UINT64_C(0x0000ffff00000000) | IPC_RESERVED_WORD0;
/* Word 5: offset and count of the transfer list; what pipelining will use. */
constexpr uint64_t IPC_TRANSFERS_WORD5 = UINT64_C(0x000000ffffffffff);
constexpr uint64_t IPC_PIPELINE_WORD5 = UINT64_C(0xffff000000000000);
/* A copy after which an interrupt is looked for. */
constexpr uint32_t IPC_LONG_COPY_BYTES = 2048;

static inline uint32_t ipc_transfer_offset(uint64_t word5)
{
	return (uint32_t)word5;
}

static inline uint8_t ipc_transfer_count(uint64_t word5)
{
	return (uint8_t)(word5 >> 32);
}

static inline uint8_t ipc_result_caps_max(uint64_t word5)
{
	return (uint8_t)(word5 >> 40);
}

/* So many bytes were copied between two rings, whichever of them is being run: a long copy is
 * followed by a look for an interrupt. */
static inline void ipc_look_after(struct ring *from, struct ring *to, uint32_t bytes)
{
	if (bytes < IPC_LONG_COPY_BYTES)
		return;
	ring_poll_after(from);
	ring_poll_after(to);
}
