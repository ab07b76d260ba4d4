// SPDX-License-Identifier: MIT
/* Programs that take all they can get, for ever: the neighbours of tests/program/late.c. */
#include "tests/program/child.h"
#include "tests/program/pages.h"
#include "tests/program/submit.h"

constexpr uint64_t BLOCK = 4 << 20;

static void spin(void)
{
	for (;;)
		;
}

/* Full batches of one submission, without ever waiting. */
static void batches(struct ring_submission submission)
{
	struct ring_header *header = submit_ring()->header;

	for (;;) {
		for (uint32_t i = 0; i < 32; i++)
			submit_put(&submission);
		(void)submit_enter(0, RING_NO_WAIT);
		header->cq_head = header->cq_tail;
	}
}

static void nops(void)
{
	batches((struct ring_submission){});
}

static void calls(void)
{
	batches(submit_now(submit_timer()));
}

static void errors(void)
{
	batches((struct ring_submission){ .opcode = 200, .flags = 3 });
}

/* Fault in, and give back, a thousand pages at a time. */
static void touches(void)
{
	for (;;) {
		struct memory_object_client object = pages_create(BLOCK);
		uint64_t address = pages_map(object, BLOCK, PROTECTION_READ_WRITE);
		for (uint64_t i = 0; i < BLOCK; i += PAGE_BYTES)
			*pages_at(address + i) = 1;
		capos_release(object.id);
		pages_unmap(address, BLOCK);
	}
}

/* Start processes that end at once. */
static void spawns(void)
{
	struct child_request request = {
		.binary = "tiny",
		.memory_bytes = 1 << 20,
		.slots = 8,
		.threads = 1,
	};

	for (;;)
		(void)child_run(&request);
}

static const struct test_case cases[] = {
	{ "spin", spin, {} },     { "nops", nops, {} },       { "calls", calls, {} },
	{ "errors", errors, {} }, { "touches", touches, {} }, { "spawns", spawns, {} },
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
