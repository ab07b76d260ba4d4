// SPDX-License-Identifier: MIT
/*
 * The message reader: everything that a message says is read, in every way there is.
 *
 * First without a schema: each pointer of each struct as a struct, a text, data, a capability
 * and a list of every kind.  Then by the generated readers of the largest schemas.  What is
 * read lies inside the message, and nothing is seen past the end of a list or a struct.
 */
#include "lib/message.h"

#include "schema/capset.capnp.h"
#include "schema/manifest.capnp.h"
#include "schema/process.capnp.h"
#include "tests/fuzz/support/fuzz.h"

#include <stdlib.h>

constexpr uint32_t PENDING_MAX = 64;
constexpr uint32_t ELEMENTS_MAX = 64;
constexpr size_t INPUT_MAX = 4096;

/* The message, and structs of it that were found and not looked at yet. */
static struct {
	const uint8_t *bytes;
	size_t size;
	struct message_reader reader;
	struct struct_reader pending[PENDING_MAX];
	uint32_t pending_count;
	uint64_t sum; /* of everything read, so that it is read */
} walk;

static void must_be_inside(const void *start, uint64_t size)
{
	const uint8_t *at = start;

	require(at >= walk.bytes && at <= walk.bytes + walk.size);
	require(size <= (uint64_t)(walk.bytes + walk.size - at));
}

static void read_bytes(const void *start, uint32_t size)
{
	const uint8_t *bytes = start;

	if (size == 0)
		return;
	must_be_inside(start, size);
	for (uint32_t i = 0; i < size; i++)
		walk.sum += bytes[i];
}

static void look_later(struct struct_reader s)
{
	if (s.data_bytes != 0)
		must_be_inside(s.data, s.data_bytes);
	if (s.pointers != 0)
		must_be_inside(s.data + s.data_bytes, s.pointers * 8ull);
	if ((s.data_bytes | s.pointers) != 0 && walk.pending_count < PENDING_MAX)
		walk.pending[walk.pending_count++] = s;
}

static void read_text(struct text_reader text)
{
	require(text.data != nullptr && text.data[text.size] == '\0');
	if (text.size != 0)
		read_bytes(text.data, text.size + 1);
}

static void read_element(struct list_reader l, uint32_t i)
{
	struct data_reader data = list_reader_get_data(l, i);

	walk.sum += list_reader_get_bool(l, i);
	walk.sum += list_reader_get_uint8(l, i);
	walk.sum += list_reader_get_uint16(l, i);
	walk.sum += list_reader_get_uint32(l, i);
	walk.sum += list_reader_get_uint64(l, i);
	walk.sum += list_reader_get_capability(l, i).index;
	read_text(list_reader_get_text(l, i));
	read_bytes(data.data, data.size);
	look_later(list_reader_get_struct(l, i));
}

static void read_list(struct list_reader l)
{
	uint64_t bits = l.element == MESSAGE_ELEMENT_BIT ? 1 : l.step_bytes * 8ull;

	if (l.count != 0)
		must_be_inside(l.data, (l.count * bits + 7) / 8);
	for (uint32_t i = 0; i < l.count && i < ELEMENTS_MAX; i++)
		read_element(l, i);
	if (l.count > ELEMENTS_MAX)
		read_element(l, l.count - 1);
	/* Past the end there is nothing, and nothing is read. */
	require(list_reader_get_uint64(l, l.count) == 0);
	require(list_reader_get_struct(l, l.count).data_bytes == 0);
}

static void read_pointer(struct struct_reader s, uint32_t i)
{
	struct data_reader data = struct_reader_get_data(s, i);

	read_bytes(data.data, data.size);
	read_text(struct_reader_get_text(s, i));
	walk.sum += struct_reader_has(s, i);
	walk.sum += struct_reader_get_capability(s, i).index;
	for (uint32_t element = 0; element <= MESSAGE_ELEMENT_STRUCT; element++)
		read_list(struct_reader_get_list(s, i, (enum message_element)element));
	look_later(struct_reader_get_struct(s, i));
}

static void read_struct(struct struct_reader s)
{
	uint32_t bits = s.data_bytes * 8;

	for (uint32_t offset = 0; offset < s.data_bytes + 8; offset += 4) {
		walk.sum += struct_reader_get_uint8(s, offset);
		walk.sum += struct_reader_get_uint16(s, offset);
		walk.sum += struct_reader_get_uint32(s, offset);
		walk.sum += struct_reader_get_uint64(s, offset);
	}
	require(!struct_reader_get_bool(s, bits));
	for (uint32_t i = 0; i <= s.pointers && i < ELEMENTS_MAX; i++)
		read_pointer(s, i);
	require(!struct_reader_has(s, s.pointers));
}

static void start(const uint8_t *bytes, size_t size)
{
	walk.bytes = bytes;
	walk.size = size;
	walk.pending_count = 0;
	message_reader_init(&walk.reader, bytes, size);
}

/* Without a schema, and with a budget of the input's choice. */
static void read_generic(uint32_t budget_words, uint8_t nesting)
{
	struct struct_reader root;
	uint32_t before;

	message_reader_limit(&walk.reader, budget_words, nesting);
	if (!message_reader_root(&walk.reader, &root)) {
		require(walk.reader.malformed);
		return;
	}
	look_later(root);
	while (walk.pending_count != 0) {
		before = walk.reader.budget_words;
		read_struct(walk.pending[--walk.pending_count]);
		require(walk.reader.budget_words <= before);
	}
}

/* --- By generated readers --------------------------------------------------------------- */

static void read_capset(void)
{
	struct cap_set_reader root;
	struct cap_set_entry_list_reader entries;

	if (!cap_set_read_root(&walk.reader, &root))
		return;
	read_text(cap_set_get_program_name(root));
	read_list(cap_set_get_arguments(root));
	entries = cap_set_get_entries(root);
	for (uint32_t i = 0; i < entries.l.count && i < ELEMENTS_MAX; i++) {
		struct cap_set_entry_reader entry = cap_set_entry_list_get(entries, i);

		read_text(cap_set_entry_get_name(entry));
		walk.sum += cap_set_entry_get_capability(entry);
	}
}

static void read_spawn(void)
{
	struct process_spawner_spawn_params_reader root;
	struct grant_list_reader grants;

	if (!process_spawner_spawn_params_read_root(&walk.reader, &root))
		return;
	read_text(process_spawner_spawn_params_get_binary(root));
	read_list(process_spawner_spawn_params_get_arguments(root));
	grants = process_spawner_spawn_params_get_grants(root);
	for (uint32_t i = 0; i < grants.l.count && i < ELEMENTS_MAX; i++) {
		struct grant_reader grant = grant_list_get(grants, i);

		read_text(grant_get_name(grant));
		walk.sum += grant_get_capability(grant).index;
	}
	walk.sum +=
		resource_limits_get_memory_bytes(process_spawner_spawn_params_get_limits(root));
}

static void read_exit_record(void)
{
	struct process_handle_status_results_reader root;
	struct exit_record_reader record;
	struct fault_record_reader fault;

	if (!process_handle_status_results_read_root(&walk.reader, &root))
		return;
	record = process_handle_status_results_get_record(root);
	fault = exit_record_get_faulted(record);
	walk.sum += exit_record_which(record) + (uint32_t)exit_record_get_exited(record);
	read_list(fault_record_get_registers(fault));
	read_bytes(fault_record_get_stack(fault).data, fault_record_get_stack(fault).size);
	/* Only the member that is set can be seen. */
	if (exit_record_which(record) != EXIT_RECORD_FAULTED)
		require(fault_record_get_stack(fault).size == 0);
}

/* First byte: the budget; second: the nesting limit; the rest, in words: the message. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	uint32_t budget_words = 1u << fuzz_take_below(&input, 13);
	uint8_t nesting = fuzz_take_byte(&input);
	/* Aligned, and of exactly the message's size. */
	uint64_t *words;

	if (input.left > INPUT_MAX)
		return 0;
	words = malloc(input.left == 0 ? 1 : input.left);
	require(words != nullptr);
	memcpy(words, input.data, input.left);
	start((const uint8_t *)words, input.left);
	read_generic(budget_words, nesting);
	start((const uint8_t *)words, input.left);
	read_capset();
	start((const uint8_t *)words, input.left);
	read_spawn();
	start((const uint8_t *)words, input.left);
	read_exit_record();
	free(words);
	return 0;
}
