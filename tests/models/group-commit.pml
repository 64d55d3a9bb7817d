/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Group commit in one process: lib/group-commit.c, function by function, and what lib/sync-exec.c
 * does inside a batch and around it. Each inline has the name of the C function that it mirrors; t
 * is the thread. A forked child never comes here. Threads write and sync, or write durably in one
 * call, while the kernel writes back by itself; one write-back may fail. Holds A.5, C.3, D.1, D.3.
 *
 * Checked: a sync that returns 0 was covered by a batch that began after its request; one batch
 * runs at a time; nobody sleeps for ever; an error that the kernel tells once is returned to
 * everybody whose data it concerns, and by every later sync.
 *
 * Locks are taken in sequential consistency: all that is shared is under commit's lock, in the
 * kernel, or an atomic that is written once.
 *
 * twins: JOINS_RUNNING JOIN_FORGETS FINISHES_ALL NEVER_BUSY WAITS_LATE WAKES_ONE WAKES_NONE
 * twins: ENTERS_BUSY ENTERS_WANTED LATCHES_LATE GATHERS_IDLE TAKES_BEFORE
 */
#define bit(t) (1 << (t))

typedef commit_state {
	bool locked;
	byte sleeping; /* in pthread_cond_wait: a bit for each thread */
	byte started, finished;
	bool busy, wanted;
	byte pending; /* what the next batch must make durable: a bit for each thread's data */
};
commit_state commit;

/* The kernel's side: each thread has some data of its own in the file. */
byte dirty;        /* written, not on the disk */
byte durable;
byte lost;         /* what failed to be written back, and counts as clean since */
byte failures;     /* how many may still happen */
bool kernel_error; /* told to the first who asks, and then forgotten */

bool latched; /* calls that only start to write are the matter of wb-error.pml */

/* Of checks only. */
byte rounds_now; /* at most one */
bool error_returned;        /* by any sync */
bool ever_lost;

/* ---- pthread */

inline mutex_lock()
{
	atomic { !commit.locked -> commit.locked = true }
}

inline mutex_unlock()
{
	d_step { assert(commit.locked); commit.locked = false }
}

/* Wakes up for no reason, too. */
inline cond_wait(t)
{
#ifdef WAITS_LATE
	mutex_unlock();
	d_step { commit.sleeping = commit.sleeping | bit(t) }
#else
	d_step {
		commit.locked = false;
		commit.sleeping = commit.sleeping | bit(t)
	}
#endif
	if
	:: (commit.sleeping & bit(t)) == 0
	:: spurious < 1 -> spurious++; commit.sleeping = commit.sleeping & ~bit(t)
	fi;
	mutex_lock()
}

inline cond_broadcast()
{
#ifdef WAKES_ONE
	if
	:: commit.sleeping & 1 -> commit.sleeping = commit.sleeping & ~1
	:: commit.sleeping & 2 -> commit.sleeping = commit.sleeping & ~2
	:: commit.sleeping & 4 -> commit.sleeping = commit.sleeping & ~4
	:: commit.sleeping & 8 -> commit.sleeping = commit.sleeping & ~8
	:: else
	fi
#else
#ifndef WAKES_NONE
	commit.sleeping = 0
#else
	skip
#endif
#endif
}

/* ---- group-commit.c */

/* sync_set_join: at least what both asked for. */
inline join(work)
{
	d_step {
		if
#ifdef JOIN_FORGETS
		:: true -> commit.pending = work
#else
		:: !commit.wanted -> commit.pending = work
		:: else -> commit.pending = commit.pending | work
#endif
		fi;
		commit.wanted = true
	}
}

inline finish()
{
	d_step {
#ifdef FINISHES_ALL
		commit.finished = commit.started + 1;
#else
		commit.finished = commit.started;
#endif
		commit.busy = false
	}
	cond_broadcast()
}

/* Whether it waits, and how long, is a matter of chance: more may join, or not. */
inline gather()
{
	if
	:: true
	:: true ->
#ifndef GATHERS_IDLE
		commit.busy = true;
#endif
		mutex_unlock();
		mutex_lock()
	fi
}

/* Within a d_step. */
inline begin()
{
#ifndef NEVER_BUSY
	commit.busy = true;
#endif
	commit.started++
}

inline lead()
{
#ifdef TAKES_BEFORE
	work = commit.pending;
	gather();
#else
	gather();
	work = commit.pending;
#endif
	d_step {
		begin();
		commit.wanted = false
	}
	mutex_unlock();
	sync_batch();
	mutex_lock();
	finish();
	latch_late()
}

inline group_commit_run(t, asked)
{
	mutex_lock();
	join(asked);
#ifdef JOINS_RUNNING
	mine = commit.started + (commit.busy -> 0 : 1);
#else
	mine = commit.started + 1;
#endif
	do
	:: commit.finished >= mine -> break
	:: commit.finished < mine && commit.busy -> cond_wait(t)
	:: commit.finished < mine && !commit.busy -> lead()
	od;
	atomic { work = 0; mine = 0 }
	mutex_unlock()
}

/* It may leave the batch to siblings that are expected. */
inline group_commit_try_enter()
{
	mutex_lock();
	if
	:: true
	:: true -> d_step {
#ifdef ENTERS_BUSY
		entered = !commit.wanted;
#else
#ifdef ENTERS_WANTED
		entered = !commit.busy;
#else
		entered = !commit.busy && !commit.wanted;
#endif
#endif
		if
		:: entered -> begin()
		:: else
		fi
	}
	fi;
	mutex_unlock()
}

inline group_commit_leave()
{
	mutex_lock();
	finish();
	mutex_unlock()
}

/* ---- sync-exec.c */

/* The C code latches in the batch; too late is when others have gone on already. */
inline latch()
{
	if
	:: told -> latched = true
	:: else
	fi;
	told = false
}

inline latch_in_batch()
{
#ifdef LATCHES_LATE
	skip
#else
	latch()
#endif
}

inline latch_late()
{
#ifdef LATCHES_LATE
	latch()
#else
	skip
#endif
}

/* What a failing write-back leaves: clean pages, and an error to be told. */
inline write_back(what)
{
	dirty = dirty & ~(what);
	if
	:: failures > 0 && (what) != 0 ->
		failures--;
		lost = lost | (what);
		ever_lost = true;
		kernel_error = true
	:: true -> durable = durable | (what)
	fi
}

inline sync_batch()
{
	d_step { rounds_now++; assert(rounds_now == 1) }
	atomic { snapshot = dirty & work; write_back(snapshot); snapshot = 0 }
	d_step { told = kernel_error; kernel_error = false }
	latch_in_batch();
	d_step { rounds_now-- }
}

/* A thread's own data, written anew. */
inline store(t)
{
	d_step { durable = durable & ~bit(t); lost = lost & ~bit(t); dirty = dirty | bit(t) }
}

/* Every sync that returns 0 was covered; what was lost is told; the first error stays. */
inline check_result(t, failed)
{
	d_step {
		assert(failed || (durable & bit(t)));
		assert(failed || !(lost & bit(t)));
		assert(failed || !late);
		assert(!failed || ever_lost);
		error_returned = error_returned || failed
	}
}

inline sync_run(t)
{
	atomic { late = error_returned; failed = latched }
	if
	:: failed
	:: else ->
		group_commit_run(t, bit(t));
		failed = latched
	fi
}

/* convert_before: sometimes more is synced first. In sync_batch that is no more than what the kernel
 * writes back by itself. */
inline convert_before()
{
	if
	:: true
	:: dirty != 0 ->
		d_step { rounds_now++; assert(rounds_now == 1) }
		atomic { snapshot = dirty; write_back(snapshot); snapshot = 0 }
		d_step { told = kernel_error; kernel_error = false }
		failed = told;
		latch_in_batch();
		d_step { rounds_now-- }
	fi
}

/* write_in_batch: one call that writes and syncs its own data, and tells what else went wrong. */
inline sync_write(t)
{
	group_commit_try_enter();
	if
	:: entered ->
		failed = latched;
		if
		:: failed
		:: else -> convert_before()
		fi;
		if
		:: failed
		:: else ->
			d_step { rounds_now++; assert(rounds_now == 1) }
			store(t);
			atomic { write_back(bit(t)) }
			d_step { told = kernel_error; kernel_error = false }
			failed = told;
			latch_in_batch();
			d_step { rounds_now-- }
		fi;
		group_commit_leave();
		latch_late();
		failed = failed || latched
	:: else
	fi
}

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
