// SPDX-License-Identifier: MIT
/*
 * A method ends only with what its comment in the schema lists.
 *
 * The host tests are linked so that each failed or parked call of theirs passes by here
 * (--wrap): whatever status they bring a kernel object to, the lists that tools/check/schema.py
 * read must hold it.  Objects whose interface is not of schema/ are the tests' own.
 */
#include "tests/host/documented.h"
#include "documented_statuses.h"
#include "kernel/core/call.h"
#include "kernel/core/facet.h"
#include "kernel/core/operation.h"
#include "kernel/core/process.h"
#include "kernel/core/ring.h"

#include <stdio.h>
#include <stdlib.h>

constexpr uint16_t ANY_METHOD = UINT16_MAX;

/* What the method, or any of the interface, documents; everything if nobody knows it. */
static uint64_t documented(uint64_t interface_id, uint16_t method)
{
	uint64_t statuses = 0;

	for (size_t i = 0; i < sizeof(documented_statuses) / sizeof(documented_statuses[0]);
	     i++)
		if (documented_statuses[i].interface_id == interface_id &&
		    (method == ANY_METHOD || documented_statuses[i].method == method))
			statuses |= documented_statuses[i].statuses;
	return statuses != 0 ? statuses : UINT64_MAX;
}

static void check(const struct object *target, uint16_t method, enum status status)
{
	uint64_t interface_id = target->type->interface_id;

	if ((documented(interface_id, method) >> status & 1) != 0)
		return;
	fprintf(stderr,
		"method %u of interface @0x%016lx returns %s, which schema/ does not say\n",
		method, interface_id, status_name(status));
	abort();
}

void __wrap_ring_refuse(struct ring *ring, struct ring_entry entry, enum status status)
{
	const struct object *target = nullptr;

	if ((uint8_t)entry.first == OPERATION_CODE_CALL)
		target = cap_table_lookup(&ring->process->table,
					  (struct cap_id){ entry_word(entry, 1) });
	if (target != nullptr && entry_method(entry) < target->type->method_count)
		check(target, entry_method(entry), status);
	__real_ring_refuse(ring, entry, status);
}

void __wrap_operation_finish(struct operation *op, enum status status,
			     enum completion_kind kind, const struct message_builder *results)
{
	/* Calls between processes and receives end as the ring's operations do. */
	if (op->kind == OPERATION_OBJECT)
		check(object_behind(op->target), ANY_METHOD, status);
	__real_operation_finish(op, status, kind, results);
}
