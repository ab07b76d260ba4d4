// SPDX-License-Identifier: MIT
/* Flat structs that are not as the schema's own builder makes them.  See message_flat.h. */
#include "lib/message_flat.h"

/* Pointer i of the struct, or null where it has none. */
static uint64_t pointer_of(struct struct_reader s, uint32_t i)
{
	if (i >= s.pointers)
		return 0;
	return message_load_uint64(s.data + s.data_bytes + (uint64_t)i * MESSAGE_WORD_BYTES);
}

bool message_flat_take(struct message_reader *m, struct message_flat to)
{
	struct struct_reader s;
	bool is_struct = message_reader_root(m, &s);

	for (uint32_t i = 0; i < to.data_words; i++)
		to.words[i] = struct_reader_get_uint64(s, i * MESSAGE_WORD_BYTES);
	for (uint32_t i = 0; i < to.pointers; i++)
		to.words[to.data_words + i] = pointer_of(s, i);
	return is_struct;
}
