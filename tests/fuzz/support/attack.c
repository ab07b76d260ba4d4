// SPDX-License-Identifier: MIT
/* Ring entries as an input describes them.  See attack.h. */
#include "tests/fuzz/support/attack.h"

#include "schema/account.capnp.h"
#include "schema/audit.capnp.h"
#include "schema/boot_package.capnp.h"
#include "schema/console.capnp.h"
#include "schema/entropy.capnp.h"
#include "schema/memory.capnp.h"
#include "schema/power.capnp.h"
#include "schema/process.capnp.h"
#include "schema/timer.capnp.h"
#include "schema/uart.capnp.h"

/* The arena's first part is divided among the calls of a batch: parameters, transfer list. */
constexpr uint32_t SLOTS = 4;
constexpr uint32_t SLOT_BYTES = 1024;
constexpr uint32_t PARAM_BYTES = 832;
constexpr uint32_t TRANSFERS = (SLOT_BYTES - PARAM_BYTES) / sizeof(struct ring_transfer);

static_assert(TRANSFERS > MAX_TRANSFERS);

/* A call being made up. */
struct attack {
	const struct attackers *all;
	struct attacker *attacker;
	struct fuzz_input *input;
	struct ring_submission entry;
	struct message_builder params; /* over words */
	alignas(8) uint8_t words[PARAM_BYTES];
};

/* --- Numbers ---------------------------------------------------------------------------- */

uint64_t attack_number(const struct attacker *a, struct fuzz_input *input)
{
	uint32_t kind = fuzz_take_byte(input);
	uint32_t low = kind >> 3;

	switch (kind & 7) {
	case 0:
		return low;
	case 1:
		return low * PAGE_SIZE;
	case 2:
		return hal_timestamp() + (UINT64_C(1) << low);
	case 3:
		return (UINT64_C(1) << low * 2) - (low & 1);
	case 4:
		return a->addresses[low % ATTACKER_ADDRESSES] +
		       low / ATTACKER_ADDRESSES * PAGE_SIZE;
	case 5:
		return -(uint64_t)low - 1;
	case 6:
		return fuzz_take(input, 2) << low % 8;
	default:
		return fuzz_take(input, 8);
	}
}

static uint64_t number(struct attack *t)
{
	return attack_number(t->attacker, t->input);
}

/* --- Capabilities ----------------------------------------------------------------------- */

static uint64_t cap_of_interface(const struct attacker *a, uint32_t from, uint64_t interface_id)
{
	for (uint32_t i = 0; i < ATTACKER_CAPS; i++) {
		const struct attacker_cap *cap = &a->caps[(from + i) % ATTACKER_CAPS];

		if (cap->id != 0 && (interface_id == 0 || cap->interface_id == interface_id))
			return cap->id;
	}
	return 0;
}

uint64_t attack_cap(const struct attackers *all, const struct attacker *a,
		    struct fuzz_input *input, uint64_t interface_id)
{
	uint32_t choice = fuzz_take_byte(input);
	uint32_t from = choice % ATTACKER_CAPS;
	const struct attacker *other;

	switch (choice / ATTACKER_CAPS) {
	case 7: /* another's, or what another's would be here */
		other = &all->attacker[from % all->count];
		return cap_of_interface(other, fuzz_take_byte(input), interface_id);
	case 6: /* of another generation */
		return a->caps[from].id + (UINT64_C(1) << 32) * (1 + fuzz_take_byte(input));
	case 5: /* an index as it comes, first generation */
		return (UINT64_C(1) << 32) + attack_number(a, input);
	case 4: /* of any interface */
		return a->caps[from].id;
	default:
		return cap_of_interface(a, from, interface_id);
	}
}

/* Add to the transfer list; an index that is sometimes wrong. */
static uint32_t attach(struct attack *t, uint64_t interface_id)
{
	struct ring_transfer transfer = { .capability = attack_cap(t->all, t->attacker,
								   t->input, interface_id) };
	uint32_t index = t->entry.transfer_count;

	if (index == TRANSFERS)
		return index;
	t->entry.transfer_offset = t->entry.param_offset + PARAM_BYTES;
	memcpy(t->attacker->program.arena + t->entry.transfer_offset + index * sizeof(transfer),
	       &transfer, sizeof(transfer));
	t->entry.transfer_count++;
	return index;
}

/* --- Parameters of each method ---------------------------------------------------------- */

static void empty(struct attack *t)
{
	(void)message_builder_root(&t->params, 0, 0);
}

/* Bytes to write: their number, then a pattern of theirs. */
static uint32_t make_bytes(struct attack *t, uint8_t *out, uint32_t capacity)
{
	uint32_t size = (uint32_t)number(t) % (capacity + 1);

	memset(out, fuzz_take_byte(t->input), size);
	return size;
}

static void console_write(struct attack *t)
{
	uint8_t bytes[CONSOLE_MAX_BYTES + 8];
	uint32_t size = make_bytes(t, bytes, sizeof(bytes));

	console_write_params_set_text(console_write_params_init_root(&t->params), bytes, size);
}

static void uart_read(struct attack *t)
{
	uart_read_params_set_max_bytes(uart_read_params_init_root(&t->params),
				       (uint32_t)number(t));
}

static void uart_write(struct attack *t)
{
	uint8_t bytes[PARAM_BYTES - 64];
	uint32_t size = make_bytes(t, bytes, sizeof(bytes));

	uart_write_params_set_data(uart_write_params_init_root(&t->params), bytes, size);
}

static void timer_wait(struct attack *t)
{
	timer_wait_params_set_until_ns(timer_wait_params_init_root(&t->params), number(t));
}

static void entropy_read(struct attack *t)
{
	entropy_source_read_params_set_length_bytes(
		entropy_source_read_params_init_root(&t->params), (uint32_t)number(t));
}

static void create_object(struct attack *t)
{
	virtual_memory_create_object_params_set_size_bytes(
		virtual_memory_create_object_params_init_root(&t->params), number(t));
}

static void map(struct attack *t)
{
	struct virtual_memory_map_params_builder params =
		virtual_memory_map_params_init_root(&t->params);
	uint32_t choices = fuzz_take_byte(t->input);

	virtual_memory_map_params_set_memory(params, attach(t, MEMORY_OBJECT_INTERFACE_ID));
	virtual_memory_map_params_set_offset_bytes(params, (choices & 1) != 0 ? number(t) : 0);
	virtual_memory_map_params_set_length_bytes(params, number(t));
	virtual_memory_map_params_set_address(params, (choices & 2) != 0 ? number(t) : 0);
	virtual_memory_map_params_set_protection(params, (enum protection)(choices >> 2 & 7));
	virtual_memory_map_params_set_allow_revocable(params, (choices & 32) == 0);
}

static void unmap(struct attack *t)
{
	struct virtual_memory_unmap_params_builder params =
		virtual_memory_unmap_params_init_root(&t->params);

	virtual_memory_unmap_params_set_address(params, number(t));
	virtual_memory_unmap_params_set_length_bytes(params, number(t));
}

static void protect(struct attack *t)
{
	struct virtual_memory_protect_params_builder params =
		virtual_memory_protect_params_init_root(&t->params);

	virtual_memory_protect_params_set_address(params, number(t));
	virtual_memory_protect_params_set_length_bytes(params, number(t));
	virtual_memory_protect_params_set_protection(
		params, (enum protection)fuzz_take_below(t->input, 5));
}

static void reserve(struct attack *t)
{
	virtual_memory_reserve_params_set_length_bytes(
		virtual_memory_reserve_params_init_root(&t->params), number(t));
}

static void commit(struct attack *t)
{
	struct virtual_memory_commit_params_builder params =
		virtual_memory_commit_params_init_root(&t->params);

	virtual_memory_commit_params_set_address(params, number(t));
	virtual_memory_commit_params_set_length_bytes(params, number(t));
}

static void write_limits(struct attack *t, struct resource_limits_builder limits)
{
	uint32_t choices = fuzz_take_byte(t->input);

	resource_limits_set_endpoints(limits, (choices & 1) != 0 ? (uint32_t)number(t) : 0);
	resource_limits_set_facets(limits, (choices & 2) != 0 ? (uint32_t)number(t) : 0);
	resource_limits_set_open_calls(limits, (choices & 4) != 0 ? (uint32_t)number(t) : 0);
	resource_limits_set_waits(limits, (choices & 8) != 0 ? (uint32_t)number(t) : 128);
}

static void split(struct attack *t)
{
	struct resource_limits_builder limits =
		account_split_params_init_limits(account_split_params_init_root(&t->params));

	write_limits(t, limits);
	resource_limits_set_memory_bytes(limits, number(t));
	resource_limits_set_slots(limits, (uint32_t)number(t));
	resource_limits_set_threads(limits, (uint32_t)fuzz_take_below(t->input, 6));
}

static void write_grants(struct attack *t, struct process_spawner_spawn_params_builder params,
			 uint32_t count)
{
	struct grant_list_builder grants =
		process_spawner_spawn_params_init_grants(params, count);

	for (uint32_t i = 0; i < count; i++) {
		struct grant_builder grant = grant_list_builder_get(grants, i);
		char name = (char)('a' + i);

		grant_set_name(grant, &name, 1);
		grant_set_capability(grant, attach(t, 0));
	}
}

/* Little memory is the rule: with the default the machine would hold one child. */
static void spawn(struct attack *t)
{
	static const char *const names[] = { "child", "child", "first", "" };
	struct process_spawner_spawn_params_builder params =
		process_spawner_spawn_params_init_root(&t->params);
	struct resource_limits_builder limits =
		process_spawner_spawn_params_init_limits(params);
	uint32_t choices = fuzz_take_byte(t->input);
	const char *name = names[choices & 3];

	process_spawner_spawn_params_set_binary(params, name, (uint32_t)strlen(name));
	resource_limits_set_memory_bytes(limits, (choices & 4) != 0 ? number(t) : 200 << 10);
	resource_limits_set_slots(limits, (choices & 8) != 0 ? (uint32_t)number(t) : 64);
	resource_limits_set_threads(limits, (choices & 16) != 0 ? (uint32_t)number(t) : 4);
	if ((choices & 32) != 0) {
		struct list_builder arguments =
			process_spawner_spawn_params_init_arguments(params, 2);

		list_builder_set_text(arguments, 0, "", 0);
		list_builder_set_text(arguments, 1, "argument", 8);
	}
	write_grants(t, params, choices >> 6 << (choices >> 5 & 2));
	choices = fuzz_take_below(t->input, 16);
	if (choices < 4)
		process_spawner_spawn_params_set_account(params,
							 attach(t, ACCOUNT_INTERFACE_ID));
	if (choices == 0 || choices > 13)
		process_spawner_spawn_params_set_image(params,
						       attach(t, MEMORY_OBJECT_INTERFACE_ID));
}

static void list(struct attack *t)
{
	process_spawner_list_params_set_first(process_spawner_list_params_init_root(&t->params),
					      (uint32_t)number(t));
}

static void power_off(struct attack *t)
{
	power_off_params_set_verdict(power_off_params_init_root(&t->params),
				     fuzz_take_byte(t->input));
}

/* --- Methods ---------------------------------------------------------------------------- */

struct attack_method {
	uint64_t interface_id;
	uint16_t method;
	void (*write_params)(struct attack *t);
};

/* What keeps processes running and memory moving stands more than once; Power only once, since
 * it ends the machine. */
static const struct attack_method methods[] = {
	{ TIMER_INTERFACE_ID, TIMER_NOW_METHOD, empty },
	{ TIMER_INTERFACE_ID, TIMER_WAIT_METHOD, timer_wait },
	{ UART_INTERFACE_ID, UART_READ_METHOD, uart_read },
	{ UART_INTERFACE_ID, UART_WRITE_METHOD, uart_write },
	{ CONSOLE_INTERFACE_ID, CONSOLE_WRITE_METHOD, console_write },
	{ ENTROPY_SOURCE_INTERFACE_ID, ENTROPY_SOURCE_READ_METHOD, entropy_read },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_CREATE_OBJECT_METHOD, create_object },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_MAP_METHOD, map },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_UNMAP_METHOD, unmap },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_PROTECT_METHOD, protect },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_RESERVE_METHOD, reserve },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_COMMIT_METHOD, commit },
	{ MEMORY_OBJECT_INTERFACE_ID, MEMORY_OBJECT_INFO_METHOD, empty },
	{ MEMORY_OBJECT_INTERFACE_ID, MEMORY_OBJECT_SEAL_METHOD, empty },
	{ PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD, spawn },
	{ PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_LIST_METHOD, list },
	{ PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_WAIT_METHOD, empty },
	{ PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_KILL_METHOD, empty },
	{ PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_STATUS_METHOD, empty },
	{ BOOT_PACKAGE_INTERFACE_ID, BOOT_PACKAGE_MANIFEST_METHOD, empty },
	{ AUDIT_INTERFACE_ID, AUDIT_AUDIT_METHOD, empty },
	{ PROCESS_SPAWNER_INTERFACE_ID, PROCESS_SPAWNER_SPAWN_METHOD, spawn },
	{ VIRTUAL_MEMORY_INTERFACE_ID, VIRTUAL_MEMORY_MAP_METHOD, map },
	{ PROCESS_HANDLE_INTERFACE_ID, PROCESS_HANDLE_WAIT_METHOD, empty },
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_LIMITS_METHOD, empty },
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_USAGE_METHOD, empty },
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_SPLIT_METHOD, split },
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_SPLIT_METHOD, split },
	{ ACCOUNT_INTERFACE_ID, ACCOUNT_CLOSE_METHOD, empty },
	{ POWER_INTERFACE_ID, POWER_OFF_METHOD, power_off },
	{ POWER_INTERFACE_ID, POWER_RESET_METHOD, empty },
};

constexpr uint32_t METHODS = sizeof(methods) / sizeof(methods[0]);

/* A tag that is free, most of the time. */
static uint16_t take_tag(struct attacker *a, struct fuzz_input *input)
{
	uint32_t choice = fuzz_take_byte(input);

	return choice < 192 ? (uint16_t)(a->submitted % DEFAULT_CQ_ENTRIES)
			    : (uint16_t)(choice - 192 + (choice == 255) * 7);
}

/* Take one thing away that an ordinary call has. */
static void damage(struct attack *t)
{
	struct ring_submission *entry = &t->entry;

	switch (fuzz_take_below(t->input, 8)) {
	case 0:
		entry->param_length = (uint32_t)number(t);
		break;
	case 1:
		entry->param_offset = (uint32_t)number(t);
		break;
	case 2:
		entry->result_capacity = (uint32_t)number(t);
		break;
	case 3:
		entry->result_offset = (uint32_t)number(t);
		break;
	case 4:
		entry->result_caps_max = 0;
		break;
	case 5:
		entry->transfer_offset = (uint32_t)number(t);
		break;
	case 6:
		entry->transfer_count = fuzz_take_byte(t->input);
		break;
	default:
		entry->method = (uint16_t)number(t);
		break;
	}
}

/* Copy the parameters into the arena, some words of theirs changed. */
static void put_params(struct attack *t, uint32_t changes)
{
	uint32_t size = (uint32_t)message_builder_finish(&t->params);

	for (uint32_t i = 0; i < changes && size >= 8; i++) {
		uint64_t word = number(t);

		memcpy(t->words + fuzz_take_byte(t->input) % (size / 8) * 8, &word,
		       sizeof(word));
	}
	t->entry.param_length = size;
	memcpy(t->attacker->program.arena + t->entry.param_offset, t->words, size);
}

void attack_call(struct attackers *all, struct attacker *a, struct fuzz_input *input)
{
	struct attack t = { .all = all, .attacker = a, .input = input };
	const struct attack_method *method = &methods[fuzz_take_below(input, METHODS)];
	uint32_t choices;

	t.entry = (struct ring_submission){
		.opcode = OPERATION_CODE_CALL,
		.method = method->method,
		.tag = take_tag(a, input),
		.target = attack_cap(all, a, input, method->interface_id),
		.result_caps_max = 1,
		.param_offset = a->submitted % SLOTS * SLOT_BYTES,
		.result_offset = attacker_result_offset(a->submitted),
		.result_capacity = ATTACKER_SPAN_BYTES,
	};
	message_builder_init(&t.params, t.words, PARAM_BYTES);
	method->write_params(&t);
	choices = fuzz_take_byte(input);
	put_params(&t, choices % 16 == 15 ? choices / 64 + 1 : 0);
	if (choices % 16 == 14)
		damage(&t);
	if (choices % 16 >= 12)
		t.entry.deadline_ns = number(&t);
	(void)attacker_submit(a, &t.entry);
}

void attack_small(struct attackers *all, struct attacker *a, struct fuzz_input *input)
{
	struct ring_submission entry = { .tag = take_tag(a, input) };

	switch (fuzz_take_below(input, 4)) {
	case 0:
		entry.opcode = OPERATION_CODE_RELEASE;
		entry.target = attack_cap(all, a, input, 0);
		break;
	case 1:
		entry.opcode = OPERATION_CODE_NOP;
		break;
	default:
		entry.opcode = OPERATION_CODE_CANCEL;
		entry.target = fuzz_take_below(input, DEFAULT_CQ_ENTRIES + 1);
		break;
	}
	(void)attacker_submit(a, &entry);
}

void attack_raw(struct attackers *all, struct attacker *a, struct fuzz_input *input)
{
	union {
		struct ring_submission fields;
		uint64_t words[8];
	} entry = { 0 };
	uint32_t present = fuzz_take_byte(input);

	for (uint32_t i = 0; i < 8; i++)
		if ((present >> i & 1) != 0)
			entry.words[i] = attack_number(a, input);
	if ((present & 2) == 0)
		entry.fields.target = attack_cap(all, a, input, 0);
	(void)attacker_submit(a, &entry.fields);
}
