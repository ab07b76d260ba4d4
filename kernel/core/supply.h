// SPDX-License-Identifier: MIT
#pragma once
/*
 * Supply of kernel memory: frames and small objects, each paid for by an account before it is
 * taken and refunded when it comes back.  Nothing else in the kernel allocates.
 *
 * Frames can be paid for now and taken later (pages filled on first touch, page tables): the
 * account is charged when they are reserved, and taking a reserved frame cannot fail, because
 * no more frames are ever reserved than are free.  The limits of all accounts together are the
 * frames of the machine less a margin that the object pools may waste; pools that waste more
 * (few objects left in many pages) make later reservations fail with STATUS_OUT_OF_MEMORY.
 *
 * The books balance when
 *   frames in use + frames reserved = charges of all accounts + idle bytes of the pools
 * and what accounts count is as often there as it was charged.
 */
#include "kernel/core/account.h"
#include "kernel/core/frames.h"
#include "kernel/hal/boot.h"
#include "kernel/hal/memory.h"

enum supply_kind : uint8_t {
	SUPPLY_ACCOUNT,
	SUPPLY_PROCESS,
	SUPPLY_THREAD,
	SUPPLY_MAPPING,
	SUPPLY_MEMORY_OBJECT,
	SUPPLY_ENDPOINT,
	SUPPLY_FACET,
};

constexpr uint32_t SUPPLY_KINDS = 7;

struct supply_report {
	bool balanced;
	uint32_t free_frames;
	uint32_t total_frames;
	uint32_t accounts;
	uint32_t processes;
	uint64_t charged_bytes;
};

/* Take over the machine's free memory and open the root account.  False: too little of it. */
[[nodiscard]] bool supply_init(const struct boot_info *info);

/* The account that every other one is split from. */
struct account *supply_root_account(void);

/* A block of 2^order frames, not zeroed. */
[[nodiscard]] enum status supply_frames(struct account *account, uint32_t order,
					struct paddr *out_block);
void supply_return_frames(struct account *account, struct paddr block, uint32_t order);

/* Pay for count frames to be taken later, and give up what was not taken. */
[[nodiscard]] enum status supply_reserve(struct account *account, uint64_t count);
void supply_unreserve(struct account *account, uint64_t count);

/* Take a reserved frame, not zeroed; give one back, which is then reserved again. */
struct paddr supply_take_reserved(void);
void supply_put_reserved(struct paddr frame);

/* A zeroed object. */
[[nodiscard]] enum status supply_object(struct account *account, enum supply_kind kind,
					void **out_object);
void supply_return_object(struct account *account, enum supply_kind kind, void *object);

/* Fill a frame with zeros. */
void supply_zero_frame(struct paddr frame);

/* Add everything up.  Looks at every account and every frame. */
struct supply_report supply_audit(void);
