// SPDX-License-Identifier: MIT
/* Checks of a SystemManifest.  See check.h; the limits are those of schema/process.capnp. */
#include "tools/mkmanifest/check.h"

#include "lib/elf.h"
#include "lib/name.h"
#include "schema/manifest.capnp.h"
#include "schema/process.capnp.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One run: whose faults they are, and how many. */
struct check {
	const char *source;
	uint32_t faults;
};

[[gnu::format(printf, 2, 3)]] static void fault(struct check *c, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", c->source);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	c->faults++;
}

static bool is_same(struct text_reader a, struct text_reader b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool is_text(struct text_reader a, const char *b)
{
	return is_same(a, (struct text_reader){ b, (uint32_t)strlen(b) });
}

/* A name at "where[i].name"; `kept` is one that nobody may take. */
static void check_name(struct check *c, const char *where, uint32_t i, struct text_reader name,
		       const char *kept)
{
	if (name.size == 0)
		fault(c, "%s[%u].name: is missing", where, i);
	else if (!name_is_valid(name.data, name.size))
		fault(c, "%s[%u].name: \"%s\" is not 1 to %u characters of a-z, 0-9, _ and -",
		      where, i, name.data, MAX_NAME_BYTES);
	else if (is_text(name, kept))
		fault(c, "%s[%u].name: \"%s\" is kept for the kernel", where, i, kept);
}

/* A list of elements without content can have more of them than anyone should look at. */
static bool is_too_many(struct check *c, const char *where, uint32_t count, uint32_t most)
{
	if (count > most)
		fault(c, "%s: %u are more than %u", where, count, most);
	return count > most;
}

static bool has_binary(struct binary_list_reader binaries, uint32_t end,
		       struct text_reader name)
{
	for (uint32_t i = 0; i < end; i++)
		if (is_same(binary_get_name(binary_list_get(binaries, i)), name))
			return true;
	return false;
}

static void check_binaries(struct check *c, struct binary_list_reader binaries)
{
	if (binaries.l.count == 0)
		fault(c, "binaries: there is none");
	if (is_too_many(c, "binaries", binaries.l.count, MANIFEST_MAX_BINARIES))
		return;
	for (uint32_t i = 0; i < binaries.l.count; i++) {
		struct binary_reader binary = binary_list_get(binaries, i);
		struct text_reader name = binary_get_name(binary);
		struct data_reader image = binary_get_image(binary);
		struct elf_image parsed;

		check_name(c, "binaries", i, name, "init");
		if (has_binary(binaries, i, name))
			fault(c, "binaries[%u].name: \"%s\" is there twice", i, name.data);
		if (elf_parse(image.data, image.size, &parsed) != STATUS_OK)
			fault(c,
			      "binaries[%u].image: \"%s\" is not a static ELF64 x86-64 "
			      "executable",
			      i, name.data);
	}
}

static bool has_grant(struct kernel_grant_list_reader grants, uint32_t end,
		      struct text_reader name)
{
	for (uint32_t i = 0; i < end; i++)
		if (is_same(kernel_grant_get_name(kernel_grant_list_get(grants, i)), name))
			return true;
	return false;
}

static void check_grants(struct check *c, struct kernel_grant_list_reader grants)
{
	static const char where[] = "initConfig.init.grants";

	if (is_too_many(c, where, grants.l.count, MANIFEST_MAX_GRANTS))
		return;
	for (uint32_t i = 0; i < grants.l.count; i++) {
		struct kernel_grant_reader grant = kernel_grant_list_get(grants, i);
		struct text_reader name = kernel_grant_get_name(grant);
		uint16_t object = kernel_grant_get_object(grant);

		check_name(c, where, i, name, "memory");
		if (has_grant(grants, i, name))
			fault(c, "%s[%u].name: \"%s\" is there twice", where, i, name.data);
		if (object == KERNEL_OBJECT_NONE)
			fault(c, "%s[%u].object: \"%s\" does not say what it grants", where, i,
			      name.data);
		else if (object >= KERNEL_OBJECT_COUNT)
			fault(c, "%s[%u].object: there is no kernel object %u", where, i,
			      object);
		if (kernel_grant_legacy_badge_which(kernel_grant_get_legacy_badge(grant)) !=
		    KERNEL_GRANT_LEGACY_BADGE_ABSENT)
			fault(c, "%s[%u].legacyBadge: no grant can carry one", where, i);
	}
}

static void check_arguments(struct check *c, struct list_reader arguments)
{
	static const char where[] = "initConfig.init.arguments";

	if (is_too_many(c, where, arguments.count, MAX_ARGUMENTS))
		return;
	for (uint32_t i = 0; i < arguments.count; i++) {
		struct text_reader argument = list_reader_get_text(arguments, i);

		if (argument.size > MAX_ARGUMENT_BYTES)
			fault(c, "%s[%u]: %u bytes are more than %u", where, i, argument.size,
			      MAX_ARGUMENT_BYTES);
	}
}

static void check_init(struct check *c, struct system_manifest_reader manifest)
{
	struct binary_list_reader binaries = system_manifest_get_binaries(manifest);
	struct init_config_init_reader init =
		init_config_get_init(system_manifest_get_init_config(manifest));
	struct text_reader binary = init_config_init_get_binary(init);

	if (binary.size == 0)
		fault(c, "initConfig.init.binary: is missing");
	else if (binaries.l.count <= MANIFEST_MAX_BINARIES &&
		 !has_binary(binaries, binaries.l.count, binary))
		fault(c, "initConfig.init.binary: no binary named \"%s\"", binary.data);
	check_grants(c, init_config_init_get_grants(init));
	check_arguments(c, init_config_init_get_arguments(init));
}

uint32_t manifest_check(struct message_reader *m, const char *source)
{
	struct check c = { .source = source };
	struct system_manifest_reader manifest;

	if (!system_manifest_read_root(m, &manifest)) {
		fault(&c, "manifest: is not a message of one segment; write it by `capnp eval "
			  "-oflat`");
		return c.faults;
	}
	if (system_manifest_get_schema_version(manifest) != MANIFEST_VERSION)
		fault(&c, "schemaVersion: %u is not the version %u of this system",
		      system_manifest_get_schema_version(manifest), MANIFEST_VERSION);
	check_binaries(&c, system_manifest_get_binaries(manifest));
	check_init(&c, manifest);
	if (m->malformed)
		fault(&c, "manifest: holds a pointer that leads nowhere");
	return c.faults;
}
