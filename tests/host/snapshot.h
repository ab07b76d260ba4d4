// SPDX-License-Identifier: MIT
#pragma once
/*
 * What an operation of the first process that failed must not have changed: the books, its
 * table, its address space, its ring's records.
 */
#include "tests/host/kernel_fixture.h"

struct snapshot {
	struct supply_report report;
	struct account_sum sum;
	uint64_t used[ACCOUNT_RESOURCES]; /* of the first process, children's included */
	uint64_t slots;                   /* a digest of the table */
	uint64_t mappings;                /* a digest of the address space */
	uint64_t busy;                    /* records */
	uint32_t reserved_slots;
	uint32_t table_spans;
};

/* After deferred work has been done. */
struct snapshot take_snapshot(void);
void assert_unchanged(const struct snapshot *before);
