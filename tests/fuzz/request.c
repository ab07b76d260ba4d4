// SPDX-License-Identifier: MIT
/*
 * The schema compiler: a CodeGeneratorRequest.  What it accepts, it accepts again and generates
 * the same files; what it refuses, it says why.
 */
#include "tools/capnpc-capos/compile.h"
#include "tools/capnpc-capos/output.h"
#include "tools/capnpc-capos/report.h"

#include "tests/fuzz/support/fuzz.h"

#include <stdlib.h>

/* Longer ones take longer and reach nothing more. */
constexpr size_t INPUT_MAX = 1 << 16;

/* Compile once: whether it was accepted, a sum over all that was generated, and what was said.
 */
struct outcome {
	bool accepted;
	uint64_t sum;
	size_t said;
};

static struct outcome compile_once(const uint8_t *data, size_t size)
{
	static struct schema schema;
	struct outcome outcome = {};
	char *messages = nullptr;
	FILE *to = open_memstream(&messages, &outcome.said);

	require(to != nullptr);
	report_to(to);
	schema = (struct schema){};
	outcome.accepted = request_parse(&schema.request, data, size);
	if (!outcome.accepted)
		report_request("no request");
	outcome.accepted = outcome.accepted && compile(&schema);
	outcome.sum = output_sum();
	compile_reset();
	report_to(nullptr);
	require(fclose(to) == 0);
	free(messages);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome first, second;

	if (size > INPUT_MAX)
		return 0;
	first = compile_once(data, size);
	require(first.accepted == (first.said == 0));
	if (!first.accepted)
		return 0;
	second = compile_once(data, size);
	require(second.accepted && second.sum == first.sum);
	return 0;
}
