// SPDX-License-Identifier: MIT
/* Transfers.  See transfer.h for the model. */
#include "kernel/core/transfer.h"

#include "kernel/core/endpoint.h"
#include "kernel/core/facet.h"
#include "kernel/core/process.h"

constexpr uint32_t TRANSFER_WORDS = sizeof(struct ring_transfer) / sizeof(uint64_t);

enum status transfer_missing(const struct process *process, struct cap_id id)
{
	return cap_table_is_locked(&process->table, id) ? STATUS_CAPABILITY_MOVING
							: STATUS_BAD_CAPABILITY;
}

/* Whether it may be sent at all, by that mode. */
static enum status check_object(struct object *object, uint64_t mode)
{
	if (object_is_facet(object))
		return facet_status(facet_of(object));
	if (mode == CAP_GRANT_MODE_COPY && object_is(object, &endpoint_type))
		return STATUS_TRANSFER_MODE;
	return STATUS_OK;
}

/* Whether an entry before this one names that slot: a lower half of a CapId. */
static bool is_listed(const struct transfer *transfer, uint16_t slot)
{
	for (uint32_t i = 0; i < transfer->count; i++)
		if (transfer->objects[i] != nullptr && transfer->slots[i] == slot)
			return true;
	return false;
}

/* Take hold of a capability as entry count. */
static enum status hold(struct process *sender, struct cap_id id, uint64_t mode,
			struct transfer *transfer)
{
	struct object *object = cap_table_lookup(&sender->table, id);
	uint8_t i = transfer->count;
	enum status status;

	if (object == nullptr)
		return transfer_missing(sender, id);
	status = check_object(object, mode);
	if (status != STATUS_OK)
		return status;
	transfer->slots[i] = (uint16_t)id.raw;
	if (mode == CAP_GRANT_MODE_MOVE) {
		if (is_listed(transfer, transfer->slots[i]))
			return STATUS_CAPABILITY_MOVING;
		(void)!cap_table_lock(&sender->table, id, &transfer->slots[i]);
		transfer->moves |= (uint8_t)(1U << i);
	} else {
		object_get(object);
	}
	transfer->objects[i] = object;
	transfer->count++;
	return STATUS_OK;
}

static enum status take_entry(struct ring *ring, volatile uint64_t *words, bool allow_null,
			      struct transfer *transfer)
{
	struct cap_id id = { fetch_word(&words[0]) };
	/* The mode is the lowest of the second word's eight bytes. */
	uint64_t mode = fetch_word(&words[1]);

	if (allow_null && (id.raw | mode) == 0) {
		transfer->objects[transfer->count++] = nullptr;
		return STATUS_OK;
	}
	if (mode > UINT8_MAX)
		return STATUS_RESERVED_NOT_ZERO;
	if (mode > CAP_GRANT_MODE_MOVE)
		return STATUS_TRANSFER_MODE;
	return hold(ring->process, id, mode, transfer);
}

enum status transfer_take(struct ring *ring, uint32_t offset, uint32_t count, bool allow_null,
			  struct transfer *out_transfer)
{
	struct ring_span list = { offset, count * (uint32_t)sizeof(struct ring_transfer) };
	enum status status = ring_check_span(ring, list);
	volatile uint64_t *words;

	out_transfer->count = 0;
	out_transfer->moves = 0;
	if (status != STATUS_OK)
		return status;
	words = (volatile void *)ring_arena_at(ring, offset);
	for (uint32_t i = 0; status == STATUS_OK && i < count; i++)
		status = take_entry(ring, &words[i * TRANSFER_WORDS], allow_null, out_transfer);
	if (status != STATUS_OK)
		transfer_abort(out_transfer, ring->process);
	return status;
}

/* What a facet, taken alone, says; it counts as bound to session. */
static bool allows(const struct facet *facet, const struct session *session,
		   const struct process *sender, const struct process *receiver)
{
	const struct endpoint *endpoint = facet->endpoint;

	if (facet->maker == sender->number)
		return true;
	if (endpoint != nullptr && (endpoint->owner_number == sender->number ||
				    endpoint->owner_number == receiver->number))
		return true;
	switch (facet->scope) {
	case TRANSFER_SCOPE_SAME_SESSION:
		if (session == nullptr)
			session = sender->session;
		return session == receiver->session;
	case TRANSFER_SCOPE_CROSS_SESSION_SHAREABLE:
		return true;
	case TRANSFER_SCOPE_SERVICE_REGRANT_ONLY:
		break;
	}
	return false;
}

enum status transfer_check(struct object *object, const struct process *sender,
			   const struct process *receiver)
{
	const struct session *session = nullptr;
	const struct facet *facet;

	if (sender == receiver || !object_is_facet(object))
		return STATUS_OK;
	for (facet = facet_of(object); facet != nullptr; facet = facet->parent) {
		if (facet->session != nullptr)
			session = facet->session;
		if (!allows(facet, session, sender, receiver))
			return STATUS_TRANSFER_SCOPE;
	}
	return STATUS_OK;
}

enum status transfer_check_all(const struct transfer *transfer, const struct process *sender,
			       const struct process *receiver)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; status == STATUS_OK && i < transfer->count; i++)
		if (transfer->objects[i] != nullptr)
			status = transfer_check(transfer->objects[i], sender, receiver);
	return status;
}

/* The owner or the maker of an unbound facet has given it away. */
static void bind(struct facet *facet, const struct process *sender,
		 const struct process *receiver)
{
	bool by_owner =
		facet->endpoint != nullptr && facet->endpoint->owner_number == sender->number;

	if (facet->session == nullptr && sender != receiver &&
	    (by_owner || facet->maker == sender->number))
		facet->session = receiver->session;
}

void transfer_arrived(struct object *object, const struct process *sender,
		      const struct process *receiver)
{
	if (object_is_facet(object))
		bind(facet_of(object), sender, receiver);
	else if (object_is(object, &endpoint_type))
		endpoint_change_owner(endpoint_of(object), receiver->number);
}

void transfer_empty_slot(struct process *sender, uint16_t slot)
{
	cap_table_remove_locked(&sender->table, slot);
	account_refund(sender->account, ACCOUNT_SLOTS, 1);
}

uint8_t transfer_commit(struct transfer *transfer, struct process *sender,
			struct process *receiver, struct ring_transfer_result *out_records)
{
	uint8_t filled = 0;

	for (uint32_t i = 0; i < transfer->count; i++) {
		struct object *object = transfer->objects[i];
		struct ring_transfer_result record = { 0 };

		if (object != nullptr) {
			record.interface_id = object_interface(object);
			record.capability = process_insert_reserved(receiver, object).raw;
			if ((transfer->moves >> i & 1) != 0)
				transfer_empty_slot(sender, transfer->slots[i]);
			transfer_arrived(object, sender, receiver);
			filled++;
		}
		out_records[i] = record;
	}
	transfer->count = 0;
	return filled;
}

void transfer_abort(struct transfer *transfer, struct process *sender)
{
	for (uint32_t i = 0; i < transfer->count; i++) {
		struct object *object = transfer->objects[i];

		if (object == nullptr)
			continue;
		if ((transfer->moves >> i & 1) != 0)
			cap_table_unlock(&sender->table, transfer->slots[i], object);
		else
			object_put(object);
	}
	transfer->count = 0;
}
