/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Group commit in one process: lib/group-commit.c and lib/sync-exec.c, as group-commit-protocol.inc has them.
 * Threads write and sync, or write durably in one call, while the kernel writes back by itself; one
 * write-back may fail. Holds A.5, C.3, D.1, D.3.
 *
 * Checked: a sync that returns 0 was covered by a batch that began after its request; one batch
 * runs at a time; nobody sleeps for ever; an error that the kernel tells once is returned to
 * everybody whose data it concerns, and by every later sync.
 *
 * twins: JOINS_RUNNING JOIN_FORGETS FINISHES_ALL NEVER_BUSY WAITS_LATE WAKES_ONE WAKES_NONE
 * twins: ENTERS_BUSY ENTERS_WANTED LATCHES_LATE GATHERS_IDLE TAKES_BEFORE
 */
#define THREADS 3
#define SPURIOUS
#include "group-commit-protocol.inc"

proctype thread(byte t; bool one_call)
{
	byte calls = 0, mine, work, snapshot, spurious;
	bool told, failed, late, entered;

	do
	:: calls < 1 + one_call ->
		calls++;
		atomic { late = error_returned; failed = latched }
		if
		:: one_call && !failed -> sync_write(t)
		:: else
		fi;
		if
		:: entered || failed
		:: else ->
			store(t);
			sync_run(t)
		fi;
		check_result(t, failed);
		d_step { entered = false; failed = false; told = false; late = false }
	:: else -> break
	od
}

/* Writes back by itself, what it likes, when it likes. */
active proctype kernel()
{
	if
	:: atomic { dirty & bit(0) -> write_back(bit(0)) }
	:: atomic { dirty & bit(2) -> write_back(bit(2)) }
	:: true
	fi
}

init
{
	failures = 1;
	atomic { run thread(0, false); run thread(1, false); run thread(2, true) }
}
