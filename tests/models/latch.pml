/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The error latch between processes: telling_begins, latch, telling_ends, sync_now and
 * durability_sync of lib/durability.c. Forked processes share one open file description, of which
 * the kernel tells an error to one of them only; one may be killed before it has passed that on.
 * Holds D.3.
 *
 * twins: NO_TELLING NOT_ROBUST DEATH_IS_NO_ERROR LATCHES_LATE
 */
#define PROCESSES 3
#define THREADS 3
#define may_die()                                                                                  \
	if                                                                                         \
	:: true                                                                                    \
	:: t == 0 -> atomic { killed = true; telling = 2; goto dead }                              \
	fi
#include "commit-protocol.inc"

/* One thread each: which of its threads runs the round is commit.pml's matter. */
proctype process(byte t)
{
	byte calls = 0, work, snapshot;
	bool told, failed, late;

	do
	:: calls < 2 ->
		calls++;
		store(t);
		atomic { late = error_returned; failed = latched }
		if
		:: failed
		:: else ->
			work = bit(t);
			sync_now(t);
			latch_late();
			failed = latched
		fi;
		check_result(t, failed);
		d_step { failed = false; late = false; work = 0 }
	:: else -> break
	od;
dead:	skip
}

active proctype kernel()
{
	if
	:: atomic { dirty & bit(1) -> write_back(bit(1)) }
	:: true
	fi
}

init
{
	failures = 1;
	atomic { run process(0); run process(1); run process(2) }
}
