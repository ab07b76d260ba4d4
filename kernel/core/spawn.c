// SPDX-License-Identifier: MIT
/* Spawning.  See spawn.h for the model. */
#include "kernel/core/spawn.h"

#include "abi/entry.h"
#include "abi/ring.h"
#include "kernel/core/facet.h"
#include "kernel/core/random.h"
#include "kernel/core/thread.h"
#include "kernel/core/transfer.h"
#include "lib/elf.h"
#include "lib/name.h"
#include "lib/require.h"
#include "lib/string.h"
#include "schema/capset.capnp.h"
#include "schema/memory.capnp.h"
#include "schema/ring.capnp.h"

constexpr uint64_t RING_ADDRESS = 0x200000;
constexpr uint64_t CAPSET_ADDRESS = 0x208000;
constexpr uint64_t USER_STACK_ADDRESS = 0x220000;
constexpr uint64_t USER_STACK_BYTES = 0x10000;
constexpr uint64_t USER_STACK_TOP = USER_STACK_ADDRESS + USER_STACK_BYTES;
constexpr uint64_t THREAD_BLOCK_ADDRESS = USER_STACK_TOP - sizeof(struct entry_thread_block);

/* What every process holds of itself. */
static const struct text_reader MEMORY_NAME = { "memory", 6 };
static const struct text_reader ACCOUNT_NAME = { "account", 7 };
constexpr uint32_t OWN_CAPABILITIES = 2;

static_assert(RING_ADDRESS + DEFAULT_RING_BYTES <= CAPSET_ADDRESS);
static_assert(USER_STACK_TOP <= SPAWN_PROGRAM_START);

/* Few and short enough, and all there. */
static enum status check_arguments(struct list_reader arguments)
{
	if (arguments.count > MAX_ARGUMENTS)
		return STATUS_INVALID_ARGUMENT;
	for (uint32_t i = 0; i < arguments.count; i++)
		if (list_reader_get_text(arguments, i).size > MAX_ARGUMENT_BYTES)
			return STATUS_INVALID_ARGUMENT;
	if (arguments.message->malformed)
		return STATUS_MALFORMED_MESSAGE;
	return STATUS_OK;
}

static bool is_same(struct text_reader a, struct text_reader b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Names are well-formed and unique, arguments as they must be. */
static enum status check_request(const struct spawn_request *request)
{
	for (uint32_t i = 0; i < request->grant_count; i++) {
		struct text_reader name = request->grants[i].name;

		if (!name_is_valid(name.data, name.size) || is_same(name, MEMORY_NAME) ||
		    is_same(name, ACCOUNT_NAME))
			return STATUS_INVALID_ARGUMENT;
		for (uint32_t j = 0; j < i; j++)
			if (is_same(name, request->grants[j].name))
				return STATUS_INVALID_ARGUMENT;
	}
	return check_arguments(request->arguments);
}

/* Map a fresh object; the mapping keeps the only reference.  What lies below the stack the
 * program cannot change. */
static enum status map_fresh(struct process *process, struct memory_object *object,
			     uint64_t address, enum hal_access access)
{
	struct map_request request = { .object = object,
				       .page_count = object->page_count,
				       .address = address,
				       .access = access,
				       .fixed = address < USER_STACK_ADDRESS };
	enum status status = STATUS_OK;

	if (access != HAL_ACCESS_WRITE)
		status = memory_object_seal(object);
	if (status == STATUS_OK)
		status = address_space_map(&process->space, &request, &address);
	object_put(&object->object);
	return status;
}

static enum hal_access segment_access(const struct elf_segment *segment)
{
	if (segment->executable)
		return HAL_ACCESS_EXECUTE;
	return segment->writable ? HAL_ACCESS_WRITE : HAL_ACCESS_READ;
}

/* Where the segment's file part is. */
static struct memory_source segment_source(const struct spawn_request *request,
					   const struct elf_segment *segment)
{
	struct memory_source source = { .size_bytes = segment->file_bytes,
					.lead_bytes = segment->address % PAGE_SIZE };

	if (request->image_object != nullptr) {
		source.object = request->image_object;
		source.offset_bytes = segment->file_offset;
	} else {
		source.bytes = request->image.data + segment->file_offset;
	}
	return source;
}

static enum status load_segment(struct process *process, const struct spawn_request *request,
				const struct elf_segment *segment)
{
	struct memory_source source = segment_source(request, segment);
	uint64_t lead = source.lead_bytes;
	uint64_t pages = (lead + segment->memory_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
	struct memory_object *object;
	enum status status;

	if (segment->address < SPAWN_PROGRAM_START ||
	    pages > MAX_MEMORY_OBJECT_BYTES / PAGE_SIZE)
		return STATUS_BAD_IMAGE;
	status = memory_object_create(process->account, pages, source, &object);
	if (status != STATUS_OK)
		return status;
	return map_fresh(process, object, segment->address - lead, segment_access(segment));
}

/* Of an object only the first page is looked at, of which nobody can change a byte: it is
 * sealed.
 */
static enum status parse_image(const struct spawn_request *request, struct elf_image *out_elf)
{
	struct memory_object *object = request->image_object;

	if (object == nullptr)
		return elf_parse(request->image.data, request->image.size, out_elf);
	return elf_parse_head(hal_direct_map(memory_object_page(object, 0)), PAGE_SIZE,
			      object->page_count * PAGE_SIZE, out_elf);
}

[[gnu::noinline]] static enum status
load_image(struct process *process, const struct spawn_request *request, uint64_t *out_entry)
{
	struct elf_image elf;
	enum status status = parse_image(request, &elf);

	for (uint32_t i = 0; status == STATUS_OK && i < elf.segment_count; i++)
		status = load_segment(process, request, &elf.segments[i]);
	if (status == STATUS_OK)
		*out_entry = elf.entry;
	return status;
}

/* A secret for the stack protector.  Without entropy it only catches accidents; its lowest byte
 * is zero so that string functions do not copy it. */
static uint64_t canary(void)
{
	uint64_t value;

	if (random_word(&value) != STATUS_OK)
		value = UINT64_C(0x0aff0d0a00ff0d00);
	return value & ~UINT64_C(0xff);
}

static enum status make_stack(struct process *process)
{
	struct entry_thread_block block = { .self = THREAD_BLOCK_ADDRESS, .canary = canary() };
	struct memory_object *object;
	enum status status =
		memory_object_create(process->account, USER_STACK_BYTES / PAGE_SIZE,
				     (struct memory_source){ .bytes = nullptr }, &object);

	if (status != STATUS_OK)
		return status;
	memory_object_write(object, USER_STACK_BYTES - sizeof(block), &block, sizeof(block));
	return map_fresh(process, object, USER_STACK_ADDRESS, HAL_ACCESS_WRITE);
}

/* Give the process what it is granted and name it in the CapSet.  Slots have been reserved. */
static void grant(struct process *process, struct cap_set_entry_builder entry,
		  const struct spawn_grant *what, struct process *spawner)
{
	struct cap_id id = grant_give(what, spawner, process);

	cap_set_entry_set_name(entry, what->name.data, what->name.size);
	cap_set_entry_set_capability(entry, id.raw);
	cap_set_entry_set_interface_id(entry, object_interface(what->object));
}

/* What every process holds of itself. */
static void grant_own(struct process *process, struct cap_set_entry_list_builder entries)
{
	struct spawn_grant memory = { .name = MEMORY_NAME, .object = &process->memory };
	struct spawn_grant account = { .name = ACCOUNT_NAME,
				       .object = &process->account->object };

	grant(process, cap_set_entry_list_builder_get(entries, 0), &memory, nullptr);
	grant(process, cap_set_entry_list_builder_get(entries, 1), &account, nullptr);
}

static void write_capset(struct process *process, const struct spawn_request *request,
			 struct message_builder *message)
{
	struct cap_set_builder root = cap_set_init_root(message);
	struct cap_set_entry_list_builder entries =
		cap_set_init_entries(root, OWN_CAPABILITIES + request->grant_count);
	uint32_t argument_count = request->arguments.count;
	struct list_builder arguments = cap_set_init_arguments(root, argument_count);

	cap_set_set_program_name(root, request->name.data, request->name.size);
	grant_own(process, entries);
	for (uint32_t i = 0; i < request->grant_count; i++)
		grant(process, cap_set_entry_list_builder_get(entries, OWN_CAPABILITIES + i),
		      &request->grants[i], request->spawner);
	for (uint32_t i = 0; i < argument_count; i++) {
		struct text_reader argument = list_reader_get_text(request->arguments, i);

		list_builder_set_text(arguments, i, argument.data, argument.size);
	}
}

/* The CapSet page, not filled yet, and slots for what it names. */
static enum status make_capset(struct process *process, uint32_t count, void **out_page)
{
	struct memory_object *object;
	enum status status = process_reserve_slots(process, count);

	if (status != STATUS_OK)
		return status;
	status = memory_object_create(process->account, 1,
				      (struct memory_source){ .bytes = nullptr }, &object);
	if (status == STATUS_OK) {
		*out_page = hal_direct_map(memory_object_page(object, 0));
		status = map_fresh(process, object, CAPSET_ADDRESS, HAL_ACCESS_READ);
	}
	if (status != STATUS_OK)
		process_unreserve_slots(process, count);
	return status;
}

/* Fill the table and the CapSet: its length.  The page is private to the kernel until the
 * process runs. */
static uint64_t fill_capset(struct process *process, const struct spawn_request *request,
			    void *page)
{
	struct message_builder message;
	uint64_t length;

	message_builder_init(&message, page, PAGE_SIZE);
	write_capset(process, request, &message);
	length = message_builder_finish(&message);
	require(length != 0);
	return length;
}

/* Whether the process may have what it is granted. */
static enum status check_grants(const struct process *process,
				const struct spawn_request *request)
{
	enum status status = STATUS_OK;

	for (uint32_t i = 0; status == STATUS_OK && i < request->grant_count; i++)
		if (request->spawner != nullptr)
			status = transfer_check(request->grants[i].object, request->spawner,
						process);
	return status;
}

static enum status build(struct process *process, const struct spawn_request *request)
{
	struct hal_start start = { .stack_pointer = THREAD_BLOCK_ADDRESS,
				   .thread_block = THREAD_BLOCK_ADDRESS,
				   .argument = { RING_ADDRESS, CAPSET_ADDRESS } };
	void *capset;
	enum status status = check_grants(process, request);

	if (status == STATUS_OK)
		status = load_image(process, request, &start.instruction_pointer);
	if (status == STATUS_OK)
		status = make_stack(process);
	if (status == STATUS_OK)
		status = address_space_map_block(&process->space, RING_ADDRESS,
						 process->thread->ring_block,
						 DEFAULT_RING_BYTES);
	if (status == STATUS_OK)
		status = make_capset(process, OWN_CAPABILITIES + request->grant_count, &capset);
	if (status != STATUS_OK)
		return status;
	/* commit */
	start.argument[2] = fill_capset(process, request, capset);
	thread_start(process->thread, &start);
	return STATUS_OK;
}

enum status process_spawn(const struct spawn_request *request, struct process **out_process)
{
	struct process *process;
	enum status status = check_request(request);

	if (status == STATUS_OK)
		status = process_create(request->payer, request->limits, request->name.data,
					request->name.size, &process);
	if (status != STATUS_OK)
		return status;
	if (request->spawner != nullptr)
		process->session = request->spawner->session;
	status = build(process, request);
	/* From here only capabilities keep the memory object. */
	object_put(&process->memory);
	if (status != STATUS_OK) {
		process_kill(process);
		object_put(&process->handle);
		return status;
	}
	*out_process = process;
	return STATUS_OK;
}
