// SPDX-License-Identifier: MIT
/* What this process was started with.  See capset.h. */
#include "user/rt/capset.h"

#include "lib/format.h"
#include "lib/string.h"
#include "user/rt/panic.h"
#include "user/rt/ring.h"

#include "schema/capset.capnp.h"

/* The message, opened anew; an empty CapSet when it is malformed. */
static bool open_capset(struct message_reader *message, struct cap_set_reader *out)
{
	const struct entry_thread_block *block = capos_thread_block();

	message_reader_init(message, (const void *)block->runtime[CAPOS_RUNTIME_CAPSET],
			    block->runtime[CAPOS_RUNTIME_CAPSET_BYTES]);
	return cap_set_read_root(message, out);
}

enum status capos_find_any(const char *name, size_t size, uint64_t *out_id,
			   uint64_t *out_interface_id)
{
	struct message_reader message;
	struct cap_set_reader capset;

	if (!open_capset(&message, &capset))
		return STATUS_MALFORMED_MESSAGE;
	struct cap_set_entry_list_reader entries = cap_set_get_entries(capset);

	for (uint32_t i = 0; i < entries.l.count; i++) {
		struct cap_set_entry_reader entry = cap_set_entry_list_get(entries, i);
		struct text_reader text = cap_set_entry_get_name(entry);

		if (text.size != size || memcmp(text.data, name, size) != 0)
			continue;
		*out_id = cap_set_entry_get_capability(entry);
		*out_interface_id = cap_set_entry_get_interface_id(entry);
		return message.malformed ? STATUS_MALFORMED_MESSAGE : STATUS_OK;
	}
	return message.malformed ? STATUS_MALFORMED_MESSAGE : STATUS_BAD_CAPABILITY;
}

enum status capos_find(const char *name, uint64_t interface_id, uint64_t *out_id)
{
	uint64_t found_interface;
	uint64_t id;
	enum status status = capos_find_any(name, strlen(name), &id, &found_interface);

	if (status != STATUS_OK)
		return status;
	if (found_interface != interface_id)
		return STATUS_WRONG_INTERFACE;
	*out_id = id;
	return STATUS_OK;
}

uint64_t capos_require(const char *name, uint64_t interface_id)
{
	uint64_t id = 0;
	enum status status = capos_find(name, interface_id, &id);
	char text[96];

	if (status == STATUS_OK)
		return id;
	(void)format(text, sizeof(text), "needs the capability \"%s\": %s", name,
		     status_name(status));
	capos_panic(__FILE__, __LINE__, text);
}

uint32_t capos_capability_count(void)
{
	struct message_reader message;
	struct cap_set_reader capset;

	return open_capset(&message, &capset) ? cap_set_get_entries(capset).l.count : 0;
}

bool capos_capability_at(uint32_t index, struct capos_text *out_name, uint64_t *out_id,
			 uint64_t *out_interface_id)
{
	struct message_reader message;
	struct cap_set_reader capset;

	if (!open_capset(&message, &capset))
		return false;
	struct cap_set_entry_list_reader entries = cap_set_get_entries(capset);

	if (index >= entries.l.count)
		return false;
	struct cap_set_entry_reader entry = cap_set_entry_list_get(entries, index);
	struct text_reader name = cap_set_entry_get_name(entry);

	*out_name = (struct capos_text){ name.data, name.size };
	*out_id = cap_set_entry_get_capability(entry);
	*out_interface_id = cap_set_entry_get_interface_id(entry);
	return true;
}

uint32_t capos_argument_count(void)
{
	struct message_reader message;
	struct cap_set_reader capset;

	return open_capset(&message, &capset) ? cap_set_get_arguments(capset).count : 0;
}

struct capos_text capos_argument(uint32_t index)
{
	struct message_reader message;
	struct cap_set_reader capset;
	struct text_reader text = { .data = "" };

	if (open_capset(&message, &capset))
		text = list_reader_get_text(cap_set_get_arguments(capset), index);
	return (struct capos_text){ text.data, text.size };
}

struct capos_text capos_program_name(void)
{
	struct message_reader message;
	struct cap_set_reader capset;
	struct text_reader text = { .data = "" };

	if (open_capset(&message, &capset))
		text = cap_set_get_program_name(capset);
	return (struct capos_text){ text.data, text.size };
}
