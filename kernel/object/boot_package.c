// SPDX-License-Identifier: MIT
/* BootPackage: the manifest's bytes.  Interface: schema/boot_package.capnp. */
#include "kernel/core/call.h"
#include "kernel/core/manifest.h"
#include "kernel/core/memory_object.h"
#include "kernel/core/process.h"
#include "kernel/core/singletons.h"
#include "lib/require.h"
#include "schema/boot_package.capnp.h"

/* A sealed object over the whole module, its pages filled as they are touched. */
static enum status manifest(struct call *call)
{
	struct boot_package_manifest_results_builder results;
	struct data_reader bytes = manifest_bytes();
	struct memory_source source = { .bytes = bytes.data, .size_bytes = bytes.size };
	struct memory_object *object;
	enum status status;

	status = memory_object_create(call_process(call)->account,
				      ((uint64_t)bytes.size + PAGE_SIZE - 1) / PAGE_SIZE,
				      source, &object);
	if (status != STATUS_OK)
		return status;
	require(memory_object_seal(object) == STATUS_OK);
	results = boot_package_manifest_results_init_root(&call->results);
	boot_package_manifest_results_set_memory(results,
						 BOOT_PACKAGE_MANIFEST_RESULTS_MEMORY_CAP);
	boot_package_manifest_results_set_size_bytes(results, bytes.size);
	call->result_caps[0] = &object->object;
	return STATUS_OK;
}

static const struct method methods[] = {
	[BOOT_PACKAGE_MANIFEST_METHOD] = { .max_param_bytes = 64,
					   .result_caps = 1,
					   .result_bytes =
						   BOOT_PACKAGE_MANIFEST_RESULTS_MESSAGE_BYTES +
						   sizeof(struct ring_transfer_result),
					   .handler = manifest },
};

static_assert(sizeof(methods) / sizeof(methods[0]) == BOOT_PACKAGE_METHOD_COUNT);

static const struct object_type boot_package_type = {
	.interface_id = BOOT_PACKAGE_INTERFACE_ID,
	.methods = methods,
	.method_count = BOOT_PACKAGE_METHOD_COUNT,
};

struct object boot_package_object = { .type = &boot_package_type, .references = 1 };
