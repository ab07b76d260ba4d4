// SPDX-License-Identifier: MIT
/*
 * A ring block between an honest program and the kernel, on memory that reorders.
 *
 * Every store goes into its side's store buffer and becomes visible later, in any order but for
 * two rules: stores to one place keep their order, and a store with release order waits for
 * everything stored before it.  A load with acquire order is written as a load in its place; a
 * missing one as the later load moved before it.  That is weaker than x86 and as weak as C.
 *
 * The kernel may take entries at any time, not only while the program is in cap_enter, as if
 * another CPU did it.  Partner lines are named in the comments: ring.c, ring.h, operation.c and
 * entry.c are of kernel/core, call.c, client.h and short_call.h of user/rt.
 *
 * What must hold: each assert below, ring_check() between two works of the kernel, no dead end,
 * and the two ltl properties at the end under weak fairness.  Each BROKEN_ macro takes one rule
 * away and must be found out.
 */
#ifndef SQ
#define SQ 2 /* sq_entries; 32 in truth */
#define CQ 4 /* cq_entries; 64 in truth */
#endif
/* Free-running indices wrap here; 2^32 in truth. */
#define INDICES (2 * CQ)
#define AHEAD(a, b) ((a + INDICES - b) % INDICES)

/* A submission in flight.  Below CQ: a CALL with this tag.  From CQ on: a CANCEL; its tag is 0
 * (IMMEDIATE_TAG of call.c), which no call has. */
#ifndef CALLS
#define CALLS (CQ - 1)
#define CANCELS 2
#endif
#define IDS (CQ + CANCELS)

mtype = { IDLE, SUBMITTED, PARKED, POSTED };
/* For the proof only: how far each submission is, and what its entry says. */
mtype state[IDS] = IDLE;
byte entry_of[IDS];

/* The block.  An entry is two words here, a completion too. */
#define SQ_TAIL 0
#define CQ_HEAD 1
#define SQ_HEAD 2
#define CQ_TAIL 3
#define SUBMISSION(index) (4 + 2 * ((index) % SQ))
#define COMPLETION(index) (4 + 2 * SQ + 2 * ((index) % CQ))
byte block[4 + 2 * SQ + 2 * CQ];

/* Each word is loaded once; what stays behind means nothing, and must not be taken for anything. */
#define SPENT 255
inline load(variable, at)
{
	d_step {
		variable = block[at];
		block[at] = SPENT
	}
}

/* --- Memory ------------------------------------------------------------------------------- */

#define PROGRAM 0
#define KERNEL 1
#define BUFFER 4
typedef store_buffer {
	byte count;
	byte place[BUFFER];
	byte value[BUFFER];
	bit is_release[BUFFER];
};
store_buffer buffer[2];

inline store(side, at, what, release)
{
	atomic {
		buffer[side].count < BUFFER;
		buffer[side].place[buffer[side].count] = at;
		buffer[side].value[buffer[side].count] = what;
		buffer[side].is_release[buffer[side].count] = release;
		buffer[side].count++
	}
}

#define PLAIN 0
#define RELEASE 1
#ifdef BROKEN_SQ_TAIL_RELEASE
#define SQ_TAIL_ORDER PLAIN
#else
#define SQ_TAIL_ORDER RELEASE
#endif
#ifdef BROKEN_CQ_TAIL_RELEASE
#define CQ_TAIL_ORDER PLAIN
#else
#define CQ_TAIL_ORDER RELEASE
#endif

#define SAME(side, i, j) (buffer[side].place[i] == buffer[side].place[j])

/* Whether the i-th store may become visible now. */
#define MAY_GO(side, i)                                                                \
	(i < buffer[side].count && (i == 0 || !buffer[side].is_release[i]) &&          \
	 (i < 1 || !SAME(side, i, 0)) && (i < 2 || !SAME(side, i, 1)) &&               \
	 (i < 3 || !SAME(side, i, 2)))

/* Lets one side's stores become visible. */
proctype memory(bit side)
{
	byte i;

end:	do
	:: atomic {
		buffer[side].count > 0;
		if
		:: MAY_GO(side, 0) -> i = 0
		:: MAY_GO(side, 1) -> i = 1
		:: MAY_GO(side, 2) -> i = 2
		:: MAY_GO(side, 3) -> i = 3
		fi;
		d_step {
			block[buffer[side].place[i]] = buffer[side].value[i];
			buffer[side].count--;
			do
			:: i < buffer[side].count ->
				buffer[side].place[i] = buffer[side].place[i + 1];
				buffer[side].value[i] = buffer[side].value[i + 1];
				buffer[side].is_release[i] = buffer[side].is_release[i + 1];
				i++
			:: else -> break
			od;
			buffer[side].place[i] = 0;
			buffer[side].value[i] = 0;
			buffer[side].is_release[i] = 0;
			i = 0
		}
	}
	od
}

/* --- Entering the kernel -------------------------------------------------------------------- */

bool entered; /* the program is in cap_enter(1, RING_NO_DEADLINE) */
bool blocked; /* THREAD_BLOCKED with wait_min = 1 */
byte consumed; /* for the proof only: completions that the program has read */

/* --- The kernel ------------------------------------------------------------------------------ */

/* struct ring of ring.h. */
byte k_sq_head, k_sq_end, k_cq_tail, k_cq_head, waiting;
bool busy[CQ];
bool repeated; /* last_try: the entry at the head has been run before */

#define AVAILABLE AHEAD(k_cq_tail, k_cq_head) /* ring_available() */

/* ring_check() of ring.c. */
#define RING_IS_SOUND                                                                  \
	(waiting <= CQ - SQ && waiting + AVAILABLE <= CQ &&                            \
	 waiting == busy[0] + busy[1] + (CQ > 2 -> busy[2 % CQ] + busy[3 % CQ] : 0))

/* ring_post() of ring.h. */
inline ring_post(id)
{
	d_step {
		assert(state[id] == SUBMITTED || state[id] == PARKED);
		assert(AHEAD(k_cq_tail, consumed) < CQ);
		state[id] = POSTED
	}
	store(KERNEL, COMPLETION(k_cq_tail), id, PLAIN);
	store(KERNEL, COMPLETION(k_cq_tail) + 1, id, PLAIN);
	k_cq_tail = (k_cq_tail + 1) % INDICES
}

/* ring_publish() of ring.h.  Partner: the load of cq_tail in consume_completions(). */
inline ring_publish()
{
	store(KERNEL, CQ_TAIL, k_cq_tail, CQ_TAIL_ORDER)
}

/* operation_finish() of operation.c: the object, the deadline and CANCEL end here. */
inline operation_finish(tag)
{
	d_step {
		assert(busy[tag]); /* the require() in detach() */
#ifndef BROKEN_DETACH
		busy[tag] = false;
		waiting--
#endif
	}
	ring_post(tag);
	ring_publish();
#ifndef BROKEN_WAKE
	/* thread_completion_posted() of thread.c. */
	if
	:: blocked && AVAILABLE >= 1 -> atomic { blocked = false; entered = false }
	:: else
	fi
#endif
}

/* call_run() of call.c: ends at once, waits (call_park()), or is run again (call_again()). */
inline call_run(id)
{
	if
	:: !repeated -> /* ring_repeat() */
		d_step {
			repeated = true;
			interrupted = true;
			/* Nobody has written it: the entry will be loaded once more. */
			block[SUBMISSION(k_sq_head)] = id;
			block[SUBMISSION(k_sq_head) + 1] = id;
			k_sq_end = k_sq_head;
			k_sq_head = AHEAD(k_sq_head, 1)
		}
	:: repeated = false; ring_post(id)
	:: waiting < CQ - SQ ->
		d_step {
			repeated = false;
			busy[id] = true;
			waiting++;
			state[id] = PARKED
		}
	:: waiting >= CQ - SQ -> repeated = false; ring_post(id) /* STATUS_WAIT_SLOTS_FULL */
	fi
}

/* run_one() of ring.c after its two loads.  word and id are the entry's two words. */
inline run_one()
{
	assert(id < IDS && state[id] == SUBMITTED && word == entry_of[id]);
	if
	:: id < CQ -> assert(!busy[id]); call_run(id)
	:: else -> /* run_cancel() */
		if
		:: busy[word] -> operation_finish(word)
		:: else /* STATUS_UNKNOWN_TAG */
		fi;
		ring_post(id)
	fi
}

#ifdef BROKEN_SQ_TAIL_ACQUIRE
/* The loads of the first entry come before the load of the tail. */
#define LOAD_EARLY                                                                     \
	early = true;                                                                  \
	word = block[SUBMISSION(k_sq_head)];                                           \
	id = block[SUBMISSION(k_sq_head) + 1]
#define LOAD_FIRST_WORD skip
#define LOAD_SECOND_WORD                                                               \
	if                                                                             \
	:: early -> early = false                                                      \
	:: else -> load(word, SUBMISSION(k_sq_head));                                \
		load(id, SUBMISSION(k_sq_head) + 1)                                  \
	fi
#else
#define LOAD_EARLY skip
#define LOAD_FIRST_WORD load(word, SUBMISSION(k_sq_head))
#define LOAD_SECOND_WORD load(id, SUBMISSION(k_sq_head) + 1)
#endif

/* take(), run_entries() and run_some() of ring.c; an interrupt may come after any entry.  A load of
 * the block is a step of its own; what the kernel does with private data and its store buffer until
 * the next load is one step with it. */
inline take(many)
{
	k_sq_end = (k_sq_head + many) % INDICES;
#ifdef BROKEN_SQ_HEAD_RELEASE
	/* The loads of the entries come after the store of the head. */
	store(KERNEL, SQ_HEAD, k_sq_end, PLAIN);
#endif
	do
	:: k_sq_head == k_sq_end || interrupted -> break
	:: else ->
		LOAD_FIRST_WORD;
		atomic {
			LOAD_SECOND_WORD;
			run_one();
			word = 0;
			id = 0;
			k_sq_head = (k_sq_head + 1) % INDICES;
			if
			:: k_sq_head != k_sq_end -> interrupted = true /* hal_interrupt_pending() */
			:: skip
			fi
		}
	od;
	atomic {
		ring_publish();
#ifndef BROKEN_SQ_HEAD_RELEASE
		/* Partner: the load of sq_head in submissions_are_full(). */
		store(KERNEL, SQ_HEAD, k_sq_head, RELEASE)
#endif
	}
}

/* take_submitted() of ring.c. */
inline ring_take()
{
	LOAD_EARLY;
	count = AHEAD(block[SQ_TAIL], k_sq_head);
	atomic {
		k_cq_head_new = block[CQ_HEAD];
		assert(count <= SQ);                                  /* no RING_STOP_BAD_TAIL */
		assert(AHEAD(k_cq_tail, k_cq_head_new) <= AVAILABLE); /* no RING_STOP_BAD_HEAD */
		k_cq_head = k_cq_head_new;
		k_cq_head_new = 0;
#ifdef BROKEN_ROOM
		room = CQ;
#else
		room = CQ - AVAILABLE - waiting;
#endif
		stop_full = count > room;
		if
		:: count > room -> count = room
		:: else
		fi;
		room = 0
	}
	if
	:: count > 0 -> take(count)
	:: else
	fi;
	count = 0
}

/* cap_enter() and wait_for_completions() of entry.c, after ring_take(). */
inline end_enter()
{
	if
	:: !entered
	:: entered && interrupted /* restarted: enters again */
	:: entered && !interrupted ->
		if
		:: stop_full || AVAILABLE >= 1 || waiting == 0 ->
			entered = false /* completionsFull, ok, nothingPending */
		:: else -> blocked = true
		fi
	fi;
	interrupted = false;
	stop_full = false;
	assert(RING_IS_SOUND)
}

active proctype kernel()
{
	byte count, k_cq_head_new, room, word, id, tag;
	bool interrupted, stop_full;
#ifdef BROKEN_SQ_TAIL_ACQUIRE
	bool early;
#endif

	run memory(PROGRAM);
	run memory(KERNEL);
end:	do
	:: !blocked -> /* also on its own, as another CPU might */
		ring_take();
		atomic { end_enter() }
	:: atomic {
		waiting > 0 -> /* an object or a deadline ends an operation */
		if
		:: busy[1] -> tag = 1
		:: CALLS > 1 && busy[2 % CQ] -> tag = 2 % CQ
		:: CALLS > 2 && busy[3 % CQ] -> tag = 3 % CQ
		fi;
		operation_finish(tag);
		tag = 0;
		assert(RING_IS_SOUND)
	}
	od
}

/* --- The program ------------------------------------------------------------------------------- */

/* submissions_are_full() of call.c; capos_client_is_ready() of client.h.  The stores to the
 * entry depend on it, so no store moves before this load. */
#ifdef BROKEN_SQ_FULL
#define SUBMISSIONS_ARE_FULL false
#else
#define SUBMISSIONS_ARE_FULL (AHEAD(sq_tail, block[SQ_HEAD]) >= SQ)
#endif

/* post() of call.c, capos_call_submit() of client.h, capos_short_submit() of short_call.h. */
inline post(first, second)
{
	d_step {
		assert(state[second] == IDLE);
		state[second] = SUBMITTED;
		entry_of[second] = first
	}
	store(PROGRAM, SUBMISSION(sq_tail), first, PLAIN);
	store(PROGRAM, SUBMISSION(sq_tail) + 1, second, PLAIN);
	sq_tail = (sq_tail + 1) % INDICES;
	/* Partner: the load of sq_tail in take_submitted(). */
	store(PROGRAM, SQ_TAIL, sq_tail, SQ_TAIL_ORDER)
}

#ifdef BROKEN_CQ_TAIL_ACQUIRE
/* The loads of the first completion come before the load of the tail. */
#define LOAD_COMPLETION_EARLY                                                          \
	id = block[COMPLETION(cq_head)];                                               \
	again = block[COMPLETION(cq_head) + 1];                                        \
	early = true
#define LOAD_COMPLETION                                                                \
	if                                                                             \
	:: early -> early = false                                                      \
	:: else -> load(id, COMPLETION(cq_head));                                    \
		load(again, COMPLETION(cq_head) + 1)                                 \
	fi
#else
#define LOAD_COMPLETION_EARLY skip
#define LOAD_COMPLETION                                                                \
	load(id, COMPLETION(cq_head));                                               \
	load(again, COMPLETION(cq_head) + 1)
#endif

/* consume_completions() of call.c; capos_client_wait_alone() and capos_short_complete() are the
 * same for one completion. */
inline consume_completions()
{
	LOAD_COMPLETION_EARLY;
	atomic {
		end_index = block[CQ_TAIL];
		progress = cq_head != end_index;
#ifdef BROKEN_CQ_HEAD_RELEASE
		/* The loads of the completions come after the store of the head. */
		store(PROGRAM, CQ_HEAD, end_index, PLAIN)
#endif
	};
	do
	:: cq_head != end_index ->
		LOAD_COMPLETION;
		d_step {
			assert(id == again && id < IDS && state[id] == POSTED);
			state[id] = IDLE;
			cq_head = (cq_head + 1) % INDICES;
			consumed = cq_head;
			id = 0;
			again = 0
		}
	:: else -> break
	od;
	end_index = 0;
#ifndef BROKEN_CQ_HEAD_RELEASE
	/* Partner: the load of cq_head in take_submitted(). */
	if
	:: progress -> store(PROGRAM, CQ_HEAD, cq_head, RELEASE)
	:: else
	fi;
#endif
	progress = false
}

active proctype program()
{
	byte sq_tail, cq_head, end_index, id, again;
	bool progress;
#ifdef BROKEN_CQ_TAIL_ACQUIRE
	bool early;
#endif

	do
	:: do
	   :: atomic {
		!SUBMISSIONS_ARE_FULL ->
		if
		:: state[1] == IDLE -> post(1, 1)
		:: CALLS > 1 && state[2 % IDS] == IDLE -> post(2, 2 % IDS)
		:: CALLS > 2 && state[3 % IDS] == IDLE -> post(3, 3 % IDS)
		:: CANCELS > 0 && state[CQ % IDS] == IDLE -> post(1, CQ % IDS)
		:: CANCELS > 1 && state[(CQ + 1) % IDS] == IDLE -> post(CALLS, (CQ + 1) % IDS)
		:: else -> break
		fi
	   }
	   :: break
	   od;
	   entered = true;
	   !entered;
	   consume_completions()
	od
}

/* An accepted entry's end is the objects' business; everything else is the ring's. */
ltl taken { [] (state[1] == SUBMITTED -> <> (state[1] != SUBMITTED)) }
ltl delivered { [] (state[1] == POSTED -> <> (state[1] != POSTED)) }
