/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The regions' states: page_state_note_write, page_state_note_writeback and region_class; choose_path,
 * populate_region and write_by_regions of lib/io-path.c, which choose the way of each part of a write by
 * them; cool of lib/sync.c, which resets the states after a sync, as start_writeback does, and
 * may let the kernel drop what a warm region left, as populate_region does: by which nothing is lost,
 * as DROP_LOSES would lose. When it does is counted in clean entries, and here a matter of chance.
 * Writers, a reader and syncs meet on two regions; one write spans both.
 * Holds A.4, C.2, C.3, C.5.
 *
 * The states are a hint: checked is that nothing depends on them. A read sees each write whose end
 * it was told of, by whichever way both go; a sync makes durable what was written before it was
 * asked for, also when its reset and a writer's mark cross and one of them is lost; preparing a
 * region loses nothing of what others write meanwhile; no state passes FILLED by marks, or wraps,
 * however they cross. RESET_FIRST is no twin: the other order must be right too.
 *
 * twins: SYNC_TRUSTS_STATE READ_TRUSTS_STATE TWO_CACHES NO_LIMIT DROP_LOSES
 * variants: RESET_FIRST
 */
#define WINDOWS 2
#define FILLED 2 /* REGION_FILLED */
#define WARM 3   /* REGION_MAPPED */
#define SMALL 1  /* WINDOW_SMALL_STEP */
#define LARGE 3  /* a region written whole: more than from cold to filled */
#define BYTE 3   /* the largest value that a state can hold */

byte state[WINDOWS];

/*
 * Versions of three places' bytes, 0 as they were: two are in the first region, so that marks
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

/* One step of page_state_note_write: loads, and a store of what was added, unless it is warm. */
inline note_write(region, step)
{
	seen = state[region];
	if
	:: seen != WARM ->
		atomic {
			seen = seen + step;
#ifdef NO_LIMIT
			seen = seen % (BYTE + 1);
			assert(seen >= step);
#else
			seen = (seen < FILLED -> seen : FILLED);
			assert(seen <= FILLED);
#endif
			state[region] = seen
		}
	:: else
	fi;
	seen = 0
}

/* mapping_forget: the pages stay as they are. The twin throws them away, as another advice would. */
inline forget(region)
{
#ifdef DROP_LOSES
	if
	:: region == 0 -> cached[0] = disk[0]; cached[1] = disk[1]
	:: else -> cached[2] = disk[2]
	fi
#else
	skip
#endif
}

/* populate_region: warm first, then madvise, which maps the pages as they are; it may fail. */
inline prepare(region)
{
	state[region] = WARM;
	forget(region);
	if
	:: prepared = true
	:: state[region] = 0; prepared = false
	fi
}

/* One place's part of a write: choose_path, then write_one_path. */
inline put_part(region, place, step, version)
{
	way = state[region];
	if /* region_class: what comes after a warm one is in order */
	:: region == 1 && way < FILLED && state[0] == WARM -> way = FILLED
	:: else
	fi;
	if /* write_path_of and patience: a cold one, too, where the caller said so */
	:: way <= FILLED -> prepare(region)
	:: way < FILLED
	:: way == WARM
	fi;
	if
	:: way == WARM || prepared -> by_map(place) = version
	:: else ->
		note_write(region, step);
		cached[place] = version
	fi;
	d_step { way = 0; prepared = false }
}

/* io_write within the first region. */
inline put(place, step, version)
{
	put_part(0, place, step, version);
	ended[place] = version
}

proctype writer(byte place; byte step)
{
	byte seen, way;
	bool prepared;

	if
	:: place == 0 -> put(place, step, 1)
	:: else
	fi;
	put(place, LARGE, 2)
}

/* Over the end of the first region: write_by_regions chooses for each part. */
proctype spanner()
{
	byte seen, way;
	bool prepared;

	(ended[1] == 2);
	put_part(0, 1, SMALL, 3);
	put_part(1, 2, LARGE, 3);
	atomic { ended[1] = 3; ended[2] = 3 }
}

/* io_read goes by the mapping, whatever the state. */
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

/* page_state_note_writeback for one region, and file_drop_clean_entries; note_durable_write drops likewise. */
inline note_writeback(region)
{
	if
	:: state[region] != 0 ->
		state[region] = 0;
		if
		:: forget(region)
		:: true
		fi
	:: else
	fi
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
		note_writeback(0);
		note_writeback(1);
#endif
		atomic { write_out(0); write_out(1) }
		write_out(2);
#ifndef RESET_FIRST
		note_writeback(0);
		note_writeback(1);
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
