/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The windows' states: windows_note_write and windows_note_sync of lib/windows.c, transfer_put and
 * put_cold of lib/move.c that choose a write's way by them, sync_now of lib/durability.c that
 * resets them. Writers, a reader and syncs meet on two windows; one write spans both. Holds A.4, C.2, C.3, C.5.
 *
 * The states are a hint: checked is that nothing depends on them. A read sees each write whose end
 * it was told of, by whichever way both go; a sync makes durable what was written before it was
 * asked for, also when its reset and a writer's mark cross and one of them is lost; no state passes
 * WARM or wraps, however marks cross. RESET_FIRST is no twin: the other order must be right too.
 *
 * twins: SYNC_TRUSTS_STATE READ_TRUSTS_STATE TWO_CACHES NO_LIMIT
 * variants: RESET_FIRST
 */
#define WINDOWS 2
#define WARM 3  /* WINDOW_WARM */
#define SMALL 1 /* WINDOW_SMALL_STEP */
#define LARGE 4 /* a window written whole: more than from cold to warm */
#define BYTE 5  /* the largest value that a state can hold */

byte state[WINDOWS];

/*
 * Versions of three places' bytes, 0 as they were: two are in the first window, so that marks
 * cross, and one in the second. Mapping and file I/O share one page cache.
 */
#define PLACES 3
byte cached[PLACES];
byte disk[PLACES];
#ifdef TWO_CACHES
byte mapped[PLACES];
#define by_map(place) mapped[place]
#else
#define by_map(place) cached[place]
#endif

/* What the end of a write told everybody, as a lock would. */
byte ended[PLACES];

/* One step of windows_note_write: a load, and a store of what was added to it. */
inline note_write(window, step)
{
	seen = state[window];
	atomic {
		seen = seen + step;
#ifdef NO_LIMIT
		seen = seen % (BYTE + 1);
		assert(seen >= step);
#else
		seen = (seen < WARM -> seen : WARM);
#endif
		assert(seen <= WARM);
		state[window] = seen;
		seen = 0
	}
}

/* transfer_put within the first window. */
inline put(place, step, version)
{
	if
	:: state[0] < WARM -> note_write(0, step); cached[place] = version
	:: state[0] >= WARM -> by_map(place) = version
	fi;
	ended[place] = version
}

proctype writer(byte place; byte step)
{
	byte seen;

	put(place, step, 1);
	put(place, LARGE, 2)
}

/* Over the end of the first window, whose state decides for the whole write. */
proctype spanner()
{
	byte seen;

	(ended[1] == 2);
	if
	:: state[0] < WARM ->
		note_write(0, SMALL);
		note_write(1, LARGE);
		cached[1] = 3;
		cached[2] = 3
	:: state[0] >= WARM -> by_map(1) = 3; by_map(2) = 3
	fi;
	atomic { ended[1] = 3; ended[2] = 3 }
}

/* transfer_get goes by the mapping, whatever the state. */
proctype reader()
{
	byte told;

	do
	:: d_step { told = ended[1] };
#ifdef READ_TRUSTS_STATE
		assert((state[0] == 0 -> disk[1] : by_map(1)) >= told)
#else
		assert(by_map(1) >= told)
#endif
	:: break
	od
}

inline write_out(place)
{
#ifdef SYNC_TRUSTS_STATE
	if
	:: state[place / 2] > 0 -> disk[place] = cached[place]
	:: else
	fi
#else
	disk[place] = cached[place]
#endif
}

/* sync_now for all: msync or fdatasync, then the reset. */
proctype syncer()
{
	byte told[PLACES];
	byte rounds = 0;

	do
	:: rounds < 2 ->
		rounds++;
		d_step { told[0] = ended[0]; told[1] = ended[1]; told[2] = ended[2] }
#ifdef RESET_FIRST
		state[0] = 0;
		state[1] = 0;
#endif
		atomic { write_out(0); write_out(1) }
		write_out(2);
#ifndef RESET_FIRST
		state[0] = 0;
		state[1] = 0;
#endif
		assert(disk[0] >= told[0] && disk[1] >= told[1] && disk[2] >= told[2])
	:: else -> break
	od
}

init
{
	atomic {
		run writer(0, SMALL);
		run writer(1, LARGE);
		run spanner();
		run reader();
		run syncer()
	}
}
