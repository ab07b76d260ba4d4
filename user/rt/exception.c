// SPDX-License-Identifier: MIT
/* Exceptions that calls end with, read for their callers.  See call.h. */
#include "lib/string.h"
#include "user/rt/call.h"

/* Read an exception; of what was cut off, what is left. */
static void read_exception(const void *bytes, uint32_t length, struct capos_exception *out)
{
	struct message_reader message;
	struct cap_exception_reader exception;
	struct text_reader reason = { .data = "" };
	uint16_t type = CAP_EXCEPTION_TYPE_FAILED;

	message_reader_init(&message, bytes, length);
	if (cap_exception_read_root(&message, &exception)) {
		type = (uint16_t)cap_exception_get_type(exception);
		reason = cap_exception_get_reason(exception);
	}
	if (type >= CAP_EXCEPTION_TYPE_COUNT)
		type = CAP_EXCEPTION_TYPE_FAILED;
	out->type = (enum cap_exception_type)type;
	out->reason_size = reason.size < CAPOS_REASON_BYTES ? reason.size : CAPOS_REASON_BYTES;
	memcpy(out->reason, reason.data, out->reason_size);
	out->reason[out->reason_size] = '\0';
}

bool capos_call_exception(struct capos_call *call, struct capos_exception *out_exception)
{
	if (call->state != CAPOS_CALL_DONE || call->status != STATUS_EXCEPTION)
		return false;
	read_exception(capos_client.arena + call->result_offset, call->length, out_exception);
	return true;
}

void capos_client_keep_exception(const void *bytes, uint32_t length)
{
	read_exception(bytes, length, &capos_client.exception);
}

void capos_short_failed(enum status status, uint32_t length)
{
	if (status == STATUS_EXCEPTION)
		read_exception(capos_client.arena + CAPOS_SHORT_OFFSET + CAPOS_SHORT_BYTES,
			       length, &capos_client.exception);
}

const struct capos_exception *capos_last_exception(void)
{
	return &capos_client.exception;
}
