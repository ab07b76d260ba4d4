// SPDX-License-Identifier: MIT
/* Programs that an input plays.  See attacker.h. */
#include "tests/fuzz/support/attacker.h"

#include "kernel/core/address_space.h"
#include "schema/capset.capnp.h"
#include "schema/memory.capnp.h"
#include "schema/process.capnp.h"

constexpr uint32_t RESULTS_START = 4096;
constexpr uint32_t RESULT_SPANS = 12;
constexpr uint32_t PAGES_LOOKED_AT = 8;

static_assert(RESULTS_START + RESULT_SPANS * ATTACKER_SPAN_BYTES <=
	      DEFAULT_RING_BYTES - RING_HEADER_BYTES -
		      DEFAULT_SQ_ENTRIES * sizeof(struct ring_submission) -
		      DEFAULT_CQ_ENTRIES * sizeof(struct ring_completion));

uint32_t attacker_result_offset(uint32_t n)
{
	return RESULTS_START + n % RESULT_SPANS * ATTACKER_SPAN_BYTES;
}

/* --- Who there is ----------------------------------------------------------------------- */

void attacker_learn_cap(struct attacker *a, uint64_t id, uint64_t interface_id)
{
	a->caps[a->caps_learned++ % ATTACKER_CAPS] = (struct attacker_cap){ id, interface_id };
}

void attacker_learn_address(struct attacker *a, uint64_t address)
{
	a->addresses[a->addresses_learned++ % ATTACKER_ADDRESSES] = address;
}

static void learn_capset(struct attacker *a)
{
	alignas(8) uint8_t bytes[PAGE_SIZE];
	struct message_reader message;
	struct cap_set_reader root;
	struct cap_set_entry_list_reader entries;
	size_t size = address_space_read(&a->program.process->space, FIXTURE_CAPSET, bytes,
					 sizeof(bytes));

	require(size == sizeof(bytes));
	message_reader_init(&message, bytes, sizeof(bytes));
	require(cap_set_read_root(&message, &root));
	entries = cap_set_get_entries(root);
	for (uint32_t i = 0; i < entries.l.count; i++) {
		struct cap_set_entry_reader entry = cap_set_entry_list_get(entries, i);

		attacker_learn_cap(a, cap_set_entry_get_capability(entry),
				   cap_set_entry_get_interface_id(entry));
	}
	require(!message.malformed);
}

struct attacker *attackers_meet(struct attackers *all, struct process *process)
{
	struct attacker *a;

	for (uint32_t i = 0; i < all->count; i++)
		if (all->attacker[i].program.process == process)
			return &all->attacker[i];
	require(all->count < ATTACKERS_MAX);
	a = &all->attacker[all->count++];
	memset(a, 0, sizeof(*a));
	program_attach(&a->program, process);
	(void)object_get(&process->handle);
	a->is_honest = true;
	learn_capset(a);
	attacker_learn_address(a, FIXTURE_DATA);
	attacker_learn_address(a, FIXTURE_RING);
	return a;
}

struct attacker *attackers_running(struct attackers *all)
{
	const struct thread *current = hal_cpu()->current;

	if (current == nullptr || current->state != THREAD_RUNNING)
		return nullptr;
	return attackers_meet(all, current->process);
}

void attackers_forget_ended(struct attackers *all)
{
	for (uint32_t i = 0; i < all->count;) {
		struct process *process = all->attacker[i].program.process;

		if (process->state != PROCESS_ENDED) {
			i++;
			continue;
		}
		all->attacker[i] = all->attacker[--all->count];
		object_put(&process->handle);
	}
}

bool attacker_is_alive(const struct attacker *a)
{
	return a->program.process->state == PROCESS_RUNNING;
}

/* --- What must hold --------------------------------------------------------------------- */

void attacker_check(const struct attacker *a)
{
	const struct process *process = a->program.process;

	require(ring_check(&process->thread->ring));
	require(address_space_check(&process->space));
	require(cap_table_check(&process->table));
	/* Slots that a call or a receive under way may fill are paid for already. */
	require(account_own_use(process->account, ACCOUNT_SLOTS) ==
		process->table.used_count + process->table.reserved_count);
}

/* The frame that a mapping shows at address, if it has been taken. */
static bool frame_of(const struct mapping *mapping, uint64_t address, struct paddr *out_frame)
{
	uint64_t page = (address - mapping->start) / PAGE_SIZE;

	switch (mapping->kind) {
	case MAPPING_OBJECT:
		return memory_object_has_page(
			mapping->object, (uint32_t)(mapping->first_page + page), out_frame);
	case MAPPING_BLOCK:
		out_frame->raw = mapping->block.raw + page * PAGE_SIZE;
		return true;
	case MAPPING_RESERVED:
		return false;
	}
	return false;
}

static void check_page(const struct attacker *a, const struct mapping *mapping,
		       uint64_t address)
{
	struct paddr frame;
	enum hal_access access;
	const void *seen = fake_hal_translate(a->program.process->space.root, address, &access);

	if (seen == nullptr)
		return;
	require(mapping != nullptr && frame_of(mapping, address, &frame));
	require(access == mapping->access);
	require(access != HAL_ACCESS_WRITE || mapping->kind == MAPPING_BLOCK ||
		!mapping->object->sealed);
	require(access != HAL_ACCESS_EXECUTE || mapping->object->sealed);
	require(seen == hal_direct_map(frame));
}

static void check_hole(const struct attacker *a, uint64_t start, uint64_t end)
{
	if (start == end)
		return;
	check_page(a, nullptr, start);
	check_page(a, nullptr, end - PAGE_SIZE);
}

/* An object knows of all its writable mappings, of which this process has some. */
static void check_writable(const struct list_link *mappings, const struct memory_object *object)
{
	uint32_t count = 0;

	for (struct list_link *link = mappings->next; link != mappings; link = link->next) {
		const struct mapping *mapping = LIST_OWNER(link, struct mapping, link);

		if (mapping->kind == MAPPING_OBJECT && mapping->object == object)
			count += mapping->access == HAL_ACCESS_WRITE;
	}
	require(count <= object->writable_mappings && (count == 0 || !object->sealed));
}

void attacker_check_pages(const struct attacker *a)
{
	const struct list_link *mappings = &a->program.process->space.mappings;
	uint64_t end = HAL_USER_START;

	for (struct list_link *link = mappings->next; link != mappings; link = link->next) {
		const struct mapping *mapping = LIST_OWNER(link, struct mapping, link);
		uint64_t address = mapping->start;

		check_hole(a, end, mapping->start);
		if (mapping->kind == MAPPING_OBJECT)
			check_writable(mappings, mapping->object);
		for (uint32_t i = 0; i < PAGES_LOOKED_AT && address < mapping->end; i++) {
			check_page(a, mapping, address);
			address += PAGE_SIZE;
		}
		end = mapping->end;
	}
	check_hole(a, end, HAL_USER_END);
}

/* --- Ring ------------------------------------------------------------------------------- */

/* The header's words are the attacker's to destroy: sizes are known without it. */
static struct ring_submission *submission_slot(struct attacker *a)
{
	return &a->program.sq[a->program.sq_tail % DEFAULT_SQ_ENTRIES];
}

/* Note an entry in a free place; its user data says where, and which entry it is of many. */
static uint64_t note_entry(struct attacker *a, const struct ring_submission *entry)
{
	uint64_t at = 0;

	while (at < ATTACKER_ENTRIES && a->entries[at].is_under_way)
		at++;
	require(at < ATTACKER_ENTRIES);
	a->entries[at] = (struct attacker_entry){
		.is_under_way = true,
		.tag = entry->tag,
		.user_data = at + (uint64_t)a->submitted++ * ATTACKER_ENTRIES,
		.result_offset = entry->result_offset,
		.result_capacity = entry->result_capacity,
		.receives = entry->opcode == OPERATION_CODE_RECV ||
			    entry->opcode == OPERATION_CODE_RETURN_RECV,
	};
	return a->entries[at].user_data;
}

bool attacker_submit(struct attacker *a, struct ring_submission *entry)
{
	struct program *program = &a->program;

	if (a->is_honest) {
		if (program->sq_tail - program->header->sq_head >= DEFAULT_SQ_ENTRIES)
			return false;
		entry->user_data = note_entry(a, entry);
	}
	*submission_slot(a) = *entry;
	program->header->sq_tail = ++program->sq_tail;
	return true;
}

/* What a completion may say, whoever asked. */
static void check_completion(const struct attacker *a, const struct ring_completion *completion)
{
	struct attacker_entry entry = a->entries[completion->user_data % ATTACKER_ENTRIES];
	int32_t status = -completion->status;

	require(entry.is_under_way && completion->user_data == entry.user_data);
	require(completion->tag == entry.tag);
	require(status >= STATUS_OK && status < STATUS_COUNT);
	require(completion->kind < COMPLETION_KIND_COUNT);
	require(completion->reserved == 0);
	require(completion->word == 0 || (entry.receives && status == STATUS_OK));
	require(completion->kind != COMPLETION_KIND_DROPPED || entry.receives);
	require((completion->kind == COMPLETION_KIND_CANCELLED) ==
		(status == STATUS_CANCELLED));
	require(completion->length % 8 == 0 && completion->transfer_count <= MAX_TRANSFERS);
	require(completion->length +
			completion->transfer_count * sizeof(struct ring_transfer_result) <=
		entry.result_capacity);
	require(status == STATUS_OK || completion->transfer_count == 0);
	require(status == STATUS_OK || status == STATUS_EXCEPTION || completion->length == 0);
}

/* Whatever of the results could be an address, or is a capability. */
static void learn_results(struct attacker *a, const struct ring_completion *completion)
{
	struct attacker_entry entry = a->entries[completion->user_data % ATTACKER_ENTRIES];
	const uint8_t *results = a->program.arena + entry.result_offset;
	struct ring_transfer_result capability;
	uint64_t word;

	if (completion->length == 16) {
		memcpy(&word, results + 8, sizeof(word));
		if (word >= HAL_USER_START && word < HAL_USER_END && word % PAGE_SIZE == 0)
			attacker_learn_address(a, word);
	}
	if (entry.receives && completion->status == 0 && completion->length != 0)
		memcpy(&a->calls[a->calls_learned++ % ATTACKER_CALLS], results, sizeof(word));
	for (uint32_t i = 0; i < completion->transfer_count; i++) {
		memcpy(&capability, results + completion->length + i * sizeof(capability),
		       sizeof(capability));
		if (capability.capability != 0)
			attacker_learn_cap(a, capability.capability, capability.interface_id);
	}
}

bool attacker_read(struct attacker *a)
{
	struct program *program = &a->program;
	struct ring_completion completion;

	if (program->cq_head == program->process->thread->ring.cq_tail)
		return false;
	completion = program->cq[program->cq_head++ % DEFAULT_CQ_ENTRIES];
	program->header->cq_head = program->cq_head;
	if (!a->is_honest)
		return true;
	require(program->header->cq_tail == program->process->thread->ring.cq_tail);
	check_completion(a, &completion);
	learn_results(a, &completion);
	a->entries[completion.user_data % ATTACKER_ENTRIES].is_under_way = false;
	return true;
}
