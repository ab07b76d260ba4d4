// SPDX-License-Identifier: MIT
/*
 * VirtualMemory and MemoryObject: every status of the schema, and what each call leaves behind.
 * The rules about writable and executable pages are in tests/program/seal.c.
 */
#include "tests/program/pages.h"
#include "tests/program/submit.h"

#include "schema/audit.client.h"

constexpr uint64_t ODD = 0x10000000; /* an address where nothing is */
constexpr uint64_t USER_END = 0x0000800000000000;
constexpr uint32_t CHURN = 10000;

static enum status map_at(struct memory_object_client object, uint64_t offset, uint64_t length,
			  uint64_t address)
{
	uint64_t mapped;

	return virtual_memory_map(test_memory(), object, offset, length, PROTECTION_READ,
				  address, true, &mapped);
}

static enum status create(uint64_t bytes, struct memory_object_client *out)
{
	return virtual_memory_create_object(test_memory(), bytes, out);
}

static void create_sizes(void)
{
	static const uint64_t wrong[] = { 0,          MAX_MEMORY_OBJECT_BYTES + 1, 1ULL << 32,
					  1ULL << 63, UINT64_MAX - 4095,           UINT64_MAX };
	static const uint64_t right[] = { 1, 4095, 4096, 4097, 65536 };
	struct memory_object_client object;
	uint64_t size;
	bool sealed = true;

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		test_note("%lx bytes", wrong[i]);
		CHECK_STATUS(create(wrong[i], &object), STATUS_INVALID_ARGUMENT);
	}
	for (uint32_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		CHECK_STATUS(create(right[i], &object), STATUS_OK);
		CHECK_STATUS(memory_object_info(object, &size, &sealed), STATUS_OK);
		CHECK_EQUAL(size, (right[i] + 4095) & ~4095ULL);
		CHECK(!sealed);
	}
	CHECK_STATUS(create(MAX_MEMORY_OBJECT_BYTES, &object), STATUS_OUT_OF_MEMORY);
}

static void map_arguments(void)
{
	struct memory_object_client object = pages_create(3 * PAGE_BYTES);
	static const uint64_t wrong[][3] = {
		/* offset, length, address */
		{ 1, 4096, 0 },
		{ 4095, 4096, 0 },
		{ 0, 0, 0 },
		{ 0, 1, 0 },
		{ 0, 4095, 0 },
		{ 0, 4097, 0 },
		{ 0, 16384, 0 },
		{ 4096, 12288, 0 },
		{ 12288, 4096, 0 },
		{ 0, MAX_MEMORY_OBJECT_BYTES + 4096, 0 },
		{ 0, 0xfffffffffffff000, 0 },
		{ 0xfffffffffffff000, 4096, 0 },
		{ 0xfffffffffffff000, 8192, 0 },
		{ 4096, 0xfffffffffffff000, 0 },
		{ 0, 4096, ODD + 1 },
		{ 0, 4096, ODD + 2048 },
		{ 0, 4096, USER_END },
		{ 0, 8192, USER_END - 4096 },
		{ 0, 4096, 0xffff800000000000 },
		{ 0, 4096, 0xffffffff80000000 },
		{ 0, 4096, 0xfffffffffffff000 },
		{ 0, 8192, 0xfffffffffffff000 },
		{ 0, 4096, 1ULL << 63 },
	};

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		test_note("map %lx + %lx at %lx", wrong[i][0], wrong[i][1], wrong[i][2]);
		CHECK_STATUS(map_at(object, wrong[i][0], wrong[i][1], wrong[i][2]),
			     STATUS_INVALID_ARGUMENT);
	}
	CHECK_STATUS(map_at(object, 0, 12288, ODD), STATUS_OK);
	CHECK_STATUS(map_at(object, 8192, 4096, ODD + 12288), STATUS_OK);
}

static void map_revocable(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address;

	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, PAGE_BYTES, PROTECTION_READ,
					0, false, &address),
		     STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, PAGE_BYTES, PROTECTION_READ,
					0, false, &address),
		     STATUS_OK);
}

static void map_protections(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address;

	for (uint32_t protection = PROTECTION_COUNT; protection <= UINT16_MAX;
	     protection += protection < 300 ? 1 : 211) {
		test_note("protection %u", protection);
		CHECK(pages_try_map(object, PAGE_BYTES, (enum protection)protection,
				    &address) != STATUS_OK);
	}
}

static uint64_t page_of(const void *address)
{
	return (uint64_t)address & ~4095ULL;
}

/* What a program already has cannot be mapped over. */
static void map_over(void)
{
	struct memory_object_client object = pages_create(4 * PAGE_BYTES);
	static uint64_t word = 1;
	uint64_t reserved;
	uint64_t local = 7;
	const uint64_t used[] = {
		page_of((const void *)map_over),
		page_of((const void *)&word),
		page_of((const void *)&local),
		page_of(capos_ring()),
		page_of(capos_thread_block()),
		page_of((const void *)capos_thread_block()->runtime[CAPOS_RUNTIME_CAPSET]),
		page_of(test_report),
	};

	for (uint32_t i = 0; i < sizeof(used) / sizeof(used[0]); i++) {
		test_note("%lx", used[i]);
		CHECK_STATUS(map_at(object, 0, PAGE_BYTES, used[i]), STATUS_ADDRESS_IN_USE);
		CHECK_STATUS(map_at(object, 0, 2 * PAGE_BYTES, used[i] - PAGE_BYTES),
			     STATUS_ADDRESS_IN_USE);
	}
	CHECK_STATUS(virtual_memory_reserve(test_memory(), 4 * PAGE_BYTES, &reserved),
		     STATUS_OK);
	CHECK_STATUS(map_at(object, 0, PAGE_BYTES, reserved + PAGE_BYTES),
		     STATUS_ADDRESS_IN_USE);
	CHECK_STATUS(map_at(object, 0, 3 * PAGE_BYTES, ODD + PAGE_BYTES), STATUS_OK);
	CHECK_STATUS(map_at(object, 0, PAGE_BYTES, ODD + 2 * PAGE_BYTES),
		     STATUS_ADDRESS_IN_USE);
	CHECK_STATUS(map_at(object, 0, 4 * PAGE_BYTES, ODD), STATUS_ADDRESS_IN_USE);
	CHECK_STATUS(map_at(object, 0, PAGE_BYTES, ODD), STATUS_OK);
	__asm__ volatile("" : "+m"(local), "+m"(word));
	CHECK(local == 7 && word == 1);
}

static void check_range(uint64_t address, uint64_t length, enum status expected)
{
	test_note("%lx + %lx", address, length);
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, length), expected);
}

static void unmap_arguments(void)
{
	static const uint64_t wrong[][2] = {
		{ ODD + 1, 4096 },
		{ ODD, 0 },
		{ ODD, 1 },
		{ ODD, 4097 },
		{ ODD, MAX_MEMORY_OBJECT_BYTES + 4096 },
		{ ODD, 0xfffffffffffff000 },
		{ 0xfffffffffffff000, 8192 },
		{ 0xfffffffffffff000, 4096 },
		{ USER_END, 4096 },
		{ USER_END - 4096, 8192 },
		{ 0xffffffff80000000, 4096 },
	};

	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		enum status status;

		check_range(wrong[i][0], wrong[i][1], STATUS_INVALID_ARGUMENT);
		status = virtual_memory_protect(test_memory(), wrong[i][0], wrong[i][1],
						PROTECTION_READ);
		CHECK_STATUS(status, STATUS_INVALID_ARGUMENT);
		status = virtual_memory_commit(test_memory(), wrong[i][0], wrong[i][1]);
		CHECK_STATUS(status, STATUS_INVALID_ARGUMENT);
	}
	check_range(ODD, 4096, STATUS_NOT_MAPPED);
	CHECK_STATUS(virtual_memory_protect(test_memory(), ODD, 4096, PROTECTION_READ),
		     STATUS_NOT_MAPPED);
	CHECK_STATUS(virtual_memory_commit(test_memory(), ODD, 4096), STATUS_NOT_MAPPED);
}

static void refuse_all(uint64_t address, uint64_t length)
{
	struct virtual_memory_client memory = test_memory();
	enum status status;

	check_range(address, length, STATUS_PROTECTION_REFUSED);
	for (uint16_t protection = 0; protection < PROTECTION_COUNT; protection++) {
		status = virtual_memory_protect(memory, address, length,
						(enum protection)protection);
		if (status != STATUS_NOT_MAPPED)
			CHECK_STATUS(status, STATUS_PROTECTION_REFUSED);
	}
	CHECK_STATUS(virtual_memory_commit(memory, address, length), STATUS_NOT_MAPPED);
}

/* The ring block and the CapSet stay where they are and as they are. */
static void ring_and_capset(void)
{
	uint64_t ring = (uint64_t)capos_ring();
	uint64_t capset = page_of((const void *)capos_thread_block()->runtime[1]);

	refuse_all(ring, capos_ring()->block_bytes);
	refuse_all(ring, PAGE_BYTES);
	refuse_all(ring + PAGE_BYTES, PAGE_BYTES);
	refuse_all(ring + capos_ring()->block_bytes - PAGE_BYTES, PAGE_BYTES);
	refuse_all(capset, PAGE_BYTES);
	/* With what lies before and behind, mapped or not. */
	check_range(ring - PAGE_BYTES, 2 * PAGE_BYTES, STATUS_PROTECTION_REFUSED);
	check_range(capset - PAGE_BYTES, 3 * PAGE_BYTES, STATUS_PROTECTION_REFUSED);
	CHECK_STATUS(submit_do_status((struct ring_submission){}), STATUS_OK);
}

/* A range refused for its end was not begun. */
static void unmap_is_all_or_nothing(void)
{
	uint64_t ring = (uint64_t)capos_ring();
	struct memory_object_client object = pages_create(PAGE_BYTES);

	if (map_at(object, 0, PAGE_BYTES, ring - PAGE_BYTES) != STATUS_OK)
		test_skip("something lies before the ring block");
	CHECK_EQUAL(*pages_at(ring - PAGE_BYTES), 0);
	check_range(ring - PAGE_BYTES, 2 * PAGE_BYTES, STATUS_PROTECTION_REFUSED);
	CHECK_EQUAL(*pages_at(ring - PAGE_BYTES), 0);
}

static void protect_ranges(void)
{
	struct virtual_memory_client memory = test_memory();
	struct memory_object_client object = pages_create(4 * PAGE_BYTES);

	CHECK_STATUS(map_at(object, 0, 2 * PAGE_BYTES, ODD), STATUS_OK);
	CHECK_STATUS(map_at(object, 0, 2 * PAGE_BYTES, ODD + 3 * PAGE_BYTES), STATUS_OK);
	CHECK_STATUS(virtual_memory_protect(memory, ODD + PAGE_BYTES, 2 * PAGE_BYTES,
					    PROTECTION_READ_WRITE),
		     STATUS_NOT_MAPPED);
	CHECK_STATUS(virtual_memory_protect(memory, ODD, 5 * PAGE_BYTES, PROTECTION_READ_WRITE),
		     STATUS_NOT_MAPPED);
	CHECK_STATUS(virtual_memory_protect(memory, ODD, PAGE_BYTES, PROTECTION_READ_EXECUTE),
		     STATUS_PROTECTION_REFUSED);
	CHECK_STATUS(virtual_memory_protect(memory, ODD, 2 * PAGE_BYTES, PROTECTION_READ_WRITE),
		     STATUS_OK);
	*pages_at(ODD + PAGE_BYTES) = 5;
	/* Both mappings show the same page. */
	CHECK_EQUAL(*pages_at(ODD + 4 * PAGE_BYTES), 5);
	CHECK_STATUS(virtual_memory_protect(memory, ODD, PAGE_BYTES, (enum protection)4) ==
				     STATUS_OK
			     ? STATUS_OK
			     : STATUS_INVALID_ARGUMENT,
		     STATUS_INVALID_ARGUMENT);
}

static void reserve_and_commit(void)
{
	struct virtual_memory_client memory = test_memory();
	uint64_t address;
	enum status again;

	CHECK_STATUS(virtual_memory_reserve(memory, 0, &address), STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(virtual_memory_reserve(memory, 4095, &address), STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(virtual_memory_reserve(memory, MAX_MEMORY_OBJECT_BYTES + 4096, &address),
		     STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(virtual_memory_reserve(memory, UINT64_MAX - 4095, &address),
		     STATUS_INVALID_ARGUMENT);
	CHECK_STATUS(virtual_memory_reserve(memory, 8 * PAGE_BYTES, &address), STATUS_OK);
	CHECK_STATUS(virtual_memory_commit(memory, address + 7 * PAGE_BYTES, 2 * PAGE_BYTES),
		     STATUS_NOT_MAPPED);
	CHECK_STATUS(virtual_memory_commit(memory, address - PAGE_BYTES, 2 * PAGE_BYTES),
		     STATUS_NOT_MAPPED);
	CHECK_STATUS(virtual_memory_commit(memory, address + 2 * PAGE_BYTES, 2 * PAGE_BYTES),
		     STATUS_OK);
	for (uint32_t i = 0; i < 2 * PAGE_BYTES; i++)
		CHECK_EQUAL(*pages_at(address + 2 * PAGE_BYTES + i), 0);
	*pages_at(address + 2 * PAGE_BYTES) = 9;
	again = virtual_memory_commit(memory, address + 2 * PAGE_BYTES, PAGE_BYTES);
	CHECK_STATUS(again, STATUS_NOT_MAPPED);
	CHECK_EQUAL(*pages_at(address + 2 * PAGE_BYTES), 9);
	CHECK_STATUS(virtual_memory_unmap(memory, address, 8 * PAGE_BYTES), STATUS_OK);
	CHECK_STATUS(virtual_memory_unmap(memory, address, 8 * PAGE_BYTES), STATUS_NOT_MAPPED);
}

/* Ten thousand times in and out: nothing is left (the runner looks at the books). */
static void churn(void)
{
	struct memory_object_client object = pages_create(4 * PAGE_BYTES);

	for (uint32_t i = 0; i < CHURN; i++) {
		uint64_t address = pages_map(object, 4 * PAGE_BYTES, PROTECTION_READ_WRITE);

		*pages_at(address + (i & 3) * PAGE_BYTES) = (uint8_t)i;
		pages_unmap(address, 4 * PAGE_BYTES);
	}
}

/* As many mappings as may be, in every place; then none; then as many again. */
static uint32_t map_until_full(struct memory_object_client object)
{
	uint32_t count = 0;
	enum status status;

	while ((status = map_at(object, 0, PAGE_BYTES, ODD + 2ULL * count * PAGE_BYTES)) ==
	       STATUS_OK) {
		CHECK_EQUAL(*pages_at(ODD + 2ULL * count * PAGE_BYTES), 77);
		count++;
		CHECK(count <= MAX_MAPPINGS);
	}
	CHECK_STATUS(status, STATUS_TOO_MANY_MAPPINGS);
	return count;
}

static void mapping_limit(void)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);
	uint32_t count;

	*pages_at(address) = 77;
	count = map_until_full(object);
	CHECK(count > MAX_MAPPINGS / 2);
	CHECK_STATUS(virtual_memory_reserve(test_memory(), PAGE_BYTES, &address),
		     STATUS_TOO_MANY_MAPPINGS);
	/* One call can remove them all. */
	pages_unmap(ODD, 2ULL * count * PAGE_BYTES);
	CHECK_EQUAL(map_until_full(object), count);
	for (uint32_t i = 0; i < count; i++)
		pages_unmap(ODD + 2ULL * i * PAGE_BYTES, PAGE_BYTES);
	check_range(ODD, 2ULL * count * PAGE_BYTES, STATUS_NOT_MAPPED);
}

/* A hole makes two mappings of one; when that is one too many nothing is unmapped. */
static void hole_at_the_limit(void)
{
	struct virtual_memory_client memory = test_memory();
	struct memory_object_client big = pages_create(3 * PAGE_BYTES);
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(big, 3 * PAGE_BYTES, PROTECTION_READ_WRITE);
	uint64_t first = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);

	*pages_at(first) = 77;
	(void)map_until_full(object);
	for (uint32_t i = 0; i < 3; i++)
		*pages_at(address + i * PAGE_BYTES) = (uint8_t)(i + 1);
	CHECK_STATUS(virtual_memory_unmap(memory, address + PAGE_BYTES, PAGE_BYTES),
		     STATUS_TOO_MANY_MAPPINGS);
	CHECK_STATUS(virtual_memory_protect(memory, address + PAGE_BYTES, PAGE_BYTES,
					    PROTECTION_READ),
		     STATUS_TOO_MANY_MAPPINGS);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQUAL(*pages_at(address + i * PAGE_BYTES), i + 1);
		*pages_at(address + i * PAGE_BYTES) = 9;
	}
	pages_unmap(ODD, PAGE_BYTES);
	pages_unmap(address + PAGE_BYTES, PAGE_BYTES);
	CHECK_EQUAL(*pages_at(address + 2 * PAGE_BYTES), 9);
}

/* Take all the account has, give it back, take as much again. */
static uint32_t exhaust(struct memory_object_client *objects, uint32_t room)
{
	enum status status = STATUS_OK;
	uint32_t count = 0;

	while (count < room && (status = create(1 << 18, &objects[count])) == STATUS_OK)
		count++;
	CHECK_STATUS(status, STATUS_OUT_OF_MEMORY);
	return count;
}

static void account_limit(void)
{
	static struct memory_object_client objects[64];
	uint32_t count = exhaust(objects, 64);
	uint64_t address;

	CHECK(count > 4 && count < 32); /* of 8 MiB, each 256 KiB */
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < count; i++) {
			address = pages_map(objects[i], 1 << 18, PROTECTION_READ_WRITE);
			memset((void *)address, 0xee, 1 << 18);
			pages_unmap(address, 1 << 18);
			CHECK_STATUS(submit_do_status(submit_release(objects[i].id)),
				     STATUS_OK);
		}
		CHECK_EQUAL(exhaust(objects, 64), count);
	}
	CHECK_STATUS(virtual_memory_reserve(test_memory(), 1 << 20, &address), STATUS_OK);
	CHECK_STATUS(virtual_memory_commit(test_memory(), address, 1 << 20),
		     STATUS_OUT_OF_MEMORY);
}

/* What is given back can be had again at once, however large it was. */
static void back_at_once(void)
{
	for (uint32_t i = 0; i < 8; i++) {
		struct memory_object_client object = pages_create(4 << 20);
		uint64_t address = pages_map(object, 4 << 20, PROTECTION_READ_WRITE);

		for (uint32_t page = 0; page < 1024; page++)
			*pages_at(address + page * PAGE_BYTES) = 1;
		CHECK_STATUS(submit_do_status(submit_release(object.id)), STATUS_OK);
		pages_unmap(address, 4 << 20);
	}
}

/* One object seen through several mappings is one memory; offsets are where they say. */
static void shared_mappings(void)
{
	struct memory_object_client object = pages_create(16 * PAGE_BYTES);
	uint64_t all = pages_map(object, 16 * PAGE_BYTES, PROTECTION_READ_WRITE);
	uint64_t part;

	for (uint32_t i = 0; i < 16; i++)
		*pages_at(all + i * PAGE_BYTES) = (uint8_t)(i + 1);
	for (uint32_t i = 0; i < 16; i++) {
		CHECK_STATUS(virtual_memory_map(test_memory(), object, i * PAGE_BYTES,
						PAGE_BYTES, PROTECTION_READ, 0, true, &part),
			     STATUS_OK);
		CHECK_EQUAL(*pages_at(part), i + 1);
		pages_unmap(part, PAGE_BYTES);
	}
	/* Holes: each page goes by itself, the others stay. */
	for (uint32_t i = 0; i < 16; i += 2)
		pages_unmap(all + i * PAGE_BYTES, PAGE_BYTES);
	for (uint32_t i = 1; i < 16; i += 2)
		CHECK_EQUAL(*pages_at(all + i * PAGE_BYTES), i + 1);
}

#define PASSES(name)                         \
	{                                    \
		#name, name,                 \
		{                            \
			.grants = TEST_TIMER \
		}                            \
	}

static const struct test_case cases[] = {
	PASSES(create_sizes),
	PASSES(map_arguments),
	PASSES(map_revocable),
	PASSES(map_protections),
	PASSES(map_over),
	PASSES(unmap_arguments),
	PASSES(ring_and_capset),
	PASSES(unmap_is_all_or_nothing),
	PASSES(protect_ranges),
	PASSES(reserve_and_commit),
	PASSES(churn),
	PASSES(mapping_limit),
	PASSES(hole_at_the_limit),
	{ "account_limit", account_limit, { .memory_bytes = 8 << 20 } },
	{ "back_at_once", back_at_once, { .memory_bytes = 6 << 20 } },
	PASSES(shared_mappings),
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
