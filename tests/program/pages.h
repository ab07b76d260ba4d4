// SPDX-License-Identifier: MIT
#pragma once
/*
 * Memory by hand: objects, mappings, executable pages.  What is expected to work fails the case
 * when it does not; the statuses under test are asked for through the plain clients.
 */
#include "tests/program/test.h"

static inline struct memory_object_client pages_create(uint64_t bytes)
{
	struct memory_object_client object = {};

	CHECK_STATUS(virtual_memory_create_object(test_memory(), bytes, &object), STATUS_OK);
	CHECK(object.id != 0);
	return object;
}

/* Map where the kernel likes, revocable allowed; the status of VirtualMemory.map. */
static inline enum status pages_try_map(struct memory_object_client object, uint64_t bytes,
					enum protection protection, uint64_t *out_address)
{
	return virtual_memory_map(test_memory(), object, 0, bytes, protection, 0, true,
				  out_address);
}

static inline uint64_t pages_map(struct memory_object_client object, uint64_t bytes,
				 enum protection protection)
{
	uint64_t address = 0;

	CHECK_STATUS(pages_try_map(object, bytes, protection, &address), STATUS_OK);
	CHECK(address != 0 && address % PAGE_BYTES == 0);
	return address;
}

static inline void pages_unmap(uint64_t address, uint64_t bytes)
{
	CHECK_STATUS(virtual_memory_unmap(test_memory(), address, bytes), STATUS_OK);
}

static inline volatile uint8_t *pages_at(uint64_t address)
{
	return (volatile uint8_t *)address;
}

/* A sealed object of one page that holds `code` at `offset`. */
static inline struct memory_object_client pages_code(const void *code, uint32_t size,
						     uint32_t offset)
{
	struct memory_object_client object = pages_create(PAGE_BYTES);
	uint64_t address = pages_map(object, PAGE_BYTES, PROTECTION_READ_WRITE);

	memcpy((void *)(address + offset), code, size);
	pages_unmap(address, PAGE_BYTES);
	CHECK_STATUS(memory_object_seal(object), STATUS_OK);
	return object;
}
