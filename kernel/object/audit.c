// SPDX-License-Identifier: MIT
/* Audit: whether the books balance.  Interface: schema/audit.capnp. */
#include "kernel/core/call.h"
#include "kernel/core/singletons.h"
#include "kernel/core/supply.h"
#include "schema/audit.capnp.h"

static enum status audit(struct call *call)
{
	struct audit_audit_results_builder results =
		audit_audit_results_init_root(&call->results);
	struct supply_report report = supply_audit();

	ring_poll_after(call->ring);
	audit_audit_results_set_balanced(results, report.balanced);
	audit_audit_results_set_free_frames(results, report.free_frames);
	audit_audit_results_set_total_frames(results, report.total_frames);
	audit_audit_results_set_charged_bytes(results, report.charged_bytes);
	audit_audit_results_set_processes(results, report.processes);
	audit_audit_results_set_accounts(results, report.accounts);
	return STATUS_OK;
}

static const struct method methods[] = {
	[AUDIT_AUDIT_METHOD] = { .max_param_bytes = 64, .handler = audit },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == AUDIT_METHOD_COUNT);

static const struct object_type audit_type = {
	.interface_id = AUDIT_INTERFACE_ID,
	.methods = methods,
	.method_count = AUDIT_METHOD_COUNT,
};

struct object audit_object = { .type = &audit_type, .references = 1 };
