// SPDX-License-Identifier: MIT
/* What the rows of fault_injection_test.c have in common.  See fault_rows.h. */
#include "tests/host/fault_rows.h"

enum status enter_one(void)
{
	struct ring_completion completion;
	struct entered entered = program_enter(&first, 0, RING_NO_WAIT);

	if (entered.end == FAKE_HAL_POWER_OFF || entered.end == FAKE_HAL_RESET)
		return STATUS_OK;
	assert_true(entered.returned);
	assert_int_equal(entered.status, STATUS_OK);
	if (!program_read(&first, &completion))
		return STATUS_OK;
	return (enum status) - completion.status;
}

enum status submit_one(struct request *request)
{
	request_submit(&first, request);
	return enter_one();
}

enum status call_plain(uint64_t target, uint16_t method)
{
	struct request request;

	request_init_big(&request, target, method);
	(void)message_builder_root(&request.params, 0, 0);
	return submit_one(&request);
}
