// SPDX-License-Identifier: MIT
/*
 * PARK and UNPARK: waiting for a permit, and giving it, across threads and CPUs.
 *
 * The rule: a thread has one permit, which is there or not.  PARK takes it and completes, or
 * waits until it comes, the deadline passes or CANCEL names it.  UNPARK completes the PARK that
 * waits; if none does, the permit stays (it is sticky).  The kernel reads no word of the program.
 *
 * Everything about a thread is decided on its home CPU, one thing at a time: an atomic block.  A
 * thread on another CPU sends its UNPARK as its operation record to that CPU's inbox, and gets it
 * back with the outcome.  Each thread may be ended at any moment; its structure then serves the
 * next thread, told apart by a generation.
 *
 * On top stands what user/rt builds on permits: a waiter that sleeps until a flag is set, two
 * wakers that set a flag each and send UNPARK only when the waiter says that it sleeps.  Their
 * plain stores become visible later (store buffers), so both need a fence.
 *
 * What must hold: each assert, no dead end, and `woken` under weak fairness: a flag that was set
 * is seen, although nothing but the permit wakes the waiter.  Each BROKEN_ macro takes one rule
 * away and must be found out.
 */
#ifndef WAKERS
#define WAKERS 2
#endif
#define GENERATIONS 3 /* told apart; 2^32 in truth */

mtype = { NONE, OK, TIMED_OUT, CANCELLED, GONE };

/* The waiter's thread, as its home CPU has it. */
bool alive = true;
byte generation;
bool permit;
bool parked;      /* an operation record is in use for PARK */
bool timer_armed; /* in the heap of deadlines */

/* Its ring, as far as PARK is concerned. */
bool submitted;       /* a PARK that has not completed */
mtype completion = NONE;

/* For the proof only: an UNPARK has come since the last PARK that ended by one. */
bool due;

/* Operation records on their way to the waiter's home and back: sender, meant generation. */
chan inbox = [WAKERS] of { byte, byte };
/* For each waker's ring: the record is away; the block has been given back. */
bool away[WAKERS];
bool freed[WAKERS];
bool waker_alive[WAKERS] = true;
mtype outcome[WAKERS] = NONE;

/* Words that the threads share, and stores of them that are not visible yet. */
bool flag[WAKERS], flag_stored[WAKERS];
bool asleep, asleep_stored;

/* --- The waiter's home CPU: each inline runs inside an atomic block ---------------------------- */

/* The one completion of a PARK. */
inline post(status)
{
	assert(alive && submitted && completion == NONE);
	assert(status != OK || due);
	if
	:: status == OK -> due = false
	:: else
	fi;
	submitted = false;
	completion = status
}

/* detach() and operation_finish() of kernel/core/operation.c. */
inline finish(status)
{
	parked = false;
#ifndef BROKEN_DEADLINE_STAYS
	timer_armed = false;
#endif
	post(status)
}

inline park(with_deadline)
{
	assert(!submitted && !parked);
	submitted = true;
	if
#ifndef BROKEN_PERMIT_IGNORED
	:: permit ->
#ifndef BROKEN_PERMIT_KEPT
		permit = false;
#endif
		post(OK)
#endif
	:: else ->
		assert(!due); /* or a wake-up would be lost */
		parked = true;
		timer_armed = with_deadline
	fi
}

/* run_cancel() of kernel/core/ring.c. */
inline cancel()
{
	if
#ifndef BROKEN_CANCEL
	:: !parked /* STATUS_UNKNOWN_TAG */
#endif
	:: else -> finish(CANCELLED)
	fi
}

inline unpark(meant, status)
{
	if
#ifndef BROKEN_GENERATION
	:: !alive || meant != generation -> status = GONE
#endif
	:: else ->
		status = OK;
		due = due || (alive && meant == generation);
		if
		:: parked ->
#ifdef BROKEN_PERMIT_LEFT
			permit = true;
#endif
			finish(OK)
#ifndef BROKEN_NOT_STICKY
		:: else -> permit = true
#else
		:: else
#endif
		fi
	fi
}

/* The thread ends: no completion, nothing stays for the next thread. */
inline end_thread()
{
	alive = false;
#ifndef BROKEN_DEATH_LEAVES_OPERATION
	parked = false;
	timer_armed = false;
#endif
#ifndef BROKEN_DEATH_LEAVES_PERMIT
	permit = false;
#endif
	submitted = false;
	completion = NONE;
	due = false
}

/* Interrupts from the other CPU: records come in, and go home with their outcome. */
active proctype home()
{
	byte sender, meant;
	mtype status;

end:	do
	:: atomic {
		inbox ? sender, meant ->
		unpark(meant, status);
		assert(permit == due);
		/* At the sender's home. */
		assert(away[sender] && !freed[sender]);
		away[sender] = false;
		if
		:: waker_alive[sender] -> assert(outcome[sender] == NONE); outcome[sender] = status
		:: else
		fi;
		sender = 0;
		meant = 0;
		status = 0
	}
	od
}

active proctype timer()
{
end:	do
	:: atomic { timer_armed -> timer_armed = false; finish(TIMED_OUT); assert(permit == due) }
	od
}

#ifdef MORTAL
/* The waiter may end at any moment, and a waker once. */
active proctype killer()
{
	bool done;

end:	do
	:: atomic { alive -> end_thread() }
	:: atomic { !done -> done = true; waker_alive[0] = false }
	od
}
#endif

/* --- Memory ------------------------------------------------------------------------------------- */

active proctype memory()
{
end:	do
	:: asleep != asleep_stored -> asleep = asleep_stored
	:: flag_stored[0] -> atomic { flag[0] = true; flag_stored[0] = false }
	:: WAKERS > 1 && flag_stored[WAKERS - 1] ->
		atomic { flag[WAKERS - 1] = true; flag_stored[WAKERS - 1] = false }
	od
}

/* --- The programs ---------------------------------------------------------------------------------- */

#define ANY_FLAG (flag[0] || flag[WAKERS - 1])

/* The completion of the PARK is awaited in cap_enter.  Once for each PARK, or not at all, a CANCEL
 * is on its way and comes before or after the completion. */
inline await_completion()
{
	if
	:: atomic { cancel() }
	:: skip
	fi;
	atomic { completion != NONE -> completion = NONE }
}

inline live()
{
	do
	:: ANY_FLAG -> flag[0] = false; flag[WAKERS - 1] = false
	:: !ANY_FLAG ->
		asleep_stored = true;
#ifndef BROKEN_WAITER_FENCE
		asleep; /* a fence: the store is visible before the flags are loaded again */
#endif
		if
#ifndef BROKEN_NO_SECOND_LOOK
		:: ANY_FLAG
#endif
		:: else ->
			if
			:: atomic { park(false) }
			:: atomic { park(true) }
			fi;
			await_completion()
		fi;
		asleep_stored = false;
		!asleep
	od
}

active proctype waiter()
{
	do
	:: { live() } unless { !alive };
		/* The next thread in the same structure. */
		asleep_stored = false;
		!asleep;
		atomic {
			generation = (generation + 1) % GENERATIONS;
			assert(!permit && !parked && !timer_armed);
			alive = true
		}
	od
}

proctype waker(byte me)
{
	byte target;

	do
	:: !waker_alive[me] -> break
	:: else ->
		!flag[me] && !flag_stored[me];
		flag_stored[me] = true;
#ifndef BROKEN_WAKER_FENCE
		!flag_stored[me]; /* a fence: the store is visible before asleep is loaded */
#endif
		if
		:: atomic { asleep -> target = generation };
			atomic { waker_alive[me] -> inbox ! me, target; away[me] = true };
			if
			:: atomic { outcome[me] != NONE -> outcome[me] = NONE }
			:: !waker_alive[me]
			fi;
			target = 0
		:: !asleep
		fi
	od;
	/* The end of a thread: its ring block goes back when its records are home. */
#ifndef BROKEN_FREED_EARLY
	!away[me];
#endif
	freed[me] = true
}

init
{
	atomic {
		run waker(0);
		if
		:: WAKERS > 1 -> run waker(WAKERS - 1)
		:: else
		fi
	}
}

ltl woken { [] (flag[0] -> <> !flag[0]) }
