// SPDX-License-Identifier: MIT
/* The boot module.  See manifest.h. */
#include "kernel/core/manifest.h"

#include "lib/name.h"
#include "lib/string.h"
#include "schema/memory.capnp.h"

static struct data_reader module_bytes;

/* A fresh reader of the whole message.  No budget: names are compared each with each, and how
 * much is looked at is bounded by MANIFEST_MAX_BINARIES.  False: it is malformed. */
static bool read_root(struct message_reader *message, struct system_manifest_reader *out)
{
	message_reader_init(message, module_bytes.data, module_bytes.size);
	message_reader_limit(message, UINT32_MAX, MESSAGE_DEFAULT_NESTING);
	return system_manifest_read_root(message, out) && !message->malformed;
}

static bool names_are_equal(struct text_reader a, struct text_reader b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool is_repeated(struct binary_list_reader binaries, uint32_t i)
{
	struct text_reader name = binary_get_name(binary_list_get(binaries, i));

	for (uint32_t j = 0; j < i; j++)
		if (names_are_equal(binary_get_name(binary_list_get(binaries, j)), name))
			return true;
	return false;
}

static const char *check_binaries(struct system_manifest_reader manifest)
{
	struct binary_list_reader binaries = system_manifest_get_binaries(manifest);

	if (binaries.l.count > MANIFEST_MAX_BINARIES)
		return "manifest: too many binaries";
	for (uint32_t i = 0; i < binaries.l.count; i++) {
		struct text_reader name = binary_get_name(binary_list_get(binaries, i));

		if (!name_is_valid(name.data, name.size))
			return "manifest: a binary's name is malformed";
		if (is_repeated(binaries, i))
			return "manifest: two binaries have the same name";
		if (names_are_equal(name, (struct text_reader){ "init", 4 }))
			return "manifest: a binary is named init";
	}
	return nullptr;
}

const char *manifest_init(const void *module, uint64_t size_bytes)
{
	struct system_manifest_reader manifest;
	struct message_reader message;
	const char *wrong;

	if (size_bytes == 0 || size_bytes % 8 != 0 || size_bytes > MAX_MEMORY_OBJECT_BYTES)
		return "manifest: the boot module's size is not that of a message";
	module_bytes = (struct data_reader){ module, (uint32_t)size_bytes };
	if (!read_root(&message, &manifest))
		return "manifest: the boot module is not a SystemManifest message";
	if (system_manifest_get_schema_version(manifest) != MANIFEST_VERSION)
		return "manifest: another schema version than this kernel's";
	wrong = check_binaries(manifest);
	if (message.malformed)
		return "manifest: the message is truncated or malformed";
	return wrong;
}

struct data_reader manifest_bytes(void)
{
	return module_bytes;
}

bool manifest_find_binary(struct text_reader name, struct data_reader *out_image)
{
	struct system_manifest_reader manifest;
	struct binary_list_reader binaries;
	struct message_reader message;

	if (!read_root(&message, &manifest))
		return false;
	binaries = system_manifest_get_binaries(manifest);
	for (uint32_t i = 0; i < binaries.l.count; i++) {
		struct binary_reader binary = binary_list_get(binaries, i);

		if (!names_are_equal(binary_get_name(binary), name))
			continue;
		*out_image = binary_get_image(binary);
		return !message.malformed;
	}
	return false;
}

struct text_reader manifest_binary_name(uint32_t i)
{
	struct system_manifest_reader manifest;
	struct message_reader message;

	if (!read_root(&message, &manifest))
		return (struct text_reader){ "", 0 };
	return binary_get_name(binary_list_get(system_manifest_get_binaries(manifest), i));
}

uint32_t manifest_binary_count(void)
{
	struct system_manifest_reader manifest;
	struct message_reader message;

	if (!read_root(&message, &manifest))
		return 0;
	return system_manifest_get_binaries(manifest).l.count;
}

struct init_config_init_reader manifest_init_config(struct message_reader *message)
{
	struct system_manifest_reader manifest;

	(void)read_root(message, &manifest);
	return init_config_get_init(system_manifest_get_init_config(manifest));
}
