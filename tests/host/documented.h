// SPDX-License-Identifier: MIT
#pragma once
/* Names that the linker gives with --wrap; see documented.c. */
#include "kernel/core/operation.h"
#include "kernel/core/ring.h"

void __wrap_ring_refuse(struct ring *ring, struct ring_entry entry, enum status status);
void __wrap_operation_finish(struct operation *op, enum status status,
			     enum completion_kind kind, const struct message_builder *results);

/* Programs that are linked without --wrap, such as the fuzzers, have none. */
[[gnu::weak]] void __real_ring_refuse(struct ring *ring, struct ring_entry entry,
				      enum status status);
[[gnu::weak]] void __real_operation_finish(struct operation *op, enum status status,
					   enum completion_kind kind,
					   const struct message_builder *results);
