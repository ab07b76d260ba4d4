// SPDX-License-Identifier: MIT
#pragma once
/* Rows of fault_injection_test.c: one operation or method each. */
#include "tests/host/kernel_calls.h"

struct fault_row {
	const char *name;
	uint64_t interface_id; /* 0: an operation of the ring */
	uint16_t method;       /* or operation code */
	void (*prepare)(void); /* may be nullptr */
	enum status (*run)(void);
	bool takes; /* whether there is anything that it could be refused */
};

/* Those of endpoints and facets. */
extern const struct fault_row ipc_fault_rows[];
extern const size_t ipc_fault_row_count;

/* The tag of an operation that a row leaves pending. */
constexpr uint16_t PENDING_TAG = 5;

/* Enter with what has been submitted.  An operation that waits, and one that ends the machine,
 * has succeeded. */
enum status enter_one(void);

/* Submit the request, and enter. */
enum status submit_one(struct request *request);

/* A call of the first process whose parameters are an empty struct. */
enum status call_plain(uint64_t target, uint16_t method);
