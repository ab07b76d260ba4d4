// SPDX-License-Identifier: MIT
/*
 * Capabilities: what is no capability of this process, what was one, and what is one of another
 * interface.  An id that does not name a live slot of the caller's own table never works.
 */
#include "tests/program/child.h"
#include "tests/program/submit.h"

#include "schema/audit.client.h"
#include "schema/boot_package.client.h"
#include "schema/entropy.client.h"

constexpr uint32_t REUSES = 10000;

static uint64_t old_ids[REUSES];

static enum status use(uint64_t id)
{
	uint64_t now;

	return timer_now((struct timer_client){ id }, &now);
}

/* Whether an id is one of those that this process was started with. */
static bool is_own(uint64_t id)
{
	uint64_t own;
	uint64_t interface_id;
	struct capos_text name;

	for (uint32_t i = 0; capos_capability_at(i, &name, &own, &interface_id); i++)
		if (own == id)
			return true;
	return false;
}

static void flipped(void)
{
	uint64_t timer = submit_timer();

	for (uint32_t first = 0; first < 64; first++)
		for (uint32_t second = first; second < 64; second++) {
			uint64_t id = timer ^ 1ULL << first;

			if (second != first)
				id ^= 1ULL << second;
			test_note("%lx for %lx", id, timer);
			if (!is_own(id))
				CHECK_STATUS(use(id), STATUS_BAD_CAPABILITY);
		}
	CHECK_STATUS(use(timer), STATUS_OK);
}

static void forged(void)
{
	uint64_t random = 0x5eed0003;

	for (uint64_t id = 0; id < 1024; id++) {
		test_note("%lx", id);
		if (!is_own(id))
			CHECK_STATUS(use(id), STATUS_BAD_CAPABILITY);
	}
	for (uint32_t i = 0; i < 5000; i++) {
		uint64_t id = test_random(&random);

		test_note("%lx", id);
		CHECK_STATUS(use(id), STATUS_BAD_CAPABILITY);
		CHECK_STATUS(submit_do_status(submit_release(id)), STATUS_BAD_CAPABILITY);
	}
}

static void extremes(void)
{
	static const uint64_t ids[] = { 0, UINT32_MAX, 1ULL << 32, 1ULL << 63, UINT64_MAX };

	for (uint32_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct ring_submission call = submit_now(submit_timer());

		if (is_own(ids[i]))
			continue;
		call.target = ids[i];
		CHECK_STATUS(submit_do_status(call), STATUS_BAD_CAPABILITY);
		CHECK_STATUS(submit_do_status(submit_release(ids[i])), STATUS_BAD_CAPABILITY);
	}
}

static void released(void)
{
	uint64_t timer = submit_timer();

	CHECK_STATUS(submit_do_status(submit_release(timer)), STATUS_OK);
	CHECK_STATUS(use(timer), STATUS_BAD_CAPABILITY);
	CHECK_STATUS(submit_do_status(submit_release(timer)), STATUS_BAD_CAPABILITY);
	CHECK_STATUS(use(timer), STATUS_BAD_CAPABILITY);
}

/* Released in the same batch: the entry before works, the entry after does not. */
static void released_in_batch(void)
{
	uint64_t timer = submit_timer();
	static const enum status expected[] = { STATUS_OK, STATUS_OK, STATUS_BAD_CAPABILITY,
						STATUS_BAD_CAPABILITY };
	struct ring_submission now = submit_now(timer);
	struct ring_submission release = submit_release(timer);
	struct ring_completion completion;

	submit_put(&now);
	submit_put(&release);
	submit_put(&now);
	submit_put(&release);
	CHECK_STATUS(submit_enter(4, RING_NO_DEADLINE), STATUS_OK);
	for (uint32_t i = 0; i < 4; i++) {
		CHECK(submit_take(&completion));
		CHECK_STATUS(submit_status(&completion), expected[i]);
	}
}

static struct memory_object_client make(void)
{
	struct memory_object_client object = {};

	CHECK_STATUS(virtual_memory_create_object(test_memory(), PAGE_BYTES, &object),
		     STATUS_OK);
	return object;
}

static enum status inspect(uint64_t id)
{
	uint64_t size;
	bool sealed;

	return memory_object_info((struct memory_object_client){ id }, &size, &sealed);
}

/* A slot used again gets another id, and every id it ever had stays dead. */
static void reuse(void)
{
	for (uint32_t i = 0; i < REUSES; i++) {
		old_ids[i] = make().id;
		CHECK_STATUS(submit_do_status(submit_release(old_ids[i])), STATUS_OK);
		CHECK(i == 0 || old_ids[i] != old_ids[i - 1]);
	}
	for (uint32_t live = 0; live < 2; live++) {
		struct memory_object_client object = make();

		for (uint32_t i = 0; i < REUSES; i++) {
			test_note("id %u of %u: %lx, live %lx", i, REUSES, old_ids[i],
				  object.id);
			CHECK_STATUS(inspect(old_ids[i]), STATUS_BAD_CAPABILITY);
		}
		CHECK_STATUS(inspect(object.id), STATUS_OK);
	}
}

/* Fill the table, and find every slot of it usable again. */
static void slots(void)
{
	struct memory_object_client object;
	uint32_t count = 0;
	uint32_t again = 0;
	enum status status;

	while ((status = virtual_memory_create_object(test_memory(), PAGE_BYTES, &object)) ==
		       STATUS_OK &&
	       count < REUSES)
		old_ids[count++] = object.id;
	CHECK_STATUS(status, STATUS_OUT_OF_SLOTS);
	CHECK(count > 8);
	for (uint32_t i = 0; i < count; i++)
		CHECK_STATUS(inspect(old_ids[i]), STATUS_OK);
	for (uint32_t i = 0; i < count; i++)
		CHECK_STATUS(submit_do_status(submit_release(old_ids[i])), STATUS_OK);
	while ((status = virtual_memory_create_object(test_memory(), PAGE_BYTES, &object)) ==
		       STATUS_OK &&
	       again < REUSES)
		again++;
	CHECK_STATUS(status, STATUS_OUT_OF_SLOTS);
	CHECK_EQUAL(again, count);
}

/* The limit that the spawner set counts exactly. */
static void slots_limit(void)
{
	struct memory_object_client object;
	enum status status;
	uint32_t count = capos_capability_count();

	while ((status = virtual_memory_create_object(test_memory(), PAGE_BYTES, &object)) ==
	       STATUS_OK)
		count++;
	CHECK_STATUS(status, STATUS_OUT_OF_SLOTS);
	CHECK_EQUAL(count, 20);
}

static void unknown_methods_of(uint64_t id, uint16_t count)
{
	for (uint32_t method = count; method <= UINT16_MAX; method += method < 64 ? 1 : 257) {
		struct ring_submission call = submit_now(id);

		test_note("%lx method %u", id, method);
		call.method = (uint16_t)method;
		CHECK_STATUS(submit_do_status(call), STATUS_UNKNOWN_METHOD);
	}
}

static void unknown_methods(void)
{
	unknown_methods_of(submit_timer(), TIMER_METHOD_COUNT);
	unknown_methods_of(test_memory().id, VIRTUAL_MEMORY_METHOD_COUNT);
	unknown_methods_of(make().id, MEMORY_OBJECT_METHOD_COUNT);
	unknown_methods_of(child_spawner().id, PROCESS_SPAWNER_METHOD_COUNT);
	unknown_methods_of(test_capability("audit", AUDIT_INTERFACE_ID), AUDIT_METHOD_COUNT);
	unknown_methods_of(test_capability("boot", BOOT_PACKAGE_INTERFACE_ID),
			   BOOT_PACKAGE_METHOD_COUNT);
	unknown_methods_of(test_capability("entropy", ENTROPY_SOURCE_INTERFACE_ID),
			   ENTROPY_SOURCE_METHOD_COUNT);
}

/* Every capability this process has, offered as memory: only a MemoryObject is one. */
static void wrong_interfaces(void)
{
	struct memory_object_client none = {};
	struct memory_object_client object;
	uint64_t interface_id;
	uint64_t address;
	struct capos_text name;

	for (uint32_t i = 0; capos_capability_at(i, &name, &object.id, &interface_id); i++) {
		test_note("%.*s", (int)name.size, name.data);
		if (interface_id == MEMORY_OBJECT_INTERFACE_ID)
			continue;
		CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, PAGE_BYTES,
						PROTECTION_READ, 0, true, &address),
			     STATUS_WRONG_INTERFACE);
	}
	CHECK_STATUS(virtual_memory_map(test_memory(), none, 0, PAGE_BYTES, PROTECTION_READ, 0,
					true, &address),
		     STATUS_WRONG_INTERFACE);
}

/* The ids that the CapSet names are of the interfaces it names, and there are no others. */
static void exactly_the_grants(void)
{
	static const char *const names[] = { "memory", "account", "report",  "timer",
					     "audit",  "spawner", "entropy", "boot" };
	uint64_t id;
	uint64_t interface_id;

	CHECK_EQUAL(capos_capability_count(), sizeof(names) / sizeof(names[0]));
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_STATUS(capos_find_any(names[i], strlen(names[i]), &id, &interface_id),
			     STATUS_OK);
}

/* The child: use an id that is another process's. */
static void foreign_child(void)
{
	CHECK_STATUS(use(submit_timer()), STATUS_OK);
	CHECK_STATUS(inspect(test_argument_number(1)), STATUS_BAD_CAPABILITY);
	CHECK_STATUS(use(test_argument_number(1)), STATUS_BAD_CAPABILITY);
	CHECK_STATUS(submit_do_status(submit_release(test_argument_number(1))),
		     STATUS_BAD_CAPABILITY);
}

/* Ids are numbers of one table: what is mine means nothing to my child. */
static void foreign(void)
{
	char text[24];
	struct child_request request = {
		.binary = "caps",
		.arguments = { "foreign_child", text },
		.grants = { { "report", child_report() }, { "timer", submit_timer() } },
		.memory_bytes = 1 << 20,
		.slots = 32,
		.threads = 1,
	};

	for (uint32_t i = 0; i < 24; i++) {
		uint64_t id = make().id;

		/* The child has few slots: the first ones may look alike. */
		if (i < 8)
			continue;
		(void)format(text, sizeof(text), "%lx", id);
		test_note("%s", text);
		child_must_pass(&request);
		CHECK_STATUS(inspect(id), STATUS_OK);
	}
}

/* What is mapped stays mapped when the slot is dropped, and goes when it is unmapped. */
static void dropped_while_mapped(void)
{
	struct memory_object_client object = make();
	volatile uint8_t *byte;
	uint64_t address;

	CHECK_STATUS(virtual_memory_map(test_memory(), object, 0, PAGE_BYTES,
					PROTECTION_READ_WRITE, 0, true, &address),
		     STATUS_OK);
	byte = (volatile uint8_t *)address;
	*byte = 7;
	CHECK_STATUS(submit_do_status(submit_release(object.id)), STATUS_OK);
	for (uint32_t i = 0; i < 20; i++)
		CHECK(*(volatile uint8_t *)address == 7 && make().id != object.id);
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, PAGE_BYTES), STATUS_OK);
}

#define ALL (TEST_TIMER | TEST_AUDIT | TEST_SPAWNER | TEST_ENTROPY | TEST_BOOT)
#define PASSES(name)                  \
	{                             \
		#name, name,          \
		{                     \
			.grants = ALL \
		}                     \
	}

static const struct test_case cases[] = {
	PASSES(flipped),
	PASSES(forged),
	PASSES(extremes),
	PASSES(released),
	PASSES(released_in_batch),
	PASSES(reuse),
	{ "slots", slots, { .grants = ALL, .memory_bytes = 16 << 20 } },
	{ "slots_limit", slots_limit, { .grants = ALL, .slots = 20 } },
	PASSES(unknown_methods),
	PASSES(wrong_interfaces),
	PASSES(exactly_the_grants),
	{ "foreign", foreign, { .grants = ALL, .memory_bytes = 8 << 20, .threads = 4 } },
	PASSES(dropped_while_mapped),
	{ "foreign_child", foreign_child, { .end = TEST_HELPER } },
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
