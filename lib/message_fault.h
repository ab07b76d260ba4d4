// SPDX-License-Identifier: MIT
#pragma once
/* What is wrong with a message from outside, or what its copy met.  lib/message.h has the
 * model. */
#include <stdint.h>

/* NONE, or the first fault that was met. */
enum message_fault : uint8_t {
	MESSAGE_FAULT_NONE = 0,

	/* Of the frame and of the packing. */
	MESSAGE_FAULT_CUT,      /* the bytes end before the message does */
	MESSAGE_FAULT_SEGMENTS, /* more segments than MESSAGE_MAX_SEGMENTS */
	MESSAGE_FAULT_EMPTY,    /* the first segment has no room for the root pointer */

	/* Of what the message says. */
	MESSAGE_FAULT_OUTSIDE,     /* a pointer leads outside its segment */
	MESSAGE_FAULT_KIND,        /* a pointer of a kind that has no place there */
	MESSAGE_FAULT_NO_SEGMENT,  /* a far pointer to a segment that the message does not have
				    */
	MESSAGE_FAULT_LANDING_PAD, /* what a far pointer leads to is no landing pad */
	MESSAGE_FAULT_TAG,         /* a list's tag is no struct, or claims more than the list */
	MESSAGE_FAULT_CAPABILITY,  /* a capability pointer where the rule refuses it */

	/* Of the limits. */
	MESSAGE_FAULT_NESTING, /* pointers deeper than the nesting limit */
	MESSAGE_FAULT_BUDGET,  /* more to traverse than the budget of words */
	MESSAGE_FAULT_ROOM,    /* the copy does not fit its buffer */

	MESSAGE_FAULT_COUNT
};

/* The fault in words, for a person: "a pointer leads outside its segment". */
const char *message_fault_text(enum message_fault fault);
