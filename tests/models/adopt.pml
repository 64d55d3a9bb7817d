/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Group commit after fork: adopt of lib/commit.c. A child gets a copy of its parent's commit, with
 * whatever lock, mark and round its threads left there, and none of those threads; its own threads
 * sync at once, and it is forked in turn at any moment. Holds A.8, C.3.
 *
 * Checked: nobody waits for a thread that isn't there, one thread starts afresh and the others see
 * it done, a sync that returns 0 was covered, and one round runs at a time in each process. What
 * fails in a round is the matter of latch.pml.
 *
 * twins: NEVER_ADOPTS ADOPTS_UNMARKED ANY_MARK_WAITS RESET_FORGETS
 */
#define PROCESSES 3
#define THREADS 4
#define may_die() skip
#define NOTHING_FAILS
#include "commit-protocol.inc"

proctype thread(byte t, p)
{
	byte seen, mine, work;
	bool won, told;

	store(t);
	commit_run(t, p, bit(t));
	assert(durable & bit(t))
}

/* The child's only threads are those that it makes itself. */
inline fork(from, to)
{
	commit[to].generation = commit[from].generation;
	commit[to].locked = commit[from].locked;
	commit[to].sleeping = commit[from].sleeping;
	commit[to].started = commit[from].started;
	commit[to].finished = commit[from].finished;
	commit[to].busy = commit[from].busy;
	commit[to].wanted = commit[from].wanted;
	commit[to].pending = commit[from].pending
}

proctype forker()
{
	atomic { fork(0, 1); run thread(1, 1); run thread(2, 1) }
	atomic { fork(1, 2); run thread(3, 2) }
}

init
{
	atomic { run thread(0, 0); run forker() }
}
