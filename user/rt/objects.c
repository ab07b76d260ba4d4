// SPDX-License-Identifier: MIT
/* Service objects.  See objects.h for the model. */
#include "user/rt/objects.h"

#include "lib/string.h"
#include "user/rt/heap.h"

#include "schema/endpoint.client.h"

static uint64_t generation_of(uint64_t cookie)
{
	return cookie >> 32;
}

void capos_object_table_init(struct capos_object_table *table, uint64_t endpoint)
{
	*table = (struct capos_object_table){ .endpoint = endpoint };
}

/* The place of an index, with its chunk made if need be; null without memory. */
static struct capos_object **place_of(struct capos_object_table *table, uint32_t index)
{
	struct capos_object ***chunk = &table->chunks[index / CAPOS_OBJECTS_CHUNK];
	constexpr size_t bytes = CAPOS_OBJECTS_CHUNK * sizeof(struct capos_object *);

	if (*chunk == nullptr) {
		*chunk = capos_allocate(bytes);
		if (*chunk == nullptr)
			return nullptr;
		memset(*chunk, 0, bytes);
	}
	return &(*chunk)[index % CAPOS_OBJECTS_CHUNK];
}

void capos_object_destroy(struct capos_object *object)
{
	if (object->destroy != nullptr)
		object->destroy(object->context);
	capos_free(object);
}

/* Take an object out of the table, and destroy it unless calls of it are open. */
static void remove_object(struct capos_object_table *table, struct capos_object *object)
{
	uint32_t index = (uint32_t)object->cookie;

	table->chunks[index / CAPOS_OBJECTS_CHUNK][index % CAPOS_OBJECTS_CHUNK] = nullptr;
	table->count--;
	object->is_gone = true;
	if (object->open_calls == 0)
		capos_object_destroy(object);
}

enum status capos_object_insert(struct capos_object_table *table,
				const struct capos_object_options *options, uint64_t cookie,
				struct capos_object **out_object)
{
	uint32_t index = (uint32_t)cookie;
	struct capos_object **place;
	struct capos_object *object;

	if (cookie == 0 || index >= MAX_ENDPOINT_OBJECTS)
		return STATUS_INVALID_ARGUMENT;
	place = place_of(table, index);
	if (place != nullptr && *place != nullptr &&
	    generation_of((*place)->cookie) >= generation_of(cookie))
		return STATUS_INVALID_ARGUMENT;
	object = place == nullptr ? nullptr : capos_allocate(sizeof(*object));
	if (object == nullptr)
		return STATUS_OUT_OF_MEMORY;
	if (*place != nullptr)
		remove_object(table, *place);
	*object = (struct capos_object){ .service = options->service,
					 .context = options->context,
					 .destroy = options->destroy,
					 .cookie = cookie };
	*place = object;
	table->count++;
	*out_object = object;
	return STATUS_OK;
}

enum status capos_object_create(struct capos_object_table *table,
				const struct capos_object_options *options, uint64_t *out_facet,
				struct capos_object **out_object)
{
	struct endpoint_client endpoint = { table->endpoint };
	struct facet_control_client control = {};
	uint64_t facet = 0;
	uint64_t cookie = 0;
	enum status status = endpoint_mint(endpoint, options->service.interface_id,
					   options->scope, &facet, &control, &cookie);

	if (status != STATUS_OK)
		return status;
	/* The owner needs no control: it can close and revoke by itself. */
	capos_release(control.id);
	status = capos_object_insert(table, options, cookie, out_object);
	if (status != STATUS_OK) {
		(void)endpoint_close_object(endpoint, cookie);
		capos_release(facet);
		return status;
	}
	*out_facet = facet;
	return STATUS_OK;
}

enum status capos_object_close(struct capos_object_table *table, struct capos_object *object)
{
	struct endpoint_client endpoint = { table->endpoint };
	enum status status = endpoint_close_object(endpoint, object->cookie);

	if (!object->is_gone)
		remove_object(table, object);
	return status;
}

bool capos_object_drop(struct capos_object_table *table, uint64_t cookie)
{
	struct capos_object *object = capos_object_find(table, cookie);

	if (object != nullptr)
		remove_object(table, object);
	return object != nullptr;
}

static void clear_chunk(struct capos_object_table *table, struct capos_object **chunk)
{
	for (uint32_t i = 0; i < CAPOS_OBJECTS_CHUNK; i++)
		if (chunk[i] != nullptr)
			remove_object(table, chunk[i]);
}

void capos_object_table_clear(struct capos_object_table *table)
{
	for (uint32_t i = 0; i < CAPOS_OBJECTS_CHUNKS; i++) {
		if (table->chunks[i] == nullptr)
			continue;
		clear_chunk(table, table->chunks[i]);
		capos_free(table->chunks[i]);
		table->chunks[i] = nullptr;
	}
}
