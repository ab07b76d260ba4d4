// SPDX-License-Identifier: MIT
#pragma once
/*
 * A program that an input plays, on the kernel of tests/host/kernel_fixture.h.
 *
 * An attacker remembers what a clever program would: capabilities and addresses that it was
 * given, so that an input of a few bytes can name them.  And it remembers what it submitted:
 * as long as it is honest, that is, has neither scribbled over its ring block nor lied about
 * its tail, every entry must get exactly one completion, with its own tag and user data.
 *
 * Each holds a reference to its process's handle, so that the structure stays to be looked at.
 */
#include "tests/fuzz/support/fuzz.h"
#include "tests/host/kernel_fixture.h"

constexpr uint32_t ATTACKER_CAPS = 32;
constexpr uint32_t ATTACKER_ADDRESSES = 8;
constexpr uint32_t ATTACKER_CALLS = 8;
/* More than can be under way, 32 + 64, and all those that never complete: SKIP_SUCCESS. */
constexpr uint32_t ATTACKER_ENTRIES = 512;
constexpr uint32_t ATTACKERS_MAX = 64;
constexpr uint32_t ATTACKER_SPAN_BYTES = 640;

struct attacker_cap {
	uint64_t id;
	uint64_t interface_id;
};

/* An entry that has been submitted and not completed. */
struct attacker_entry {
	bool is_under_way;
	uint16_t tag;
	uint64_t user_data;
	uint32_t result_offset;
	uint32_t result_capacity;
	bool receives;
};

struct attacker {
	struct program program;
	struct attacker_cap caps[ATTACKER_CAPS]; /* the oldest is forgotten first */
	uint32_t caps_learned;
	uint64_t addresses[ATTACKER_ADDRESSES];
	uint32_t addresses_learned;
	uint64_t calls[ATTACKER_CALLS]; /* ids of those it has received */
	uint32_t calls_learned;
	struct attacker_entry entries[ATTACKER_ENTRIES];
	uint32_t submitted;
	bool is_honest;
};

/* Whom this input has met so far. */
struct attackers {
	struct attacker attacker[ATTACKERS_MAX];
	uint32_t count;
};

/* The attacker that plays a running process, met now if it is new. */
struct attacker *attackers_meet(struct attackers *all, struct process *process);

/* The one that the CPU runs, or nullptr. */
struct attacker *attackers_running(struct attackers *all);

/* Give up every process that has ended; run under fake_hal_run(). */
void attackers_forget_ended(struct attackers *all);

/* Whether its process runs or waits: it can be looked at. */
bool attacker_is_alive(const struct attacker *a);

/* Everything of it that has a _check() is in order. */
void attacker_check(const struct attacker *a);

/* Its page tables show what its mappings say, no more; of each mapping the first pages. */
void attacker_check_pages(const struct attacker *a);

void attacker_learn_cap(struct attacker *a, uint64_t id, uint64_t interface_id);
void attacker_learn_address(struct attacker *a, uint64_t address);

/* Submit an entry, whose user_data is chosen here.  An honest one waits until there is room:
 * false, and nothing. */
bool attacker_submit(struct attacker *a, struct ring_submission *entry);

/* Consume one completion and learn from it; false: there is none. */
bool attacker_read(struct attacker *a);

/* Where the results of the n-th entry go. */
uint32_t attacker_result_offset(uint32_t n);
