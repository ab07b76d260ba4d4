// SPDX-License-Identifier: MIT
#pragma once
/*
 * Service objects: what a service remembers of each capability that it has handed out.
 *
 *	struct capos_object_options options = { .service = foo_service(&handlers),
 *		.context = client, .destroy = client_destroy };
 *
 *	status = capos_object_create(&objects, &options, &facet, &object);
 *
 * mints a facet of the endpoint, to be given to somebody, and remembers which handlers serve it
 * and with what context.  Its calls arrive with a cookie that only the kernel writes; the event
 * loop finds the object by it and calls the handlers.  When nobody holds the facet any more, or
 *the service closes the object, `destroy` is called once with the context, after the last open
 *call of the object has been answered.
 *
 * A cookie's low half is an index, which the kernel gives out again, its high half a
 *generation, which it never does: a call that comes late finds nothing, whoever has the place
 *now.
 */
#include "schema/endpoint.capnp.h"
#include "user/rt/open_call.h"

#include <stdint.h>

/* How the table is divided. */
constexpr uint32_t CAPOS_OBJECTS_CHUNK = 128;
/* As many as all indices take. */
constexpr uint32_t CAPOS_OBJECTS_CHUNKS = MAX_ENDPOINT_OBJECTS / CAPOS_OBJECTS_CHUNK;

/* One service object.  The table's storage. */
struct capos_object {
	struct capos_service service;
	void *context;
	void (*destroy)(void *context);
	uint64_t cookie;
	uint32_t open_calls; /* received and not answered */
	bool is_gone;        /* out of the table; destroyed with its last open call */
};

/* The service objects of one endpoint, by their cookies' indices; filled in by init. */
struct capos_object_table {
	uint64_t endpoint; /* the owner's CapId */
	uint32_t count;
	struct capos_object **chunks[CAPOS_OBJECTS_CHUNKS];
};

/* What an object is. */
struct capos_object_options {
	struct capos_service service;
	void *context;
	void (*destroy)(void *context); /* may be null */
	enum transfer_scope scope;      /* to whom holders may pass it on */
};

/* An empty table of the objects of that endpoint. */
void capos_object_table_init(struct capos_object_table *table, uint64_t endpoint);

/*
 * Mint a service object.  *out_facet is the capability that clients call; giving it away in an
 * answer is usual.  Both results may not be null; the object is valid until destroy is called.
 * Statuses: outOfMemory, and those of Endpoint.mint.
 */
enum status capos_object_create(struct capos_object_table *table,
				const struct capos_object_options *options, uint64_t *out_facet,
				struct capos_object **out_object);

/*
 * Remember an object that was minted otherwise, under its cookie.  One of an older generation
 * that still has the index is destroyed: the kernel has given its index away. Statuses:
 * invalidArgument (such a cookie cannot be, or is there, or its index is a younger object's),
 * outOfMemory.
 */
enum status capos_object_insert(struct capos_object_table *table,
				const struct capos_object_options *options, uint64_t cookie,
				struct capos_object **out_object);

/* The object of that cookie; null if it is gone, or never was. */
static inline struct capos_object *capos_object_find(const struct capos_object_table *table,
						     uint64_t cookie)
{
	uint32_t index = (uint32_t)cookie;
	struct capos_object **chunk;
	struct capos_object *object;

	if (index >= MAX_ENDPOINT_OBJECTS)
		return nullptr;
	chunk = table->chunks[index / CAPOS_OBJECTS_CHUNK];
	if (chunk == nullptr)
		return nullptr;
	object = chunk[index % CAPOS_OBJECTS_CHUNK];
	return object != nullptr && object->cookie == cookie ? object : nullptr;
}

/*
 * Close an object: calls through its facet end with objectClosed, those in service too, and
 * destroy is called, at once or with the answer to the last of them.
 * Statuses: those of Endpoint.closeObject; the object is gone in any case.
 */
enum status capos_object_close(struct capos_object_table *table, struct capos_object *object);

/* Nobody holds the object of that cookie any more; the event loop calls it.  False if there is
 * no such object. */
bool capos_object_drop(struct capos_object_table *table, uint64_t cookie);

/* Destroy every object, without a word to the kernel: after the endpoint was closed. */
void capos_object_table_clear(struct capos_object_table *table);

/* An open call of the object begins; the event loop calls it. */
static inline void capos_object_enter(struct capos_object *object)
{
	object->open_calls++;
}

/* For capos_object_leave(): call the object's destroy and free it. */
void capos_object_destroy(struct capos_object *object);

/* An open call of the object ends, which may destroy it; the event loop calls it. */
static inline void capos_object_leave(struct capos_object *object)
{
	if (--object->open_calls == 0 && object->is_gone)
		capos_object_destroy(object);
}
