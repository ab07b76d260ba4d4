// SPDX-License-Identifier: MIT
/* Endpoints.  See endpoint.h for the model. */
#include "kernel/core/endpoint.h"

#include "abi/ring.h"
#include "kernel/core/facet.h"
#include "kernel/core/operation.h"
#include "kernel/core/schedule.h"
#include "kernel/core/supply.h"
#include "kernel/hal/cpu.h"
#include "lib/require.h"
#include "schema/ring.capnp.h"

/* What one step of closing ends. */
constexpr uint32_t CLOSING_STEP = 16;

static bool closing_step(struct work *work);

static bool fill_limits(struct endpoint_limits *limits)
{
	if (limits->max_message_bytes == 0)
		limits->max_message_bytes = ENDPOINT_MESSAGE_BYTES;
	if (limits->max_open_calls == 0)
		limits->max_open_calls = ENDPOINT_OPEN_CALLS;
	return limits->max_message_bytes <= MAX_MESSAGE_BYTES &&
	       limits->max_message_bytes % MESSAGE_WORD_BYTES == 0 &&
	       limits->max_caps <= MAX_TRANSFERS && limits->max_open_calls <= MAX_OPEN_CALLS;
}

static uint32_t receive_bytes(const struct endpoint_limits *limits)
{
	return (uint32_t)sizeof(struct ring_call_header) + limits->max_message_bytes +
	       limits->max_caps * (uint32_t)sizeof(struct ring_transfer_result);
}

static enum status take_storage(struct account *account, struct endpoint **out_endpoint)
{
	void *storage;
	enum status status = account_charge(account, ACCOUNT_ENDPOINTS, 1);

	if (status != STATUS_OK)
		return status;
	status = supply_object(account, SUPPLY_ENDPOINT, &storage);
	if (status != STATUS_OK)
		account_refund(account, ACCOUNT_ENDPOINTS, 1);
	else
		*out_endpoint = storage;
	return status;
}

enum status endpoint_create(struct account *account, uint64_t owner_number,
			    struct endpoint_limits limits, struct endpoint **out_endpoint)
{
	struct endpoint *endpoint;
	enum status status;

	if (!fill_limits(&limits))
		return STATUS_INVALID_ARGUMENT;
	status = take_storage(account, &endpoint);
	if (status != STATUS_OK)
		return status;
	object_init(&endpoint->owner, &endpoint_type);
	endpoint->holds = 1;
	endpoint->max_message_bytes = limits.max_message_bytes;
	endpoint->max_open_calls = limits.max_open_calls;
	endpoint->max_caps = limits.max_caps;
	endpoint->receive_bytes = receive_bytes(&limits);
	endpoint->owner_number = owner_number;
	list_init(&endpoint->receives);
	list_init(&endpoint->calls);
	list_init(&endpoint->dropped);
	work_init(&endpoint->closing, closing_step);
	cap_table_init(&endpoint->objects, CAP_TABLE_GENERATIONS);
	endpoint->account = account;
	account_get(account);
	*out_endpoint = endpoint;
	return STATUS_OK;
}

/* Free the table of objects, which are all gone, and the storage. */
static void destroy(struct endpoint *endpoint)
{
	struct account *account = endpoint->account;
	struct cap_slot *chunk;

	require(endpoint->closed && list_is_empty(&endpoint->calls) &&
		list_is_empty(&endpoint->receives) && list_is_empty(&endpoint->dropped));
	while ((chunk = cap_table_take_chunk(&endpoint->objects)) != nullptr)
		supply_return_frames(account, hal_physical_address(chunk), 0);
	supply_return_object(account, SUPPLY_ENDPOINT, endpoint);
	account_refund(account, ACCOUNT_ENDPOINTS, 1);
	account_put(account);
}

void endpoint_put(struct endpoint *endpoint)
{
	if (--endpoint->holds == 0)
		destroy(endpoint);
}

enum status endpoint_enrol(struct endpoint *endpoint, struct facet *facet)
{
	struct paddr chunk;
	enum status status;

	if (cap_table_needs_chunk(&endpoint->objects, 1)) {
		status = supply_frames(endpoint->account, 0, &chunk);
		if (status != STATUS_OK)
			return status;
		cap_table_add_chunk(&endpoint->objects, hal_direct_map(chunk));
	}
	status = cap_table_reserve(&endpoint->objects, 1);
	if (status != STATUS_OK)
		return status;
	facet->cookie = cap_table_insert(&endpoint->objects, facet).raw;
	return STATUS_OK;
}

enum status endpoint_find(struct endpoint *endpoint, uint64_t cookie, struct facet **out_facet)
{
	struct cap_id id = { cookie };

	*out_facet = cap_table_lookup(&endpoint->objects, id);
	if (*out_facet != nullptr)
		return STATUS_OK;
	if (!cap_table_was_given(&endpoint->objects, id))
		return STATUS_INVALID_ARGUMENT;
	return cap_table_is_reused(&endpoint->objects, id) ? STATUS_OBJECT_STALE
							   : STATUS_OBJECT_CLOSED;
}

void endpoint_remove(struct endpoint *endpoint, uint64_t cookie)
{
	require(cap_table_remove(&endpoint->objects, (struct cap_id){ cookie }) != nullptr);
}

static void end_operation(struct list_link *queue)
{
	operation_finish(LIST_OWNER(queue->next, struct operation, link), STATUS_DISCONNECTED,
			 COMPLETION_KIND_PEER_GONE, nullptr);
}

static bool closing_step(struct work *work)
{
	struct endpoint *endpoint = LIST_OWNER(work, struct endpoint, closing);

	for (uint32_t i = 0; i < CLOSING_STEP; i++) {
		if (!list_is_empty(&endpoint->receives)) {
			end_operation(&endpoint->receives);
		} else if (!list_is_empty(&endpoint->calls)) {
			end_operation(&endpoint->calls);
		} else if (!list_is_empty(&endpoint->dropped)) {
			facet_forget(LIST_OWNER(endpoint->dropped.next, struct facet, dropped));
		} else {
			endpoint_put(endpoint);
			return false;
		}
	}
	return true;
}

void endpoint_close(struct endpoint *endpoint)
{
	if (endpoint->closed)
		return;
	endpoint->closed = true;
	endpoint_get(endpoint);
	schedule_work(&endpoint->closing);
}

/* The owner's slot has gone. */
void endpoint_owner_destroy(struct object *owner)
{
	struct endpoint *endpoint = endpoint_of(owner);

	endpoint_close(endpoint);
	endpoint_put(endpoint);
}

void endpoint_change_owner(struct endpoint *endpoint, uint64_t number)
{
	if (number == endpoint->owner_number)
		return;
	endpoint->owner_number = number;
	while (!list_is_empty(&endpoint->receives))
		operation_finish(LIST_OWNER(endpoint->receives.next, struct operation, link),
				 STATUS_BAD_CAPABILITY, COMPLETION_KIND_REVOKED, nullptr);
}
