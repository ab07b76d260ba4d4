// SPDX-License-Identifier: MIT
#pragma once
/*
 * Raw ring entries, many at a time, as the cases about calls between processes need them.
 *
 * Completions are kept by tag until somebody asks for them, so any number of operations can be
 * under way.  Nothing here uses the runtime's calls, which would take completions that are not
 * theirs: start children first.
 *
 * Each tag below IPC_TAGS has a part of the arena: what it sends, its transfer list, what it
 * gets.  Endpoints here admit IPC_MESSAGE_BYTES and MAX_TRANSFERS, so a receive just fits.
 */
#include "tests/program/child.h"
#include "tests/program/submit.h"

constexpr uint32_t IPC_ARENA = 4096;
constexpr uint32_t IPC_TAGS = 16;
constexpr uint32_t IPC_TAG_BYTES = 496;
constexpr uint32_t IPC_SEND_BYTES = 128;
constexpr uint32_t IPC_LIST_BYTES = 144; /* one record more than a message may have */
constexpr uint32_t IPC_GET_BYTES = 224;
constexpr uint32_t IPC_MESSAGE_BYTES = 32;
constexpr uint16_t IPC_OWN_TAG = 62;       /* of calls on kernel objects */
constexpr uint64_t IPC_USER_DATA = 0x1000; /* the runtime's own are smaller */
constexpr uint64_t IPC_INTERFACE = 0xabcdef0123456789;

static_assert(IPC_SEND_BYTES + IPC_LIST_BYTES + IPC_GET_BYTES == IPC_TAG_BYTES);
static_assert(sizeof(struct ring_call_header) + IPC_MESSAGE_BYTES +
		      MAX_TRANSFERS * sizeof(struct ring_transfer_result) ==
	      IPC_GET_BYTES);

struct ipc_completions {
	struct ring_completion of[64];
	bool have[64];
};

static inline struct ipc_completions *ipc_completions(void)
{
	static struct ipc_completions completions;

	return &completions;
}

/* --- Submitting and waiting --------------------------------------------------------------- */

static inline uint32_t ipc_sent_at(uint16_t tag)
{
	return IPC_ARENA + tag % IPC_TAGS * IPC_TAG_BYTES;
}

static inline uint32_t ipc_list_at(uint16_t tag)
{
	return ipc_sent_at(tag) + IPC_SEND_BYTES;
}

static inline uint32_t ipc_got_at(uint16_t tag)
{
	return ipc_list_at(tag) + IPC_LIST_BYTES;
}

/* Keep by tag what has come. */
static inline void ipc_collect(void)
{
	struct ring_completion completion;

	while (submit_take(&completion)) {
		/* A release by the runtime, which children are started with. */
		if (completion.user_data < IPC_USER_DATA)
			continue;
		CHECK(completion.tag < 64 && !ipc_completions()->have[completion.tag]);
		CHECK_EQUAL(completion.reserved, 0);
		ipc_completions()->of[completion.tag] = completion;
		ipc_completions()->have[completion.tag] = true;
	}
}

/* Let the kernel take what was put, and look; nobody is waited for. */
static inline void ipc_enter(void)
{
	CHECK_STATUS(submit_enter(0, RING_NO_WAIT), STATUS_OK);
	ipc_collect();
}

static inline bool ipc_came(uint16_t tag)
{
	ipc_enter();
	return ipc_completions()->have[tag];
}

/* The completion of this tag, waited for. */
static inline struct ring_completion ipc_wait(uint16_t tag)
{
	ipc_enter();
	while (!ipc_completions()->have[tag]) {
		CHECK_STATUS(submit_enter(1, RING_NO_DEADLINE), STATUS_OK);
		ipc_collect();
	}
	ipc_completions()->have[tag] = false;
	return ipc_completions()->of[tag];
}

static inline struct ring_completion ipc_do(struct ring_submission submission)
{
	if (submission.user_data == 0)
		submission.user_data = IPC_USER_DATA + submission.tag;
	submit_put(&submission);
	return ipc_wait(submission.tag);
}

static inline enum status ipc_do_status(struct ring_submission submission)
{
	struct ring_completion completion = ipc_do(submission);

	return submit_status(&completion);
}

/* The kind that belongs to a status, and nothing got but on success. */
static inline void ipc_check_end(int line, struct ring_completion completion,
				 enum status expected)
{
	enum completion_kind kind = COMPLETION_KIND_DONE;

	if (expected == STATUS_TIMED_OUT)
		kind = COMPLETION_KIND_TIMED_OUT;
	if (expected == STATUS_CANCELLED)
		kind = COMPLETION_KIND_CANCELLED;
	test_check_status(line, "completion", submit_status(&completion), expected);
	if (expected == STATUS_TIMED_OUT || expected == STATUS_CANCELLED)
		test_check_equal(line, "kind", completion.kind, kind);
	if (expected != STATUS_OK && expected != STATUS_EXCEPTION)
		test_check_equal(line, "length", completion.length | completion.transfer_count,
				 0);
}

#define IPC_ENDS(tag, status) ipc_check_end(__LINE__, ipc_wait(tag), (status))
