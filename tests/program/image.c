// SPDX-License-Identifier: MIT
/*
 * Programs that are loaded from memory objects: tests/program/guest.c, out of the boot image,
 * whole, cut, damaged, unsealed; and how long the object is needed.
 */
#include "tests/program/guest.h"

#include "schema/boot_package.client.h"
#include "schema/manifest.capnp.h"

constexpr uint64_t MIB = 1 << 20;
constexpr uint64_t PAGE = 4096;

/* guest's ELF file, in the boot image. */
static struct data_reader guest_file(void)
{
	struct boot_package_client boot = { test_capability("boot",
							    BOOT_PACKAGE_INTERFACE_ID) };
	static struct message_reader message;
	struct system_manifest_reader manifest;
	struct binary_list_reader binaries;
	struct memory_object_client module = {};
	uint64_t address = 0;
	uint64_t size = 0;

	CHECK_STATUS(boot_package_manifest(boot, &module, &size), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), module, 0,
					(size + PAGE - 1) & ~(PAGE - 1), PROTECTION_READ, 0,
					true, &address),
		     STATUS_OK);
	message_reader_init(&message, (const void *)address, (uint32_t)size);
	message_reader_limit(&message, UINT32_MAX, MESSAGE_DEFAULT_NESTING);
	CHECK(system_manifest_read_root(&message, &manifest));
	binaries = system_manifest_get_binaries(manifest);
	for (uint32_t i = 0; i < binaries.l.count; i++) {
		struct binary_reader binary = binary_list_get(binaries, i);
		struct text_reader name = binary_get_name(binary);

		if (name.size == 5 && memcmp(name.data, "guest", 5) == 0)
			return binary_get_image(binary);
	}
	test_fail("boot image", "no guest");
}

/* An object with these bytes, mapped nowhere any more; not sealed. */
static uint64_t object_of(const void *bytes, uint64_t size)
{
	uint64_t length = (size + PAGE - 1) & ~(PAGE - 1);
	struct memory_object_client object = {};
	uint64_t address = 0;

	CHECK_STATUS(virtual_memory_create_object(test_memory(), length, &object), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, length, PROTECTION_READ_WRITE,
					0, true, &address),
		     STATUS_OK);
	memcpy((void *)address, bytes, size);
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, length), STATUS_OK);
	return object.id;
}

static uint64_t sealed_object_of(const void *bytes, uint64_t size)
{
	uint64_t id = object_of(bytes, size);

	CHECK_STATUS(memory_object_seal((struct memory_object_client){ id }), STATUS_OK);
	return id;
}

static struct child_request from(uint64_t image, const char *name)
{
	struct child_request request = guest(name);

	request.binary = nullptr;
	request.image = image;
	return request;
}

static void runs(void)
{
	struct data_reader file = guest_file();
	uint64_t image = sealed_object_of(file.data, file.size);
	struct child_request request = from(image, "exit");

	request.arguments[1] = "2a";
	for (uint32_t i = 0; i < 3; i++) {
		struct child_end end = child_run(&request);

		CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
		CHECK_EQUAL(end.code, 0x2a);
	}
}

/* The only capability goes while the program runs, before it has touched most of its pages. */
static void outlives_its_capability(void)
{
	struct data_reader file = guest_file();
	uint64_t image = sealed_object_of(file.data, file.size);
	struct child_request request = from(image, "brief");
	struct process_handle_client process = child_start(&request);
	struct child_end end;

	capos_release(image);
	end = child_wait(process);
	CHECK_EQUAL(end.which, EXIT_RECORD_EXITED);
	CHECK_EQUAL(end.code, 5);
}

static void unsealed_is_refused(void)
{
	struct data_reader file = guest_file();
	uint64_t image = object_of(file.data, file.size);
	struct child_request request = from(image, "exit");
	struct process_handle_client process = {};

	CHECK_STATUS(child_spawn(&request, &process), STATUS_NOT_SEALED);
	CHECK_STATUS(memory_object_seal((struct memory_object_client){ image }), STATUS_OK);
	CHECK_STATUS(child_spawn(&request, &process), STATUS_OK);
	(void)child_wait(process);
}

static void one_program_is_named(void)
{
	struct data_reader file = guest_file();
	struct child_request request = from(sealed_object_of(file.data, file.size), "exit");
	struct process_handle_client process = {};

	request.binary = "guest";
	CHECK_STATUS(child_spawn(&request, &process), STATUS_INVALID_ARGUMENT);
	request.image = 0;
	request.binary = nullptr;
	CHECK_STATUS(child_spawn(&request, &process), STATUS_INVALID_ARGUMENT);
	request.image = submit_timer();
	CHECK_STATUS(child_spawn(&request, &process), STATUS_WRONG_INTERFACE);
	request.image = test_memory().id;
	CHECK_STATUS(child_spawn(&request, &process), STATUS_WRONG_INTERFACE);
}

/* Cut at every page: refused, or it starts, if only what no segment needs is missing. */
static void cut_files_are_refused(void)
{
	struct data_reader file = guest_file();
	struct process_handle_client process = {};
	uint32_t refused = 0;

	for (uint64_t size = PAGE; size < file.size; size += PAGE) {
		uint64_t image = sealed_object_of(file.data, size);
		struct child_request request = from(image, "exit");
		enum status status = child_spawn(&request, &process);

		test_note("%lx of %x bytes", size, file.size);
		if (status == STATUS_OK) {
			(void)child_wait(process);
			capos_release(process.id);
		} else {
			CHECK_STATUS(status, STATUS_BAD_IMAGE);
			refused++;
		}
		capos_release(image);
	}
	CHECK(refused > 0);
}

static void rubbish_is_refused(void)
{
	static char bytes[2 * PAGE];
	struct process_handle_client process = {};
	uint64_t seed = 99;

	for (uint32_t round = 0; round < 20; round++) {
		struct child_request request;
		uint64_t image;

		for (uint32_t i = 0; round > 0 && i < sizeof(bytes); i++)
			bytes[i] = (char)test_random(&seed);
		image = sealed_object_of(bytes, sizeof(bytes));
		request = from(image, "exit");
		CHECK_STATUS(child_spawn(&request, &process), STATUS_BAD_IMAGE);
		capos_release(image);
	}
}

/* Each word of the headers, damaged: it is refused, or the program ends in some way of its own.
 */
static void damaged_headers_harm_nobody(void)
{
	static const uint64_t damage[] = { 1, 0x1000, 0x8000000000, UINT64_MAX };
	struct data_reader file = guest_file();
	static char head[PAGE];
	struct process_handle_client process = {};

	for (uint32_t at = 16; at < 64 + 4 * 56; at += 8)
		for (uint32_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
			struct child_request request;
			uint64_t word;
			uint64_t image;

			test_note("word at %u, ^ %lx", at, damage[i]);
			memcpy(head, file.data, sizeof(head));
			memcpy(&word, head + at, sizeof(word));
			word ^= damage[i];
			memcpy(head + at, &word, sizeof(word));
			image = sealed_object_of(head, sizeof(head));
			request = from(image, "exit");
			if (child_spawn(&request, &process) == STATUS_OK) {
				(void)process_handle_kill(process);
				(void)child_wait(process);
				capos_release(process.id);
			}
			capos_release(image);
		}
}

constexpr uint32_t GRANTS = TEST_TIMER | TEST_SPAWNER | TEST_AUDIT | TEST_BOOT;

#define PASSES(name)                                                                          \
	{                                                                                     \
		#name, name,                                                                  \
		{                                                                             \
			.grants = GRANTS, .memory_bytes = 8 * MIB, .slots = 64, .threads = 2, \
		}                                                                             \
	}

static const struct test_case cases[] = {
	PASSES(runs),
	PASSES(outlives_its_capability),
	PASSES(unsealed_is_refused),
	PASSES(one_program_is_named),
	PASSES(cut_files_are_refused),
	PASSES(rubbish_is_refused),
	PASSES(damaged_headers_harm_nobody),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
