// SPDX-License-Identifier: MIT
/*
 * The kernel's side of a ring block whose program writes anything into it at any time.
 *
 * Each load of the block may give any value, so a second load of the same word may differ from
 * the first.  What must hold is what the kernel's own memory rests on: a completion always finds
 * a slot, no record is used twice at a time, no index leaves its table, and ring_check() of
 * kernel/core/ring.c after each work of the kernel.
 *
 * All functions named are of kernel/core: ring.c, ring.h, operation.c, call.c.
 */
#define SQ 2 /* sq_entries; 32 in truth */
#define CQ 4 /* cq_entries; 64 in truth */
/* Free-running indices wrap here; 2^32 in truth. */
#define INDICES (2 * CQ)
#define AHEAD(a, b) ((a + INDICES - b) % INDICES)

mtype = { CALL, CANCEL, OTHER };

/* struct ring of ring.h. */
byte sq_head, sq_end, cq_tail, cq_head, waiting;
bool busy[CQ];
bool ended; /* RING_STOP_ENDED: the entry ended its own process */

#define AVAILABLE AHEAD(cq_tail, cq_head) /* ring_available() */
#define RING_IS_SOUND                                                                  \
	(waiting <= CQ - SQ && waiting + AVAILABLE <= CQ &&                            \
	 waiting == busy[0] + busy[1] + busy[2] + busy[3])

inline load(variable, largest)
{
	select(variable : 0 .. largest)
}

/* ring_post(). */
inline ring_post()
{
	assert(AVAILABLE < CQ);
	cq_tail = (cq_tail + 1) % INDICES
}

/* detach() and operation_finish(). */
inline operation_finish(which)
{
	assert(busy[which]);
	busy[which] = false;
	waiting--;
	ring_post()
}

/* call_park(): the tag is the one that run_one() has checked. */
inline call_park()
{
#ifdef BROKEN_TAG_FETCHED_TWICE
	load(tag, CQ - 1);
#endif
#ifdef BROKEN_WAIT_SLOTS
	if
	:: true ->
#else
	if
	:: waiting >= CQ - SQ -> ring_post() /* STATUS_WAIT_SLOTS_FULL */
	:: else ->
#endif
		assert(tag < CQ);
		assert(!busy[tag]);
		busy[tag] = true;
		waiting++
	fi
}

/* run_one(), is_known() and refuse_unknown(). */
inline run_one()
{
	load(tag, CQ); /* CQ stands for every tag that is out of range */
	if
	:: operation = CALL
	:: operation = CANCEL
	:: operation = OTHER
	fi;
	if
#ifndef BROKEN_TAG_BOUND
	:: tag >= CQ -> ring_post() /* STATUS_UNKNOWN_TAG */
#endif
#ifndef BROKEN_TAG_BUSY
	:: tag < CQ && busy[tag % CQ] -> ring_post() /* STATUS_TAG_BUSY */
#endif
	:: else ->
		if
		:: operation == OTHER -> ring_post() /* NOP, RELEASE, what is refused */
		:: operation == CALL -> ring_post()
		:: operation == CALL -> call_park()
		:: operation == CALL -> ended = true; sq_end = (sq_head + 1) % INDICES
		:: operation == CANCEL ->
			load(target, CQ);
			if
#ifdef BROKEN_CANCEL
			:: target < CQ -> operation_finish(target)
#else
			:: target < CQ && busy[target % CQ] -> operation_finish(target)
#endif
			:: else
			fi;
			ring_post()
		fi
	fi
}

/* take_submitted(), take(), run_entries() and run_some(); an interrupt may come after any entry. */
inline ring_take()
{
	load(tail, INDICES - 1);
	load(head, INDICES - 1);
	count = AHEAD(tail, sq_head);
	if
#ifndef BROKEN_TAIL_BOUND
	:: count > SQ -> count = 0 /* RING_STOP_BAD_TAIL */
#endif
#ifndef BROKEN_HEAD_BOUND
	:: AHEAD(cq_tail, head) > AVAILABLE -> count = 0 /* RING_STOP_BAD_HEAD */
#endif
	:: else ->
#ifdef BROKEN_HEAD_FETCHED_TWICE
		load(head, INDICES - 1);
#endif
		cq_head = head;
		room = CQ - AVAILABLE - waiting;
#ifdef BROKEN_ROOM
		room = CQ;
#endif
		if
		:: count > room -> count = room
		:: else
		fi
	fi;
	sq_end = (sq_head + count) % INDICES;
	tail = 0; head = 0; room = 0; count = 0;
	do
	:: sq_head == sq_end -> break
	:: sq_head != sq_end && taken > 0 -> break /* hal_interrupt_pending() */
	:: sq_head != sq_end ->
		run_one();
		tag = 0; target = 0; operation = 0;
		sq_head = (sq_head + 1) % INDICES;
		taken++;
		assert(taken <= SQ)
	od;
	taken = 0
}

/* ring_drop_operations(): the process is taken apart. */
inline ring_drop_operations()
{
	do
	:: tag < CQ ->
		if
		:: busy[tag] -> busy[tag] = false; waiting--
		:: else
		fi;
		tag++
	:: else -> break
	od;
	assert(waiting == 0) /* the require() of thread_destroy() */
}

active proctype kernel()
{
	byte tail, head, count, room, taken, tag, target;
	mtype operation;

	do
	:: !ended -> atomic { ring_take(); assert(RING_IS_SOUND) }
	:: atomic { /* an object or a deadline ends an operation */
		waiting > 0 ->
		if
		:: busy[0] -> tag = 0
		:: busy[1] -> tag = 1
		:: busy[2] -> tag = 2
		:: busy[3] -> tag = 3
		fi;
		operation_finish(tag);
		tag = 0;
		assert(RING_IS_SOUND)
	   }
	:: ended -> break
	od;
	ring_drop_operations()
}
