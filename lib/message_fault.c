// SPDX-License-Identifier: MIT
/* Faults in words.  See message_fault.h. */
#include "lib/message_fault.h"

static const char *const texts[] = {
	[MESSAGE_FAULT_NONE] = "nothing is wrong",
	[MESSAGE_FAULT_CUT] = "the bytes end before the message does",
	[MESSAGE_FAULT_SEGMENTS] = "too many segments",
	[MESSAGE_FAULT_EMPTY] = "the first segment has no root pointer",
	[MESSAGE_FAULT_OUTSIDE] = "a pointer leads outside its segment",
	[MESSAGE_FAULT_KIND] = "a pointer of a kind that has no place there",
	[MESSAGE_FAULT_NO_SEGMENT] = "a far pointer to a segment that is not there",
	[MESSAGE_FAULT_LANDING_PAD] = "a far pointer to what is no landing pad",
	[MESSAGE_FAULT_TAG] = "a list of structs that does not fit its tag",
	[MESSAGE_FAULT_CAPABILITY] = "a capability where none may be",
	[MESSAGE_FAULT_NESTING] = "pointers nest too deep",
	[MESSAGE_FAULT_BUDGET] = "too much to traverse",
	[MESSAGE_FAULT_ROOM] = "no room for the copy",
};
static_assert(sizeof(texts) / sizeof(texts[0]) == MESSAGE_FAULT_COUNT);

const char *message_fault_text(enum message_fault fault)
{
	return fault < MESSAGE_FAULT_COUNT ? texts[fault] : "an unknown fault";
}
