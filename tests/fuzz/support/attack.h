// SPDX-License-Identifier: MIT
#pragma once
/*
 * One entry of a ring, as an input describes it: mostly a call that makes sense, with
 * parameters that nearly do.  All of it is the input's choice; the tables in attack.c only see
 * to it that a few bytes are enough for any method of any kernel object.
 */
#include "tests/fuzz/support/attacker.h"

/* Submit a call of some method. */
void attack_call(struct attackers *all, struct attacker *a, struct fuzz_input *input);

/* Submit RELEASE, CANCEL or NOP. */
void attack_small(struct attackers *all, struct attacker *a, struct fuzz_input *input);

/* Submit something of calls between processes: RECV, RETURN, RETURN_RECV, CALL_QUERY, a call
 * through a facet, or one of a method that makes or withdraws endpoints and facets. */
void attack_ipc(struct attackers *all, struct attacker *a, struct fuzz_input *input);

/* Submit words as they come. */
void attack_raw(struct attackers *all, struct attacker *a, struct fuzz_input *input);

/* A number, biased to those at which something changes. */
uint64_t attack_number(const struct attacker *a, struct fuzz_input *input);

/* A CapId: valid, stale, another's, or made up.  interface_id: preferred, or 0. */
uint64_t attack_cap(const struct attackers *all, const struct attacker *a,
		    struct fuzz_input *input, uint64_t interface_id);
