// SPDX-License-Identifier: MIT
/*
 * No page is ever writable and executable: not through one mapping, not through two, not in two
 * processes, not one after the other.  And nobody sees what a dead process left in memory.
 */
#include "tests/program/child.h"
#include "tests/program/pages.h"

#include "schema/boot_package.client.h"

constexpr uint64_t BLOCK = 6 << 20;

static enum status protect(uint64_t address, uint64_t pages, enum protection protection)
{
	return virtual_memory_protect(test_memory(), address, pages * PAGE_BYTES, protection);
}

static enum status try_map(struct memory_object_client object, enum protection protection)
{
	uint64_t address;
	enum status status = pages_try_map(object, PAGE_BYTES, protection, &address);

	if (status == STATUS_OK)
		pages_unmap(address, PAGE_BYTES);
	return status;
}

/* Only what is sealed is executed, and what is sealed is not written. */
static void one_mapping(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);
	bool sealed;
	uint64_t size;

	CHECK_STATUS(try_map(object, PROTECTION_READ_EXECUTE), STATUS_PROTECTION_REFUSED);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_EXECUTE), STATUS_PROTECTION_REFUSED);
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
	CHECK(!sealed);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ), STATUS_OK);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_EXECUTE), STATUS_PROTECTION_REFUSED);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
	CHECK(sealed);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(try_map(object, PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_EXECUTE), STATUS_OK);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(try_map(object, PROTECTION_READ_EXECUTE), STATUS_OK);
}

/* A mapping that had write access, gave it up and wants it back. */
static void write_again(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);

	*pages_at(address) = 1;
	CHECK_STATUS(protect(address, 1, PROTECTION_NONE), STATUS_OK);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ), STATUS_OK);
	CHECK_EQUAL(*pages_at(address), 1);
}

/* Every writable piece counts, however the mapping was cut. */
static void pieces(void)
{
	struct memory_object_client object = pages_create(5 * PAGE_BYTES);
	uint64_t address = pages_map(object, 5 * PAGE_BYTES, PROTECTION_READ_WRITE);

	pages_unmap(address + 2 * PAGE_BYTES, PAGE_BYTES);
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	CHECK_STATUS(protect(address + PAGE_BYTES, 1, PROTECTION_READ), STATUS_OK);
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	pages_unmap(address, PAGE_BYTES);
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	CHECK_STATUS(protect(address + 3 * PAGE_BYTES, 2, PROTECTION_READ), STATUS_OK);
	CHECK_STATUS(protect(address + 4 * PAGE_BYTES, 1, PROTECTION_READ_WRITE), STATUS_OK);
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	pages_unmap(address + 4 * PAGE_BYTES, PAGE_BYTES);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	CHECK_STATUS(protect(address + PAGE_BYTES, 1, PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(protect(address + 3 * PAGE_BYTES, 1, PROTECTION_READ_WRITE),
		     STATUS_SEALED);
}

static void refused_for_good(uint64_t address, enum protection protection)
{
	enum status status = protect(address & ~4095ULL, 1, protection);

	test_note("%lx: %s", address, status_name(status));
	CHECK(status == STATUS_PROTECTION_REFUSED || status == STATUS_SEALED ||
	      status == STATUS_NOT_MAPPED);
}

/* What the loader mapped keeps its place in the rule. */
static void image(void)
{
	static uint64_t data = 1;
	static const uint64_t constant = 2;
	volatile uint8_t local = 3;
	uint64_t address;

	refused_for_good((uint64_t)image, PROTECTION_READ_WRITE);
	refused_for_good((uint64_t)&constant, PROTECTION_READ_WRITE);
	refused_for_good((uint64_t)&data, PROTECTION_READ_EXECUTE);
	refused_for_good((uint64_t)&local, PROTECTION_READ_EXECUTE);
	refused_for_good((uint64_t)capos_ring(), PROTECTION_READ_EXECUTE);
	CHECK_STATUS(virtual_memory_reserve(test_memory(), PAGE_BYTES, &address), STATUS_OK);
	CHECK_STATUS(virtual_memory_commit(test_memory(), address, PAGE_BYTES), STATUS_OK);
	refused_for_good(address, PROTECTION_READ_EXECUTE);
	data++;
}

/* Code made, sealed and run. */
static void execute(void)
{
	static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */
	struct memory_object_client object = pages_code(code, sizeof(code), 0);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_EXECUTE);
	uint64_t result;

	__asm__ volatile("call *%1" : "=a"(result) : "r"(address) : "memory");
	CHECK_EQUAL(result, 42);
}

static struct memory_object_client shared(void)
{
	return (struct memory_object_client){
		test_capability("shared", MEMORY_OBJECT_INTERFACE_ID),
	};
}

static struct child_request request(const char *name, struct memory_object_client object)
{
	return (struct child_request){
		.binary = "seal",
		.arguments = { name },
		.grants = { { "report", child_report() }, { "shared", object.id } },
		.memory_bytes = 1 << 20,
		.slots = 32,
		.threads = 1,
	};
}

static void child_writes(void)
{
	uint64_t address = pages_map(shared(), 2 * PAGE_BYTES, PROTECTION_READ_WRITE);

	CHECK_EQUAL(*pages_at(address), 21);
	*pages_at(address + PAGE_BYTES) = 42;
}

/* A child writes what its parent reads; its end ends its mapping. */
static void shared_with_child(void)
{
	struct memory_object_client object = pages_create(2 * PAGE_BYTES);
	uint64_t address = pages_map(object, 2 * PAGE_BYTES, PROTECTION_READ_WRITE);
	struct child_request child = request("child_writes", object);

	*pages_at(address) = 21;
	child_must_pass(&child);
	CHECK_EQUAL(*pages_at(address + PAGE_BYTES), 42);
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	pages_unmap(address, 2 * PAGE_BYTES);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
}

static void child_cannot_seal(void)
{
	CHECK_STATUS(try_map(shared(), PROTECTION_READ_EXECUTE), STATUS_PROTECTION_REFUSED);
	CHECK_STATUS(memory_object_seal(shared()), STATUS_WRITABLE_MAPPING);
	CHECK_STATUS(try_map(shared(), PROTECTION_READ_EXECUTE), STATUS_PROTECTION_REFUSED);
}

static void child_cannot_write(void)
{
	uint64_t address = pages_map(shared(), PAGE_BYTES, PROTECTION_READ_EXECUTE);

	CHECK_STATUS(try_map(shared(), PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_WRITE), STATUS_SEALED);
}

/* One writes, the other executes: never both. */
static void across_processes(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);
	struct child_request seals = request("child_cannot_seal", object);
	struct child_request writes = request("child_cannot_write", object);

	child_must_pass(&seals);
	pages_unmap(address, PAGE_BYTES);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	child_must_pass(&writes);
	CHECK_STATUS(try_map(object, PROTECTION_READ_WRITE), STATUS_SEALED);
}

static void child_holds_writable(void)
{
	uint64_t address = pages_map(shared(), PAGE_BYTES, PROTECTION_READ_WRITE);

	*pages_at(address) = 1;
	for (;;)
		;
}

/* A writable mapping in a living child is a writable mapping; when it is killed it is none. */
static void writable_in_child(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ);
	struct child_request child = request("child_holds_writable", object);
	struct process_handle_client process = child_start(&child);
	struct child_end end;

	while (*pages_at(address) == 0)
		(void)capos_flush();
	CHECK_STATUS(memory_object_seal(object), STATUS_WRITABLE_MAPPING);
	CHECK_STATUS(process_handle_kill(process), STATUS_OK);
	end = child_wait(process);
	CHECK_EQUAL(end.which, EXIT_RECORD_KILLED);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	CHECK_EQUAL(*pages_at(address), 1);
}

/* Fill all the memory there is to have with a pattern, and end. */
static void fill(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		struct memory_object_client object = {};
		uint64_t address;

		if (virtual_memory_create_object(test_memory(), 1 << 18, &object) != STATUS_OK)
			break;
		address = pages_map(object, 1 << 18, PROTECTION_READ_WRITE);
		memset((void *)address, 0xa5, 1 << 18);
	}
}

/* Everything a process gets is zero, whoever had it before. */
static void only_zeros(void)
{
	static uint8_t bss[32768];
	uint64_t address;
	struct memory_object_client object;

	for (uint32_t i = 0; i < sizeof(bss); i++)
		CHECK_EQUAL(bss[i], 0);
	for (uint32_t block = 0; block < 56; block++) {
		const uint64_t *words;

		object = pages_create(1 << 18);
		address = pages_map(object, 1 << 18, PROTECTION_READ_WRITE);
		words = (const uint64_t *)address;
		for (uint32_t i = 0; i < (1 << 18) / 8; i++)
			if (words[i] != 0)
				test_fail("not zero", "block %u word %u: %lx", block, i,
					  words[i]);
	}
	CHECK_STATUS(virtual_memory_reserve(test_memory(), 1 << 18, &address), STATUS_OK);
	CHECK_STATUS(virtual_memory_commit(test_memory(), address, 1 << 18), STATUS_OK);
	for (uint32_t i = 0; i < (1 << 18) / 8; i++)
		CHECK_EQUAL(((const uint64_t *)address)[i], 0);
}

/* What lies behind the CapSet in its page, and under the stack pointer: zeros. */
static void start_is_clean(void)
{
	const struct entry_thread_block *block = capos_thread_block();
	const uint8_t *capset = (const uint8_t *)block->runtime[CAPOS_RUNTIME_CAPSET];
	uint64_t end = ((uint64_t)capset + block->runtime[CAPOS_RUNTIME_CAPSET_BYTES] + 4095) &
		       ~4095ULL;
	uint64_t here = (uint64_t)__builtin_frame_address(0);

	for (const uint8_t *byte = capset + block->runtime[CAPOS_RUNTIME_CAPSET_BYTES];
	     (uint64_t)byte < end; byte++)
		CHECK_EQUAL(*byte, 0);
	CHECK_EQUAL(block->self, (uint64_t)block);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQUAL(block->reserved[i], 0);
	CHECK(block->canary != 0 && (block->canary & 0xff) == 0);
	/* A page that nothing used yet, well below. */
	for (uint64_t at = here - 16384; at < here - 12288; at += 8)
		CHECK_EQUAL(*(const uint64_t *)at, 0);
}

/* A sealed object from the kernel is as sealed as any, and nothing but the manifest
 * is in it. */
static void manifest(void)
{
	struct boot_package_client boot = { test_capability("boot",
							    BOOT_PACKAGE_INTERFACE_ID) };
	struct memory_object_client object;
	uint64_t size = 0;
	uint64_t bytes = 0;
	uint64_t address;
	bool sealed = false;

	CHECK_STATUS(boot_package_manifest(boot, &object, &bytes), STATUS_OK);
	CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
	CHECK(sealed && bytes > 0 && bytes <= size && size - bytes < PAGE_BYTES);
	CHECK_STATUS(try_map(object, PROTECTION_READ_WRITE), STATUS_SEALED);
	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, size, PROTECTION_READ, 0,
					false, &address),
		     STATUS_OK);
	CHECK_STATUS(protect(address, 1, PROTECTION_READ_WRITE), STATUS_SEALED);
	for (uint64_t i = bytes; i < size; i++)
		CHECK_EQUAL(*pages_at(address + i), 0);
}

#define PASSES(name)                                                      \
	{                                                                 \
		#name, name,                                              \
		{                                                         \
			.grants = TEST_SPAWNER | TEST_BOOT, .threads = 4, \
			.memory_bytes = BLOCK                             \
		}                                                         \
	}

static const struct test_case cases[] = {
	PASSES(one_mapping),
	PASSES(write_again),
	PASSES(pieces),
	PASSES(image),
	PASSES(execute),
	PASSES(shared_with_child),
	PASSES(across_processes),
	PASSES(writable_in_child),
	{ "fill", fill, { .memory_bytes = 16 << 20 } },
	{ "only_zeros", only_zeros, { .memory_bytes = 16 << 20 } },
	PASSES(start_is_clean),
	PASSES(manifest),
	HELPER(child_writes),
	HELPER(child_cannot_seal),
	HELPER(child_cannot_write),
	HELPER(child_holds_writable),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
