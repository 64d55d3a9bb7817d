/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a checkpoint records: lib/checkpoint.c over lib/checkpoint-file.c, with sync_batch and
 * record_write of lib/sync-exec.c. Threads have two blocks of one slot, which has two copies in the
 * side file: they write, sync, write durably in one call and give back. Batches run one at a time,
 * which is the matter of group-commit.pml. Once an I/O of data, a write of the side file or a sync of
 * it may fail. Holds E.2, E.3, E.4, E.6.
 *
 * The power is cut at any step, which leaves a copy that is being written as it was, as it is to
 * be, or damaged; or the disk has damaged one copy. Checked then: what is found recorded has a
 * receipt, and its whole content is on the disk; a block whose give_back returned isn't found;
 * and, without damage of the disk, what a returned sync covered is found.
 *
 * twins: COLLECTS_LATE RECORDS_FIRST IGNORES_ERROR WRITES_NEWER FORGETS_ONCE FORGETS_LATE
 * twins: KEEPS_RECORDING PUTS_RECORDING TURNS_EARLY FORGETS_RECORDED_ONLY REPORTS_NO_ERROR
 */
#ifndef CALLS
#define CALLS 2
#endif
#define NONE 2 /* no block */
#define bit_of(b) (1 << (b))

/* ---- the disk: data */

/* Of a block's present owner: the page cache has all of its content, and the disk has. */
byte whole, durable;
bool latched;
byte failures = 1; /* how many may still happen, of any kind */

/* ---- the disk: the side file */

/*
 * Of sequences only the order counts: 2 is that of the copy being written, 1 of the newer one, 0 of
 * what is being overwritten.
 */
#define DAMAGED 3

typedef side_copy {
	byte sequence, bits; /* as programs see it */
	bool dirty;
	byte disk_sequence, disk_bits;
};
side_copy copies[2];

/* ---- memory */

byte owner[2]; /* of each block; 0: it is free */
byte written, recording, recorded;
bool touched;
bool error;
bit newer;
bool locked, busy;

/* ---- of checks only */

byte promised; /* a sync covered it, and returned 0; ends when its give_back begins */
byte gone;     /* its give_back returned; ends when it is written anew */

inline mutex_lock()
{
	atomic { !locked -> locked = true }
}

inline mutex_unlock()
{
	d_step { assert(locked); locked = false }
}

/* ---- checkpoint-file.c */

#ifdef WRITES_NEWER
#define older newer
#else
#define older (1 - newer)
#endif

/* side_put and side_flush: a write that fails may have been made all the same. */
inline put(words)
{
	atomic {
		if
		:: failures > 0 -> failures--; failed = true
		:: true
		fi;
		if
		:: true ->
			d_step {
				copies[1 - older].sequence = 1;
				copies[1 - older].disk_sequence =
					(copies[1 - older].disk_sequence == DAMAGED -> DAMAGED : 1);
				copies[older].disk_sequence =
					(copies[older].disk_sequence == DAMAGED -> DAMAGED : 0);
				copies[older].sequence = 2;
				copies[older].bits = words;
				copies[older].dirty = true
			}
		:: failed
		fi
	}
}

inline write_out(i)
{
	copies[i].disk_sequence = (copies[i].dirty -> copies[i].sequence : copies[i].disk_sequence);
	copies[i].disk_bits = (copies[i].dirty -> copies[i].bits : copies[i].disk_bits);
	copies[i].dirty = false
}

/* One that fails may leave anything, and the pages clean: it is latched. */
inline side_sync()
{
	if
	:: failures > 0 && copies[older].dirty ->
		d_step {
			failures--;
			copies[older].disk_sequence = DAMAGED;
			copies[older].dirty = false;
			latched = true;
			failed = true
		}
	:: true -> d_step { write_out(0); write_out(1) }
	fi
}

inline side_turn()
{
	newer = 1 - newer
}

/* put, flush, sync and turn. */
inline store(words)
{
	failed = false;
	put(words);
#ifdef TURNS_EARLY
	side_turn();
#endif
	if
	:: failed
	:: else -> side_sync()
	fi;
#ifndef TURNS_EARLY
	if
	:: failed
	:: else -> side_turn()
	fi
#endif
}

/* ---- checkpoint.c */

inline checkpoint_collect(set)
{
	atomic {
		!locked ->
		touched = touched || (written & set & ~recorded) != 0;
		recording = recording | (written & set & ~recorded)
	}
}

inline checkpoint_record()
{
	mutex_lock();
	if
	:: touched ->
		store(recorded | recording);
		if
		:: failed && latched /* the error that stays is enough */
		:: else ->
			d_step {
				error = failed;
				if
				:: !failed ->
					recorded = recorded | recording;
					recording = 0;
					touched = false
				:: else
				fi
			}
		fi
	:: else -> error = false
	fi;
	failed = false;
	mutex_unlock()
}

#ifdef PUTS_RECORDING
#define forgotten(b) ((recorded | recording) & ~bit_of(b))
#else
#define forgotten(b) (recorded & ~bit_of(b))
#endif
#ifdef FORGETS_RECORDED_ONLY
#define may_be_in_the_file(b) (recorded & bit_of(b))
#else
#define may_be_in_the_file(b) ((recorded | recording) & bit_of(b))
#endif

inline clear(b)
{
	d_step {
		recorded = recorded & ~bit_of(b);
#ifndef KEEPS_RECORDING
		recording = recording & ~bit_of(b);
#endif
		written = written & ~bit_of(b)
	}
}

inline checkpoint_forget(b)
{
	mutex_lock();
	if
	:: may_be_in_the_file(b) ->
		if
		:: latched -> failed = true
		:: else ->
			store(forgotten(b));
#ifndef FORGETS_ONCE
			if
			:: failed
			:: else -> store(forgotten(b))
			fi;
#endif
			if
			:: failed -> touched = true
			:: else
			fi
		fi
	:: else
	fi;
	if
	:: failed
	:: else -> clear(b)
	fi;
	mutex_unlock()
}

/* ---- sync-exec.c */

/* What is whole when the I/O begins is on the disk when it ends; an error is latched. */
inline issue(set)
{
	if
	:: failures > 0 && (whole & set & ~durable) != 0 ->
		d_step { failures--; latched = true }
	:: true -> durable = durable | (whole & set)
	fi
}

inline record_unless_latched()
{
#ifdef IGNORES_ERROR
	checkpoint_record()
#else
	if
	:: latched
	:: else -> checkpoint_record()
	fi
#endif
}

inline enter()
{
	atomic { !busy -> busy = true }
}

inline leave()
{
	busy = false
}

inline sync_batch(set)
{
	enter();
#ifdef COLLECTS_LATE
	issue(set);
	checkpoint_collect(set);
	record_unless_latched();
#else
	checkpoint_collect(set);
#ifdef RECORDS_FIRST
	record_unless_latched();
	issue(set);
#else
	issue(set);
	record_unless_latched();
#endif
#endif
	leave()
}

/* After the return: the thread's own block had its receipt before the call. */
inline promise()
{
	d_step {
#ifdef REPORTS_NO_ERROR
		if
		:: !latched && (written & bit_of(mine)) -> promised = promised | bit_of(mine)
#else
		if
		:: !latched && !error && (written & bit_of(mine)) ->
			promised = promised | bit_of(mine)
#endif
		:: else
		fi
	}
}

/* ---- threads */

inline allocate()
{
	atomic {
		if
		:: owner[0] == 0 -> owner[0] = me; mine = 0
		:: owner[1] == 0 -> owner[1] = me; mine = 1
		:: else
		fi
	}
}

/* The receipt comes when all of the content is written. */
inline write()
{
	d_step { gone = gone & ~bit_of(mine); whole = whole | bit_of(mine) }
	written = written | bit_of(mine)
}

inline write_durably()
{
	enter();
	if
	:: latched
	:: else ->
		d_step { gone = gone & ~bit_of(mine); whole = whole | bit_of(mine) }
		issue(bit_of(mine));
		if
		:: latched
		:: else ->
			written = written | bit_of(mine);
			checkpoint_collect(bit_of(mine));
			checkpoint_record();
			promise()
		fi
	fi;
	leave()
}

/* What the disk has of the block is another owner's from here on. */
inline let_go()
{
	d_step {
		owner[mine] = 0;
		gone = gone | bit_of(mine);
		whole = whole & ~bit_of(mine);
		durable = durable & ~bit_of(mine)
	}
}

inline give_back()
{
	promised = promised & ~bit_of(mine);
#ifdef FORGETS_LATE
	let_go();
	checkpoint_forget(mine);
#else
	checkpoint_forget(mine);
	if
	:: failed
	:: else -> let_go()
	fi;
#endif
	d_step {
		mine = (failed -> mine : NONE);
		failed = false
	}
}

proctype thread(byte me; byte most)
{
	byte calls = 0, mine = NONE;
	bool failed;

	do
	:: calls == most -> break
	:: calls < most ->
		calls++;
		if
		:: mine == NONE -> allocate()
		:: else
		fi;
		if
		:: mine != NONE && !(whole & bit_of(mine)) -> write()
		:: mine != NONE && !(whole & bit_of(mine)) -> write_durably()
		:: mine != NONE -> sync_batch(bit_of(mine)); promise()
		:: sync_batch(3); if :: mine != NONE -> promise() :: else fi
		:: mine != NONE -> give_back()
		fi
	od
}

/* ---- the power */

/* What a copy is after the cut. */
inline left_of(i)
{
	left[i] = copies[i].disk_sequence;
	bits[i] = copies[i].disk_bits;
	if
	:: copies[i].dirty -> left[i] = copies[i].sequence; bits[i] = copies[i].bits
	:: copies[i].dirty -> left[i] = DAMAGED
	:: true
	fi
}

inline load_slot()
{
	if
	:: left[0] == DAMAGED && left[1] == DAMAGED -> found = 0
	:: left[0] == DAMAGED && left[1] != DAMAGED -> found = bits[1]
	:: left[0] != DAMAGED && left[1] == DAMAGED -> found = bits[0]
	:: else -> found = (left[1] > left[0] -> bits[1] : bits[0])
	fi
}

/* It only looks: the threads go on as if nothing had been. */
active proctype power()
{
	byte left[2], bits[2], found;
	bool by_disk;

	atomic {
		left_of(0);
		left_of(1);
		if
		:: left[0] = DAMAGED; by_disk = true
		:: left[1] = DAMAGED; by_disk = true
		:: true
		fi;
		load_slot();
		assert((found & ~durable) == 0);
		assert((found & gone) == 0);
		assert(by_disk || (promised & ~found) == 0);
		left[0] = 0; left[1] = 0;
		bits[0] = 0; bits[1] = 0;
		found = 0; by_disk = false
	}
}

/* A block that an earlier run recorded is the first thread's, claimed; its older copy may be lost. */
init
{
	atomic {
		if
		:: true
		:: true ->
			recorded = 1;
			written = 1;
			whole = 1;
			durable = 1;
			promised = 1;
			newer = 1;
			copies[1].sequence = 1;
			copies[1].bits = 1;
			copies[1].disk_sequence = 1;
			copies[1].disk_bits = 1;
			if
			:: copies[0].disk_sequence = DAMAGED
			:: true
			fi
		fi;
		run thread(1, CALLS + 1);
		run thread(2, CALLS)
	}
}
