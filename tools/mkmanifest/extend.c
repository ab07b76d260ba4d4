// SPDX-License-Identifier: MIT
/*
 * A manifest grows at its end.  See extend.h.
 *
 *   +----------------------+-----+------------------------+----------------------+
 *   | the old message      | tag | old and new binaries   | names, images        |
 *   +----------------------+-----+------------------------+----------------------+
 *
 * The old entries move to the new list: their pointers, which count from where they stand, are
 * set anew; what they point to stays.  The root's pointer then leads to the new list, and the
 * old one is left unreachable, some hundred bytes.  Source: Cap'n Proto, "Encoding Spec".
 */
#include "tools/mkmanifest/extend.h"

#include "lib/message.h"
#include "schema/manifest.capnp.h"
#include "schema/memory.capnp.h"

#include <string.h>

/* Place of the pointer `binaries` among those of the root, and of an entry's two among its own;
 * tests/golden/schema.txt has them. */
constexpr uint32_t BINARIES_POINTER = 0;
constexpr uint32_t NAME_POINTER = 0;
constexpr uint32_t IMAGE_POINTER = 1;

/* The message being written, by words. */
struct growth {
	uint64_t *words;
	size_t end; /* first word that is not taken */
};

static struct binary_list_reader binaries_of(const void *flat, size_t size,
					     struct message_reader *message,
					     struct system_manifest_reader *out_root)
{
	message_reader_init(message, flat, size);
	message_reader_limit(message, UINT32_MAX, MESSAGE_DEFAULT_NESTING);
	(void)!system_manifest_read_root(message, out_root);
	return system_manifest_get_binaries(*out_root);
}

bool manifest_has_program(const void *flat, size_t size, const char *name)
{
	struct system_manifest_reader root;
	struct message_reader message;
	struct binary_list_reader list = binaries_of(flat, size, &message, &root);

	for (uint32_t i = 0; i < list.l.count; i++) {
		struct text_reader other = binary_get_name(binary_list_get(list, i));

		if (other.size == strlen(name) && memcmp(other.data, name, other.size) == 0)
			return true;
	}
	return false;
}

/* Words of one entry: at least those that a new one needs. */
static uint32_t entry_words(struct list_reader list, uint32_t *out_pointers)
{
	*out_pointers = list.pointers > BINARY_POINTERS ? list.pointers : BINARY_POINTERS;
	return list.data_bytes / MESSAGE_WORD_BYTES + *out_pointers;
}

size_t manifest_extended_bytes(const void *flat, size_t size, const struct program programs[],
			       uint32_t count)
{
	struct system_manifest_reader root;
	struct message_reader message;
	struct list_reader list = binaries_of(flat, size, &message, &root).l;
	uint32_t pointers;
	size_t entries = (size_t)list.count + count;
	size_t bytes = size + (1 + entries * entry_words(list, &pointers)) * MESSAGE_WORD_BYTES;

	for (uint32_t i = 0; i < count; i++) {
		if (programs[i].image_bytes > MAX_MEMORY_OBJECT_BYTES)
			return 0;
		bytes += message_text_bytes((uint32_t)strlen(programs[i].name));
		bytes += message_data_bytes((uint32_t)programs[i].image_bytes);
	}
	return bytes <= MAX_MEMORY_OBJECT_BYTES ? bytes : 0;
}

/* A list's pointer, to stand at word `from` and to lead to word `to`. */
static uint64_t list_pointer(size_t from, size_t to, enum message_element element,
			     uint64_t count)
{
	uint32_t offset = (uint32_t)(to - from - 1);

	return count << 35 | (uint64_t)element << 32 | (uint32_t)(offset << 2) | 1;
}

/* A pointer that stood at word `from`, to stand at word `to`. */
static uint64_t moved_pointer(uint64_t pointer, size_t from, size_t to)
{
	bool is_placed = (pointer & 2) == 0; /* a struct or a list */
	bool is_empty = pointer >> 32 == 0;  /* null, or a struct of nothing */
	uint32_t offset = (uint32_t)pointer + ((uint32_t)(from - to) << 2);

	if (!is_placed || is_empty)
		return pointer;
	return (pointer & ~(uint64_t)UINT32_MAX) | (offset & ~3U) | (pointer & 3);
}

/* Copy an entry of the old list to word `to`; its `pointers` pointers follow its data. */
static void move_entry(struct growth *g, struct list_reader list, uint32_t i, size_t to)
{
	const uint8_t *entry = list_reader_at(list, i);
	size_t from = (size_t)(entry - list.message->bytes) / MESSAGE_WORD_BYTES;
	size_t data_words = list.data_bytes / MESSAGE_WORD_BYTES;

	memcpy(&g->words[to], entry, list.data_bytes);
	for (size_t j = data_words; j < data_words + list.pointers; j++)
		g->words[to + j] =
			moved_pointer(message_load_uint64(entry + j * 8), from + j, to + j);
}

/* Add bytes at the end, and at word `at` the pointer to them. */
static void add_bytes(struct growth *g, size_t at, const void *bytes, size_t size)
{
	g->words[at] = list_pointer(at, g->end, MESSAGE_ELEMENT_BYTE, size);
	memcpy(&g->words[g->end], bytes, size);
	g->end += (size + MESSAGE_WORD_BYTES - 1) / MESSAGE_WORD_BYTES;
}

void manifest_extend(const void *flat, size_t size, const struct program programs[],
		     uint32_t count, void *out)
{
	struct system_manifest_reader root;
	struct message_reader message;
	struct list_reader list = binaries_of(flat, size, &message, &root).l;
	struct growth g = { .words = out };
	uint32_t pointers;
	uint32_t step = entry_words(list, &pointers);
	uint32_t entries = list.count + count;
	size_t tag = size / MESSAGE_WORD_BYTES;
	size_t root_pointer =
		(size_t)(root.s.data + root.s.data_bytes - message.bytes) / MESSAGE_WORD_BYTES +
		BINARIES_POINTER;

	g.end = tag + 1 + (size_t)entries * step;
	memset(out, 0, manifest_extended_bytes(flat, size, programs, count));
	memcpy(out, flat, size);
	g.words[root_pointer] = list_pointer(root_pointer, tag, MESSAGE_ELEMENT_STRUCT,
					     (uint64_t)entries * step);
	g.words[tag] = (uint64_t)pointers << 48 | (uint64_t)(step - pointers) << 32 |
		       (uint64_t)entries << 2;
	for (uint32_t i = 0; i < list.count; i++)
		move_entry(&g, list, i, tag + 1 + (size_t)i * step);
	for (uint32_t i = 0; i < count; i++) {
		size_t entry = tag + 1 + (size_t)(list.count + i) * step + (step - pointers);

		/* A text's closing zero counts. */
		add_bytes(&g, entry + NAME_POINTER, programs[i].name,
			  strlen(programs[i].name) + 1);
		add_bytes(&g, entry + IMAGE_POINTER, programs[i].image,
			  programs[i].image_bytes);
	}
}
