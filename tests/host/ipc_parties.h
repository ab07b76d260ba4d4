// SPDX-License-Identifier: MIT
#pragma once
/*
 * Processes that call each other, as tests of what ends and of who keeps what need them.
 *
 * A party is a child of `first` and can do nothing by itself.  What it gets from another party
 * before a test begins is put into its table as if it had always been there.  Its completions
 * are taken together, whenever nothing more happens by itself, and kept by tag, so a test can
 * ask how often an operation has ended.
 */
#include "tests/host/ipc_calls.h"

constexpr uint32_t PARTY_TAGS = 64;

struct party {
	struct program program;
	uint64_t handle;                               /* first's; 0: there is no such party */
	bool ended;                                    /* its ring is not there any more */
	uint32_t count[PARTY_TAGS];                    /* completions taken, by tag */
	struct ring_completion completion[PARTY_TAGS]; /* the last of them */
};

/* A party, its process running. */
void party_start(struct party *party);

/* The same with so many table slots. */
void party_start_with_slots(struct party *party, uint32_t slots);

/* Give it a reference to what `from` holds: the CapId. */
uint64_t party_share(struct party *party, const struct program *from, uint64_t capability);

/* Kill it, if it runs, and release its handle. */
void party_end(struct party *party);

/* Make the party run what it submitted; then everything that follows by itself happens. */
void party_enter(struct party *party);

/* Do deferred work, and take completions. */
void party_settle(struct party *party);

/* Submit a method without parameters, with big spans and the tag 63, and enter. */
void party_call(struct party *party, uint64_t target, uint16_t method);

/* How often that tag completed since party_forget(); it must have been STATUS_OK or that. */
void party_forget(struct party *party);
enum status party_status(const struct party *party, uint16_t tag);

/* The object, or nullptr: gone, or locked. */
struct object *party_object(const struct party *party, uint64_t capability);

/* Tables, ring and address space are in order. */
void party_check(const struct party *party);
