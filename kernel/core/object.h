// SPDX-License-Identifier: MIT
#pragma once
/*
 * Kernel object: what a capability names.
 *
 * An object starts with a struct object and is known by its type: the interface, its method
 * table and what to do when the last reference goes.  Table slots, pending operations and
 * mappings hold references.  Objects live on one CPU, so counts need no atomics.
 */
#include <stdint.h>

#include "schema/status.capnp.h"

struct call;
struct object;

/*
 * One method: limits that are checked before it runs, and a function, which is one of two.
 *
 * handler runs the method to its end or parks it (kernel/core/call.h).
 *
 * tell is for a method that only tells about its object: it cannot fail or wait, changes
 * nothing, reads no parameters, and its results are always result_bytes long.  It writes them
 * where the program reads them, and never reads them back.
 *
 * result_bytes is the room that the results need.  It is 0 where the handler changes nothing,
 * so that running out of room while the results are built is harmless.
 */
struct method {
	/* Longest parameter message.  Aligned, so that finding a method in its table is a
	 * shift. */
	alignas(32) uint32_t max_param_bytes;
	uint32_t result_bytes;
	uint8_t max_transfers; /* capabilities that the parameters may carry */
	uint8_t result_caps; /* capabilities that the results carry: at most CALL_RESULT_CAPS */
	enum status (*handler)(struct call *call);
	void (*tell)(struct object *target, void *results);
};

struct object_type {
	uint64_t interface_id;
	const struct method *methods;
	uint16_t method_count;
	/* The last reference has gone; nullptr for objects that live for ever. */
	void (*destroy)(struct object *object);
};

struct object {
	const struct object_type *type;
	uint32_t references;
};

/* One reference, the caller's. */
static inline void object_init(struct object *object, const struct object_type *type)
{
	object->type = type;
	object->references = 1;
}

static inline struct object *object_get(struct object *object)
{
	object->references++;
	return object;
}

/* Give back a reference; the last one destroys the object. */
static inline void object_put(struct object *object)
{
	if (--object->references == 0)
		object->type->destroy(object);
}

static inline bool object_is(const struct object *object, const struct object_type *type)
{
	return object->type == type;
}
