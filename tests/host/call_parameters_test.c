// SPDX-License-Identifier: MIT
/*
 * Host test of call_read_flat(): parameters that are not as this schema's builder makes them
 * mean the same, and end where their span does.
 */
#include "tests/host/kernel_calls.h"

#include <string.h>

static struct reply reply;
static struct request request;

/* Unmap page number `page` with parameters as a program of another version has them. */
static enum status unmap_otherwise(uint64_t page, uint16_t data_words, uint16_t pointers)
{
	struct struct_builder b;

	request_init_big(&request, program_capability(&first, "memory"),
			 VIRTUAL_MEMORY_UNMAP_METHOD);
	b = message_builder_root(&request.params, data_words, pointers);
	struct_builder_set_uint64(b, 0, page * PAGE_SIZE);
	if (data_words > 1)
		struct_builder_set_uint64(b, 8, PAGE_SIZE);
	return call_now(&first, &request, &reply);
}

/* The same with a struct that does not begin right behind the root. */
static enum status unmap_elsewhere(uint64_t page)
{
	const uint64_t words[] = { UINT64_C(2) << 32 | 1 << 2, 0, page * PAGE_SIZE, PAGE_SIZE };

	request_init_big(&request, program_capability(&first, "memory"),
			 VIRTUAL_MEMORY_UNMAP_METHOD);
	memcpy(request.words, words, sizeof(words));
	request.params.used_words = 4;
	return call_now(&first, &request, &reply);
}

static void parameters_of_other_versions_are_understood(void **)
{
	struct mapping_request what = { .length_bytes = PAGE_SIZE };
	uint64_t page = UINT64_C(0x50000);

	assert_int_equal(create_object(&first, PAGE_SIZE, &what.memory), STATUS_OK);
	for (uint64_t i = 0; i < 4; i++) {
		what.address = (page + i) * PAGE_SIZE;
		assert_int_equal(map_object(&first, what, &what.address), STATUS_OK);
	}
	assert_int_equal(unmap_otherwise(page, 2, 0), STATUS_OK);
	assert_int_equal(unmap_otherwise(page + 1, 3, 0), STATUS_OK);
	assert_int_equal(unmap_otherwise(page + 2, 4, 2), STATUS_OK);
	/* An older one says no length. */
	assert_int_equal(unmap_otherwise(page + 3, 1, 0), STATUS_INVALID_ARGUMENT);
	assert_int_equal(unmap_elsewhere(page + 3), STATUS_OK);
	assert_int_equal(unmap_otherwise(page + 3, 2, 0), STATUS_NOT_MAPPED);
}

/* The fields lie past the end of the span, though inside the arena. */
static void parameters_end_with_their_span(void **)
{
	struct mapping_request what = { .length_bytes = PAGE_SIZE };

	assert_int_equal(create_object(&first, PAGE_SIZE, &what.memory), STATUS_OK);
	what.address = UINT64_C(0x50000000);
	assert_int_equal(map_object(&first, what, &what.address), STATUS_OK);
	for (uint32_t length = 0; length < 24; length += 8) {
		struct virtual_memory_unmap_params_builder params;

		request_init_big(&request, program_capability(&first, "memory"),
				 VIRTUAL_MEMORY_UNMAP_METHOD);
		params = virtual_memory_unmap_params_init_root(&request.params);
		virtual_memory_unmap_params_set_address(params, what.address);
		virtual_memory_unmap_params_set_length_bytes(params, PAGE_SIZE);
		memcpy(first.arena, request.words, message_builder_finish(&request.params));
		request.entry.param_length = length;
		assert_int_equal(program_one(&first, &request.entry), STATUS_MALFORMED_MESSAGE);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kernel_setup, kernel_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parameters_of_other_versions_are_understood),
		TEST(parameters_end_with_their_span),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
