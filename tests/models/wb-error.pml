/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The write-back error latch: lib/wb-error.c, with start_writeback and sync_batch of
 * lib/sync-exec.c. Calls that start write-back come at any time; one of them may fail in the way
 * that only it is told, and the pages are clean after it. Syncs run one at a time. Holds D.1, D.3.
 *
 * Checked: a sync that returns 0 lost nothing of what was dirty when it began.
 *
 * twins: NEVER_SETTLES NEVER_LOOKS_AGAIN LEAVES_FIRST SETTLES_FIRST
 */
#define STARTERS 2

bool dirty, lost, latched;
byte failures = 1;
bit phase;
byte starting[2];

inline start_begin()
{
	do
	:: true ->
		mine = phase;
		starting[mine]++;
#ifdef NEVER_LOOKS_AGAIN
		break
#else
		if
		:: phase == mine -> break
		:: phase != mine -> starting[mine]--
		fi
#endif
	od
}

inline settle()
{
#ifndef NEVER_SETTLES
	d_step { before = phase; phase = 1 - phase }
	starting[before] == 0
#else
	skip
#endif
}

/* Two calls one after the other: each counts in the one or the other phase. */
active [STARTERS] proctype starter()
{
	byte calls = 0;
	bit mine;
	bool told;

	do
	:: calls < 2 ->
		calls++;
		start_begin();
		atomic {
			if
			:: dirty && failures > 0 -> failures--; dirty = false; lost = true; told = true
			:: true -> dirty = false
			fi
		}
#ifdef LEAVES_FIRST
		starting[mine]--;
		if :: told -> latched = true :: else fi
#else
		if :: told -> latched = true :: else fi;
		starting[mine]--
#endif
	:: else -> break
	od
}

active proctype syncer()
{
	byte syncs = 0;
	bit before;

	do
	:: syncs < 3 && !latched ->
		syncs++;
		dirty = true; /* something new was written */
#ifdef SETTLES_FIRST
		settle();
		dirty = false; /* what is dirty is written */
#else
		dirty = false;
		settle();
#endif
		assert(latched || !lost)
	:: else -> break
	od
}
