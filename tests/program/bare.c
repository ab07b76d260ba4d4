// SPDX-License-Identifier: MIT
/* On a machine without a source of entropy (tests/system/test_hostile.py): a clear refusal. */
#include "tests/program/test.h"

#include "schema/entropy.client.h"

static void no_entropy(void)
{
	struct entropy_source_client entropy = {
		test_capability("entropy", ENTROPY_SOURCE_INTERFACE_ID),
	};
	struct capos_call_size size = { .result_bytes = 64 };
	struct entropy_source_read_params_builder params;
	struct entropy_source_read_results_reader results;
	struct capos_call call;

	for (uint32_t i = 0; i < 3; i++) {
		CHECK_STATUS(entropy_source_read_begin(&call, entropy, size, &params),
			     STATUS_OK);
		entropy_source_read_params_set_length_bytes(params, 16);
		CHECK_STATUS(entropy_source_read_wait(&call, &results), STATUS_NO_ENTROPY);
		capos_call_end(&call);
	}
}

static const struct test_case cases[] = {
	{ "no_entropy", no_entropy, { .grants = TEST_ENTROPY } },
};

int capos_main(void)
{
	return test_main(cases, sizeof(cases) / sizeof(cases[0]));
}
